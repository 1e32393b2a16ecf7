/* mdoc.c - text in the language of manual pages. */
#include <ctype.h>

#include "mdoc.h"

#define MDOC_COLUMNS 78 /* mandoc -Tlint complains from 80 on */

static void add_escaped(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			buf_add_str(out, "\\e");
		else
			buf_add_char(out, text.ptr[i]);
	}
}

static bool starts_request(char c)
{
	return c == '.' || c == '\'';
}

void mdoc_literal(struct buf *out, const char *text)
{
	if (starts_request(*text))
		buf_add_str(out, "\\&");
	add_escaped(out, slice_of(text));
	buf_add_char(out, '\n');
}

void mdoc_text(struct buf *out, const char *text, char end)
{
	size_t column = 0;
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " ");
		struct slice word = {text, n};

		if (column && column + 1 + n > MDOC_COLUMNS) {
			buf_add_char(out, '\n');
			column = 0;
		} else if (column) {
			buf_add_char(out, ' ');
			column++;
		}
		if (column == 0 && starts_request(*text))
			buf_add_str(out, "\\&");
		if (first && n) {
			buf_add_char(out, (char)toupper((unsigned char)*text));
			word = (struct slice){text + 1, n - 1};
		}
		first = false;
		add_escaped(out, word);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	if (out->len && out->data[out->len - 1] != end)
		buf_add_char(out, end);
	buf_add_char(out, '\n');
}

void mdoc_sentence(struct buf *out, const char *text)
{
	mdoc_text(out, text, '.');
}

void mdoc_word(struct buf *out, struct slice word)
{
	buf_add_char(out, ' ');
	/* Names of macros have two or three letters. */
	if (word.len == 2 || word.len == 3)
		buf_add_str(out, "\\&");
	add_escaped(out, word);
	/* A full stop that belongs to the word does not end the macro. */
	if (word.len && word.ptr[word.len - 1] == '.')
		buf_add_str(out, "\\&");
}

void mdoc_operands(struct buf *out, const char *operands)
{
	while (*operands) {
		size_t n = strcspn(operands, " ");
		struct slice word = {operands, n};
		bool optional = word.ptr[0] == '[';
		bool more;

		operands += n;
		operands += strspn(operands, " ");
		if (optional)
			word = (struct slice){word.ptr + 1, word.len - 1};
		if (optional && word.len && word.ptr[word.len - 1] == ']')
			word.len--;
		more = word.len > 3 &&
		       !memcmp(word.ptr + word.len - 3, "...", 3);
		if (more)
			word.len -= 3;
		buf_add_str(out, optional ? " Op Ar" : " Ar");
		mdoc_word(out, word);
		if (more)
			buf_add_str(out, " ...");
	}
}
