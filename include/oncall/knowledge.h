/*
 * knowledge.h - what a trouble is, what causes it and what has fixed it: an
 * entry, as it stands in a pack, in the store and in `entry` records. This is
 * the model only; kb.h knows where entries live.
 */
#ifndef ONCALL_KNOWLEDGE_H
#define ONCALL_KNOWLEDGE_H

#include <oncall/buf.h>
#include <oncall/err.h>
#include <oncall/tree.h>

/* Limits of one entry: what is over them is an error that names it. */
#define KNOWLEDGE_MAX_ID     100
#define KNOWLEDGE_MAX_TEXT   ((size_t)1024 * 1024) /* bytes of any one text */
#define KNOWLEDGE_MAX_ITEMS  200		   /* of any list */
#define KNOWLEDGE_CONFIDENCE 0.5 /* of a solution whose author says none */

struct knowledge_list {
	char **items;
	size_t count;
};

/* Either the id of a rule in a pack, or an expression of its own. */
struct knowledge_pattern {
	char *rule;
	char *match;
	struct knowledge_list except;
	bool case_sensitive;
};

/* Names a registered action, never a command. */
struct knowledge_solution {
	char *name; /* unique in its entry */
	char *action;
	char *params;	   /* a JSON object */
	double confidence; /* as its author states it, 0 to 1 */
};

enum knowledge_status { KNOWLEDGE_ACTIVE, KNOWLEDGE_PROPOSED };
extern const char *const knowledge_status_names[]; /* ended by NULL */

/* Texts are owned, and NULL where absent; only id and title never are. */
struct knowledge_entry {
	char *id, *title, *description, *category, *parent;
	struct knowledge_pattern *patterns;
	size_t pattern_count;
	struct knowledge_list keywords, causes, services, tags;
	struct knowledge_list examples, counter_examples; /* messages */
	struct knowledge_solution *solutions;
	size_t solution_count;
	enum knowledge_status status;
	char *origin; /* "pack:NAME", "person", "learned", "import" */
	char *environment;
	char *more;  /* JSON object: members of a record that are not known
		      * here, kept; or NULL */
	char *file;  /* of a pack, or NULL */
	size_t line; /* in file */
};

void knowledge_done(struct knowledge_entry *e);
#define AUTO_ENTRY CLEANUP(knowledge_done)
void knowledge_copy(struct knowledge_entry *to,
		    const struct knowledge_entry *from);

/* Lists and texts; to set NULL or "" takes the text away. */
void knowledge_set(char **member, const char *text);
bool knowledge_list_has(const struct knowledge_list *l, const char *text);
bool knowledge_list_add(struct knowledge_list *l, const char *text);
bool knowledge_list_remove(struct knowledge_list *l, const char *text);
struct knowledge_pattern *knowledge_pattern_add(struct knowledge_entry *e,
						const char *rule,
						const char *match);
void knowledge_pattern_remove(struct knowledge_entry *e, size_t at);
struct knowledge_solution *knowledge_solution_add(struct knowledge_entry *e,
						  const char *name);
struct knowledge_solution *knowledge_solution_find(
	const struct knowledge_entry *e, const char *name);
void knowledge_solution_remove(struct knowledge_entry *e, size_t at);
/* An id made from a title: "Disk is full" gives "disk-is-full". */
void knowledge_make_id(struct buf *out, const char *title);

/*
 * Reads an `entry` record (or what another tool wrote: id, title and
 * description are enough; a missing id is made from the title). ERR_INPUT
 * names the member that is wrong.
 */
int knowledge_read(struct knowledge_entry *ret, struct slice record,
		   struct err *err) MUST_CHECK;
/* Appends the members, each with its place in a fixed order, without brackets
 * and without "type" and "time". Same entry, same bytes. */
void knowledge_write(struct buf *out, const struct knowledge_entry *e);
/* The entry as an item of a pack's "knowledge:" list, in YAML. */
void knowledge_write_yaml(struct buf *out, const struct knowledge_entry *e);

/*
 * What must hold before an entry is kept: id and title are there, expressions
 * compile (the error shows the expression and marks the place), do not
 * backtrack without bound on the examples and what is made from them, examples
 * match one of the entry's own expressions when it has any (entries that refer
 * to rules are not judged by this), counter-examples match none, actions are
 * names and params objects. ERR_USAGE.
 */
int knowledge_check(const struct knowledge_entry *e, struct err *err)
	MUST_CHECK;
/* One expression only; examples may be NULL. */
int knowledge_check_pattern(const struct knowledge_pattern *p,
			    const struct knowledge_list *examples,
			    struct err *err) MUST_CHECK;

/* Entries of a file or of several, in their order. */
struct knowledge {
	struct knowledge_entry *entries;
	size_t count, cap;
};

void knowledge_free_all(struct knowledge *k);
#define AUTO_KNOWLEDGE CLEANUP(knowledge_free_all)
/* Takes what e owns. */
void knowledge_add(struct knowledge *k, struct knowledge_entry *e);
/* The "knowledge:" list of a YAML pack; a file without one gives nothing.
 * Errors are "FILE:LINE: ...", and then nothing was added. */
int knowledge_load(struct knowledge *k, const char *path, struct err *err)
	MUST_CHECK;
int knowledge_load_text(struct knowledge *k, struct slice text,
			const char *name, struct err *err) MUST_CHECK;

#endif
