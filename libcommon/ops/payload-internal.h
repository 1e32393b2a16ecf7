/* payload-internal.h - what the readers of the forms share. */
#ifndef ONCALL_PAYLOAD_INTERNAL_H
#define ONCALL_PAYLOAD_INTERNAL_H

#include <oncall/jscan.h>
#include <oncall/payload.h>
#include <oncall/severity.h>

#define PAYLOAD_OWN_MAX	   200	/* bytes of a fingerprint that stays readable */
#define PAYLOAD_NAME_MAX   160	/* bytes of a service, a host, a rule's name */
#define PAYLOAD_TEXT_MAX   4096 /* bytes of a title, a message, a label */
#define PAYLOAD_LABELS_MAX 8000 /* bytes of all labels: what incidents keep */
#define PAYLOAD_NOTES_MAX  16384 /* bytes of all annotations */
#define PAYLOAD_LINKS	   16

/* An alert that was read; texts are places in payload_reader.texts. */
struct payload_item {
	struct payload_alert alert;
	size_t fingerprint, id, detection, detection_len;
};

struct payload_reader {
	const struct payload_source *src;
	struct slice text; /* the whole payload */
	struct buf texts;
	struct payload_item *items;
	size_t count, cap;
	struct jscan top, part, labels, scratch;
	char where[40]; /* "alerts[3]." */
	struct buf host, made;
};

/* What an alert says: values of JSON as they stand in the payload, strings with
 * their quotes. A NULL ptr says nothing. */
struct payload_fields {
	enum payload_event event;
	struct slice own;   /* fingerprint, as text */
	int64_t time;	    /* or WHEN_NONE */
	struct slice which; /* text that tells two events of one fingerprint
			     * apart where there is no time; or none */
	struct slice title, message, service, host, category, pattern;
	struct slice severity_raw, runbook;
	struct slice labels, annotations; /* objects */
	struct slice links[PAYLOAD_LINKS];
	size_t link_count;
};

/* Members of an object that was scanned. What is null or "" is not there. */
int payload_string(const struct payload_reader *r, const struct jscan *s,
		   const char *name, struct slice *ret, struct err *err);
int payload_object(const struct payload_reader *r, const struct jscan *s,
		   const char *name, struct slice *ret, struct err *err);
/* WHEN_NONE too for what stands for no time: 1970 and before. */
int payload_time(const struct payload_reader *r, const struct jscan *s,
		 const char *name, int64_t *ret, struct err *err);
int payload_wrong(const struct payload_reader *r, const char *name,
		  const char *expected, struct err *err);
int payload_missing(const struct payload_reader *r, const char *name,
		    struct err *err);
/* The first of the names (ended by NULL) that is a string, or none. */
struct slice payload_first(const struct jscan *s, const char *const *names);
/* Whether a JSON string is that text. */
bool payload_is(struct slice json, const char *text);

void payload_add_link(struct payload_fields *f, struct slice json);
/* Labels are an object of texts, numbers and flags. */
int payload_check_labels(struct payload_reader *r, struct slice labels,
			 const char *name, struct err *err);
/* Adds the alert; its texts are copied. */
void payload_add(struct payload_reader *r, const struct payload_fields *f);

int payload_alertmanager(struct payload_reader *r, struct err *err);
int payload_pagerduty(struct payload_reader *r, struct err *err);
int payload_cloudevents(struct payload_reader *r, struct err *err);
int payload_nagios(struct payload_reader *r, struct err *err);

/* What the sender's word means; false: nobody knows. */
bool payload_severity(struct slice json, enum severity *ret);

#endif
