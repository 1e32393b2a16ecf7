/* incident-open.h - detections in, incidents out. */
#ifndef ONCALL_INCIDENT_OPEN_H
#define ONCALL_INCIDENT_OPEN_H

#include <oncall/config.h>
#include <oncall/incident.h>
#include <oncall/jscan.h>
#include <oncall/record.h>

struct incident_open_options {
	struct store *store;
	const struct config *config;
	const char *actor;
	bool replay; /* the clock follows the detections */
};

struct incident_open;

struct incident_open *incident_open_new(const struct incident_open_options *o);
void incident_open_free(struct incident_open *o);
/* Whether a line of that size may be added before the next commit. */
bool incident_open_room(const struct incident_open *o, size_t size);
/* Takes a detection into the batch; the line is copied. */
int incident_open_add(struct incident_open *o, struct slice line,
		      const struct jscan *scan, struct err *err) MUST_CHECK;
/* Takes a cursor record, which is also passed on with the batch. */
int incident_open_cursor(struct incident_open *o, struct slice line,
			 const struct jscan *scan, struct err *err) MUST_CHECK;
/* A line that is passed on after the incidents of the batch. */
void incident_open_pass(struct incident_open *o, struct slice line);
/* Detections of committed batches that had been seen before. */
int64_t incident_open_repeats(const struct incident_open *o);
/* Whether the batch is old enough to be committed in a busy stream. */
bool incident_open_due(const struct incident_open *o);
/* Commits the batch, then writes one record for each incident that it changed,
 * then the lines passed on. */
int incident_open_commit(struct incident_open *o, struct record_writer *out,
			 struct err *err) MUST_CHECK;

#endif
