/* base64.c - base64 of RFC 4648, padded. */
#include <oncall/base64.h>

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *out, const void *p, size_t n)
{
	const unsigned char *in = p;

	for (size_t i = 0; i < n; i += 3) {
		unsigned a = in[i];
		unsigned b = i + 1 < n ? in[i + 1] : 0;
		unsigned c = i + 2 < n ? in[i + 2] : 0;
		char four[4] = {
			alphabet[a >> 2], alphabet[(a & 3) << 4 | b >> 4],
			alphabet[(b & 15) << 2 | c >> 6], alphabet[c & 63]};

		if (i + 1 >= n)
			four[2] = '=';
		if (i + 2 >= n)
			four[3] = '=';
		buf_add(out, four, sizeof(four));
	}
}

static int digit(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

int base64_decode(struct buf *out, struct slice text)
{
	unsigned bits = 0;
	int have = 0;

	while (text.len && text.ptr[text.len - 1] == '=')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		int d = digit(text.ptr[i]);

		if (d < 0)
			return -1;
		bits = (bits << 6 | (unsigned)d) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_add_char(out, (char)(bits >> have & 0xff));
		}
	}
	return 0;
}
