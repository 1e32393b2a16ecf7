/*
 * action-load-step.c - what is done, as files declare it: commands, requests,
 * waiting.
 */
#include "action-internal.h"

#include <ctype.h>

#include <oncall/cli.h>
#include <oncall/jscan.h>
#include <oncall/mem.h>

#define STATUS_MAX 599
#define EXIT_MAX   255
#define CODES_MAX  8

/* ---- commands ---- */

static void read_codes(struct action_reading *r, const struct tree *map,
		       const char *key, int max, int *ret, size_t *count)
{
	char **list = NULL;
	struct err err = ERR_INIT;

	action_read_list(r, map, key, &list);
	for (size_t i = 0; list && list[i]; i++) {
		int64_t code = 0;

		if (*count == CODES_MAX ||
		    cli_parse_int(list[i], 0, max, &code, &err) < 0) {
			action_fault(r, tree_get(map, key)->line,
				     "%s must be at most %d numbers from 0 to "
				     "%d",
				     key, CODES_MAX, max);
			break;
		}
		ret[(*count)++] = (int)code;
	}
	action_list_free(list);
}

static struct action_text *compile(struct action_reading *r,
				   const struct tree *map, const char *key,
				   const struct action *a, const char *text,
				   enum action_place place)
{
	const struct tree *t = tree_get(map, key);

	return text ? action_text_new(r, t ? t->line : map->line, a, text,
				      place)
		    : NULL;
}

/* Words that a parameter's value would be meant by are not filled in. */
static void check_shell(struct action_reading *r, const struct tree *map,
			const struct action *a, const char *text)
{
	size_t line = tree_get(map, "command")->line;

	for (size_t i = 0; i < a->param_count + ACTION_ABOUT_COUNT; i++) {
		const char *name =
			i < a->param_count
				? a->params[i].name
				: action_about_names[i - a->param_count];
		AUTO_FREE char *plain = mem_printf("${%s}", name);
		AUTO_FREE char *filtered = mem_printf("${%s|", name);

		AUTO_FREE char *variable = action_variable(name);

		if (strstr(text, plain) || strstr(text, filtered))
			action_fault(r, line,
				     "nothing is filled into a text for a "
				     "shell: write \"$%s\", a variable, in "
				     "place of ${%s}",
				     variable, name);
	}
}

static void read_shell(struct action_reading *r, const struct tree *map,
		       struct action *a, struct action_step *s)
{
	const struct tree *t = action_member(map, "command");

	if (t->kind != TREE_SCALAR) {
		action_fault(r, t->line,
			     "with shell: true the command must be one text");
		return;
	}
	s->shell = a->has_shell = true;
	action_read_list(r, map, "command", &s->argv);
	if (s->argv && s->argv[0])
		check_shell(r, map, a, s->argv[0]);
}

static void read_argv(struct action_reading *r, const struct tree *map,
		      const struct action *a, struct action_step *s)
{
	const struct tree *t = action_member(map, "command");
	size_t n = 0;

	if (t->kind != TREE_LIST || !t->count) {
		action_fault(r, t->line,
			     "command must be a list: the program and its "
			     "arguments (or add shell: true)");
		return;
	}
	action_read_list(r, map, "command", &s->argv);
	while (s->argv && s->argv[n])
		n++;
	s->code->argv = mem_zero(n + 1, sizeof(struct action_text *));
	for (size_t i = 0, used = 0; i < n; i++) {
		enum action_place place = action_is_code(s->argv, i)
						  ? ACTION_IN_CODE
						  : ACTION_IN_ARGUMENT;
		size_t line = i < t->count ? t->items[i]->line : t->line;

		s->code->argv[used] =
			action_text_new(r, line, a, s->argv[i], place);
		used += s->code->argv[used] != NULL;
	}
	if (n && (!*s->argv[0] || strstr(s->argv[0], "${")))
		if (strncmp(s->argv[0], "${pack_dir}/", 12) != 0)
			action_fault(r, t->line,
				     "the program of a command must be named "
				     "in it");
}

static void read_command(struct action_reading *r, const struct tree *map,
			 struct action *a, struct action_step *s)
{
	bool shell = false;

	s->kind = ACTION_COMMAND;
	action_read_flag(r, map, "shell", &shell);
	if (shell)
		read_shell(r, map, a, s);
	else
		read_argv(r, map, a, s);
	action_read_text(r, map, "input", &s->input);
	s->code->input = compile(r, map, "input", a, s->input, ACTION_IN_INPUT);
	read_codes(r, map, "exit", EXIT_MAX, s->exits, &s->exit_count);
}

/* ---- requests ---- */

static bool is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    (!s[i] || !strchr("!#$%&'*+-.^_`|~", s[i])))
			return false;
	return n > 0;
}

static void read_headers(struct action_reading *r, const struct tree *map,
			 const struct action *a, struct action_step *s)
{
	size_t line, n = 0;

	action_read_pairs(r, map, "headers", ": ", &s->headers);
	if (!s->headers)
		return;
	line = tree_get(map, "headers")->line;
	while (s->headers[n])
		n++;
	s->code->headers = mem_zero(n + 1, sizeof(struct action_text *));
	for (size_t i = 0, used = 0; i < n; i++) {
		const char *h = s->headers[i];

		if (!is_token(h, strcspn(h, ":")) || strpbrk(h, "\r\n"))
			action_fault(r, line,
				     "'%.60s' is no header: a name, and one "
				     "line of text",
				     h);
		s->code->headers[used] =
			action_text_new(r, line, a, h, ACTION_IN_HEADER);
		used += s->code->headers[used] != NULL;
	}
}

/* Which language the body is in: what its header says, or what it begins
 * with. */
static enum action_place body_place(const struct action_step *s, bool *ret_one)
{
	size_t skip = strspn(s->body, " \t\r\n");

	*ret_one = false;
	for (size_t i = 0; s->headers && s->headers[i]; i++) {
		const char *h = s->headers[i];

		if (strncasecmp(h, "content-type:", 13) != 0)
			continue;
		*ret_one = strcasestr(h, "/json") || strcasestr(h, "+json");
		if (strcasestr(h, "json"))
			return ACTION_IN_JSON;
		if (strcasestr(h, "x-www-form-urlencoded"))
			return ACTION_IN_FORM;
		return ACTION_IN_BODY;
	}
	*ret_one = s->body[skip] == '{' || s->body[skip] == '[';
	return *ret_one ? ACTION_IN_JSON : ACTION_IN_BODY;
}

static struct slice sample(void *arg, const char *path)
{
	(void)arg;
	(void)path;
	return SLICE_LIT("0");
}

/* Whether it is JSON, whatever the values are. */
static void check_json(struct action_reading *r, size_t line,
		       const struct action_text *t)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; t && i < t->count; i++)
		if (t->pieces[i].literal)
			buf_add_str(&out, t->pieces[i].literal);
		else
			buf_add_slice(&out, sample(NULL, NULL));
	if (t && jscan_array(buf_slice(&out), NULL, NULL, &err) < 0)
		action_fault(r, line, "the body is not JSON: %s", err.text);
}

static void read_body(struct action_reading *r, const struct tree *map,
		      const struct action *a, struct action_step *s)
{
	enum action_place place;
	bool one;

	action_read_text(r, map, "body", &s->body);
	if (!s->body)
		return;
	place = body_place(s, &one);
	s->code->body = compile(r, map, "body", a, s->body, place);
	if (one)
		check_json(r, tree_get(map, "body")->line, s->code->body);
}

static void check_url(struct action_reading *r, const struct tree *map,
		      const struct action_step *s)
{
	const struct tree *t = tree_get(map, "url");

	if (!s->url) {
		action_fault(r, map->line, "a request has no url");
		return;
	}
	for (const char *p = s->url; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f) {
			action_fault(r, t->line,
				     "a url has no blanks and only ASCII");
			return;
		}
	if (strncmp(s->url, "${", 2) != 0 &&
	    strncmp(s->url, "http://", 7) != 0 &&
	    strncmp(s->url, "https://", 8) != 0)
		action_fault(r, t->line,
			     "a url begins with http:// or https://, or with a "
			     "parameter of the type url");
}

static void read_http(struct action_reading *r, const struct tree *outer,
		      const struct action *a, struct action_step *s)
{
	static const char *const keys[] = {
		"method", "url", "headers", "body", "status", "expect", NULL};
	static const char *const methods[] = {"GET",   "HEAD",	 "POST", "PUT",
					      "PATCH", "DELETE", NULL};
	const struct tree *map = action_member(outer, "http");
	int method = -1;

	s->kind = ACTION_HTTP;
	if (map->kind != TREE_MAP) {
		action_fault(r, map->line, "http must be a map of keys");
		return;
	}
	action_read_keys(r, map, keys);
	action_read_text(r, map, "url", &s->url);
	check_url(r, map, s);
	s->code->url = compile(r, map, "url", a, s->url, ACTION_IN_URL);
	read_headers(r, map, a, s);
	read_body(r, map, a, s);
	read_codes(r, map, "status", STATUS_MAX, s->statuses, &s->status_count);
	action_read_text(r, map, "expect", &s->expect);
	s->code->expect =
		compile(r, map, "expect", a, s->expect, ACTION_IN_PATTERN);
	action_read_choice(r, map, "method", methods, &method);
	s->method = mem_dup(method >= 0 ? methods[method]
			    : s->body	? "POST"
					: "GET");
}

/* ---- steps ---- */

static void check_expect(struct action_reading *r, const struct tree *map,
			 const struct action_step *s)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const struct tree *t = tree_get(map, "expect");
	const struct action_text *code = s->code->expect;

	for (size_t i = 0; code && i < code->count; i++)
		buf_add_str(&text, code->pieces[i].literal
					   ? code->pieces[i].literal
					   : "0");
	if (code && action_re_check(buf_str(&text), &err) < 0)
		action_fault(r, t ? t->line : map->line, "expect /%s/: %s",
			     s->expect, err.text);
}

/* What is right beside a command only. */
static void check_beside(struct action_reading *r, const struct tree *map,
			 enum action_step_kind kind)
{
	static const char *const keys[] = {"shell", "input", "exit"};

	for (size_t i = 0; i < ARRAY_LEN(keys) && kind != ACTION_COMMAND; i++)
		if (action_member(map, keys[i]))
			action_fault(r, tree_get(map, keys[i])->line,
				     "%s belongs to a command", keys[i]);
}

static void read_step(struct action_reading *r, const struct tree *map,
		      struct action *a, struct action_step *s)
{
	int ways = (action_member(map, "command") != NULL) +
		   (action_member(map, "http") != NULL) +
		   (action_member(map, "wait") != NULL);

	s->line = map->line;
	s->code = mem_zero(1, sizeof(*s->code));
	if (ways != 1) {
		action_fault(r, map->line,
			     ways ? "only one of command, http and wait can "
				    "stand here"
				  : "command, http or wait is missing");
		return;
	}
	if (action_member(map, "command")) {
		read_command(r, map, a, s);
	} else if (action_member(map, "http")) {
		read_http(r, map, a, s);
	} else {
		s->kind = ACTION_WAIT;
		action_read_duration(r, map, "wait", &s->wait_ms);
	}
	check_beside(r, map, s->kind);
	if (action_member(map, "expect") && !s->expect) {
		action_read_text(r, map, "expect", &s->expect);
		s->code->expect = compile(r, map, "expect", a, s->expect,
					  ACTION_IN_PATTERN);
	}
	check_expect(r, map, s);
}

static struct action_step *add_step(struct action_steps *steps)
{
	steps->items = mem_resize(steps->items, steps->count + 1,
				  sizeof(*steps->items));
	steps->items[steps->count] = (struct action_step){.kind = ACTION_WAIT};
	return &steps->items[steps->count++];
}

static void read_list_of_steps(struct action_reading *r,
			       const struct tree *list, struct action *a,
			       struct action_steps *ret)
{
	static const char *const keys[] = {ACTION_STEP_KEYS, NULL};

	if (list->kind != TREE_LIST || list->count > ACTION_MAX_STEPS) {
		action_fault(r, list->line,
			     "steps must be a list of at most %d maps",
			     ACTION_MAX_STEPS);
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct tree *t = list->items[i];

		if (t->kind != TREE_MAP) {
			action_fault(r, t->line,
				     "a step must be a map with command, http "
				     "or wait");
			continue;
		}
		action_read_keys(r, t, keys);
		read_step(r, t, a, add_step(ret));
	}
}

void action_read_steps(struct action_reading *r, const struct tree *map,
		       struct action *a, struct action_steps *ret)
{
	const struct tree *list = action_member(map, "steps");

	if (!list) {
		read_step(r, map, a, add_step(ret));
		return;
	}
	for (size_t i = 0; i < map->members.count; i++) {
		static const char *const keys[] = {ACTION_STEP_KEYS, NULL};
		const char *key = map->members.entries[i].key.ptr;

		for (size_t k = 0; keys[k]; k++)
			if (!strcmp(keys[k], key))
				action_fault(r, list->line,
					     "%s cannot stand beside steps",
					     key);
	}
	read_list_of_steps(r, list, a, ret);
}
