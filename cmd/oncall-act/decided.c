/* decided.c - what triage decided about an incident, as a request. */
#include "decided.h"

#include <oncall/incident.h>
#include <oncall/jlist.h>
#include <oncall/mem.h>
#include <oncall/triage.h>

void decided_done(struct decided *d)
{
	while (d->text_count)
		free(d->texts[--d->text_count]);
	buf_done(&d->record);
}

/* The text of a member, owned by d; NULL when there is none. */
static const char *text_of(struct decided *d, const struct jscan *scan,
			   const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type != JSCAN_STRING || d->text_count == DECIDED_TEXTS)
		return NULL;
	jscan_unquote(&text, m->value);
	return d->texts[d->text_count++] = mem_dup(buf_str(&text));
}

static struct slice json_of(const struct jscan *scan, const char *name,
			    enum jscan_type type)
{
	const struct jscan_member *m = jscan_get(scan, name);

	return m && m->type == type ? m->value : (struct slice){NULL, 0};
}

/* What the incident itself says. */
static int read_incident(struct decided *d, const struct jscan *scan,
			 struct err *err)
{
	const struct jscan_member *id = jscan_get(scan, "id");
	const struct jscan_member *revision = jscan_get(scan, "revision");
	const struct jscan_member *severity = jscan_get(scan, "severity");
	struct act_request *r = &d->request;
	AUTO_BUF struct buf text = BUF_INIT;
	struct slice level;

	if (!id || id->type != JSCAN_STRING || !revision ||
	    jscan_int(revision->value, &r->revision) < 0)
		return err_set(err, ERR_INPUT,
			       "a decision about what has no 'id' or no "
			       "'revision'");
	jscan_unquote(&text, id->value);
	if (incident_parse_id(buf_str(&text), &r->incident, err) < 0) {
		err->kind = ERR_INPUT;
		return -1;
	}
	if (severity && jscan_plain(severity->value, &level))
		(void)severity_parse(level, &r->severity);
	r->service = text_of(d, scan, "service");
	r->host = text_of(d, scan, "host");
	r->category = text_of(d, scan, "category");
	r->pattern = text_of(d, scan, "pattern");
	r->tags = json_of(scan, "tags", JSCAN_ARRAY);
	return 0;
}

static int read_action(struct decided *d, struct slice json, struct err *err)
{
	struct act_request *r = &d->request;
	struct jscan scan = {0};
	int rc = jscan_object(&scan, json.ptr, json.len, err);

	if (rc == 0) {
		r->action = text_of(d, &scan, "name");
		r->params = json_of(&scan, "params", JSCAN_OBJECT);
		r->untrusted = json_of(&scan, "untrusted", JSCAN_ARRAY);
		r->entry = text_of(d, &scan, "entry");
		r->solution = text_of(d, &scan, "solution");
		if (!r->params.ptr)
			r->params = SLICE_LIT("{}");
		if (!r->action)
			rc = err_set(err, ERR_INPUT,
				     "an action of 'triage' has no 'name'");
	}
	jscan_done(&scan);
	return rc;
}

/* What is less than "auto" and more than "suggest" counts alone. */
static const char *decision_of(const struct jscan *triage)
{
	static const enum triage_decision ours[] = {TRIAGE_AUTO,
						    TRIAGE_APPROVE};
	const struct jscan_member *m = jscan_get(triage, "decision");
	struct slice text;

	if (!m || m->type != JSCAN_STRING || !jscan_plain(m->value, &text))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (slice_is(text, triage_decision_names[ours[i]]))
			return triage_decision_names[ours[i]];
	return NULL;
}

static int read_triage(struct decided *d, const struct jscan *scan,
		       struct slice json, struct err *err)
{
	struct slice actions, items[DECIDED_MAX];
	struct jscan triage = {0};
	int rc = jscan_object(&triage, json.ptr, json.len, err);

	if (rc == 0) {
		d->request.decision = decision_of(&triage);
		actions = json_of(&triage, "actions", JSCAN_ARRAY);
		d->count = actions.ptr
				   ? jlist_items(actions, items, DECIDED_MAX)
				   : 0;
	}
	jscan_done(&triage);
	if (rc < 0 || !d->request.decision)
		return rc;
	if (d->count == 0)
		return err_set(err, ERR_INPUT,
			       "'triage' says '%s' and names no action",
			       d->request.decision);
	if (d->which >= d->count || d->which >= DECIDED_MAX)
		return 0;
	if (read_incident(d, scan, err) < 0 ||
	    read_action(d, items[d->which], err) < 0)
		return -1;
	return 1;
}

int decided_read(struct decided *d, struct slice record, size_t which,
		 const char *actor, struct err *err)
{
	struct jscan scan = {0};
	struct slice triage;
	int rc;

	*d = (struct decided){.which = which, .record = BUF_INIT_MAX(SIZE_MAX)};
	d->request.actor = actor;
	buf_add_slice(&d->record, record);
	rc = jscan_object(&scan, d->record.data, d->record.len, err);
	if (rc == 0) {
		triage = json_of(&scan, "triage", JSCAN_OBJECT);
		rc = triage.ptr ? read_triage(d, &scan, triage, err) : 0;
	}
	jscan_done(&scan);
	return rc;
}
