/* proc-output.c - keeps the head and the tail of what a program says. */
#include "proc-internal.h"

#include <inttypes.h>
#include <oncall/mem.h>

void proc_capture_init(struct proc_capture *c, size_t max)
{
	*c = (struct proc_capture){
		.head_max = max / 2,
		.tail_max = max - max / 2,
	};
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void add_head(struct proc_capture *c, const char *p, size_t n)
{
	if (!n)
		return;
	if (!c->head)
		c->head = mem_alloc(c->head_max);
	memcpy(c->head + c->head_len, p, n);
	c->head_len += n;
}

static void add_tail(struct proc_capture *c, const char *p, size_t n)
{
	size_t first;

	if (n > c->tail_max) {
		p += n - c->tail_max;
		n = c->tail_max;
	}
	if (!n)
		return;
	if (!c->tail)
		c->tail = mem_alloc(c->tail_max);
	first = least(n, c->tail_max - c->tail_at);
	memcpy(c->tail + c->tail_at, p, first);
	memcpy(c->tail, p + first, n - first);
	c->tail_at = (c->tail_at + n) % c->tail_max;
	c->tail_len = least(c->tail_len + n, c->tail_max);
}

void proc_capture_add(struct proc_capture *c, const char *p, size_t n)
{
	size_t head = least(n, c->head_max - c->head_len);

	c->total += n;
	add_head(c, p, head);
	add_tail(c, p + head, n - head);
}

void proc_capture_finish(struct proc_capture *c, struct proc_output *ret)
{
	uint64_t kept = c->head_len + c->tail_len;
	size_t start = c->tail_len < c->tail_max ? 0 : c->tail_at;
	struct buf text = BUF_INIT_MAX(SIZE_MAX / 2);

	if (c->head_len)
		buf_add(&text, c->head, c->head_len);
	if (c->total > kept)
		buf_addf(&text, "\n[... %" PRIu64 " bytes left out ...]\n",
			 c->total - kept);
	if (c->tail_len) {
		buf_add(&text, c->tail + start, c->tail_len - start);
		buf_add(&text, c->tail, start);
	}
	ret->total = c->total;
	ret->len = text.len;
	ret->text = buf_take(&text);
}

void proc_capture_done(struct proc_capture *c)
{
	free(c->head);
	free(c->tail);
	*c = (struct proc_capture){.head = NULL};
}
