/* severity.h - the five severities that all programs share. */
#ifndef ONCALL_SEVERITY_H
#define ONCALL_SEVERITY_H

#include <oncall/base.h>

enum severity {
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
};

/* Ended by NULL, in rising order; for tables of options. */
extern const char *const severity_names[];

const char *severity_name(enum severity s);
bool severity_parse(struct slice text, enum severity *ret);

#endif
