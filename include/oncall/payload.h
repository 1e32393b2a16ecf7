/*
 * payload.h - what other tools send when something is wrong, as detections:
 * Alertmanager and Grafana (webhook), PagerDuty (events API v2), CloudEvents
 * (JSON), Nagios (a plugin's output). Each alert becomes one detection whose
 * fingerprint is the sender's own; one that is over says so in its event.
 */
#ifndef ONCALL_PAYLOAD_H
#define ONCALL_PAYLOAD_H

#include <oncall/buf.h>
#include <oncall/err.h>
#include <oncall/incident-open.h>

#define PAYLOAD_MAX ((size_t)16 * 1024 * 1024) /* bytes of one document */

enum payload_form {
	PAYLOAD_ALERTMANAGER,
	PAYLOAD_GRAFANA,
	PAYLOAD_PAGERDUTY,
	PAYLOAD_CLOUDEVENTS,
	PAYLOAD_NAGIOS,
};
extern const char *const payload_form_names[]; /* ended by NULL */

enum payload_event {
	PAYLOAD_FIRES,
	PAYLOAD_ACKNOWLEDGED, /* the sender's people have it */
	PAYLOAD_RESOLVED,
};

/* What is known beside the payload. */
struct payload_source {
	enum payload_form form;
	int64_t now;		    /* no alert began or ended later */
	const char *service, *host; /* where none is named; or NULL */
	int status; /* of a Nagios plugin, 0 to 3; -1: as its text says */
};

struct payload_alert {
	enum payload_event event;
	const char *fingerprint; /* for incidents: form, and the sender's own */
	const char *id; /* of the detection: the same when delivered again */
	int64_t time;	/* when it began, or ended; or now */
	bool timed;	/* the sender said so */
	/* The id is made of the content alone, so the same may have happened
	 * again: it says something only while the incident is open. */
	bool weak_id;
	struct slice detection; /* record; of PAYLOAD_FIRES only */
};

/*
 * Calls sink for each alert of one payload, a JSON document (of Nagios, the
 * lines of text), in their order; the alert is valid until sink returns. -1
 * stops. ERR_INPUT names the member that is missing or wrong: then sink has not
 * been called at all.
 */
int payload_read(const struct payload_source *src, struct slice text,
		 int (*sink)(void *arg, const struct payload_alert *a,
			     struct err *err),
		 void *arg, struct err *err) MUST_CHECK;
/* How many alerts the sender says that it left out of a payload. */
int64_t payload_left_out(struct slice text);
/* Whether the line is a whole payload of that form, which no part of another
 * one is. */
bool payload_whole(enum payload_form form, struct slice line);

struct payload_store {
	struct store *store;
	struct incident_open *open;
	const char *actor;
};

/*
 * Takes one payload. What fires joins the batch of open. What is over or
 * acknowledged is stored before this returns, and the batch before it; the
 * incidents that changed go to out.
 */
int payload_take(const struct payload_store *s,
		 const struct payload_source *src, struct slice text,
		 struct record_writer *out, struct err *err) MUST_CHECK;

#endif
