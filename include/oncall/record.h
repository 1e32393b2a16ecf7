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

/* A longer record is bad input. */
#define RECORD_MAX_LINE ((size_t)16 * 1024 * 1024)

struct record_reader;

/* Does not close fd; name is copied. max_line 0: RECORD_MAX_LINE. */
struct record_reader *record_reader_new(int fd, const char *name,
					size_t max_line);
void record_reader_free(struct record_reader *r);
/*
 * 1 with the next line, which is valid until the next call ("\n" and "\r\n"
 * taken off; lines of nothing but blanks and tabs are skipped); 0 at the end,
 * or when a stop was asked for; -1 on error. After ERR_INPUT the bad line has
 * been consumed and reading may go on; the message leaves it to the caller to
 * put name and line before it.
 */
int record_read(struct record_reader *r, struct slice *ret_line,
		struct err *err) MUST_CHECK;
/*
 * Waits until record_read() can answer at once: 1 it can (a whole line, the
 * end, an error), 0 not within wait_ms, -1 a signal came. wait_ms -1 waits for
 * ever. Takes the line of the last record_read() away.
 */
int record_reader_wait(struct record_reader *r, int wait_ms);
/* Nothing more is there to read now, nor within wait_ms: half a line is
 * nothing, and so is the end. Regular files are never dry before their end. */
bool record_reader_dry(struct record_reader *r, int wait_ms);
/* The number of the line that record_read() returned or complained about. */
size_t record_reader_line(const struct record_reader *r); /* 1-based */
const char *record_reader_name(const struct record_reader *r);

DEFINE_AUTO(struct record_reader *, record_reader_free, auto_record_reader_)
#define AUTO_READER CLEANUP(auto_record_reader_)

/* Writes to fd until all is out, also when a stop was asked for. */
struct record_writer {
	int fd;
	struct buf out;
	int error; /* errno of the first failed write; nothing is written after
		    */
};

#define RECORD_WRITER_INIT(f)                                \
	{                                                    \
		.fd = (f), .out = BUF_INIT_MAX(SIZE_MAX / 2) \
	}

void record_writer_done(struct record_writer *w);
/* Adds the line and "\n"; writes out by itself only when much has gathered. */
void record_write(struct record_writer *w, struct slice line);
/* For records that were built in w->out itself: ends the line. */
void record_write_end(struct record_writer *w);
/* Adds whole lines, each with its "\n". */
void record_write_lines(struct record_writer *w, struct slice lines);
/* -1 (ERR_SYSTEM) also for a write that failed before. */
int record_flush(struct record_writer *w, struct err *err) MUST_CHECK;

#endif
