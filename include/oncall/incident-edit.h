/* incident-edit.h - what people do to incidents. */
#ifndef ONCALL_INCIDENT_EDIT_H
#define ONCALL_INCIDENT_EDIT_H

#include <oncall/incident.h>

struct incident_edit {
	struct store *store;
	const char *actor;
	const char *note; /* or NULL */
	int64_t at;	  /* when it happened; 0: now */
	bool automatic;	  /* no person does it */
	/* Of resolve: */
	const char *solution;
	int64_t took; /* milliseconds, or WHEN_NONE */
	bool failed;  /* the solution that was tried did not help */
};

/* ack, investigate, mitigate, resolve, close, reopen: to the status named.
 * 1 when something changed, 0 when it was so already. inc is left loaded. */
int incident_move(const struct incident_edit *e, int64_t num,
		  enum incident_status to, struct incident *inc,
		  struct err *err) MUST_CHECK;
int incident_assign(const struct incident_edit *e, int64_t num, const char *who,
		    struct incident *inc, struct err *err) MUST_CHECK;
int incident_note(const struct incident_edit *e, int64_t num,
		  struct incident *inc, struct err *err) MUST_CHECK;
/* tags is ended by NULL. */
int incident_tag(const struct incident_edit *e, int64_t num,
		 const char *const *tags, bool remove, struct incident *inc,
		 struct err *err) MUST_CHECK;
/* other is an incident, which is linked back, or a URL. */
int incident_link(const struct incident_edit *e, int64_t num, const char *other,
		  bool remove, struct incident *inc, struct err *err)
	MUST_CHECK;
int incident_severity(const struct incident_edit *e, int64_t num,
		      enum severity severity, struct incident *inc,
		      struct err *err) MUST_CHECK;
/* The incident num is closed and becomes part of into. */
int incident_merge(const struct incident_edit *e, int64_t into, int64_t num,
		   struct incident *inc, struct err *err) MUST_CHECK;
struct incident_rating {
	const char *verdict;   /* "worked", "failed", "wrong" */
	int64_t speed, effect; /* 1 to 5, or 0 for none */
};
int incident_feedback(const struct incident_edit *e, int64_t num,
		      const struct incident_rating *rating,
		      struct incident *inc, struct err *err) MUST_CHECK;
int incident_false_positive(const struct incident_edit *e, int64_t num,
			    struct incident *inc, struct err *err) MUST_CHECK;

#endif
