/* kb-internal.h - what the parts of kb.h share. */
#ifndef KB_INTERNAL_H
#define KB_INTERNAL_H

#include <oncall/kb.h>

#define KB_COUNTER "knowledge" /* changes of entries, and their lock */

/* What the store says of an id: entries.state. */
enum kb_state { KB_STATE_THERE, KB_STATE_HIDDEN, KB_STATE_UNSAID };

struct kb {
	struct kb_options o;
	struct knowledge packs; /* sorted by id, each id once */
	bool packs_read;
	struct knowledge_list files;
	bool files_found;
};

/* The entry of a pack, or NULL. */
int kb_pack_entry(struct kb *kb, const char *id,
		  const struct knowledge_entry **ret, struct err *err)
	MUST_CHECK;
/* As kb_load(); 1, or 0 when there is none. */
int kb_find(struct kb *kb, const char *id, struct knowledge_entry *ret,
	    struct err *err) MUST_CHECK;
int kb_no_such(struct kb *kb, const char *id, struct err *err);
int kb_needs_store(const struct kb *kb, struct err *err) MUST_CHECK;
/* Takes the lock that puts writers in a row; the number of this change. */
int kb_lock(struct kb *kb, int64_t *ret_changed, struct err *err) MUST_CHECK;

/* A row of history; before and after NAN: not about confidence. */
struct kb_note {
	const char *what, *solution, *cause, *note;
	double before, after;
	const char *record; /* the entry before, "" where there was none, or
			     * NULL when it was not changed */
};
int kb_note(struct kb *kb, const char *entry, const struct kb_note *n,
	    struct err *err) MUST_CHECK;

#endif
