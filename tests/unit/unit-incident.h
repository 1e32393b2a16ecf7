/* unit-incident.h - an incident as tests put it into their store. */
#ifndef ONCALL_UNIT_INCIDENT_H
#define ONCALL_UNIT_INCIDENT_H

#include "unit-ops.h"

#include <oncall/incident.h>
#include <oncall/when.h>

/* One that was just opened; a test sets what it is about. */
static inline struct incident incident_sample(int64_t num)
{
	return (struct incident){
		.num = num,
		.revision = 1,
		.status = INCIDENT_OPEN,
		.severity = SEVERITY_HIGH,
		.title = SLICE_LIT("trouble"),
		.service = SLICE_LIT("api"),
		.fingerprint = SLICE_LIT("v1:abc"),
		.opened = NOW,
		.updated = NOW,
		.first = NOW,
		.last = NOW,
		.acknowledged = WHEN_NONE,
		.mitigated = WHEN_NONE,
		.resolved = WHEN_NONE,
		.closed = WHEN_NONE,
		.count = 1,
		.detections = 1,
		.tags = SLICE_LIT("[]"),
		.labels = SLICE_LIT("{}"),
		.links = SLICE_LIT("[]"),
		.took = WHEN_NONE,
		.known = WHEN_NONE,
		.triaged = WHEN_NONE,
		.acted = WHEN_NONE,
		.change = SLICE_LIT("opened"),
	};
}

static inline void put_incident(const struct incident *inc)
{
	struct err err = ERR_INIT;

	if (incident_insert(store, inc, &err) < 0)
		fail_msg("%s", err.text);
}

#endif
