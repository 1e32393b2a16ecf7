/*
 * kb-exchange.h - knowledge leaves a base and comes into another: as `entry`
 * records with their history and outcomes, as packs, and from the collections
 * that people have already.
 */
#ifndef ONCALL_KB_EXCHANGE_H
#define ONCALL_KB_EXCHANGE_H

#include <oncall/csv.h>
#include <oncall/kb.h>

enum kb_format {
	KB_JSON,  /* one array of records */
	KB_JSONL, /* a record a line */
	KB_YAML,  /* a pack: without history and outcomes */
	KB_CSV,	  /* a row an entry; lists parted by ';' */
	KB_RUNBOOK_MD,
	KB_PROMETHEUS_RULES,
	KB_PATTERNS_CSV, /* a row an expression */
	KB_FORMAT_UNKNOWN,
};
extern const char *const kb_format_names[]; /* ended by NULL */

/* Writes what the store holds, sorted by id; with packs, the entries of packs
 * as well. Entries that hide one of a pack are records with "removed". */
int kb_export(struct kb *kb, enum kb_format format, bool packs,
	      struct record_writer *out, struct err *err) MUST_CHECK;

/* Removes all that the store knows, after backup has it as records and is safe
 * on its disk; in one transaction. */
int kb_reset(struct kb *kb, struct record_writer *backup, struct err *err)
	MUST_CHECK;

enum kb_conflict {
	KB_CONFLICT_STOP, /* nothing is imported; with keep_going: as SKIP */
	KB_CONFLICT_SKIP,
	KB_CONFLICT_REPLACE,
	KB_CONFLICT_KEEP_BOTH, /* under a new id */
};
extern const char *const kb_conflict_names[]; /* "stop" ..., NULL */

struct kb_import_options {
	struct kb *kb;
	double adjust; /* added to stated confidences, within 0 to 1 */
	const char *environment; /* of all entries, or NULL */
	enum kb_conflict on_conflict;
	bool keep_going; /* good rows are kept when others are bad */
	bool dry_run;
	/* What is wrong, as "FILE:LINE: ..."; and entries that are there and
	 * differ, with the members that do. */
	void (*bad)(void *arg, const char *message);
	void (*conflict)(void *arg, const char *id, const char *members);
	void *arg;
};

struct kb_import_counts {
	int64_t added, replaced, same, skipped, conflicts, bad;
};

struct kb_import;

struct kb_import *kb_import_new(const struct kb_import_options *o);
void kb_import_free(struct kb_import *im);
DEFINE_AUTO(struct kb_import *, kb_import_free, auto_kb_import_)
#define AUTO_KB_IMPORT CLEANUP(auto_kb_import_)

/* Reads a file to its end; nothing is stored. Bad rows are told and counted;
 * other errors, and a format that cannot be told, are returned. */
int kb_import_read(struct kb_import *im, int fd, const char *name,
		   enum kb_format format, struct err *err) MUST_CHECK;
/* Stores all that was read in one transaction, or nothing: when something was
 * bad and not keep_going, when there are conflicts and nothing says what to do
 * with them, with dry_run. */
int kb_import_commit(struct kb_import *im, struct kb_import_counts *ret,
		     struct err *err) MUST_CHECK;

#endif
