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

struct one_of {
	struct input *in;
	char *name;
	bool ended;
	struct input_stream **streams; /* as shown, by the number it gave */
	size_t stream_count;
};

struct several {
	struct input base;
	struct one_of *inputs;
	size_t count;
	size_t turn;	/* the one that is asked first */
	size_t streams; /* of all of them */
};

static struct several *several_of(const struct input *in)
{
	return (struct several *)(uintptr_t)in;
}

/* Each input numbers its streams from 0; what is shown has numbers, and a
 * last_time, of its own. The texts in it stay those of the input. */
static struct input_stream *own_stream(struct several *s, struct one_of *of,
				       const struct input_stream *in)
{
	struct input_stream *own;

	while (in->number >= of->stream_count) {
		size_t more = of->stream_count ? 2 * of->stream_count : 4;

		of->streams = mem_resize(of->streams, more,
					 sizeof(struct input_stream *));
		while (of->stream_count < more)
			of->streams[of->stream_count++] = NULL;
	}
	own = of->streams[in->number];
	if (own)
		return own;
	own = mem_zero(1, sizeof(*own));
	*own = *in;
	own->number = s->streams++;
	of->streams[in->number] = own;
	return own;
}

/* Asks each once, from the one whose turn it is. */
static int one_round(struct several *s, struct input_block *b, int wait_ms,
		     struct err *err)
{
	size_t alive = 0;

	for (size_t i = 0; i < s->count; i++) {
		size_t at = (s->turn + i) % s->count;
		struct one_of *of = &s->inputs[at];
		int state;

		if (of->ended)
			continue;
		state = input_next(of->in, b, wait_ms, err);
		of->ended = state == INPUT_END;
		alive += state == INPUT_NOTHING;
		if (state == INPUT_BLOCK_READY)
			b->stream = own_stream(s, of, b->stream);
		if (state == INPUT_BLOCK_READY || state < 0) {
			s->turn = at + 1;
			return state;
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
	int state;

	if (s->count == 1)
		return one_round(s, b, wait_ms, err);
	state = one_round(s, b, 0, err);
	while (state == INPUT_NOTHING && wait_ms != 0 && !signals_stop()) {
		int step = INPUT_WAIT_STEP;

		if (wait_ms > 0 && wait_ms < step)
			step = wait_ms;
		step = step / (int)s->count + 1;
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
		AUTO_BUF struct buf one = BUF_INIT_MAX(SIZE_MAX / 2);

		input_save(s->inputs[i].in, &one);
		jwrite_raw(out, s->inputs[i].name, buf_slice(&one));
	}
	jwrite_close(out, '}');
}

static int several_load(struct input *in, struct slice json, struct err *err)
{
	struct several *s = several_of(in);
	struct jscan scan = {.members = NULL};
	int failed = jscan_object(&scan, json.ptr, json.len, err);

	for (size_t i = 0; i < s->count && !failed; i++) {
		const struct one_of *of = &s->inputs[i];
		const struct jscan_member *m = jscan_get(&scan, of->name);

		if (m)
			failed = input_load(of->in, m->value, err);
	}
	jscan_done(&scan);
	return failed;
}

static void several_free(struct input *in)
{
	struct several *s = several_of(in);

	for (size_t i = 0; i < s->count; i++) {
		struct one_of *of = &s->inputs[i];

		input_free(of->in);
		for (size_t k = 0; k < of->stream_count; k++)
			free(of->streams[k]);
		free(of->streams);
		free(of->name);
	}
	free(s->inputs);
	free(s);
}

struct input *input_join_all(struct input **inputs, const char *const *names,
			     size_t count)
{
	static const struct input_ops ops = {several_next, several_save,
					     several_load, several_free};
	struct several *s = mem_zero(1, sizeof(*s));

	s->base.ops = &ops;
	s->inputs = mem_zero(count, sizeof(*s->inputs));
	s->count = count;
	for (size_t i = 0; i < count; i++) {
		s->inputs[i].in = inputs[i];
		s->inputs[i].name = mem_dup(names[i]);
	}
	return &s->base;
}
