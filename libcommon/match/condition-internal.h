/* condition-internal.h - a condition as it was read. */
#ifndef ONCALL_CONDITION_INTERNAL_H
#define ONCALL_CONDITION_INTERNAL_H

#include <oncall/condition.h>

#define CONDITION_MAX_TEXT    4096
#define CONDITION_MAX_COMPARE 16

enum condition_core {
	CONDITION_EACH, /* every hit */
	CONDITION_TIMES,
	CONDITION_ONCE,
	CONDITION_ABSENT,
	CONDITION_THEN,
	CONDITION_WITHOUT,
	CONDITION_GROUP,
};

enum condition_measure {
	CONDITION_PLAIN,
	CONDITION_PERCENT,
	CONDITION_BYTES,
	CONDITION_SECONDS,
};

struct condition_number {
	double value;
	enum condition_measure measure;
};

struct condition_compare {
	char *name;
	char *op;   /* as written */
	char *text; /* the number, as written */
	struct condition_number number;
};

struct condition {
	struct condition_compare compare[CONDITION_MAX_COMPARE];
	size_t compare_count;
	enum condition_core core;
	int64_t count;	/* N */
	int64_t within; /* 0 behind a bare "once" */
	char *parts[CONDITION_MAX_PARTS];
	size_t part_count;
	char *fields[CONDITION_MAX_FIELDS];
	size_t field_count;
};

/* Reads a number with its unit from the start of text; returns the bytes that
 * it took, 0 when there is none. */
size_t condition_number(struct slice text, struct condition_number *ret);

#endif
