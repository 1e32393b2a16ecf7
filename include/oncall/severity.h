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

/* Numbers that say how bad something is. */
enum severity_scale {
	SEVERITY_SCALE_SYSLOG, /* 0 (emergency) to 7 (debug) */
	SEVERITY_SCALE_OTEL,   /* 1 (trace) to 24 (fatal); 0 is unknown */
	SEVERITY_SCALE_PINO,   /* and bunyan: 10 (trace) to 60 (fatal) */
	SEVERITY_SCALE_PYTHON, /* 10 (debug) to 50 (critical) */
};

/*
 * What other programs call a level: a word in upper or lower case ("ERROR",
 * "warn", "Emergency", our own names), one of its usual first letters ("E"), or
 * a number of syslog. False for what is none of them: unknown stays unknown.
 */
bool severity_of_level(struct slice text, enum severity *ret);
bool severity_of_number(int64_t number, enum severity_scale scale,
			enum severity *ret);

#endif
