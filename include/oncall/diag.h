/*
 * diag.h - diagnostics on standard error, one write a message: text
 * ("oncall-incident: warning: ...", coloured on a terminal unless NO_COLOR is
 * set) or, with --log-format json, one JSON object a line with the members
 * time, level, tool and message. Control bytes are replaced and secrets
 * redacted here, so that callers may pass what they got.
 */
#ifndef ONCALL_DIAG_H
#define ONCALL_DIAG_H

#include <oncall/base.h>

enum diag_level { DIAG_ERROR, DIAG_WARN, DIAG_INFO, DIAG_DEBUG };

/* Messages up to the level most are shown; tool is kept, not copied. */
void diag_setup(const char *tool, enum diag_level most, bool json);
const char *diag_tool(void);
bool diag_wants(enum diag_level level);

void diag_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void diag_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void diag_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void diag_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
