/* incident-purge.c - incidents that are over and old leave the store. */

#include <oncall/incident-exchange.h>

#include <oncall/mem.h>

#define PURGE_CHUNK 500 /* incidents that one transaction removes */

struct purge {
	struct store *store;
	int64_t before;
	struct incident *found; /* PURGE_CHUNK of them */
	size_t count;
	int64_t above; /* the last one that was seen */
};

static void purge_clear(struct purge *p)
{
	for (size_t i = 0; i < p->count; i++)
		incident_done(&p->found[i]);
	p->count = 0;
}

/* What people know of stays until they heard that it is over. */
static int find_chunk(struct purge *p, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	purge_clear(p);
	rows = STORE_ASK(p->store, err,
			 "SELECT " INCIDENT_COLUMNS " FROM incidents i "
			 "WHERE i.status IN ('resolved', 'closed') "
			 "AND i.updated < $1 AND i.num > $2 "
			 "AND NOT EXISTS (SELECT 1 FROM pager_incidents p "
			 "WHERE p.incident = i.num AND p.told IS NOT NULL) "
			 "ORDER BY i.num LIMIT $3",
			 S_INT(p->before), S_INT(p->above), S_INT(PURGE_CHUNK));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct incident *inc = &p->found[p->count++];

		incident_from_row(inc, rows, 0);
		incident_own(inc);
	}
	return got;
}

static int remove_chunk(void *arg, struct err *err)
{
	struct purge *p = arg;
	int64_t changed;

	if (incident_lock(p->store, &changed, err) < 0 ||
	    find_chunk(p, err) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++)
		if (incident_remove(p->store, p->found[i].num, err) < 0)
			return -1;
	return 0;
}

/* What is as old and belongs to no incident that is there. */
static int remove_rest(void *arg, struct err *err)
{
	static const char *const sql[] = {
		"DELETE FROM silences WHERE ended < $1",
		"DELETE FROM changes WHERE time < $1",
		("DELETE FROM deliveries WHERE message IN "
		 "(SELECT num FROM messages WHERE made < $1)"),
		"DELETE FROM messages WHERE made < $1",
	};
	const struct purge *p = arg;

	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		if (STORE_QUEUE(p->store, err, sql[i], S_INT(p->before)) < 0)
			return -1;
	return 0;
}

int incident_purge(struct store *s, int64_t before, bool dry_run,
		   void (*each)(void *arg, const struct incident *inc),
		   void *arg, struct err *err)
{
	struct purge p = {.store = s, .before = before};
	int rc;

	p.found = mem_zero(PURGE_CHUNK, sizeof(*p.found));
	do {
		rc = dry_run ? find_chunk(&p, err)
			     : store_transact(s, remove_chunk, &p, err);
		for (size_t i = 0; i < p.count && rc == 0; i++) {
			each(arg, &p.found[i]);
			p.above = p.found[i].num;
		}
	} while (rc == 0 && p.count == PURGE_CHUNK);
	purge_clear(&p);
	free(p.found);
	if (rc == 0 && !dry_run)
		rc = store_transact(s, remove_rest, &p, err);
	return rc;
}
