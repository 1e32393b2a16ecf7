/* pager-text.c - what people read in a message. */
#include "pager-telling.h"

#include <oncall/jwrite.h>
#include <oncall/show.h>

#define TITLE_LONG 300 /* bytes of an incident's title that people see */

static void add_safe(struct buf *out, struct slice text)
{
	show_text(out, text.ptr, text.len, TITLE_LONG);
}

void pager_write_title(const struct pager_telling *t, struct buf *out)
{
	AUTO_BUF struct buf title = BUF_INIT;

	if (t->main.simulated)
		buf_add_str(&title, "[simulated] ");
	if (!incident_live(&t->main))
		buf_add_str(&title, "Resolved: ");
	else if (!strcmp(t->m->reason, "repeat"))
		buf_add_str(&title, "Still open: ");
	add_safe(&title, t->main.title);
	if (t->count > 1)
		buf_addf(&title, " (and %zu more)", t->count - 1);
	jwrite_text(out, "title", buf_slice(&title));
}

static const char *const mark_words[PAGER_MARKS] = {
	[PAGER_SAME] = "open before", [PAGER_FRESH] = "new",
	[PAGER_RAISED] = "raised",    [PAGER_UNMUTED] = "no longer muted",
	[PAGER_FLAPS] = "flapping",   [PAGER_STEADY] = "no longer flapping",
	[PAGER_OVER] = "resolved",
};

/* "2 new, 1 resolved" */
static void add_counts(const struct pager_telling *t, struct buf *out)
{
	size_t counts[PAGER_MARKS] = {0};
	const char *between = "";

	for (size_t i = 0; i < t->count; i++)
		counts[t->members[i]->mark]++;
	for (int mark = PAGER_FRESH; mark <= PAGER_MARKS; mark++) {
		int at = mark < PAGER_MARKS ? mark : PAGER_SAME;

		if (!counts[at] || !mark_words[at])
			continue;
		buf_addf(out, "%s%zu %s", between, counts[at], mark_words[at]);
		between = ", ";
	}
}

static void add_why(const struct pager_telling *t, struct buf *out)
{
	if (t->m->why) {
		add_safe(out, slice_of(t->m->why));
	} else if (!strcmp(t->m->reason, "repeat")) {
		buf_addf(out, "Nobody has acknowledged %zu of %zu",
			 t->g->needed, t->count);
	} else if (t->count) {
		add_counts(t, out);
	}
	if (t->g->urgent && !t->m->why)
		buf_add_str(out, "; triage wants somebody to look at it");
	buf_add_char(out, '\n');
}

/* "INC-20261120-0001 high open, 3 times: title (web, web1) [new]" */
static void add_incident(const struct pager_member *m,
			 const struct incident *inc, struct buf *out)
{
	char id[INCIDENT_ID];

	incident_id(id, inc->num);
	buf_addf(out, "%s %s %s", id, severity_name(inc->severity),
		 incident_status_names[inc->status]);
	if (inc->count > 1)
		buf_addf(out, ", %lld times", (long long)inc->count);
	buf_add_str(out, ": ");
	add_safe(out, inc->title);
	if (inc->service.len || inc->host.len) {
		buf_add_str(out, " (");
		add_safe(out, inc->service);
		buf_add_str(out, inc->service.len && inc->host.len ? ", " : "");
		add_safe(out, inc->host);
		buf_add_char(out, ')');
	}
	if (m->mark == PAGER_RAISED)
		buf_addf(out, " [raised from %s]", severity_name(m->heard));
	else if (m->mark != PAGER_SAME && m->live)
		buf_addf(out, " [%s]", mark_words[m->mark]);
	buf_add_char(out, '\n');
}

static int add_incidents(const struct pager_telling *t, struct buf *out,
			 struct err *err)
{
	for (size_t i = 0; i < t->count && i < PAGER_SHOWN; i++) {
		AUTO_INCIDENT struct incident inc = {.num = 0};

		if (incident_load(t->p->store, t->members[i]->num, &inc, err) <
		    0)
			return -1;
		add_incident(t->members[i], &inc, out);
	}
	if (t->count > PAGER_SHOWN)
		buf_addf(out, "and %zu more\n", t->count - PAGER_SHOWN);
	return 0;
}

static void add_cause(const struct pager_telling *t, struct buf *out)
{
	const struct jscan_member *cause = jscan_get(&t->scan, "cause");
	AUTO_BUF struct buf text = BUF_INIT;

	if (pager_is_over(t) || !cause || cause->type != JSCAN_STRING)
		return;
	jscan_unquote(&text, cause->value);
	buf_add_str(out, "Likely cause: ");
	add_safe(out, buf_slice(&text));
	buf_add_char(out, '\n');
}

int pager_write_text(const struct pager_telling *t, struct buf *out,
		     struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	add_why(t, &text);
	if (add_incidents(t, &text, err) < 0)
		return -1;
	add_cause(t, &text);
	buf_truncate(&text, text.len - 1); /* the last line end */
	jwrite_text(out, "text", buf_slice(&text));
	return 0;
}
