/* kb-exchange-write.c - what a base holds, as records or as a pack. */
#include "kb-exchange-internal.h"
#include "kb-internal.h"

#include <errno.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

struct exporting {
	struct kb *kb;
	enum kb_format format;
	bool packs; /* their entries, too */
	struct record_writer *out;
	char **removed; /* ids of entries that are hidden, sorted */
	size_t count, done;
	size_t written; /* records */
};

/* What is noted of one entry. */
struct past {
	struct buf history, outcomes;
	int64_t time; /* of the last change, or WHEN_NONE */
};

static void past_done(struct past *p)
{
	buf_done(&p->history);
	buf_done(&p->outcomes);
}

static void write_slice(struct buf *out, const char *key, struct slice text)
{
	if (text.len)
		jwrite_text(out, key, text);
}

static int add_change(void *arg, const struct kb_change *c, struct err *err)
{
	struct past *p = arg;
	struct buf *out = &p->history;

	(void)err;
	jwrite_open(out, NULL, '{');
	jwrite_int(out, "seq", c->seq);
	jwrite_time(out, "time", c->time);
	write_slice(out, "actor", c->actor);
	write_slice(out, "what", c->what);
	write_slice(out, "solution", c->solution);
	if (c->before == c->before) /* it is a number */
		jwrite_real(out, "before", c->before);
	if (c->after == c->after)
		jwrite_real(out, "after", c->after);
	write_slice(out, "cause", c->cause);
	write_slice(out, "note", c->note);
	jwrite_close(out, '}');
	if (p->time == WHEN_NONE || c->time > p->time)
		p->time = c->time;
	return 0;
}

static int add_outcome(void *arg, struct slice json, struct err *err)
{
	struct past *p = arg;

	(void)err;
	jwrite_raw(&p->outcomes, NULL, json);
	return 0;
}

static int past_read(struct past *p, struct kb *kb, const char *id,
		     struct err *err)
{
	p->time = WHEN_NONE;
	jwrite_open(&p->history, NULL, '[');
	jwrite_open(&p->outcomes, NULL, '[');
	if (kb_store(kb) && (kb_history(kb, id, add_change, p, err) < 0 ||
			     kb_outcomes(kb, id, add_outcome, p, err) < 0))
		return -1;
	jwrite_close(&p->history, ']');
	jwrite_close(&p->outcomes, ']');
	return 0;
}

static bool past_is_empty(const struct past *p)
{
	return p->history.len <= 2 && p->outcomes.len <= 2;
}

/* e is NULL for an entry that is removed. An entry that never changed has the
 * first time that there is, so that the same base gives the same bytes. */
static void write_record(struct exporting *x, const char *id,
			 const struct knowledge_entry *e, const struct past *p)
{
	struct buf *out = &x->out->out;

	if (x->format == KB_JSON)
		buf_add_str(out, x->written ? ",\n" : "[\n");
	buf_add_str(out, "{\"type\":\"entry\"");
	jwrite_time(out, "time", p->time == WHEN_NONE ? 0 : p->time);
	if (e) {
		knowledge_write(out, e);
	} else {
		jwrite_str(out, "id", id);
		jwrite_str(out, "title", id); /* every entry has one */
		jwrite_bool(out, "removed", true);
	}
	if (p->history.len > 2)
		jwrite_raw(out, "history", buf_slice(&p->history));
	if (p->outcomes.len > 2)
		jwrite_raw(out, "outcomes", buf_slice(&p->outcomes));
	buf_add_char(out, '}');
	if (x->format != KB_JSON)
		record_write_end(x->out);
	x->written++;
}

static void write_yaml(struct exporting *x, const struct knowledge_entry *e)
{
	struct buf *out = &x->out->out;

	if (!x->written++)
		buf_add_str(out, "pack: exported\nknowledge:\n");
	knowledge_write_yaml(out, e);
	out->len--; /* the writer ends the line itself */
	record_write_end(x->out);
}

/* Those that come before id; all of them for NULL. */
static int write_removed(struct exporting *x, const char *id, struct err *err)
{
	while (x->done < x->count && x->format != KB_YAML &&
	       (!id || strcmp(x->removed[x->done], id) < 0)) {
		CLEANUP(past_done) struct past p = {.time = 0};
		const char *gone = x->removed[x->done++];

		if (past_read(&p, x->kb, gone, err) < 0)
			return -1;
		write_record(x, gone, NULL, &p);
	}
	return 0;
}

static int write_entry(void *arg, const struct knowledge_entry *e,
		       struct err *err)
{
	struct exporting *x = arg;
	CLEANUP(past_done) struct past p = {.time = 0};

	if (write_removed(x, e->id, err) < 0 ||
	    past_read(&p, x->kb, e->id, err) < 0)
		return -1;
	/* One that has a file is as its pack has it. */
	if (e->file && !x->packs && past_is_empty(&p))
		return 0;
	if (x->format == KB_YAML)
		write_yaml(x, e);
	else
		write_record(x, e->id, e, &p);
	return 0;
}

static int note_removed(struct exporting *x, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(kb_store(x->kb), err,
			  "SELECT id FROM entries WHERE state = $1 ORDER BY id",
			  S_INT(KB_STATE_HIDDEN));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct slice id = store_text(rows, 0);

		x->removed = mem_resize(x->removed, x->count + 1,
					sizeof(*x->removed));
		x->removed[x->count++] = mem_dup_bytes(id.ptr, id.len);
	}
	return got;
}

static int export_all(struct exporting *x, struct err *err)
{
	int rc;

	if (kb_store(x->kb) && note_removed(x, err) < 0)
		return -1;
	rc = kb_each(x->kb, write_entry, x, err);
	if (rc == 0)
		rc = write_removed(x, NULL, err);
	if (rc == 0 && x->format == KB_JSON) {
		buf_add_str(&x->out->out, x->written ? "\n]" : "[]");
		record_write_end(x->out);
	}
	if (rc == 0 && x->format == KB_YAML && !x->written)
		record_write(x->out, SLICE_LIT("pack: exported"));
	return rc < 0 ? -1 : record_flush(x->out, err);
}

int kb_export(struct kb *kb, enum kb_format format, bool packs,
	      struct record_writer *out, struct err *err)
{
	struct exporting x = {
		.kb = kb, .format = format, .packs = packs, .out = out};
	struct store *store = kb_store(kb);
	int rc;

	if (store && store_begin(store, err) < 0)
		return -1;
	rc = export_all(&x, err);
	if (store)
		store_rollback(store);
	for (size_t i = 0; i < x.count; i++)
		free(x.removed[i]);
	free(x.removed);
	return rc;
}

/* The rows of entries stay, so that who keeps an index sees what went; and how
 * often an entry was matched, which is no knowledge and in no backup. */
static int forget(struct kb *kb, struct err *err)
{
	struct store *s = kb_store(kb);
	int64_t changed;

	if (kb_lock(kb, &changed, err) < 0 ||
	    STORE_RUN(s, err,
		      "UPDATE entries SET state = $1, record = '{}', "
		      "changed = $2, updated = $3 WHERE state <> $1",
		      S_INT(KB_STATE_UNSAID), S_INT(changed),
		      S_INT(clock_now())) < 0 ||
	    store_run(s, err, "DELETE FROM outcomes", NULL, 0) < 0)
		return -1;
	return store_run(s, err, "DELETE FROM entry_history", NULL, 0) < 0 ? -1
									   : 0;
}

struct resetting {
	struct kb *kb;
	struct record_writer *backup;
};

/* May run more than once: the backup begins anew. */
static int reset_all(void *arg, struct err *err)
{
	struct resetting *r = arg;
	int fd = r->backup->fd;
	int64_t changed;

	/* Nobody may change what is in the backup already. */
	if (kb_lock(r->kb, &changed, err) < 0)
		return -1;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "cannot write the backup");
	if (kb_export(r->kb, KB_JSONL, false, r->backup, err) < 0)
		return -1;
	if (fsync(fd) < 0)
		return err_sys(err, errno, "cannot write the backup");
	return forget(r->kb, err);
}

int kb_reset(struct kb *kb, struct record_writer *backup, struct err *err)
{
	struct resetting r = {kb, backup};

	if (kb_needs_store(kb, err) < 0)
		return -1;
	return store_transact(kb_store(kb), reset_all, &r, err);
}
