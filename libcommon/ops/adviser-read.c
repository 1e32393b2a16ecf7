/* adviser-read.c - an answer, held against what was asked for. */
#include <oncall/adviser.h>

#include <jansson.h>

#include <oncall/jwrite.h>
#include <oncall/mem.h>

void adviser_forget(struct advice *a)
{
	for (size_t i = 0; i < a->cause_count; i++)
		free(a->causes[i].text);
	for (size_t i = 0; i < a->step_count; i++)
		free(a->steps[i]);
	free(a->action);
	free(a->params);
	*a = (struct advice){.action = NULL};
}

static int wrong(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "the answer does not fit: %s", what);
}

/* The object has these members and no others. */
static bool has_only(const json_t *object, const char *const *names)
{
	size_t n = 0;

	for (; names[n]; n++)
		if (!json_object_get(object, names[n]))
			return false;
	return json_is_object(object) && json_object_size(object) == n;
}

/* As declarations write them; it also stands as a key in JSON. */
static bool is_param_name(const json_t *value)
{
	const char *name = json_string_value(value);

	return name && *name &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] ==
		       '\0' &&
	       strlen(name) == json_string_length(value);
}

/* Text of a length that may be shown; the caller frees it. */
static char *read_text(const json_t *value, size_t max)
{
	size_t n = json_string_length(value);

	return json_is_string(value) && n && n <= max
		       ? mem_dup_bytes(json_string_value(value), n)
		       : NULL;
}

static int read_causes(const json_t *list, struct advice *ret, struct err *err)
{
	static const char *const members[] = {"text", "score", NULL};
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n > ADVICE_CAUSES)
		return wrong(err, "\"causes\" is no list, or too long");
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);
		const json_t *number;
		double score;
		char *text;

		if (!has_only(item, members))
			return wrong(err, "a cause has other members");
		number = json_object_get(item, "score");
		score = json_number_value(number);
		text = read_text(json_object_get(item, "text"), ADVICE_TEXT);
		if (!text)
			return wrong(err, "the text of a cause");
		ret->causes[ret->cause_count++] =
			(struct advice_cause){text, score};
		if (!json_is_number(number) || !(score >= 0 && score <= 1))
			return wrong(err, "the score of a cause");
	}
	return 0;
}

static int read_action(const json_t *value, const char *const *actions,
		       struct advice *ret, struct err *err)
{
	const char *name = json_string_value(value);

	if (json_is_null(value))
		return 0;
	for (size_t i = 0; name && actions[i]; i++)
		if (strlen(name) == json_string_length(value) &&
		    !strcmp(name, actions[i]))
			ret->action = mem_dup(name);
	return ret->action ? 0
			   : wrong(err, "\"action\" is none that was offered");
}

static int add_param(const json_t *item, json_t *seen, struct buf *out,
		     struct err *err)
{
	static const char *const members[] = {"name", "value", NULL};
	const json_t *value;
	const char *name;

	if (!has_only(item, members))
		return wrong(err, "a parameter has other members");
	if (!is_param_name(json_object_get(item, "name")))
		return wrong(err, "the name of a parameter");
	name = json_string_value(json_object_get(item, "name"));
	value = json_object_get(item, "value");
	if (!json_is_string(value) || json_string_length(value) > ADVICE_VALUE)
		return wrong(err, "the value of a parameter");
	if (json_object_get(seen, name))
		return wrong(err, "a parameter stands twice");
	(void)json_object_set_new(seen, name, json_true());
	jwrite_text(out, name,
		    (struct slice){json_string_value(value),
				   json_string_length(value)});
	return 0;
}

static int read_params(const json_t *list, struct advice *ret, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	size_t n = json_array_size(list);
	json_t *seen = json_object();
	int rc = 0;

	if (!json_is_array(list) || n > ADVICE_PARAMS || (n && !ret->action))
		rc = wrong(err, "\"params\" is no list, too long, or of no "
				"action");
	jwrite_open(&out, NULL, '{');
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_param(json_array_get(list, i), seen, &out, err);
	jwrite_close(&out, '}');
	json_decref(seen);
	if (rc == 0 && ret->action)
		ret->params = buf_take(&out);
	return rc;
}

static int read_steps(const json_t *list, struct advice *ret, struct err *err)
{
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n > ADVICE_STEPS)
		return wrong(err, "\"steps\" is no list, or too long");
	for (size_t i = 0; i < n; i++) {
		char *text = read_text(json_array_get(list, i), ADVICE_TEXT);

		if (!text)
			return wrong(err, "a step is no text, or too long");
		ret->steps[ret->step_count++] = text;
	}
	return 0;
}

int adviser_read(struct slice content, const char *const *actions,
		 struct advice *ret, struct err *err)
{
	static const char *const members[] = {"causes", "action", "params",
					      "steps", NULL};
	json_t *all = json_loadb(content.len ? content.ptr : "", content.len,
				 JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	int rc = 0;

	*ret = (struct advice){.action = NULL};
	if (!all || !has_only(all, members))
		rc = wrong(err, "it is no object of causes, action, params "
				"and steps");
	if (rc == 0 &&
	    (read_causes(json_object_get(all, "causes"), ret, err) < 0 ||
	     read_action(json_object_get(all, "action"), actions, ret, err) <
		     0 ||
	     read_params(json_object_get(all, "params"), ret, err) < 0 ||
	     read_steps(json_object_get(all, "steps"), ret, err) < 0))
		rc = -1;
	json_decref(all);
	if (rc < 0)
		adviser_forget(ret);
	return rc;
}
