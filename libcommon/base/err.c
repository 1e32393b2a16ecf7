/* err.c - struct err: kind and text, context in front, exit status. */
#include <oncall/err.h>

#include <stdarg.h>
#include <stdio.h>

#include <oncall/utf8.h>

/* Room behind the longest text, so that the character cut there is known. */
#define CUT_ROOM 4

static void put_text(struct err *err, const char *wide, size_t len)
{
	len = utf8_cut(wide, len, ERR_TEXT_MAX - 1);
	memcpy(err->text, wide, len);
	err->text[len] = '\0';
}

/* The length written by a snprintf that returned n into room bytes. */
static size_t written(int n, size_t room)
{
	if (n < 0)
		return 0;
	return (size_t)n < room ? (size_t)n : room - 1;
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	char wide[ERR_TEXT_MAX + CUT_ROOM];
	va_list ap;
	int n;

	if (err->kind != ERR_NONE)
		return -1;
	va_start(ap, fmt);
	n = vsnprintf(wide, sizeof(wide), fmt, ap);
	va_end(ap);
	put_text(err, wide, written(n, sizeof(wide)));
	err->kind = kind;
	return -1;
}

int err_sys(struct err *err, int errnum, const char *fmt, ...)
{
	char wide[ERR_TEXT_MAX + CUT_ROOM];
	const char *reason = strerror(errnum);
	size_t len;
	va_list ap;
	int n;

	if (err->kind != ERR_NONE)
		return -1;
	va_start(ap, fmt);
	n = vsnprintf(wide, sizeof(wide), fmt, ap);
	va_end(ap);
	len = written(n, sizeof(wide));
	n = snprintf(wide + len, sizeof(wide) - len, ": %s", reason);
	len += written(n, sizeof(wide) - len);
	put_text(err, wide, len);
	err->kind = ERR_SYSTEM;
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char wide[ERR_TEXT_MAX + CUT_ROOM];
	size_t len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(wide, sizeof(wide), fmt, ap);
	va_end(ap);
	len = written(n, sizeof(wide));
	n = snprintf(wide + len, sizeof(wide) - len, ": %s", err->text);
	len += written(n, sizeof(wide) - len);
	put_text(err, wide, len);
	return -1;
}

void err_clear(struct err *err)
{
	err->kind = ERR_NONE;
	err->text[0] = '\0';
}

int err_exit_status(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return 0;
	case ERR_NO:
		return 1;
	case ERR_USAGE:
		return 2;
	case ERR_INPUT:
		return 3;
	case ERR_SYSTEM:
		return 4;
	case ERR_REFUSED:
		return 5;
	case ERR_REMOTE:
		return 75;
	}
	return 4;
}

const char *err_kind_name(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return "none";
	case ERR_NO:
		return "no";
	case ERR_USAGE:
		return "usage";
	case ERR_INPUT:
		return "input";
	case ERR_SYSTEM:
		return "system";
	case ERR_REFUSED:
		return "refused";
	case ERR_REMOTE:
		return "remote";
	}
	return "system";
}

int err_worse_status(int a, int b)
{
	/* A status that is not listed is 128+n, a stop asked for by a signal:
	 * it outranks all but a failure, since that stop was not clean. */
	static const int rank[] = {0, 1, 75, 3, 5, 2, -1, 4};
	size_t ra = ARRAY_LEN(rank) - 2;
	size_t rb = ARRAY_LEN(rank) - 2;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rank); i++) {
		if (rank[i] == a)
			ra = i;
		if (rank[i] == b)
			rb = i;
	}
	return ra >= rb ? a : b;
}
