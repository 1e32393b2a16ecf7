/* learn.c - oncall-kb learn, feedback, confidence, history, accept, reject. */
#include "kb-cmd.h"

#include <math.h>

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/incident-edit.h>
#include <oncall/jwrite.h>
#include <oncall/kb-learn.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include <jansson.h>

static struct {
	bool pending, worked, failed, wrong;
	int64_t speed, effect;
	const char *note, *solution, *reason;
} args;

/* clang-format off */
const struct cli_opt learn_opts[] = {
	CLI_FLAG('p', "pending", &args.pending, "read the store's resolved incidents that nothing was learned from yet"),
	KB_PACK_OPTS,
	CLI_LAST,
};

const struct cli_opt feedback_opts[] = {
	CLI_FLAG(0, "worked", &args.worked, "the fix worked"),
	CLI_FLAG(0, "failed", &args.failed, "the diagnosis was right, the fix did not work"),
	CLI_FLAG(0, "wrong", &args.wrong, "the diagnosis was wrong"),
	CLI_STR(0, "solution", "NAME", &args.solution, "which solution of the entry"),
	CLI_INT(0, "speed", "1-5", &args.speed, 1, 5, "how fast it went"),
	CLI_INT(0, "effect", "1-5", &args.effect, 1, 5, "how well it helped"),
	CLI_STR('m', "note", "TEXT", &args.note, "a note for the history"),
	KB_PACK_OPTS,
	CLI_LAST,
};

const struct cli_opt confidence_opts[] = {
	CLI_STR(0, "solution", "NAME", &args.solution, "of that solution only"),
	CLI_STR(0, "reason", "TEXT", &args.reason, "why, for the history"),
	KB_PACK_OPTS,
	CLI_LAST,
};

const struct cli_opt history_opts[] = {KB_PACK_OPTS, CLI_LAST};

const struct cli_opt accept_opts[] = {
	CLI_STR(0, "reason", "TEXT", &args.reason, "why, for the history"),
	KB_PACK_OPTS,
	CLI_LAST,
};
/* clang-format on */

/* ---- learn ---- */

struct learner {
	struct kb_cmd cmd;
	struct kb_index *index;
	int64_t outcomes, proposed, later;
};

static int learner_open(struct learner *l, struct err *err)
{
	if (kb_cmd_open(&l->cmd, KB_CMD_CHANGE, err) < 0)
		return -1;
	return kb_index_open(&l->index, l->cmd.kb, err);
}

static void learner_close(struct learner *l)
{
	kb_index_free(l->index);
	kb_cmd_close(&l->cmd);
}

static int learn_one(struct learner *l, int64_t num, struct err *err)
{
	AUTO_LESSON struct kb_lesson lesson = {.kind = KB_LESSON_NONE};
	char id[INCIDENT_ID];

	incident_id(id, num);
	if (kb_learn(l->cmd.kb, l->index, num, &lesson, err) < 0)
		return -1;
	switch (lesson.kind) {
	case KB_LESSON_NONE:
		diag_debug("%s: nothing learned: %s", id,
			   lesson.why ? lesson.why : "it was known");
		break;
	case KB_LESSON_OUTCOME:
		l->outcomes++;
		diag_info("%s: an outcome of %s", id, lesson.entry);
		break;
	case KB_LESSON_PROPOSED:
		l->proposed++;
		diag_info("%s: %s proposed; use it with: oncall-kb accept %s",
			  id, lesson.entry, lesson.entry);
		break;
	case KB_LESSON_LATER:
		l->later++;
		break;
	}
	return 0;
}

static void tell_later(const struct learner *l)
{
	if (l->later)
		diag_warn("%lld incidents wait: enough was proposed today "
			  "(learning.max_new_patterns_per_day)",
			  (long long)l->later);
}

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	const struct jscan_member *id = jscan_get(rec->scan, "id");
	AUTO_BUF struct buf text = BUF_INIT;
	struct err why = ERR_INIT;
	int64_t num;

	int rc;

	if (id && id->type == JSCAN_STRING)
		jscan_unquote(&text, id->value);
	rc = incident_parse_id(buf_str(&text), &num, &why);
	if (rc == 0)
		rc = learn_one(filter_arg(f), num, &why);
	if (rc < 0 && why.kind != ERR_NO && why.kind != ERR_USAGE) {
		*err = why;
		return -1;
	}
	record_write(filter_out(f), rec->line);
	return rc < 0 ? err_set(err, ERR_INPUT, "%s", why.text) : 0;
}

static const struct filter_ops ops = {
	.types = (const char *const[]){"incident", NULL},
	.record = on_record,
};

static int learn_pending(struct learner *l, struct err *err)
{
	AUTO_BUF struct buf nums = BUF_INIT_MAX(SIZE_MAX / 2);

	if (kb_learn_pending(l->cmd.kb, &nums, err) < 0)
		return -1;
	for (size_t at = 0; at < nums.len; at += sizeof(int64_t)) {
		int64_t num;

		memcpy(&num, nums.data + at, sizeof(num));
		if (learn_one(l, num, err) < 0)
			return -1;
	}
	return 0;
}

int learn_run(int argc, char **argv, struct err *err)
{
	struct learner l = {.index = NULL};
	int rc = 0;

	if (args.pending && argc)
		return err_set(err, ERR_USAGE, "--pending reads no file");
	if (learner_open(&l, err) < 0)
		rc = -1;
	else if (args.pending)
		rc = learn_pending(&l, err);
	else
		rc = filter_run(&ops, cli_filter_options(), &l, argc, argv,
				err);
	tell_later(&l);
	learner_close(&l);
	return rc;
}

/* ---- feedback ---- */

/* The entry that an incident was given, the one with that solution first. */
static int entry_of(struct kb *kb, int64_t num, const char *solution,
		    char **ret, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int got = kb_knowledge_of(kb, num, &text, err);
	json_t *all, *one, *s;
	size_t i, k;

	if (got < 0)
		return -1;
	all = got ? json_loadb(text.data, text.len, 0, NULL) : NULL;
	json_array_foreach(all, i, one)
	{
		const char *id =
			json_string_value(json_object_get(one, "entry"));

		if (!*ret && id && !solution)
			*ret = mem_dup(id);
		json_array_foreach(json_object_get(one, "solutions"), k, s)
		{
			const char *name =
				json_string_value(json_object_get(s, "name"));

			if (!*ret && solution && name && id &&
			    !strcmp(name, solution))
				*ret = mem_dup(id);
		}
	}
	json_decref(all);
	return 0;
}

static bool is_incident(const char *text, int64_t *num)
{
	struct err ignored = ERR_INIT;

	return incident_parse_id(text, num, &ignored) == 0;
}

/* Without a word it is what the incident was resolved with, or the only one
 * that there is. */
static void choose_solution(const struct knowledge_entry *e, struct slice said,
			    char **ret)
{
	AUTO_FREE char *name = mem_dup_bytes(said.ptr, said.len);

	if (args.solution)
		*ret = mem_dup(args.solution);
	else if (said.len && knowledge_solution_find(e, name))
		*ret = TAKE_PTR(name);
	else if (e->solution_count == 1)
		*ret = mem_dup(e->solutions[0].name);
}

static enum kb_verdict verdict(void)
{
	return args.worked ? KB_WORKED : args.failed ? KB_FAILED : KB_WRONG;
}

static int tell_timeline(const struct kb_cmd *c, int64_t num, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	const struct incident_edit edit = {.store = c->store,
					   .actor = c->actor,
					   .note = args.note,
					   .took = WHEN_NONE};
	const struct incident_rating rating = {
		.verdict = kb_verdict_names[verdict()],
		.speed = args.speed,
		.effect = args.effect};

	return incident_feedback(&edit, num, &rating, &inc, err) < 0 ? -1 : 0;
}

static int give_feedback(struct kb_cmd *c, const char *id, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	AUTO_FREE char *entry = NULL, *solution = NULL;
	char incident[INCIDENT_ID];
	int64_t num = 0;
	bool known = is_incident(id, &num);
	struct kb_outcome o = {.verdict = verdict(),
			       .speed = args.speed,
			       .effect = args.effect,
			       .note = args.note};
	int changed;

	if (known && (incident_load(c->store, num, &inc, err) < 0 ||
		      entry_of(c->kb, num, args.solution, &entry, err) < 0))
		return -1;
	if (known && !entry)
		return err_set(err, ERR_NO,
			       "no entry was found for %s; match it first, or "
			       "name the entry",
			       id);
	if (kb_load(c->kb, known ? entry : id, &e, err) < 0)
		return -1;
	choose_solution(&e, inc.solution, &solution);
	incident_id(incident, num);
	o.entry = e.id;
	o.incident = known ? incident : NULL;
	o.solution = o.verdict == KB_WRONG ? NULL : solution;
	changed = kb_outcome(c->kb, &o, err);
	if (changed < 0 || (changed && known && tell_timeline(c, num, err) < 0))
		return -1;
	diag_info("%s%s%s: %s", e.id, o.solution ? ", " : "",
		  o.solution ? o.solution : "",
		  changed ? kb_verdict_names[o.verdict] : "known already");
	return 0;
}

int feedback_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};

	(void)argc;
	if (args.worked + args.failed + args.wrong != 1)
		return err_set(err, ERR_USAGE,
			       "say one of --worked, --failed, --wrong");
	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	return give_feedback(&c, argv[0], err);
}

/* ---- confidence, history ---- */

int confidence_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	char *end;
	double value = strtod(argv[1], &end);

	(void)argc;
	if (end == argv[1] || *end || !(value >= 0 && value <= 1))
		return err_set(err, ERR_USAGE, "'%s' is not from 0 to 1",
			       argv[1]);
	if (!args.reason || !*args.reason)
		return err_set(err, ERR_USAGE,
			       "--reason is missing: why is it so?");
	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	return kb_state(c.kb, argv[0], args.solution, value, args.reason, err);
}

struct history {
	struct record_writer out;
	struct show_table *table;
	const char *entry;
};

static void add_change_row(struct show_table *t, const struct kb_change *c)
{
	char time[WHEN_TEXT];

	when_format(time, c->time);
	show_table_cell(t, slice_of(time), SHOW_DIM);
	show_table_cell(t, c->actor, SHOW_PLAIN);
	show_table_cell(t, c->what, SHOW_BOLD);
	show_table_cell(t, c->solution, SHOW_PLAIN);
	if (isnan(c->after))
		show_table_cell(t, SLICE_LIT(""), SHOW_PLAIN);
	else
		show_table_cellf(t, SHOW_PLAIN, "%.3f > %.3f", c->before,
				 c->after);
	show_table_cell(t, c->cause.len ? c->cause : c->note, SHOW_PLAIN);
}

static void write_text(struct buf *out, const char *key, struct slice text)
{
	if (text.len)
		jwrite_text(out, key, text);
}

static void write_change(struct buf *out, const char *entry,
			 const struct kb_change *c)
{
	AUTO_BUF struct buf id = BUF_INIT;

	buf_addf(&id, "%s:%lld", entry, (long long)c->seq);
	jwrite_record(out, "history", buf_slice(&id), c->time);
	jwrite_str(out, "entry", entry);
	jwrite_text(out, "actor", c->actor);
	jwrite_text(out, "what", c->what);
	write_text(out, "solution", c->solution);
	write_text(out, "cause", c->cause);
	write_text(out, "note", c->note);
	if (!isnan(c->before))
		jwrite_real(out, "before", c->before);
	if (!isnan(c->after))
		jwrite_real(out, "after", c->after);
	jwrite_close(out, '}');
}

static int show_change(void *arg, const struct kb_change *c, struct err *err)
{
	struct history *h = arg;

	(void)err;
	if (!cli_records()) {
		add_change_row(h->table, c);
		return 0;
	}
	write_change(&h->out.out, h->entry, c);
	record_write_end(&h->out);
	return 0;
}

int history_run(int argc, char **argv, struct err *err)
{
	static const char *const headings[] = {
		"TIME", "WHO", "WHAT", "SOLUTION", "CONFIDENCE", "CAUSE~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	struct history h = {.out = RECORD_WRITER_INIT(STDOUT_FILENO),
			    .table = t,
			    .entry = argv[0]};
	int rc;

	(void)argc;
	rc = kb_cmd_open(&c, KB_CMD_READ, err);
	if (rc == 0 && c.store)
		rc = kb_history(c.kb, argv[0], show_change, &h, err);
	if (rc == 0 && !cli_records())
		cli_table(t, &h.out.out);
	if (rc == 0)
		rc = record_flush(&h.out, err);
	record_writer_done(&h.out);
	return rc;
}

/* ---- proposals ---- */

static int accept_entry(void *arg, struct knowledge_entry *e, struct err *err)
{
	(void)arg;
	(void)err;
	if (e->status == KNOWLEDGE_ACTIVE)
		return 0;
	e->status = KNOWLEDGE_ACTIVE;
	return 1;
}

int accept_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	const struct kb_edit edit = {
		.what = "accepted", .cause = args.reason, .edit = accept_entry};

	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (kb_edit(c.kb, argv[i], &edit, err) < 0)
			return -1;
	return 0;
}

static int reject_one(struct kb *kb, const char *id, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};

	if (kb_load(kb, id, &e, err) < 0)
		return -1;
	if (e.status != KNOWLEDGE_PROPOSED)
		return err_set(err, ERR_NO,
			       "%s is no proposal; remove it with: oncall-kb "
			       "remove",
			       id);
	return kb_remove(kb, id, args.reason ? args.reason : "rejected", err);
}

int reject_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};

	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (reject_one(c.kb, argv[i], err) < 0)
			return -1;
	return 0;
}
