/* send-try.c - one attempt at each message that was claimed. Nothing is written
 * to the store here: what came of it is settled by the next round. */
#include "send-internal.h"

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>

/* What a message refers to at its target: remote ids, owned, or NULL. */
struct context {
	char *root, *last, *edit;
};

static bool same_room(const struct send_job *a, const struct send_job *b)
{
	return !strcmp(a->target, b->target) && !strcmp(a->room, b->room);
}

static bool has_arrived(const struct send_job *j)
{
	return j->tried && j->result.remote_id &&
	       (j->result.outcome == CHANNEL_DELIVERED ||
		j->result.outcome == CHANNEL_ACCEPTED);
}

static const char *thread_of(const struct send_job *j, const struct note *n)
{
	if (n->thread)
		return n->thread;
	return n->incident ? n->incident : j->thread;
}

static int stored_thread(struct send *s, const struct send_job *j,
			 const char *thread, struct context *c, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s->store, err,
		"SELECT root, last FROM send_threads WHERE target = $1 AND "
		"room = $2 AND thread = $3",
		S_TEXT(j->target), S_TEXT(j->room), S_TEXT(thread));
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0)
		return got;
	c->root = mem_dup_slice(store_text(rows, 0));
	c->last = mem_dup_slice(store_text(rows, 1));
	return 0;
}

static int stored_edit(struct send *s, const struct send_job *j,
		       const char *key, struct context *c, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s->store, err,
		"SELECT d.remote_id FROM deliveries d JOIN messages m ON m.num "
		"= d.message WHERE m.key = $1 AND d.target = $2 AND d.room = "
		"$3",
		S_TEXT(key), S_TEXT(j->target), S_TEXT(j->room));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		c->edit = mem_dup_slice(store_text(rows, 0));
	return got < 0 ? -1 : 0;
}

/* What arrived in this round is not in the store yet. */
static void from_round(struct send *s, const struct send_job *j,
		       const struct note *n, struct context *c)
{
	for (size_t i = 0; i < s->jobs.count; i++) {
		const struct send_job *o = &s->jobs.items[i];

		if (o == j || !has_arrived(o) || !same_room(o, j))
			continue;
		if (n->supersedes && !strcmp(n->supersedes, o->key)) {
			free(c->edit);
			c->edit = mem_dup(o->result.remote_id);
		}
		if (!j->under || !o->under || strcmp(j->under, o->under) != 0)
			continue;
		if (!c->root)
			c->root = mem_dup(o->result.remote_id);
		free(c->last);
		c->last = mem_dup(o->result.remote_id);
	}
}

static int find_context(struct send *s, struct send_job *j,
			const struct note *n, struct context *c,
			struct err *err)
{
	const char *thread = thread_of(j, n);

	j->under = thread ? mem_dup(thread) : NULL;
	if (thread && stored_thread(s, j, thread, c, err) < 0)
		return -1;
	if (n->supersedes && stored_edit(s, j, n->supersedes, c, err) < 0)
		return -1;
	if (thread || n->supersedes)
		from_round(s, j, n, c);
	return 0;
}

/* Not now, for a reason of ours. */
static void put_off(struct send_job *j, const char *reason)
{
	j->result = (struct channel_result){.outcome = CHANNEL_LATER,
					    .reason = mem_dup(reason)};
}

static void forget_result(struct send_job *j)
{
	free(j->result.remote_id);
	free(j->result.reason);
	j->result = (struct channel_result){.outcome = CHANNEL_LATER};
}

/* What cannot be edited any more is said anew. */
static void hand_over(struct send *s, struct channel *ch,
		      struct channel_job *what, struct send_job *j)
{
	s->via->send(ch, what, &j->result);
	if (!what->edit || j->result.outcome != CHANNEL_FAILED)
		return;
	forget_result(j);
	what->edit = NULL;
	s->via->send(ch, what, &j->result);
}

static void ask_first(struct send *s, struct channel *ch,
		      struct channel_job *what, struct send_job *j)
{
	const struct channel_traits *t = s->via->traits(ch);

	if (!j->maybe || t->safe_again || !t->read_back) {
		hand_over(s, ch, what, j);
		return;
	}
	s->via->look(ch, what, &j->result);
	if (j->result.outcome != CHANNEL_LATER)
		return;
	/* It did not arrive. */
	forget_result(j);
	j->maybe = false;
	hand_over(s, ch, what, j);
}

/* The delivery says which room it is: a fallback has others. */
static void set_room(const struct send_job *j, struct note *n)
{
	free(n->room);
	n->room = *j->room ? mem_dup(j->room) : NULL;
}

/* An edit is known by the message that people see, which later ones edit. */
static void keep_edited(struct send_job *j, const char *edit)
{
	j->edit = edit != NULL;
	if (!edit || !j->result.remote_id)
		return;
	free(j->result.remote_id);
	j->result.remote_id = mem_dup(edit);
}

static void attempt(struct send *s, struct channel *ch, struct send_job *j)
{
	AUTO_NOTE struct note n = {.type = NULL};
	struct context c = {.root = NULL};
	struct err err = ERR_INIT;
	char id[SEND_ID];
	struct channel_job what = {.note = &n, .key = id};

	send_id(j->key, id);
	if (note_read(&n, (struct slice){j->record, j->record_len}, &err) < 0) {
		j->result = (struct channel_result){
			.outcome = CHANNEL_FAILED, .reason = mem_dup(err.text)};
		return;
	}
	set_room(j, &n);
	if (find_context(s, j, &n, &c, &err) < 0) {
		put_off(j, err.text);
	} else {
		what.root = c.root;
		what.last = c.last;
		what.edit = s->via->traits(ch)->edits ? c.edit : NULL;
		what.since = j->written;
		ask_first(s, ch, &what, j);
		keep_edited(j, what.edit);
	}
	free(c.root);
	free(c.last);
	free(c.edit);
}

static void try_one(struct send *s, struct send_job *j, struct send_round *ret)
{
	struct err err = ERR_INIT;
	struct channel *ch =
		send_target_channel(s, send_target_get(s, j->target), &err);

	if (ch) {
		attempt(s, ch, j);
	} else {
		put_off(j, err.text);
		s->wrong |= err.kind == ERR_USAGE;
	}
	j->tried = true;
	ret->tried++;
	if (j->result.outcome == CHANNEL_DELIVERED ||
	    j->result.outcome == CHANNEL_ACCEPTED)
		ret->delivered++;
}

/* The one before it in its room is to be tried again first. */
static bool is_behind(const struct send *s, const struct send_job *j)
{
	for (const struct send_job *o = s->jobs.items; o != j; o++)
		if (same_room(o, j) &&
		    (!o->tried || o->result.outcome == CHANNEL_LATER ||
		     o->result.outcome == CHANNEL_UNKNOWN))
			return true;
	return false;
}

/* Rooms that have failed before come last: they may take their time. */
void send_try(struct send *s, struct send_round *ret)
{
	int64_t began = clock_mono();

	for (int late = 0; late < 2; late++) {
		for (size_t i = 0; i < s->jobs.count; i++) {
			struct send_job *j = &s->jobs.items[i];

			if (j->late != (late == 1) || is_behind(s, j))
				continue;
			if (signals_stop() ||
			    (ret->tried &&
			     clock_mono() - began > SEND_ROUND_MS))
				break;
			try_one(s, j, ret);
		}
	}
	if (clock_mono() - began > SEND_ROUND_MS)
		s->quota = ret->tried > 1 ? ret->tried : 1;
	else if (s->quota < SEND_CLAIM_MAX)
		s->quota *= 2;
	if (s->quota > SEND_CLAIM_MAX)
		s->quota = SEND_CLAIM_MAX;
}
