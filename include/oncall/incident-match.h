/*
 * incident-match.h - whether a selector matches an incident. Fields are those
 * of incident records that hold one text (status, severity, title, service,
 * host, category, pattern, fingerprint, assignee), "id", "tags", any label by
 * its name ("labels.NAME", or NAME where no field has it), and what the
 * configuration adds: "environment", and "criticality" and "owner" of its
 * service.
 */
#ifndef ONCALL_INCIDENT_MATCH_H
#define ONCALL_INCIDENT_MATCH_H

#include <oncall/config.h>
#include <oncall/incident.h>
#include <oncall/selector.h>

struct incident_match;

/* inc and c are borrowed. */
struct incident_match *incident_match_new(const struct config *c,
					  const struct incident *inc);
void incident_match_free(struct incident_match *m);
/* The field that does not match, or NULL when all do. */
const char *incident_match_failed(struct incident_match *m,
				  const struct selector *s);
/* The text of a field, "" where there is none; of the first, for tags. Valid
 * as long as m. */
struct slice incident_match_value(struct incident_match *m, const char *field);
/* ERR_USAGE: no incident has a field of that name, or it looks like a slip of
 * the pen ("severitx"). */
int incident_match_field(const char *name, struct err *err) MUST_CHECK;
/* selector_add() of a field and a value that incidents can have. */
int incident_match_add(struct selector *s, const char *field, const char *value,
		       struct err *err) MUST_CHECK;
/* Reads a map of field to values, "escalation.urgent.match", into a selector;
 * ERR_USAGE names the file and line, and fields that no incident has. *ret is
 * NULL where nothing is configured. */
int incident_match_config(struct selector **ret, const struct config *c,
			  const char *path, struct err *err) MUST_CHECK;

DEFINE_AUTO(struct incident_match *, incident_match_free, auto_incident_match_)
#define AUTO_INCIDENT_MATCH CLEANUP(auto_incident_match_)

#endif
