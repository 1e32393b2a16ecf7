/* similar.h - which past incidents were like this one. */
#ifndef KB_SIMILAR_H
#define KB_SIMILAR_H

#include <oncall/kb-match.h>

/* The newest of this many are compared. */
#define SIMILAR_INCIDENTS 20000

struct similar;

int similar_open(struct similar **ret, struct store *s, struct err *err)
	MUST_CHECK;
void similar_free(struct similar *s);
/* Appends a JSON array, the most similar first, without the incident that
 * scan holds (NULL: none). */
int similar_find(struct similar *s, const struct kb_question *q,
		 const struct jscan *scan, size_t top, struct buf *out,
		 struct err *err) MUST_CHECK;
/* The array for people. */
void similar_show(struct buf *out, struct slice array);

#endif
