/* fuzz-edit-key.c - a key set in any text: what is not refused is read back,
 * all before and behind the place is kept, and setting it again changes
 * nothing. The first line says format, key and value. */
#include <stdio.h>

#include <oncall/edit-key.h>
#include <oncall/mem.h>

#include "fuzz.h"

static void must(bool good, const char *what)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-edit-key: %s\n", what);
		abort();
	}
}

static size_t common_prefix(struct slice a, struct slice b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
		n++;
	return n;
}

static size_t common_suffix(struct slice a, struct slice b, size_t limit)
{
	size_t n = 0;

	while (n + limit < a.len && n + limit < b.len &&
	       a.ptr[a.len - 1 - n] == b.ptr[b.len - 1 - n])
		n++;
	return n;
}

/* At most one line of the text is gone. */
static void keeps_the_rest(struct slice before, struct slice after)
{
	size_t head = common_prefix(before, after);
	size_t tail = common_suffix(before, after, head);

	for (size_t i = head; i + tail < before.len; i++)
		must(before.ptr[i] != '\n', "a line was lost");
}

static void try_key(enum edit_format f, struct slice text, const char *key,
		    const char *value)
{
	AUTO_BUF struct buf once = BUF_INIT, twice = BUF_INIT, old = BUF_INIT;
	AUTO_BUF struct buf now = BUF_INIT;
	struct err err = ERR_INIT;
	int was = edit_key_get(f, text, key, &old, &err);

	must((was < 0) == (err.kind != ERR_NONE), "an error without a kind");
	err_clear(&err);
	if (edit_key_set(&once, f, text, key, value, &err) < 0)
		return;
	must(was >= 0, "set what cannot be read");
	must(edit_key_get(f, buf_slice(&once), key, &now, &err) == 1,
	     "it is not there");
	must(slice_is(buf_slice(&now), value), "it is not what was set");
	must(edit_key_set(&twice, f, buf_slice(&once), key, value, &err) == 0 &&
		     slice_eq(buf_slice(&once), buf_slice(&twice)),
	     "setting it again changes something");
	keeps_the_rest(text, buf_slice(&once));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *line = NULL;
	const char *text = (const char *)data, *end;
	char *key, *value;

	end = size ? memchr(text, '\n', size) : NULL;
	if (!end || end == text)
		return 0;
	line = mem_dup_bytes(text + 1, (size_t)(end - text) - 1);
	key = line;
	value = strchr(line, '\t');
	if (!value)
		return 0;
	*value++ = '\0';
	try_key((enum edit_format)(EDIT_PROPERTIES +
				   (unsigned char)*text % EDIT_JSON),
		(struct slice){end + 1, size - (size_t)(end - text) - 1}, key,
		value);
	return 0;
}
