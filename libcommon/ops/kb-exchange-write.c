/* kb-exchange-write.c - what a base holds, as records or as a pack. */
#include "kb-exchange-internal.h"

#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

struct exporting {
	struct kb *kb;
	enum kb_format format;
	bool packs; /* their entries, too */
	struct record_writer *out;
	struct map removed; /* ids of entries that are hidden */
	char **ids;	    /* the same, sorted; the first `done` are written */
	size_t done;
	size_t count; /* of what was written */
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
		buf_add_str(out, x->count ? ",\n" : "[\n");
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
	x->count++;
}

static void write_yaml(struct exporting *x, const struct knowledge_entry *e)
{
	struct buf *out = &x->out->out;

	if (!x->count++)
		buf_add_str(out, "pack: exported\nknowledge:\n");
	knowledge_write_yaml(out, e);
	out->len--; /* the writer ends the line itself */
	record_write_end(x->out);
}

/* Those that come before id; all of them for NULL. */
static int write_removed(struct exporting *x, const char *id, struct err *err)
{
	while (x->done < x->removed.count && x->format != KB_YAML &&
	       (!id || strcmp(x->ids[x->done], id) < 0)) {
		CLEANUP(past_done) struct past p = {.time = 0};
		const char *gone = x->ids[x->done++];

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

static int note_removed(void *arg, const char *id,
			const struct knowledge_entry *e, struct err *err)
{
	struct exporting *x = arg;

	(void)err;
	if (!e)
		*map_put(&x->removed, slice_of(id)) = x;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int export_all(struct exporting *x, struct err *err)
{
	int rc;

	if (kb_store(x->kb) && kb_changes(x->kb, 0, note_removed, x, err) < 0)
		return -1;
	x->ids = mem_zero(x->removed.count + 1, sizeof(*x->ids));
	for (size_t i = 0; i < x->removed.count; i++)
		x->ids[i] = mem_dup(x->removed.entries[i].key.ptr);
	qsort(x->ids, x->removed.count, sizeof(*x->ids), by_text);
	rc = kb_each(x->kb, write_entry, x, err);
	if (rc == 0)
		rc = write_removed(x, NULL, err);
	if (rc == 0 && x->format == KB_JSON) {
		buf_add_str(&x->out->out, x->count ? "\n]" : "[]");
		record_write_end(x->out);
	}
	if (rc == 0 && x->format == KB_YAML && !x->count)
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
	for (size_t i = 0; x.ids && i < x.removed.count; i++)
		free(x.ids[i]);
	free(x.ids);
	map_done(&x.removed, NULL);
	return rc;
}
