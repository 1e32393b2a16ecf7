/* run.c - messages on their way through: each record is written when it is
 * known what became of it, or when nothing goes on any more, in order. */
#include "send-cmd.h"

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#include <poll.h>
#include <signal.h>

#define STEP_MS	    200	 /* longest sleep: others may have settled something */
#define IDLE_MS	    5000 /* the same when nobody waits for it */
#define STATUS_NO   1
#define SLOTS_MAX   512
#define BATCH	    128 /* messages put into the outbox at a time */
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)
#define REPORTED    20 /* failures that are told one by one */

/* A record, which is written when all before it have been. */
struct slot {
	struct slot *next;
	struct buf line;
	struct buf told; /* delivery records */
	char *key;	 /* NULL: no message */
	int64_t num;
	size_t open;
};

struct run {
	struct store *store;
	struct send *send;
	struct record_writer *out;
	char **to;
	struct slot *first, *last;
	size_t count, reported;
	size_t added;	  /* bytes that wait for a round */
	int64_t progress; /* when something ended, on the monotonic clock */
	bool stalled;	  /* that is too long ago to wait for more */
	int status;
};

/* ---- slots ---- */

static struct slot *add_slot(struct run *r, struct slice line)
{
	struct slot *s = mem_zero(1, sizeof(*s));

	s->line.max = s->told.max = SIZE_MAX / 2;
	buf_add_slice(&s->line, line);
	if (r->last)
		r->last->next = s;
	else
		r->first = s;
	r->last = s;
	r->count++;
	return s;
}

static void drop_first(struct run *r)
{
	struct slot *s = r->first;

	r->first = s->next;
	if (!r->first)
		r->last = NULL;
	r->count--;
	buf_done(&s->line);
	buf_done(&s->told);
	free(s->key);
	free(s);
}

/* ---- what became of messages ---- */

static bool is_open(const char *status)
{
	return !strcmp(status, "queued") || !strcmp(status, "sending") ||
	       !strcmp(status, "held") || !strcmp(status, "joined");
}

void run_note(int *status, size_t *reported, const struct send_delivery *d)
{
	bool failed = !strcmp(d->status, "failed");
	bool unknown = !strcmp(d->status, "unknown");
	int tempfail = err_exit_status(ERR_REMOTE);

	if (failed)
		*status = err_worse_status(*status, STATUS_NO);
	if (unknown || is_open(d->status))
		*status = err_worse_status(*status, tempfail);
	if ((!failed && !unknown) || ++*reported > REPORTED + 1)
		return;
	if (*reported == REPORTED + 1)
		diag_warn("further messages that fail are not named here: "
			  "chatops-send outbox list --status failed");
	else
		diag_warn("%s%s%s: %s: %s", d->key, *d->target ? " to " : "",
			  d->target, d->status,
			  d->reason ? d->reason : "no reason was given");
}

static void add_record(struct run *r, struct slot *s,
		       const struct send_delivery *d)
{
	send_delivery_record(d, &s->told);
	buf_add_char(&s->told, '\n');
	run_note(&r->status, &r->reported, d);
}

static void on_told(void *arg, const struct send_delivery *d)
{
	struct run *r = arg;
	struct slot *s = r->first;

	r->progress = clock_mono();
	r->stalled = false;
	while (s && s->num != d->message)
		s = s->next;
	if (!s)
		return;
	if (is_open(d->status)) {
		s->open++; /* at a fallback */
		return;
	}
	if (s->open)
		s->open--;
	add_record(r, s, d);
}

/* ---- opening ---- */

static int check_to(struct run *r, struct err *err)
{
	bool any = false;

	if (!send_args.to)
		return 0;
	r->to = split_names(send_args.to);
	for (size_t i = 0; r->to[i]; i++) {
		struct err why = ERR_INIT;

		if (send_known(r->send, r->to[i], &why) == 0)
			any = true;
		else if (!r->to[1])
			return err_set(err, why.kind, "%s", why.text);
	}
	/* The others still get it. */
	return any ? 0
		   : err_set(err, ERR_USAGE,
			     "--to names no target or group that there is");
}

int run_open(struct run **ret, struct record_writer *out, struct err *err)
{
	AUTO_RUN struct run *r = mem_zero(1, sizeof(*r));
	struct send_options o = {
		.config = cli_config(), .told = on_told, .arg = r};

	/* What was sent is to be settled, also when nobody reads of it. */
	(void)signal(SIGPIPE, SIG_IGN);
	r->out = out;
	r->progress = clock_mono();
	if (store_open(&r->store, cli_store_address(), STORE_WRITE, err) < 0)
		return -1;
	o.store = r->store;
	if (send_open(&r->send, &o, err) < 0 || check_to(r, err) < 0)
		return -1;
	*ret = TAKE_PTR(r);
	return 0;
}

void run_close(struct run *r)
{
	if (!r)
		return;
	while (r->first)
		drop_first(r);
	free_names(r->to);
	send_free(r->send);
	store_close(r->store);
	free(r);
}

void run_set_out(struct run *r, struct record_writer *out)
{
	r->out = out;
}

int run_status(const struct run *r)
{
	return r->status;
}

/* ---- writing ---- */

static void write_first(struct run *r)
{
	struct slot *s = r->first;

	record_write(r->out, buf_slice(&s->line));
	if (s->told.len)
		record_write_lines(r->out, buf_slice(&s->told));
	drop_first(r);
}

/* Asking the store how a message stands. */
struct asking {
	struct run *run;
	struct slot *slot;
	bool open;
	bool said; /* what went wrong was said before */
};

static void on_row(void *arg, const struct send_delivery *d)
{
	struct asking *a = arg;
	size_t quiet = REPORTED + 1;

	send_delivery_record(d, &a->slot->told);
	buf_add_char(&a->slot->told, '\n');
	run_note(&a->run->status, a->said ? &quiet : &a->run->reported, d);
}

static void on_look(void *arg, const struct send_delivery *d)
{
	struct asking *a = arg;

	a->open |= is_open(d->status);
}

/* As the store has it: it was there before, or it still waits. */
static int write_as_stored(struct run *r, struct err *err)
{
	struct send_query q = {.key = r->first->key};
	struct asking a = {
		.run = r, .slot = r->first, .said = r->first->told.len > 0};

	buf_reset(&r->first->told);
	if (send_list(r->store, &q, on_row, &a, err) < 0)
		return -1;
	write_first(r);
	return 0;
}

/* 1: others have sent what was there before. */
static int is_settled(struct run *r, const struct slot *s, struct err *err)
{
	struct send_query q = {.key = s->key};
	struct asking a = {.run = r};

	if (send_list(r->store, &q, on_look, &a, err) < 0)
		return -1;
	if (!a.open)
		r->progress = clock_mono();
	return !a.open;
}

enum which {
	THOSE_TOLD,    /* and those that were settled before */
	THOSE_SETTLED, /* by others, too */
	ALL,	       /* as they stand */
};

static int write_ready(struct run *r, enum which which, struct err *err)
{
	while (r->first) {
		struct slot *s = r->first;
		int settled = which == ALL;

		if (!s->key || (s->num && !s->open)) {
			write_first(r);
			continue;
		}
		if (which == THOSE_SETTLED || (which == THOSE_TOLD && !s->num))
			settled = is_settled(r, s, err);
		if (settled <= 0)
			return settled;
		if (write_as_stored(r, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- rounds ---- */

static bool input_waits(int ms)
{
	return signals_poll(STDIN_FILENO, POLLIN, ms) > 0;
}

static int64_t until(int64_t when, int64_t most)
{
	int64_t ms = when == WHEN_NONE ? most : when - clock_now();

	if (ms > most)
		return most;
	return ms > 1 ? ms : 1;
}

static int one_round(struct run *r, struct send_round *round, struct err *err)
{
	if (send_round(r->send, round, err) < 0)
		return -1;
	if (round->wrong)
		r->status =
			err_worse_status(r->status, err_exit_status(ERR_USAGE));
	if (write_ready(r, round->tried ? THOSE_TOLD : THOSE_SETTLED, err) < 0)
		return -1;
	return record_flush(r->out, err);
}

/* Those that wait are written as they are: nothing goes on any more. */
static int give_up(struct run *r, struct err *err)
{
	r->stalled = true;
	return write_ready(r, ALL, err) < 0 ? -1 : record_flush(r->out, err);
}

/* Nothing is due now. 1: look again. */
static int rest(struct run *r, const struct send_round *round, bool look,
		struct err *err)
{
	int64_t left =
		r->stalled ? 0 : r->progress + send_args.wait - clock_mono();
	int64_t ms = until(round->next, r->first ? STEP_MS : IDLE_MS);

	if (r->first && (left <= 0 || signals_stop()))
		return give_up(r, err) < 0 ? -1 : look && !signals_stop();
	if (!r->first && (!look || round->next == WHEN_NONE))
		return 0;
	if (r->first && ms > left)
		ms = left;
	if (look)
		return !input_waits((int)ms) && !signals_stop();
	(void)signals_sleep(ms);
	return 1;
}

/* Until so few are left, or, with look, until there is more to read. */
static int pump(struct run *r, size_t left, bool look, struct err *err)
{
	struct send_round round;
	int got = 1;

	while (got > 0 && (r->count > left || look || send_added(r->send))) {
		if (one_round(r, &round, err) < 0)
			return -1;
		got = round.tried ? 1 : rest(r, &round, look, err);
	}
	return got < 0 ? -1 : 0;
}

int run_settle(struct run *r, bool look, struct err *err)
{
	struct send_round round;

	if (pump(r, 0, look, err) < 0)
		return -1;
	/* The last attempts are to be settled, whoever made them. */
	do {
		if (one_round(r, &round, err) < 0)
			return -1;
	} while (round.tried && !look);
	return 0;
}

/* ---- in ---- */

static struct slot *take_in(struct run *r, struct slice line)
{
	if (!r->first && !r->stalled)
		r->progress = clock_mono();
	return add_slot(r, line);
}

int run_pass(struct run *r, struct slice line, struct err *err)
{
	if (!r->first) {
		record_write(r->out, line);
		return 0;
	}
	(void)take_in(r, line);
	return r->count >= SLOTS_MAX ? pump(r, SLOTS_MAX / 2, false, err) : 0;
}

int run_add(struct run *r, const struct run_message *m, struct err *err)
{
	struct slot *s = take_in(r, m->record);
	struct send_message message = {
		.key = m->key,
		.thread = m->thread,
		.call = m->call,
		.record = m->stored.ptr ? m->stored : m->record,
		.to = (const char *const *)r->to,
		.ret_num = &s->num,
		.ret_open = &s->open,
	};

	s->key = mem_dup(m->key);
	send_add(r->send, &message);
	r->added += m->record.len;
	if (send_added(r->send) < BATCH && r->added < BATCH_BYTES)
		return 0;
	r->added = 0;
	return pump(r, SLOTS_MAX / 2, false, err);
}
