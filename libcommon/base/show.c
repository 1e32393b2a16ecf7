/* show.c - untrusted text for people and inside JSON strings. */
#include <oncall/show.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include <oncall/mem.h>
#include <oncall/utf8.h>

#define SHOW_DOTS	   "..."
#define SHOW_DOTS_LEN	   (sizeof(SHOW_DOTS) - 1)
#define SHOW_DEFAULT_WIDTH 80
#define SHOW_MAX_WIDTH	   10000
#define SHOW_TABLE_GAP	   2 /* blanks between two columns */
#define SHOW_TABLE_LEAST   8 /* no column is shortened below this */

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

/* Bytes at p, at most n, that can be printed as they are. */
static size_t printable_run(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= ' ' && p[i] < 0x7f)
		i++;
	return i;
}

void show_text(struct buf *out, const char *p, size_t n, size_t max)
{
	size_t start = out->len, i = 0, keep;

	while (i < n && !out->over && (!max || out->len - start <= max)) {
		size_t most = max && max < n - i ? max + 1 : n - i;
		size_t run = printable_run(p + i, most);

		if (run)
			buf_add(out, p + i, run);
		else
			run = show_char(out, p + i, n - i);
		i += run;
	}
	if (!max || out->len - start <= max)
		return;
	keep = max > SHOW_DOTS_LEN ? max - SHOW_DOTS_LEN : max;
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

struct cell {
	size_t start; /* of its text in the table's */
	size_t len;
	size_t width;
	enum show_color color;
};

struct show_table {
	struct buf text;    /* of all cells, safe to print */
	struct cell *cells; /* row by row, the headings first */
	size_t count;
	size_t cap;
	size_t columns;
	size_t flexible;
	size_t *widths; /* of the widest cell of each column */
	bool *right;
};

struct show_table *show_table_new(const char *const *headings, size_t columns)
{
	struct show_table *t = mem_zero(1, sizeof(*t));

	t->columns = columns;
	t->flexible = columns - 1;
	t->widths = mem_zero(columns, sizeof(*t->widths));
	t->right = mem_zero(columns, sizeof(*t->right));
	for (size_t i = 0; i < columns; i++) {
		struct slice text = slice_of(headings[i]);
		char mark = text.len ? text.ptr[text.len - 1] : '\0';

		if (mark == '~')
			t->flexible = i;
		t->right[i] = mark == '>';
		if (mark == '~' || mark == '>')
			text.len--;
		show_table_cell(t, text, SHOW_BOLD);
	}
	return t;
}

void show_table_free(struct show_table *t)
{
	if (!t)
		return;
	buf_done(&t->text);
	free(t->cells);
	free(t->widths);
	free(t->right);
	free(t);
}

void show_table_cell(struct show_table *t, struct slice text,
		     enum show_color color)
{
	size_t column = t->count % t->columns;
	struct cell *cell;

	if (t->count == t->cap) {
		t->cap = t->cap ? t->cap * 2 : t->columns * 16;
		t->cells = mem_resize(t->cells, t->cap, sizeof(*t->cells));
	}
	cell = &t->cells[t->count++];
	cell->start = t->text.len;
	cell->color = color;
	show_text(&t->text, text.ptr, text.len, 0);
	cell->len = t->text.len - cell->start;
	cell->width = cell->len;
	if (printable_run(buf_str(&t->text) + cell->start, cell->len) <
	    cell->len)
		cell->width = utf8_width(t->text.data + cell->start, cell->len);
	if (cell->width > t->widths[column])
		t->widths[column] = cell->width;
}

void show_table_cellf(struct show_table *t, enum show_color color,
		      const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	show_table_cell(t, slice_of(text), color);
}

static void add_blanks(struct buf *out, size_t n)
{
	static const char blanks[] = "                                ";

	for (; n > sizeof(blanks) - 1; n -= sizeof(blanks) - 1)
		buf_add(out, blanks, sizeof(blanks) - 1);
	buf_add(out, blanks, n);
}

/* Appends as much of the text as fits into width columns together with dots;
 * returns the columns that were used. */
static size_t add_shortened(struct buf *out, const char *p, size_t n,
			    size_t width)
{
	size_t dots = width > SHOW_DOTS_LEN ? SHOW_DOTS_LEN : 0;
	size_t end = 0, used = 0;

	while (end < n) {
		size_t len = utf8_char_len(p + end, n - end);
		size_t columns = utf8_width(p + end, len);

		if (used + columns > width - dots)
			break;
		used += columns;
		end += len;
	}
	buf_add(out, p, end);
	buf_add(out, SHOW_DOTS, dots);
	return used + dots;
}

static void add_cell(struct buf *out, const struct show_table *t, size_t index,
		     size_t width, bool colors)
{
	static const char *const codes[] = {
		[SHOW_PLAIN] = "",	    [SHOW_BOLD] = "\033[1m",
		[SHOW_DIM] = "\033[2m",	    [SHOW_RED] = "\033[31m",
		[SHOW_YELLOW] = "\033[33m", [SHOW_GREEN] = "\033[32m",
		[SHOW_BLUE] = "\033[34m",
	};
	const struct cell *cell = &t->cells[index];
	const char *text = buf_str(&t->text) + cell->start;
	bool last = index % t->columns == t->columns - 1;
	bool colored = colors && cell->color != SHOW_PLAIN && cell->len;
	size_t used = cell->width;

	if (t->right[index % t->columns] && used < width) {
		add_blanks(out, width - used);
		width = used;
	}
	if (colored)
		buf_add_str(out, codes[cell->color]);
	if (used <= width)
		buf_add(out, text, cell->len);
	else
		used = add_shortened(out, text, cell->len, width);
	if (colored)
		buf_add_str(out, "\033[0m");
	if (!last)
		add_blanks(out, width - used);
}

/* Columns that the flexible one may take in a table of that width: what the
 * others leave, but never less than its heading or a few letters. */
static size_t flexible_width(const struct show_table *t, size_t width)
{
	size_t natural = t->widths[t->flexible];
	size_t least = t->cells[t->flexible].width;
	size_t others = SHOW_TABLE_GAP * (t->columns - 1);

	for (size_t i = 0; i < t->columns; i++)
		if (i != t->flexible)
			others += t->widths[i];
	if (width == 0 || others + natural <= width)
		return natural;
	if (least < SHOW_TABLE_LEAST)
		least = SHOW_TABLE_LEAST;
	if (others + least < width)
		least = width - others;
	return least < natural ? least : natural;
}

void show_table_print(struct show_table *t, struct buf *out, size_t width,
		      bool colors)
{
	size_t flexible = flexible_width(t, width);
	size_t row = out->len; /* where it starts */

	for (size_t i = 0; i < t->count; i++) {
		size_t column = i % t->columns;

		if (column > 0)
			add_blanks(out, SHOW_TABLE_GAP);
		add_cell(out, t, i,
			 column == t->flexible ? flexible : t->widths[column],
			 colors);
		if (column == t->columns - 1 || i == t->count - 1) {
			while (out->len > row && out->data[out->len - 1] == ' ')
				buf_truncate(out, out->len - 1);
			buf_add_char(out, '\n');
			row = out->len;
		}
	}
	out->over = out->over || t->text.over;
}
