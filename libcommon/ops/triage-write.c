/* triage-write.c - what was decided, for the next program and for people. */
#include <oncall/jwrite.h>
#include <oncall/show.h>

#include "triage-gather.h"

/* Figures in records have three decimals: more would be noise. */
#define THOUSAND 1000.0
#define SHOWN	 600 /* bytes of a text that people see */

static double rounded(double value)
{
	double scaled = value * THOUSAND;

	return (double)(int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5) /
	       THOUSAND;
}

static void write_causes(struct buf *out, const struct triage *t)
{
	if (t->cause_count)
		jwrite_str(out, "cause", t->causes[0].text);
	jwrite_open(out, "causes", '[');
	for (size_t i = 0; i < t->cause_count; i++) {
		const struct triage_cause *c = &t->causes[i];

		jwrite_open(out, NULL, '{');
		jwrite_str(out, "text", c->text);
		jwrite_real(out, "score", rounded(c->score));
		jwrite_str(out, "from", c->from);
		jwrite_str_opt(out, "ref", c->ref);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

static void write_factors(struct buf *out, const char *key,
			  const struct triage_factor *f, size_t n)
{
	jwrite_open(out, key, '[');
	for (size_t i = 0; i < n; i++) {
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "name", f[i].name);
		jwrite_real(out, "value", rounded(f[i].value));
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

static void write_action(struct buf *out, const struct triage_action *a)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "name", a->name);
	jwrite_raw(out, "params", slice_of(a->params));
	jwrite_raw(out, "untrusted", slice_of(a->untrusted));
	jwrite_str_opt(out, "entry", a->entry);
	jwrite_str_opt(out, "solution", a->solution);
	jwrite_real(out, "confidence", rounded(a->confidence));
	jwrite_str_opt(out, "command", a->command);
	if (a->advised)
		jwrite_bool(out, "advised", true);
	jwrite_close(out, '}');
}

void triage_write(struct buf *out, const struct triage *t)
{
	jwrite_open(out, NULL, '{');
	write_causes(out, t);
	jwrite_open(out, "risk", '{');
	jwrite_str(out, "level", t->risk_level);
	jwrite_real(out, "score", rounded(t->risk));
	write_factors(out, "factors", t->risk_factors, t->risk_count);
	jwrite_close(out, '}');
	jwrite_real(out, "confidence", rounded(t->confidence));
	write_factors(out, "confidence_factors", t->confidence_factors,
		      t->confidence_count);
	jwrite_str(out, "decision", triage_decision_names[t->decision]);
	jwrite_open(out, "actions", '[');
	for (size_t i = 0; i < t->action_count; i++)
		write_action(out, &t->actions[i]);
	jwrite_close(out, ']');
	jwrite_open(out, "reasons", '[');
	for (size_t i = 0; i < t->reason_count; i++)
		jwrite_str(out, NULL, t->reasons[i]);
	jwrite_close(out, ']');
	jwrite_str_opt(out, "policy", t->policy);
	jwrite_str_opt(out, "adviser", t->adviser);
	if (t->step_count)
		jwrite_open(out, "steps", '[');
	for (size_t i = 0; i < t->step_count; i++)
		jwrite_str(out, NULL, t->steps[i]);
	if (t->step_count)
		jwrite_close(out, ']');
	jwrite_close(out, '}');
}

static void show(struct buf *out, const char *text)
{
	show_text(out, text, strlen(text), SHOWN);
	buf_add_char(out, '\n');
}

static void explain_factors(struct buf *out, const struct triage_factor *f,
			    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "  %+6.3f  ", f[i].value);
		show(out, f[i].name);
	}
}

static void explain_action(struct buf *out, const struct triage_action *a)
{
	buf_addf(out, "  %6.3f  ", a->confidence);
	show_text(out, a->name, strlen(a->name), SHOWN);
	buf_add_char(out, ' ');
	show(out, a->params);
	if (a->entry) {
		buf_add_str(out, "          of ");
		show_text(out, a->entry, strlen(a->entry), SHOWN);
		buf_add_str(out, a->solution ? ", " : "");
		show(out, a->solution ? a->solution : "");
	}
	if (a->advised)
		buf_add_str(out, "          of the adviser\n");
	if (strcmp(a->untrusted, "[]") != 0) {
		buf_add_str(out, "          not to be trusted: ");
		show(out, a->untrusted);
	}
	if (a->command) {
		buf_add_str(out, "          runs: ");
		show(out, a->command);
	}
}

void triage_explain(struct buf *out, const struct triage *t)
{
	buf_addf(out, "Decision: %s\n", triage_decision_names[t->decision]);
	for (size_t i = 0; i < t->reason_count; i++) {
		buf_add_str(out, "  - ");
		show(out, t->reasons[i]);
	}
	buf_add_str(out, t->cause_count ? "\nCause\n"
					: "\nCause: nothing points to one\n");
	for (size_t i = 0; i < t->cause_count; i++) {
		const struct triage_cause *c = &t->causes[i];

		buf_addf(out, "  %6.3f  %-10s  ", c->score, c->from);
		show(out, c->text);
	}
	if (t->action_count)
		buf_add_str(out, "\nActions\n");
	for (size_t i = 0; i < t->action_count; i++)
		explain_action(out, &t->actions[i]);
	buf_addf(out, "\nConfidence: %.3f\n", t->confidence);
	explain_factors(out, t->confidence_factors, t->confidence_count);
	buf_addf(out, "\nRisk: %.3f, %s\n", t->risk,
		 t->risk_level ? t->risk_level : "low");
	explain_factors(out, t->risk_factors, t->risk_count);
	if (t->policy) {
		buf_add_str(out, "\nPolicy: ");
		show(out, t->policy);
	}
	if (t->adviser) {
		buf_add_str(out, "Adviser: ");
		show(out, t->adviser);
	}
	for (size_t i = 0; i < t->step_count; i++) {
		buf_add_str(out, "  - ");
		show(out, t->steps[i]);
	}
}
