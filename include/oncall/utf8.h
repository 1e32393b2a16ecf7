/* utf8.h - validation, repair and cutting of UTF-8 (RFC 3629: no surrogates,
 * no overlong forms, nothing above U+10FFFF). */
#ifndef ONCALL_UTF8_H
#define ONCALL_UTF8_H

#include <oncall/buf.h>

/* Length (1 to 4) of the valid character at p, 0 when it is not one. */
size_t utf8_char_len(const char *p, size_t n);
bool utf8_valid(const char *p, size_t n);
/* Appends p with every bad byte sequence (the longest part that could have
 * begun a character) as one U+FFFD; true when there was one. */
bool utf8_repair(struct buf *out, const char *p, size_t n);
/* The largest length up to max that does not cut a character of p. */
size_t utf8_cut(const char *p, size_t n, size_t max);
/* Columns on a terminal: wide characters count 2, combining and control ones
 * 0, a byte that belongs to no character 1. */
size_t utf8_width(const char *p, size_t n);
/* Appends one code point, U+FFFD for what is none. */
void utf8_add(struct buf *out, uint32_t code);

#endif
