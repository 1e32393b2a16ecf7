/*
 * incident.h - what an incident is, how it is stored, shown and changed. One
 * table (incident_fields) says for every member its column and its place in
 * records; reading, writing, export and import follow it.
 */
#ifndef ONCALL_INCIDENT_H
#define ONCALL_INCIDENT_H

#include <oncall/config.h>
#include <oncall/csv.h>
#include <oncall/filter.h>
#include <oncall/severity.h>
#include <oncall/store.h>

#define INCIDENT_ID	     32 /* "INC-20261120-0001" and room */
#define INCIDENT_KEEP_FIRST  3	/* detections kept with an incident */
#define INCIDENT_KEEP_LATEST 3
#define INCIDENT_PER_DAY     10000000 /* numbers that a day has */

enum incident_status {
	INCIDENT_OPEN,
	INCIDENT_ACKNOWLEDGED,
	INCIDENT_INVESTIGATING,
	INCIDENT_MITIGATED,
	INCIDENT_RESOLVED,
	INCIDENT_CLOSED,
};

extern const char *const incident_status_names[]; /* ended by NULL */

/*
 * Text members are slices: of a row (until the next one is read), or of
 * memory that incident_own() gave to it.
 */
struct incident {
	int64_t num;
	int64_t revision;
	enum incident_status status;
	enum severity severity;
	struct slice severity_raw, title, service, host, category, pattern;
	struct slice fingerprint;
	int64_t opened, updated, first, last;
	int64_t acknowledged, mitigated, resolved, closed; /* or WHEN_NONE */
	int64_t count, detections;
	struct slice assignee;
	struct slice tags, labels, links; /* JSON */
	struct slice previous, merged_into;
	bool simulated, auto_resolved, false_positive;
	struct slice solution;
	int64_t took;		       /* milliseconds, or WHEN_NONE */
	int64_t known, triaged, acted; /* revisions, or WHEN_NONE */
	struct slice change;
	int64_t changed;

	char **owned; /* texts that were set or copied */
	size_t owned_count;
};

void incident_done(struct incident *inc);
#define AUTO_INCIDENT CLEANUP(incident_done)
/* Copies every text, so that it outlives the row. */
void incident_own(struct incident *inc);
/* Sets a text member to a copy. */
void incident_set(struct incident *inc, struct slice *member,
		  struct slice text);

static inline bool incident_live(const struct incident *inc)
{
	return inc->status < INCIDENT_RESOLVED;
}

void incident_id(char out[INCIDENT_ID], int64_t num);
/* "INC-20261120-0001"; without regard to case, "INC-" may be left out. */
int incident_parse_id(const char *text, int64_t *ret_num, struct err *err)
	MUST_CHECK;

/* Every member, in the order of records, columns and CSV. */
enum incident_kind {
	INCIDENT_TEXT,
	INCIDENT_JSON,
	INCIDENT_TIME,
	INCIDENT_NUMBER,
	INCIDENT_PERIOD, /* milliseconds here, seconds in records */
	INCIDENT_FLAG,
	INCIDENT_SEVERITY,
	INCIDENT_STATUS,
};

struct incident_field {
	const char *name; /* in records */
	const char *column;
	enum incident_kind kind;
	size_t offset;
	bool always; /* in records also when there is nothing */
};

extern const struct incident_field incident_fields[]; /* ended by no name */

/* The member of a field, whose kind says which of these is right. */
struct slice *incident_text(struct incident *inc,
			    const struct incident_field *f);
int64_t *incident_number(struct incident *inc, const struct incident_field *f);
bool *incident_flag(struct incident *inc, const struct incident_field *f);

/* The columns in the order of incident_fields, for SELECT. */
#define INCIDENT_COLUMNS                                                      \
	"i.num, i.revision, i.status, i.severity, i.severity_raw, i.title, "  \
	"i.service, i.host, i.category, i.pattern, i.fingerprint, i.opened, " \
	"i.updated, i.first_seen, i.last_seen, i.acknowledged, i.mitigated, " \
	"i.resolved, i.closed, i.count, i.detections, i.assignee, i.tags, "   \
	"i.labels, i.links, i.previous, i.merged_into, i.simulated, "         \
	"i.auto_resolved, i.false_positive, i.solution, i.took, i.known, "    \
	"i.triaged, i.acted, i.change, i.changed"
#define INCIDENT_COLUMN_COUNT 37

/* Reads the columns of a row, from column first on. */
void incident_from_row(struct incident *inc, struct store_rows *rows,
		       int first);
int incident_load(struct store *s, int64_t num, struct incident *inc,
		  struct err *err) MUST_CHECK; /* owned; ERR_NO when absent */
int incident_insert(struct store *s, const struct incident *inc,
		    struct err *err) MUST_CHECK;
int incident_update(struct store *s, const struct incident *inc,
		    struct err *err) MUST_CHECK;
/* Removes the incident and all that belongs to it. */
int incident_remove(struct store *s, int64_t num, struct err *err) MUST_CHECK;
/* The number of this write transaction, for incident.changed. Takes the lock
 * that puts writers of incidents in a row. */
int incident_lock(struct store *s, int64_t *ret_changed, struct err *err)
	MUST_CHECK;

/* The number of the newest transaction that changed incidents. */
int incident_last_change(struct store *s, int64_t *ret, struct err *err)
	MUST_CHECK;

/* Appends the members of the record, without brackets. */
void incident_write(struct buf *out, const struct incident *inc);

enum incident_parts {
	INCIDENT_WITH_DETECTIONS = 1 << 0,
	INCIDENT_WITH_TIMELINE = 1 << 1,
	INCIDENT_WITH_CHANGE = 1 << 2, /* of records that flow, not of lists:
					* it tells of one commit */
};
/* Appends the whole record as one JSON object. */
int incident_record(struct store *s, const struct incident *inc, unsigned parts,
		    struct buf *out, struct err *err) MUST_CHECK;

/* ---- the timeline ---- */

struct timeline_entry {
	int64_t seq; /* 0 when adding: the next one */
	int64_t time;
	const char *actor;
	const char *what;
	const char *before, *after, *note; /* or NULL */
};

int timeline_add(struct store *s, int64_t num, const struct timeline_entry *e,
		 struct err *err) MUST_CHECK;
/* The entries in order; texts are borrowed until the next one. */
struct timeline_row {
	int64_t seq, time;
	struct slice actor, what, before, after, note;
};
struct store_rows *timeline_ask(struct store *s, int64_t num, struct err *err)
	MUST_CHECK;
int timeline_next(struct store_rows *rows, struct timeline_row *e,
		  struct err *err) MUST_CHECK; /* 1, 0, -1 */
/* Appends the timeline as a JSON array. */
int timeline_write(struct store *s, int64_t num, struct buf *out,
		   struct err *err) MUST_CHECK;

/* ---- who does it ---- */

/* The user who runs the program; as (may be NULL) is accepted from relays
 * only, and gives "ana via oncall-bot". The caller frees it. */
int actor_name(const struct config *c, const char *as, char **ret,
	       struct err *err) MUST_CHECK;

/* ---- opening: detections in, incidents out ---- */

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

/* ---- changing ---- */

struct incident_edit {
	struct store *store;
	const char *actor;
	const char *note; /* or NULL */
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

/* ---- asking ---- */

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

/* Why it was opened, grouped or not, and what the next detection will do:
 * sentences for people or, with json, its record with a member "explain". */
int incident_explain(struct store *s, const struct config *c, int64_t num,
		     bool json, struct buf *out, struct err *err) MUST_CHECK;

/* ---- exchange ---- */

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
