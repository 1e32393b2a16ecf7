/* pager-resolve.c - what was mitigated and stayed quiet is resolved. */
#include "pager-internal.h"

#include <stdio.h>

#include <oncall/heartbeat.h>
#include <oncall/incident-edit.h>

static int find_quiet(struct pager *p, int64_t *nums, size_t *count,
		      struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		p->store, err,
		"SELECT num FROM incidents "
		"WHERE status = 'mitigated' AND mitigated <= $1 "
		"AND last_seen <= $1 ORDER BY mitigated, num LIMIT $2",
		S_INT(p->now - p->resolve_after), S_INT(PAGER_CHUNK));
	int got;

	*count = 0;
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		nums[(*count)++] = store_int(rows, 0);
	return got;
}

/* A sign of life that is still missing is not quiet. */
static int seen_now(struct pager *p, int64_t num, struct err *err)
{
	return STORE_QUEUE(p->store, err,
			   "UPDATE incidents SET last_seen = $2 "
			   "WHERE num = $1",
			   S_INT(num), S_INT(p->now));
}

static int resolve_one(struct pager *p, const struct incident_edit *edit,
		       int64_t num, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {.num = 0};
	int missing = heartbeat_is_missing(p->store, num, err);

	if (missing != 0)
		return missing < 0 ? -1 : seen_now(p, num, err);
	return incident_move(edit, num, INCIDENT_RESOLVED, &inc, err) < 0 ? -1
									  : 0;
}

struct quiet {
	struct pager *p;
	int64_t nums[PAGER_CHUNK];
	size_t count;
};

static int resolve_work(void *arg, struct err *err)
{
	struct quiet *q = arg;
	struct pager *p = q->p;
	char after[32], note[80];
	const struct incident_edit edit = {.store = p->store,
					   .actor = p->actor,
					   .note = note,
					   .automatic = true,
					   .took = WHEN_NONE};
	int64_t changed;

	when_format_duration(after, p->resolve_after);
	(void)snprintf(note, sizeof(note), "mitigated, and nothing seen for %s",
		       after);
	if (incident_lock(p->store, &changed, err) < 0 ||
	    find_quiet(p, q->nums, &q->count, err) < 0)
		return -1;
	for (size_t i = 0; i < q->count; i++)
		if (resolve_one(p, &edit, q->nums[i], err) < 0)
			return -1;
	return 0;
}

int pager_resolve(struct pager *p, struct err *err)
{
	struct quiet q = {.p = p};

	if (p->resolve_after < 0)
		return 0;
	if (find_quiet(p, q.nums, &q.count, err) < 0)
		return -1;
	while (q.count) {
		if (store_transact(p->store, resolve_work, &q, err) < 0)
			return -1;
		if (q.count < PAGER_CHUNK)
			break;
	}
	return 0;
}
