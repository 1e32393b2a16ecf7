/*
 * pager-message.c - what people are told, as a message record. The same store
 * and the same clock give the same bytes.
 */
#include "pager-internal.h"

#include <oncall/hash.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/outbox.h>
#include <oncall/show.h>
#include <oncall/triage.h>

#define KEY_DIGITS 8   /* of a group's hash in the key of a message */
#define TITLE_LONG 300 /* bytes of an incident's title that people see */
#define LINKS_MAX  20

/* What a message is made of. */
struct telling {
	struct pager *p;
	const struct pager_group *g;
	const struct pager_message *m;
	const struct pager_member **members;
	size_t count, open;
	enum severity worst;
	struct incident main; /* the first of them */
	struct triage_kept kept;
	struct buf triage; /* JSON; empty: nothing was decided */
	struct jscan scan; /* its members */
};

static void telling_done(struct telling *t)
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

static void choose_members(struct telling *t)
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

/* The incident that began the group, where none of it is left to tell of. */
static int load_main(struct telling *t, struct err *err)
{
	int64_t num;

	if (t->count)
		num = t->members[0]->num;
	else if (incident_parse_id(t->g->thread, &num, err) < 0)
		return -1;
	if (incident_load(t->p->store, num, &t->main, err) < 0)
		return -1;
	if (!t->count)
		t->worst = t->main.severity;
	return 0;
}

static int load_triage(struct telling *t, struct err *err)
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

/* Nothing is left to do. */
static bool is_over(const struct telling *t)
{
	return t->open == 0;
}

/* ---- texts ---- */

static void add_safe(struct buf *out, struct slice text)
{
	show_text(out, text.ptr, text.len, TITLE_LONG);
}

static void write_title(const struct telling *t, struct buf *out)
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
static void add_counts(const struct telling *t, struct buf *out)
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

static void add_why(const struct telling *t, struct buf *out)
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

static int add_incidents(const struct telling *t, struct buf *out,
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

static void add_cause(const struct telling *t, struct buf *out)
{
	const struct jscan_member *cause = jscan_get(&t->scan, "cause");
	AUTO_BUF struct buf text = BUF_INIT;

	if (is_over(t) || !cause || cause->type != JSCAN_STRING)
		return;
	jscan_unquote(&text, cause->value);
	buf_add_str(out, "Likely cause: ");
	add_safe(out, buf_slice(&text));
	buf_add_char(out, '\n');
}

static int write_text(const struct telling *t, struct buf *out, struct err *err)
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

/* ---- members ---- */

static void write_to(const struct telling *t, struct buf *out)
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

static void write_incidents(const struct telling *t, struct buf *out)
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

static void write_fields(const struct telling *t, struct buf *out)
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

static void write_links(const struct telling *t, struct buf *out)
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

/* ---- what can be done ---- */

/* As one word of a shell. */
static void add_quoted(struct buf *out, struct slice text)
{
	buf_add_char(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_char(out, text.ptr[i]);
	}
	buf_add_char(out, '\'');
}

static void add_params(struct slice params, struct buf *out)
{
	struct jscan scan = {0};
	struct err unused = ERR_INIT;

	if (jscan_object(&scan, params.ptr, params.len, &unused) < 0)
		scan.count = 0;
	for (size_t i = 0; i < scan.count; i++) {
		const struct jscan_member *m = &scan.members[i];
		AUTO_BUF struct buf word = BUF_INIT;

		buf_add_slice(&word, m->key);
		buf_add_char(&word, '=');
		if (m->type == JSCAN_STRING)
			jscan_unquote(&word, m->value);
		else
			buf_add_slice(&word, m->value);
		buf_add_char(out, ' ');
		add_quoted(out, buf_slice(&word));
	}
	jscan_done(&scan);
}

/* The command that a person would type to have it done. */
static void write_action(const struct telling *t, struct slice action,
			 struct buf *out)
{
	struct jscan scan = {0};
	struct err unused = ERR_INIT;
	const struct jscan_member *name, *params;
	AUTO_BUF struct buf code = BUF_INIT, text = BUF_INIT;
	char id[INCIDENT_ID];

	if (jscan_object(&scan, action.ptr, action.len, &unused) == 0 &&
	    !jscan_get(&scan, "advised") && (name = jscan_get(&scan, "name")) &&
	    (params = jscan_get(&scan, "params"))) {
		incident_id(id, t->main.num);
		jscan_unquote(&text, name->value);
		buf_addf(&code, "oncall-act run %s --incident %s",
			 buf_str(&text), id);
		add_params(params->value, &code);
		jwrite_text(out, "code", buf_slice(&code));
	}
	jscan_done(&scan);
}

static void write_code(const struct telling *t, struct buf *out)
{
	const struct jscan_member *decision = jscan_get(&t->scan, "decision");
	const struct jscan_member *actions = jscan_get(&t->scan, "actions");
	struct slice first;

	if (is_over(t) || !decision || !actions ||
	    (!slice_is(decision->value, "\"suggest\"") &&
	     !slice_is(decision->value, "\"approve\"")))
		return;
	if (jlist_items(actions->value, &first, 1) > 0)
		write_action(t, first, out);
}

static void write_button(struct buf *out, const char *id, const char *label,
			 const char *command)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "id", id);
	jwrite_str(out, "label", label);
	jwrite_str(out, "command", command);
	jwrite_close(out, '}');
}

/* The names of those that wait for somebody; false when there are none. */
static bool add_open(const struct telling *t, struct buf *out,
		     const char *before)
{
	char id[INCIDENT_ID];
	size_t found = 0;

	for (size_t i = 0; i < t->count && found < PAGER_LISTED; i++) {
		if (!pager_needs(t->members[i]))
			continue;
		found++;
		incident_id(id, t->members[i]->num);
		buf_addf(out, "%s %s", before, id);
	}
	return found > 0;
}

static int write_approval(const struct telling *t, struct buf *out,
			  struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(t->p->store, err,
			  "SELECT p.id, a.name FROM actions a JOIN approvals p "
			  "ON p.id = a.approval WHERE a.incident = $1 "
			  "AND a.status = 'waiting' AND p.status = 'waiting' "
			  "AND p.expires > $2 ORDER BY p.expires, p.id LIMIT 1",
			  S_INT(t->main.num), S_INT(t->p->now));
	int got = rows ? store_next(rows, err) : -1;
	AUTO_FREE char *command = NULL, *label = NULL;
	struct slice id, name;

	if (got <= 0)
		return got;
	id = store_text(rows, 0);
	name = store_text(rows, 1);
	command = mem_printf("oncall approve %.*s", (int)id.len, id.ptr);
	label = mem_printf("Approve %.*s", (int)name.len, name.ptr);
	write_button(out, "approve", label, command);
	return 0;
}

static int write_buttons(const struct telling *t, struct buf *out,
			 struct err *err)
{
	AUTO_BUF struct buf ack = BUF_INIT, silence = BUF_INIT;

	if (is_over(t))
		return 0;
	jwrite_open(out, "buttons", '[');
	buf_add_str(&ack, "oncall-incident ack");
	if (add_open(t, &ack, ""))
		write_button(out, "ack", "Acknowledge", buf_str(&ack));
	if (write_approval(t, out, err) < 0)
		return -1;
	buf_add_str(&silence, "oncall-incident silence add");
	if (add_open(t, &silence, " --incident")) {
		buf_add_str(&silence, " --for 1h");
		write_button(out, "silence", "Silence for 1h",
			     buf_str(&silence));
	}
	jwrite_close(out, ']');
	return 0;
}

/* ---- the record ---- */

static int write_record(const struct telling *t, const char *key,
			struct buf *out, struct err *err)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", "message");
	jwrite_str(out, "id", key);
	jwrite_time(out, "time", t->p->now);
	jwrite_str(out, "key", key);
	write_to(t, out);
	write_incidents(t, out);
	jwrite_str(out, "thread", t->g->thread);
	jwrite_str(out, "severity", severity_name(t->worst));
	write_field(out, "service", t->main.service);
	jwrite_str(out, "reason", t->m->reason);
	write_title(t, out);
	if (write_text(t, out, err) < 0)
		return -1;
	write_fields(t, out);
	write_links(t, out);
	write_code(t, out);
	if (write_buttons(t, out, err) < 0)
		return -1;
	if (t->main.simulated)
		jwrite_bool(out, "simulated", true);
	jwrite_close(out, '}');
	return buf_check(out, "a message", err);
}

/* A key that is taken was of a group before this one. */
static int put(struct telling *t, struct pager_group *g, struct err *err)
{
	char hash[KEY_DIGITS + 1];
	int added = 0;

	hash_sha256_hex(g->key, strlen(g->key), hash, KEY_DIGITS);
	while (!added) {
		AUTO_BUF struct buf record = BUF_INIT;
		AUTO_FREE char *key = mem_printf("%s.%s.%lld", g->thread, hash,
						 (long long)++g->seq);

		if (write_record(t, key, &record, err) < 0)
			return -1;
		added = outbox_add(
			t->p->store,
			&(struct outbox_message){.key = key,
						 .thread = g->thread,
						 .call = t->m->call,
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
	struct telling t = {.p = p, .g = g, .m = m};

	choose_members(&t);
	if (load_main(&t, err) < 0 || load_triage(&t, err) < 0)
		return -1;
	return put(&t, g, err);
}
