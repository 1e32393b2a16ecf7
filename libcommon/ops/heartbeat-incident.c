/* heartbeat-incident.c - the incident of a heartbeat that is missing. */
#include <oncall/detection.h>
#include <oncall/incident-edit.h>
#include <oncall/incident-open.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "heartbeat-internal.h"

static void identify(char out[DETECTION_FINGERPRINT], const char *name)
{
	const struct slice parts[] = {SLICE_LIT("heartbeat"), slice_of(name)};

	detection_fingerprint(out, parts, ARRAY_LEN(parts));
}

static void write_detection(struct buf *out, const struct heartbeat *h)
{
	int64_t last = h->seen == WHEN_NONE ? h->since : h->seen;
	char fingerprint[DETECTION_FINGERPRINT], age[32];
	AUTO_FREE char *id =
		mem_printf("heartbeat %s %lld", h->name, (long long)h->missed);
	AUTO_FREE char *title = NULL;

	identify(fingerprint, h->name);
	when_format_age(age, h->missed - last);
	title = mem_printf("no sign of life from %s for %s", h->name, age);
	jwrite_record(out, "detection", slice_of(id), h->missed);
	jwrite_str(out, "pattern", "heartbeat");
	jwrite_str(out, "title", title);
	jwrite_str(out, "severity", h->severity);
	jwrite_str(out, "category", "heartbeat");
	jwrite_str(out, "service", h->service ? h->service : h->name);
	jwrite_str_opt(out, "host", h->host);
	jwrite_text(out, "message", buf_slice(&h->why));
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "heartbeat", h->name);
	jwrite_close(out, '}');
	jwrite_str(out, "kind", "absence");
	jwrite_str(out, "fingerprint", fingerprint);
	jwrite_close(out, '}');
}

int heartbeat_open(struct store *s, const struct config *c, const char *actor,
		   const struct heartbeat *h, struct err *err)
{
	/* The incident is not told here: the pager does. */
	struct record_writer nowhere = RECORD_WRITER_INIT(-1);
	AUTO_BUF struct buf line = BUF_INIT;
	struct jscan scan = {0};
	struct incident_open *open =
		incident_open_new(&(struct incident_open_options){
			.store = s, .config = c, .actor = actor});
	int rc;

	write_detection(&line, h);
	rc = jscan_object(&scan, line.data, line.len, err);
	if (rc == 0)
		rc = incident_open_add(open, buf_slice(&line), &scan, err);
	if (rc == 0)
		rc = incident_open_commit(open, &nowhere, err);
	incident_open_free(open);
	jscan_done(&scan);
	record_writer_done(&nowhere);
	return rc;
}

/* The live incident of a heartbeat, or 0; how many others are part of it. */
static int find_live(struct store *s, const char *name, int64_t *ret_num,
		     int64_t *ret_others, struct err *err)
{
	char fingerprint[DETECTION_FINGERPRINT];
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	identify(fingerprint, name);
	rows = STORE_ASK(s, err,
			 "SELECT i.num, (SELECT COUNT(*) FROM fingerprints o "
			 "WHERE o.incident = i.num AND o.fingerprint <> $1) "
			 "FROM fingerprints f "
			 "JOIN incidents i ON i.num = f.incident "
			 "WHERE f.fingerprint = $1 "
			 "AND i.status NOT IN ('resolved', 'closed')",
			 S_TEXT(fingerprint));
	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	*ret_num = got ? store_int(rows, 0) : 0;
	*ret_others = got ? store_int(rows, 1) : 0;
	return 0;
}

static int add_fingerprints(struct store *s, struct buf *out, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = store_ask(
		s, err, "SELECT name FROM heartbeats WHERE missed IS NOT NULL",
		NULL, 0);
	int got = rows ? 1 : -1;

	while (got > 0 && (got = store_next(rows, err)) > 0) {
		AUTO_FREE char *name = mem_dup_bytes(store_text(rows, 0).ptr,
						     store_text(rows, 0).len);
		char fingerprint[DETECTION_FINGERPRINT];

		identify(fingerprint, name);
		buf_add_slice(out,
			      (struct slice){fingerprint, sizeof(fingerprint)});
	}
	return got;
}

int heartbeat_is_missing(struct store *s, int64_t incident, struct err *err)
{
	AUTO_BUF struct buf missing = BUF_INIT;

	if (add_fingerprints(s, &missing, err) < 0)
		return -1;
	for (size_t at = 0; at < missing.len; at += DETECTION_FINGERPRINT) {
		AUTO_ROWS struct store_rows *rows =
			STORE_ASK(s, err,
				  "SELECT 1 FROM fingerprints "
				  "WHERE fingerprint = $1 AND incident = $2",
				  S_TEXT(missing.data + at), S_INT(incident));
		int got = rows ? store_next(rows, err) : -1;

		if (got != 0)
			return got;
	}
	return 0;
}

int heartbeat_resolve(struct store *s, const char *actor, const char *name,
		      const char *note, int64_t now, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	struct incident_edit edit = {.store = s,
				     .actor = actor,
				     .note = note,
				     .took = WHEN_NONE,
				     .at = now,
				     .automatic = true};
	int64_t num, others;
	int rc;

	if (find_live(s, name, &num, &others, err) < 0)
		return -1;
	if (!num)
		return 0;
	/* What was merged into it may go on. */
	rc = others ? incident_note(&edit, num, &inc, err)
		    : incident_move(&edit, num, INCIDENT_RESOLVED, &inc, err);
	return rc < 0 ? -1 : 0;
}
