/*
 * redact.h - takes secrets out of text: values registered by the secrets
 * module, and what looks like one (password=..., "token": "...",
 * Authorization headers, user:password@ in URLs, private keys, well-known
 * token prefixes). What is taken out becomes "[redacted]"; quotes, keys and
 * schemes around it stay, and JSON stays JSON. Linear in the length of the
 * text.
 */
#ifndef ONCALL_REDACT_H
#define ONCALL_REDACT_H

#include <oncall/buf.h>

/* Remembers a value that must never be shown, as it is and as JSON escapes it;
 * values below 4 bytes are not remembered. */
void redact_register(const char *secret);
/* The values that are remembered, in the order in which they came; a NULL ptr
 * behind the last one. For processes that were forked before. */
struct slice redact_registered(size_t i);
/* Appends text with secrets replaced; true when there was one. */
bool redact_text(struct buf *out, const char *p, size_t n);

#endif
