/* show.c - untrusted text for people and inside JSON strings. */
#include <oncall/show.h>

#include <errno.h>
#include <sys/ioctl.h>

#include <oncall/utf8.h>

#define SHOW_DOTS	   "..."
#define SHOW_DEFAULT_WIDTH 80
#define SHOW_MAX_WIDTH	   10000

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The high bit is set in at least the first byte of x that is below 0x20, a
 * quote, a backslash or not ASCII. */
static inline uint64_t json_marks(uint64_t x)
{
	uint64_t quote = x ^ EVERY_BYTE('"');
	uint64_t slash = x ^ EVERY_BYTE('\\');

	return ((x - EVERY_BYTE(0x20)) | (quote - EVERY_BYTE(1)) |
		(slash - EVERY_BYTE(1)) | x) &
	       EVERY_BYTE(0x80);
}

static inline bool json_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Bytes at p that stand in JSON as they are. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t x;

		memcpy(&x, p + i, sizeof(x));
		if (json_marks(x))
			break;
	}
	while (i < n && json_plain((unsigned char)p[i]))
		i++;
	return i;
}

/* Bytes at p that are not ASCII. A character never reaches past such a run, so
 * it can be checked and repaired alone. */
static size_t high_run(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (unsigned char)p[i] >= 0x80)
		i++;
	return i;
}

static void json_escape(struct buf *out, unsigned char c)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof(names) - 1; i += 2) {
		if ((unsigned char)names[i] == c) {
			buf_add(out, (const char[]){'\\', names[i + 1]}, 2);
			return;
		}
	}
	buf_add(out,
		(const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]},
		6);
}

void show_json(struct buf *out, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t run = plain_run(p + i, n - i);

		if (run)
			buf_add(out, p + i, run);
		i += run;
		if (i == n)
			break;
		run = high_run(p + i, n - i);
		if (run)
			(void)utf8_repair(out, p + i, run);
		else
			json_escape(out, (unsigned char)p[i]);
		i += run ? run : 1;
	}
}

/* A character that could move the cursor or turn the text around. */
static bool is_control(const unsigned char *p, size_t len)
{
	if (len == 1)
		return *p < 0x20 || *p == 0x7f;
	if (len == 2) /* U+0080 to U+009F, U+061C */
		return (p[0] == 0xc2 && p[1] < 0xa0) ||
		       (p[0] == 0xd8 && p[1] == 0x9c);
	if (len != 3 || p[0] != 0xe2)
		return false;
	if (p[1] == 0x80) /* U+200E, U+200F, U+202A to U+202E */
		return p[2] == 0x8e || p[2] == 0x8f ||
		       (p[2] >= 0xaa && p[2] <= 0xae);
	/* U+2066 to U+2069 */
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

/* Appends the one character, or bad sequence, at p; returns its bytes. */
static size_t show_char(struct buf *out, const char *p, size_t n)
{
	size_t len = utf8_char_len(p, n);

	if (len == 0) {
		size_t run = 1;

		/* The whole run up to a good character is repaired at once, so
		 * that a cut character counts as one bad sequence. */
		while (run < n && (unsigned char)p[run] >= 0x80 &&
		       !utf8_char_len(p + run, n - run))
			run++;
		(void)utf8_repair(out, p, run);
		return run;
	}
	if (!is_control((const unsigned char *)p, len))
		buf_add(out, p, len);
	else
		buf_add_char(out,
			     len == 1 && *p >= '\t' && *p <= '\r' ? ' ' : '?');
	return len;
}

void show_text(struct buf *out, const char *p, size_t n, size_t max)
{
	size_t start = out->len, i = 0, keep;

	while (i < n && !out->over && (!max || out->len - start <= max))
		i += show_char(out, p + i, n - i);
	if (!max || out->len - start <= max)
		return;
	keep = max > sizeof(SHOW_DOTS) ? max - (sizeof(SHOW_DOTS) - 1) : max;
	buf_truncate(out, start + utf8_cut(out->data + start, out->len - start,
					   keep));
	if (keep < max)
		buf_add_str(out, SHOW_DOTS);
}

bool show_colors(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	int saved = errno;
	bool tty = isatty(fd);

	errno = saved;
	return tty && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

/* A whole decimal number up to SHOW_MAX_WIDTH, else 0. */
static size_t width_of_text(const char *s)
{
	size_t width = 0;

	for (; s && *s; s++) {
		if (*s < '0' || *s > '9')
			return 0;
		width = width * 10 + (size_t)(*s - '0');
		if (width > SHOW_MAX_WIDTH)
			return 0;
	}
	return width;
}

size_t show_width(int fd)
{
	struct winsize size;
	size_t width;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	width = width_of_text(getenv("COLUMNS"));
	return width ? width : SHOW_DEFAULT_WIDTH;
}
