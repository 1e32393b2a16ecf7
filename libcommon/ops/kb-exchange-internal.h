/* kb-exchange-internal.h - what the readers of kb-exchange.h share. */
#ifndef KB_EXCHANGE_INTERNAL_H
#define KB_EXCHANGE_INTERNAL_H

#include <oncall/kb-exchange.h>

/* Of a file that is read as a whole. */
#define KB_EXCHANGE_MAX ((size_t)512 * 1024 * 1024)

/* What is read from one file. */
struct kb_source {
	struct kb_import *im;
	const char *name;
	int fd;
	struct map ids; /* that were made for entries without one */
};

/* An entry as it comes in; the slices are JSON arrays, or have a NULL ptr. */
struct kb_item {
	struct knowledge_entry entry;
	struct slice history, outcomes;
	bool removed;
};

/* Checks the entry and takes it into the import; one that is bad is told and
 * counted. -1 when reading cannot go on. */
int kb_import_item(const struct kb_source *src, size_t line,
		   struct kb_item *item, struct err *err) MUST_CHECK;
/* The entry alone; takes what it owns. */
int kb_import_entry(const struct kb_source *src, size_t line,
		    struct knowledge_entry *e, struct err *err) MUST_CHECK;
/* What err says of the line is told, counted and forgotten when it is about
 * the input; otherwise -1. line 0: the message has it already. */
int kb_import_bad(const struct kb_source *src, size_t line, struct err *err)
	MUST_CHECK;

/* Reads all of a file. */
int kb_source_slurp(const struct kb_source *src, struct buf *out,
		    struct err *err) MUST_CHECK;
/* Sets the id that is made from a name ("HostDown" gives "host-down"), another
 * one where the file has that already. */
void kb_source_id(struct kb_source *src, struct knowledge_entry *e,
		  const char *name);
/* Appends the words of a name: "KubePodCrash" gives "Kube Pod Crash". */
void kb_source_words(struct buf *out, const char *name);
/* Sets a text, cut where it is longer than an entry may have. */
void kb_source_text(char **member, struct slice text);

/* Each reads the file to its end. */
int kb_read_records(struct kb_source *src, struct err *err);  /* lines */
int kb_read_document(struct kb_source *src, struct err *err); /* JSON */
int kb_read_pack(struct kb_source *src, struct err *err);
int kb_read_csv(struct kb_source *src, struct err *err);
int kb_read_patterns(struct kb_source *src, struct err *err);
int kb_read_runbook(struct kb_source *src, struct err *err);
int kb_read_rules(struct kb_source *src, struct err *err);

#endif
