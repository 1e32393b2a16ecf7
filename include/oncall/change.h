/* change.h - what people and machines did to services, kept for who asks for
 * causes: deployments, configuration, `change` records. */
#ifndef ONCALL_CHANGE_H
#define ONCALL_CHANGE_H

#include <oncall/store.h>

#define CHANGE_ID 32 /* "CHG-", a ULID and a NUL */

struct change {
	char id[CHANGE_ID]; /* "": a new one */
	int64_t time;
	const char *service, *what;			/* never NULL */
	const char *kind, *who, *version, *link, *host; /* or NULL */
};

/* The same id again changes nothing: 0, otherwise 1. */
int change_add(struct store *s, struct change *c, struct err *err) MUST_CHECK;
/* In [from, to), newest first; service NULL: of all. Columns in the order of
 * struct change, for change_row(). */
struct store_rows *change_ask(struct store *s, const char *service,
			      int64_t from, int64_t to, struct err *err)
	MUST_CHECK;
void change_row(struct store_rows *rows, struct change *ret, struct buf *text);

#endif
