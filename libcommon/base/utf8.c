/* utf8.c - validation, repair and cutting of UTF-8. */
#include <oncall/utf8.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define HIGH_BITS   UINT64_C(0x8080808080808080)

/*
 * The length of the character at p, or, with *valid false, of the bytes that
 * make one bad sequence: the longest part that could have begun a character,
 * as the Unicode standard recommends. n is not 0.
 */
static size_t scan(const char *p, size_t n, bool *valid)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t need;
	size_t i;

	*valid = u[0] < 0x80;
	if (u[0] < 0xC2 || u[0] > 0xF4)
		return 1;
	need = u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
	if (u[0] == 0xE0)
		low = 0xA0; /* overlong below */
	else if (u[0] == 0xED)
		high = 0x9F; /* surrogates above */
	else if (u[0] == 0xF0)
		low = 0x90; /* overlong below */
	else if (u[0] == 0xF4)
		high = 0x8F; /* beyond U+10FFFF above */
	for (i = 1; i < need; i++) {
		if (i == n || u[i] < low || u[i] > high)
			return i;
		low = 0x80;
		high = 0xBF;
	}
	*valid = true;
	return need;
}

/* How many bytes at p are ASCII, looking at eight at a time. */
static size_t ascii_run(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t word[4];

	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(word, p + i, sizeof(word));
		if ((word[0] | word[1] | word[2] | word[3]) & HIGH_BITS)
			break;
	}
	for (; n - i >= sizeof(word[0]); i += sizeof(word[0])) {
		memcpy(word, p + i, sizeof(word[0]));
		if (word[0] & HIGH_BITS)
			break;
	}
	while (i < n && !((unsigned char)p[i] & 0x80))
		i++;
	return i;
}

/* How many bytes at p are valid. */
static size_t valid_run(const char *p, size_t n)
{
	size_t i = ascii_run(p, n);
	bool valid;

	while (i < n) {
		size_t len = scan(p + i, n - i, &valid);

		if (!valid)
			return i;
		i += len;
		if (len == 1)
			i += ascii_run(p + i, n - i);
	}
	return i;
}

size_t utf8_char_len(const char *p, size_t n)
{
	bool valid;
	size_t len;

	if (n == 0)
		return 0;
	len = scan(p, n, &valid);
	return valid ? len : 0;
}

bool utf8_valid(const char *p, size_t n)
{
	return valid_run(p, n) == n;
}

bool utf8_repair(struct buf *out, const char *p, size_t n)
{
	bool bad = false;
	bool valid;
	size_t i = 0;

	while (i < n) {
		size_t good = valid_run(p + i, n - i);

		if (good)
			buf_add(out, p + i, good);
		i += good;
		if (i == n)
			break;
		i += scan(p + i, n - i, &valid);
		buf_add_str(out, REPLACEMENT);
		bad = true;
	}
	return bad;
}

size_t utf8_cut(const char *p, size_t n, size_t max)
{
	size_t at = max;

	if (n <= max)
		return n;
	while (at > 0 && max - at < 3 && ((unsigned char)p[at] & 0xC0) == 0x80)
		at--;
	return at + utf8_char_len(p + at, n - at) > max ? at : max;
}

void utf8_add(struct buf *out, uint32_t code)
{
	char c[4];

	if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
		buf_add_str(out, REPLACEMENT);
		return;
	}
	if (code < 0x80) {
		buf_add_char(out, (char)code);
		return;
	}
	c[3] = (char)(0x80 | (code & 0x3F));
	c[2] = (char)(0x80 | (code >> 6 & 0x3F));
	c[1] = (char)(0x80 | (code >> 12 & 0x3F));
	if (code < 0x800) {
		c[2] = (char)(0xC0 | code >> 6);
		buf_add(out, c + 2, 2);
	} else if (code < 0x10000) {
		c[1] = (char)(0xE0 | code >> 12);
		buf_add(out, c + 1, 3);
	} else {
		c[0] = (char)(0xF0 | code >> 18);
		buf_add(out, c, 4);
	}
}
