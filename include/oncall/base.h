/* base.h - what every file uses: attributes, scoped release, slices. */
#ifndef ONCALL_BASE_H
#define ONCALL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define MUST_CHECK	  __attribute__((warn_unused_result))
#define NORETURN	  __attribute__((noreturn))
#define CLEANUP(fn)	  __attribute__((cleanup(fn)))
#define ARRAY_LEN(a)	  (sizeof(a) / sizeof((a)[0]))

/* Hands a scoped pointer to the caller: yields it and leaves NULL behind. */
#define TAKE_PTR(p)                         \
	__extension__({                     \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

/* Defines the function that releases a scoped variable of a pointer type. */
#define DEFINE_AUTO(type, release, name) \
	static inline void name(type *p) \
	{                                \
		if (*p)                  \
			release(*p);     \
	}

static inline void auto_free_(void *p)
{
	free(*(void **)p);
}
#define AUTO_FREE CLEANUP(auto_free_) /* AUTO_FREE char *line = NULL; */

static inline void auto_fd_(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
#define AUTO_FD CLEANUP(auto_fd_) /* AUTO_FD int fd = open(...); */

/* Bytes that somebody else owns; not ended by a NUL. */
struct slice {
	const char *ptr;
	size_t len;
};

#define SLICE_LIT(s) ((struct slice){(s), sizeof(s) - 1})

static inline struct slice slice_of(const char *s)
{
	return (struct slice){s, s ? strlen(s) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.ptr, b.ptr, a.len));
}

static inline bool slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_of(s));
}

/* Does a stand in the memory of b? */
static inline bool slice_within(struct slice a, struct slice b)
{
	uintptr_t from = (uintptr_t)a.ptr - (uintptr_t)b.ptr;

	return from < b.len && a.len <= b.len - from;
}

#endif
