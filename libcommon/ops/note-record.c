/* note-record.c - what incidents, actions, runs, detections and reports say. */
#include "note-internal.h"

#include <oncall/mem.h>

static char *id_of(const json_t *o, const char *key)
{
	return note_member_line(o, key, NOTE_NAME_MAX);
}

/* "a: b", or the one that is there. */
static char *join(const char *a, const char *b)
{
	AUTO_FREE char *both =
		a && b ? mem_printf("%s: %s", a, b) : mem_dup(a ? a : b);

	return both ? note_line(slice_of(both), NOTE_TITLE_MAX) : NULL;
}

static void add_members(struct note *n, const json_t *o,
			const char *const *names)
{
	for (; *names; names++)
		note_add_member(n, o, *names);
}

/* The same state has the same key, a later one another. */
static char *state_key(const json_t *o, const char *id)
{
	AUTO_FREE char *revision = id_of(o, "revision");
	AUTO_FREE char *status = id_of(o, "status");

	return mem_printf("%s.%s.%s", id ? id : "?", revision ? revision : "0",
			  status ? status : "-");
}

/* The command that triage proposes is what people look for first. */
static void read_triage(struct note *n, const json_t *o)
{
	const json_t *triage = json_object_get(o, "triage");
	const json_t *first =
		json_array_get(json_object_get(triage, "actions"), 0);
	AUTO_FREE char *decision = id_of(triage, "decision");

	if (!triage)
		return;
	note_add_field(n, "cause", note_member_lines(triage, "cause"));
	note_add_field(n, "decision", decision ? mem_dup(decision) : NULL);
	if (decision &&
	    (!strcmp(decision, "suggest") || !strcmp(decision, "approve")))
		n->code = note_member_lines(first, "command");
}

static void read_incident(struct note *n, const json_t *o)
{
	static const char *const members[] = {"status",	  "service",  "host",
					      "category", "assignee", "opened",
					      "count",	  "labels",   NULL};
	static const char *const over[] = {"resolved", "closed"};
	AUTO_FREE char *title = id_of(o, "title");
	AUTO_FREE char *status = id_of(o, "status");

	n->incident = id_of(o, "id");
	n->thread = id_of(o, "id");
	n->key = state_key(o, n->incident);
	n->title = join(n->incident, title);
	n->text = note_member_lines(o, "message");
	for (size_t i = 0; status && i < ARRAY_LEN(over); i++)
		n->over = n->over || !strcmp(status, over[i]);
	if (!n->reason)
		n->reason = id_of(o, "change");
	if (!n->reason && status)
		n->reason = mem_dup(status);
	n->count = 1; /* the incident's is of detections */
	add_members(n, o, members);
	read_triage(n, o);
}

static void read_action(struct note *n, const json_t *o)
{
	static const char *const members[] = {"target", "params",  "verdict",
					      "exit",	"started", "ended",
					      NULL};
	AUTO_FREE char *name = id_of(o, "name");
	AUTO_FREE char *status = id_of(o, "status");
	AUTO_FREE char *id = id_of(o, "id");

	n->incident = id_of(o, "incident");
	n->thread = id_of(o, "incident");
	n->key = state_key(o, id);
	n->title = join(name, status);
	n->text = note_member_lines(o, "reason");
	n->code = note_member_lines(o, "output");
	if (!n->code)
		n->code = note_member_lines(o, "command");
	add_members(n, o, members);
}

static void read_run(struct note *n, const json_t *o)
{
	static const char *const members[] = {"run",	 "event",    "status",
					      "attempt", "duration", NULL};
	AUTO_FREE char *workflow = id_of(o, "workflow");
	AUTO_FREE char *step = id_of(o, "step");
	AUTO_FREE char *status = id_of(o, "status");
	AUTO_FREE char *event = id_of(o, "event");
	AUTO_FREE char *what = join(step, status ? status : event);
	AUTO_FREE char *id = id_of(o, "id");

	n->key = state_key(o, id);
	n->thread = id_of(o, "run");
	n->incident = id_of(o, "incident");
	n->title = join(workflow, what);
	n->text = note_member_lines(o, "reason");
	n->code = note_member_lines(o, "output");
	add_members(n, o, members);
}

static void read_detection(struct note *n, const json_t *o)
{
	static const char *const members[] = {"service", "host",  "category",
					      "pattern", "first", "last",
					      NULL};

	n->key = note_member_line(o, "id", 0);
	n->title = note_member_line(o, "title", NOTE_TITLE_MAX);
	n->text = note_member_lines(o, "message");
	add_members(n, o, members);
	note_add_object(n, json_object_get(o, "fields"));
}

static void read_report(struct note *n, const json_t *o)
{
	static const char *const members[] = {"from", "to", NULL};
	AUTO_FREE char *metric = id_of(o, "metric");
	AUTO_FREE char *value = id_of(o, "value");
	AUTO_FREE char *unit = id_of(o, "unit");
	AUTO_FREE char *figure = value && unit
					 ? mem_printf("%s %s", value, unit)
					 : mem_dup(value ? value : "none");

	n->key = note_member_line(o, "id", 0);
	n->title = join(metric, figure);
	add_members(n, o, members);
	note_add_object(n, json_object_get(o, "labels"));
}

bool note_of_record(struct note *n, const char *type, const json_t *o)
{
	static const struct {
		const char *type;
		void (*read)(struct note *n, const json_t *o);
	} readers[] = {
		{"incident", read_incident},
		{"action", read_action},
		{"run", read_run},
		{"report", read_report},
		{"detection", read_detection},
	};

	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (!strcmp(type, readers[i].type)) {
			readers[i].read(n, o);
			return true;
		}
	return false;
}
