/* incident-new.c - a detection that opens an incident: its number, and what it
 * takes over. */
#include "incident-batch.h"

#include <stdio.h>

#include <oncall/counter.h>
#include <oncall/jlist.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define TITLE_MAX 500  /* bytes of a title */
#define LINKS_MAX 8192 /* bytes of the list of links */
#define LABELS_MAX                                            \
	8192 /* longer ones are not taken over: they would be \
	      * carried along with every change */

int incident_new_tell(struct joining *j, const struct timeline_entry *e,
		      struct err *err)
{
	return timeline_add(j->o->opt.store, j->inc.num, e, err);
}

/* The next number of the day; the last one is stored by incident_new_save(). */
int incident_new_save(struct incident_open *o, struct err *err)
{
	char name[32];

	if (o->day < 0)
		return 0;
	(void)snprintf(name, sizeof(name), "incidents %lld", (long long)o->day);
	return counter_set(o->opt.store, name, o->day_last, err);
}

static int next_number(struct incident_open *o, int64_t when, int64_t *ret,
		       struct err *err)
{
	char text[WHEN_TEXT], name[32];
	int64_t day;

	when_format(text, when);
	day = (text[0] - '0') * 10000000 + (text[1] - '0') * 1000000 +
	      (text[2] - '0') * 100000 + (text[3] - '0') * 10000 +
	      (text[5] - '0') * 1000 + (text[6] - '0') * 100 +
	      (text[8] - '0') * 10 + (text[9] - '0');
	if (day != o->day) {
		int64_t last;

		if (incident_new_save(o, err) < 0)
			return -1;
		(void)snprintf(name, sizeof(name), "incidents %lld",
			       (long long)day);
		if (counter_get(o->opt.store, name, &last, err) < 0)
			return -1;
		o->day = day;
		o->day_last = last;
	}
	if (o->day_last >= INCIDENT_PER_DAY - 1)
		return err_set(err, ERR_SYSTEM,
			       "no number is left for an incident of %.10s",
			       text);
	*ret = day * INCIDENT_PER_DAY + ++o->day_last;
	return 0;
}

/* Sets a text of the incident from a JSON string. */
static void set_text(struct incident *inc, struct slice *member,
		     struct slice json, size_t most)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!json.ptr)
		return;
	detection_text(&text, json);
	incident_set(inc, member,
		     (struct slice){buf_str(&text),
				    utf8_cut(buf_str(&text), text.len, most)});
}

/* What a person reads first: the title, else the message, else the pattern. */
static void set_title(struct incident *inc, const struct detection *d)
{
	const struct slice *candidates[] = {&d->title, &d->message,
					    &d->pattern};

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		set_text(inc, &inc->title, *candidates[i], TITLE_MAX);
		if (inc->title.len)
			return;
	}
	incident_set(inc, &inc->title, SLICE_LIT("detection without a title"));
}

static struct slice labels_of(const struct detection *d)
{
	return d->labels.ptr && d->labels.len <= LABELS_MAX ? d->labels
							    : SLICE_LIT("{}");
}

static void set_links(struct incident *inc, struct slice links)
{
	AUTO_BUF struct buf texts = BUF_INIT_MAX(LINKS_MAX);

	if (links.ptr && links.len <= LINKS_MAX)
		jlist_texts(&texts, links);
	incident_set(inc, &inc->links,
		     texts.len && !texts.over ? buf_slice(&texts)
					      : SLICE_LIT("[]"));
}

static void fill_new(struct joining *j, const struct detection *d)
{
	struct incident *inc = &j->inc;

	inc->revision = 0;
	inc->severity = d->severity;
	set_text(inc, &inc->severity_raw, d->severity_raw, TITLE_MAX);
	set_text(inc, &inc->service, d->service, TITLE_MAX);
	set_text(inc, &inc->host, d->host, TITLE_MAX);
	set_text(inc, &inc->category, d->category, TITLE_MAX);
	set_text(inc, &inc->pattern, d->pattern, TITLE_MAX);
	set_title(inc, d);
	incident_set(inc, &inc->fingerprint, j->group->fingerprint);
	incident_set(inc, &inc->tags, SLICE_LIT("[]"));
	incident_set(inc, &inc->labels, labels_of(d));
	set_links(inc, d->links);
	inc->opened = inc->updated = d->time;
	inc->first = d->first;
	inc->last = d->last;
	inc->acknowledged = inc->mitigated = WHEN_NONE;
	inc->resolved = inc->closed = inc->took = WHEN_NONE;
	inc->known = inc->triaged = inc->acted = WHEN_NONE;
	inc->simulated = d->simulated;
}

static int assign_owner(struct joining *j, int64_t time, struct err *err)
{
	const char *owner = map_get(&j->o->owners, j->inc.service);

	if (!owner)
		return 0;
	incident_set(&j->inc, &j->inc.assignee, slice_of(owner));
	return incident_new_tell(
		j,
		&(struct timeline_entry){.seq = 2,
					 .time = time,
					 .actor = j->o->opt.actor,
					 .what = "assigned",
					 .after = owner,
					 .note = "owner of the service"},
		err);
}

/* Opens a new incident; old (may be NULL) is the one it follows. */
int incident_new_open(struct joining *j, const struct entry *e,
		      const struct incident *old, const char *why,
		      struct err *err)
{
	struct jscan scan = {0}, scratch = {0};
	struct detection d;
	char id[INCIDENT_ID];
	int rc = jscan_object(&scan, e->line.ptr, e->line.len, err);

	if (rc == 0)
		rc = detection_read(&d, e->line, &scan, &scratch, e->time, err);
	if (rc == 0)
		rc = next_number(j->o, e->time, &j->inc.num, err);
	if (rc == 0)
		fill_new(j, &d);
	jscan_done(&scan);
	jscan_done(&scratch);
	if (rc < 0)
		return -1;
	j->is_new = true;
	if (old) {
		incident_id(id, old->num);
		incident_set(&j->inc, &j->inc.previous, slice_of(id));
	}
	if (incident_new_tell(j,
			      &(struct timeline_entry){
				      .seq = 1,
				      .time = e->time,
				      .actor = j->o->opt.actor,
				      .what = "opened",
				      .after = severity_name(e->severity),
				      .note = why},
			      err) < 0)
		return -1;
	j->inc.status = INCIDENT_OPEN;
	j->inc.revision = 1;
	incident_set(&j->inc, &j->inc.change, SLICE_LIT("opened"));
	return assign_owner(j, e->time, err);
}
