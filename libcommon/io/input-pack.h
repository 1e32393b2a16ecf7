/*
 * input-pack.h - events whose texts and ids are put one after the other into
 * the memory of a block, which may move while it grows.
 */
#ifndef INPUT_PACK_H
#define INPUT_PACK_H

#include <oncall/input.h>

/* text bytes and id bytes were appended to b->data, in this order. */
static inline void input_pack_event(struct input_block *b, size_t text,
				    size_t id, bool truncated)
{
	struct input_event e = {
		.text = {NULL, text}, .id = {NULL, id}, .truncated = truncated};

	input_block_event(b, &e);
}

/* The block is complete: the events get their places. */
static inline void input_pack_done(struct input_block *b)
{
	const char *p = b->data.data;

	for (size_t i = 0; i < b->event_count; i++) {
		struct input_event *e = &b->events[i];

		e->text.ptr = p;
		p += e->text.len;
		e->id.ptr = p;
		p += e->id.len;
	}
}

#endif
