/* action-run-outcome.c - what came of a call, as a line of JSON and back. */
#include "action-run-internal.h"

#include <limits.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/when.h>

const char *const action_verdict_names[] = {
	[VERDICT_NOT_STARTED] = "not_started",
	[VERDICT_FAILED_BEFORE_CHANGE] = "failed_before_change",
	[VERDICT_FAILED_DURING_CHANGE] = "failed_during_change",
	[VERDICT_RAN_UNVERIFIED] = "ran_unverified",
	[VERDICT_VERIFIED_FIXED] = "verified_fixed",
	[VERDICT_RAN_INEFFECTIVE] = "ran_ineffective",
	NULL,
};

bool action_verdict_parse(struct slice text, enum action_verdict *ret)
{
	for (int i = 0; action_verdict_names[i]; i++) {
		if (slice_is(text, action_verdict_names[i])) {
			*ret = (enum action_verdict)i;
			return true;
		}
	}
	return false;
}

void action_outcome_done(struct action_outcome *o)
{
	free(o->reason);
	free(o->output);
	free(o->before);
	free(o->after);
	free(o->rollback);
	*o = (struct action_outcome){.exit = -1};
}

void action_outcome_write(struct buf *out, const struct action_outcome *o)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "verdict", action_verdict_names[o->verdict]);
	jwrite_str_opt(out, "reason", o->reason);
	jwrite_int(out, "exit", o->exit);
	jwrite_str_opt(out, "before", o->before);
	jwrite_str_opt(out, "after", o->after);
	jwrite_str_opt(out, "rollback", o->rollback);
	jwrite_time(out, "started", o->started);
	jwrite_time(out, "ended", o->ended);
	jwrite_int(out, "attempts", o->attempts);
	jwrite_bool(out, "stopped", o->stopped);
	jwrite_str_opt(out, "output", o->output);
	jwrite_close(out, '}');
}

static char *get_text(const struct jscan *s, const char *key)
{
	const struct jscan_member *m = jscan_get(s, key);
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type != JSCAN_STRING)
		return NULL;
	jscan_unquote(&text, m->value);
	return buf_take(&text);
}

static int get_int(const struct jscan *s, const char *key, int *ret,
		   struct err *err)
{
	const struct jscan_member *m = jscan_get(s, key);
	int64_t n;

	if (!m || jscan_int(m->value, &n) || n < INT_MIN || n > INT_MAX)
		return err_set(err, ERR_INPUT,
			       "'%s' of an outcome is no number", key);
	*ret = (int)n;
	return 0;
}

static int get_time(const struct jscan *s, const char *key, int64_t *ret,
		    struct err *err)
{
	AUTO_FREE char *text = get_text(s, key);

	if (!text || when_parse_rfc3339(text, strlen(text), ret))
		return err_set(err, ERR_INPUT, "'%s' of an outcome is no time",
			       key);
	return 0;
}

static int get_verdict(const struct jscan *s, enum action_verdict *ret,
		       struct err *err)
{
	AUTO_FREE char *text = get_text(s, "verdict");

	if (action_verdict_parse(slice_of(text), ret))
		return 0;
	return err_set(err, ERR_INPUT, "an outcome has no known verdict");
}

static int read_members(struct action_outcome *ret, const struct jscan *s,
			struct err *err)
{
	const struct jscan_member *stopped = jscan_get(s, "stopped");

	if (get_verdict(s, &ret->verdict, err) ||
	    get_int(s, "exit", &ret->exit, err) ||
	    get_int(s, "attempts", &ret->attempts, err) ||
	    get_time(s, "started", &ret->started, err) ||
	    get_time(s, "ended", &ret->ended, err))
		return -1;
	ret->stopped = stopped && stopped->type == JSCAN_TRUE;
	ret->reason = get_text(s, "reason");
	ret->output = get_text(s, "output");
	ret->before = get_text(s, "before");
	ret->after = get_text(s, "after");
	ret->rollback = get_text(s, "rollback");
	return 0;
}

int action_outcome_read(struct action_outcome *ret, struct slice json,
			struct err *err)
{
	struct jscan s = {.members = NULL};
	int rc;

	*ret = (struct action_outcome){.exit = -1};
	rc = jscan_object(&s, json.ptr, json.len, err);
	if (!rc)
		rc = read_members(ret, &s, err);
	jscan_done(&s);
	return rc;
}
