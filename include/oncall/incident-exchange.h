/* incident-exchange.h - incidents leave a store and come into another. */
#ifndef ONCALL_INCIDENT_EXCHANGE_H
#define ONCALL_INCIDENT_EXCHANGE_H

#include <oncall/csv.h>
#include <oncall/incident.h>

/* Appends the CSV heading; the record (JSON with all parts) as a CSV row; and
 * the record that a CSV row stands for. */
void incident_csv_heading(struct buf *out);
int incident_csv_row(struct buf *out, struct slice record, struct err *err)
	MUST_CHECK;
int incident_csv_record(struct buf *out, const struct csv_row *heading,
			const struct csv_row *row, struct err *err) MUST_CHECK;

struct incident_import_options {
	struct store *store;
	bool replace; /* an incident that is there and differs */
};

struct incident_import;

struct incident_import *incident_import_new(
	const struct incident_import_options *o);
void incident_import_free(struct incident_import *im);
/* Takes a record as export wrote it into the batch; ERR_INPUT when it is not
 * one. */
int incident_import_add(struct incident_import *im, struct slice record,
			struct err *err) MUST_CHECK;
bool incident_import_full(const struct incident_import *im);
/* Stores the batch. refused is called for every record whose incident is there
 * and differs, unless it was replaced. */
int incident_import_commit(struct incident_import *im,
			   void (*refused)(void *arg, const char *id),
			   void *arg, struct err *err) MUST_CHECK;
/* How many were new, replaced, and there already. */
void incident_import_counts(const struct incident_import *im, int64_t *added,
			    int64_t *replaced, int64_t *same);

/* Removes incidents that are over and were last updated before the time; each
 * is called for every one when it is gone (or would be, with dry_run). */
int incident_purge(struct store *s, int64_t before, bool dry_run,
		   void (*each)(void *arg, const struct incident *inc),
		   void *arg, struct err *err) MUST_CHECK;

#endif
