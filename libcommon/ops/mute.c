/* mute.c - what keeps people from hearing of an incident, and until when. */
#include "mute-internal.h"

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/show.h>
#include <oncall/when.h>

#define LOOK_AGAIN WHEN_MINUTE /* at circles: who woke them may not know */

int mute_load(struct mute **ret, struct store *s, const struct config *c,
	      struct err *err)
{
	AUTO_MUTE struct mute *m = mem_zero(1, sizeof(*m));

	m->store = s;
	m->config = c;
	m->version = -1;
	if (mute_rules_load(m, err) < 0 || mute_refresh(m, err) < 0)
		return -1;
	*ret = TAKE_PTR(m);
	return 0;
}

void mute_free(struct mute *m)
{
	if (!m)
		return;
	mute_rules_free(m);
	silence_set_free(m->silences);
	free(m);
}

int mute_refresh(struct mute *m, struct err *err)
{
	struct silence_set *fresh = NULL;
	int64_t version;

	if (silence_version(m->store, &version, err) < 0)
		return -1;
	if (version == m->version)
		return 0;
	if (silence_set_load(&fresh, m->store, SILENCE_SET_LIVE, 0, err) < 0)
		return -1;
	silence_set_free(m->silences);
	m->silences = fresh;
	m->version = version;
	m->swept = false;
	return 0;
}

int mute_wake(struct store *s, const char *by, struct err *err)
{
	return STORE_QUEUE(
		s, err,
		"UPDATE pager_groups SET due = $2 WHERE key IN (SELECT "
		"group_key FROM pager_incidents WHERE muted = $1) "
		"AND (due IS NULL OR due > $2)",
		S_TEXT(by), S_INT(clock_now()));
}

/* ---- silences ---- */

struct asking {
	int64_t now;
	const struct silence *best; /* the one that lasts longest */
	int64_t next;		    /* when another begins, or WHEN_NONE */
};

static bool lasts_longer(const struct silence *a, const struct silence *b)
{
	if (!b)
		return true;
	if (a->ends == b->ends)
		return strcmp(a->id, b->id) < 0;
	if (a->ends == WHEN_NONE || b->ends == WHEN_NONE)
		return a->ends == WHEN_NONE;
	return a->ends > b->ends;
}

static void on_silence(void *arg, struct silence *s)
{
	struct asking *a = arg;

	switch (silence_state(s, a->now)) {
	case SILENCE_ACTIVE:
		if (lasts_longer(s, a->best))
			a->best = s;
		break;
	case SILENCE_PENDING:
		if (a->next == WHEN_NONE || s->starts < a->next)
			a->next = s->starts;
		break;
	case SILENCE_EXPIRED:
		break;
	}
}

static void put_text(char out[MUTE_BY], const struct buf *text)
{
	AUTO_BUF struct buf safe = BUF_INIT;

	show_text(&safe, buf_str(text), text->len, MUTE_BY - 1);
	(void)snprintf(out, MUTE_BY, "%s", buf_str(&safe));
}

static void say_silence(const struct silence *s, struct mute_answer *ret)
{
	AUTO_BUF struct buf why = BUF_INIT;
	char until[WHEN_TEXT];

	ret->muted = true;
	ret->until = s->ends;
	(void)snprintf(ret->by, sizeof(ret->by), "%s", s->id);
	buf_addf(&why, "%s of %s silences it ", s->id, s->actor);
	if (s->ends == WHEN_NONE) {
		buf_add_str(&why, "until it is resolved");
	} else {
		when_format(until, s->ends);
		buf_addf(&why, "until %s", until);
	}
	if (s->note)
		buf_addf(&why, ": %s", s->note);
	put_text(ret->why, &why);
}

/* ---- causes ---- */

void mute_by(char out[MUTE_BY], const char *rule, int64_t cause)
{
	char id[INCIDENT_ID];

	incident_id(id, cause);
	(void)snprintf(out, MUTE_BY, "inhibit:%s:%s", rule, id);
}

static int on_cause(void *arg, const struct mute_rule *r, int64_t cause,
		    struct err *err)
{
	struct mute_answer *ret = arg;
	AUTO_BUF struct buf why = BUF_INIT;
	char id[INCIDENT_ID];

	(void)err;
	incident_id(id, cause);
	mute_by(ret->by, r->name, cause);
	buf_addf(&why, "%s is its cause (incidents.inhibit.%s)", id, r->name);
	put_text(ret->why, &why);
	ret->muted = true;
	return 1;
}

static int ask_causes(struct mute *m, const struct incident *inc, int64_t now,
		      struct mute_answer *ret, struct err *err)
{
	int found = mute_causes(m, inc, 1, on_cause, ret, err);
	int rc = found > 0 ? mute_is_cause(m, inc->num, err) : found;

	/* Most incidents are no cause of anything: who mutes them wakes them,
	 * too. What is a cause may be in a circle. */
	if (rc <= 0)
		return rc;
	rc = mute_leads(m, inc, err);
	if (rc > 0)
		*ret = (struct mute_answer){.muted = false};
	ret->until = now + LOOK_AGAIN;
	return rc < 0 ? -1 : 0;
}

int mute_ask(struct mute *m, const struct incident *inc, int64_t now,
	     struct mute_answer *ret, struct err *err)
{
	AUTO_INCIDENT_MATCH struct incident_match *match =
		incident_match_new(m->config, inc);
	struct asking a = {.now = now, .next = WHEN_NONE};

	silence_set_each(m->silences, match, inc, on_silence, &a);
	*ret = (struct mute_answer){.until = a.next};
	if (a.best) {
		say_silence(a.best, ret);
		return 0;
	}
	return ask_causes(m, inc, now, ret, err);
}
