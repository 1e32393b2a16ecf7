/*
 * open-from.c - oncall-incident open --from: what other tools send, in;
 * incident records out. A document may take several lines, and several may
 * follow each other, on one line too: it ends where its brackets do.
 */
#include "incident.h"

#include <oncall/clock.h>
#include <oncall/diag.h>

#define DRY_MS 3 /* as for detections */

/* Reads one payload; what is wrong with it is reported by the caller. */
static int take(struct filter *f, struct slice text, struct err *err)
{
	struct open_from *o = filter_arg(f);
	int64_t left_out;

	o->src.now = clock_now();
	if (payload_take(&o->store, &o->src, text, filter_out(f), err) < 0)
		return -1;
	left_out = o->src.form == PAYLOAD_NAGIOS ? 0 : payload_left_out(text);
	if (left_out > 0)
		diag_warn("the sender left %lld alerts out of a payload",
			  (long long)left_out);
	return 0;
}

/* How many bytes of the line belong to the document that is open; *ended when
 * its last bracket is closed there. Strings cannot span lines. */
static size_t scan_line(struct open_from *o, struct slice line, bool *ended)
{
	bool in_string = false;

	*ended = false;
	for (size_t i = 0; i < line.len; i++) {
		char c = line.ptr[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			o->depth++;
		else if (!in_string && (c == '}' || c == ']') &&
			 --o->depth <= 0) {
			*ended = true;
			return i + 1;
		}
	}
	return line.len;
}

static void drop(struct open_from *o)
{
	buf_done(&o->text);
	o->text = (struct buf)BUF_INIT_MAX(PAYLOAD_MAX);
	o->depth = 0;
}

/* Reports a document without an end, so that the next one can begin. */
static void give_up(struct filter *f)
{
	struct open_from *o = filter_arg(f);
	struct err bad = ERR_INIT;

	if (!o->text.len)
		return;
	(void)err_set(&bad, ERR_INPUT, "a payload before has no end");
	filter_bad(f, &bad);
	drop(o);
}

static struct slice skip_blanks(struct slice s)
{
	while (s.len && (*s.ptr == ' ' || *s.ptr == '\t' || *s.ptr == '\r'))
		s = (struct slice){s.ptr + 1, s.len - 1};
	return s;
}

/* A piece of the line, up to the end of a document or of the line. */
static int one_piece(struct filter *f, struct slice *line, struct err *err)
{
	struct open_from *o = filter_arg(f);
	bool ended;
	size_t used;
	int rc;

	if (!o->text.len && *line->ptr != '{') {
		line->len = 0;
		return err_set(err, ERR_INPUT, "a payload begins with '{'");
	}
	used = scan_line(o, *line, &ended);
	buf_add(&o->text, line->ptr, used);
	buf_add_char(&o->text, '\n');
	*line = skip_blanks((struct slice){line->ptr + used, line->len - used});
	if (!ended && !o->text.over)
		return 0;
	rc = buf_check(&o->text, "the payload", err);
	if (rc == 0)
		rc = take(f, buf_slice(&o->text), err);
	if (rc < 0)
		line->len = 0;
	drop(o);
	return rc;
}

static int on_line(struct filter *f, struct slice line, struct err *err)
{
	struct open_from *o = filter_arg(f);

	if (o->src.form == PAYLOAD_NAGIOS) {
		buf_add_slice(&o->text, line);
		buf_add_char(&o->text, '\n');
		return 0;
	}
	line = skip_blanks(line);
	/* A line that was cut off must not swallow those behind it. */
	if (o->text.len && *line.ptr == '{' && payload_whole(o->src.form, line))
		give_up(f);
	while (line.len)
		if (one_piece(f, &line, err) < 0)
			return -1;
	return 0;
}

static int on_idle(struct filter *f, struct err *err)
{
	struct open_from *o = filter_arg(f);

	return incident_open_commit(o->store.open, filter_out(f), err);
}

/* Of a plugin, all that it said is one payload. */
static int on_finish(struct filter *f, struct err *err)
{
	struct open_from *o = filter_arg(f);

	if (o->src.form != PAYLOAD_NAGIOS) {
		give_up(f);
	} else if (buf_check(&o->text, "the output of the plugin", err) < 0 ||
		   take(f, buf_slice(&o->text), err) < 0) {
		if (err->kind != ERR_INPUT)
			return -1;
		filter_bad(f, err);
		err_clear(err);
	}
	return on_idle(f, err);
}

static const struct filter_ops ops = {
	.line = on_line,
	.idle = on_idle,
	.finish = on_finish,
	.dry_wait_ms = DRY_MS,
};

int open_from_run(struct open_from *o, int argc, char **argv, struct err *err)
{
	return filter_run(&ops, cli_filter_options(), o, argc, argv, err);
}
