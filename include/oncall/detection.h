/*
 * detection.h - the detection record: something that was seen. Its fields are
 * slices of the line that it was read from, JSON text as it stands there.
 */
#ifndef ONCALL_DETECTION_H
#define ONCALL_DETECTION_H

#include <oncall/err.h>
#include <oncall/jscan.h>
#include <oncall/severity.h>

#define DETECTION_FINGERPRINT 36 /* "v1:", 32 hex digits and a NUL */
#define DETECTION_NO_POSITION INT64_MIN
/* Bytes of a member by which something is looked up: id, pattern, service,
 * fingerprint, stream. Two of them fit into one key of PostgreSQL, which has
 * 2704. */
#define DETECTION_KEY_MAX 1000

struct detection {
	struct slice line; /* the whole record */
	/* JSON strings with their quotes; a NULL ptr where absent. */
	struct slice id, pattern, title, severity_raw, category, service, host;
	struct slice message, fingerprint, stream;
	struct slice source, tags, labels, links; /* JSON objects and arrays */
	enum severity severity;
	int64_t time;	    /* of the record */
	int64_t event_time; /* of what was seen; time where the line had none */
	int64_t first, last;
	int64_t count;
	int64_t position; /* within the stream, or DETECTION_NO_POSITION */
	bool simulated;
};

/*
 * Reads a record that jscan_object() found good; now stands in for a missing
 * time; scratch is used for members inside members, and may be used again.
 * ERR_INPUT names the member that is wrong.
 */
int detection_read(struct detection *d, struct slice line,
		   const struct jscan *scan, struct jscan *scratch, int64_t now,
		   struct err *err) MUST_CHECK;

/* What makes two detections the same incident: the pattern's id and the values
 * of its identity members (by default the service). */
void detection_fingerprint(char out[DETECTION_FINGERPRINT],
			   const struct slice *parts, size_t count);
/* An object whose members are no objects or arrays, each there once. */
bool detection_labels_valid(struct slice json, struct jscan *scratch);
/* Appends the text of a JSON string as a store can hold it: NUL, which an
 * escape may stand for, becomes U+FFFD. */
void detection_text(struct buf *out, struct slice json);
/* Appends the fingerprint of d: its own, or that of pattern and service. */
void detection_identity(struct buf *out, const struct detection *d);
/* Appends the id of d: its own, or a hash of the line. */
void detection_id(struct buf *out, const struct detection *d);

#endif
