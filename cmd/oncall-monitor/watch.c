/* watch.c - reads, detects and writes, until the end or a stop. */
#include "monitor.h"
#include "turns.h"

#include <pthread.h>
#include <stdio.h>

#include <oncall/checkpoint.h>
#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/when.h>

/* How long an input is silent before what was found is flushed. */
#define DRY_MS 3
/* How long to wait for input before deadlines are looked at again. */
#define STEP_MS 500
/* A busy input is flushed, and its place saved, so often; more often where it
 * is followed and saving takes no more than a part of the time. */
#define BUSY_MS 1000
#define SHARE	20
/* And a quiet one is saved this long after the last time. */
#define QUIET_MS 200
/* Lines are written, and read, a little after they happen. */
#define LATE_MS 2000

struct place { /* of one stream */
	const struct input_stream *stream;
	uint64_t position;
	bool moved;
};

struct watch {
	struct input *in;
	struct ruleset *rules;
	struct detector *d; /* of them */
	struct record_writer out;
	struct store *store; /* with --cursor */
	int64_t number;	     /* of the last snapshot */
	struct place *places;
	size_t place_count;
	bool moved;	      /* since the last snapshot */
	uint64_t saved_input; /* hash of the input's state in it */
	int64_t saved_at, flushed_at, stop_at;
	int64_t pause; /* until a busy input is saved again */
	struct turns *turns;
	bool told;  /* something is written */
	bool cut;   /* a block was left by a stop: what was read is not told */
	int status; /* the worst that was told; under telling */
	pthread_mutex_t telling;
};

static void on_trouble(void *arg, const struct err *err)
{
	struct watch *w = arg;

	(void)pthread_mutex_lock(&w->telling);
	diag_warn("%s", err->text);
	if (!args.follow)
		w->status =
			err_worse_status(w->status, err_exit_status(err->kind));
	(void)pthread_mutex_unlock(&w->telling);
}

static void note_place(struct watch *w, const struct input_block *b)
{
	size_t i = b->stream->number;
	struct place *p;

	w->moved = true;
	while (i >= w->place_count) {
		size_t more = w->place_count ? 2 * w->place_count : 16;

		w->places = mem_resize(w->places, more, sizeof(*w->places));
		memset(w->places + w->place_count, 0,
		       (more - w->place_count) * sizeof(*w->places));
		w->place_count = more;
	}
	p = &w->places[i];
	p->stream = b->stream;
	p->moved = true;
	if (!b->event_count)
		p->position = b->offset + b->text.len;
	/* Events that others have overtaken do not set it back. */
	for (size_t k = 0; k < b->event_count; k++)
		if (b->events[k].offset > p->position)
			p->position = b->events[k].offset;
}

static void write_cursor(struct watch *w, const char *kind, const char *stream,
			 const char *path, uint64_t position)
{
	struct buf *b = &w->out.out;
	AUTO_BUF struct buf id = BUF_INIT;

	buf_addf(&id, "%s:%lld", args.cursor, (long long)w->number);
	jwrite_new(b, "cursor");
	jwrite_open(b, "source", '{');
	jwrite_str(b, "kind", kind);
	jwrite_str(b, "stream", stream);
	jwrite_str_opt(b, "path", path);
	jwrite_close(b, '}');
	jwrite_int(b, "position", (int64_t)position);
	jwrite_text(b, "snapshot", buf_slice(&id));
	jwrite_close(b, '}');
	record_write_end(&w->out);
}

/* A cursor for each stream that moved; any of them, once committed, makes the
 * snapshot count. Where none has a position, one for the monitor itself. */
static void write_cursors(struct watch *w)
{
	bool written = false;

	for (size_t i = 0; i < w->place_count; i++) {
		struct place *p = &w->places[i];

		if (p->moved && p->stream->positions) {
			write_cursor(w, p->stream->kind, p->stream->id,
				     p->stream->path, p->position);
			written = true;
		}
		p->moved = false;
	}
	if (!written) {
		AUTO_BUF struct buf stream = BUF_INIT;

		buf_addf(&stream, "monitor:%s", args.cursor);
		write_cursor(w, "monitor", buf_str(&stream), NULL,
			     (uint64_t)w->number);
	}
}

/* The state of everything. */
static void save_state(struct watch *w, struct buf *state)
{
	AUTO_BUF struct buf part = BUF_INIT_MAX(SIZE_MAX / 2);

	jwrite_open(state, NULL, '{');
	input_save(w->in, &part);
	w->saved_input = hash_key(part.data, part.len);
	jwrite_raw(state, "input", buf_slice(&part));
	buf_reset(&part);
	detector_save(w->d, &part);
	jwrite_raw(state, "detector", buf_slice(&part));
	jwrite_close(state, '}');
}

/* The state, then the cursors that name it. Only when all that was read is
 * settled. */
static int checkpoint(struct watch *w, struct err *err)
{
	AUTO_BUF struct buf state = BUF_INIT_MAX(SIZE_MAX / 2);
	int64_t begun = clock_mono(), now;

	if (!w->store || !w->moved || w->cut)
		return 0;
	save_state(w, &state);
	if (checkpoint_save(w->store, args.cursor, ++w->number,
			    buf_slice(&state), err) < 0)
		return -1;
	write_cursors(w);
	w->moved = false;
	w->saved_at = now = clock_mono();
	if (args.follow) {
		w->pause = SHARE * (now - begun);
		w->pause = w->pause < QUIET_MS ? QUIET_MS : w->pause;
		w->pause = w->pause < BUSY_MS ? w->pause : BUSY_MS;
	}
	return 0;
}

/* What is followed is known before the first line of it is told, so that it is
 * found again wherever it is rotated to before its place is saved. That state
 * counts at once, as there is no cursor to name it yet. */
static int first_checkpoint(struct watch *w, struct err *err)
{
	AUTO_BUF struct buf state = BUF_INIT_MAX(SIZE_MAX / 2);

	if (!args.follow)
		return 0;
	save_state(w, &state);
	return checkpoint_keep(w->store, args.cursor, buf_slice(&state), err);
}

/* An input may have come further without handing anything on: the first lines
 * of an event that is not complete, documents of which none is new. */
static void note_input(struct watch *w)
{
	AUTO_BUF struct buf part = BUF_INIT_MAX(SIZE_MAX / 2);

	if (!w->store || w->moved)
		return;
	input_save(w->in, &part);
	w->moved = hash_key(part.data, part.len) != w->saved_input;
}

static int flush(struct watch *w, struct err *err)
{
	w->flushed_at = clock_mono();
	return record_flush(&w->out, err);
}

/* The input is silent: deadlines pass by the clock, what was found is told. */
static int be_quiet(struct watch *w, struct err *err)
{
	uint64_t before = detector_stats(w->d).detections;

	turns_drain(w->turns);
	if (args.follow && !cli_replay())
		detector_time(w->d, clock_now() - LATE_MS, &w->out);
	if (detector_stats(w->d).detections != before)
		w->moved = true;
	if (clock_mono() - w->saved_at >= QUIET_MS && checkpoint(w, err) < 0)
		return -1;
	return flush(w, err);
}

static bool is_over(const struct watch *w)
{
	return signals_stop() ||
	       (w->stop_at != WHEN_NONE && clock_mono() >= w->stop_at);
}

static int keep_up(struct watch *w, struct err *err)
{
	int64_t now = clock_mono();

	if (w->store && w->moved && now - w->saved_at >= w->pause) {
		turns_drain(w->turns);
		if (checkpoint(w, err) < 0 || flush(w, err) < 0)
			return -1;
	} else if (now - w->flushed_at >= BUSY_MS) {
		turns_drain(w->turns);
		return flush(w, err);
	}
	return 0;
}

/* When all that was read is settled. What is wrong with the new rules leaves
 * those that are in force. */
static void reload(void *arg)
{
	struct watch *w = arg;
	const struct inputs_trouble trouble = {on_trouble, w};
	struct ruleset *rules = NULL;
	struct err err = ERR_INIT;

	if (rules_open(&rules, true, &trouble, &err) < 0 ||
	    detector_take_over(rules->d, w->d, &err) < 0) {
		diag_warn("the patterns stay as they were: %s", err.text);
		rules_close(rules);
		return;
	}
	rules_close(w->rules);
	w->rules = rules;
	w->d = rules->d;
	diag_info("%zu patterns were read again", rules->packs.rule_count);
}

static int read_block(void *arg, struct input_block *b, struct err *err)
{
	struct watch *w = arg;
	int state = INPUT_NOTHING;
	int wait = DRY_MS;

	if (keep_up(w, err) < 0)
		return -1;
	while (!is_over(w)) {
		/* Only one thread follows: nothing is scanned meanwhile. */
		if (args.follow && signals_reload())
			return TURNS_RELOAD;
		state = input_next(w->in, b, wait, err);
		if (state != INPUT_NOTHING)
			break;
		if (be_quiet(w, err) < 0)
			return -1;
		wait = w->moved ? QUIET_MS : STEP_MS;
	}
	if (state == INPUT_BLOCK_READY) {
		note_place(w, b);
		return TURNS_BLOCK;
	}
	return state < 0 ? -1 : TURNS_END;
}

static struct detector_work *new_work(void *arg)
{
	const struct watch *w = arg;

	return detector_work_new(w->d);
}

static void settle(void *arg, struct detector_work *work)
{
	struct watch *w = arg;

	detector_settle(w->d, work, &w->out);
	w->cut |= detector_cut(work);
	/* What is found first is told at once. */
	if (!w->told && w->out.out.len > 0) {
		struct err ignored = ERR_INIT; /* what failed fails again */

		w->told = record_flush(&w->out, &ignored) == 0;
	}
}

static int run(struct watch *w, struct err *err)
{
	static const struct turns_ops ops = {
		.read = read_block,
		.reload = reload,
		.work = new_work,
		.settle = settle,
	};

	/* What is followed is of now: one thread is enough. */
	w->turns = turns_new(&ops, w, args.follow ? 1 : (size_t)args.jobs);
	if (turns_run(w->turns, err) < 0) {
		struct err ignored = ERR_INIT;

		(void)flush(w, &ignored); /* what was found before is told */
		return -1;
	}
	/* A stop keeps what is folded and pending for the next start. */
	if (!signals_stop() || !w->store)
		detector_finish(w->d, &w->out);
	note_input(w);
	if (checkpoint(w, err) < 0)
		return -1;
	return flush(w, err);
}

static int restore(struct watch *w, struct err *err)
{
	AUTO_BUF struct buf state = BUF_INIT_MAX(SIZE_MAX / 2);
	struct jscan scan = {.members = NULL};
	const struct jscan_member *input, *detector;
	int got;

	if (!args.cursor)
		return 0;
	if (checkpoint_name_check(args.cursor, err) < 0 ||
	    store_open(&w->store, cli_store_address(), STORE_WRITE, err) < 0 ||
	    checkpoint_hold(w->store, args.cursor, err) < 0)
		return -1;
	got = checkpoint_load(w->store, args.cursor, &state, &w->number, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return first_checkpoint(w, err);
	got = jscan_object(&scan, state.data, state.len, err);
	input = got ? NULL : jscan_get(&scan, "input");
	detector = got ? NULL : jscan_get(&scan, "detector");
	if (!got && input) {
		w->saved_input = hash_key(input->value.ptr, input->value.len);
		got = input_load(w->in, input->value, err);
	}
	if (!got && detector)
		got = detector_load(w->d, detector->value, err);
	if (got)
		(void)err_prefix(err, "cursor '%s': its snapshot", args.cursor);
	jscan_done(&scan);
	return got;
}

static void close_watch(struct watch *w)
{
	turns_free(w->turns);
	rules_close(w->rules);
	input_free(w->in);
	store_close(w->store);
	record_writer_done(&w->out);
	free(w->places);
	(void)pthread_mutex_destroy(&w->telling);
}

static int open_watch(struct watch *w, int argc, char **argv, struct err *err)
{
	const struct inputs_trouble trouble = {on_trouble, w};

	if (rules_open(&w->rules, false, &trouble, err) < 0)
		return -1;
	w->d = w->rules->d;
	if (inputs_open(&w->in, argc, argv, &trouble, err) < 0)
		return -1;
	return restore(w, err);
}

static int exit_status(const struct watch *w)
{
	int status = detector_stats(w->d).detections ? 0 : 1;

	if (signals_stop())
		status = err_worse_status(status, 128 + signals_stop());
	return err_worse_status(status, w->status);
}

int watch_run(int argc, char **argv, struct err *err)
{
	CLEANUP(close_watch)
	struct watch w = {
		.out = RECORD_WRITER_INIT(STDOUT_FILENO),
		.telling = PTHREAD_MUTEX_INITIALIZER,
		.stop_at = WHEN_NONE,
		.pause = args.follow ? QUIET_MS : BUSY_MS,
	};
	int64_t begun = clock_mono();

	w.saved_at = w.flushed_at = begun;
	if (args.duration)
		w.stop_at = begun + args.duration;
	if (open_watch(&w, argc, argv, err) < 0)
		return -1;
	/* Until here there is nothing to lose, and it may have taken long. */
	signals_install();
	if (run(&w, err) < 0)
		return -1;
	if (args.stats) {
		AUTO_BUF struct buf text = BUF_INIT;

		stats_print(w.d, clock_mono() - begun, &text);
		(void)fputs(buf_str(&text), stderr);
	}
	return exit_status(&w);
}
