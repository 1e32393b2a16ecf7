/* curate.c - oncall-kb check, optimize, stats. */
#include "kb-cmd.h"

#include <oncall/jwrite.h>
#include <oncall/kb-curate.h>
#include <oncall/mem.h>
#include <oncall/report.h>

static struct {
	bool apply, dry_run;
} args;

/* clang-format off */
const struct cli_opt check_opts[] = {KB_PACK_OPTS, CLI_LAST};

const struct cli_opt optimize_opts[] = {
	CLI_FLAG('n', "dry-run", &args.dry_run, "only say what would be done (the default)"),
	CLI_FLAG(0, "apply", &args.apply, "do it"),
	KB_PACK_OPTS, CLI_LAST};

const struct cli_opt stats_opts[] = {KB_PACK_OPTS, CLI_LAST};
/* clang-format on */

struct findings {
	struct record_writer out;
	struct show_table *table;
	size_t count;
};

static struct show_table *finding_table(void)
{
	static const char *const headings[] = {"ENTRY", "WHAT", "OTHER",
					       "EXAMPLE~"};

	return show_table_new(headings, ARRAY_LEN(headings));
}

static void on_finding(void *arg, const struct kb_finding *f)
{
	struct findings *all = arg;
	struct buf *out = &all->out.out;

	all->count++;
	if (!cli_records()) {
		show_table_cell(all->table, slice_of(f->entry), SHOW_BOLD);
		show_table_cell(all->table, slice_of(f->what), SHOW_PLAIN);
		show_table_cell(all->table, slice_of(f->other), SHOW_PLAIN);
		show_table_cell(all->table, slice_of(f->example), SHOW_DIM);
		return;
	}
	jwrite_new(out, "finding");
	jwrite_str(out, "entry", f->entry);
	jwrite_str(out, "what", f->what);
	jwrite_str_opt(out, "other", f->other);
	jwrite_str_opt(out, "example", f->example);
	jwrite_close(out, '}');
	record_write_end(&all->out);
}

static int end_findings(struct findings *all, int rc, const char *none,
			struct err *err)
{
	if (rc == 0 && !cli_records()) {
		if (all->count)
			cli_table(all->table, &all->out.out);
		else
			buf_addf(&all->out.out, "%s\n", none);
	}
	if (rc == 0)
		rc = record_flush(&all->out, err);
	show_table_free(all->table);
	record_writer_done(&all->out);
	return rc;
}

int check_run(int argc, char **argv, struct err *err)
{
	struct findings all = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	AUTO_KB_INDEX struct kb_index *index = NULL;
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	int rc;

	(void)argc;
	(void)argv;
	if (kb_cmd_open(&c, KB_CMD_READ, err) < 0 ||
	    kb_index_open(&index, c.kb, err) < 0)
		return -1;
	all.table = finding_table();
	rc = kb_check(c.kb, index, on_finding, &all, err);
	if (end_findings(&all, rc, "nothing was found", err) < 0)
		return -1;
	return all.count ? 1 : 0;
}

int optimize_run(int argc, char **argv, struct err *err)
{
	struct findings all = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	int rc;

	(void)argc;
	(void)argv;
	if (args.apply && args.dry_run)
		return err_set(err, ERR_USAGE,
			       "--apply and --dry-run exclude each other");
	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	all.table = finding_table();
	rc = kb_optimize(c.kb, args.apply, on_finding, &all, err);
	return end_findings(&all, rc, "nothing to do", err);
}

/* ---- stats ---- */

struct figure {
	int64_t count;
};

struct stats {
	struct kb *kb;
	struct map figures; /* "metric\nlabel\nvalue" to struct figure */
};

static void count(struct stats *s, const char *metric, const char *label,
		  const char *value, int64_t n)
{
	AUTO_BUF struct buf key = BUF_INIT;
	void **place;
	struct figure *f;

	buf_addf(&key, "%s\n%s\n%s", metric, label, value ? value : "none");
	place = map_put(&s->figures, buf_slice(&key));
	if (!*place)
		*place = mem_zero(1, sizeof(struct figure));
	f = *place;
	f->count += n;
}

static const char *origin_kind(const struct knowledge_entry *e)
{
	return !e->origin			 ? "person"
	       : !strncmp(e->origin, "pack:", 5) ? "pack"
						 : e->origin;
}

static int count_outcome(void *arg, struct slice json, struct err *err)
{
	struct stats *s = arg;
	struct jscan scan = {0};
	AUTO_BUF struct buf verdict = BUF_INIT;
	int rc = jscan_object(&scan, json.ptr, json.len, err);

	if (rc == 0) {
		jscan_unquote(&verdict, jscan_get(&scan, "verdict")->value);
		count(s, "outcomes", "verdict", buf_str(&verdict), 1);
	}
	jscan_done(&scan);
	return rc;
}

static int count_entry(void *arg, const struct knowledge_entry *e,
		       struct err *err)
{
	struct stats *s = arg;
	struct kb_hits hits;

	count(s, "entries", "status", knowledge_status_names[e->status], 1);
	count(s, "entries", "from", origin_kind(e), 1);
	count(s, "entries", "category", e->category, 1);
	count(s, "solutions", "from", origin_kind(e),
	      (int64_t)e->solution_count);
	if (kb_hits(s->kb, e->id, KB_HITS_ALL, &hits, err) < 0)
		return -1;
	if (hits.count)
		count(s, "matches", "entry", e->id, hits.count);
	return kb_outcomes(s->kb, e->id, count_outcome, s, err);
}

static int by_key(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;

	return strcmp(x->key.ptr, y->key.ptr);
}

static void tell_figure(struct record_writer *out, struct show_table *t,
			const struct map_entry *e)
{
	const struct figure *f = e->value;
	struct slice metric = {e->key.ptr, strcspn(e->key.ptr, "\n")};
	const char *label = e->key.ptr + metric.len + 1;
	struct slice name = {label, strcspn(label, "\n")};
	const char *value = label + name.len + 1;
	AUTO_BUF struct buf text = BUF_INIT, key = BUF_INIT;

	if (!cli_records()) {
		show_table_cell(t, metric, SHOW_BOLD);
		show_table_cell(t, name, SHOW_PLAIN);
		show_table_cell(t, slice_of(value), SHOW_PLAIN);
		show_table_cellf(t, SHOW_PLAIN, "%lld", (long long)f->count);
		return;
	}
	buf_add_slice(&text, metric);
	buf_add_slice(&key, name);
	report_open(&out->out, buf_str(&text));
	jwrite_int(&out->out, "value", f->count);
	jwrite_open(&out->out, "labels", '{');
	jwrite_str(&out->out, buf_str(&key), value);
	jwrite_close(&out->out, '}');
	report_close(&out->out);
}

int stats_run(int argc, char **argv, struct err *err)
{
	static const char *const headings[] = {"WHAT", "BY", "WHICH", "COUNT>"};
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	struct stats s = {.figures = MAP_INIT};
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	int rc;

	(void)argc;
	(void)argv;
	if (kb_cmd_open(&c, KB_CMD_READ, err) < 0)
		return -1;
	s.kb = c.kb;
	rc = kb_each(c.kb, count_entry, &s, err);
	if (s.figures.count)
		qsort(s.figures.entries, s.figures.count,
		      sizeof(*s.figures.entries), by_key);
	for (size_t i = 0; i < s.figures.count && rc == 0; i++)
		tell_figure(&out, t, &s.figures.entries[i]);
	if (!cli_records())
		cli_table(t, &out.out);
	if (rc == 0)
		rc = record_flush(&out, err);
	map_done(&s.figures, free);
	record_writer_done(&out);
	return rc;
}
