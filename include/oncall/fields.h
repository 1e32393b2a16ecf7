/*
 * fields.h - what a log line says about itself: when, how bad, who, where.
 * Formats are found by looking at the line, or given. Nothing is copied but
 * what had to be unescaped.
 */
#ifndef ONCALL_FIELDS_H
#define ONCALL_FIELDS_H

#include <oncall/jscan.h>
#include <oncall/severity.h>
#include <oncall/when.h>

/*
 * "auto", "plain", "syslog" (RFC 3164, with or without PRI), "syslog5424",
 * "json", "logfmt", "docker", "cri", "journal" (json), "combined" (web access
 * logs), "airflow", "spark" (log4j), "klog", "python", "redis", "dmesg"; ended
 * by NULL. Docker, the journal and other JSON are told apart by their members
 * whichever of them is named. Lines of libraries, databases and servers that
 * begin with times, levels and names in any order are "plain".
 */
extern const char *const fields_formats[];

struct fields_format; /* one of fields_formats */
const struct fields_format *fields_format_find(const char *name); /* or NULL */
const char *fields_format_name(const struct fields_format *f);

/* Slices point into the line, or into scratch; a NULL ptr where absent. */
struct fields {
	const struct fields_format *format; /* that was found */
	struct when when;
	bool has_time;
	bool bad_time;	    /* there is a time field that cannot be read */
	struct slice level; /* as written: "ERROR", "3", "warn"; of an access
			       log the status */
	bool has_severity;
	enum severity severity; /* of level, or of a syslog priority */
	struct slice service, host, pid;
	/* What the line says, without what stands before it. */
	struct slice message;
	/*
	 * Of lines of JSON, logfmt, docker, cri and journal: the message,
	 * unescaped, and behind it, each after a "\n", the texts of error
	 * members (error.message, error.stack_trace, exception, stacktrace,
	 * err, ...); the whole line when there is no such member. Otherwise the
	 * whole line, so that an expression may name what stands before the
	 * message.
	 */
	struct slice said;
	/*
	 * What expressions are matched against: said. People read a line of
	 * logfmt as it stands: so it does behind that, after a "\n".
	 */
	struct slice text;
	bool partial; /* docker or cri: the line goes on in the next one */
};

struct fields_scratch {
	struct jscan scan;
	struct buf text;   /* unescaped */
	struct buf nested; /* a line inside a line */
};

void fields_scratch_done(struct fields_scratch *s);

/*
 * Reads line (without "\n") as format, NULL or "auto": as it looks. A line that
 * has not the format is read as plain. What is missing stays empty; never
 * fails. now_ms gives a year where there is none. Docker and CRI lines are
 * unwrapped, and what is in them read in turn, once; the time in them counts
 * when it has a zone, else that of the wrapping. Of lines that are not made of
 * members only the first 512 bytes are looked at.
 */
void fields_read(struct fields *f, struct slice line,
		 const struct fields_format *format, int64_t now_ms,
		 struct fields_scratch *scratch);
/* Whether the text of a line may be something else than the line: a quick look
 * at how it begins, true when in doubt. */
bool fields_wraps(struct slice line, const struct fields_format *format);

#endif
