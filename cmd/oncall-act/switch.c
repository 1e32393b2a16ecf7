/* switch.c - oncall-act stop, resume, breaker, audit: what holds for all. */
#include "act-cmd.h"

#include <oncall/act-query.h>
#include <oncall/audit-list.h>
#include <oncall/clock.h>
#include <oncall/incident.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/when.h>

static struct {
	const char *reason, *head, *subject;
	int64_t since;
} args = {.since = WHEN_NONE};

/* clang-format off */
const struct cli_opt stop_opts[] = {
	CLI_STR('m', "reason", "TEXT", &args.reason, "why, for the record"),
	CLI_LAST,
};

const struct cli_opt breaker_opts[] = {
	CLI_STR('m', "reason", "TEXT", &args.reason, "why, for the record"),
	CLI_LAST,
};

const struct cli_opt audit_opts[] = {
	CLI_STR(0, "head", "SEQ:HASH", &args.head, "what audit head said before: it must be in the trail"),
	CLI_STR(0, "subject", "ID", &args.subject, "rows about that action or approval"),
	CLI_TIME(0, "since", "TIME", &args.since, "rows from that time on"),
	CLI_LAST,
};
/* clang-format on */

/* ---- stop and resume ---- */

static int write_state(struct act_cmd *c, struct buf *out, struct err *err)
{
	AUTO_FREE char *why = NULL;
	int stopped = act_stopped(c->act, &why, err);

	if (stopped < 0)
		return -1;
	if (!cli_records()) {
		buf_add_str(out, stopped ? "stopped" : "running");
		if (why) {
			buf_add_str(out, ": ");
			show_text(out, why, strlen(why), 0);
		}
		buf_add_char(out, '\n');
		return 0;
	}
	jwrite_new(out, "switch");
	jwrite_str(out, "name", "stop");
	jwrite_bool(out, "on", stopped > 0);
	jwrite_str_opt(out, "reason", why);
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
	return 0;
}

static int set_stop(bool stop, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	AUTO_FREE char *why = NULL;
	int still;

	if (act_cmd_open(&c, ACT_CMD_SWITCH, err) < 0 ||
	    (stop ? act_stop(c.act, c.actor, args.reason, err)
		  : act_resume(c.act, c.actor, args.reason, err)) < 0 ||
	    write_state(&c, &out.out, err) < 0 || record_flush(&out, err) < 0)
		return -1;
	still = stop ? 0 : act_stopped(c.act, &why, err);
	if (still > 0)
		return err_set(err, ERR_REFUSED,
			       "still stopped: %s; remove the file '%s'", why,
			       config_str(cli_config(), "policy.stop_file"));
	return still;
}

int stop_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	(void)argv;
	return set_stop(true, err);
}

int resume_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	(void)argv;
	return set_stop(false, err);
}

/* ---- words after a command ---- */

static int word_of(const char *typed, const char *const *words, struct err *err)
{
	const char *near = cli_nearest(typed, words);
	AUTO_BUF struct buf all = BUF_INIT;

	for (int i = 0; words[i]; i++) {
		if (!strcmp(typed, words[i]))
			return i;
		buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
	}
	return err_set(err, ERR_USAGE, "'%s' is none of %s%s%s%s", typed,
		       buf_str(&all), near ? "; did you mean '" : "",
		       near ? near : "", near ? "'?" : "");
}

/* ---- breaker ---- */

static void write_breaker(struct buf *out, const struct act_breaker *b)
{
	jwrite_record(out, "breaker", b->name,
		      b->opened == WHEN_NONE ? clock_now() : b->opened);
	jwrite_text(out, "state", b->state);
	jwrite_int(out, "failures", (int64_t)jlist_items(b->failures, NULL, 0));
	jwrite_time_opt(out, "opened", b->opened);
	if (b->reason.ptr)
		jwrite_text(out, "reason", b->reason);
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
}

static void add_breaker(struct show_table *t, const struct act_breaker *b)
{
	bool closed = slice_is(b->state, "closed");
	char opened[WHEN_TEXT] = "";

	if (b->opened != WHEN_NONE)
		when_format(opened, b->opened);
	show_table_cell(t, b->name, SHOW_BOLD);
	show_table_cell(t, b->state, closed ? SHOW_GREEN : SHOW_RED);
	show_table_cellf(t, SHOW_PLAIN, "%zu",
			 jlist_items(b->failures, NULL, 0));
	show_table_cell(t, slice_of(opened), SHOW_PLAIN);
	show_table_cell(t, b->reason, SHOW_PLAIN);
}

static int list_breakers(struct record_writer *out, struct err *err)
{
	static const char *const headings[] = {"BREAKER", "STATE", "FAILURES>",
					       "OPENED", "REASON~"};
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	AUTO_ROWS struct store_rows *rows = NULL;
	struct act_breaker b;
	size_t count = 0;
	int got = 0;

	if (act_cmd_open(&c, ACT_CMD_READ, err) < 0 ||
	    (c.store && !(rows = act_breakers(c.store, err))))
		return -1;
	for (; rows && (got = act_breakers_next(rows, &b, err)) > 0; count++) {
		if (cli_records())
			write_breaker(&out->out, &b);
		else
			add_breaker(t, &b);
	}
	store_rows_free(TAKE_PTR(rows));
	if (!cli_records() && count)
		cli_table(t, &out->out);
	else if (!cli_records())
		buf_add_str(&out->out, "no breaker has counted anything\n");
	return got < 0 ? -1 : 0;
}

static int reset_breaker(const char *name, struct err *err)
{
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};

	if (act_cmd_open(&c, ACT_CMD_SWITCH, err) < 0)
		return -1;
	return act_breaker_reset(c.store, name, c.actor, args.reason, err);
}

int breaker_run(int argc, char **argv, struct err *err)
{
	static const char *const words[] = {"list", "reset", NULL};
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	int word = word_of(argv[0], words, err);

	if (word < 0)
		return -1;
	if (argc != word + 1)
		return err_set(err, ERR_USAGE,
			       word ? "which breaker? oncall-act breaker list "
				      "names them"
				    : "breaker list takes no name");
	if (word)
		return reset_breaker(argv[1], err);
	return list_breakers(&out, err) < 0 ? -1 : record_flush(&out, err);
}

/* ---- audit ---- */

static int verify(struct store *s, struct buf *out, struct err *err)
{
	int64_t rows = 0;

	if (audit_verify(s, args.head, &rows, err) < 0)
		return -1;
	buf_addf(out, "%lld rows, whole and in order\n", (long long)rows);
	return 0;
}

static int print_head(struct store *s, struct buf *out, struct err *err)
{
	AUTO_FREE char *head = NULL;

	if (audit_head(s, &head, err) < 0)
		return -1;
	buf_addf(out, "%s\n", head);
	return 0;
}

static void write_row(struct buf *out, const struct audit_row *r)
{
	AUTO_BUF struct buf id = BUF_INIT;

	buf_add_int(&id, r->seq);
	jwrite_record(out, "audit", buf_slice(&id), r->time);
	jwrite_int(out, "seq", r->seq);
	jwrite_text(out, "actor", r->actor);
	jwrite_text(out, "what", r->what);
	jwrite_text(out, "subject", r->subject);
	jwrite_raw(out, "data", r->data);
	jwrite_text(out, "hash", r->hash);
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
}

static void add_row(struct show_table *t, const struct audit_row *r)
{
	char time[WHEN_TEXT];

	when_format(time, r->time);
	show_table_cellf(t, SHOW_DIM, "%lld", (long long)r->seq);
	show_table_cell(t, slice_of(time), SHOW_PLAIN);
	show_table_cell(t, r->actor, SHOW_PLAIN);
	show_table_cell(t, r->what, SHOW_BOLD);
	show_table_cell(t, r->subject, SHOW_PLAIN);
	show_table_cell(t, r->data, SHOW_DIM);
}

static int list_rows(struct store *s, struct buf *out, struct err *err)
{
	static const char *const headings[] = {"SEQ>", "TIME",	  "WHO",
					       "WHAT", "SUBJECT", "DATA~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	AUTO_ROWS struct store_rows *rows =
		audit_list(s, args.subject, args.since, err);
	struct audit_row r;
	int got = -1;

	while (rows && (got = audit_list_next(rows, &r, err)) > 0) {
		if (cli_records())
			write_row(out, &r);
		else
			add_row(t, &r);
	}
	if (!cli_records())
		cli_table(t, out);
	return got;
}

int audit_run(int argc, char **argv, struct err *err)
{
	static const char *const words[] = {"verify", "head", "list", NULL};
	static int (*const how[])(struct store * s, struct buf * out,
				  struct err * err) = {verify, print_head,
						       list_rows};
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	int word = word_of(argv[0], words, err);

	(void)argc;
	if (word < 0 || act_cmd_open(&c, ACT_CMD_READ, err) < 0)
		return -1;
	if (!c.store)
		return err_set(err, ERR_NO,
			       "there is no store, so nothing was done");
	return how[word](c.store, &out.out, err) < 0 ? -1
						     : record_flush(&out, err);
}
