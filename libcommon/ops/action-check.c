/* action-check.c - what works, but its author would want to know. */
#include "action-internal.h"

#include <ctype.h>

#include <oncall/mem.h>

typedef void text_seen(void *arg, const struct action_text *t, size_t line);

/* ---- all texts ---- */

static void see_list(struct action_text *const *texts, size_t line,
		     text_seen *seen, void *arg)
{
	for (size_t i = 0; texts && texts[i]; i++)
		seen(arg, texts[i], line);
}

static void see_one(const struct action_text *t, size_t line, text_seen *seen,
		    void *arg)
{
	if (t)
		seen(arg, t, line);
}

static void see_steps(const struct action_steps *steps, text_seen *seen,
		      void *arg)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct action_code *c = steps->items[i].code;
		size_t line = steps->items[i].line;

		see_list(c->argv, line, seen, arg);
		see_list(c->headers, line, seen, arg);
		see_one(c->input, line, seen, arg);
		see_one(c->url, line, seen, arg);
		see_one(c->body, line, seen, arg);
		see_one(c->expect, line, seen, arg);
	}
}

static const struct action_steps *steps_of(const struct action_variant *v,
					   size_t which)
{
	const struct action_steps *const all[] = {
		&v->run, &v->rollback, &v->before.steps, &v->after.steps};

	return which < ARRAY_LEN(all) ? all[which] : NULL;
}

static void see_all(const struct action *a, text_seen *seen, void *arg)
{
	const struct action_steps *steps;

	for (size_t i = 0; i < a->variant_count; i++) {
		const struct action_variant *v = &a->variants[i];

		see_one(v->file_code, v->line, seen, arg);
		for (size_t k = 0; (steps = steps_of(v, k)); k++)
			see_steps(steps, seen, arg);
	}
	see_list(a->env_code, a->line, seen, arg);
	see_one(a->target_code, a->line, seen, arg);
}

/* ---- shells ---- */

/* The place behind "$NAME" or "${NAME" from p on; NULL: there is none. */
static const char *find_variable(const char *p, const char *name)
{
	size_t n = strlen(name);

	while ((p = strchr(p, '$'))) {
		p += 1 + (p[1] == '{');
		if (!strncmp(p, name, n) && !isalnum((unsigned char)p[n]) &&
		    p[n] != '_')
			return p + n;
	}
	return NULL;
}

#define NESTED_MAX 16 /* $( in $( */

/* Whether end stands inside quotes, as far as this can be seen without being a
 * shell. */
static bool is_quoted(const char *text, const char *end)
{
	char quotes[NESTED_MAX] = {0};
	size_t depth = 0;

	for (const char *p = text; p < end; p++) {
		char *quote = &quotes[depth];

		if (*p == '\\' && *quote != '\'')
			p++;
		else if (*quote == '\'' && *p != '\'')
			continue;
		else if (*p == '$' && p[1] == '(' && depth + 1 < NESTED_MAX)
			quotes[++depth] = 0;
		else if (*p == ')' && !*quote && depth)
			depth--;
		else if (*quote && *quote == *p)
			*quote = 0;
		else if (!*quote && (*p == '"' || *p == '\''))
			*quote = *p;
	}
	return quotes[depth] != 0;
}

static void judge_shell_param(struct action_reading *r,
			      const struct action_step *s,
			      const struct action_param *p)
{
	AUTO_FREE char *name = action_variable(p->name);
	const char *text = s->argv[0];

	for (const char *at = find_variable(text, name); at;
	     at = find_variable(at, name)) {
		if (is_quoted(text, at))
			continue;
		action_remark(r, s->line,
			      "$%s stands without double quotes, so that the "
			      "shell takes blanks and * in it apart",
			      name);
		return;
	}
}

static void judge_shell(struct action_reading *r, const struct action *a,
			const struct action_step *s)
{
	if (!s->shell)
		return;
	for (size_t i = 0; i < a->param_count; i++)
		judge_shell_param(r, s, &a->params[i]);
	if (strstr(s->argv[0], "eval "))
		action_remark(r, s->line,
			      "eval makes programs of values; nothing is safe "
			      "behind it");
}

/* "$((MEMORY / 1024))" needs no dollar. */
static bool mentions(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; (p = strstr(p, name)); p += n)
		if ((p == text ||
		     !(isalnum((unsigned char)p[-1]) || p[-1] == '_')) &&
		    !isalnum((unsigned char)p[n]) && p[n] != '_')
			return true;
	return false;
}

static bool shell_uses(const struct action *a, const char *param)
{
	AUTO_FREE char *name = action_variable(param);
	const struct action_steps *steps;

	for (size_t i = 0; i < a->variant_count; i++)
		for (size_t k = 0; (steps = steps_of(&a->variants[i], k)); k++)
			for (size_t s = 0; s < steps->count; s++)
				if (steps->items[s].shell &&
				    mentions(steps->items[s].argv[0], name))
					return true;
	return false;
}

/* ---- parameters ---- */

struct use {
	size_t slot;
	bool used;
	size_t bare; /* a line where it stands without "|default:"; 0: none */
};

static void see_use(void *arg, const struct action_text *t, size_t line)
{
	struct use *u = arg;

	for (size_t i = 0; i < t->count; i++) {
		const struct action_piece *piece = &t->pieces[i];

		if (!piece->value || piece->slot != u->slot)
			continue;
		u->used = true;
		if (!piece->has_default && t->place != ACTION_IN_TARGET)
			u->bare = line;
	}
}

static bool decides(const struct action *a, const char *param)
{
	size_t n = strlen(param);

	for (size_t i = 0; i < a->variant_count; i++) {
		char *const *w = a->variants[i].when_params;

		for (; w && *w; w++)
			if (!strncmp(*w, param, n) && (*w)[n] == '=')
				return true;
	}
	return false;
}

static void judge_pattern(struct action_reading *r,
			  const struct action_param *p)
{
	static const char *const probes[] = {"-", "-x", "--help", "-rf", "-1"};

	if (!p->untrusted)
		return;
	if (!p->re && (p->type == ACTION_STRING || p->type == ACTION_URL))
		action_remark(r, p->line,
			      "'%s' takes any %s from untrusted text; a "
			      "pattern would bound it",
			      p->name, action_type_names[p->type]);
	for (size_t i = 0; p->re && i < ARRAY_LEN(probes); i++)
		if (action_re_fits(p->re, slice_of(probes[i]))) {
			action_remark(r, p->line,
				      "the pattern of '%s' fits '%s', which "
				      "programs take for an option",
				      p->name, probes[i]);
			return;
		}
}

static void judge_param(struct action_reading *r, const struct action *a,
			size_t i)
{
	const struct action_param *p = &a->params[i];
	struct use u = {.slot = i};

	see_all(a, see_use, &u);
	if (!u.used && !decides(a, p->name) && !shell_uses(a, p->name))
		action_remark(r, p->line, "'%s' is never used", p->name);
	if (u.bare && !p->required && !p->fallback && p->type != ACTION_SECRET)
		action_remark(r, u.bare,
			      "'%s' may be absent, and ${%s} leaves nothing "
			      "then; ${%s|default:...} would say what stands "
			      "there",
			      p->name, p->name, p->name);
	if (!p->description)
		action_remark(r, p->line, "'%s' has no description", p->name);
	judge_pattern(r, p);
}

/* ---- ways ---- */

static void judge_variant(struct action_reading *r, const struct action *a,
			  size_t at)
{
	const struct action_variant *v = &a->variants[at];
	const char *name = v->name ? v->name : a->id;
	/* What only looks has nothing to check, nor to take back. */
	bool looks =
		a->risk == ACTION_RISK_LOW && a->reversible && a->idempotent;
	const struct action_steps *steps;

	for (size_t k = 0; (steps = steps_of(v, k)); k++)
		for (size_t i = 0; i < steps->count; i++)
			judge_shell(r, a, &steps->items[i]);
	if (!v->after.steps.count && !looks)
		action_remark(r, v->line,
			      "%s has no check after: nobody will know whether "
			      "it helped",
			      name);
	if (a->reversible && !v->rollback.count && !looks)
		action_remark(r, v->line,
			      "%s is said to be reversible, but has no "
			      "rollback",
			      name);
	if (!a->reversible && v->rollback.count)
		action_remark(r, v->line,
			      "%s has a rollback, but does not say "
			      "reversible: true",
			      name);
	if (at + 1 < a->variant_count && !v->when_params && !v->when_file &&
	    !v->when_program)
		action_remark(r, v->line,
			      "%s has no when: those that follow are never "
			      "reached",
			      name);
}

void action_judge(struct action_reading *r, const struct action *a)
{
	if (!a->description)
		action_remark(r, a->line, "%s has no description", a->id);
	if (!a->target)
		action_remark(r, a->line,
			      "%s has no target: only one at a time will run, "
			      "whatever it is about",
			      a->id);
	if (a->retries && !a->idempotent)
		action_remark(r, a->line,
			      "%s is tried again, but is not said to be "
			      "idempotent",
			      a->id);
	for (size_t i = 0; i < a->param_count; i++)
		judge_param(r, a, i);
	for (size_t i = 0; i < a->variant_count; i++)
		judge_variant(r, a, i);
}
