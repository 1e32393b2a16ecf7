/*
 * policy-load.c - reads a policy from configuration. The text that is hashed
 * for its version is written while it is read, so that nothing is left out.
 */
#include <math.h>

#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

#include "policy-internal.h"

#define HUNDREDTHS 100.0

/* While it is read. */
struct loading {
	struct policy *policy;
	const struct config *config;
	const char *zone;
	struct buf said;
};

static bool is_set(const struct config *c, const char *path)
{
	return strcmp(config_origin(c, path), "built-in") != 0;
}

static int fail_at(const struct loading *l, const char *path, struct err *err)
{
	return err_prefix(err, "%s: %s", config_origin(l->config, path), path);
}

static void say(struct loading *l, const char *path, const char *value)
{
	jwrite_str(&l->said, path, value);
}

static int64_t read_int(struct loading *l, const char *path)
{
	int64_t value = config_int(l->config, path);

	jwrite_int(&l->said, path, value);
	return value;
}

static int64_t read_duration(struct loading *l, const char *path)
{
	int64_t value = config_duration(l->config, path);

	jwrite_int(&l->said, path, value);
	return value;
}

static bool read_bool(struct loading *l, const char *path)
{
	bool value = config_bool(l->config, path);

	jwrite_bool(&l->said, path, value);
	return value;
}

static enum autonomy read_autonomy(struct loading *l, const char *path)
{
	const char *value = config_str(l->config, path);
	enum autonomy a = AUTONOMY_OFF;

	while (strcmp(policy_autonomy_names[a], value) != 0)
		a++;
	say(l, path, value);
	return a;
}

static int read_windows(struct loading *l, const char *path,
			struct policy_windows *w, struct err *err)
{
	const char *text;

	for (size_t i = 0; (text = config_item(l->config, path, i)); i++) {
		w->items = mem_resize(w->items, i + 1, sizeof(*w->items));
		if (window_new(&w->items[i], text, l->zone, err) < 0)
			return fail_at(l, path, err);
		w->count++;
		say(l, path, text);
	}
	return 0;
}

static char *read_approvers(struct loading *l, const char *path)
{
	AUTO_BUF struct buf out = BUF_INIT;
	const char *name;

	jwrite_open(&out, NULL, '[');
	for (size_t i = 0; (name = config_item(l->config, path, i)); i++)
		jwrite_str(&out, NULL, name);
	jwrite_close(&out, ']');
	jwrite_raw(&l->said, path, buf_slice(&out));
	return buf_take(&out);
}

/* What rules can ask for, and the values that there are of it. */
static const struct {
	const char *name;
	const char *values; /* NULL: any */
} fields[] = {
	{"action", NULL},
	{"service", NULL},
	{"host", NULL},
	{"category", NULL},
	{"environment", NULL},
	{"criticality", "|low|medium|high|critical|"},
	{"blast_radius", "|process|host|service|cluster|"},
	{"risk", "|low|medium|high|"},
	{"pattern", NULL},
	{"entry", NULL},
	{"severity", "|info|low|medium|high|critical|"},
	{"tags", NULL},
};

static int check_value(const char *values, const char *value, struct err *err)
{
	const char *text = value + (*value == '!');
	AUTO_FREE char *word = mem_printf("|%s|", text);
	AUTO_FREE char *list = NULL;

	if (!values || *text == '/' || strstr(values, word))
		return 0;
	list = mem_dup_bytes(values + 1, strlen(values) - 2);
	return err_set(err, ERR_USAGE, "'%s' is none of %s", text, list);
}

static int add_match(struct loading *l, struct policy_rule *r, const char *path,
		     const char *name, struct err *err)
{
	AUTO_FREE char *at = mem_printf("%s.%s", path, name);
	AUTO_BUF struct buf known = BUF_INIT;
	const char *value;
	size_t f = 0;

	for (; f < ARRAY_LEN(fields) && strcmp(fields[f].name, name) != 0; f++)
		buf_addf(&known, "%s%s", f ? ", " : "", fields[f].name);
	if (f == ARRAY_LEN(fields)) {
		(void)err_set(err, ERR_USAGE,
			      "a rule of policy has no field '%s'; there are "
			      "%s",
			      name, buf_str(&known));
		return fail_at(l, at, err);
	}
	for (size_t i = 0; (value = config_item(l->config, at, i)); i++) {
		if (check_value(fields[f].values, value, err) < 0 ||
		    selector_add(r->match, name, value, err) < 0)
			return fail_at(l, at, err);
		say(l, at, value);
	}
	r->on_criticality |= !strcmp(name, "criticality");
	r->on_risk |= !strcmp(name, "risk");
	return 0;
}

/* The keys of a rule have names of their own; the general ones stand in
 * several places. */
struct rule_paths {
	const char *autonomy, *auto_from, *escalate, *approvers, *quorum,
		*expires, *self;
};

static void read_values(struct loading *l, struct policy_rule *r,
			const struct rule_paths *at, bool all)
{
	const struct config *c = l->config;

	r->autonomy = -1;
	r->self = -1;
	r->auto_from = r->escalate_below = (double)NAN;
	if (all || is_set(c, at->autonomy))
		r->autonomy = (int)read_autonomy(l, at->autonomy);
	if (all || is_set(c, at->auto_from))
		r->auto_from = (double)read_int(l, at->auto_from) / HUNDREDTHS;
	if (all || is_set(c, at->escalate))
		r->escalate_below =
			(double)read_int(l, at->escalate) / HUNDREDTHS;
	if (all || is_set(c, at->approvers))
		r->approvers = read_approvers(l, at->approvers);
	if (all || is_set(c, at->quorum))
		r->quorum = read_int(l, at->quorum);
	if (all || is_set(c, at->expires))
		r->expires = read_duration(l, at->expires);
	if (all || is_set(c, at->self))
		r->self = read_bool(l, at->self);
}

static int read_rule(struct loading *l, struct policy_rule *r, const char *name,
		     struct err *err)
{
	enum {
		MATCH,
		DURING,
		IN_FREEZE,
		AUTONOMY,
		AUTO,
		ESCALATE,
		APPROVERS,
		QUORUM,
		EXPIRES,
		SELF,
		PATHS
	};
	static const char *const keys[PATHS] = {
		"match",    "during",	 "in_freeze", "autonomy", "auto",
		"escalate", "approvers", "quorum",    "expires",  "self"};
	char *at[PATHS];
	const char *field;
	int rc = 0;

	r->name = mem_dup(name);
	r->match = selector_new();
	for (int i = 0; i < PATHS; i++)
		at[i] = mem_printf("policy.rules.%s.%s", name, keys[i]);
	say(l, "rule", name);
	for (size_t i = 0;
	     rc == 0 && (field = config_item(l->config, at[MATCH], i)); i++)
		rc = add_match(l, r, at[MATCH], field, err);
	if (rc == 0)
		rc = read_windows(l, at[DURING], &r->during, err);
	if (rc == 0) {
		read_values(l, r,
			    &(struct rule_paths){at[AUTONOMY], at[AUTO],
						 at[ESCALATE], at[APPROVERS],
						 at[QUORUM], at[EXPIRES],
						 at[SELF]},
			    false);
		r->in_freeze = read_bool(l, at[IN_FREEZE]);
	}
	for (int i = 0; i < PATHS; i++)
		free(at[i]);
	return rc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a map, sorted: a file that says the same in another order is
 * the same policy. The caller frees the array only. */
static const char **names_of(const struct config *c, const char *path,
			     size_t *ret_count)
{
	const char **names = NULL, *name;

	for (*ret_count = 0; (name = config_item(c, path, *ret_count));) {
		names = mem_resize(names, *ret_count + 1, sizeof(*names));
		names[(*ret_count)++] = name;
	}
	if (names)
		qsort(names, *ret_count, sizeof(*names), by_text);
	return names;
}

static int read_rules(struct loading *l, struct err *err)
{
	struct policy *p = l->policy;
	size_t count;
	AUTO_FREE const char **names =
		names_of(l->config, "policy.rules", &count);

	p->rules = mem_zero(count + 1, sizeof(*p->rules));
	for (size_t i = 0; i < count; i++) {
		p->rule_count++;
		if (read_rule(l, &p->rules[i], names[i], err) < 0)
			return -1;
	}
	return 0;
}

static void read_services(struct loading *l)
{
	size_t count;
	AUTO_FREE const char **names = names_of(l->config, "services", &count);

	l->policy->criticality = "medium";
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path =
			mem_printf("services.%s.criticality", names[i]);
		const char *value = config_str(l->config, path);

		*map_put(&l->policy->services, slice_of(names[i])) =
			mem_dup(value);
		say(l, path, value);
	}
}

static void read_limits(struct loading *l, struct policy_limits *to)
{
	*to = (struct policy_limits){
		.per_incident =
			read_int(l, "policy.limits.actions_per_incident"),
		.per_hour = read_int(l, "policy.limits.actions_per_hour"),
		.breaker_failures = read_int(l, "policy.breaker.failures"),
		.breaker_window = read_duration(l, "policy.breaker.window"),
		.breaker_cool_down =
			read_duration(l, "policy.breaker.cool_down"),
		.ineffective = read_int(l, "policy.breaker.ineffective"),
		.ineffective_window =
			read_duration(l, "policy.breaker.ineffective_window"),
	};
}

static int read_all(struct loading *l, struct err *err)
{
	static const struct rule_paths general = {"policy.autonomy",
						  "policy.thresholds.auto",
						  "policy.thresholds.escalate",
						  "policy.approval.approvers",
						  "policy.approval.quorum",
						  "policy.approval.expires",
						  "policy.approval.self"};
	struct policy *p = l->policy;

	jwrite_open(&l->said, NULL, '{');
	p->environment = mem_dup(config_str(l->config, "environment"));
	say(l, "environment", p->environment);
	l->zone = config_str(l->config, "timezone");
	say(l, "timezone", l->zone);
	read_values(l, &p->general, &general, true);
	p->general.name = mem_dup("default");
	if (read_windows(l, "policy.freeze", &p->freeze, err) < 0 ||
	    read_rules(l, err) < 0)
		return -1;
	read_limits(l, &p->limits);
	read_services(l);
	jwrite_close(&l->said, '}');
	hash_sha256_hex(l->said.data, l->said.len, p->version,
			POLICY_VERSION_DIGITS);
	return buf_check(&l->said, "the policy", err);
}

int policy_load(struct policy **ret, const struct config *c, struct err *err)
{
	AUTO_POLICY struct policy *p = mem_zero(1, sizeof(*p));
	struct loading l = {.policy = p, .config = c};
	int rc = read_all(&l, err);

	buf_done(&l.said);
	if (rc == 0)
		*ret = TAKE_PTR(p);
	return rc;
}
