/*
 * kb-exchange.c - brings entries into a base. What is read is checked and laid
 * down, a record a line, in a file that has no name; then one transaction takes
 * it from there, so that the store is locked only for as long as writing takes,
 * and memory does not grow with the import.
 */
#include "kb-exchange-internal.h"
#include "kb-internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

#define STAGED_MAX  ((size_t)64 * 1024 * 1024) /* bytes of one record */
#define EXACT	    1e6 /* confidences are kept to that part of one */
#define MEMBERS_MAX 200 /* bytes of the names of members that differ */

const char *const kb_conflict_names[] = {"stop", "skip", "replace", "keep-both",
					 NULL};

struct kb_import {
	struct kb_import_options o;
	FILE *staged;
	struct kb_import_counts counts;
	struct map conflicts; /* id to the members that differ, as text */
	bool undone;	      /* on purpose */
};

struct kb_import *kb_import_new(const struct kb_import_options *o)
{
	struct kb_import *im = mem_zero(1, sizeof(*im));

	im->o = *o;
	return im;
}

void kb_import_free(struct kb_import *im)
{
	if (!im)
		return;
	if (im->staged)
		(void)fclose(im->staged);
	map_done(&im->conflicts, free);
	free(im);
}

/* ---- what comes in ---- */

int kb_import_bad(const struct kb_source *src, size_t line, struct err *err)
{
	if (line)
		(void)err_prefix(err, "%s:%zu", src->name, line);
	if (err->kind != ERR_INPUT && err->kind != ERR_USAGE)
		return -1;
	src->im->counts.bad++;
	src->im->o.bad(src->im->o.arg, err->text);
	err_clear(err);
	return 0;
}

/* What the options change in an entry. */
static void adapt(const struct kb_import *im, struct knowledge_entry *e)
{
	if (im->o.environment)
		knowledge_set(&e->environment, im->o.environment);
	if (!e->origin)
		knowledge_set(&e->origin, "import");
	for (size_t i = 0;
	     fpclassify(im->o.adjust) != FP_ZERO && i < e->solution_count;
	     i++) {
		double c = e->solutions[i].confidence + im->o.adjust;

		c = round(c * EXACT) / EXACT;
		e->solutions[i].confidence = c < 0 ? 0 : c > 1 ? 1 : c;
	}
}

static int stage(struct kb_import *im, const struct kb_item *item,
		 struct err *err)
{
	AUTO_BUF struct buf line = BUF_INIT_MAX(STAGED_MAX);

	if (!im->staged && !(im->staged = tmpfile()))
		return err_sys(err, errno, "cannot keep what is imported");
	buf_add_char(&line, '{');
	knowledge_write(&line, &item->entry);
	if (item->history.ptr)
		jwrite_raw(&line, "history", item->history);
	if (item->outcomes.ptr)
		jwrite_raw(&line, "outcomes", item->outcomes);
	if (item->removed)
		jwrite_bool(&line, "removed", true);
	buf_add_char(&line, '}');
	if (buf_check(&line, "an entry", err) < 0)
		return -1;
	/* Line ends in what is not known here are blanks of JSON. */
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\n' || line.data[i] == '\r')
			line.data[i] = ' ';
	buf_add_char(&line, '\n');
	if (fwrite(line.data, 1, line.len, im->staged) != line.len)
		return err_sys(err, errno, "cannot keep what is imported");
	return 0;
}

int kb_import_item(const struct kb_source *src, size_t line,
		   struct kb_item *item, struct err *err)
{
	adapt(src->im, &item->entry);
	if (knowledge_check(&item->entry, err) < 0)
		return kb_import_bad(src, line, err);
	return stage(src->im, item, err) < 0 ? kb_import_bad(src, line, err)
					     : 0;
}

int kb_import_entry(const struct kb_source *src, size_t line,
		    struct knowledge_entry *e, struct err *err)
{
	struct kb_item item = {.entry = *e};
	int rc;

	*e = (struct knowledge_entry){.id = NULL};
	rc = kb_import_item(src, line, &item, err);
	knowledge_done(&item.entry);
	return rc;
}

/* ---- what is there already ---- */

static void add_name(struct buf *names, struct slice key)
{
	if (names->len > MEMBERS_MAX)
		return;
	buf_add_str(names, names->len ? ", " : "");
	buf_add_slice(names, key);
}

/* The members of a that are not the same in b; where an entry comes from does
 * not make it another one. */
static void add_differences(struct buf *names, const struct jscan *a,
			    const struct jscan *b, bool values)
{
	for (size_t i = 0; i < a->count; i++) {
		AUTO_FREE char *key = mem_dup_bytes(a->members[i].key.ptr,
						    a->members[i].key.len);
		const struct jscan_member *other = jscan_get(b, key);

		if (!strcmp(key, "origin") || (other && !values))
			continue;
		if (!other || !slice_eq(a->members[i].value, other->value))
			add_name(names, a->members[i].key);
	}
}

/* Whether they differ, and where. */
static bool differ(const struct knowledge_entry *a,
		   const struct knowledge_entry *b, struct buf *names,
		   struct err *err)
{
	AUTO_BUF struct buf x = BUF_INIT;
	AUTO_BUF struct buf y = BUF_INIT;
	struct jscan s = {0}, t = {0};

	buf_add_char(&x, '{');
	knowledge_write(&x, a);
	buf_add_char(&x, '}');
	buf_add_char(&y, '{');
	knowledge_write(&y, b);
	buf_add_char(&y, '}');
	if (jscan_object(&s, x.data, x.len, err) == 0 &&
	    jscan_object(&t, y.data, y.len, err) == 0) {
		add_differences(names, &s, &t, true);
		add_differences(names, &t, &s, false);
	}
	jscan_done(&s);
	jscan_done(&t);
	return names->len > 0;
}

static int note_outcome(void *arg, struct slice json, struct err *err)
{
	bool *any = arg;

	(void)json;
	(void)err;
	*any = true;
	return 0;
}

static int note_change(void *arg, const struct kb_change *c, struct err *err)
{
	bool *any = arg;

	(void)c;
	(void)err;
	*any = true;
	return 0;
}

/* Whether anything was ever noted of the entry of that id. */
static int has_past(struct kb_import *im, const char *id, bool *ret,
		    struct err *err)
{
	*ret = false;
	if (kb_history(im->o.kb, id, note_change, ret, err) < 0)
		return -1;
	return kb_outcomes(im->o.kb, id, note_outcome, ret, err) < 0 ? -1 : 0;
}

/* ---- what is stored ---- */

static int restore(struct kb_import *im, const struct kb_item *item,
		   struct err *err)
{
	if (!item->history.ptr && !item->outcomes.ptr)
		return 0;
	return kb_restore(im->o.kb, item->entry.id, item->history,
			  item->outcomes, err);
}

/* An entry that options changed has this as one more change in its history,
 * one that comes as it was has the history that it came with. */
static int put(struct kb_import *im, const struct kb_item *item,
	       struct err *err)
{
	bool changed = im->o.environment || fpclassify(im->o.adjust) != FP_ZERO;

	if (changed && restore(im, item, err) < 0)
		return -1;
	if (kb_put(im->o.kb, &item->entry, "imported", NULL, err) < 0)
		return -1;
	return changed ? 0 : restore(im, item, err);
}

static int put_same(struct kb_import *im, const struct kb_item *item,
		    struct err *err)
{
	bool past;

	if (!item->history.ptr && !item->outcomes.ptr) {
		im->counts.same++;
		return 0;
	}
	if (has_past(im, item->entry.id, &past, err) < 0)
		return -1;
	im->counts.same += past;
	im->counts.added += !past;
	return past ? 0 : restore(im, item, err);
}

/* Under the first id that is free; what is there under such an id and is the
 * same was imported before. */
static int put_beside(struct kb_import *im, struct kb_item *item,
		      struct err *err)
{
	AUTO_FREE char *id = mem_dup(item->entry.id);

	for (size_t n = 2;; n++) {
		AUTO_ENTRY struct knowledge_entry there = {.id = NULL};
		AUTO_FREE char *number = mem_printf("-%zu", n);
		AUTO_BUF struct buf names = BUF_INIT;
		size_t room = KNOWLEDGE_MAX_ID - strlen(number);
		size_t len = strlen(id);
		int found;

		free(item->entry.id);
		item->entry.id = mem_printf(
			"%.*s%s", (int)(len < room ? len : room), id, number);
		found = kb_find(im->o.kb, item->entry.id, &there, err);
		if (found < 0)
			return -1;
		if (found && differ(&item->entry, &there, &names, err))
			continue;
		im->counts.same += found;
		im->counts.added += !found;
		return found ? 0 : put(im, item, err);
	}
}

static void note_conflict(struct kb_import *im, const char *id,
			  const char *members)
{
	void **place = map_put(&im->conflicts, slice_of(id));

	if (!*place)
		*place = mem_dup(members);
	im->counts.conflicts++;
}

static int put_other(struct kb_import *im, struct kb_item *item,
		     const struct buf *names, struct err *err)
{
	switch (im->o.on_conflict) {
	case KB_CONFLICT_STOP:
		note_conflict(im, item->entry.id, buf_str(names));
		return 0;
	case KB_CONFLICT_SKIP:
		im->counts.skipped++;
		return 0;
	case KB_CONFLICT_REPLACE:
		im->counts.replaced++;
		return put(im, item, err);
	case KB_CONFLICT_KEEP_BOTH:
		return put_beside(im, item, err);
	}
	return 0;
}

/* What hides an entry of a pack, or the past of one that was removed. */
static int take_away(struct kb_import *im, const struct kb_item *item,
		     struct err *err)
{
	AUTO_ENTRY struct knowledge_entry there = {.id = NULL};
	bool past;
	int found = kb_find(im->o.kb, item->entry.id, &there, err);

	if (found < 0 || has_past(im, item->entry.id, &past, err) < 0)
		return -1;
	if (past && !found) {
		im->counts.same++;
		return 0;
	}
	if (past && im->o.on_conflict == KB_CONFLICT_STOP) {
		note_conflict(im, item->entry.id, "removed");
		return 0;
	}
	if (past && im->o.on_conflict != KB_CONFLICT_REPLACE) {
		im->counts.skipped++;
		return 0;
	}
	im->counts.added++;
	/* What hides nothing hides what was there once. */
	if (!found && kb_put(im->o.kb, &item->entry, "imported", NULL, err) < 0)
		return -1;
	if (kb_remove(im->o.kb, item->entry.id, "import", err) < 0)
		return -1;
	return restore(im, item, err);
}

static int apply(struct kb_import *im, struct kb_item *item, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry there = {.id = NULL};
	AUTO_BUF struct buf names = BUF_INIT;
	int found;

	if (item->removed)
		return take_away(im, item, err);
	found = kb_find(im->o.kb, item->entry.id, &there, err);
	if (found < 0)
		return -1;
	if (!found) {
		im->counts.added++;
		return put(im, item, err);
	}
	if (!differ(&item->entry, &there, &names, err))
		return put_same(im, item, err);
	return put_other(im, item, &names, err);
}

static int apply_line(struct kb_import *im, struct slice line, struct err *err)
{
	struct kb_item item = {.removed = false};
	const struct jscan_member *m;
	struct jscan scan = {0};
	int rc = jscan_object(&scan, line.ptr, line.len, err);

	if (rc == 0)
		rc = knowledge_read(&item.entry, line, err);
	if (rc == 0) {
		m = jscan_get(&scan, "history");
		item.history = m ? m->value : (struct slice){0};
		m = jscan_get(&scan, "outcomes");
		item.outcomes = m ? m->value : (struct slice){0};
		item.removed = jscan_get(&scan, "removed") != NULL;
		rc = apply(im, &item, err);
	}
	if (rc < 0 && item.entry.id)
		(void)err_prefix(err, "%s", item.entry.id);
	knowledge_done(&item.entry);
	jscan_done(&scan);
	return rc;
}

static void forget_counts(struct kb_import *im)
{
	im->counts = (struct kb_import_counts){.bad = im->counts.bad};
	map_done(&im->conflicts, free);
	im->conflicts = (struct map)MAP_INIT;
}

/* May run more than once. What must not stay ends as an error, which undoes
 * it. */
static int apply_all(void *arg, struct err *err)
{
	struct kb_import *im = arg;
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	forget_counts(im);
	im->undone = false;
	rewind(im->staged);
	while ((n = getline(&line, &cap, im->staged)) > 0)
		if (apply_line(im, (struct slice){line, (size_t)n - 1}, err) <
		    0)
			return -1;
	if (ferror(im->staged))
		return err_sys(err, errno, "cannot read what is imported");
	im->undone =
		im->o.dry_run || (im->counts.conflicts && !im->o.keep_going);
	return im->undone ? err_set(err, ERR_NO, "nothing was imported") : 0;
}

static void tell_conflicts(struct kb_import *im)
{
	for (size_t i = 0; i < im->conflicts.count; i++)
		im->o.conflict(im->o.arg, im->conflicts.entries[i].key.ptr,
			       im->conflicts.entries[i].value);
}

int kb_import_commit(struct kb_import *im, struct kb_import_counts *ret,
		     struct err *err)
{
	struct store *store = kb_store(im->o.kb);
	int rc = 0;

	if (im->staged && fflush(im->staged) == EOF)
		return err_sys(err, errno, "cannot keep what is imported");
	if (im->staged && (!im->counts.bad || im->o.keep_going))
		rc = store_transact(store, apply_all, im, err);
	tell_conflicts(im);
	if (rc < 0 && im->undone) {
		err_clear(err);
		rc = 0;
	}
	*ret = im->counts;
	return rc;
}
