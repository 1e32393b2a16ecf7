/* triage-keep.c - what was decided, in the store. */
#include <oncall/clock.h>
#include <oncall/pager.h>

#include "triage-gather.h"

/* The incident of a record in this store, marked as dealt with. */
static int mark(struct store *s, int64_t num, int64_t revision,
		const char *fingerprint, struct err *err)
{
	return (int)STORE_RUN(
		s, err,
		"UPDATE incidents SET triaged = $2 WHERE num = $1 AND "
		"revision >= $2 AND (triaged IS NULL OR triaged <= $2) AND "
		"(CAST($3 AS TEXT) IS NULL OR fingerprint = $3)",
		S_INT(num), S_INT(revision), S_TEXT(fingerprint));
}

int triage_keep(struct store *s, const struct jscan *record,
		const struct triage *t, struct slice json, struct err *err)
{
	AUTO_FREE char *id = triage_member(record, "id");
	AUTO_FREE char *fingerprint = triage_member(record, "fingerprint");
	const struct jscan_member *rev = jscan_get(record, "revision");
	struct err ignored = ERR_INIT;
	int64_t num, revision;
	int marked;

	if (!id || !rev || jscan_int(rev->value, &revision) < 0 ||
	    incident_parse_id(id, &num, &ignored) < 0)
		return 0;
	marked = mark(s, num, revision, fingerprint, err);
	if (marked <= 0)
		return marked;
	if (t->decision == TRIAGE_ESCALATE && pager_urge(s, num, err) < 0)
		return -1;
	return STORE_QUEUE(s, err,
			   "INSERT INTO incident_triage (incident, revision, "
			   "decision, triage, decided) "
			   "VALUES ($1, $2, $3, $4, $5) "
			   "ON CONFLICT (incident) DO UPDATE SET "
			   "revision = excluded.revision, "
			   "decision = excluded.decision, "
			   "triage = excluded.triage, "
			   "decided = excluded.decided",
			   S_INT(num), S_INT(revision),
			   S_TEXT(triage_decision_names[t->decision]),
			   S_SLICE(json), S_INT(clock_now())) < 0
		       ? -1
		       : 1;
}

int triage_kept(struct store *s, int64_t incident, struct buf *out,
		struct triage_kept *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT triage, revision, decided FROM "
			  "incident_triage WHERE incident = $1",
			  S_INT(incident));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0) {
		buf_add_slice(out, store_text(rows, 0));
		*ret = (struct triage_kept){store_int(rows, 1),
					    store_int(rows, 2)};
	}
	return got;
}
