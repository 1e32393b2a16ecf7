/* send-plan.c - messages get their targets: those that were added, and those
 * that others have put into the outbox. */
#include "send-internal.h"

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/outbox.h>

/* A row of messages that has no targets yet. */
struct fresh {
	int64_t num, made;
	char *key;
	struct slice record;
	bool call;
	char *const *to; /* or NULL */
	size_t open;	 /* of its deliveries */
	bool ended;	 /* one of them at once */
};

/* ---- rows ---- */

static int insert_line(struct send *s, const char *target, const char *room,
		       struct err *err)
{
	AUTO_FREE char *name = mem_printf("%s\n%s", target, room);
	void **place = map_put(&s->lines, slice_of(name));

	if (*place)
		return 0;
	*place = s;
	return STORE_QUEUE(s->store, err,
			   "INSERT INTO send_lines (target, room, next, "
			   "burst_since, burst) VALUES ($1, $2, 0, 0, 0) "
			   "ON CONFLICT (target, room) DO NOTHING",
			   S_TEXT(target), S_TEXT(room));
}

int send_insert(struct send *s, const struct send_row *r, struct err *err)
{
	bool over = !strcmp(r->status, "failed");

	if (insert_line(s, r->target, r->room, err) < 0)
		return -1;
	return (int)STORE_RUN(
		s->store, err,
		"INSERT INTO deliveries (message, target, room, status, made, "
		"due, attempts, maybe, alike, reason, settled) VALUES ($1, $2, "
		"$3, $4, $5, $6, 0, 0, $7, $8, $9) "
		"ON CONFLICT (message, target) DO NOTHING",
		S_INT(r->message), S_TEXT(r->target), S_TEXT(r->room),
		S_TEXT(r->status), S_INT(r->made), S_INT(r->due),
		S_TEXT(*r->alike ? r->alike : NULL), S_TEXT(r->reason),
		S_TIME(over ? clock_now() : WHEN_NONE));
}

static int mark_planned(struct send *s, int64_t num, struct err *err)
{
	return STORE_QUEUE(s->store, err,
			   "UPDATE messages SET planned = $2 WHERE num = $1",
			   S_INT(num), S_INT(clock_now()));
}

static int find(struct send *s, const char *key, int64_t *ret_num,
		bool *ret_planned, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s->store, err,
			  "SELECT num, planned, status FROM messages WHERE "
			  "key = $1",
			  S_TEXT(key));
	int got = rows ? store_next(rows, err) : -1;

	*ret_num = 0;
	if (got <= 0)
		return got;
	*ret_num = store_int(rows, 0);
	*ret_planned = !store_is_null(rows, 1) ||
		       !slice_is(store_text(rows, 2), "queued");
	return 1;
}

int64_t send_say(struct send *s, const char *key, const char *target,
		 const char *room, struct slice record, struct err *err)
{
	int64_t now = clock_now();
	struct outbox_message m = {.key = key, .made = now, .record = record};
	struct send_row row = {.target = target,
			       .room = room,
			       .status = "queued",
			       .made = now,
			       .due = now};
	bool planned;

	if (outbox_add(s->store, &m, err) < 0 ||
	    find(s, key, &row.message, &planned, err) < 0 ||
	    mark_planned(s, row.message, err) < 0)
		return -1;
	return send_insert(s, &row, err) < 0 ? -1 : row.message;
}

/* ---- fallback ---- */

static void fallbacks(const struct send *s, const char *target,
		      struct send_choices *to)
{
	AUTO_FREE char *own = mem_printf("targets.%s.fallback", target);
	const char *path = *target && config_item(s->config, own, 0)
				   ? own
				   : "send.fallback";
	const char *name;

	for (size_t i = 0; (name = config_item(s->config, path, i)); i++)
		send_routes_name(s->routes, to, name, WHEN_NONE);
}

bool send_has_fallback(const struct send *s, const char *target)
{
	CLEANUP(send_choices_done) struct send_choices to = {.items = NULL};

	fallbacks(s, target, &to);
	for (size_t i = 0; i < to.count; i++)
		if (!to.items[i].unknown &&
		    strcmp(to.items[i].target, target) != 0)
			return true;
	return false;
}

static void tell_queued(struct send *s, const struct send_row *r,
			const char *key)
{
	struct send_delivery d = {.message = r->message,
				  .key = key,
				  .target = r->target,
				  .room = r->room,
				  .status = "queued",
				  .due = r->due};

	send_tell(s, &d);
}

int send_fall_back(struct send *s, int64_t message, const char *key,
		   const char *target, struct err *err)
{
	CLEANUP(send_choices_done) struct send_choices to = {.items = NULL};
	int64_t now = clock_now();
	int any = 0;

	fallbacks(s, target, &to);
	for (size_t i = 0; i < to.count; i++) {
		struct send_row row = {.message = message,
				       .target = to.items[i].target,
				       .room = "", /* it has others */
				       .status = "queued",
				       .made = now,
				       .due = now};
		int got;

		if (to.items[i].unknown)
			continue;
		got = send_insert(s, &row, err);
		if (got < 0)
			return -1;
		if (got)
			tell_queued(s, &row, key);
		any |= got;
	}
	return any;
}

/* ---- one message ---- */

/* It goes nowhere. */
static int fail_message(struct send *s, struct fresh *f, const char *status,
			const char *reason, struct err *err)
{
	struct send_delivery d = {.message = f->num,
				  .key = f->key,
				  .target = "",
				  .room = "",
				  .status = status,
				  .due = clock_now(),
				  .reason = reason};

	send_tell(s, &d);
	return STORE_QUEUE(s->store, err,
			   "UPDATE messages SET planned = $2, status = $3, "
			   "reason = $4 WHERE num = $1",
			   S_INT(f->num), S_INT(d.due), S_TEXT(status),
			   S_TEXT(reason));
}

/* Nobody can get it there: the fallback does. */
static int add_unknown(struct send *s, struct fresh *f, const char *target,
		       struct err *err)
{
	struct err why = ERR_INIT;
	struct send_row row = {.message = f->num,
			       .target = target,
			       .room = "",
			       .status = "failed",
			       .made = f->made,
			       .due = clock_now()};
	struct send_delivery d = {.message = f->num,
				  .key = f->key,
				  .target = target,
				  .room = "",
				  .status = "failed",
				  .due = row.due};
	int got;

	s->wrong = true;
	if (send_known(s, target, &why) == 0)
		return 0; /* a group without an end */
	row.reason = d.reason = why.text;
	if (send_insert(s, &row, err) < 0)
		return -1;
	f->open++;
	send_tell(s, &d);
	got = send_fall_back(s, f->num, f->key, target, err);
	f->ended = true;
	return got < 0 ? -1 : 0;
}

/* It goes along with what is kept for a digest already. */
static int join_digest(struct send *s, struct send_row *row, int64_t held,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s->store, err,
		"SELECT MIN(due) FROM deliveries WHERE target = $1 AND room = "
		"$2 AND alike IS NULL AND status = 'held'",
		S_TEXT(row->target), S_TEXT(row->room));
	int64_t due;

	if (!rows || store_next(rows, err) < 0)
		return -1;
	due = store_time(rows, 0);
	row->status = "held";
	row->reason = SEND_HELD;
	row->due = due != WHEN_NONE && due < held ? due : held;
	return 0;
}

static int add_one(struct send *s, struct fresh *f, const struct send_choice *c,
		   const struct note *n, struct err *err)
{
	struct send_row row = {.message = f->num,
			       .target = c->target,
			       .room = n->room ? n->room : "",
			       .status = "queued",
			       .made = f->made,
			       .due = clock_now()};
	int got;

	if (c->unknown)
		return add_unknown(s, f, c->target, err);
	if (c->held != WHEN_NONE && !send_target_get(s, c->target)->whole) {
		if (join_digest(s, &row, c->held, err) < 0)
			return -1;
	} else if (!f->call && send_storm_judge(s, &row, n, err) < 0) {
		return -1;
	}
	got = send_insert(s, &row, err);
	if (got > 0)
		f->open++;
	return got < 0 ? -1 : 0;
}

/* What it stands in for is not sent any more where it still waits. */
static int supersede(struct send *s, const struct fresh *f, const char *key,
		     struct err *err)
{
	int64_t num, n;
	bool planned;

	if (find(s, key, &num, &planned, err) < 0)
		return -1;
	if (!num || num >= f->num)
		return 0;
	n = STORE_RUN(s->store, err,
		      "UPDATE deliveries SET status = 'cancelled', reason = "
		      "$2, settled = $3 WHERE message = $1 AND status IN "
		      "('queued', 'held') AND maybe = 0",
		      S_INT(num), S_TEXT("a later message stands in for it"),
		      S_INT(clock_now()));
	return n < 0 || (n > 0 && send_end_message(s, num, err) < 0) ? -1 : 0;
}

static size_t names_in(char *const *to)
{
	size_t n = 0;

	while (to && to[n])
		n++;
	return n;
}

static void choose(struct send *s, const struct fresh *f, const struct note *n,
		   struct send_choices *to)
{
	char *const *names = f->to ? f->to : n->to;
	bool urgent = f->call ||
		      (n->has_severity && n->severity == SEVERITY_CRITICAL);
	json_t *record;

	for (size_t i = 0; names && names[i]; i++)
		send_routes_name(s->routes, to, names[i], WHEN_NONE);
	if (names_in(names))
		return;
	record = json_loadb(f->record.ptr, f->record.len, JSON_ALLOW_NUL, NULL);
	send_routes_find(s->routes, record, n, urgent, to);
	json_decref(record);
	if (!to->count && !to->dropped)
		fallbacks(s, "", to);
}

static int plan_read(struct send *s, struct fresh *f, const struct note *n,
		     struct err *err)
{
	CLEANUP(send_choices_done) struct send_choices to = {.items = NULL};

	choose(s, f, n, &to);
	if (!to.count && !to.dropped)
		s->wrong = true;
	if (!to.count)
		return fail_message(s, f, to.dropped ? "cancelled" : "failed",
				    to.dropped
					    ? "its route leads nowhere"
					    : "it names nobody, and no route "
					      "takes it: see routes in "
					      "oncall-config(5)",
				    err);
	if (n->supersedes && supersede(s, f, n->supersedes, err) < 0)
		return -1;
	for (size_t i = 0; i < to.count; i++)
		if (add_one(s, f, &to.items[i], n, err) < 0)
			return -1;
	if (mark_planned(s, f->num, err) < 0)
		return -1;
	return f->open && !f->ended ? 0 : send_end_message(s, f->num, err);
}

static int plan_one(struct send *s, struct fresh *f, struct err *err)
{
	AUTO_NOTE struct note n = {.type = NULL};
	struct err why = ERR_INIT;

	if (f->made < clock_now() - s->limit.expire)
		return fail_message(s, f, "failed", SEND_TOO_OLD, err);
	if (note_read(&n, f->record, &why) < 0)
		return fail_message(s, f, "failed", why.text, err);
	if (names_in(f->to ? f->to : n.to) > SEND_TO_MAX)
		return fail_message(s, f, "failed",
				    "it names more targets than are allowed",
				    err);
	return plan_read(s, f, &n, err);
}

/* ---- those that were added ---- */

static int plan_added(struct send *s, struct send_in *in, struct err *err)
{
	struct outbox_message m = {
		.key = in->key,
		.thread = in->thread,
		.call = in->call,
		.made = clock_now(),
		.record = buf_slice(&in->record),
	};
	struct fresh f = {.made = m.made,
			  .key = in->key,
			  .record = m.record,
			  .call = in->call,
			  .to = in->to};
	bool planned = false;

	*in->ret_num = 0;
	*in->ret_open = 0;
	if (outbox_add(s->store, &m, err) < 0 ||
	    find(s, in->key, &f.num, &planned, err) < 0)
		return -1;
	if (planned)
		return 0;
	*in->ret_num = f.num;
	if (plan_one(s, &f, err) < 0)
		return -1;
	*in->ret_open = f.open;
	return 0;
}

/* ---- those that others have put there ---- */

static int load(struct send *s, int64_t num, struct fresh *f, struct buf *text,
		struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s->store, err,
			  "SELECT key, call, made, record FROM messages WHERE "
			  "num = $1",
			  S_INT(num));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	f->num = num;
	f->key = mem_dup_slice(store_text(rows, 0));
	f->call = store_int(rows, 1) != 0;
	f->made = store_int(rows, 2);
	buf_add_slice(text, store_text(rows, 3));
	f->record = buf_slice(text);
	return 0;
}

static int plan_found(struct send *s, int64_t num, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(SIZE_MAX / 2);
	struct fresh f = {.num = num};
	int rc = load(s, num, &f, &text, err);

	if (rc == 0)
		rc = plan_one(s, &f, err);
	free(f.key);
	return rc;
}

static int find_new(struct send *s, int64_t *nums, size_t *n, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s->store, err,
			  "SELECT num FROM messages WHERE status = 'queued' "
			  "AND planned IS NULL ORDER BY num LIMIT $1",
			  S_INT(SEND_CLAIM_MAX));
	int got;

	*n = 0;
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		nums[(*n)++] = store_int(rows, 0);
	return got;
}

int send_plan(struct send *s, struct err *err)
{
	int64_t nums[SEND_CLAIM_MAX];
	size_t n;

	for (size_t i = 0; i < s->in_count; i++)
		if (plan_added(s, s->in[i], err) < 0)
			return -1;
	if (find_new(s, nums, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (plan_found(s, nums[i], err) < 0)
			return -1;
	if (n == SEND_CLAIM_MAX)
		send_due(s, clock_now());
	return 0;
}
