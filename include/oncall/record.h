/*
 * record.h - lines in, lines out, over file descriptors.
 *
 * The reader hands out lines of any length up to its limit without copying
 * them; a longer line is consumed, reported once as ERR_INPUT and costs no
 * more memory than the limit. The writer collects and flushes when told.
 */
#ifndef ONCALL_RECORD_H
#define ONCALL_RECORD_H

#include <oncall/buf.h>

#define RECORD_MAX_LINE ((size_t)16 * 1024 * 1024) /* a longer record is bad */

struct record_reader;

/* Does not close fd; name appears in messages. max_line 0: RECORD_MAX_LINE. */
struct record_reader *record_reader_new(int fd, const char *name,
					size_t max_line);
void record_reader_free(struct record_reader *r);
/*
 * 1 with the next line, which is valid until the next call ("\n" and "\r\n"
 * taken off; blank lines are skipped); 0 at the end, or when a stop was asked
 * for; -1 on error. After ERR_INPUT the bad line has been consumed and reading
 * may go on.
 */
int record_read(struct record_reader *r, struct slice *ret_line,
		struct err *err) MUST_CHECK;
/* Nothing more is there to read now, nor within wait_ms. */
bool record_reader_dry(struct record_reader *r, int wait_ms);
size_t record_reader_line(const struct record_reader *r); /* 1-based */
const char *record_reader_name(const struct record_reader *r);

DEFINE_AUTO(struct record_reader *, record_reader_free, auto_record_reader_)
#define AUTO_READER CLEANUP(auto_record_reader_)

struct record_writer {
	int fd;
	struct buf out;
	int error; /* errno of the first failed write; nothing is written after */
};

#define RECORD_WRITER_INIT(f) {.fd = (f), .out = BUF_INIT_MAX(SIZE_MAX / 2)}

void record_writer_done(struct record_writer *w);
/* Adds the line and "\n"; writes out by itself only when much has gathered. */
void record_write(struct record_writer *w, struct slice line);
/* For records that were built in w->out itself: ends the line. */
void record_write_end(struct record_writer *w);
int record_flush(struct record_writer *w, struct err *err) MUST_CHECK;

#endif
