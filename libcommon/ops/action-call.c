/* action-call.c - an action with its values: checked, and filled in. */
#include "action-call-internal.h"

#include <oncall/cli.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

struct preparing {
	const struct action_set *set;
	const struct action *a;
	struct jscan scan;
	struct slice params[ACTION_MAX_PARAMS];
	char *owned[ACTION_MAX_PARAMS];
	bool untrusted[ACTION_MAX_PARAMS];
	bool has_secret;
};

static void preparing_done(struct preparing *p)
{
	for (size_t i = 0; i < p->a->param_count; i++)
		free(p->owned[i]);
	jscan_done(&p->scan);
}

void action_call_done(struct action_call *c)
{
	free(c->params);
	free(c->target);
	free(c->command);
	action_steps_done(&c->run);
	action_steps_done(&c->rollback);
	action_steps_done(&c->before.steps);
	action_steps_done(&c->after.steps);
	action_list_free(c->env);
	*c = (struct action_call){.action = NULL};
}

/* ---- what is given ---- */

static int check_names(const struct preparing *p, struct err *err)
{
	const struct action *a = p->a;
	const char *names[ACTION_MAX_PARAMS + 1] = {NULL};

	for (size_t i = 0; i < a->param_count; i++)
		names[i] = a->params[i].name;
	for (size_t i = 0; i < p->scan.count; i++) {
		AUTO_BUF struct buf quoted = BUF_INIT, key = BUF_INIT;
		const char *near;
		size_t k = 0;

		buf_addf(&quoted, "\"%.*s\"", (int)p->scan.members[i].key.len,
			 p->scan.members[i].key.ptr);
		jscan_unquote(&key, buf_slice(&quoted));
		while (names[k] && strcmp(names[k], buf_str(&key)) != 0)
			k++;
		if (names[k])
			continue;
		near = cli_nearest(buf_str(&key), names);
		return err_set(err, ERR_REFUSED,
			       "%s has no parameter '%.60s'%s%s%s", a->id,
			       buf_str(&key), near ? "; did you mean '" : "",
			       near ? near : "", near ? "'?" : "");
	}
	return 0;
}

static int read_params(struct preparing *p, struct slice params,
		       struct err *err)
{
	struct err why = ERR_INIT;

	if (!params.len || slice_is(params, "{}"))
		return 0;
	if (jscan_object(&p->scan, params.ptr, params.len, &why) < 0)
		return err_set(err, ERR_REFUSED,
			       "the parameters of %s are no JSON object: %s",
			       p->a->id, why.text);
	if (jscan_duplicate(&p->scan))
		return err_set(err, ERR_REFUSED,
			       "a parameter of %s stands twice", p->a->id);
	return check_names(p, err);
}

static int take_untrusted(void *arg, struct slice value, enum jscan_type type,
			  struct err *err)
{
	struct preparing *p = arg;
	AUTO_BUF struct buf name = BUF_INIT;

	if (type != JSCAN_STRING)
		return err_set(err, ERR_INPUT, "not a list of names");
	jscan_unquote(&name, value);
	for (size_t i = 0; i < p->a->param_count; i++)
		if (!strcmp(p->a->params[i].name, buf_str(&name)))
			p->untrusted[i] = true;
	return 0;
}

static int read_untrusted(struct preparing *p, struct slice untrusted,
			  struct err *err)
{
	struct err why = ERR_INIT;

	for (size_t i = 0; !untrusted.ptr && i < p->a->param_count; i++)
		p->untrusted[i] = true;
	if (untrusted.ptr && (!untrusted.len || *untrusted.ptr != '[' ||
			      jscan_array(untrusted, take_untrusted, p, &why)))
		return err_set(err, ERR_REFUSED,
			       "what is untrusted is no list of names");
	return 0;
}

/* ---- values ---- */

static int missing(const struct action *a, const struct action_param *p,
		   struct err *err)
{
	AUTO_BUF struct buf wanted = BUF_INIT;

	if (p->type == ACTION_SECRET)
		return err_set(err, ERR_REFUSED,
			       "the secret '%s' is missing: "
			       "actions.%s.secrets.%s in the configuration "
			       "says where it is",
			       p->name, a->id, p->name);
	action_value_wanted(p, &wanted);
	return err_set(err, ERR_REFUSED, "parameter '%s' is missing: %s%s%s%s",
		       p->name, p->description ? p->description : "",
		       p->description ? " (" : "", buf_str(&wanted),
		       p->description ? ")" : "");
}

/* ACTION_SECRET_MARK is what an earlier call was recorded with. */
static int take_secret(struct preparing *p, size_t i, const struct buf *given,
		       struct err *err)
{
	const struct action_param *param = &p->a->params[i];
	const char *text;

	if (given && strcmp(buf_str(given), ACTION_SECRET_MARK) != 0)
		return err_set(err, ERR_REFUSED,
			       "parameter '%s' is a secret: its value comes "
			       "from actions.%s.secrets.%s of the "
			       "configuration only",
			       param->name, p->a->id, param->name);
	if (action_secret(p->set, p->a, param->name, &text, err) < 0)
		return -1;
	if (!text)
		return param->required ? missing(p->a, param, err) : 0;
	if (strpbrk(text, "\r\n"))
		return err_set(err, ERR_REFUSED,
			       "the secret '%s' has more than one line",
			       param->name);
	p->has_secret = true;
	p->params[i] = slice_of(text);
	return 0;
}

static int take_text(struct preparing *p, size_t i, struct slice text,
		     struct err *err)
{
	const struct action_param *param = &p->a->params[i];
	AUTO_BUF struct buf used = BUF_INIT;
	struct err why = ERR_INIT;

	if (param->required && !text.len)
		return missing(p->a, param, err);
	if (action_value_check(param, text, true, &used, &why) < 0)
		return err_set(err, why.kind, "parameter '%s': %s", param->name,
			       why.text);
	p->params[i].len = used.len;
	p->params[i].ptr = p->owned[i] =
		used.len ? buf_take(&used) : mem_dup("");
	return 0;
}

static int take_given(struct preparing *p, size_t i,
		      const struct jscan_member *m, struct err *err)
{
	const struct action_param *param = &p->a->params[i];
	AUTO_BUF struct buf text = BUF_INIT;

	if (m->type == JSCAN_OBJECT || m->type == JSCAN_ARRAY) {
		AUTO_BUF struct buf wanted = BUF_INIT;

		action_value_wanted(param, &wanted);
		return err_set(err, ERR_REFUSED,
			       "parameter '%s': a list or an object is given; "
			       "it must be %s",
			       param->name, buf_str(&wanted));
	}
	if (m->type == JSCAN_STRING)
		jscan_unquote(&text, m->value);
	else
		buf_add_slice(&text, m->value);
	if (param->type == ACTION_SECRET)
		return take_secret(p, i, &text, err);
	if (p->untrusted[i] && !param->untrusted &&
	    !(param->fallback && slice_is(buf_slice(&text), param->fallback)))
		return err_set(err, ERR_REFUSED,
			       "parameter '%s': its value comes from untrusted "
			       "text, and %s takes it from people and the "
			       "configuration only",
			       param->name, p->a->id);
	return take_text(p, i, (struct slice){buf_str(&text), text.len}, err);
}

static int take_value(struct preparing *p, size_t i, struct err *err)
{
	const struct action_param *param = &p->a->params[i];
	const struct jscan_member *m =
		p->scan.count ? jscan_get(&p->scan, param->name) : NULL;

	if (m && m->type != JSCAN_NULL)
		return take_given(p, i, m, err);
	if (param->type == ACTION_SECRET)
		return take_secret(p, i, NULL, err);
	if (param->fallback)
		return take_text(p, i, slice_of(param->fallback), err);
	return param->required ? missing(p->a, param, err) : 0;
}

/* ---- what is shown ---- */

static void write_value(struct buf *out, const struct action_param *param,
			struct slice value)
{
	switch (param->type) {
	case ACTION_INTEGER:
	case ACTION_NUMBER:
	case ACTION_BOOLEAN:
	case ACTION_DURATION:
	case ACTION_SIZE:
		jwrite_raw(out, param->name, value);
		break;
	case ACTION_STRING:
	case ACTION_NAME:
	case ACTION_HOST:
	case ACTION_CHOICE:
	case ACTION_PATH:
	case ACTION_URL:
		jwrite_text(out, param->name, value);
		break;
	case ACTION_SECRET:
		jwrite_str(out, param->name, ACTION_SECRET_MARK);
		break;
	}
}

static char *write_params(const struct preparing *p)
{
	const struct action *a = p->a;
	size_t order[ACTION_MAX_PARAMS];
	AUTO_BUF struct buf out = BUF_INIT;

	for (size_t i = 0; i < a->param_count; i++) {
		size_t at = i;

		for (; at && strcmp(a->params[order[at - 1]].name,
				    a->params[i].name) > 0;
		     at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	jwrite_open(&out, NULL, '{');
	for (size_t i = 0; i < a->param_count; i++)
		if (p->params[order[i]].ptr)
			write_value(&out, &a->params[order[i]],
				    p->params[order[i]]);
	jwrite_close(&out, '}');
	return buf_take(&out);
}

/* What a shell is given stands before it, as people would type it. */
static void show_variables(const struct action_call *c, struct buf *out)
{
	const struct action *a = c->action;

	for (size_t i = 0; i < a->param_count; i++) {
		AUTO_FREE char *name = action_variable(a->params[i].name);
		size_t n = strlen(name);

		for (size_t k = 0; c->env[k]; k++)
			if (!strncmp(c->env[k], name, n) &&
			    c->env[k][n] == '=' && c->env[k][n + 1]) {
				buf_addf(out, "%s=", name);
				action_word_show(c->env[k] + n + 1, out);
				buf_add_char(out, ' ');
			}
	}
}

static char *write_command(const struct action_call *c)
{
	AUTO_BUF struct buf out = BUF_INIT;

	for (size_t i = 0; i < c->run.count; i++) {
		if (i)
			buf_add_str(&out, "; ");
		if (c->run.items[i].shell)
			show_variables(c, &out);
		action_step_show(&c->run.items[i], &out);
	}
	return buf_take(&out);
}

/* ---- filling in ---- */

static int fill_check(const struct action_check *from,
		      const struct action_values *v, struct action_check *ret,
		      struct err *err)
{
	ret->within_ms = from->within_ms;
	ret->every_ms = from->every_ms;
	return action_steps_fill(&from->steps, v, &ret->steps, err);
}

static int fill_target(const struct action_values *v, char **ret,
		       struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	if (v->action->target_code &&
	    action_text_fill(v->action->target_code, v, &out, err) < 0)
		return -1;
	*ret = out.len ? buf_take(&out) : mem_dup(v->action->id);
	return 0;
}

static int fill_call(const struct action_values *v, bool usual,
		     struct action_call *ret, struct err *err)
{
	const struct action_variant *w = ret->variant;

	if (action_steps_fill(&w->run, v, &ret->run, err) < 0 ||
	    action_steps_fill(&w->rollback, v, &ret->rollback, err) < 0 ||
	    fill_check(&w->before, v, &ret->before, err) < 0 ||
	    fill_check(&w->after, v, &ret->after, err) < 0 ||
	    fill_target(v, &ret->target, err) < 0)
		return -1;
	return action_env_fill(v, usual, &ret->env, err);
}

/* What is shown, and what the hash is of, is the call as it would be with
 * "***" for each secret: a secret that was changed is no other command. */
static int finish(struct preparing *p, struct action_values *v,
		  struct action_call *ret, struct err *err)
{
	AUTO_ACTION_CALL struct action_call shown = {
		.action = p->a,
		.variant = ret->variant,
		.params = mem_dup(ret->params)};

	for (size_t i = 0; i < p->a->param_count; i++)
		if (p->a->params[i].type == ACTION_SECRET && p->params[i].ptr)
			p->params[i] = SLICE_LIT(ACTION_SECRET_MARK);
	if (fill_call(v, false, &shown, err) < 0)
		return -1;
	ret->command = write_command(&shown);
	return action_call_hash(&shown, ret->hash, err);
}

static int prepare(struct preparing *p, struct slice params,
		   struct slice untrusted, struct action_values *v,
		   struct action_call *ret, struct err *err)
{
	if (read_params(p, params, err) < 0 ||
	    read_untrusted(p, untrusted, err) < 0)
		return -1;
	for (size_t i = 0; i < p->a->param_count; i++)
		if (take_value(p, i, err) < 0)
			return -1;
	if (action_choose(v, &ret->variant, err) < 0)
		return -1;
	ret->params = write_params(p);
	if (fill_call(v, true, ret, err) < 0)
		return -1;
	return finish(p, v, ret, err);
}

/* What a call is made of cannot be said in less.
 * NOLINTNEXTLINE(readability-function-size) */
int action_prepare(struct action_call *ret, const struct action_set *set,
		   const struct action *a, struct slice params,
		   struct slice untrusted, const struct action_about *about,
		   struct err *err)
{
	static const struct action_about nothing = {.incident = NULL};
	CLEANUP(preparing_done)
	struct preparing p = {.set = set, .a = a};
	struct action_values v = {a, p.params, about ? about : &nothing};

	*ret = (struct action_call){.action = a};
	if (prepare(&p, params, untrusted, &v, ret, err) < 0) {
		action_call_done(ret);
		return -1;
	}
	return 0;
}
