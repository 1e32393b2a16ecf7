/* base64.h - base64 of RFC 4648, padded. */
#ifndef ONCALL_BASE64_H
#define ONCALL_BASE64_H

#include <oncall/buf.h>

/* Appends the text, without line ends. */
void base64_add(struct buf *out, const void *p, size_t n);
/* Appends the bytes; -1 when it is none. Padding may be missing. */
int base64_decode(struct buf *out, struct slice text) MUST_CHECK;

#endif
