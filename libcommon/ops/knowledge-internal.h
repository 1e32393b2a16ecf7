/* knowledge-internal.h - what the parts of knowledge.h share. */
#ifndef KNOWLEDGE_INTERNAL_H
#define KNOWLEDGE_INTERNAL_H

#include <oncall/knowledge.h>

enum knowledge_kind {
	KNOWLEDGE_TEXT,	     /* char * */
	KNOWLEDGE_LIST,	     /* struct knowledge_list */
	KNOWLEDGE_PATTERNS,  /* those of the entry */
	KNOWLEDGE_SOLUTIONS, /* those of the entry */
	KNOWLEDGE_STATUS,    /* that of the entry */
};

/* The members of an entry, in the order in which they are written. */
struct knowledge_field {
	const char *name;
	enum knowledge_kind kind;
	size_t at; /* in struct knowledge_entry */
};
extern const struct knowledge_field knowledge_fields[]; /* until a NULL name */

char **knowledge_text(const struct knowledge_entry *e,
		      const struct knowledge_field *f);
struct knowledge_list *knowledge_list_of(const struct knowledge_entry *e,
					 const struct knowledge_field *f);

/* Letters, digits, '-', '_' and '.', as ids of patterns are. */
bool knowledge_name_valid(const char *name, size_t max);
/* Adds text to a list of a record or a pack; what is too much is ERR_INPUT. */
int knowledge_take_item(struct knowledge_list *l, const char *name,
			const char *text, struct err *err);
/* Whether a text of a record or a pack is short enough. */
int knowledge_take_text(char **member, const char *name, const char *text,
			struct err *err);
/* "active" or "proposed". */
int knowledge_take_status(struct knowledge_entry *e, struct slice text,
			  struct err *err);
/* A number from 0 to 1. */
int knowledge_take_share(double *ret, const char *text, struct err *err);
/* What every entry that was read must have. */
int knowledge_take_end(struct knowledge_entry *e, struct err *err);

#endif
