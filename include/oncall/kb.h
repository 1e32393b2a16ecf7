/*
 * kb.h - the knowledge base: entries of the shipped and the user's packs, and
 * above them those of the store, which replace or hide a pack's entry of the
 * same id; the outcomes of their solutions; and the history of every change.
 */
#ifndef ONCALL_KB_H
#define ONCALL_KB_H

#include <oncall/beta.h>
#include <oncall/config.h>
#include <oncall/knowledge.h>
#include <oncall/store.h>

struct kb;

struct kb_options {
	struct store *store; /* NULL: packs only, nothing can be changed */
	const struct config *config;
	const char *actor;	  /* who changes, or NULL when nothing is */
	bool machine;		  /* the actor is a program */
	const char *const *packs; /* files beside the default ones, or NULL */
	size_t pack_count;
	bool no_default_packs;
};

/* Reads nothing yet. */
struct kb *kb_new(const struct kb_options *o);
void kb_free(struct kb *kb);
DEFINE_AUTO(struct kb *, kb_free, auto_kb_)
#define AUTO_KB CLEANUP(auto_kb_)

struct store *kb_store(const struct kb *kb);
/* Entries of packs, read and sorted by id when first asked for. */
int kb_packs(struct kb *kb, const struct knowledge **ret, struct err *err)
	MUST_CHECK;
/* Paths of the files that packs come from, sorted; owned by kb. */
int kb_pack_files(struct kb *kb, const struct knowledge_list **ret,
		  struct err *err) MUST_CHECK;

/* The entry of that id; ERR_NO names similar ids. */
int kb_load(struct kb *kb, const char *id, struct knowledge_entry *ret,
	    struct err *err) MUST_CHECK;
/* Every entry, sorted by id; not 0 stops and is returned. */
int kb_each(struct kb *kb,
	    int (*each)(void *arg, const struct knowledge_entry *e,
			struct err *err),
	    void *arg, struct err *err) MUST_CHECK;
/* The same one by one, in no stated order, for very many: 1, 0 at the end,
 * -1. ret is owned by the caller. */
struct kb_walk;
int kb_walk_new(struct kb_walk **ret, struct kb *kb, struct err *err)
	MUST_CHECK;
int kb_walk_next(struct kb_walk *w, struct knowledge_entry *ret,
		 struct err *err) MUST_CHECK;
void kb_walk_free(struct kb_walk *w);
/* The number of the last change of entries in the store; 0: none. */
int kb_version(struct kb *kb, int64_t *ret, struct err *err) MUST_CHECK;
/* Entries changed after that version; e is NULL for one that is removed. */
int kb_changes(struct kb *kb, int64_t after,
	       int (*each)(void *arg, const char *id,
			   const struct knowledge_entry *e, struct err *err),
	       void *arg, struct err *err) MUST_CHECK;

/*
 * Changes. Each is one transaction (store_transact) with its row of history,
 * safe beside other programs: edit() is given the entry as it stands in the
 * transaction and changes it; returning 1 keeps it, 0 leaves all as it was.
 * what and cause stand in the history ("pattern added", "incident INC-...").
 */
struct kb_edit {
	const char *what, *cause; /* cause may be NULL */
	int (*edit)(void *arg, struct knowledge_entry *e, struct err *err);
	void *arg;
	bool create; /* the entry must not be there; edit gets an empty one */
};
int kb_edit(struct kb *kb, const char *id, const struct kb_edit *edit,
	    struct err *err) MUST_CHECK;
/* Stores e as it is: new, or in place of the one of its id. Inside a
 * transaction of the caller's it is part of that. */
int kb_put(struct kb *kb, const struct knowledge_entry *e, const char *what,
	   const char *cause, struct err *err) MUST_CHECK;
/* Hides a pack's entry, removes one of the store; outcomes and history stay. */
int kb_remove(struct kb *kb, const char *id, const char *cause, struct err *err)
	MUST_CHECK;
/* Takes the last change of the entry back (what "undo" says in history). */
int kb_undo(struct kb *kb, const char *id, struct err *err) MUST_CHECK;

/*
 * Outcomes. The diagnosis (was it this?) and the fix (did it help?) are two
 * things: WORKED says yes to both, FAILED yes and no, WRONG no to the first
 * and nothing of the second. A person's verdict on an incident replaces that
 * of a program, never the other way round.
 */
enum kb_verdict { KB_WORKED, KB_FAILED, KB_WRONG };
extern const char *const kb_verdict_names[]; /* "worked" ..., NULL */

struct kb_outcome {
	const char *entry;
	const char *solution; /* its name, or NULL: none, or not known */
	const char *incident; /* its id, or NULL */
	enum kb_verdict verdict;
	int64_t speed, effect; /* 1 to 5, or 0 */
	const char *note;      /* or NULL */
};
/* 1 when something changed, 0 when that was known already. */
int kb_outcome(struct kb *kb, const struct kb_outcome *o, struct err *err)
	MUST_CHECK;

/* What outcomes say of a solution, or of the diagnosis (solution NULL), now
 * or at the time of --replay. */
struct kb_confidence {
	double stated;	    /* by its author, or by `confidence ENTRY VALUE` */
	double mean, lower; /* of the posterior (beta.h) */
	double worked, failed; /* weighted and decayed */
	int64_t outcomes;      /* how many, ever */
	int64_t last;	       /* time of the last, or WHEN_NONE */
};
int kb_confidence(struct kb *kb, const struct knowledge_entry *e,
		  const char *solution, struct kb_confidence *ret,
		  struct err *err) MUST_CHECK;
/* What automation needs before it uses a solution again: how much the best
 * score must be above the next one, and the lower bound that its outcomes
 * must give (learning.margin and learning.track_record). */
double kb_reuse_margin(const struct kb *kb);
double kb_reuse_floor(const struct kb *kb);
/* A person sets the stated confidence of a solution (NULL: of all of them). */
int kb_state(struct kb *kb, const char *entry, const char *solution,
	     double value, const char *reason, struct err *err) MUST_CHECK;

struct kb_change { /* texts borrowed until the next one */
	int64_t seq, time;
	struct slice actor, what, solution, cause, note;
	double before, after; /* confidence; NAN where it is not about that */
};
/* Oldest first. */
int kb_history(struct kb *kb, const char *entry,
	       int (*each)(void *arg, const struct kb_change *c,
			   struct err *err),
	       void *arg, struct err *err) MUST_CHECK;

/*
 * The past of an entry as kb-exchange.h carries it. An outcome is an object
 * {"time","solution","incident","verdict","actor","machine","speed","effect",
 * "note"}, a change {"seq","time","actor","what","solution","before","after",
 * "cause","note"}; what is not there is left out. Oldest first, and the same
 * bytes whenever they are asked for.
 */
int kb_outcomes(struct kb *kb, const char *entry,
		int (*each)(void *arg, struct slice json, struct err *err),
		void *arg, struct err *err) MUST_CHECK;
/* Puts these JSON arrays in place of what is noted of the entry, which need not
 * be there; a NULL ptr leaves it as it is. Part of the caller's transaction.
 * ERR_INPUT names what is wrong in them. */
int kb_restore(struct kb *kb, const char *entry, struct slice history,
	       struct slice outcomes, struct err *err) MUST_CHECK;

/* What was matched: counted per entry and expression (-1: by text alone), and
 * the time from which an outcome could have come. Queued in the caller's
 * transaction, or one of its own. */
int kb_hit(struct kb *kb, const char *entry, int64_t expr, int64_t time,
	   struct err *err) MUST_CHECK;
struct kb_hits {
	int64_t count, last;
};
#define KB_HITS_ALL (-2)
int kb_hits(struct kb *kb, const char *entry, int64_t expr, /* or KB_HITS_ALL */
	    struct kb_hits *ret, struct err *err) MUST_CHECK;

/* The knowledge (JSON array) that an incident was given, with the revision
 * that it was made for; sets incidents.known. */
int kb_known(struct kb *kb, int64_t incident, int64_t revision,
	     struct slice knowledge, struct err *err) MUST_CHECK;
/* Appends it; 1, or 0 when there is none. */
int kb_knowledge_of(struct kb *kb, int64_t incident, struct buf *out,
		    struct err *err) MUST_CHECK;

#endif
