/*
 * filter.h - the one loop that every filter uses: reads records from files or
 * standard input, hands the ones of known type to the program, passes every
 * other line on byte for byte, reports and counts bad ones, flushes when the
 * input runs dry, stops cleanly on a signal, and gives the exit status.
 *
 * Lines that are passed on end in "\n", also where "\r\n" stood. Bad are: a
 * line that is no JSON object or too long, a second "type", and in a record of
 * a known type any key that stands twice. The first FILTER_REPORTED of a run
 * are reported as "FILE:LINE: what is wrong". Output is never held for much
 * longer than a second, so record() must write only what is settled.
 */
#ifndef ONCALL_FILTER_H
#define ONCALL_FILTER_H

#include <oncall/jscan.h>
#include <oncall/record.h>

#define FILTER_REPORTED 20 /* further bad lines are only counted */

struct filter_record {
	struct slice line;
	const struct jscan *scan; /* the members of line */
	struct slice type;	  /* without quotes */
	const char *file;
	size_t line_number;
};

struct filter;

struct filter_ops {
	const char *const
		*types; /* ended by NULL: the types that are acted on */
	/*
	 * Handles a record of one of the types; whatever is to be written goes
	 * to filter_out(). -1 with ERR_INPUT: the record is reported, counted
	 * and, when keep_bad is set, passed on. Other errors end the run.
	 */
	int (*record)(struct filter *f, const struct filter_record *rec,
		      struct err *err);
	/* For input that is no records: gets every line as it is, instead of
	 * record() and pass(); errors are as those of record(). Or NULL. */
	int (*line)(struct filter *f, struct slice line, struct err *err);
	/* All other lines, error records too; NULL writes them at once. */
	int (*pass)(struct filter *f, struct slice line, struct err *err);
	/* The input ran dry: settle what is pending. Output is flushed after
	 * it. */
	int (*idle)(struct filter *f, struct err *err);
	/* End of input, or a clean stop. Same duty as idle; not called when one
	 * of these functions, or the writing, has failed. */
	int (*finish)(struct filter *f, struct err *err);
	/* HUP came. A failure is reported and the old state kept. */
	int (*reload)(struct filter *f, struct err *err);
	bool keep_bad;
	int dry_wait_ms; /* how long silence lasts before idle is called */
};

/* What the options of every filter set (cli.h fills it). */
struct filter_options {
	bool strict;		/* --strict: stop at the first bad line */
	bool errors_as_records; /* --errors-as-records */
	size_t max_line;	/* --max-line, 0: RECORD_MAX_LINE */
};

/*
 * Reads the files named (none, or "-": standard input) and returns the exit
 * status, the worst of: what filter_set_status() was given, 3 when input was
 * bad, 128+n after a signal (also PIPE, where it is ignored); or -1 with err.
 * opt may be NULL.
 */
int filter_run(const struct filter_ops *ops, const struct filter_options *opt,
	       void *arg, int argc, char *const *argv, struct err *err)
	MUST_CHECK;

void *filter_arg(const struct filter *f);
struct record_writer *filter_out(struct filter *f);
/* Notes a status that the run ends with unless a worse one applies: one noted
 * before or after, too (err_worse_status). */
void filter_set_status(struct filter *f, int status);
/* Reports the record at hand as bad (diagnostic, error record, count) without
 * ending; with --strict the run stops when the program returns. */
void filter_bad(struct filter *f, const struct err *err);

#endif
