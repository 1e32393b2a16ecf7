/*
 * incident.h - what an incident is, how it is stored, shown and changed. One
 * table (incident_fields) says for every member its column and its place in
 * records; reading, writing, export and import follow it.
 */
#ifndef ONCALL_INCIDENT_H
#define ONCALL_INCIDENT_H

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

#endif
