/* journal.c - journalctl, or what it wrote, as an input. */
#include <oncall/journal.h>

#include "input-pack.h"
#include "journal-internal.h"

#include <errno.h>
#include <poll.h>

#include <oncall/child.h>
#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#define CHUNK ((size_t)64 * 1024)

struct journal {
	struct input base;
	struct input_stream stream;
	int fd;
	char *name, *program;
	char **args;
	size_t arg_count;
	bool follow;
	int64_t since, until;
	void (*trouble)(void *arg, const struct err *err);
	void *arg;
	uint64_t troubles;

	struct child *child;
	bool started; /* journalctl gave an entry, or nothing without fault */
	bool ended;
	struct err late; /* that came behind entries */
	int64_t retry_at, retry_ms;
	struct journal_parser parser;
	char *chunk;
	struct slice rest; /* of chunk, not parsed yet */
	char *cursor;	   /* of the last entry handed on, or NULL */
	bool skipping;	   /* entries up to it */
};

static struct journal *journal_of(const struct input *in)
{
	return (struct journal *)(uintptr_t)in;
}

static void tell(struct journal *j, const struct err *err)
{
	j->troubles++;
	if (j->trouble)
		j->trouble(j->arg, err);
}

static char *point_argument(const char *option, int64_t ms)
{
	return mem_printf("--%s=@%lld.%03lld", option, (long long)(ms / 1000),
			  (long long)(ms % 1000));
}

/* Where to begin: behind what was handed on, at a time, or now. */
static char *begin_argument(const struct journal *j)
{
	if (j->cursor)
		return mem_printf("--after-cursor=%s", j->cursor);
	if (j->since != WHEN_NONE)
		return point_argument("since", j->since < 0 ? 0 : j->since);
	return mem_dup(j->follow ? "--lines=0" : "--no-pager");
}

static int start(struct journal *j, struct err *err)
{
	AUTO_FREE char *begin = begin_argument(j);
	AUTO_FREE char *until = NULL;
	AUTO_FREE const char **argv = mem_zero(j->arg_count + 8, sizeof(*argv));
	size_t n = 0;

	argv[n++] = j->program;
	argv[n++] = "--output=export";
	argv[n++] = "--quiet";
	if (j->follow)
		argv[n++] = "--follow";
	if (j->follow && (j->cursor || j->since != WHEN_NONE))
		argv[n++] = "--no-tail";
	argv[n++] = begin;
	if (j->until != WHEN_NONE) {
		until = point_argument("until", j->until < 0 ? 0 : j->until);
		argv[n++] = until;
	}
	for (size_t i = 0; i < j->arg_count; i++)
		argv[n++] = j->args[i];
	return child_start(&j->child, argv, err);
}

/* journalctl is gone. When it is followed it is tried again, later each time;
 * what never worked is not. */
static int child_gone(struct journal *j, struct err *err)
{
	struct err why = ERR_INIT;
	int rc = child_end(j->child, &why);

	child_free(TAKE_PTR(j->child));
	journal_parser_reset(&j->parser);
	if (!rc && !j->follow) {
		j->ended = true;
		return 0;
	}
	if (rc && (!j->follow || !j->started)) {
		*err = why;
		return -1;
	}
	if (!rc)
		(void)err_set(&why, ERR_SYSTEM, "'%s' ended", j->program);
	tell(j, &why);
	j->started = true;
	j->retry_ms = j->retry_ms ? 2 * j->retry_ms : JOURNAL_RETRY_MIN_MS;
	if (j->retry_ms > JOURNAL_RETRY_MAX_MS)
		j->retry_ms = JOURNAL_RETRY_MAX_MS;
	j->retry_at = clock_mono() + j->retry_ms;
	return 0;
}

/* Starts journalctl when it is time to; 0: not within wait_ms. */
static int ready_to_read(struct journal *j, int wait_ms, struct err *err)
{
	int64_t left = j->retry_at - clock_mono();
	struct err why = ERR_INIT;

	if (j->fd >= 0 || j->child)
		return 1;
	if (left > 0) {
		bool long_wait = wait_ms < 0 || wait_ms > left;

		if (signals_poll(-1, 0, long_wait ? (int)left : wait_ms) < 0 ||
		    !long_wait)
			return 0;
	}
	if (start(j, &why) == 0)
		return 1;
	if (!j->started) {
		*err = why;
		return -1;
	}
	tell(j, &why);
	j->retry_at = clock_mono() + JOURNAL_RETRY_MAX_MS;
	return 0;
}

static ssize_t read_chunk(struct journal *j)
{
	ssize_t n;

	if (j->child)
		return child_read(j->child, j->chunk, CHUNK);
	do
		n = read(j->fd, j->chunk, CHUNK);
	while (n < 0 && errno == EINTR);
	return n;
}

/* 1: something may have been read, or has ended; 0: nothing in wait_ms. */
static int fill(struct journal *j, int wait_ms, struct err *err)
{
	int ready = ready_to_read(j, wait_ms, err);
	ssize_t n;

	if (ready <= 0)
		return ready;
	if (signals_poll(j->child ? child_fd(j->child) : j->fd, POLLIN,
			 wait_ms) <= 0)
		return 0;
	n = read_chunk(j);
	if (n < 0 && (errno == EAGAIN || j->child))
		return 1;
	if (n < 0)
		return err_sys(err, errno, "cannot read '%s'", j->name);
	j->rest = (struct slice){j->chunk, (size_t)n};
	if (n > 0)
		return 1;
	if (j->child)
		return child_gone(j, err) < 0 ? -1 : 1;
	j->ended = true;
	return 1;
}

static bool to_skip(struct journal *j, struct slice cursor)
{
	if (!j->skipping)
		return false;
	if (slice_is(cursor, j->cursor)) {
		j->skipping = false;
		return true;
	}
	j->skipping = !journal_later(cursor, slice_of(j->cursor));
	return j->skipping;
}

static void take_entry(struct journal *j, struct input_block *b,
		       const struct journal_entry *e)
{
	size_t at = b->data.len - e->id;
	struct slice cursor;
	struct err err = ERR_INIT;

	if (e->bad) {
		(void)err_set(&err, ERR_INPUT,
			      "'%s': an entry that cannot be read%s", j->name,
			      e->text ? " in full" : "");
		tell(j, &err);
	}
	if (e->text == 0)
		return;
	cursor = (struct slice){b->data.data + at, e->id};
	j->started = true;
	j->retry_ms = 0;
	if (to_skip(j, cursor)) {
		buf_truncate(&b->data, at - e->text);
		return;
	}
	free(j->cursor);
	j->cursor = mem_dup_bytes(cursor.ptr, cursor.len);
	input_pack_event(b, e->text, e->id, e->truncated);
}

static void parse(struct journal *j, struct input_block *b)
{
	struct journal_entry e;

	while (j->rest.len && b->data.len < INPUT_BLOCK &&
	       journal_parse(&j->parser, &j->rest, &b->data, &e))
		take_entry(j, b, &e);
	/* What journalctl was cut in comes again; a file has no more. */
	if (j->ended && j->fd >= 0 && !j->rest.len &&
	    journal_parse_end(&j->parser, &b->data, &e))
		take_entry(j, b, &e);
}

static int journal_next(struct input *in, struct input_block *b, int wait_ms,
			struct err *err)
{
	struct journal *j = journal_of(in);
	int64_t end = clock_mono() + wait_ms;
	bool dry = false;

	if (j->late.kind) {
		*err = j->late;
		return -1;
	}
	b->stream = &j->stream;
	while (b->data.len < INPUT_BLOCK) {
		int wait = b->event_count ? 0 : wait_ms;
		int got = 1;

		if (!j->rest.len && !j->ended)
			got = fill(j, wait, &j->late);
		if (got < 0 && !b->event_count) {
			*err = j->late;
			return -1;
		}
		if (got > 0)
			parse(j, b);
		dry = got == 0;
		if (got <= 0 || (j->ended && !j->rest.len))
			break;
		if (wait_ms > 0)
			wait_ms = end > clock_mono() ? (int)(end - clock_mono())
						     : 0;
	}
	input_pack_done(b);
	b->live = dry;
	if (b->event_count)
		return INPUT_BLOCK_READY;
	return j->ended ? INPUT_END : INPUT_NOTHING;
}

static void journal_save(const struct input *in, struct buf *out)
{
	const struct journal *j = journal_of(in);

	jwrite_open(out, NULL, '{');
	jwrite_str_opt(out, "cursor", j->cursor);
	jwrite_close(out, '}');
}

static int journal_load(struct input *in, struct slice json, struct err *err)
{
	struct journal *j = journal_of(in);
	struct jscan scan = {.members = NULL};
	AUTO_BUF struct buf cursor = BUF_INIT;
	int rc = jscan_object(&scan, json.ptr, json.len, err);
	const struct jscan_member *m = rc ? NULL : jscan_get(&scan, "cursor");

	if (m)
		jscan_unquote(&cursor, m->value);
	if (cursor.len) {
		free(j->cursor);
		j->cursor = buf_take(&cursor);
		j->skipping = j->fd >= 0;
	}
	jscan_done(&scan);
	return rc;
}

static void journal_free(struct input *in)
{
	struct journal *j = journal_of(in);

	child_free(j->child);
	if (j->fd >= 0)
		(void)close(j->fd);
	journal_parser_done(&j->parser);
	for (size_t i = 0; i < j->arg_count; i++)
		free(j->args[i]);
	free(j->args);
	free(j->name);
	free(j->program);
	free(j->stream.id);
	free(j->stream.path);
	free(j->stream.service);
	free(j->chunk);
	free(j->cursor);
	free(j);
}

int journal_new(struct input **ret, const struct journal_options *opt,
		struct err *err)
{
	static const struct input_ops ops = {journal_next, journal_save,
					     journal_load, journal_free};
	struct journal *j = mem_zero(1, sizeof(*j));

	(void)err;
	j->base.ops = &ops;
	j->fd = opt->fd;
	j->program = mem_dup(opt->program ? opt->program : "journalctl");
	j->name = mem_dup(opt->name ? opt->name : j->program);
	for (size_t i = 0; opt->args && opt->args[i]; i++) {
		j->args = mem_resize(j->args, i + 1, sizeof(char *));
		j->args[i] = mem_dup(opt->args[i]);
		j->arg_count = i + 1;
	}
	j->follow = opt->follow && opt->fd < 0;
	j->since = opt->since;
	j->until = opt->until;
	j->trouble = opt->trouble;
	j->arg = opt->arg;
	j->stream = (struct input_stream){
		.kind = "journal",
		.id = mem_dup("journal"),
		.path = opt->fd >= 0 ? mem_dup(opt->name) : NULL,
		.service = mem_dup(opt->service),
	};
	j->chunk = mem_alloc(CHUNK);
	journal_parser_init(&j->parser,
			    opt->max_line ? opt->max_line : INPUT_MAX_LINE);
	*ret = &j->base;
	return 0;
}

uint64_t journal_troubles(const struct input *in)
{
	return journal_of(in)->troubles;
}
