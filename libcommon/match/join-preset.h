/* join-preset.h - byte tests that the presets share. */
#ifndef JOIN_PRESET_H
#define JOIN_PRESET_H

#include "join-internal.h"

/* A beginning that lines share is at least this long: "app: ". */
#define JOIN_SHARED_MIN 4

static inline bool join_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool join_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       join_is_digit(c) || c == '_' || c == '$';
}

static inline bool join_starts(struct slice s, struct slice with)
{
	return s.len >= with.len && !memcmp(s.ptr, with.ptr, with.len);
}

#define JOIN_STARTS(s, lit) join_starts((s), SLICE_LIT(lit))

static inline struct slice join_behind(struct slice s, size_t n)
{
	return (struct slice){s.ptr + n, s.len - n};
}

/* How many blanks and TABs it begins with. */
size_t join_blanks(struct slice s);
/* Without a "\r" at its end. */
struct slice join_unended(struct slice line);
/* The line behind the beginning that it shares with the event, digits aside;
 * false when there is none. */
bool join_body(struct slice line, const struct join_open *open,
	       struct slice *ret);
/* Bytes of names parted by dots at the start; how many dots, and where the last
 * name begins. */
size_t join_dotted(struct slice s, size_t *ret_dots, size_t *ret_last);

#endif
