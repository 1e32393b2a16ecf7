/*
 * buf.h - a growing byte buffer with a ceiling.
 *
 * Adding never fails at the place of adding: what would pass the ceiling is
 * dropped whole and marks the buffer as over, as is all that comes later, so
 * that no gap arises; and the caller asks once, with buf_check(), when the
 * text is complete.
 */
#ifndef ONCALL_BUF_H
#define ONCALL_BUF_H

#include <oncall/base.h>
#include <oncall/err.h>

#define BUF_DEFAULT_MAX ((size_t)64 * 1024 * 1024)

struct buf {
	char *data; /* a NUL stands behind len; NULL while cap is 0 */
	size_t len;
	size_t cap;
	size_t max; /* 0 means BUF_DEFAULT_MAX */
	bool over;  /* something was dropped */
};

/* clang-format off */
#define BUF_INIT        {.data = NULL}
#define BUF_INIT_MAX(m) {.max = (m)}
/* clang-format on */

void buf_done(struct buf *b);
void buf_reset(struct buf *b); /* empty again, keeps the memory */
void buf_truncate(struct buf *b, size_t len);
/* Makes room for n more bytes and a NUL; false, and nothing marked, when that
 * would pass the ceiling. */
bool buf_reserve(struct buf *b, size_t n);
void buf_add_slow(struct buf *b, const char *p, size_t n);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_add_int(struct buf *b, int64_t value);

static inline void buf_add(struct buf *b, const char *p, size_t n)
{
	if (b->cap - b->len > n && !b->over) { /* room for the NUL as well */
		memcpy(b->data + b->len, p, n);
		b->len += n;
		b->data[b->len] = '\0';
	} else {
		buf_add_slow(b, p, n);
	}
}

static inline void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_add_slice(struct buf *b, struct slice s)
{
	if (s.len)
		buf_add(b, s.ptr, s.len);
}

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->data, b->len};
}

/* The text, "" when nothing was added; borrowed until the next change. */
const char *buf_str(const struct buf *b);
/* The text, which the caller frees; the buffer is empty afterwards. */
char *buf_take(struct buf *b) MUST_CHECK;
/* -1 (ERR_INPUT) when the ceiling was passed; what names the content. */
int buf_check(const struct buf *b, const char *what, struct err *err);

#define AUTO_BUF CLEANUP(buf_done) /* AUTO_BUF struct buf out = BUF_INIT; */

#endif
