/*
 * turns.h - blocks are read one after the other, scanned by several threads
 * side by side, and settled in the order of reading.
 */
#ifndef TURNS_H
#define TURNS_H

#include <oncall/detector.h>
#include <oncall/input.h>

enum turns_got {
	TURNS_END,
	TURNS_BLOCK,
	TURNS_RELOAD, /* of one thread alone: the detector is to be another */
};

/* What is done by one thread at a time. */
struct turns_ops {
	/* Fills b; one of the above, or -1. */
	int (*read)(void *arg, struct input_block *b, struct err *err);
	void (*reload)(void *arg);
	struct detector_work *(*work)(void *arg); /* a new one */
	void (*settle)(void *arg, struct detector_work *work);
};

struct turns;

struct turns *turns_new(const struct turns_ops *ops, void *arg, size_t threads);
void turns_free(struct turns *t);
/* Until the end, or until read() fails; what was read before is settled. */
int turns_run(struct turns *t, struct err *err) MUST_CHECK;
/* For read(): waits until all that was read before is settled. */
void turns_drain(struct turns *t);

#endif
