/*
 * payload.h - what other tools send when something is wrong, as detections:
 * Alertmanager and Grafana (webhook), PagerDuty (events API v2), CloudEvents
 * (JSON), Nagios (a plugin's output). Each alert becomes one detection whose
 * fingerprint is the sender's own; one that is over says so in its kind.
 */
#ifndef ONCALL_PAYLOAD_H
#define ONCALL_PAYLOAD_H

#include <oncall/buf.h>
#include <oncall/err.h>

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

struct payload_alert {
	enum payload_event event;
	const char *fingerprint; /* for incidents: form, and the sender's own */
	int64_t time;		 /* when it began, or ended */
	struct slice detection;	 /* record; of PAYLOAD_FIRES only */
};

/*
 * Calls sink for each alert of one payload, a JSON document (of Nagios lines of
 * text), in their order; the alert is valid until sink returns. -1 stops.
 * ERR_INPUT names the member that is missing or wrong: then sink has not been
 * called at all.
 */
int payload_read(enum payload_form form, struct slice text,
		 int (*sink)(void *arg, const struct payload_alert *a,
			     struct err *err),
		 void *arg, struct err *err) MUST_CHECK;

#endif
