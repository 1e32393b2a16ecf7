/* tail.c - whose turn it is to be read, and when to look around. */
#include <oncall/tail.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

#include "tail-parts.h"

#define OPEN_MIN   16
#define OPEN_MAX   4096
#define CHANGES	   16 /* looks at one file within one turn */
#define SHARE	   20 /* looking around takes at most a part of the time */
#define STALE	   64
#define NAMES_PACE 100 /* ms between two lists of names */

void tail_tell(struct tail *t, const struct err *err)
{
	t->troubles++;
	if (t->opt.trouble)
		t->opt.trouble(t->opt.arg, err);
}

void tail_tell_once(struct tail *t, struct tail_file *f, const struct err *err)
{
	if (!f->told)
		tail_tell(t, err);
	f->told = true;
}

void tail_queue(struct tail *t, struct tail_file *f)
{
	if (f->queued)
		return;
	f->queued = true;
	f->next_ready = NULL;
	*(t->ready ? &t->last_ready->next_ready : &t->ready) = f;
	t->last_ready = f;
}

static void unqueue_first(struct tail *t)
{
	struct tail_file *f = t->ready;

	t->ready = f->next_ready;
	f->queued = false;
}

/* Streams in order; a later one only when those before are dry. */
static enum tail_state read_file(struct tail *t, struct tail_file *f,
				 struct input_block *b)
{
	int changes = 0;
	size_t i = 0;

	while (i < f->count) {
		enum tail_state state = tail_read(t, f->streams[i], b);

		if (state == TAIL_GOT)
			return state;
		if (state == TAIL_CHANGED) {
			if (++changes == CHANGES)
				return state;
			tail_look(t, f);
			i = 0;
		} else {
			i++;
		}
	}
	return TAIL_DRY;
}

/* One block of the file whose turn it is, which then goes to the end of the
 * queue; in a batch it is read to its end. */
static bool next_turn(struct tail *t, struct input_block *b)
{
	struct tail_file *f = t->ready;
	enum tail_state state;

	f->begun = true;
	if (f->look)
		tail_look(t, f);
	state = read_file(t, f, b);
	if (state == TAIL_GOT && !t->opt.follow)
		return true;
	unqueue_first(t);
	if (state == TAIL_GOT || f->look ||
	    (state == TAIL_CHANGED && t->opt.follow))
		tail_queue(t, f);
	return state == TAIL_GOT;
}

/* Entries of the maps that mean nothing are left out. */
static void tidy(struct tail *t)
{
	if (t->stale < STALE + t->by_path.count / 2)
		return;
	t->stale = 0;
	map_clear(&t->by_path, NULL);
	map_clear(&t->by_inode, NULL);
	for (size_t i = 0; i < t->file_count; i++) {
		struct tail_file *f = t->files[i];

		*map_put(&t->by_path, slice_of(f->path)) = f;
		for (size_t k = 0; k < f->count; k++)
			if (!f->streams[k]->pipe && !f->streams[k]->elsewhere)
				tail_stream_index(t, f->streams[k],
						  &f->streams[k]->inode);
	}
}

static void add_names(struct tail *t, struct tail_operand *o)
{
	int64_t asked = tail_inode_clock();

	tail_names_add(t, o);
	if (!o->begun)
		o->begun = asked;
}

static void list_names(struct tail *t)
{
	int64_t begun = clock_mono();
	t->names_due = false;
	for (size_t i = 0; i < t->operand_count; i++)
		add_names(t, &t->operands[i]);

	t->next_names = begun + NAMES_PACE + SHARE * (clock_mono() - begun);
}

void tail_look_around(struct tail *t)
{
	int64_t begun = clock_mono();
	int64_t pause = t->inotify >= 0 ? TAIL_POLL : INPUT_WAIT_STEP;
	int64_t took;

	tail_watch_all(t);
	list_names(t);
	for (size_t i = t->file_count; i-- > 0;) {
		tail_look(t, t->files[i]);
		tail_look_back(t, t->files[i]); /* may drop it */
	}
	t->starting = false;
	tidy(t);
	took = clock_mono() - begun;
	t->next_poll = clock_mono() + pause + SHARE * took;
}

static bool find_pipes(struct tail *t)
{
	bool any = false;

	for (size_t i = 0; t->pipes && i < t->file_count; i++) {
		struct tail_file *f = t->files[i];

		if (f->count && f->streams[0]->pipe && !f->streams[0]->done) {
			tail_queue(t, f);
			any = true;
		}
	}
	return any;
}

/* Batch: the next operand, when all before it have been read. */
static void next_operand(struct tail *t)
{
	size_t i = 0;

	while (i < t->operand_count && t->operands[i].used)
		i++;
	if (i < t->operand_count) {
		t->operands[i].used = true;
		add_names(t, &t->operands[i]);
		return;
	}
	/* What the saved state knows under a name that no longer stands. */
	for (i = 0; i < t->file_count; i++)
		if (!t->files[i]->begun)
			tail_queue(t, t->files[i]);
}

static bool operands_left(const struct tail *t)
{
	for (size_t i = 0; i < t->operand_count; i++)
		if (!t->operands[i].used)
			return true;
	for (size_t i = 0; i < t->file_count; i++)
		if (!t->files[i]->begun)
			return true;
	return false;
}

/* Fills the queue; false when nothing will ever come. */
static bool gather(struct tail *t)
{
	if (t->opt.follow) {
		tail_watch_events(t);
		if (clock_mono() >= t->next_poll)
			tail_look_around(t);
		else if (t->names_due && clock_mono() >= t->next_names)
			list_names(t);
	}
	t->piping = find_pipes(t);
	if (t->opt.follow)
		return t->ready || t->piping || t->others;
	while (!t->ready && !t->piping && operands_left(t))
		next_operand(t);
	return t->ready || t->piping;
}

/* False when it is time to return. */
static bool wait_until(struct tail *t, int64_t end)
{
	int64_t now = clock_mono();
	int64_t until = end;

	if (t->opt.follow && t->next_poll < until)
		until = t->next_poll;
	if (t->opt.follow && t->names_due && t->next_names < until)
		until = t->next_names;
	if (until <= now)
		return end > now;
	if (until - now > TAIL_LINGER)
		until = now + TAIL_LINGER;
	return signals_poll(t->epoll, POLLIN, (int)(until - now)) >= 0 &&
	       clock_mono() < end;
}

static int tail_next(struct input *in, struct input_block *b, int wait_ms,
		     struct err *err)
{
	struct tail *t = tail_of(in);
	int64_t end = wait_ms < 0 ? INT64_MAX : clock_mono() + wait_ms;

	(void)err;
	do {
		if (!gather(t))
			return INPUT_END;
		while (t->ready)
			if (next_turn(t, b))
				return INPUT_BLOCK_READY;
		/* What has ended in its turn is not waited for. */
		t->piping = find_pipes(t);
	} while ((!t->opt.follow && !t->piping) || wait_until(t, end));
	return INPUT_NOTHING;
}

static void tail_free(struct input *in)
{
	struct tail *t = tail_of(in);

	for (size_t i = 0; i < t->file_count; i++) {
		struct tail_file *f = t->files[i];

		while (f->count)
			tail_stream_free(t, f->streams[--f->count]);
		free(f->streams);
		free(f->path);
		free(f);
	}
	for (size_t i = 0; i < t->shown_count; i++) {
		free(t->shown[i]->id);
		free(t->shown[i]->path);
		free(t->shown[i]->service);
		free(t->shown[i]);
	}
	for (size_t i = 0; i < t->operand_count; i++)
		free(t->operands[i].path);
	tail_watch_done(t);
	tail_siblings_forget(&t->list);
	map_done(&t->by_path, NULL);
	map_done(&t->by_inode, NULL);
	free(t->operands);
	free(t->files);
	free(t->shown);
	free((char *)(uintptr_t)t->opt.service);
	free(t);
}

uint64_t tail_troubles(const struct input *in)
{
	return tail_of(in)->troubles;
}

/* Half of the descriptors that the process may have; the rest is for others. */
static size_t open_limit(void)
{
	struct rlimit limit = {OPEN_MIN, OPEN_MIN};

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur / 2 > OPEN_MAX)
		return OPEN_MAX;
	return limit.rlim_cur / 2 > OPEN_MIN ? (size_t)limit.rlim_cur / 2
					     : OPEN_MIN;
}

static int copy_operands(struct tail *t, const struct tail_options *opt,
			 struct err *err)
{
	t->operands = mem_zero(opt->path_count + 1, sizeof(*t->operands));
	for (size_t i = 0; i < opt->path_count; i++) {
		struct tail_operand *o = &t->operands[t->operand_count++];

		o->path = mem_dup(opt->paths[i]);
		if (tail_names_check(o, err) < 0)
			return -1;
		if (strcmp(o->path, "-") != 0)
			t->others = true;
	}
	return 0;
}

int tail_new(struct input **ret, const struct tail_options *opt,
	     struct err *err)
{
	static const struct input_ops ops = {tail_next, tail_save, tail_load,
					     tail_free};
	AUTO_INPUT struct input *in = NULL;
	struct tail *t = mem_zero(1, sizeof(*t));

	in = &t->base;
	t->base.ops = &ops;
	t->opt = *opt;
	t->opt.service = mem_dup(opt->service);
	t->opt.max_line = opt->max_line ? opt->max_line : INPUT_MAX_LINE;
	t->opt.block = opt->block ? opt->block : INPUT_BLOCK;
	t->starting = true;
	t->next_poll = INT64_MIN;
	t->open_max = open_limit();
	tail_watch_start(t);
	if (copy_operands(t, opt, err) < 0)
		return -1;
	/* A terminal, a pipe or /dev/null is nobody's input by accident. */
	t->has_out = opt->out_fd >= 0 &&
		     tail_inode_of(opt->out_fd, &t->out) == 0 &&
		     S_ISREG(t->out.mode);
	*ret = TAKE_PTR(in);
	return 0;
}
