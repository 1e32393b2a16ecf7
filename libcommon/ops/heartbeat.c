/*
 * heartbeat.c - which signs of life are missing.
 *
 * A check first claims, in a transaction, the commands that are due, so that
 * each is run by one check; then it looks; then it settles what it saw in a
 * second transaction, which also opens and resolves incidents. Of a command
 * that another check is running nothing is known until that has settled.
 */
#include <oncall/heartbeat.h>

#include <unistd.h>

#include <oncall/cli.h>
#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "heartbeat-internal.h"

#define PLACE_MAX 256
/* What is missing may be back at any time. */
#define LOOK_AGAIN WHEN_MINUTE

struct check {
	struct store *s;
	const struct config *c;
	const char *actor;
	int64_t now;
	struct heartbeat_set set;
	/* Who shares a store need not share a configuration: what is not here
	 * is forgotten by the host that looked at it last. */
	char place[PLACE_MAX];
};

static void find_place(char place[PLACE_MAX])
{
	if (gethostname(place, PLACE_MAX - 1) < 0)
		place[0] = '\0';
	place[PLACE_MAX - 1] = '\0';
}

/* ---- rows ---- */

static int lock(struct store *s, struct err *err)
{
	return store_lock(s, "heartbeats", err);
}

static int add_row(struct store *s, const char *name, int64_t now,
		   const char *place, struct err *err)
{
	return STORE_QUEUE(s, err,
			   "INSERT INTO heartbeats (name, since, place) "
			   "VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
			   S_TEXT(name), S_INT(now), S_TEXT(place));
}

/* A clock that was put back would make what lies ahead live for too long. */
static int64_t not_ahead(struct heartbeat *h, int64_t time, int64_t now)
{
	if (time == WHEN_NONE || time <= now)
		return time;
	h->changed = true;
	return now;
}

/* A heartbeat without a row is expected from now on. */
static int read_row(struct check *k, struct heartbeat *h, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(k->s, err,
			  "SELECT seen, since, looked, failed, missed, place "
			  "FROM heartbeats WHERE name = $1",
			  S_TEXT(h->name));
	int got;

	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	h->changed = false;
	if (!got) {
		h->seen = h->looked = h->failed = h->missed = WHEN_NONE;
		h->since = k->now;
		return add_row(k->s, h->name, k->now, k->place, err);
	}
	h->seen = not_ahead(h, store_time(rows, 0), k->now);
	h->since = not_ahead(h, store_time(rows, 1), k->now);
	h->looked = store_time(rows, 2);
	h->failed = store_time(rows, 3);
	h->missed = store_time(rows, 4);
	if (!slice_is(store_text(rows, 5), k->place))
		h->changed = true;
	return 0;
}

static int write_row(struct check *k, const struct heartbeat *h,
		     struct err *err)
{
	return STORE_QUEUE(k->s, err,
			   "UPDATE heartbeats SET seen = $2, since = $3, "
			   "looked = $4, failed = $5, missed = $6, place = $7 "
			   "WHERE name = $1",
			   S_TEXT(h->name), S_TIME(h->seen), S_INT(h->since),
			   S_TIME(h->looked), S_TIME(h->failed),
			   S_TIME(h->missed), S_TEXT(k->place));
}

/* ---- the claim ---- */

/* A look that lies ahead is of a clock that was put back. */
static bool command_is_due(const struct heartbeat *h, int64_t now)
{
	return h->kind == HEARTBEAT_COMMAND &&
	       (h->looked == WHEN_NONE || h->looked > now ||
		h->looked + h->every <= now);
}

static int claim(void *arg, struct err *err)
{
	struct check *k = arg;

	if (lock(k->s, err) < 0)
		return -1;
	for (size_t i = 0; i < k->set.count; i++) {
		struct heartbeat *h = &k->set.items[i];

		if (read_row(k, h, err) < 0)
			return -1;
		h->due = command_is_due(h, k->now);
		if (!h->due)
			continue;
		h->looked = k->now;
		h->failed = WHEN_NONE;
		if (write_row(k, h, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- what was seen ---- */

static void keep_sign(struct heartbeat *h)
{
	if (h->due && h->sign == WHEN_NONE) {
		h->failed = h->looked;
		h->changed = true;
	}
	if (h->sign != WHEN_NONE &&
	    (h->seen == WHEN_NONE || h->seen < h->sign)) {
		h->seen = h->sign;
		h->changed = true;
	}
}

static int lives(struct check *k, struct heartbeat *h, struct err *err)
{
	AUTO_FREE char *note = NULL;
	char age[32];

	when_format_age(age, k->now - h->missed);
	note = mem_printf("a sign of life came, %s after it was missed", age);
	h->missed = WHEN_NONE;
	h->changed = true;
	return heartbeat_resolve(k->s, k->actor, h->name, note, k->now, err);
}

static int is_missed(struct check *k, struct heartbeat *h, struct err *err)
{
	h->missed = k->now;
	h->changed = true;
	return heartbeat_open(k->s, k->c, k->actor, h, err);
}

static int settle_one(struct check *k, struct heartbeat *h, struct err *err)
{
	bool late, known;
	int rc = 0;

	/* Others may have settled in between. */
	if (read_row(k, h, err) < 0)
		return -1;
	keep_sign(h);
	late = k->now >= heartbeat_due(h);
	known = h->kind != HEARTBEAT_COMMAND || h->failed != WHEN_NONE;
	if (!late && h->missed != WHEN_NONE)
		rc = lives(k, h, err);
	if (late && known && h->missed == WHEN_NONE)
		rc = is_missed(k, h, err);
	if (rc == 0 && h->changed)
		rc = write_row(k, h, err);
	return rc;
}

/* ---- what is not configured any more ---- */

static int list_gone(struct check *k, struct map *gone, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		k->s, err, "SELECT name FROM heartbeats WHERE place = $1",
		S_TEXT(k->place));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		if (!heartbeat_find(&k->set, store_text(rows, 0)))
			(void)map_put(gone, store_text(rows, 0));
	return got;
}

static int forget(struct check *k, struct err *err)
{
	struct map gone = MAP_INIT;
	int rc = list_gone(k, &gone, err);

	for (size_t i = 0; i < gone.count && rc == 0; i++) {
		const char *name = gone.entries[i].key.ptr;

		rc = heartbeat_resolve(k->s, k->actor, name,
				       "this heartbeat is not configured any "
				       "more",
				       k->now, err);
		if (rc == 0)
			rc = STORE_QUEUE(k->s, err,
					 "DELETE FROM heartbeats "
					 "WHERE name = $1",
					 S_TEXT(name));
	}
	map_done(&gone, NULL);
	return rc;
}

static int settle(void *arg, struct err *err)
{
	struct check *k = arg;

	if (lock(k->s, err) < 0)
		return -1;
	for (size_t i = 0; i < k->set.count; i++)
		if (settle_one(k, &k->set.items[i], err) < 0)
			return -1;
	return forget(k, err);
}

/* ---- what is told ---- */

/* When it is to be looked at again. */
static int64_t next_look(const struct heartbeat *h, int64_t now)
{
	int64_t next =
		h->missed == WHEN_NONE ? heartbeat_due(h) : now + LOOK_AGAIN;

	if (h->kind == HEARTBEAT_COMMAND) {
		int64_t run = h->looked + h->every;

		if (h->missed != WHEN_NONE || run < next)
			next = run;
	}
	return next > now ? next : now + LOOK_AGAIN;
}

static void tell_state(const struct check *k, const struct heartbeat *h,
		       void (*tell)(void *arg, const struct heartbeat_state *),
		       void *arg)
{
	AUTO_BUF struct buf why = BUF_INIT;
	struct heartbeat_state state = {
		.name = h->name,
		.kind = heartbeat_kind_names[h->kind],
		.seen = h->seen,
		.due = heartbeat_due(h),
		.missing = h->missed != WHEN_NONE,
	};
	char age[32];

	if (h->seen == WHEN_NONE) {
		buf_add_str(&why, "no sign of life yet");
	} else {
		when_format_age(age, k->now - h->seen);
		buf_addf(&why, "last sign of life %s ago", age);
	}
	if (state.missing)
		buf_addf(&why, "; %s", buf_str(&h->why));
	state.why = why.data;
	tell(arg, &state);
}

static int any_row(struct store *s, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err, "SELECT 1 FROM heartbeats LIMIT 1", NULL, 0);

	return rows ? store_next(rows, err) : -1;
}

static int run_check(struct check *k, struct err *err)
{
	int any = k->set.count ? 1 : any_row(k->s, err);

	if (any <= 0)
		return any;
	if (store_transact(k->s, claim, k, err) < 0)
		return -1;
	for (size_t i = 0; i < k->set.count; i++)
		if (heartbeat_look(&k->set.items[i], k->s, k->now, err) < 0)
			return -1;
	return store_transact(k->s, settle, k, err);
}

int heartbeat_check(const struct heartbeat_options *o, int64_t *ret_next,
		    struct err *err)
{
	struct check k = {.s = o->store,
			  .c = o->config,
			  .actor = o->actor,
			  .now = o->now};
	int rc = heartbeat_load(&k.set, o->config, err);

	find_place(k.place);
	if (rc == 0)
		rc = run_check(&k, err);
	*ret_next = WHEN_NONE;
	for (size_t i = 0; i < k.set.count && rc == 0; i++) {
		const struct heartbeat *h = &k.set.items[i];
		int64_t next = next_look(h, k.now);

		if (*ret_next == WHEN_NONE || next < *ret_next)
			*ret_next = next;
		if (o->tell)
			tell_state(&k, h, o->tell, o->arg);
	}
	heartbeat_set_done(&k.set);
	return rc;
}

/* ---- beats ---- */

static int no_heartbeat(const struct heartbeat_set *set, const char *name,
			struct err *err)
{
	AUTO_FREE const char **names = mem_zero(set->count + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < set->count; i++)
		names[i] = set->items[i].name;
	near = cli_nearest(name, names);
	return err_set(err, ERR_USAGE, "no heartbeat is called '%s'%s%s%s",
		       name, near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

static int beat(struct store *s, const struct heartbeat_set *set,
		const char *name, int64_t now, struct err *err)
{
	const struct heartbeat *h = heartbeat_find(set, slice_of(name));
	char place[PLACE_MAX];

	if (!h)
		return no_heartbeat(set, name, err);
	if (h->kind != HEARTBEAT_BEAT)
		return err_set(err, ERR_USAGE,
			       "'%s' lives by its %s, and needs no beat", name,
			       heartbeat_kind_names[h->kind]);
	find_place(place);
	return STORE_RUN(s, err,
			 "INSERT INTO heartbeats (name, seen, since, place) "
			 "VALUES ($1, $2, $2, $3) ON CONFLICT (name) DO UPDATE "
			 "SET seen = excluded.seen "
			 "WHERE heartbeats.seen IS NULL "
			 "OR heartbeats.seen < excluded.seen",
			 S_TEXT(name), S_INT(now), S_TEXT(place)) < 0
		       ? -1
		       : 0;
}

int heartbeat_beat(struct store *s, const struct config *c, const char *name,
		   int64_t now, struct err *err)
{
	AUTO_HEARTBEAT_SET struct heartbeat_set set = {.count = 0};

	if (heartbeat_load(&set, c, err) < 0)
		return -1;
	return beat(s, &set, name, now, err);
}
