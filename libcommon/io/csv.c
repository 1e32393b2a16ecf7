/* csv.c - reading and writing comma-separated values (RFC 4180). */
#include <oncall/csv.h>

#include <errno.h>

#include <oncall/mem.h>
#include <oncall/signals.h>

#define CSV_BLOCK 65536

struct csv_reader {
	int fd;
	const char *name;
	char block[CSV_BLOCK];
	size_t at, have;
	int last; /* byte that was read, or why there was none */
	bool end;
	struct buf text;	       /* of the fields of a row */
	size_t starts[CSV_MAX_FIELDS]; /* where they begin in text */
	bool quoted[CSV_MAX_FIELDS];
	size_t line, row_line;
};

struct csv_row *csv_row_new(void)
{
	return mem_zero(1, sizeof(struct csv_row));
}

void csv_row_keep(struct csv_row *row, struct buf *text)
{
	const char *at;

	for (size_t i = 0; i < row->count; i++)
		buf_add_slice(text, row->fields[i]);
	at = buf_str(text);
	for (size_t i = 0; i < row->count; i++) {
		if (row->fields[i].ptr)
			row->fields[i].ptr = at;
		at += row->fields[i].len;
	}
}

struct csv_reader *csv_reader_new(int fd, const char *name)
{
	struct csv_reader *r = mem_zero(1, sizeof(*r));

	r->fd = fd;
	r->name = name;
	r->text.max = CSV_MAX_ROW;
	r->line = 1;
	return r;
}

void csv_reader_free(struct csv_reader *r)
{
	if (!r)
		return;
	buf_done(&r->text);
	free(r);
}

size_t csv_reader_line(const struct csv_reader *r)
{
	return r->row_line;
}

/* Makes the next block the one at hand: 1, -1 at the end, -2 on error. */
static int next_block(struct csv_reader *r, struct err *err)
{
	ssize_t n;

	if (r->end)
		return -1;
	do {
		if (signals_stop())
			return -1;
		n = read(r->fd, r->block, sizeof(r->block));
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		(void)err_sys(err, errno, "cannot read '%s'", r->name);
		return -2;
	}
	r->at = 0;
	r->have = (size_t)n;
	r->end = n == 0;
	return n == 0 ? -1 : 1;
}

/* The next byte, -1 at the end, -2 on error. */
static int next_byte(struct csv_reader *r, struct err *err)
{
	int got = r->at < r->have ? 1 : next_block(r, err);

	r->last = got < 0 ? got : (unsigned char)r->block[r->at++];
	return r->last;
}

/* Inside quotes, up to the closing one; the byte behind it is returned. */
static int read_quoted(struct csv_reader *r, struct err *err)
{
	for (;;) {
		int c = next_byte(r, err);

		if (c < 0) {
			if (c == -1)
				(void)err_set(err, ERR_INPUT,
					      "a quoted field has no end");
			return -2;
		}
		if (c == '\n')
			r->line++;
		if (c == '"') {
			c = next_byte(r, err);
			if (c != '"')
				return c;
		}
		buf_add_char(&r->text, (char)c);
	}
}

/* One field; returns the byte that ended it: ',', '\n', -1 at the end. */
static int read_field(struct csv_reader *r, int c, bool *ret_quoted,
		      struct err *err)
{
	*ret_quoted = c == '"';
	if (*ret_quoted) {
		c = read_quoted(r, err);
		if (c == '\r')
			c = next_byte(r, err);
		if (c >= 0 && c != ',' && c != '\n') {
			(void)err_set(err, ERR_INPUT,
				      "text stands behind a quoted field");
			return -2;
		}
		return c;
	}
	while (c >= 0 && c != ',' && c != '\n') {
		if (c != '\r')
			buf_add_char(&r->text, (char)c);
		c = next_byte(r, err);
	}
	return c;
}

/* After an error: to the end of the line, which may have been read. */
static void skip_line(struct csv_reader *r)
{
	struct err ignored = ERR_INIT;
	int c = r->last;

	while (c >= 0 && c != '\n')
		c = next_byte(r, &ignored);
	r->line++;
}

static void set_fields(struct csv_reader *r, struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		size_t end =
			i + 1 < row->count ? r->starts[i + 1] : r->text.len;
		size_t len = end - r->starts[i];

		row->fields[i] = (struct slice){
			len || r->quoted[i] ? buf_str(&r->text) + r->starts[i]
					    : NULL,
			len};
	}
}

static int read_row(struct csv_reader *r, int c, struct csv_row *row,
		    struct err *err)
{
	for (;;) {
		if (row->count == CSV_MAX_FIELDS)
			return err_set(err, ERR_INPUT,
				       "more than %d fields in a row",
				       CSV_MAX_FIELDS);
		r->starts[row->count] = r->text.len;
		c = read_field(r, c, &r->quoted[row->count], err);
		if (c == -2)
			return -1;
		row->count++;
		if (c != ',')
			break;
		c = next_byte(r, err);
		if (c == -2)
			return -1;
	}
	if (buf_check(&r->text, "a row", err) < 0)
		return -1;
	r->line++;
	return 0;
}

/* Spreadsheets mark UTF-8 by three bytes in front of everything. */
static void skip_mark(struct csv_reader *r)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = sizeof(mark) - 1;

	if (r->have >= len && memcmp(r->block, mark, len) == 0)
		r->at = len;
}

int csv_read(struct csv_reader *r, struct csv_row *row, struct err *err)
{
	int c;

	if (r->have == 0 && !r->end) {
		c = next_block(r, err);
		if (c < 0)
			return c == -1 ? 0 : -1;
		skip_mark(r);
	}
	do {
		r->row_line = r->line;
		c = next_byte(r, err);
		if (c == '\n')
			r->line++;
	} while (c == '\n' || c == '\r');
	if (c < 0)
		return c == -1 ? 0 : -1;
	row->count = 0;
	buf_reset(&r->text);
	if (read_row(r, c, row, err) < 0) {
		if (err->kind == ERR_INPUT)
			skip_line(r);
		return -1;
	}
	set_fields(r, row);
	return 1;
}

void csv_add(struct buf *out, struct slice text, bool first)
{
	bool quote = text.ptr && text.len == 0;

	if (!first)
		buf_add_char(out, ',');
	for (size_t i = 0; text.ptr && i < text.len && !quote; i++)
		quote = strchr(",\"\r\n", text.ptr[i]) != NULL;
	if (!quote) {
		buf_add_slice(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, text.ptr[i]);
	}
	buf_add_char(out, '"');
}
