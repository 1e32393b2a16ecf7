/* look.c - oncall-kb list and show. */
#include "kb-cmd.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/when.h>

#define HISTORY_SHOWN 10 /* the latest changes of an entry */

static struct {
	const char *text, *category, *service, *tag, *origin;
	bool proposed;
} args;

/* clang-format off */
const struct cli_opt list_opts[] = {
	CLI_STR('t', "text", "TEXT", &args.text, "with that text in id, title, description or keywords"),
	CLI_STR('c', "category", "NAME", &args.category, "of that category"),
	CLI_STR('s', "service", "NAME", &args.service, "about that service"),
	CLI_STR(0, "tag", "TAG", &args.tag, "with that tag"),
	CLI_STR(0, "origin", "ORIGIN", &args.origin, "from there: person, learned, import, pack:NAME"),
	CLI_FLAG('p', "proposed", &args.proposed, "what was learned and waits for accept"),
	KB_PACK_OPTS,
	CLI_LAST,
};

const struct cli_opt show_opts[] = {KB_PACK_OPTS, CLI_LAST};
/* clang-format on */

/* ---- list ---- */

struct list {
	struct show_table *table;
	struct record_writer out;
	size_t count;
};

static bool has_text(const char *text)
{
	return text && strcasestr(text, args.text);
}

static bool mentions(const struct knowledge_entry *e)
{
	if (has_text(e->id) || has_text(e->title) || has_text(e->description))
		return true;
	for (size_t i = 0; i < e->keywords.count; i++)
		if (has_text(e->keywords.items[i]))
			return true;
	return false;
}

static bool is_wanted(const struct knowledge_entry *e)
{
	if (args.text && !mentions(e))
		return false;
	if (args.category &&
	    (!e->category || strcmp(args.category, e->category) != 0))
		return false;
	if (args.service && !knowledge_list_has(&e->services, args.service))
		return false;
	if (args.tag && !knowledge_list_has(&e->tags, args.tag))
		return false;
	if (args.origin && (!e->origin || strcmp(args.origin, e->origin) != 0))
		return false;
	return !args.proposed || e->status == KNOWLEDGE_PROPOSED;
}

static void write_entry(struct record_writer *out,
			const struct knowledge_entry *e)
{
	jwrite_open(&out->out, NULL, '{');
	jwrite_str(&out->out, "type", "entry");
	knowledge_write(&out->out, e);
	jwrite_time(&out->out, "time", clock_now());
	jwrite_close(&out->out, '}');
	record_write_end(out);
}

static int list_one(void *arg, const struct knowledge_entry *e, struct err *err)
{
	struct list *l = arg;

	(void)err;
	if (!is_wanted(e))
		return 0;
	l->count++;
	if (cli_records()) {
		write_entry(&l->out, e);
		return 0;
	}
	show_table_cell(l->table, slice_of(e->id), SHOW_BOLD);
	show_table_cell(l->table, slice_of(e->category), SHOW_PLAIN);
	show_table_cell(l->table, slice_of(knowledge_status_names[e->status]),
			e->status == KNOWLEDGE_PROPOSED ? SHOW_YELLOW
							: SHOW_PLAIN);
	show_table_cell(l->table, slice_of(e->origin), SHOW_DIM);
	show_table_cellf(l->table, SHOW_PLAIN, "%zu", e->pattern_count);
	show_table_cellf(l->table, SHOW_PLAIN, "%zu", e->solution_count);
	show_table_cell(l->table, slice_of(e->title), SHOW_PLAIN);
	return 0;
}

int list_run(int argc, char **argv, struct err *err)
{
	static const char *const headings[] = {
		"ENTRY",     "CATEGORY",   "STATUS", "FROM",
		"PATTERNS>", "SOLUTIONS>", "TITLE~"};
	struct list l = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	int rc;

	(void)argc;
	(void)argv;
	if (kb_cmd_open(&c, KB_CMD_READ, err) < 0)
		return -1;
	l.table = show_table_new(headings, ARRAY_LEN(headings));
	rc = kb_each(c.kb, list_one, &l, err);
	if (rc == 0 && !cli_records()) {
		if (l.count)
			cli_table(l.table, &l.out.out);
		else
			buf_add_str(&l.out.out, "no entries\n");
	}
	if (rc == 0)
		rc = record_flush(&l.out, err);
	show_table_free(l.table);
	record_writer_done(&l.out);
	return rc;
}

/* ---- show ---- */

static void print_text(struct buf *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	buf_addf(out, "%-13s", name);
	show_text(out, text, strlen(text), 0);
	buf_add_char(out, '\n');
}

static void print_list(struct buf *out, const char *name,
		       const struct knowledge_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		print_text(out, i ? "" : name, l->items[i]);
}

static void print_patterns(struct buf *out, const struct knowledge_entry *e)
{
	for (size_t i = 0; i < e->pattern_count; i++) {
		const struct knowledge_pattern *p = &e->patterns[i];

		print_text(out, i ? "" : "patterns",
			   p->rule ? p->rule : p->match);
		for (size_t k = 0; k < p->except.count; k++) {
			buf_add_str(out, "             except ");
			show_text(out, p->except.items[k],
				  strlen(p->except.items[k]), 0);
			buf_add_char(out, '\n');
		}
	}
}

static int print_solutions(struct kb *kb, const struct knowledge_entry *e,
			   struct buf *out, struct err *err)
{
	if (e->solution_count)
		buf_add_str(out, "\nSolutions\n");
	for (size_t i = 0; i < e->solution_count; i++) {
		const struct knowledge_solution *s = &e->solutions[i];
		struct kb_confidence c;

		if (kb_confidence(kb, e, s->name, &c, err) < 0)
			return -1;
		buf_add_str(out, "  ");
		show_text(out, s->name, strlen(s->name), 0);
		buf_add_str(out, ": ");
		if (s->action)
			show_text(out, s->action, strlen(s->action), 0);
		if (s->params && strcmp(s->params, "{}") != 0) {
			buf_add_char(out, ' ');
			show_text(out, s->params, strlen(s->params), 0);
		}
		buf_addf(
			out,
			"\n    confidence %.2f, at least %.2f; %lld outcomes\n",
			c.mean, c.lower, (long long)c.outcomes);
	}
	return 0;
}

struct tail {
	char *lines[HISTORY_SHOWN];
	size_t count;
};

static int keep_change(void *arg, const struct kb_change *c, struct err *err)
{
	struct tail *tail = arg;
	AUTO_BUF struct buf line = BUF_INIT;
	char time[WHEN_TEXT];

	(void)err;
	when_format(time, c->time);
	buf_addf(&line, "  %s  ", time);
	show_text(&line, c->what.ptr, c->what.len, 0);
	if (c->cause.len) {
		buf_add_str(&line, ": ");
		show_text(&line, c->cause.ptr, c->cause.len, 0);
	}
	buf_add_str(&line, " (");
	show_text(&line, c->actor.ptr, c->actor.len, 0);
	buf_add_str(&line, ")\n");
	free(tail->lines[tail->count % HISTORY_SHOWN]);
	tail->lines[tail->count++ % HISTORY_SHOWN] = buf_take(&line);
	return 0;
}

static int print_history(struct kb *kb, const struct knowledge_entry *e,
			 struct buf *out, struct err *err)
{
	struct tail tail = {.count = 0};
	int rc = kb_store(kb) ? kb_history(kb, e->id, keep_change, &tail, err)
			      : 0;
	size_t first =
		tail.count > HISTORY_SHOWN ? tail.count - HISTORY_SHOWN : 0;

	if (rc == 0 && tail.count)
		buf_add_str(out, "\nHistory\n");
	for (size_t i = first; i < tail.count && rc == 0; i++)
		buf_add_str(out, tail.lines[i % HISTORY_SHOWN]);
	for (size_t i = 0; i < HISTORY_SHOWN; i++)
		free(tail.lines[i]);
	return rc;
}

static int print_entry(struct kb *kb, const struct knowledge_entry *e,
		       struct buf *out, struct err *err)
{
	buf_add_str(out, e->id);
	if (e->status == KNOWLEDGE_PROPOSED)
		buf_add_str(out, "  proposed");
	buf_add_char(out, '\n');
	show_text(out, e->title, strlen(e->title), 0);
	buf_add_str(out, "\n\n");
	print_text(out, "description", e->description);
	print_text(out, "category", e->category);
	print_text(out, "parent", e->parent);
	print_text(out, "from", e->origin);
	print_text(out, "environment", e->environment);
	print_list(out, "services", &e->services);
	print_list(out, "tags", &e->tags);
	print_list(out, "causes", &e->causes);
	print_list(out, "keywords", &e->keywords);
	print_patterns(out, e);
	print_list(out, "examples", &e->examples);
	print_list(out, "not", &e->counter_examples);
	if (print_solutions(kb, e, out, err) < 0)
		return -1;
	return print_history(kb, e, out, err);
}

int show_run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};

	if (kb_cmd_open(&c, KB_CMD_READ, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++) {
		AUTO_ENTRY struct knowledge_entry e = {.id = NULL};

		if (kb_load(c.kb, argv[i], &e, err) < 0)
			return -1;
		if (cli_records()) {
			write_entry(&out, &e);
			continue;
		}
		if (i)
			buf_add_char(&out.out, '\n');
		if (print_entry(c.kb, &e, &out.out, err) < 0)
			return -1;
	}
	return record_flush(&out, err);
}
