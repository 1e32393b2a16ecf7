/* pager-explain.c - why people hear of an incident, or do not, and when. */
#include "pager-internal.h"

#include <stdarg.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/mem.h>

#define SENTENCE_MAX 1000

struct explaining {
	struct store *store;
	const struct config *config;
	int64_t now;
	void (*say)(void *arg, const char *what, const char *text);
	void *arg;
	/* What the pager has of it: */
	bool seen;
	char *key, *thread, *policy, *called;
	bool told; /* people know of the incident */
	int64_t muted_since, flapping;
	int64_t begins, due, said, repeats, escalated;
};

static void explaining_done(struct explaining *x)
{
	free(x->key);
	free(x->thread);
	free(x->policy);
	free(x->called);
}

static void say(const struct explaining *x, const char *what, const char *fmt,
		...) PRINTF_LIKE(3, 4);

static void say(const struct explaining *x, const char *what, const char *fmt,
		...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	x->say(x->arg, what, text);
}

static int load(struct explaining *x, int64_t incident, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(x->store, err,
			  "SELECT g.key, g.thread, g.policy, g.called, p.told, "
			  "p.muted_since, p.flapping, g.begins, g.due, g.told, "
			  "g.repeats, g.escalated FROM pager_incidents p "
			  "JOIN pager_groups g ON g.key = p.group_key "
			  "WHERE p.incident = $1",
			  S_INT(incident));
	int got = rows ? store_next(rows, err) : -1;

	if (got <= 0)
		return got;
	x->seen = true;
	x->key = mem_dup_slice(store_text(rows, 0));
	x->thread = mem_dup_slice(store_text(rows, 1));
	x->policy = mem_dup_slice(store_text(rows, 2));
	x->called = mem_dup_slice(store_text(rows, 3));
	x->told = !store_is_null(rows, 4);
	x->muted_since = store_time(rows, 5);
	x->flapping = store_time(rows, 6);
	x->begins = store_int(rows, 7);
	x->due = store_time(rows, 8);
	x->said = store_time(rows, 9);
	x->repeats = store_time(rows, 10);
	x->escalated = store_time(rows, 11);
	return 0;
}

/* ---- muted ---- */

static int explain_muted(const struct explaining *x, const struct incident *inc,
			 bool *muted, struct err *err)
{
	AUTO_MUTE struct mute *mute = NULL;
	struct mute_answer answer;
	char since[WHEN_TEXT] = "the next tick";

	if (mute_load(&mute, x->store, x->config, err) < 0 ||
	    mute_ask(mute, inc, x->now, &answer, err) < 0)
		return -1;
	*muted = answer.muted;
	if (!answer.muted)
		return 0;
	if (x->muted_since != WHEN_NONE)
		when_format(since, x->muted_since);
	say(x, "muted", "%s (%s), from %s on; %s", answer.why, answer.by, since,
	    !strncmp(answer.by, "SIL-", 4)
		    ? "oncall-incident silence expire ends it"
		    : "people hear of it when its cause is over");
	return 0;
}

/* ---- held ---- */

static const char *shown(char out[WHEN_TEXT], int64_t time)
{
	when_format(out, time);
	return out;
}

static void explain_held(const struct explaining *x, const struct incident *inc,
			 bool muted)
{
	char time[WHEN_TEXT];

	if (!x->seen) {
		say(x, "unseen",
		    "no tick has seen it yet; oncall-incident tick does, from "
		    "cron or with --follow");
		return;
	}
	say(x, "group", "told together with what has the same %s: %s",
	    config_item(x->config, "incidents.group_by", 0)
		    ? "incidents.group_by"
		    : "service and category",
	    x->key);
	if (x->said == WHEN_NONE && x->now < x->begins)
		say(x, "held",
		    "the first message of its group waits for others until "
		    "%s (incidents.group_wait, %s); a triage decision "
		    "'escalate' would not wait",
		    shown(time, x->begins),
		    config_origin(x->config, "incidents.group_wait"));
	else if (!x->told && !muted && inc->status == INCIDENT_OPEN &&
		 x->said != WHEN_NONE)
		say(x, "held",
		    "its group was told at %s, and again not before "
		    "incidents.group_interval (%s) is over",
		    shown(time, x->said),
		    config_origin(x->config, "incidents.group_interval"));
	if (inc->status != INCIDENT_OPEN)
		say(x, "quiet",
		    "it is %s: nobody is called or reminded for it; that it "
		    "is resolved is told",
		    incident_status_names[inc->status]);
	if (x->flapping != WHEN_NONE)
		say(x, "flapping",
		    "it opens and ends again and again since %s, and is not "
		    "told each time (incidents.flapping_within)",
		    shown(time, x->flapping));
}

/* ---- told ---- */

static int explain_told(const struct explaining *x, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		x->store, err,
		"SELECT key, made, status, (SELECT COUNT(*) FROM messages "
		"WHERE thread = $1) FROM messages WHERE thread = $1 "
		"ORDER BY num DESC LIMIT 1",
		S_TEXT(x->thread));
	int got = rows ? store_next(rows, err) : -1;
	struct slice key, status;
	char time[WHEN_TEXT];
	int64_t count;

	if (got <= 0)
		return got;
	key = store_text(rows, 0);
	status = store_text(rows, 2);
	count = store_int(rows, 3);
	say(x, "told",
	    "%lld message%s about its group (thread %s), the last one at %s: "
	    "%.*s, %.*s",
	    (long long)count, count == 1 ? "" : "s", x->thread,
	    shown(time, store_int(rows, 1)), (int)key.len, key.ptr,
	    (int)status.len, status.ptr);
	return 0;
}

/* ---- escalated ---- */

static void explain_step(const struct explaining *x,
			 const struct escalation_policy *policy,
			 struct store_rows *rows)
{
	size_t step = (size_t)store_int(rows, 0);
	int64_t due = store_int(rows, 1), done = store_int(rows, 2);
	char time[WHEN_TEXT];

	if (step >= escalation_steps(policy))
		return;
	if (due < WHEN_MAX)
		say(x, "step", "'%s', done %lld times, next at %s",
		    escalation_text(policy, step), (long long)done,
		    shown(time, due));
	else
		say(x, "step", "'%s', done %lld times, and not again",
		    escalation_text(policy, step), (long long)done);
}

static int explain_steps(const struct explaining *x,
			 const struct escalation_policy *policy,
			 struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(x->store, err,
			  "SELECT step, due, done FROM pager_steps "
			  "WHERE group_key = $1 ORDER BY step",
			  S_TEXT(x->key));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		explain_step(x, policy, rows);
	return got;
}

static int explain_escalation(const struct explaining *x,
			      const struct incident *inc, struct err *err)
{
	AUTO_ESCALATION struct escalation *all = NULL;
	AUTO_ROSTER struct roster *roster = NULL;
	const char *path = config_str(x->config, "roster");
	const struct escalation_policy *policy;
	char time[WHEN_TEXT];

	if ((path && roster_load(&roster, path, NULL, NULL, err) < 0) ||
	    escalation_load(&all, x->config, roster, err) < 0)
		return -1;
	policy = x->policy ? escalation_named(all, x->policy)
			   : escalation_for(all, x->config, inc);
	if (strcmp(x->called, "[]") != 0)
		say(x, "called", "%s; they hear how it ends", x->called);
	if (inc->simulated)
		say(x, "policy", "a simulated incident calls nobody");
	else if (!policy)
		say(x, "policy", "no policy is for it: nobody is called");
	else if (!x->policy)
		say(x, "policy", "policy '%s' is for it, and does not run",
		    escalation_name(policy));
	else
		say(x, "escalated",
		    "policy '%s' runs since %s; an acknowledgement ends it",
		    x->policy, shown(time, x->escalated));
	return x->policy && policy ? explain_steps(x, policy, err) : 0;
}

/* ---- next ---- */

static void explain_next(const struct explaining *x)
{
	char time[WHEN_TEXT];

	if (x->repeats != WHEN_NONE)
		say(x, "reminder",
		    "at %s, unless somebody acknowledges all of its group "
		    "(incidents.repeat_interval, %s)",
		    shown(time, x->repeats),
		    config_origin(x->config, "incidents.repeat_interval"));
	if (x->due != WHEN_NONE)
		say(x, "looked at", "next at %s, or when something changes",
		    shown(time, x->due));
	else
		say(x, "looked at", "when something changes");
}

static int explain(struct explaining *x, const struct incident *inc,
		   struct err *err)
{
	bool muted = false;

	if (load(x, inc->num, err) < 0 ||
	    (incident_live(inc) && explain_muted(x, inc, &muted, err) < 0))
		return -1;
	if (!x->seen && !incident_live(inc))
		return 0;
	explain_held(x, inc, muted);
	if (!x->seen)
		return 0;
	if (explain_told(x, err) < 0 || explain_escalation(x, inc, err) < 0)
		return -1;
	explain_next(x);
	return 0;
}

int pager_explain(struct store *s, const struct config *c,
		  const struct incident *inc,
		  void (*tell)(void *arg, const char *what, const char *text),
		  void *arg, struct err *err)
{
	CLEANUP(explaining_done)
	struct explaining x = {
		.store = s,
		.config = c,
		.now = clock_now(),
		.say = tell,
		.arg = arg,
		.muted_since = WHEN_NONE,
		.flapping = WHEN_NONE,
	};

	return explain(&x, inc, err);
}
