/*
 * mem.h - allocation that cannot fail: out of memory ends the process with
 * status 4 and a message. Everything is released with free().
 */
#ifndef ONCALL_MEM_H
#define ONCALL_MEM_H

#include <stdarg.h>

#include <oncall/base.h>

/* Gives Jansson the same allocator; called once, before anything else. */
void mem_init(void);

void *mem_alloc(size_t size) MUST_CHECK;
void *mem_zero(size_t count, size_t size) MUST_CHECK;
/* The array grows to count elements of size bytes; the product is checked. */
void *mem_resize(void *ptr, size_t count, size_t size) MUST_CHECK;
char *mem_dup(const char *s) MUST_CHECK;		   /* NULL gives NULL */
char *mem_dup_bytes(const char *p, size_t len) MUST_CHECK; /* adds a NUL */
char *mem_dup_slice(struct slice s) MUST_CHECK; /* a NULL ptr gives NULL */
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2) MUST_CHECK;
char *mem_vprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0) MUST_CHECK;
NORETURN void mem_die(void);

#endif
