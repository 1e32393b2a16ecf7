/* audit-list.h - the trail, to read. */
#ifndef ONCALL_AUDIT_LIST_H
#define ONCALL_AUDIT_LIST_H

#include <oncall/audit.h>

struct audit_row { /* borrowed until the next one */
	int64_t seq, time;
	struct slice actor, what, subject, data, hash;
};

/* In its order; of one subject unless that is NULL, and from a time on unless
 * that is WHEN_NONE. */
struct store_rows *audit_list(struct store *s, const char *subject,
			      int64_t since, struct err *err) MUST_CHECK;
int audit_list_next(struct store_rows *rows, struct audit_row *ret,
		    struct err *err) MUST_CHECK; /* 1, 0, -1 */

#endif
