/* look.c - oncall-act list, show and check: what is declared. */
#include "act-cmd.h"

#include <oncall/action-call.h>
#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define LABEL 14 /* columns of a name before its text */

static const char *wanted_text;

/* clang-format off */
const struct cli_opt list_opts[] = {
	CLI_STR('t', "text", "TEXT", &wanted_text, "with that text in id or description"),
	ACT_ACTION_OPTS,
	CLI_LAST,
};

const struct cli_opt show_opts[] = {ACT_ACTION_OPTS, CLI_LAST};
const struct cli_opt check_opts[] = {CLI_LAST};
/* clang-format on */

/* ---- records ---- */

static void write_texts(struct buf *out, const char *key, char *const *list)
{
	if (!list)
		return;
	jwrite_open(out, key, '[');
	for (size_t i = 0; list[i]; i++)
		jwrite_str(out, NULL, list[i]);
	jwrite_close(out, ']');
}

static void write_bounds(struct buf *out, const struct action_param *p)
{
	if (!p->min && !p->max)
		return;
	if (p->min != INT64_MIN)
		jwrite_int(out, "min", p->min);
	if (p->max != INT64_MAX)
		jwrite_int(out, "max", p->max);
}

static void write_params(struct buf *out, const struct action *a)
{
	jwrite_open(out, "params", '{');
	for (size_t i = 0; i < a->param_count; i++) {
		const struct action_param *p = &a->params[i];

		jwrite_open(out, p->name, '{');
		jwrite_str(out, "type", action_type_names[p->type]);
		jwrite_str_opt(out, "description", p->description);
		jwrite_bool(out, "required", p->required);
		jwrite_bool(out, "untrusted", p->untrusted);
		if (p->fallback)
			jwrite_str(out, "default", p->fallback);
		jwrite_str_opt(out, "pattern", p->pattern);
		write_bounds(out, p);
		write_texts(out, "choices", p->choices);
		write_texts(out, "under", p->under);
		jwrite_close(out, '}');
	}
	jwrite_close(out, '}');
}

static void write_steps(struct buf *out, const char *key,
			const struct action_steps *s)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!s->count)
		return;
	action_steps_show(s, &text);
	jwrite_text(out, key, buf_slice(&text));
}

static void write_variants(struct buf *out, const struct action *a)
{
	jwrite_open(out, "variants", '[');
	for (size_t i = 0; i < a->variant_count; i++) {
		const struct action_variant *v = &a->variants[i];

		jwrite_open(out, NULL, '{');
		jwrite_str_opt(out, "name", v->name);
		write_texts(out, "when_params", v->when_params);
		jwrite_str_opt(out, "when_program", v->when_program);
		jwrite_str_opt(out, "when_file", v->when_file);
		write_steps(out, "command", &v->run);
		write_steps(out, "before", &v->before.steps);
		write_steps(out, "after", &v->after.steps);
		write_steps(out, "rollback", &v->rollback);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

static void write_record(struct record_writer *w, const struct action *a)
{
	struct buf *out = &w->out;

	jwrite_record(out, "declaration", slice_of(a->id), clock_now());
	jwrite_str_opt(out, "description", a->description);
	jwrite_str_opt(out, "needs", a->needs);
	jwrite_str_opt(out, "pack", a->pack);
	jwrite_str(out, "file", a->file);
	jwrite_int(out, "line", (int64_t)a->line);
	jwrite_str(out, "risk", action_risk_names[a->risk]);
	jwrite_str(out, "blast_radius", action_radius_names[a->radius]);
	jwrite_bool(out, "reversible", a->reversible);
	jwrite_bool(out, "idempotent", a->idempotent);
	jwrite_str_opt(out, "target", a->target);
	write_params(out, a);
	write_variants(out, a);
	write_texts(out, "approvers", a->approvers);
	jwrite_close(out, '}');
	record_write_end(w);
}

/* ---- list ---- */

static bool is_wanted(const struct action *a)
{
	return !wanted_text || strcasestr(a->id, wanted_text) ||
	       (a->description && strcasestr(a->description, wanted_text));
}

static enum show_color risk_color(enum action_risk risk)
{
	switch (risk) {
	case ACTION_RISK_LOW:
		return SHOW_GREEN;
	case ACTION_RISK_MEDIUM:
		return SHOW_YELLOW;
	case ACTION_RISK_HIGH:
		return SHOW_RED;
	}
	return SHOW_PLAIN;
}

/* "service [older_than]": what may be left out in brackets. */
static void add_row(struct show_table *t, const struct action *a)
{
	AUTO_BUF struct buf params = BUF_INIT;

	for (size_t i = 0; i < a->param_count; i++) {
		const struct action_param *p = &a->params[i];

		if (p->type != ACTION_SECRET)
			buf_addf(&params, p->required ? "%s%s" : "%s[%s]",
				 params.len ? " " : "", p->name);
	}
	show_table_cell(t, slice_of(a->id), SHOW_BOLD);
	show_table_cell(t, slice_of(action_risk_names[a->risk]),
			risk_color(a->risk));
	show_table_cell(t, slice_of(action_radius_names[a->radius]),
			SHOW_PLAIN);
	show_table_cell(t, slice_of(a->reversible ? "yes" : "no"), SHOW_PLAIN);
	show_table_cell(t, slice_of(buf_str(&params)), SHOW_PLAIN);
	show_table_cell(t, slice_of(a->description), SHOW_PLAIN);
}

int list_run(int argc, char **argv, struct err *err)
{
	static const char *const headings[] = {"ACTION", "RISK",
					       "RADIUS", "REVERSIBLE",
					       "PARAMS", "DESCRIPTION~"};
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};
	AUTO_TABLE struct show_table *table = NULL;
	const struct action *a;
	size_t count = 0;

	(void)argc;
	(void)argv;
	if (act_cmd_open(&c, ACT_CMD_DECLARED, err) < 0)
		return -1;
	table = show_table_new(headings, ARRAY_LEN(headings));
	for (size_t i = 0; (a = action_at(c.set, i)); i++) {
		if (!is_wanted(a))
			continue;
		count++;
		if (cli_records())
			write_record(&out, a);
		else
			add_row(table, a);
	}
	if (!cli_records() && count)
		cli_table(table, &out.out);
	else if (!cli_records())
		buf_add_str(&out.out, "no actions\n");
	return record_flush(&out, err);
}

/* ---- show ---- */

static void print_text(struct buf *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	buf_addf(out, "%-*s", LABEL, name);
	show_text(out, text, strlen(text), 0);
	buf_add_char(out, '\n');
}

static void print_list(struct buf *out, const char *name, char *const *list)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; list && list[i]; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", list[i]);
	print_text(out, name, buf_str(&text));
}

static void print_duration(struct buf *out, const char *name, int64_t ms)
{
	char text[32];

	if (ms <= 0)
		return;
	when_format_duration(text, ms);
	print_text(out, name, text);
}

static void print_number(struct buf *out, const char *name, int64_t n)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!n)
		return;
	buf_add_int(&text, n);
	print_text(out, name, buf_str(&text));
}

static void add_words(struct buf *out, const char *name, char *const *list)
{
	if (!list)
		return;
	buf_addf(out, ", %s ", name);
	for (size_t i = 0; list[i]; i++)
		buf_addf(out, "%s%s", i ? "|" : "", list[i]);
}

static void add_bound(struct buf *out, const char *name, int64_t value)
{
	buf_addf(out, ", %s %lld", name, (long long)value);
}

static void print_param(struct buf *out, const struct action_param *p)
{
	AUTO_BUF struct buf text = BUF_INIT;

	buf_addf(&text, "%s%s%s", action_type_names[p->type],
		 p->required ? ", required" : "",
		 p->untrusted ? ", may be untrusted" : "");
	if (p->fallback)
		buf_addf(&text, ", default '%s'", p->fallback);
	add_words(&text, "one of", p->choices);
	add_words(&text, "in", p->under);
	if (p->pattern)
		buf_addf(&text, ", fits /%s/", p->pattern);
	if ((p->min || p->max) && p->min != INT64_MIN)
		add_bound(&text, "min", p->min);
	if ((p->min || p->max) && p->max != INT64_MAX)
		add_bound(&text, "max", p->max);
	buf_addf(out, "  %-*s", LABEL, p->name);
	show_text(out, text.data, text.len, 0);
	buf_add_char(out, '\n');
	if (p->description)
		buf_addf(out, "  %*s%s\n", LABEL, "", p->description);
}

static void print_steps(struct buf *out, const char *name,
			const struct action_steps *s)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!s->count)
		return;
	action_steps_show(s, &text);
	buf_add_str(out, "  ");
	print_text(out, name, buf_str(&text));
}

static void print_variant(struct buf *out, const struct action_variant *v)
{
	AUTO_BUF struct buf when = BUF_INIT;

	buf_addf(out, "\n%s\n", v->name ? v->name : "What is done");
	for (size_t i = 0; v->when_params && v->when_params[i]; i++)
		buf_addf(&when, "%s%s", when.len ? ", " : "",
			 v->when_params[i]);
	if (v->when_program)
		buf_addf(&when, "%sprogram %s", when.len ? ", " : "",
			 v->when_program);
	if (v->when_file)
		buf_addf(&when, "%sfile %s", when.len ? ", " : "",
			 v->when_file);
	if (when.len) {
		buf_add_str(out, "  ");
		print_text(out, "when", buf_str(&when));
	}
	print_steps(out, "before", &v->before.steps);
	print_steps(out, "run", &v->run);
	print_steps(out, "after", &v->after.steps);
	print_steps(out, "rollback", &v->rollback);
}

static void print_action(struct buf *out, const struct action *a)
{
	AUTO_FREE char *where = mem_printf("%s:%zu", a->file, a->line);

	buf_addf(out, "%s\n", a->id);
	print_text(out, "description", a->description);
	print_text(out, "needs", a->needs);
	print_text(out, "declared in", where);
	print_text(out, "risk", action_risk_names[a->risk]);
	print_text(out, "blast radius", action_radius_names[a->radius]);
	print_text(out, "reversible", a->reversible ? "yes" : "no");
	print_text(out, "idempotent", a->idempotent ? "yes" : "no");
	print_text(out, "target", a->target);
	print_text(out, "folder", a->dir);
	print_text(out, "runs as", a->run_as);
	print_list(out, "environment", a->env);
	print_duration(out, "timeout", a->timeout_ms);
	print_duration(out, "settles in", a->settle_ms);
	print_number(out, "retries", a->retries);
	print_number(out, "an hour", a->per_hour);
	print_number(out, "a target", a->per_target_hour);
	print_number(out, "at once", a->concurrency);
	print_duration(out, "cool-down", a->cool_down_ms);
	print_list(out, "approvers", a->approvers);
	if (a->param_count)
		buf_add_str(out, "\nParameters\n");
	for (size_t i = 0; i < a->param_count; i++)
		print_param(out, &a->params[i]);
	for (size_t i = 0; i < a->variant_count; i++)
		print_variant(out, &a->variants[i]);
}

int show_run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_ACT_CMD struct act_cmd c = {.store = NULL};

	if (act_cmd_open(&c, ACT_CMD_DECLARED, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++) {
		const struct action *a =
			action_need(c.set, argv[i], ERR_NO, err);

		if (!a)
			return -1;
		if (cli_records()) {
			write_record(&out, a);
			continue;
		}
		if (i)
			buf_add_char(&out.out, '\n');
		print_action(&out.out, a);
	}
	return record_flush(&out, err);
}

/* ---- check ---- */

struct findings {
	struct buf *out;
	size_t warnings;
};

static void on_finding(void *arg, const char *text, bool error)
{
	struct findings *f = arg;

	f->warnings += !error;
	buf_add_str(f->out, error ? "error: " : "warning: ");
	show_text(f->out, text, strlen(text), 0);
	buf_add_char(f->out, '\n');
}

int check_run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	struct findings f = {.out = &out.out};
	size_t errors = 0;

	for (int i = 0; i < argc; i++)
		errors += action_check_file(argv[i], on_finding, &f);
	if (record_flush(&out, err) < 0)
		return -1;
	diag_info("%d files, %zu errors, %zu warnings", argc, errors,
		  f.warnings);
	return errors ? 1 : 0;
}
