/* syslogd-frame.c - the framing of RFC 6587: by octet count or by lines, as
 * each message tells. */
#include "syslogd-internal.h"

#define COUNT_DIGITS 9

static void skip(struct slice *in, size_t n)
{
	*in = (struct slice){in->ptr + n, in->len - n};
}

static void start(struct syslogd_frame *f)
{
	/* What was long once is not kept. */
	if (f->text.cap > (size_t)64 * 1024)
		buf_done(&f->text);
	else
		buf_reset(&f->text);
	f->framing = SYSLOGD_UNDECIDED;
	f->left = 0;
	f->truncated = f->complete = false;
}

/* One byte of what may be "123 <"; a byte that shows that it is not stays. */
static void decide(struct syslogd_frame *f, struct slice *in)
{
	char c = in->ptr[0];
	size_t n = f->text.len;
	bool blank = n > 0 && f->text.data[n - 1] == ' ';

	if (n == 0 && (c == '\n' || c == '\r' || c == '\0')) {
		skip(in, 1);
	} else if (!blank && c >= (n ? '0' : '1') && c <= '9' &&
		   n < COUNT_DIGITS) {
		f->left = f->left * 10 + (uint64_t)(c - '0');
		buf_add_char(&f->text, c);
		skip(in, 1);
	} else if (!blank && n > 0 && c == ' ') {
		buf_add_char(&f->text, c);
		skip(in, 1);
	} else if (blank && c == '<') {
		buf_reset(&f->text);
		f->framing = SYSLOGD_COUNTED;
	} else {
		f->framing = SYSLOGD_LINE;
	}
}

static void add(struct syslogd_frame *f, const char *p, size_t n, size_t max)
{
	size_t room = f->text.len < max ? max - f->text.len : 0;

	f->truncated |= n > room;
	buf_add(&f->text, p, n < room ? n : room);
}

static void take_counted(struct syslogd_frame *f, struct slice *in, size_t max)
{
	size_t n = in->len < f->left ? in->len : (size_t)f->left;

	add(f, in->ptr, n, max);
	skip(in, n);
	f->left -= n;
	f->complete = f->left == 0;
}

static void take_line(struct syslogd_frame *f, struct slice *in, size_t max)
{
	size_t n = in->len;
	const char *stop = memchr(in->ptr, '\n', n);

	if (stop)
		n = (size_t)(stop - in->ptr);
	stop = memchr(in->ptr, '\0', n);
	if (stop)
		n = (size_t)(stop - in->ptr);
	add(f, in->ptr, n, max);
	f->complete = n < in->len;
	skip(in, f->complete ? n + 1 : n);
}

bool syslogd_frame_feed(struct syslogd_frame *f, struct slice *in, size_t max)
{
	if (f->complete)
		start(f);
	while (in->len && !f->complete) {
		switch (f->framing) {
		case SYSLOGD_UNDECIDED:
			decide(f, in);
			break;
		case SYSLOGD_COUNTED:
			take_counted(f, in, max);
			break;
		case SYSLOGD_LINE:
			take_line(f, in, max);
			break;
		}
	}
	return f->complete;
}

bool syslogd_frame_end(struct syslogd_frame *f)
{
	if (f->complete)
		start(f);
	f->truncated |= f->framing == SYSLOGD_COUNTED;
	f->complete = true;
	return f->text.len > 0;
}

size_t syslogd_frame_clean(struct buf *out, struct slice message)
{
	size_t at = out->len;

	while (message.len && memchr("\n\r", message.ptr[message.len - 1], 3))
		message.len--;
	buf_add_slice(out, message);
	for (size_t i = at; i < out->len; i++)
		if (out->data[i] == '\n' || out->data[i] == '\r')
			out->data[i] = ' ';
	return out->len - at;
}
