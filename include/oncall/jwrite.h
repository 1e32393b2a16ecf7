/*
 * jwrite.h - appends JSON to a buffer, member by member. Text is escaped, and
 * repaired where it is not UTF-8. Commas are put by looking at the last byte,
 * so there is no state beside the buffer.
 */
#ifndef ONCALL_JWRITE_H
#define ONCALL_JWRITE_H

#include <oncall/buf.h>

void jwrite_open(struct buf *b, const char *key,
		 char bracket); /* key or NULL */
void jwrite_close(struct buf *b, char bracket);
/* Opens a record: what each of them begins with. */
void jwrite_record(struct buf *b, const char *type, struct slice id,
		   int64_t time);
/* The same with an id that is new, and of now. */
void jwrite_new(struct buf *b, const char *type);
/* key NULL inside arrays. A slice with a NULL ptr is written as null. */
void jwrite_text(struct buf *b, const char *key, struct slice text);
void jwrite_str(struct buf *b, const char *key, const char *text);
void jwrite_int(struct buf *b, const char *key, int64_t value);
void jwrite_real(struct buf *b, const char *key, double value);
void jwrite_bool(struct buf *b, const char *key, bool value);
void jwrite_time(struct buf *b, const char *key, int64_t ms);
void jwrite_raw(struct buf *b, const char *key, struct slice json);
/* Members that are left out when there is nothing to say. */
void jwrite_str_opt(struct buf *b, const char *key, const char *text);
void jwrite_time_opt(struct buf *b, const char *key,
		     int64_t ms); /* WHEN_NONE */

#endif
