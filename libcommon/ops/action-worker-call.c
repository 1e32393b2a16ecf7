/*
 * action-worker-call.c - a call as text, on its way to a worker. Secrets travel
 * in it, so it goes through nothing but the socket between the two.
 *
 *   number  digits "\n"
 *   text    length ":" bytes "\n", or "-\n" for NULL
 *   list    number of texts, the texts; or "-1\n" for NULL
 *   call    list of secrets that are new, then the members in their order
 *
 * Texts are bytes as they are: what is run is what was approved. What is read
 * stays where it is, the "\n" behind it becoming its NUL.
 */
#include "action-run-internal.h"

#include <oncall/mem.h>
#include <oncall/redact.h>

#define ITEMS_MAX 100000 /* of any list; more is no call */

static void put_int(struct buf *b, int64_t n)
{
	buf_add_int(b, n);
	buf_add_char(b, '\n');
}

static void put_text(struct buf *b, const char *s)
{
	if (!s) {
		buf_add_str(b, "-\n");
		return;
	}
	buf_add_int(b, (int64_t)strlen(s));
	buf_add_char(b, ':');
	buf_add_str(b, s);
	buf_add_char(b, '\n');
}

static void put_list(struct buf *b, char *const *list)
{
	int64_t n = 0;

	while (list && list[n])
		n++;
	put_int(b, list ? n : -1);
	for (int64_t i = 0; i < n; i++)
		put_text(b, list[i]);
}

static void put_ints(struct buf *b, const int *list, size_t n)
{
	put_int(b, (int64_t)n);
	for (size_t i = 0; i < n; i++)
		put_int(b, list[i]);
}

static void put_steps(struct buf *b, const struct action_steps *steps)
{
	put_int(b, (int64_t)steps->count);
	for (size_t i = 0; i < steps->count; i++) {
		const struct action_step *s = &steps->items[i];

		put_int(b, (int64_t)s->kind);
		put_int(b, s->shell);
		put_int(b, s->wait_ms);
		put_list(b, s->argv);
		put_list(b, s->headers);
		put_text(b, s->input);
		put_text(b, s->method);
		put_text(b, s->url);
		put_text(b, s->body);
		put_text(b, s->expect);
		put_ints(b, s->statuses, s->status_count);
		put_ints(b, s->exits, s->exit_count);
	}
}

static void put_check(struct buf *b, const struct action_check *check)
{
	put_steps(b, &check->steps);
	put_int(b, check->within_ms);
	put_int(b, check->every_ms);
}

/* Secrets that were remembered since the worker was forked, or told. */
static void put_secrets(struct buf *b, size_t *known)
{
	size_t n = *known;

	while (redact_registered(n).ptr)
		n++;
	put_int(b, (int64_t)(n - *known));
	for (; *known < n; (*known)++)
		put_text(b, redact_registered(*known).ptr);
}

void action_call_write(struct buf *out, const struct action_call *c,
		       size_t *known)
{
	const struct action *a = c->action;

	put_secrets(out, known);
	put_text(out, a->id);
	put_text(out, a->dir);
	put_text(out, a->run_as);
	put_int(out, a->timeout_ms);
	put_int(out, a->grace_ms);
	put_int(out, a->settle_ms);
	put_int(out, (int64_t)a->cpu_seconds);
	put_int(out, (int64_t)a->memory_bytes);
	put_int(out, (int64_t)a->file_bytes);
	put_int(out, (int64_t)a->open_files);
	put_int(out, a->idempotent);
	put_int(out, a->retries);
	put_list(out, c->env);
	put_steps(out, &c->run);
	put_steps(out, &c->rollback);
	put_check(out, &c->before);
	put_check(out, &c->after);
}

/* What is left to read; bad once something was not as it should be. */
struct reader {
	char *p, *end;
	bool bad;
};

/* Digits, and the byte that ends them. */
static int64_t get_number(struct reader *r, char ender)
{
	bool minus = r->p < r->end && *r->p == '-';
	uint64_t n = 0;
	char *start;

	r->p += minus;
	start = r->p;
	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++)
		n = n * 10 + (uint64_t)(*r->p - '0');
	if (r->p == start || r->p - start > 19 || r->p == r->end ||
	    *r->p != ender || r->bad) {
		r->bad = true;
		return 0;
	}
	r->p++;
	return minus ? (int64_t)-n : (int64_t)n;
}

static int64_t get_int(struct reader *r)
{
	return get_number(r, '\n');
}

static size_t get_count(struct reader *r, size_t max)
{
	int64_t n = get_int(r);

	if (n < 0 || (uint64_t)n > max)
		r->bad = true;
	return r->bad ? 0 : (size_t)n;
}

static char *get_text(struct reader *r)
{
	char *text;
	int64_t n;

	if (r->end - r->p >= 2 && r->p[0] == '-' && r->p[1] == '\n') {
		r->p += 2;
		return NULL;
	}
	n = get_number(r, ':');
	if (r->bad || n < 0 || n >= r->end - r->p || r->p[n] != '\n') {
		r->bad = true;
		return NULL;
	}
	text = r->p;
	text[n] = '\0';
	r->p += n + 1;
	return text;
}

static char **get_list(struct reader *r)
{
	int64_t n = get_int(r);
	char **list;

	if (r->bad || n < 0)
		return NULL;
	if (n > ITEMS_MAX) {
		r->bad = true;
		return NULL;
	}
	list = mem_zero((size_t)n + 1, sizeof(*list));
	for (int64_t i = 0; i < n; i++)
		list[i] = get_text(r);
	return list;
}

static size_t get_ints(struct reader *r, int *list, size_t max)
{
	size_t n = get_count(r, max);

	for (size_t i = 0; i < n; i++)
		list[i] = (int)get_int(r);
	return n;
}

static void get_step(struct reader *r, struct action_step *s)
{
	s->kind = (enum action_step_kind)get_int(r);
	s->shell = get_int(r) != 0;
	s->wait_ms = get_int(r);
	s->argv = get_list(r);
	s->headers = get_list(r);
	s->input = get_text(r);
	s->method = get_text(r);
	s->url = get_text(r);
	s->body = get_text(r);
	s->expect = get_text(r);
	s->status_count = get_ints(r, s->statuses, ARRAY_LEN(s->statuses));
	s->exit_count = get_ints(r, s->exits, ARRAY_LEN(s->exits));
	if (s->kind == ACTION_COMMAND ? !s->argv || !s->argv[0]
				      : s->kind == ACTION_HTTP && !s->url)
		r->bad = true;
}

static void get_steps(struct reader *r, struct action_steps *ret)
{
	ret->count = get_count(r, ITEMS_MAX);
	ret->items = mem_zero(ret->count + 1, sizeof(*ret->items));
	for (size_t i = 0; i < ret->count; i++)
		get_step(r, &ret->items[i]);
}

static void get_check(struct reader *r, struct action_check *ret)
{
	get_steps(r, &ret->steps);
	ret->within_ms = get_int(r);
	ret->every_ms = get_int(r);
}

static void get_secrets(struct reader *r)
{
	size_t n = get_count(r, ITEMS_MAX);

	for (size_t i = 0; i < n && !r->bad; i++)
		redact_register(get_text(r));
}

int action_call_read(struct action_message *ret, char *text, size_t len)
{
	struct reader r = {.p = text, .end = text + len};
	struct action *a = &ret->action;
	struct action_call *c = &ret->call;

	*ret = (struct action_message){.action = {.id = NULL}};
	c->action = a;
	get_secrets(&r);
	a->id = get_text(&r);
	a->dir = get_text(&r);
	a->run_as = get_text(&r);
	a->timeout_ms = get_int(&r);
	a->grace_ms = get_int(&r);
	a->settle_ms = get_int(&r);
	a->cpu_seconds = (uint64_t)get_int(&r);
	a->memory_bytes = (uint64_t)get_int(&r);
	a->file_bytes = (uint64_t)get_int(&r);
	a->open_files = (uint64_t)get_int(&r);
	a->idempotent = get_int(&r) != 0;
	a->retries = get_int(&r);
	c->env = get_list(&r);
	get_steps(&r, &c->run);
	get_steps(&r, &c->rollback);
	get_check(&r, &c->before);
	get_check(&r, &c->after);
	if (!r.bad && r.p == r.end)
		return 0;
	action_message_done(ret);
	return -1;
}

static void steps_done(struct action_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		free(steps->items[i].argv);
		free(steps->items[i].headers);
	}
	free(steps->items);
}

void action_message_done(struct action_message *m)
{
	free(m->call.env);
	steps_done(&m->call.run);
	steps_done(&m->call.rollback);
	steps_done(&m->call.before.steps);
	steps_done(&m->call.after.steps);
	*m = (struct action_message){.action = {.id = NULL}};
}
