/* kb-edit.c - changing entries, with the history of every change. */
#include <oncall/kb.h>

#include <math.h>

#include <oncall/clock.h>
#include <oncall/counter.h>
#include <oncall/jwrite.h>

#include "kb-internal.h"

int kb_lock(struct kb *kb, int64_t *ret_changed, struct err *err)
{
	if (store_lock(kb->o.store, KB_COUNTER, err) < 0)
		return -1;
	return counter_next(kb->o.store, KB_COUNTER, ret_changed, err);
}

static struct store_value real(double value)
{
	return isnan(value) ? S_NULL : S_REAL(value);
}

int kb_note(struct kb *kb, const char *entry, const struct kb_note *n,
	    struct err *err)
{
	return STORE_QUEUE(
		kb->o.store, err,
		"INSERT INTO entry_history (entry, seq, time, actor, what, "
		"solution, cause, note, before, after, record) "
		"SELECT CAST($1 AS TEXT), COALESCE(MAX(seq), 0) + 1, $2, $3, "
		"$4, $5, $6, $7, $8, $9, $10 FROM entry_history "
		"WHERE entry = $1",
		S_TEXT(entry), S_INT(clock_now()),
		S_TEXT(kb->o.actor ? kb->o.actor : "oncall-kb"),
		S_TEXT(n->what), S_TEXT(n->solution), S_TEXT(n->cause),
		S_TEXT(n->note), real(n->before), real(n->after),
		S_TEXT(n->record));
}

static int set_row(struct kb *kb, const char *id, enum kb_state state,
		   struct slice record, struct err *err)
{
	int64_t changed;

	if (kb_lock(kb, &changed, err) < 0)
		return -1;
	return STORE_QUEUE(
		kb->o.store, err,
		"INSERT INTO entries (id, record, state, changed, updated) "
		"VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET "
		"record = excluded.record, state = excluded.state, "
		"changed = excluded.changed, updated = excluded.updated",
		S_TEXT(id), S_SLICE(record), S_INT(state), S_INT(changed),
		S_INT(clock_now()));
}

static void write_record(struct buf *out, const struct knowledge_entry *e)
{
	jwrite_open(out, NULL, '{');
	knowledge_write(out, e);
	jwrite_close(out, '}');
}

/* What undo puts back where it is no entry; "": the store says nothing. */
#define WAS_HIDDEN "-"

static int state_before(struct kb *kb, const char *id, struct buf *ret,
			struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		kb->o.store, err,
		"SELECT state, record FROM entries WHERE id = $1", S_TEXT(id));
	int got;

	buf_reset(ret);
	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (got && store_int(rows, 0) == KB_STATE_THERE)
		buf_add_slice(ret, store_text(rows, 1));
	else if (got && store_int(rows, 0) == KB_STATE_HIDDEN)
		buf_add_str(ret, WAS_HIDDEN);
	return 0;
}

static int set(struct kb *kb, const char *id, const struct knowledge_entry *e,
	       const struct kb_note *why, struct err *err)
{
	AUTO_BUF struct buf before = BUF_INIT, record = BUF_INIT;
	struct kb_note note = *why;

	if (e)
		write_record(&record, e);
	else
		buf_add_str(&record, "{}");
	if (state_before(kb, id, &before, err) < 0 ||
	    set_row(kb, id, e ? KB_STATE_THERE : KB_STATE_HIDDEN,
		    buf_slice(&record), err) < 0)
		return -1;
	note.record = buf_str(&before);
	note.before = note.after = (double)NAN;
	return kb_note(kb, id, &note, err);
}

int kb_put(struct kb *kb, const struct knowledge_entry *e, const char *what,
	   const char *cause, struct err *err)
{
	const struct kb_note note = {.what = what, .cause = cause};
	int rc;

	if (kb_needs_store(kb, err) < 0 || store_begin(kb->o.store, err) < 0)
		return -1;
	rc = set(kb, e->id, e, &note, err);
	if (rc == 0)
		return store_commit(kb->o.store, err);
	store_rollback(kb->o.store);
	return -1;
}

/* One change in one transaction, which may run more than once. */
struct work {
	struct kb *kb;
	const char *id;
	const struct kb_edit *edit; /* or NULL: */
	const char *cause;
	int (*run)(struct work *w, struct err *err);
	int result;
};

static int run_work(void *arg, struct err *err)
{
	struct work *w = arg;
	int64_t ignored;

	/* The lock comes before the entry is read. */
	if (kb_lock(w->kb, &ignored, err) < 0)
		return -1;
	w->result = w->run(w, err);
	return w->result < 0 ? -1 : 0;
}

static int transact(struct work *w, struct err *err)
{
	if (kb_needs_store(w->kb, err) < 0 ||
	    store_transact(w->kb->o.store, run_work, w, err) < 0)
		return -1;
	return w->result;
}

static int edit_work(struct work *w, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	const struct kb_note note = {.what = w->edit->what,
				     .cause = w->edit->cause};
	int found = kb_find(w->kb, w->id, &e, err);
	int rc;

	if (found < 0)
		return -1;
	if (found && w->edit->create)
		return err_set(err, ERR_USAGE,
			       "there is an entry '%s'; change it with: "
			       "oncall-kb edit",
			       w->id);
	if (!found && !w->edit->create)
		return kb_no_such(w->kb, w->id, err);
	if (!found)
		knowledge_set(&e.id, w->id);
	rc = w->edit->edit(w->edit->arg, &e, err);
	if (rc <= 0)
		return rc;
	return set(w->kb, w->id, &e, &note, err) < 0 ? -1 : 1;
}

int kb_edit(struct kb *kb, const char *id, const struct kb_edit *edit,
	    struct err *err)
{
	struct work w = {.kb = kb, .id = id, .edit = edit, .run = edit_work};

	return transact(&w, err);
}

static int remove_work(struct work *w, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	const struct kb_note note = {.what = "removed", .cause = w->cause};
	int found = kb_find(w->kb, w->id, &e, err);

	if (found < 0)
		return -1;
	if (!found)
		return kb_no_such(w->kb, w->id, err);
	return set(w->kb, w->id, NULL, &note, err);
}

int kb_remove(struct kb *kb, const char *id, const char *cause, struct err *err)
{
	struct work w = {
		.kb = kb, .id = id, .cause = cause, .run = remove_work};

	return transact(&w, err);
}

/* The row of history that undo takes back goes with it, so that a second undo
 * reaches the change before. */
static int last_change(struct work *w, int64_t *ret_seq, struct buf *record,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		w->kb->o.store, err,
		"SELECT seq, record FROM entry_history WHERE entry = $1 AND "
		"record IS NOT NULL ORDER BY seq DESC LIMIT 1",
		S_TEXT(w->id));
	int got;

	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (!got)
		return err_set(err, ERR_NO, "nothing of '%s' was changed",
			       w->id);
	*ret_seq = store_int(rows, 0);
	buf_add_slice(record, store_text(rows, 1));
	return 0;
}

static int undo_work(struct work *w, struct err *err)
{
	const struct kb_note note = {
		.what = "undone", .before = (double)NAN, .after = (double)NAN};
	AUTO_BUF struct buf record = BUF_INIT;
	struct slice json = SLICE_LIT("{}");
	enum kb_state state = KB_STATE_UNSAID;
	int64_t seq;

	if (last_change(w, &seq, &record, err) < 0)
		return -1;
	if (!strcmp(buf_str(&record), WAS_HIDDEN)) {
		state = KB_STATE_HIDDEN;
	} else if (record.len) {
		state = KB_STATE_THERE;
		json = buf_slice(&record);
	}
	if (set_row(w->kb, w->id, state, json, err) < 0 ||
	    STORE_QUEUE(w->kb->o.store, err,
			"UPDATE entry_history SET record = NULL "
			"WHERE entry = $1 AND seq = $2",
			S_TEXT(w->id), S_INT(seq)) < 0)
		return -1;
	return kb_note(w->kb, w->id, &note, err);
}

int kb_undo(struct kb *kb, const char *id, struct err *err)
{
	struct work w = {.kb = kb, .id = id, .run = undo_work};

	return transact(&w, err);
}
