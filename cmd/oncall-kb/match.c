/* match.c - oncall-kb match: what is known about an incident. */
#include "kb-cmd.h"

#include <oncall/clock.h>
#include <oncall/incident-query.h>
#include <oncall/jwrite.h>
#include <oncall/kb-match.h>

#include "similar.h"

/* How long a stream is silent before what was found is committed. */
#define DRY_MS 3
/* What is written at once: so much is told again after a crash. */
#define BATCH_BYTES   ((size_t)1024 * 1024)
#define BATCH_RECORDS 500
/* From this score on an entry was met, and outcomes could come of it. */
#define MET_SCORE 0.5

static struct {
	const char *text, *service, *category, *expect, *min_score;
	int64_t top;
	bool explain, pending, incidents;
} args = {.top = KB_MATCH_TOP};

/* clang-format off */
const struct cli_opt match_opts[] = {
	CLI_GROUP("By hand"),
	CLI_STR('t', "text", "TEXT", &args.text, "what is this? No record is read"),
	CLI_STR(0, "test", "TEXT", &args.text, "the same"),
	CLI_STR('s', "service", "NAME", &args.service, "service that the text is about"),
	CLI_STR(0, "category", "NAME", &args.category, "category of the text"),
	CLI_STR(0, "expect", "NAME", &args.expect, "status 1 unless the best entry, or its category, is that"),
	CLI_GROUP("What"),
	CLI_FLAG('p', "pending", &args.pending, "read the store's incidents that nobody has matched yet"),
	CLI_INT('n', "top", "N", &args.top, 1, KB_MATCH_MAX, "entries at most (default: 5)"),
	CLI_STR(0, "min-score", "0-1", &args.min_score, "no entry below that score (default: 0.15)"),
	CLI_FLAG('i', "incidents", &args.incidents, "list similar past incidents, too"),
	CLI_FLAG('e', "explain", &args.explain, "say what each score is made of"),
	KB_PACK_OPTS,
	CLI_LAST,
};
/* clang-format on */

struct match {
	struct kb_cmd cmd;
	struct kb_index *index;
	struct similar *similar;
	struct kb_match_options options;
	struct kb_question question;
	struct buf out; /* lines that wait for the commit */
	struct buf json;
	size_t waiting;
	bool began;
};

static int match_open(struct match *m, enum kb_cmd_mode mode, struct err *err)
{
	*m = (struct match){.options = {(size_t)args.top, KB_MATCH_MIN}};
	if (args.min_score) {
		char *end;

		m->options.min_score = strtod(args.min_score, &end);
		if (end == args.min_score || *end ||
		    !(m->options.min_score >= 0 && m->options.min_score <= 1))
			return err_set(err, ERR_USAGE,
				       "--min-score: '%s' is not from 0 to 1",
				       args.min_score);
	}
	m->out.max = SIZE_MAX / 2;
	if (kb_cmd_open(&m->cmd, mode, err) < 0 ||
	    kb_index_open(&m->index, m->cmd.kb, err) < 0)
		return -1;
	if (args.incidents && m->cmd.store)
		return similar_open(&m->similar, m->cmd.store, err);
	return 0;
}

static void match_close(struct match *m)
{
	if (m->began)
		store_rollback(m->cmd.store);
	similar_free(m->similar);
	kb_index_free(m->index);
	kb_question_done(&m->question);
	buf_done(&m->out);
	buf_done(&m->json);
	kb_cmd_close(&m->cmd);
}

/* ---- records ---- */

static int begin(struct match *m, struct err *err)
{
	if (m->began || !m->cmd.store)
		return 0;
	if (store_begin(m->cmd.store, err) < 0)
		return -1;
	m->began = true;
	return 0;
}

static int commit(struct match *m, struct record_writer *out, struct err *err)
{
	if (m->began) {
		m->began = false;
		if (store_commit(m->cmd.store, err) < 0)
			return -1;
	}
	if (m->out.len)
		record_write_lines(out, buf_slice(&m->out));
	buf_reset(&m->out);
	m->waiting = 0;
	return 0;
}

/* The incident's number and revision; false when the record has none. */
static bool read_identity(const struct jscan *scan, int64_t *num,
			  int64_t *revision)
{
	const struct jscan_member *id = jscan_get(scan, "id");
	const struct jscan_member *rev = jscan_get(scan, "revision");
	AUTO_BUF struct buf text = BUF_INIT;
	struct err ignored = ERR_INIT;

	if (!id || id->type != JSCAN_STRING || !rev ||
	    jscan_int(rev->value, revision) < 0)
		return false;
	jscan_unquote(&text, id->value);
	return incident_parse_id(buf_str(&text), num, &ignored) == 0;
}

static int remember(struct match *m, const struct kb_match *found,
		    bool incident, const struct jscan *scan, struct err *err)
{
	int64_t num, revision;

	if (!m->cmd.store)
		return 0;
	if (found->count && found->found[0].score >= MET_SCORE &&
	    kb_hit(m->cmd.kb, found->found[0].id, found->found[0].expr,
		   clock_now(), err) < 0)
		return -1;
	if (!incident || !read_identity(scan, &num, &revision))
		return 0;
	return kb_known(m->cmd.kb, num, revision, buf_slice(&m->json), err);
}

/* Puts a member into the record that stands at the end of out. */
static int put_member(struct buf *out, struct slice record,
		      const struct jscan *scan, const char *name,
		      struct slice value, struct err *err)
{
	return scan ? jscan_put(out, record, scan, name, value, err)
		    : jscan_splice(out, record.ptr, record.len, name, value,
				   err);
}

static int write_record(struct match *m, struct slice record,
			const struct jscan *scan, struct err *err)
{
	AUTO_BUF struct buf with = BUF_INIT, json = BUF_INIT;

	if (!m->similar) {
		if (put_member(&m->out, record, scan, "knowledge",
			       buf_slice(&m->json), err) < 0)
			return -1;
	} else {
		if (similar_find(m->similar, &m->question, scan,
				 (size_t)args.top, &json, err) < 0 ||
		    put_member(&with, record, scan, "knowledge",
			       buf_slice(&m->json), err) < 0 ||
		    put_member(&m->out, buf_slice(&with), NULL, "similar",
			       buf_slice(&json), err) < 0)
			return -1;
	}
	buf_add_char(&m->out, '\n');
	m->waiting++;
	return 0;
}

static int match_record(struct match *m, struct slice record,
			const struct jscan *scan, bool incident,
			struct err *err)
{
	AUTO_MATCH struct kb_match found = {NULL, 0};

	kb_question_read(&m->question, scan);
	if (begin(m, err) < 0 || kb_match(m->cmd.kb, m->index, &m->question,
					  &m->options, &found, err) < 0)
		return -1;
	buf_reset(&m->json);
	kb_match_write(&m->json, &found);
	if (remember(m, &found, incident, scan, err) < 0)
		return -1;
	return write_record(m, record, scan, err);
}

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	struct match *m = filter_arg(f);

	if (match_record(m, rec->line, rec->scan,
			 slice_is(rec->type, "incident"), err) < 0)
		return -1;
	if (m->waiting >= BATCH_RECORDS || m->out.len >= BATCH_BYTES)
		return commit(m, filter_out(f), err);
	return 0;
}

static int on_pass(struct filter *f, struct slice line, struct err *err)
{
	struct match *m = filter_arg(f);

	buf_add_slice(&m->out, line);
	buf_add_char(&m->out, '\n');
	return m->out.len >= BATCH_BYTES ? commit(m, filter_out(f), err) : 0;
}

static int on_pause(struct filter *f, struct err *err)
{
	return commit(filter_arg(f), filter_out(f), err);
}

static const struct filter_ops ops = {
	.types =
		(const char *const[]){"incident", "detection", "message", NULL},
	.record = on_record,
	.pass = on_pass,
	.idle = on_pause,
	.finish = on_pause,
	.dry_wait_ms = DRY_MS,
};

/* ---- --pending ---- */

static int match_incident(struct match *m, const struct incident *inc,
			  struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT;
	struct jscan scan = {0};
	int rc = incident_record(m->cmd.store, inc, INCIDENT_WITH_DETECTIONS,
				 &record, err);

	if (rc == 0)
		rc = jscan_object(&scan, record.data, record.len, err);
	if (rc == 0)
		rc = match_record(m, buf_slice(&record), &scan, true, err);
	jscan_done(&scan);
	return rc;
}

static bool is_pending(const struct incident *inc)
{
	return inc->known != inc->revision;
}

struct pending {
	struct match *match;
	struct record_writer *out;
};

static int on_pending(void *arg, const struct incident *inc, struct err *err)
{
	const struct pending *p = arg;

	if (match_incident(p->match, inc, err) < 0)
		return -1;
	return p->match->waiting >= BATCH_RECORDS
		       ? commit(p->match, p->out, err)
		       : 0;
}

static int run_pending(struct match *m, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	struct pending p = {m, &out};

	if (!m->cmd.store)
		return err_set(err, ERR_SYSTEM,
			       "--pending reads a store, and there is none; "
			       "create it with: oncall init");
	if (incident_walk(m->cmd.store, is_pending, on_pending, &p, err) < 0 ||
	    commit(m, &out, err) < 0)
		return -1;
	return record_flush(&out, err);
}

/* ---- by hand ---- */

static struct show_table *table_of(const struct kb_match *found)
{
	static const char *const headings[] = {"SCORE>", "ENTRY", "SOLUTIONS~",
					       "TITLE"};
	struct show_table *t = show_table_new(headings, ARRAY_LEN(headings));

	for (size_t i = 0; i < found->count; i++) {
		const struct kb_match_found *f = &found->found[i];

		show_table_cellf(t, SHOW_PLAIN, "%.3f", f->score);
		show_table_cell(t, slice_of(f->id), SHOW_BOLD);
		show_table_cell(t, slice_of(f->solution_names), SHOW_PLAIN);
		show_table_cell(t, slice_of(f->title), SHOW_PLAIN);
	}
	return t;
}

static int write_answer(struct match *m, const struct kb_match *found,
			struct buf *out, struct err *err)
{
	AUTO_BUF struct buf similar = BUF_INIT;

	if (m->similar && similar_find(m->similar, &m->question, NULL,
				       (size_t)args.top, &similar, err) < 0)
		return -1;
	if (args.explain) {
		kb_match_explain(out, found);
	} else if (!cli_records()) {
		AUTO_TABLE struct show_table *t = table_of(found);

		if (found->count)
			cli_table(t, out);
		else
			buf_add_str(out, "nothing is known about this\n");
	}
	if (args.explain || !cli_records()) {
		if (similar.len)
			similar_show(out, buf_slice(&similar));
		return 0;
	}
	jwrite_new(out, "answer");
	jwrite_str(out, "text", args.text);
	jwrite_str_opt(out, "service", args.service);
	kb_match_write(&m->json, found);
	jwrite_raw(out, "knowledge", buf_slice(&m->json));
	if (similar.len)
		jwrite_raw(out, "similar", buf_slice(&similar));
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
	return 0;
}

/* The best entry, its category, or what that entry is part of. */
static bool as_expected(const struct kb_match *found)
{
	return found->count &&
	       (!strcmp(found->found[0].id, args.expect) ||
		(found->found[0].category_name &&
		 !strcmp(found->found[0].category_name, args.expect)));
}

static int run_text(struct match *m, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_MATCH struct kb_match found = {NULL, 0};

	kb_question_reset(&m->question);
	buf_add_str(&m->question.text, args.text);
	if (args.service)
		buf_add_str(&m->question.service, args.service);
	if (args.category)
		buf_add_str(&m->question.category, args.category);
	if (kb_match(m->cmd.kb, m->index, &m->question, &m->options, &found,
		     err) < 0 ||
	    write_answer(m, &found, &out.out, err) < 0 ||
	    record_flush(&out, err) < 0)
		return -1;
	if (!args.expect)
		return found.count ? 0 : 1;
	if (as_expected(&found))
		return 0;
	err_set(err, ERR_NO, "expected '%s', found %s", args.expect,
		found.count ? found.found[0].id : "nothing");
	return -1;
}

static int check_args(int argc, struct err *err)
{
	if (argc && (args.text || args.pending))
		return err_set(err, ERR_USAGE, "--%s reads no file",
			       args.text ? "text" : "pending");
	if (args.text && args.pending)
		return err_set(err, ERR_USAGE,
			       "--text and --pending exclude each other");
	if (!args.text &&
	    (args.service || args.category || args.expect || args.explain))
		return err_set(err, ERR_USAGE,
			       "--service, --category, --expect and --explain "
			       "go with --text");
	return 0;
}

int match_run(int argc, char **argv, struct err *err)
{
	struct match m = {.options = {0, 0}};
	int rc = check_args(argc, err);

	if (rc == 0)
		rc = match_open(&m, args.text ? KB_CMD_READ : KB_CMD_RECORD,
				err);
	if (rc == 0 && args.text)
		rc = run_text(&m, err);
	else if (rc == 0 && args.pending)
		rc = run_pending(&m, err);
	else if (rc == 0)
		rc = filter_run(&ops, cli_filter_options(), &m, argc, argv,
				err);
	match_close(&m);
	return rc;
}
