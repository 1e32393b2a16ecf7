/* buf.c - a growing byte buffer with a ceiling. */
#include <oncall/buf.h>

#include <stdarg.h>
#include <stdio.h>

#include <oncall/mem.h>

#define FIRST_CAP  ((size_t)128)
#define INT_DIGITS 20 /* of the smallest int64_t, with its sign */

static size_t ceiling(const struct buf *b)
{
	size_t max = b->max ? b->max : BUF_DEFAULT_MAX;

	/* Half the address space, so that doubling cannot wrap round. */
	return max < SIZE_MAX / 2 ? max : SIZE_MAX / 2 - 1;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->over = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

bool buf_reserve(struct buf *b, size_t n)
{
	size_t max = ceiling(b);
	size_t cap = b->cap ? b->cap : FIRST_CAP;

	if (b->len > max || n > max - b->len)
		return false;
	if (b->cap - b->len > n)
		return true;
	while (cap - b->len <= n)
		cap *= 2;
	if (cap > max + 1)
		cap = max + 1;
	b->data = mem_resize(b->data, cap, 1);
	b->cap = cap;
	b->data[b->len] = '\0';
	return true;
}

void buf_add_slow(struct buf *b, const char *p, size_t n)
{
	if (b->over || n == 0)
		return;
	if (!buf_reserve(b, n)) {
		b->over = true;
		return;
	}
	memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

/* Formats behind what is there; the length needed, which may not fit. */
static size_t format_at_end(struct buf *b, const char *fmt, va_list ap)
	PRINTF_LIKE(2, 0);

static size_t format_at_end(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->cap - b->len;
	int n = vsnprintf(b->data + b->len, room, fmt, ap);

	if (n < 0)
		mem_die(); /* the format is ours: only memory can be short */
	return (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t n;
	va_list ap;

	if (b->over)
		return;
	if (!buf_reserve(b, 0)) {
		b->over = true;
		return;
	}
	va_start(ap, fmt);
	n = format_at_end(b, fmt, ap);
	va_end(ap);
	if (n >= b->cap - b->len) {
		b->data[b->len] = '\0';
		if (!buf_reserve(b, n)) {
			b->over = true;
			return;
		}
		va_start(ap, fmt);
		(void)format_at_end(b, fmt, ap);
		va_end(ap);
	}
	b->len += n;
}

void buf_add_int(struct buf *b, int64_t value)
{
	char digits[INT_DIGITS];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *text = b->data ? b->data : mem_dup("");

	*b = (struct buf){.max = b->max};
	return text;
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
	if (!b->over)
		return 0;
	return err_set(err, ERR_INPUT, "%s is larger than %zu bytes", what,
		       ceiling(b));
}
