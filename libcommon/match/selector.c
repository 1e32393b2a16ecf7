/* selector.c - "match:": fields and the values that they may, or must not,
 * have. */
#include <oncall/selector.h>

#include <oncall/mem.h>
#include <oncall/pattern.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MESSAGE_MAX 256
#define NEST_MAX    250	 /* parentheses of an expression */
#define VALUES_MAX  1000 /* of a field of a record; more are not looked at */

struct wanted {
	char *text;	  /* NULL: an expression */
	pcre2_code *code; /* NULL: a text */
	pcre2_match_data *data;
	bool negated;
};

struct field {
	char *name;
	struct wanted *wanted;
	size_t count;
	bool positive; /* one of them is not negated */
};

struct selector {
	struct field *fields;
	size_t count;
	pcre2_match_context *limits; /* NULL: no expression yet */
};

struct selector *selector_new(void)
{
	return mem_zero(1, sizeof(struct selector));
}

static void wanted_done(struct wanted *w)
{
	free(w->text);
	pcre2_code_free(w->code);
	pcre2_match_data_free(w->data);
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		for (size_t j = 0; j < s->fields[i].count; j++)
			wanted_done(&s->fields[i].wanted[j]);
		free(s->fields[i].wanted);
		free(s->fields[i].name);
	}
	free(s->fields);
	pcre2_match_context_free(s->limits);
	free(s);
}

static int compile(struct selector *s, struct wanted *w, const char *text,
		   size_t len, struct err *err)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR message[MESSAGE_MAX];
	size_t at = 0;
	int error = 0;

	if (!context)
		mem_die();
	(void)pcre2_set_max_pattern_length(context, PATTERN_MAX_EXPR);
	(void)pcre2_set_parens_nest_limit(context, NEST_MAX);
	/* A value is matched as a whole: "$" is its end, a "\n" in it or not.
	 */
	w->code = pcre2_compile((PCRE2_SPTR)text, len,
				PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
					PCRE2_DOLLAR_ENDONLY |
					PCRE2_NEVER_BACKSLASH_C,
				&error, &at, context);
	pcre2_compile_context_free(context);
	if (!w->code) {
		if (error == PCRE2_ERROR_HEAP_FAILED)
			mem_die();
		(void)pcre2_get_error_message(error, message, sizeof(message));
		return err_set(err, ERR_USAGE,
			       "the expression '%.*s' is wrong at offset %zu: "
			       "%s",
			       (int)(len < 200 ? len : 200), text, at,
			       (const char *)message);
	}
	w->data = pcre2_match_data_create(1, NULL);
	if (!s->limits)
		s->limits = pcre2_match_context_create(NULL);
	if (!w->data || !s->limits)
		mem_die();
	(void)pcre2_set_match_limit(s->limits, PATTERN_MATCH_LIMIT);
	(void)pcre2_set_heap_limit(s->limits, PATTERN_HEAP_LIMIT);
	return 0;
}

static struct field *field_of(struct selector *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->fields[i].name, name))
			return &s->fields[i];
	s->fields = mem_resize(s->fields, s->count + 1, sizeof(*s->fields));
	s->fields[s->count] = (struct field){.name = mem_dup(name)};
	return &s->fields[s->count++];
}

int selector_add(struct selector *s, const char *field, const char *value,
		 struct err *err)
{
	struct wanted w = {.negated = *value == '!'};
	const char *text = value + w.negated;
	size_t len = strlen(text);
	struct field *f;

	if (len > 2 && text[0] == '/' && text[len - 1] == '/') {
		if (compile(s, &w, text + 1, len - 2, err) < 0)
			return -1;
	} else {
		w.text = mem_dup(text);
	}
	f = field_of(s, field);
	f->wanted = mem_resize(f->wanted, f->count + 1, sizeof(*f->wanted));
	f->wanted[f->count++] = w;
	f->positive |= !w.negated;
	return 0;
}

enum answer { NO, YES, UNDECIDED };

static enum answer matches(const struct selector *s, const struct wanted *w,
			   struct slice value)
{
	int rc;

	if (w->text)
		return slice_is(value, w->text) ? YES : NO;
	rc = pcre2_match(w->code, (PCRE2_SPTR)value.ptr, value.len, 0, 0,
			 w->data, s->limits);
	if (rc == PCRE2_ERROR_NOMEMORY)
		mem_die();
	if (rc == PCRE2_ERROR_NOMATCH)
		return NO;
	return rc >= 0 ? YES : UNDECIDED;
}

/* An expression that passes a limit says neither yes nor no, and then the field
 * does not match. */
static bool field_matches(const struct selector *s, const struct field *f,
			  selector_lookup *lookup, void *arg)
{
	bool found = !f->positive;

	for (size_t i = 0; i < VALUES_MAX; i++) {
		struct slice value = lookup(arg, f->name, i);

		if (!value.ptr)
			break;
		for (size_t j = 0; j < f->count; j++) {
			enum answer a = matches(s, &f->wanted[j], value);

			if (f->wanted[j].negated && a != NO)
				return false;
			found |= a == YES;
		}
	}
	return found;
}

const char *selector_failed(const struct selector *s, selector_lookup *lookup,
			    void *arg)
{
	for (size_t i = 0; i < s->count; i++)
		if (!field_matches(s, &s->fields[i], lookup, arg))
			return s->fields[i].name;
	return NULL;
}

const char *selector_field(const struct selector *s, size_t i)
{
	return i < s->count ? s->fields[i].name : NULL;
}
