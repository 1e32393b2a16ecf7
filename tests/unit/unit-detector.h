/* unit-detector.h - detectors from packs, lines in, records out. */
#ifndef UNIT_DETECTOR_H
#define UNIT_DETECTOR_H

#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include <oncall/clock.h>
#include <oncall/detection.h>
#include <oncall/detector.h>
#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define NOW INT64_C(1795168800000) /* 2026-11-20T10:00:00Z */

struct bench {
	struct packs packs;
	struct detector *d;
	struct detector_work *w;
	struct input_stream in;
	uint64_t offset, line; /* where the next block stands */
	struct record_writer out;
	struct buf told; /* what was wrong, a line each */
};

static inline void bench_told(void *arg, const struct err *err)
{
	struct bench *b = arg;

	buf_addf(&b->told, "%s\n", err->text);
}

static inline void bench_start(struct bench *b, const char *pack,
			       struct detector_options opt)
{
	struct err err = ERR_INIT;

	*b = (struct bench){.packs = PACKS_INIT,
			    .in = {.kind = "file",
				   .id = mem_dup("s1"),
				   .path = mem_dup("/var/log/a.log"),
				   .positions = true},
			    .line = 1,
			    .out = RECORD_WRITER_INIT(-1)};
	opt.trouble = bench_told;
	opt.arg = b;
	b->out.fd = memfd_create("records", MFD_CLOEXEC);
	assert_true(b->out.fd >= 0);
	if (pack_load_text(&b->packs, slice_of(pack), "p.yaml", &err) < 0 ||
	    detector_new(&b->d, &b->packs, &opt, &err) < 0)
		fail_msg("%s", err.text);
	b->w = detector_work_new(b->d);
}

static inline struct detector_options bench_options(void)
{
	return (struct detector_options){.since = WHEN_NONE,
					 .until = WHEN_NONE};
}

static inline void bench_done(struct bench *b)
{
	(void)close(b->out.fd);
	record_writer_done(&b->out);
	detector_work_free(b->w);
	detector_free(b->d);
	pack_done(&b->packs);
	buf_done(&b->told);
	free(b->in.id);
	free(b->in.path);
}

#define AUTO_BENCH CLEANUP(bench_done)

/* Lines, in memory of their own that ends with them. */
static inline void bench_feed(struct bench *b, struct slice text)
{
	AUTO_FREE char *copy = memcpy(mem_alloc(text.len), text.ptr, text.len);
	struct input_block block = {.stream = &b->in,
				    .text = {copy, text.len},
				    .offset = b->offset,
				    .line = b->line};

	b->offset += text.len;
	for (size_t i = 0; i < text.len; i++)
		b->line += text.ptr[i] == '\n';
	detector_scan(b->w, &block);
	detector_settle(b->d, b->w, &b->out);
}

static inline void bench_lines(struct bench *b, const char *text)
{
	bench_feed(b, slice_of(text));
}

static inline void bench_event(struct bench *b, struct input_event event)
{
	struct input_block block = {.stream = &b->in,
				    .events = &event,
				    .event_count = 1,
				    .event_cap = 1};

	detector_scan(b->w, &block);
	detector_settle(b->d, b->w, &b->out);
}

/* Appends the records since the last call; each must be good. */
static inline void bench_take(struct bench *b, struct buf *out)
{
	struct jscan scan = {.members = NULL}, scratch = {.members = NULL};
	struct err err = ERR_INIT;
	size_t start = out->len;
	ssize_t n = 1;

	assert_int_equal(record_flush(&b->out, &err), 0);
	assert_int_equal(lseek(b->out.fd, 0, SEEK_SET), 0);
	while (n > 0) {
		assert_true(buf_reserve(out, 65536));
		n = read(b->out.fd, out->data + out->len, 65536);
		out->len += n > 0 ? (size_t)n : 0;
		out->data[out->len] = '\0';
	}
	assert_int_equal(ftruncate(b->out.fd, 0), 0);
	assert_int_equal(lseek(b->out.fd, 0, SEEK_SET), 0);
	for (const char *p = out->data + start; *p;) {
		struct slice line = {p, strcspn(p, "\n")};
		struct detection d;

		assert_int_equal(p[line.len], '\n');
		assert_true(line.len < RECORD_MAX_LINE);
		if (jscan_object(&scan, p, line.len, &err) < 0 ||
		    jscan_duplicate(&scan) ||
		    (memcmp(p, "{\"type\":\"e", 10) != 0 &&
		     detection_read(&d, line, &scan, &scratch, 0, &err) < 0))
			fail_msg("%s: %.2000s", err.text, p);
		p += line.len + 1;
	}
	jscan_done(&scan);
	jscan_done(&scratch);
}

/* The text of a member of the first record in text, "" when there is none;
 * "a.b" is b of the object a. */
static inline void bench_member(struct slice text, const char *key,
				struct buf *ret)
{
	struct jscan scan = {.members = NULL};
	struct err err = ERR_INIT;
	const char *dot = strchr(key, '.');
	AUTO_FREE char *first =
		mem_dup_bytes(key, dot ? (size_t)(dot - key) : strlen(key));
	const char *nl = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
	const struct jscan_member *m;

	buf_reset(ret);
	if (nl)
		text.len = (size_t)(nl - text.ptr);
	if (!text.len)
		return;
	assert_int_equal(jscan_object(&scan, text.ptr, text.len, &err), 0);
	m = jscan_get(&scan, first);
	if (m && dot)
		bench_member(m->value, dot + 1, ret);
	else if (m && m->type == JSCAN_STRING)
		jscan_unquote(ret, m->value);
	else if (m)
		buf_add_slice(ret, m->value);
	jscan_done(&scan);
}

/* What the records that were written since the last call have as key, each
 * followed by "\n". */
static inline void bench_is(struct bench *b, const char *key, const char *want)
{
	AUTO_BUF struct buf all = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_BUF struct buf value = BUF_INIT;
	AUTO_BUF struct buf got = BUF_INIT;

	bench_take(b, &all);
	for (const char *p = buf_str(&all); *p; p = strchr(p, '\n') + 1) {
		bench_member(slice_of(p), key, &value);
		buf_addf(&got, "%s\n", buf_str(&value));
	}
	assert_string_equal(buf_str(&got), want);
}

#endif
