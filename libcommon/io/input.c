/* input.c - what all inputs have in common, and several of them as one. */
#include <oncall/input.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

void input_block_done(struct input_block *b)
{
	buf_done(&b->data);
	free(b->events);
	*b = (struct input_block){.text = {NULL, 0}};
}

void input_block_reset(struct input_block *b)
{
	buf_reset(&b->data);
	b->stream = NULL;
	b->text = (struct slice){NULL, 0};
	b->offset = b->line = 0;
	b->event_count = 0;
	b->truncated = b->live = false;
}

void input_block_event(struct input_block *b, const struct input_event *e)
{
	if (b->event_count == b->event_cap) {
		b->event_cap = b->event_cap ? 2 * b->event_cap : 64;
		b->events =
			mem_resize(b->events, b->event_cap, sizeof(*b->events));
	}
	b->events[b->event_count++] = *e;
}

int input_next(struct input *in, struct input_block *b, int wait_ms,
	       struct err *err)
{
	input_block_reset(b);
	return in->ops->next(in, b, wait_ms, err);
}

void input_save(const struct input *in, struct buf *out)
{
	if (in->ops->save)
		in->ops->save(in, out);
	else
		jwrite_raw(out, NULL, SLICE_LIT("null"));
}

int input_load(struct input *in, struct slice json, struct err *err)
{
	if (!in->ops->load || slice_is(json, "null"))
		return 0;
	return in->ops->load(in, json, err);
}

void input_free(struct input *in)
{
	if (in)
		in->ops->free(in);
}

struct several {
	struct input base;
	struct input **inputs;
	char **names;
	bool *ended;
	size_t count;
	size_t turn; /* the one that is asked first */
};

static struct several *several_of(const struct input *in)
{
	return (struct several *)(uintptr_t)in;
}

/* Asks each once, from the one whose turn it is. */
static int one_round(struct several *s, struct input_block *b, int wait_ms,
		     struct err *err)
{
	size_t alive = 0;

	for (size_t i = 0; i < s->count; i++) {
		size_t at = (s->turn + i) % s->count;
		int state;

		if (s->ended[at])
			continue;
		state = input_next(s->inputs[at], b, wait_ms, err);
		if (state == INPUT_END)
			s->ended[at] = true;
		else if (state != INPUT_NOTHING) {
			s->turn = at + 1;
			return state;
		} else {
			alive++;
		}
	}
	return alive ? INPUT_NOTHING : INPUT_END;
}

/* No poll covers them all, so each is looked at in turn; an idle input gives
 * the others at most a short wait. */
static int several_next(struct input *in, struct input_block *b, int wait_ms,
			struct err *err)
{
	struct several *s = several_of(in);
	int state = one_round(s, b, 0, err);

	while (state == INPUT_NOTHING && wait_ms != 0 && !signals_stop()) {
		int step = INPUT_WAIT_STEP / (int)s->count;

		if (step < 1)
			step = 1;
		state = one_round(s, b, step, err);
		if (wait_ms > 0) {
			wait_ms -= step * (int)s->count;
			if (wait_ms < 0)
				wait_ms = 0;
		}
	}
	return state;
}

static void several_save(const struct input *in, struct buf *out)
{
	const struct several *s = several_of(in);

	jwrite_open(out, NULL, '{');
	for (size_t i = 0; i < s->count; i++) {
		AUTO_BUF struct buf one = BUF_INIT;

		input_save(s->inputs[i], &one);
		jwrite_raw(out, s->names[i], buf_slice(&one));
	}
	jwrite_close(out, '}');
}

static int several_load(struct input *in, struct slice json, struct err *err)
{
	struct several *s = several_of(in);
	struct jscan scan = {.members = NULL};
	int failed = jscan_object(&scan, json.ptr, json.len, err);

	for (size_t i = 0; i < s->count && !failed; i++) {
		const struct jscan_member *m = jscan_get(&scan, s->names[i]);

		if (m)
			failed = input_load(s->inputs[i], m->value, err);
	}
	jscan_done(&scan);
	return failed;
}

static void several_free(struct input *in)
{
	struct several *s = several_of(in);

	for (size_t i = 0; i < s->count; i++) {
		input_free(s->inputs[i]);
		free(s->names[i]);
	}
	free(s->inputs);
	free(s->names);
	free(s->ended);
	free(s);
}

struct input *input_join_all(struct input **inputs, const char *const *names,
			     size_t count)
{
	static const struct input_ops ops = {several_next, several_save,
					     several_load, several_free};
	struct several *s;

	if (count == 1)
		return inputs[0];
	s = mem_zero(1, sizeof(*s));
	s->base.ops = &ops;
	s->inputs = mem_zero(count, sizeof(struct input *));
	s->names = mem_zero(count, sizeof(char *));
	s->ended = mem_zero(count, sizeof(bool));
	s->count = count;
	for (size_t i = 0; i < count; i++) {
		s->inputs[i] = inputs[i];
		s->names[i] = mem_dup(names[i]);
	}
	return &s->base;
}
