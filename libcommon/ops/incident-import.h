/* incident-import.h - a record on its way into the store: what
 * incident-import-read.c reads and incident-import.c stores. */
#ifndef ONCALL_INCIDENT_IMPORT_H
#define ONCALL_INCIDENT_IMPORT_H

#include <oncall/incident.h>
#include <oncall/jscan.h>

struct import_item {
	struct buf line;
	struct jscan scan; /* of line */
	struct incident inc;
	bool refused;
};

/* Reads line into the other members; ERR_INPUT when it is no incident. */
int import_item_read(struct import_item *item, struct err *err) MUST_CHECK;
/* Stores the timeline of a record that was read. */
int import_item_timeline(struct import_item *item, struct store *s,
			 struct err *err) MUST_CHECK;

#endif
