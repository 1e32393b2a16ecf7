/*
 * err.h - errors that carry a kind and a message.
 *
 * A function that can fail returns -1 and fills the struct err that it is
 * given last. The kind decides the exit status, the text is for people: lower
 * case, no full stop, what failed first, the subject in quotes, the reason
 * last. Libraries never print.
 */
#ifndef ONCALL_ERR_H
#define ONCALL_ERR_H

#include <oncall/base.h>

enum err_kind {
	ERR_NONE,
	ERR_NO,	     /* the answer is no: nothing of that name, not held; 1 */
	ERR_USAGE,   /* wrong usage or configuration: status 2 */
	ERR_INPUT,   /* bad input: status 3 */
	ERR_SYSTEM,  /* the system or the store failed: status 4 */
	ERR_REFUSED, /* policy, approval, unsafe permissions: status 5 */
	ERR_REMOTE,  /* something remote, may be tried again: status 75 */
};

#define ERR_TEXT_MAX 480

struct err {
	enum err_kind kind;
	char text[ERR_TEXT_MAX];
};

/* clang-format off */
#define ERR_INIT {.kind = ERR_NONE, .text = ""}
/* clang-format on */

/* All return -1, so that a caller writes: return err_set(...). First wins. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Adds ": " and the text of errnum; the kind is ERR_SYSTEM. */
int err_sys(struct err *err, int errnum, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Puts context, followed by ": ", before the message that is there. */
int err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_clear(struct err *err);

int err_exit_status(enum err_kind kind);
/* The code in records: "no", "usage", "input", "system", "refused" ... */
const char *err_kind_name(enum err_kind kind);
/* The status that counts where several apply: 4, then 128+n (a stop asked for
 * by a signal), 2, 5, 3, 75, 1, 0. */
int err_worse_status(int a, int b);

#endif
