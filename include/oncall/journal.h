/*
 * journal.h - the systemd journal as an input: what journalctl prints as JSON
 * or in its export format, run by us or given in a file. Each entry becomes one
 * event: an object of JSON on one line, its id the entry's cursor.
 */
#ifndef ONCALL_JOURNAL_H
#define ONCALL_JOURNAL_H

#include <oncall/input.h>

#define JOURNAL_FIELDS 1024 /* of an entry; as journald has it */
#define JOURNAL_NAME   256  /* bytes of a field's name */
/* Bytes of an entry, in fields of the longest size. */
#define JOURNAL_ENTRY 4
/* Between two starts of a journalctl that does not stay. */
#define JOURNAL_RETRY_MIN_MS 1000
#define JOURNAL_RETRY_MAX_MS 60000

struct journal_options {
	int fd;			 /* to read instead of running journalctl, taken
				    over; -1 */
	const char *name;	 /* of fd, for messages */
	const char *program;	 /* NULL: "journalctl" */
	const char *const *args; /* more arguments for it, ended by NULL: -u
				    nginx */
	bool follow;
	int64_t since, until; /* WHEN_NONE: none */
	size_t max_line;      /* of a field; 0: INPUT_MAX_LINE */
	const char *service;
	/* What goes wrong and is got over: a journalctl that ended while it
	 * was followed and is started again, an entry that cannot be read;
	 * NULL: counted only. */
	void (*trouble)(void *arg, const struct err *err);
	void *arg;
};

/*
 * journalctl is started by the first next(); a failure of that start is an
 * error, and without follow any other of its failures is one, too. With follow
 * and neither since nor a saved cursor, it begins with what comes from now on.
 *
 * Fields are texts, repaired where they are not UTF-8; one that an entry has
 * several times is an array, one longer than max_line null (and the event
 * truncated). Saves the cursor of the last entry handed on; after a restart
 * journalctl is run with --after-cursor, or entries of fd up to the first one
 * that is later are skipped. The stream is "journal".
 */
int journal_new(struct input **ret, const struct journal_options *opt,
		struct err *err) MUST_CHECK;
/* Entries, or fields of them, that could not be read. */
uint64_t journal_troubles(const struct input *in);

#endif
