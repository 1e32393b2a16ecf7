/*
 * Bytes of journalctl, and of a syslog connection, give the same in pieces of
 * any size; entries are objects of JSON on one line, messages keep their limit.
 * The first byte of the input is the longest field or message allowed, the
 * second the size of the pieces (0: they vary), the rest is what is read.
 */
#include "fuzz.h"

#include <oncall/jscan.h>

#include "../../libcommon/io/journal-internal.h"
#include "../../libcommon/io/syslogd-internal.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_entry(const char *p, size_t n)
{
	struct jscan scan = {.members = NULL};
	struct err err = ERR_INIT;

	expect(jscan_object(&scan, p, n, &err) == 0);
	expect(!memchr(p, '\n', n));
	jscan_done(&scan);
}

static void note_entry(struct buf *out, const struct journal_entry *e)
{
	expect(e->text || e->bad);
	expect(!e->text == !e->id);
	if (e->text)
		check_entry(out->data + out->len - e->id - e->text, e->text);
	buf_addf(out, "\n%zu %d %d\n", e->id, e->bad, e->truncated);
}

static size_t next_piece(size_t piece, size_t before)
{
	return piece ? piece : before % 13 + 1;
}

static void parse(struct buf *out, struct slice text, size_t max, size_t piece)
{
	struct journal_parser parser;
	struct journal_entry e;
	size_t step = next_piece(piece, 0);

	journal_parser_init(&parser, max);
	while (text.len) {
		struct slice in = {text.ptr, text.len < step ? text.len : step};
		size_t n = in.len;

		while (in.len)
			if (journal_parse(&parser, &in, out, &e))
				note_entry(out, &e);
		text = (struct slice){text.ptr + n, text.len - n};
		step = next_piece(piece, step);
	}
	if (journal_parse_end(&parser, out, &e))
		note_entry(out, &e);
	journal_parser_done(&parser);
}

static void note_message(struct buf *out, const struct syslogd_frame *f,
			 size_t max)
{
	size_t at = out->len;
	size_t n;

	/* A count that a connection ended in may be longer: it is short. */
	expect(f->text.len <= (max > 12 ? max : 12));
	n = syslogd_frame_clean(out, buf_slice(&f->text));
	expect(n <= f->text.len && (!n || !memchr(out->data + at, '\n', n)));
	buf_addf(out, "\n%d\n", f->truncated);
}

static void unframe(struct buf *out, struct slice text, size_t max,
		    size_t piece)
{
	struct syslogd_frame f = {.left = 0};
	size_t step = next_piece(piece, 0);

	while (text.len) {
		struct slice in = {text.ptr, text.len < step ? text.len : step};
		size_t n = in.len;

		while (syslogd_frame_feed(&f, &in, max))
			note_message(out, &f, max);
		text = (struct slice){text.ptr + n, text.len - n};
		step = next_piece(piece, step);
	}
	if (syslogd_frame_end(&f))
		note_message(out, &f, max);
	buf_done(&f.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf whole = BUF_INIT;
	AUTO_BUF struct buf pieces = BUF_INIT;
	struct slice text;
	size_t max;

	if (size < 3)
		return 0;
	text = (struct slice){(const char *)data + 2, size - 2};
	max = data[0] ? data[0] : 100000;
	parse(&whole, text, max, text.len);
	parse(&pieces, text, max, data[1]);
	expect(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	buf_reset(&whole);
	buf_reset(&pieces);
	unframe(&whole, text, max, text.len);
	unframe(&pieces, text, max, data[1]);
	expect(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	return 0;
}
