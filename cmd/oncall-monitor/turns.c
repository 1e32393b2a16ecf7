/*
 * turns.c - threads that do not wait for each other: one whose block is scanned
 * before its turn leaves it to be settled by whoever has scanned the earlier
 * one, and reads the next.
 */
#include "turns.h"

#include <pthread.h>

#include <oncall/mem.h>

/* Blocks of a thread: one at hand, others that wait for their turn. */
#define SLOTS 4

/* A block, from reading until it is settled. */
struct slot {
	struct input_block block;
	struct detector_work *work; /* made when the slot is first needed */
	uint64_t ticket;
	bool waits; /* for its turn, or to the end of it; under settling */
};

struct turns {
	struct turns_ops ops;
	void *arg;
	size_t threads;
	pthread_mutex_t reading;
	uint64_t read;
	bool ended;
	struct err err; /* that ended it */
	pthread_mutex_t settling;
	pthread_cond_t turn; /* something is settled */
	uint64_t settled;
	bool settles;	       /* a thread does */
	struct slot **scanned; /* that wait, by ticket, round and round */
	size_t slot_count;
};

struct turns *turns_new(const struct turns_ops *ops, void *arg, size_t threads)
{
	struct turns *t = mem_zero(1, sizeof(*t));

	t->ops = *ops;
	t->arg = arg;
	t->threads = threads;
	t->slot_count = threads * SLOTS;
	t->scanned = mem_zero(t->slot_count, sizeof(*t->scanned));
	(void)pthread_mutex_init(&t->reading, NULL);
	(void)pthread_mutex_init(&t->settling, NULL);
	(void)pthread_cond_init(&t->turn, NULL);
	return t;
}

void turns_free(struct turns *t)
{
	if (!t)
		return;
	(void)pthread_mutex_destroy(&t->reading);
	(void)pthread_mutex_destroy(&t->settling);
	(void)pthread_cond_destroy(&t->turn);
	free(t->scanned);
	free(t);
}

void turns_drain(struct turns *t)
{
	(void)pthread_mutex_lock(&t->settling);
	while (t->settled < t->read)
		(void)pthread_cond_wait(&t->turn, &t->settling);
	(void)pthread_mutex_unlock(&t->settling);
}

/* The next block in the order of reading, once it is scanned. */
static struct slot **next_scanned(struct turns *t)
{
	return &t->scanned[t->settled % t->slot_count];
}

/* Settles what is scanned up to the first block that is not; when another
 * thread is about it, that one comes to this block, too. */
static void settle(struct turns *t, struct slot *slot)
{
	struct slot *s;

	(void)pthread_mutex_lock(&t->settling);
	slot->waits = true;
	t->scanned[slot->ticket % t->slot_count] = slot;
	while (!t->settles && (s = *next_scanned(t))) {
		t->settles = true;
		(void)pthread_mutex_unlock(&t->settling);
		t->ops.settle(t->arg, s->work);
		(void)pthread_mutex_lock(&t->settling);
		*next_scanned(t) = NULL;
		t->settles = s->waits = false;
		t->settled++;
		(void)pthread_cond_broadcast(&t->turn);
	}
	(void)pthread_mutex_unlock(&t->settling);
}

/* The first that is free, as it is in the cache; NULL: none. */
static struct slot *find_free(struct slot slots[SLOTS])
{
	for (size_t i = 0; i < SLOTS; i++)
		if (!slots[i].waits)
			return &slots[i];
	return NULL;
}

static struct slot *free_slot(struct turns *t, struct slot slots[SLOTS])
{
	struct slot *s;

	(void)pthread_mutex_lock(&t->settling);
	while (!(s = find_free(slots)))
		(void)pthread_cond_wait(&t->turn, &t->settling);
	(void)pthread_mutex_unlock(&t->settling);
	return s;
}

static bool any_waits(const struct slot slots[SLOTS])
{
	bool any = false;

	for (size_t i = 0; i < SLOTS; i++)
		any |= slots[i].waits;
	return any;
}

/* Waits until no other thread looks at them any more. */
static void release(struct turns *t, const struct slot slots[SLOTS])
{
	(void)pthread_mutex_lock(&t->settling);
	while (any_waits(slots))
		(void)pthread_cond_wait(&t->turn, &t->settling);
	(void)pthread_mutex_unlock(&t->settling);
}

/* As ops.read(). */
static int take_block(struct turns *t, struct slot *s)
{
	int got = TURNS_END;

	(void)pthread_mutex_lock(&t->reading);
	if (!t->ended)
		got = t->ops.read(t->arg, &s->block, &t->err);
	t->ended = got < 0 || got == TURNS_END;
	s->ticket = t->read;
	t->read += got == TURNS_BLOCK;
	(void)pthread_mutex_unlock(&t->reading);
	return got;
}

static void drop_work(struct slot slots[SLOTS])
{
	for (size_t i = 0; i < SLOTS; i++) {
		detector_work_free(slots[i].work);
		slots[i].work = NULL;
	}
}

static void *run(void *arg)
{
	struct turns *t = arg;
	struct slot slots[SLOTS] = {{.work = NULL}};
	int got = TURNS_BLOCK;

	while (got > 0) {
		struct slot *s = free_slot(t, slots);

		got = take_block(t, s);
		if (got == TURNS_RELOAD) {
			drop_work(slots);
			t->ops.reload(t->arg);
		} else if (got == TURNS_BLOCK) {
			if (!s->work)
				s->work = t->ops.work(t->arg);
			detector_scan(s->work, &s->block);
			settle(t, s);
		}
	}
	release(t, slots);
	drop_work(slots);
	for (size_t i = 0; i < SLOTS; i++)
		input_block_done(&slots[i].block);
	return NULL;
}

/* The first thread is this one. */
int turns_run(struct turns *t, struct err *err)
{
	AUTO_FREE pthread_t *threads = mem_zero(t->threads, sizeof(*threads));
	size_t started = 0;

	while (started + 1 < t->threads &&
	       pthread_create(&threads[started], NULL, run, t) == 0)
		started++;
	(void)run(t);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	if (t->err.kind == ERR_NONE)
		return 0;
	*err = t->err;
	return -1;
}
