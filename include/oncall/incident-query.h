/* incident-query.h - finding incidents, and saying why they are as they are. */
#ifndef ONCALL_INCIDENT_QUERY_H
#define ONCALL_INCIDENT_QUERY_H

#include <oncall/config.h>
#include <oncall/incident.h>

struct incident_query {
	const char
		*status; /* one of the names, "all", or NULL: the live ones */
	const char *severity; /* that or worse */
	const char *service, *category, *tag, *assignee, *text;
	int64_t older_than, newer_than; /* age in milliseconds, 0: any */
	bool auto_resolved, simulated;
	const char *sort; /* opened, updated, severity, count */
	bool reverse;
	int64_t limit; /* 0: all */
	bool changes; /* in the order of change, those of transactions above: */
	int64_t changed_after;
};

extern const char *const incident_sorts[];

struct incident_rows;
/* One after the other: 1 with *inc borrowed, 0 at the end, -1. */
int incident_find(struct store *s, const struct incident_query *q,
		  struct incident_rows **ret, struct err *err) MUST_CHECK;
int incident_next(struct incident_rows *r, struct incident *inc,
		  struct err *err) MUST_CHECK;
void incident_rows_free(struct incident_rows *r);

DEFINE_AUTO(struct incident_rows *, incident_rows_free, auto_incident_rows_)
#define AUTO_INCIDENTS CLEANUP(auto_incident_rows_)

/*
 * Hands over the live incidents that are wanted, oldest first and as they are
 * by then; each may change them, and others. What each returns ends it when it
 * is not 0, and is returned.
 */
int incident_walk(struct store *s, bool (*wanted)(const struct incident *inc),
		  int (*each)(void *arg, const struct incident *inc,
			      struct err *err),
		  void *arg, struct err *err) MUST_CHECK;

/* Why it was opened, grouped or not, and what the next detection will do:
 * sentences for people or, with json, its record with a member "explain". */
int incident_explain(struct store *s, const struct config *c, int64_t num,
		     bool json, struct buf *out, struct err *err) MUST_CHECK;

#endif
