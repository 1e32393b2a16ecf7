/*
 * pager-message.c - what people are told, as a message record. The same store
 * and the same clock give the same bytes.
 */
#include "pager-telling.h"

#include <stdio.h>

#include <oncall/hash.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/outbox.h>

#define LINKS_MAX 20

static void telling_done(struct pager_telling *t)
{
	free(t->members);
	incident_done(&t->main);
	buf_done(&t->triage);
	jscan_done(&t->scan);
}

/* ---- what it is about ---- */

static bool is_told_of(const struct pager_member *m)
{
	if (m->mark == PAGER_OVER || m->mark == PAGER_FLAPS)
		return true;
	return m->live && !m->gone && !m->muted;
}

/* What changed comes first, of that what is open. */
static int rank(const struct pager_member *m)
{
	if (m->mark == PAGER_SAME)
		return 2;
	return m->live ? 0 : 1;
}

static int compare(const void *a, const void *b)
{
	const struct pager_member *const *x = a, *const *y = b;

	if (rank(*x) != rank(*y))
		return rank(*x) - rank(*y);
	if ((*x)->severity != (*y)->severity)
		return (*x)->severity > (*y)->severity ? -1 : 1;
	return (*x)->num < (*y)->num ? -1 : (*x)->num > (*y)->num;
}

static void choose_members(struct pager_telling *t)
{
	const struct pager_group *g = t->g;

	t->members = mem_zero(g->count + 1, sizeof(struct pager_member *));
	t->worst = SEVERITY_INFO;
	for (size_t i = 0; i < g->count; i++) {
		const struct pager_member *m = &g->members[i];

		if (!is_told_of(m))
			continue;
		t->members[t->count++] = m;
		t->open += m->live;
		if (m->severity > t->worst)
			t->worst = m->severity;
	}
	qsort(t->members, t->count, sizeof(struct pager_member *), compare);
}

/* Where none of it is to be told, one that was over before it was; purged ones
 * are not there. */
static const struct pager_member *main_member(const struct pager_telling *t)
{
	if (t->count)
		return t->members[0];
	for (size_t i = 0; i < t->g->count; i++)
		if (t->g->members[i].mark == PAGER_DROPPED &&
		    !t->g->members[i].gone)
			return &t->g->members[i];
	return NULL;
}

/* 0 when there is none. */
static int load_main(struct pager_telling *t, struct err *err)
{
	const struct pager_member *m = main_member(t);

	if (!m)
		return 0;
	if (incident_load(t->p->store, m->num, &t->main, err) < 0)
		return -1;
	if (!t->count)
		t->worst = t->main.severity;
	return 1;
}

static int load_triage(struct pager_telling *t, struct err *err)
{
	struct err unused = ERR_INIT;

	if (triage_kept(t->p->store, t->main.num, &t->triage, &t->kept, err) <
	    0)
		return -1;
	if (!t->triage.len || t->kept.revision != t->main.revision ||
	    jscan_object(&t->scan, t->triage.data, t->triage.len, &unused) < 0)
		t->scan.count = 0;
	return 0;
}

/* ---- members ---- */

static void write_to(const struct pager_telling *t, struct buf *out)
{
	if (t->m->to_json.len)
		jwrite_raw(out, "to", t->m->to_json);
	if (!t->m->to || !t->m->to[0])
		return;
	jwrite_open(out, "to", '[');
	for (size_t i = 0; t->m->to[i]; i++)
		jwrite_str(out, NULL, t->m->to[i]);
	jwrite_close(out, ']');
}

static void write_incidents(const struct pager_telling *t, struct buf *out)
{
	char id[INCIDENT_ID];

	incident_id(id, t->main.num);
	jwrite_str(out, "incident", id);
	if (t->count < 2)
		return;
	jwrite_open(out, "incidents", '[');
	for (size_t i = 0; i < t->count && i < PAGER_LISTED; i++) {
		incident_id(id, t->members[i]->num);
		jwrite_str(out, NULL, id);
	}
	jwrite_close(out, ']');
}

static void write_field(struct buf *out, const char *name, struct slice text)
{
	if (text.len)
		jwrite_text(out, name, text);
}

static void write_fields(const struct pager_telling *t, struct buf *out)
{
	const struct incident *inc = &t->main;

	jwrite_open(out, "fields", '{');
	write_field(out, "service", inc->service);
	write_field(out, "host", inc->host);
	write_field(out, "category", inc->category);
	write_field(out, "assignee", inc->assignee);
	jwrite_str(out, "status", incident_status_names[inc->status]);
	jwrite_time(out, "opened", inc->opened);
	jwrite_close(out, '}');
}

static void write_links(const struct pager_telling *t, struct buf *out)
{
	struct slice items[LINKS_MAX];
	size_t count = jlist_items(t->main.links, items, LINKS_MAX);
	bool open = false;

	for (size_t i = 0; i < count && i < LINKS_MAX; i++) {
		if (items[i].len < 6 || memcmp(items[i].ptr, "\"http", 5) != 0)
			continue; /* another incident */
		if (!open)
			jwrite_open(out, "links", '[');
		open = true;
		jwrite_open(out, NULL, '{');
		jwrite_raw(out, "text", items[i]);
		jwrite_raw(out, "url", items[i]);
		jwrite_close(out, '}');
	}
	if (open)
		jwrite_close(out, ']');
}

/* ---- the record ---- */

static int write_record(const struct pager_telling *t, const char *key,
			struct buf *out, struct err *err)
{
	jwrite_record(out, "message", slice_of(key), t->p->now);
	jwrite_str(out, "key", key);
	write_to(t, out);
	write_incidents(t, out);
	jwrite_str(out, "thread", t->g->thread);
	jwrite_str(out, "severity", severity_name(t->worst));
	write_field(out, "service", t->main.service);
	jwrite_str(out, "reason", t->m->reason);
	pager_write_title(t, out);
	if (pager_write_text(t, out, err) < 0)
		return -1;
	write_fields(t, out);
	write_links(t, out);
	pager_write_code(t, out);
	if (pager_write_buttons(t, out, err) < 0)
		return -1;
	if (t->main.simulated)
		jwrite_bool(out, "simulated", true);
	jwrite_close(out, '}');
	return buf_check(out, "a message", err);
}

void pager_key_start(char out[PAGER_KEY_START], const char *thread,
		     const char *group)
{
	char hash[PAGER_KEY_DIGITS + 1];

	hash_sha256_hex(group, strlen(group), hash, PAGER_KEY_DIGITS);
	(void)snprintf(out, PAGER_KEY_START, "%s.%s.", thread, hash);
}

/* A key that is taken was of a group before this one. */
static int put(struct pager_telling *t, struct pager_group *g, struct err *err)
{
	char start[PAGER_KEY_START];
	int added = 0;

	pager_key_start(start, g->thread, g->key);
	while (!added) {
		AUTO_BUF struct buf record = BUF_INIT;
		AUTO_FREE char *key =
			mem_printf("%s%lld", start, (long long)++g->seq);

		if (write_record(t, key, &record, err) < 0)
			return -1;
		added = outbox_add(
			t->p->store,
			&(struct outbox_message){.key = key,
						 .thread = g->thread,
						 .call = t->m->call,
						 .until_ack = t->m->until_ack,
						 .made = t->p->now,
						 .record = buf_slice(&record)},
			err);
		if (added < 0)
			return -1;
		if (!added)
			continue;
		buf_add_slice(&t->p->written, buf_slice(&record));
		buf_add_char(&t->p->written, '\n');
		t->p->count++;
	}
	return 0;
}

int pager_say(struct pager *p, struct pager_group *g,
	      const struct pager_message *m, struct err *err)
{
	CLEANUP(telling_done)
	struct pager_telling t = {.p = p, .g = g, .m = m};
	int got;

	choose_members(&t);
	got = load_main(&t, err);
	if (got <= 0)
		return got;
	return load_triage(&t, err) < 0 ? -1 : put(&t, g, err);
}
