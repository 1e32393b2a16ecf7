/*
 * journal.h - the systemd journal as an input: what journalctl prints as JSON
 * or in its export format, run by us or given in a file. Each entry becomes one
 * event: an object of JSON on one line, its id the entry's cursor.
 */
#ifndef ONCALL_JOURNAL_H
#define ONCALL_JOURNAL_H

#include <oncall/input.h>

struct journal_options {
	int fd;			 /* to read instead of running journalctl; -1 */
	const char *name;	 /* of fd, for messages */
	const char *program;	 /* NULL: "journalctl" */
	const char *const *args; /* more arguments for it, ended by NULL: -u
				    nginx */
	bool follow;
	int64_t since, until; /* WHEN_NONE: none */
	size_t max_line;
	const char *service;
};

/* Saves the cursor of the last entry handed on; after a restart journalctl is
 * run with --after-cursor, or entries of fd up to it are skipped. */
int journal_new(struct input **ret, const struct journal_options *opt,
		struct err *err) MUST_CHECK;

#endif
