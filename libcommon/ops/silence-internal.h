/* silence-internal.h - what the parts of silence share. */
#ifndef ONCALL_SILENCE_INTERNAL_H
#define ONCALL_SILENCE_INTERNAL_H

#include <oncall/silence.h>
#include <oncall/store.h>

#define SILENCE_COLUMNS \
	"id, match, incidents, starts, ends, actor, note, made, ended "

void silence_from_row(struct silence *s, struct store_rows *rows);
/* Calls for every value of every field; what it returns ends that when it is
 * not 0. */
int silence_values(const struct silence *s,
		   int (*each)(void *arg, const char *field, const char *value,
			       struct err *err),
		   void *arg, struct err *err) MUST_CHECK;
bool silence_names(const struct silence *s, int64_t incident);
/* The next of those that name the incident, from *at on, which moves on. */
struct silence *silence_set_naming(const struct silence_set *all,
				   int64_t incident, size_t *at);

#endif
