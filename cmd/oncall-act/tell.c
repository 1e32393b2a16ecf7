/* tell.c - action records: for people, and inside incidents. */
#include "tell.h"

#include <oncall/act.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/show.h>

#define LABEL "%-11s"

/* What repeats the incident, or is clear inside one. */
static const char *const outer[] = {"type", "incident"};

static struct slice member(const struct jscan *scan, const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);

	return m && m->type != JSCAN_NULL ? m->value : (struct slice){NULL, 0};
}

static bool member_is(const struct jscan *scan, const char *name,
		      const char *text)
{
	struct slice value = member(scan, name), plain;

	return value.ptr && *value.ptr == '"' && jscan_plain(value, &plain) &&
	       slice_is(plain, text);
}

/* ---- for people ---- */

/* Texts of several lines stand below their label. */
static void print_lines(struct buf *out, const char *p, size_t n)
{
	while (n) {
		const char *end = memchr(p, '\n', n);
		size_t len = end ? (size_t)(end - p) : n;

		buf_add_str(out, "  ");
		show_text(out, p, len, 0);
		buf_add_char(out, '\n');
		p += len + (end != NULL);
		n -= len + (end != NULL);
	}
}

static void unquote(struct buf *out, struct slice value)
{
	if (value.ptr && *value.ptr == '"')
		jscan_unquote(out, value);
	else
		buf_add_slice(out, value);
}

static void print_plain(struct buf *out, struct slice value)
{
	AUTO_BUF struct buf text = BUF_INIT;

	unquote(&text, value);
	show_text(out, buf_str(&text), text.len, 0);
	buf_add_char(out, '\n');
}

static void print_value(struct buf *out, const char *label, struct slice value)
{
	AUTO_BUF struct buf text = BUF_INIT;

	unquote(&text, value);
	if (!text.len)
		return;
	buf_addf(out, LABEL, label);
	if (memchr(text.data, '\n', text.len)) {
		buf_add_char(out, '\n');
		print_lines(out, text.data, text.len);
		return;
	}
	show_text(out, text.data, text.len, 0);
	buf_add_char(out, '\n');
}

static void print_check(struct buf *out, const struct jscan *scan)
{
	struct slice check = member(scan, "check");
	struct err ignored = ERR_INIT;
	struct jscan parts = {0};

	if (check.ptr &&
	    jscan_object(&parts, check.ptr, check.len, &ignored) == 0) {
		print_value(out, "before", member(&parts, "before"));
		print_value(out, "after", member(&parts, "after"));
	}
	jscan_done(&parts);
}

/* What a refusal leaves to a person, by the guard that its reason begins with;
 * others say it themselves. */
static const char *after_refusal(const struct jscan *scan)
{
	static const char *const steps[][2] = {
		{"file permissions",
		 "chmod go-w, after a look at who changed it"},
		{"parameters", "oncall-act show NAME lists what it takes"},
		{"approval", "ask again, or run it by name"},
		{"rate limits", "wait; or raise limits of the action, or "
				"policy.limits"},
		{"attempts", "look at the incident; or raise "
			     "policy.limits.actions_per_incident"},
	};
	AUTO_BUF struct buf reason = BUF_INIT;

	unquote(&reason, member(scan, "reason"));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (!strncmp(buf_str(&reason), steps[i][0],
			     strlen(steps[i][0])))
			return steps[i][1];
	return NULL;
}

/* What a person can do about it. */
static const char *next_step(const struct jscan *scan)
{
	if (member_is(scan, "status", "refused"))
		return after_refusal(scan);
	if (member_is(scan, "status", "waiting"))
		return "oncall-act approve ID, or deny ID";
	if (member_is(scan, "status", "unknown"))
		return "oncall-act recover";
	if (member_is(scan, "status", "planned"))
		return "oncall-act run --pending, when its target is free";
	if (member_is(scan, "verdict", "failed_during_change"))
		return "see what it left behind; nothing repeats it by itself";
	return NULL;
}

void tell_action(struct buf *out, struct slice record)
{
	static const char *const names[][2] = {
		{"incident", "incident"}, {"target", "target"},
		{"command", "command"},	  {"params", "params"},
		{"reason", "reason"},	  {"approval", "approval"},
		{"undo_of", "undoes"},	  {"undone", "undone"},
		{"exit", "exit"},	  {"rollback", "rollback"},
	};
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};
	AUTO_BUF struct buf id = BUF_INIT;

	if (jscan_object(&scan, record.ptr, record.len, &ignored) == 0) {
		jscan_unquote(&id, member(&scan, "id"));
		buf_addf(out, "%s  ", buf_str(&id));
		print_plain(out, member(&scan, "name"));
		print_value(out, "status", member(&scan, "status"));
		print_value(out, "verdict", member(&scan, "verdict"));
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			print_value(out, names[i][1],
				    member(&scan, names[i][0]));
		print_check(out, &scan);
		print_value(out, "output", member(&scan, "output"));
		if (next_step(&scan))
			buf_addf(out, LABEL "%s\n", "next", next_step(&scan));
	}
	jscan_done(&scan);
}

/* ---- inside incidents ---- */

static int write_part(struct buf *out, struct slice action, struct buf *id,
		      struct err *err)
{
	struct jscan scan = {0};
	int rc = jscan_object(&scan, action.ptr, action.len, err);

	jwrite_open(out, NULL, '{');
	for (size_t i = 0; rc == 0 && i < scan.count; i++) {
		const struct jscan_member *m = &scan.members[i];

		if (slice_is(m->key, outer[0]) || slice_is(m->key, outer[1]))
			continue;
		if (slice_is(m->key, "id"))
			buf_add_slice(id, m->value);
		if (out->data[out->len - 1] != '{')
			buf_add_char(out, ',');
		buf_addf(out, "\"%.*s\":", (int)m->key.len, m->key.ptr);
		buf_add_slice(out, m->value);
	}
	jwrite_close(out, '}');
	jscan_done(&scan);
	return rc;
}

struct merge {
	struct buf *out;
	struct slice part, id;
	bool placed;
};

static int merge_one(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct merge *m = arg;
	struct jscan scan = {0};
	struct err ignored = ERR_INIT;
	bool same = type == JSCAN_OBJECT &&
		    jscan_object(&scan, value.ptr, value.len, &ignored) == 0 &&
		    slice_eq(member(&scan, "id"), m->id);

	(void)err;
	jscan_done(&scan);
	if (!same || !m->placed)
		jwrite_raw(m->out, NULL, same ? m->part : value);
	m->placed |= same;
	return 0;
}

int tell_incident(struct buf *out, struct slice incident, struct slice action,
		  struct err *err)
{
	AUTO_BUF struct buf part = BUF_INIT, id = BUF_INIT, all = BUF_INIT;
	struct jscan scan = {0};
	struct merge m = {.out = &all};
	struct slice before;
	int rc = write_part(&part, action, &id, err);

	m.part = buf_slice(&part);
	m.id = buf_slice(&id);
	if (rc == 0)
		rc = jscan_object(&scan, incident.ptr, incident.len, err);
	if (rc == 0) {
		before = member(&scan, "actions");
		jwrite_open(&all, NULL, '[');
		if (before.ptr && *before.ptr == '[')
			rc = jscan_array(before, merge_one, &m, err);
		if (!m.placed)
			jwrite_raw(&all, NULL, m.part);
		jwrite_close(&all, ']');
	}
	if (rc == 0)
		rc = jscan_put(out, incident, &scan, "actions", buf_slice(&all),
			       err);
	jscan_done(&scan);
	return rc;
}

static int status_of_verdict(const struct jscan *scan)
{
	static const enum action_verdict good[] = {VERDICT_RAN_UNVERIFIED,
						   VERDICT_VERIFIED_FIXED};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (member_is(scan, "verdict", action_verdict_names[good[i]]))
			return 0;
	return err_exit_status(ERR_NO);
}

int tell_status(struct slice record)
{
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};
	int status = err_exit_status(ERR_NO);

	if (jscan_object(&scan, record.ptr, record.len, &ignored) < 0)
		status = err_exit_status(ERR_SYSTEM);
	else if (member_is(&scan, "status", act_status_names[ACT_DONE]))
		status = status_of_verdict(&scan);
	else if (member_is(&scan, "status", act_status_names[ACT_REFUSED]))
		status = err_exit_status(ERR_REFUSED);
	else if (!member_is(&scan, "status", act_status_names[ACT_UNKNOWN]))
		status = err_exit_status(ERR_REMOTE);
	jscan_done(&scan);
	return status;
}

int tell_stored(struct act_cmd *c, const char *id, struct record_writer *out,
		struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT;

	if (act_record(c->act, id, &record, err) < 0)
		return -1;
	if (cli_records())
		record_write(out, buf_slice(&record));
	else
		tell_action(&out->out, buf_slice(&record));
	return tell_status(buf_slice(&record));
}
