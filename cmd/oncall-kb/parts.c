/* parts.c - oncall-kb solution and pattern: parts of an entry, one by one. */
#include "kb-cmd.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/pattern.h>

static struct {
	const char *action, *confidence;
	struct cli_list params, excepts;
	bool by_id, case_sensitive;
	const char *text;
} args;

/* clang-format off */
const struct cli_opt solution_opts[] = {
	CLI_STR('a', "action", "NAME", &args.action, "registered action that it is"),
	CLI_LIST('p', "param", "KEY=VALUE", &args.params, "parameter of the action"),
	CLI_STR('c', "confidence", "0-1", &args.confidence, "how sure you are that it helps (default: 0.5)"),
	KB_PACK_OPTS, CLI_LAST};

const struct cli_opt pattern_opts[] = {
	CLI_FLAG(0, "by-id", &args.by_id, "RE is the id of a pattern of oncall-monitor"),
	CLI_LIST('e', "except", "RE", &args.excepts, "expression that must not match"),
	CLI_FLAG(0, "case-sensitive", &args.case_sensitive, "case matters"),
	CLI_STR('t', "text", "TEXT", &args.text, "of test: the text to try them on"),
	KB_PACK_OPTS, CLI_LAST};
/* clang-format on */

struct job {
	const char *name; /* of the solution, or the expression; or NULL */
};

static const char *const solution_verbs[] = {"add", "list", "show", "remove",
					     NULL};
static const char *const pattern_verbs[] = {"add", "list", "remove", "test",
					    NULL};

static int verb_of(const char *typed, const char *const *verbs, struct err *err)
{
	const char *near = cli_nearest(typed, verbs);

	for (int i = 0; verbs[i]; i++)
		if (!strcmp(typed, verbs[i]))
			return i;
	return err_set(err, ERR_USAGE, "'%s' is none of %s, %s, %s, %s%s%s%s",
		       typed, verbs[0], verbs[1], verbs[2], verbs[3],
		       near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

static int change(const char *id, const char *what,
		  int (*edit)(void *arg, struct knowledge_entry *e,
			      struct err *err),
		  struct job *job, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};

	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	return kb_edit(c.kb, id,
		       &(struct kb_edit){.what = what,
					 .cause = job->name,
					 .edit = edit,
					 .arg = job},
		       err) < 0
		       ? -1
		       : 0;
}

/* ---- solutions ---- */

static int read_confidence(double *ret, struct err *err)
{
	char *end;

	if (!args.confidence)
		return 0;
	*ret = strtod(args.confidence, &end);
	if (end == args.confidence || *end || !(*ret >= 0 && *ret <= 1))
		return err_set(err, ERR_USAGE,
			       "--confidence: '%s' is not from 0 to 1",
			       args.confidence);
	return 0;
}

static int read_params(char **ret, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	jwrite_open(&out, NULL, '{');
	for (size_t i = 0; i < args.params.count; i++) {
		const char *item = args.params.items[i];
		const char *equals = strchr(item, '=');
		AUTO_FREE char *key = NULL;

		if (!equals || equals == item)
			return err_set(err, ERR_USAGE,
				       "--param: '%s' is not KEY=VALUE", item);
		key = mem_dup_bytes(item, (size_t)(equals - item));
		jwrite_str(&out, key, equals + 1);
	}
	jwrite_close(&out, '}');
	free(*ret);
	*ret = buf_take(&out);
	return 0;
}

static int solution_add(void *arg, struct knowledge_entry *e, struct err *err)
{
	const struct job *job = arg;
	struct knowledge_solution *s = knowledge_solution_find(e, job->name);

	if (!s) {
		s = knowledge_solution_add(e, job->name);
		s->confidence = KNOWLEDGE_CONFIDENCE;
	}
	if (args.action)
		knowledge_set(&s->action, args.action);
	if (read_confidence(&s->confidence, err) < 0 ||
	    read_params(&s->params, err) < 0)
		return -1;
	return knowledge_check(e, err) < 0 ? -1 : 1;
}

static int solution_remove(void *arg, struct knowledge_entry *e,
			   struct err *err)
{
	const struct job *job = arg;
	struct knowledge_solution *s = knowledge_solution_find(e, job->name);

	if (!s)
		return err_set(err, ERR_NO, "%s has no solution '%s'", e->id,
			       job->name);
	knowledge_solution_remove(e, (size_t)(s - e->solutions));
	return 1;
}

static int tell_solution(struct kb *kb, const struct knowledge_entry *e,
			 const struct knowledge_solution *s,
			 struct show_table *t, struct record_writer *out,
			 struct err *err)
{
	AUTO_BUF struct buf id = BUF_INIT;
	struct kb_confidence c;

	if (kb_confidence(kb, e, s->name, &c, err) < 0)
		return -1;
	buf_addf(&id, "%s/%s", e->id, s->name);
	if (!cli_records()) {
		show_table_cell(t, slice_of(s->name), SHOW_BOLD);
		show_table_cell(t, slice_of(s->action), SHOW_PLAIN);
		show_table_cellf(t, SHOW_PLAIN, "%.2f", c.mean);
		show_table_cellf(t, SHOW_PLAIN, "%.2f", c.lower);
		show_table_cellf(t, SHOW_PLAIN, "%lld", (long long)c.outcomes);
		show_table_cell(t, slice_of(s->params), SHOW_DIM);
		return 0;
	}
	jwrite_record(&out->out, "solution", buf_slice(&id), clock_now());
	jwrite_str(&out->out, "entry", e->id);
	jwrite_str(&out->out, "name", s->name);
	jwrite_str_opt(&out->out, "action", s->action);
	jwrite_raw(&out->out, "params",
		   s->params ? slice_of(s->params) : SLICE_LIT("{}"));
	jwrite_real(&out->out, "stated", c.stated);
	jwrite_real(&out->out, "confidence", c.mean);
	jwrite_real(&out->out, "lower", c.lower);
	jwrite_int(&out->out, "outcomes", c.outcomes);
	jwrite_close(&out->out, '}');
	record_write_end(out);
	return 0;
}

static int solution_list(const char *id, const char *name, struct err *err)
{
	static const char *const headings[] = {"SOLUTION",    "ACTION",
					       "CONFIDENCE>", "LOWER>",
					       "OUTCOMES>",   "PARAMETERS~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};

	if (kb_cmd_open(&c, KB_CMD_READ, err) < 0 ||
	    kb_load(c.kb, id, &e, err) < 0)
		return -1;
	if (name && !knowledge_solution_find(&e, name))
		return err_set(err, ERR_NO, "%s has no solution '%s'", id,
			       name);
	for (size_t i = 0; i < e.solution_count; i++)
		if ((!name || !strcmp(name, e.solutions[i].name)) &&
		    tell_solution(c.kb, &e, &e.solutions[i], t, &out, err) < 0)
			return -1;
	if (!cli_records())
		cli_table(t, &out.out);
	return record_flush(&out, err);
}

int solution_run(int argc, char **argv, struct err *err)
{
	struct job job = {.name = argc > 2 ? argv[2] : NULL};
	int verb = verb_of(argv[0], solution_verbs, err);

	if (verb < 0)
		return -1;
	if (verb != 1 && !job.name)
		return err_set(err, ERR_USAGE,
			       "which solution? Say: solution %s %s NAME",
			       argv[0], argv[1]);
	switch (verb) {
	case 0:
		return change(argv[1], "solution added", solution_add, &job,
			      err);
	case 3:
		return change(argv[1], "solution removed", solution_remove,
			      &job, err);
	default:
		return solution_list(argv[1], job.name, err);
	}
}

/* ---- patterns ---- */

static int pattern_add(void *arg, struct knowledge_entry *e, struct err *err)
{
	const struct job *job = arg;
	struct knowledge_pattern *p =
		args.by_id ? knowledge_pattern_add(e, job->name, NULL)
			   : knowledge_pattern_add(e, NULL, job->name);

	p->case_sensitive = args.case_sensitive;
	for (size_t i = 0; i < args.excepts.count; i++)
		(void)knowledge_list_add(&p->except, args.excepts.items[i]);
	return knowledge_check(e, err) < 0 ? -1 : 1;
}

static const char *text_of(const struct knowledge_pattern *p)
{
	return p->rule ? p->rule : p->match;
}

static int pattern_remove(void *arg, struct knowledge_entry *e, struct err *err)
{
	const struct job *job = arg;

	for (size_t i = 0; i < e->pattern_count; i++) {
		if (strcmp(text_of(&e->patterns[i]), job->name) != 0)
			continue;
		knowledge_pattern_remove(e, i);
		return 1;
	}
	return err_set(err, ERR_NO, "%s has no pattern '%s'", e->id, job->name);
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct slice *match = arg;

	*match = hit->match;
	return 1;
}

/* Whether it matches the text; a rule is looked at by `oncall-monitor`. */
static int try_pattern(const struct knowledge_pattern *p, struct slice text,
		       struct slice *match, struct err *err)
{
	struct slice expr = slice_of(p->match);
	struct slice excepts[KNOWLEDGE_MAX_ITEMS];
	struct pattern_rule rule = {.id = "pattern",
				    .exprs = &expr,
				    .expr_count = 1,
				    .excepts = excepts,
				    .except_count = p->except.count,
				    .caseless = !p->case_sensitive};
	const struct pattern_sink sink = {.hit = on_hit, .arg = match};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;

	for (size_t i = 0; i < p->except.count; i++)
		excepts[i] = slice_of(p->except.items[i]);
	if (pattern_set_new(&set, &rule, 1, NULL, err) < 0)
		return -1;
	scratch = pattern_scratch_new(set);
	return pattern_scan_text(set, scratch, text, 0, &sink);
}

static int tell_pattern(const struct knowledge_pattern *p, bool test,
			struct show_table *t, bool *any, struct err *err)
{
	struct slice match = {NULL, 0};

	if (test && !p->rule &&
	    try_pattern(p, slice_of(args.text), &match, err) < 0)
		return -1;
	if (match.ptr)
		*any = true;
	show_table_cell(t, slice_of(p->rule ? "rule" : "expression"),
			SHOW_PLAIN);
	if (test)
		show_table_cell(
			t, match.ptr ? match : slice_of(p->rule ? "" : "no"),
			match.ptr ? SHOW_GREEN : SHOW_DIM);
	show_table_cell(t, slice_of(text_of(p)), SHOW_PLAIN);
	return 0;
}

static int pattern_list(const char *id, bool test, struct err *err)
{
	static const char *const plain[] = {"KIND", "PATTERN~"};
	static const char *const tested[] = {"KIND", "MATCHES", "PATTERN~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(test ? tested : plain, test ? 3 : 2);
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	bool any = false;

	if (kb_cmd_open(&c, KB_CMD_READ, err) < 0 ||
	    kb_load(c.kb, id, &e, err) < 0)
		return -1;
	for (size_t i = 0; i < e.pattern_count; i++)
		if (tell_pattern(&e.patterns[i], test, t, &any, err) < 0)
			return -1;
	cli_table(t, &out.out);
	if (record_flush(&out, err) < 0)
		return -1;
	return test && !any ? 1 : 0;
}

int pattern_run(int argc, char **argv, struct err *err)
{
	struct job job = {.name = argc > 2 ? argv[2] : NULL};
	int verb = verb_of(argv[0], pattern_verbs, err);

	if (verb < 0)
		return -1;
	if ((verb == 0 || verb == 2) && !job.name)
		return err_set(err, ERR_USAGE,
			       "which expression? Say: pattern %s %s RE",
			       argv[0], argv[1]);
	if (verb == 3 && !args.text && !(args.text = job.name))
		return err_set(err, ERR_USAGE, "test on what? Say --text TEXT");
	if (verb == 0)
		return change(argv[1], "pattern added", pattern_add, &job, err);
	if (verb == 2)
		return change(argv[1], "pattern removed", pattern_remove, &job,
			      err);
	return pattern_list(argv[1], verb == 3, err);
}
