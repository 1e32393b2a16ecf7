/*
 * incident-edit.c - what people do to incidents. Every change is one
 * transaction that also tells the timeline what was before and after.
 */
#include <oncall/incident-edit.h>
#include <oncall/timeline.h>

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/pager.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define EDIT_TEXT_MAX 16384 /* bytes of a note, a tag, a name */
#define EDIT_LIST_MAX 65536 /* bytes of the tags or links of an incident */

/* One change of one incident. */
struct edit {
	const struct incident_edit *e;
	int64_t num;
	struct incident *inc;
	int (*change)(struct edit *w, struct err *err);
	bool changed;
	/* What is asked for, as the change needs it: */
	enum incident_status to;
	enum severity severity;
	const char *text;
	const char *const *tags;
	bool remove;
	int64_t other;
	const struct incident_rating *rating;
};

static int64_t edit_time(const struct edit *w)
{
	return w->e->at ? w->e->at : clock_now();
}

/* The note stands in the first entry that an edit makes. */
static int tell(struct edit *w, const char *what, const char *before,
		const char *after, struct err *err)
{
	const char *note = w->changed ? NULL : w->e->note;

	w->changed = true;
	return timeline_add(w->e->store, w->inc->num,
			    &(struct timeline_entry){.time = edit_time(w),
						     .actor = w->e->actor,
						     .what = what,
						     .before = before,
						     .after = after,
						     .note = note},
			    err);
}

static int edit_work(void *arg, struct err *err)
{
	struct edit *w = arg;
	enum incident_status before;
	int64_t changed;

	incident_done(w->inc);
	w->changed = false;
	if (incident_lock(w->e->store, &changed, err) < 0 ||
	    incident_load(w->e->store, w->num, w->inc, err) < 0)
		return -1;
	w->inc->change = SLICE_LIT("edited");
	before = w->inc->status;
	if (w->change(w, err) < 0)
		return -1;
	if (!w->changed)
		return 0;
	w->inc->changed = changed;
	if (!w->e->at || w->e->at > w->inc->updated)
		w->inc->updated = edit_time(w);
	if (incident_update(w->e->store, w->inc, err) < 0)
		return -1;
	return before == INCIDENT_OPEN && w->inc->status != before
		       ? pager_quiet(w->e->store, w->num, err)
		       : 0;
}

/* What people typed is stored as it is, so it has to be text. */
static int check_text(const char *text, struct err *err)
{
	if (text && !utf8_valid(text, strlen(text)))
		return err_set(err, ERR_USAGE, "'%s' is not UTF-8", text);
	if (text && strlen(text) > EDIT_TEXT_MAX)
		return err_set(err, ERR_USAGE,
			       "a text of %zu bytes is longer than %d",
			       strlen(text), EDIT_TEXT_MAX);
	return 0;
}

static int edit(struct edit *w, struct err *err)
{
	if (check_text(w->e->note, err) < 0 ||
	    check_text(w->e->solution, err) < 0 || check_text(w->text, err) < 0)
		return -1;
	for (size_t i = 0; w->tags && w->tags[i]; i++) {
		if (check_text(w->tags[i], err) < 0)
			return -1;
		if (!*w->tags[i])
			return err_set(err, ERR_USAGE, "a tag is empty");
	}
	if (store_transact(w->e->store, edit_work, w, err) < 0)
		return -1;
	return w->changed ? 1 : 0;
}

/* ---- the life cycle ---- */

struct move {
	const char *what;
	unsigned from; /* bits of the statuses that it may leave */
	const char *change;
};

#define FROM(status) (1u << (status))
#define FROM_LIVE    (FROM(INCIDENT_RESOLVED) - 1)
#define FROM_OVER    (FROM(INCIDENT_RESOLVED) | FROM(INCIDENT_CLOSED))

/* What leads to each status. */
static const struct move moves[] = {
	[INCIDENT_OPEN] = {"reopened", FROM_OVER, "reopened"},
	[INCIDENT_ACKNOWLEDGED] = {"acknowledged", FROM(INCIDENT_OPEN),
				   "acknowledged"},
	[INCIDENT_INVESTIGATING] = {"investigating", FROM_LIVE, "edited"},
	[INCIDENT_MITIGATED] = {"mitigated", FROM_LIVE, "mitigated"},
	[INCIDENT_RESOLVED] = {"resolved", FROM_LIVE, "resolved"},
	[INCIDENT_CLOSED] = {"closed", FROM_LIVE | FROM(INCIDENT_RESOLVED),
			     "closed"},
};

static void set_once(int64_t *time, int64_t now)
{
	if (*time == WHEN_NONE)
		*time = now;
}

static void set_times(struct incident *inc, enum incident_status to,
		      int64_t now)
{
	switch (to) {
	case INCIDENT_OPEN:
		inc->acknowledged = inc->mitigated = WHEN_NONE;
		inc->resolved = inc->closed = WHEN_NONE;
		inc->auto_resolved = inc->false_positive = false;
		inc->revision++;
		break;
	case INCIDENT_ACKNOWLEDGED:
	case INCIDENT_INVESTIGATING:
		set_once(&inc->acknowledged, now);
		break;
	case INCIDENT_MITIGATED:
		inc->mitigated = now;
		break;
	case INCIDENT_CLOSED:
		inc->closed = now;
		set_once(&inc->resolved, now);
		break;
	case INCIDENT_RESOLVED:
		inc->resolved = now;
		break;
	}
}

/* What was said about the solution, beside the note. */
static int tell_solution(struct edit *w, struct err *err)
{
	const struct incident_edit *e = w->e;
	char took[32];

	if (e->solution && !e->failed)
		incident_set(w->inc, &w->inc->solution, slice_of(e->solution));
	if (e->took != WHEN_NONE) {
		w->inc->took = e->took;
		when_format_duration(took, e->took);
		if (tell(w, "took", NULL, took, err) < 0)
			return -1;
	}
	if (!e->solution)
		return 0;
	return tell(w, e->failed ? "solution_failed" : "solution", NULL,
		    e->solution, err);
}

/* Whether it is so already: whoever investigates has acknowledged. */
static bool is_there(const struct incident *inc, enum incident_status to)
{
	if (to == INCIDENT_ACKNOWLEDGED)
		return incident_live(inc) && inc->status >= to;
	return inc->status == to;
}

static int check_move(const struct incident *inc, enum incident_status to,
		      struct err *err)
{
	char id[INCIDENT_ID];

	incident_id(id, inc->num);
	if (inc->merged_into.len && to == INCIDENT_OPEN)
		return err_set(err, ERR_NO, "%s was merged into %.*s", id,
			       (int)inc->merged_into.len, inc->merged_into.ptr);
	if (moves[to].from & FROM(inc->status))
		return 0;
	return err_set(err, ERR_NO, "%s is %s and cannot become %s%s", id,
		       incident_status_names[inc->status],
		       incident_status_names[to],
		       incident_live(inc) ? "" : "; reopen it first");
}

/* What is said about a step that was taken before. */
static int add_words(struct edit *w, struct err *err)
{
	if (w->to == INCIDENT_RESOLVED && tell_solution(w, err) < 0)
		return -1;
	if (w->changed || !w->e->note)
		return 0;
	return tell(w, "noted", NULL, NULL, err);
}

static int change_status(struct edit *w, struct err *err)
{
	struct incident *inc = w->inc;
	const char *before = incident_status_names[inc->status];

	if (is_there(inc, w->to))
		return add_words(w, err);
	if (check_move(inc, w->to, err) < 0)
		return -1;
	inc->status = w->to;
	set_times(inc, w->to, edit_time(w));
	if (w->to == INCIDENT_RESOLVED)
		inc->auto_resolved = w->e->automatic;
	inc->change = slice_of(moves[w->to].change);
	if (tell(w, moves[w->to].what, before, incident_status_names[w->to],
		 err) < 0)
		return -1;
	return w->to == INCIDENT_RESOLVED ? tell_solution(w, err) : 0;
}

int incident_move(const struct incident_edit *e, int64_t num,
		  enum incident_status to, struct incident *inc,
		  struct err *err)
{
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_status,
			 .to = to};

	return edit(&w, err);
}

/* ---- members ---- */

static int change_assignee(struct edit *w, struct err *err)
{
	struct slice who = slice_of(w->text);
	AUTO_FREE char *before = NULL;

	if (slice_eq(w->inc->assignee, who))
		return 0;
	before = w->inc->assignee.len ? mem_dup_bytes(w->inc->assignee.ptr,
						      w->inc->assignee.len)
				      : NULL;
	if (who.len)
		incident_set(w->inc, &w->inc->assignee, who);
	else
		w->inc->assignee = (struct slice){0};
	return tell(w, who.len ? "assigned" : "unassigned", before,
		    who.len ? w->text : NULL, err);
}

int incident_assign(const struct incident_edit *e, int64_t num, const char *who,
		    struct incident *inc, struct err *err)
{
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_assignee,
			 .text = who};

	return edit(&w, err);
}

static int change_nothing_but_note(struct edit *w, struct err *err)
{
	return tell(w, "noted", NULL, NULL, err);
}

int incident_note(const struct incident_edit *e, int64_t num,
		  struct incident *inc, struct err *err)
{
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_nothing_but_note};

	return edit(&w, err);
}

static int change_severity(struct edit *w, struct err *err)
{
	const char *before = severity_name(w->inc->severity);

	if (w->inc->severity == w->severity)
		return 0;
	if (w->severity > w->inc->severity)
		w->inc->change = SLICE_LIT("raised");
	w->inc->severity = w->severity;
	w->inc->revision++;
	return tell(w, "severity", before, severity_name(w->severity), err);
}

int incident_severity(const struct incident_edit *e, int64_t num,
		      enum severity severity, struct incident *inc,
		      struct err *err)
{
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_severity,
			 .severity = severity};

	return edit(&w, err);
}

/* ---- lists: tags and links ---- */

/* The list with the text added at its end, or taken out; 1 when it changed. */
static int list_change(struct incident *inc, struct slice *list,
		       const char *text, bool remove, struct err *err)
{
	AUTO_BUF struct buf item = BUF_INIT;
	AUTO_BUF struct buf out = BUF_INIT_MAX(EDIT_LIST_MAX);
	int rc;

	jwrite_text(&item, NULL, slice_of(text));
	rc = remove ? jlist_remove(&out, *list, buf_slice(&item))
		    : jlist_add(&out, *list, buf_slice(&item));
	if (rc > 0) {
		if (buf_check(&out, "the list of the incident", err) < 0)
			return -1;
		incident_set(inc, list, buf_slice(&out));
	}
	return rc;
}

static int change_tags(struct edit *w, struct err *err)
{
	for (size_t i = 0; w->tags[i]; i++) {
		const char *tag = w->tags[i];
		int rc =
			list_change(w->inc, &w->inc->tags, tag, w->remove, err);

		if (rc < 0)
			return -1;
		if (rc > 0 && tell(w, w->remove ? "untagged" : "tagged",
				   w->remove ? tag : NULL,
				   w->remove ? NULL : tag, err) < 0)
			return -1;
	}
	return 0;
}

int incident_tag(const struct incident_edit *e, int64_t num,
		 const char *const *tags, bool remove, struct incident *inc,
		 struct err *err)
{
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_tags,
			 .tags = tags,
			 .remove = remove};

	return edit(&w, err);
}

static int change_links(struct edit *w, struct err *err)
{
	int rc = list_change(w->inc, &w->inc->links, w->text, w->remove, err);

	if (rc <= 0)
		return rc;
	return tell(w, w->remove ? "unlinked" : "linked",
		    w->remove ? w->text : NULL, w->remove ? NULL : w->text,
		    err);
}

/* The other incident links back, in the same transaction. */
static int change_both_links(struct edit *w, struct err *err)
{
	AUTO_INCIDENT struct incident other = {0};
	char id[INCIDENT_ID];
	struct edit back = *w;

	incident_id(id, w->inc->num);
	if (w->other == w->inc->num)
		return err_set(err, ERR_USAGE, "%s cannot be linked to itself",
			       id);
	if (change_links(w, err) < 0)
		return -1;
	back.inc = &other;
	back.num = w->other;
	back.text = id;
	back.change = change_links;
	return edit_work(&back, err);
}

int incident_link(const struct incident_edit *e, int64_t num, const char *other,
		  bool remove, struct incident *inc, struct err *err)
{
	char id[INCIDENT_ID];
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_links,
			 .text = other,
			 .remove = remove};

	if (strncmp(other, "http://", 7) != 0 &&
	    strncmp(other, "https://", 8) != 0) {
		if (incident_parse_id(other, &w.other, err) < 0)
			return err_prefix(err, "neither a URL nor an incident");
		incident_id(id, w.other);
		w.text = id;
		w.change = change_both_links;
	}
	return edit(&w, err);
}

/* ---- judgement ---- */

static int change_feedback(struct edit *w, struct err *err)
{
	const struct incident_rating *r = w->rating;
	char text[64];

	(void)snprintf(text, sizeof(text), "%s", r->verdict);
	if (r->speed)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       " speed=%lld", (long long)r->speed);
	if (r->effect)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       " effect=%lld", (long long)r->effect);
	return tell(w, "feedback", NULL, text, err);
}

int incident_feedback(const struct incident_edit *e, int64_t num,
		      const struct incident_rating *rating,
		      struct incident *inc, struct err *err)
{
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_feedback,
			 .rating = rating};

	return edit(&w, err);
}

static int change_false_positive(struct edit *w, struct err *err)
{
	const char *before = incident_status_names[w->inc->status];

	if (w->inc->false_positive)
		return 0;
	w->inc->false_positive = true;
	w->inc->status = INCIDENT_CLOSED;
	set_times(w->inc, INCIDENT_CLOSED, clock_now());
	w->inc->change = SLICE_LIT("closed");
	return tell(w, "false_positive", before, "closed", err);
}

int incident_false_positive(const struct incident_edit *e, int64_t num,
			    struct incident *inc, struct err *err)
{
	struct edit w = {.e = e,
			 .num = num,
			 .inc = inc,
			 .change = change_false_positive};

	return edit(&w, err);
}
