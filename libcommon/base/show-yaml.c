/* show-yaml.c - text in quotes for YAML: a JSON string with more escapes. */
#include <oncall/show.h>

#include <oncall/utf8.h>

/* Characters that JSON may hold as they are, but YAML refuses, or takes for the
 * end of a line: DEL, U+0080 to U+009F, U+2028, U+2029, U+FEFF, U+FFFE and
 * U+FFFF. Returns the bytes of the one at p, 0 for any other. */
static size_t yaml_special(const char *p, size_t n, unsigned *ret_code)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = utf8_char_len(p, n);
	unsigned c = 0;

	if (len == 1)
		c = u[0];
	else if (len == 2)
		c = (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU);
	else if (len == 3)
		c = (u[0] & 0xfU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU);
	*ret_code = c;
	if ((c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
	    c == 0xfeff || c == 0xfffe || c == 0xffff)
		return len;
	return 0;
}

void show_yaml(struct buf *out, const char *p, size_t n)
{
	size_t done = 0, i = 0;

	buf_add_char(out, '"');
	while (i < n) {
		unsigned code;
		size_t len = yaml_special(p + i, n - i, &code);

		if (len) {
			show_json(out, p + done, i - done);
			buf_addf(out, "\\u%04x", code);
			done = i + len;
		}
		i += len ? len : 1;
	}
	show_json(out, p + done, n - done);
	buf_add_char(out, '"');
}
