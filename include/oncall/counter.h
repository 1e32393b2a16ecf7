/* counter.h - numbers in the store, each with a name. */
#ifndef ONCALL_COUNTER_H
#define ONCALL_COUNTER_H

#include <oncall/store.h>

/* One more than before; 1 is the first. Inside a transaction. */
int counter_next(struct store *s, const char *name, int64_t *ret,
		 struct err *err) MUST_CHECK;
/* 0 when there is none of that name. */
int counter_get(struct store *s, const char *name, int64_t *ret,
		struct err *err) MUST_CHECK;
int counter_set(struct store *s, const char *name, int64_t value,
		struct err *err) MUST_CHECK;

#endif
