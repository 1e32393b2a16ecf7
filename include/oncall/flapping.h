/*
 * flapping.h - whether an incident opens and ends again and again. Of its
 * changes of state within some time (opened, reopened, ended) the newest weighs
 * FLAPPING_NEWEST and one that is just as old as that time FLAPPING_OLDEST; 20
 * of weight 1 are all, 100 %. It flaps from 30 % on, and until that is below
 * 25 %.
 */
#ifndef ONCALL_FLAPPING_H
#define ONCALL_FLAPPING_H

#include <oncall/store.h>

#define FLAPPING_NEWEST 1.15
#define FLAPPING_OLDEST 0.8
#define FLAPPING_FULL	20.0
#define FLAPPING_BEGINS 0.30
#define FLAPPING_ENDS	0.25

struct flapping_question {
	int64_t incident;
	int64_t within; /* incidents.flapping_within; 0: nothing flaps */
	int64_t now;
	bool was; /* it was flapping when that was asked last */
};

struct flapping_answer {
	bool flapping;
	double share;  /* 0 to 1, or above */
	int64_t until; /* when it ends if nothing changes; WHEN_NONE: it is not
			* flapping */
};

int flapping_ask(struct store *s, const struct flapping_question *q,
		 struct flapping_answer *ret, struct err *err) MUST_CHECK;
/* The share of changes at these times. */
double flapping_share(const int64_t *times, size_t n, int64_t within,
		      int64_t now);

#endif
