/* join-block.c - complete events into the block that is handed on. */
#include "join-internal.h"

#include <oncall/mem.h>

/* Where an event of the block has what was made for it. */
struct join_place {
	size_t event;
	size_t text, id; /* in made, or NOWHERE */
};

#define NOWHERE SIZE_MAX

/* The lines of the block are going: what is still open needs its own copy. */
void join_keep_text(struct join_event *e)
{
	if (!e->view.ptr)
		return;
	buf_add_slice(&e->text, e->view);
	e->view = (struct slice){NULL, 0};
}

static struct join_place *place_new(struct join *j)
{
	if (j->place_count == j->place_cap) {
		j->place_cap = j->place_cap ? 2 * j->place_cap : 64;
		j->places =
			mem_resize(j->places, j->place_cap, sizeof(*j->places));
	}
	return &j->places[j->place_count++];
}

/* Into the block. */
void join_hand_on(struct join *j, const struct join_event *e)
{
	struct input_event out = {
		.text = e->view,
		.offset = e->offset,
		.line = e->line,
		.truncated = e->truncated,
		.out_of_order = e->offset < e->stream->last_start,
	};

	if (!e->view.ptr || e->id.len) {
		struct join_place *p = place_new(j);

		*p = (struct join_place){j->block->event_count, NOWHERE,
					 NOWHERE};
		if (!e->view.ptr) {
			out.text.len = e->text.len;
			p->text = j->made.len;
			buf_add_slice(&j->made, buf_slice(&e->text));
		}
		if (e->id.len) {
			out.id.len = e->id.len;
			p->id = j->made.len;
			buf_add_slice(&j->made, buf_slice(&e->id));
		}
	}
	input_block_event(j->block, &out);
}

static void move(struct slice *text, char *now, uintptr_t old, size_t len)
{
	uintptr_t at = (uintptr_t)text->ptr;

	if (at && at >= old && at - old <= len)
		text->ptr = now + (at - old);
}

/* Puts what was made behind the bytes of the block, which may move then. */
void join_settle(struct join *j)
{
	struct input_block *b = j->block;
	uintptr_t old = (uintptr_t)b->data.data;
	size_t len = b->data.len;
	size_t max = b->data.max;
	char *now;

	/* Open ones with lines in the block are the newest. */
	for (struct join_event *e = j->open.newest; e && e->turn == j->turn;
	     e = e->older)
		join_keep_text(e);
	if (!j->place_count)
		return;
	b->data.max = len + j->made.len + 1;
	(void)buf_reserve(&b->data, j->made.len);
	buf_add_slice(&b->data, buf_slice(&j->made));
	b->data.max = max;
	now = b->data.data;
	move(&b->text, now, old, len);
	for (size_t i = 0; i < b->event_count; i++)
		move(&b->events[i].text, now, old, len);
	for (size_t i = 0; i < j->place_count; i++) {
		const struct join_place *p = &j->places[i];
		struct input_event *e = &b->events[p->event];

		if (p->text != NOWHERE)
			e->text.ptr = now + len + p->text;
		if (p->id != NOWHERE)
			e->id.ptr = now + len + p->id;
	}
	j->place_count = 0;
	buf_reset(&j->made);
}
