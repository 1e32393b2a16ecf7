/*
 * action.h - what may be done, as files declare it: "actions:" of packs, of the
 * user's own files (--actions FILE). Only files that nobody else can write are
 * read. A call is a declared action with values for its parameters.
 */
#ifndef ONCALL_ACTION_H
#define ONCALL_ACTION_H

#include <oncall/buf.h>
#include <oncall/config.h>
#include <oncall/err.h>
#include <oncall/tree.h>

/* Texts and expressions as they are compiled when they are loaded. */
struct action_text;
struct action_code;
struct action_re;

enum action_param_type {
	ACTION_STRING,	/* one line of text without control bytes */
	ACTION_NAME,	/* letters, digits, "._@:-"; begins with no "-" */
	ACTION_HOST,	/* a name or an address, with a port or without */
	ACTION_INTEGER, /* min, max */
	ACTION_NUMBER,
	ACTION_BOOLEAN,
	ACTION_DURATION, /* "10m"; in a command the seconds: "600" */
	ACTION_SIZE,	 /* "512M"; in a command the bytes */
	ACTION_CHOICE,	 /* of choices */
	ACTION_PATH,	 /* absolute; inside one of under, symlinks resolved */
	ACTION_URL,	 /* http or https */
	ACTION_SECRET,	 /* from configuration only; never shown */
};
extern const char *const action_type_names[]; /* ended by NULL */

struct action_param {
	char *name, *description;
	enum action_param_type type;
	char *pattern;	/* PCRE2, must match all of the value; or NULL */
	char *fallback; /* or NULL */
	bool required;
	bool untrusted; /* the value may come from a record, a chat, a model */
	int64_t min, max; /* both 0: no limit */
	size_t max_length;
	char **choices, **under; /* ended by NULL; or NULL */
	size_t line;
	struct action_re *re; /* of pattern */
};

/* One thing to do. Texts are templates over the parameters (template.h). */
enum action_step_kind { ACTION_COMMAND, ACTION_HTTP, ACTION_WAIT };

struct action_step {
	enum action_step_kind kind;
	char **argv; /* ended by NULL; with shell: one text */
	bool shell;  /* values come as environment variables only */
	char *input; /* standard input, or NULL */
	char *method, *url, *body;
	char **headers;	 /* ended by NULL */
	int statuses[8]; /* expected; none: 200 to 299 */
	size_t status_count;
	int exits[8]; /* expected exit statuses; none: 0 */
	size_t exit_count;
	char *expect;	 /* PCRE2 that the output must match, or NULL */
	int64_t wait_ms; /* of ACTION_WAIT */
	size_t line;
	struct action_code *code; /* its templates; NULL in a call */
};

struct action_steps {
	struct action_step *items;
	size_t count;
};

struct action_check { /* .steps.count 0: there is none */
	struct action_steps steps;
	int64_t within_ms; /* repeated until it holds, for so long */
	int64_t every_ms;
};

/* One way to do it: the first whose "when" holds is taken. */
struct action_variant {
	char *name; /* for people: "systemd" */
	/* "kind=redis", ended by NULL; or NULL. Of those that name the same
	 * parameter one is enough. */
	char **when_params;
	char *when_file;    /* a path that exists, or NULL */
	char *when_program; /* one that PATH has, or NULL */
	struct action_steps run, rollback;
	struct action_check before, after;
	size_t line;
	struct action_text *file_code;
};

enum action_radius {
	RADIUS_PROCESS,
	RADIUS_HOST,
	RADIUS_SERVICE,
	RADIUS_CLUSTER
};
enum action_risk { ACTION_RISK_LOW, ACTION_RISK_MEDIUM, ACTION_RISK_HIGH };
/* Ended by NULL. */
extern const char *const action_radius_names[], *const action_risk_names[];

struct action {
	char *id, *description,
		*needs; /* needs: what must be there, in words */
	char *pack, *file;
	size_t line;
	struct action_param *params;
	size_t param_count;
	struct action_variant *variants; /* at least one */
	size_t variant_count;
	char **env; /* "NAME=template", ended by NULL; beside PATH, LANG */
	char *dir, *run_as;
	int64_t timeout_ms, grace_ms, settle_ms;
	uint64_t cpu_seconds, memory_bytes, file_bytes, open_files;
	char *target; /* template; one action at a time on a target */
	enum action_radius radius;
	enum action_risk risk;
	bool reversible, idempotent;
	int64_t retries; /* of failed_before_change, with back-off */
	int64_t per_hour, per_target_hour, concurrency; /* 0: no limit */
	int64_t cool_down_ms;
	char **approvers; /* ended by NULL, or NULL: the policy's */
	char *pack_dir;	  /* where file stands: ${pack_dir} */
	bool has_shell;	  /* one of its steps has */
	struct action_text *target_code, **env_code;
};

struct action_set;

/* All that packs have (pack_files("actions")), the packs' own "actions:", then
 * files; a later one replaces an earlier of the same id. Values of parameters
 * from configuration ("actions.ID.KEY") become their fallbacks, and then count
 * as trusted. c must outlive the set, and may be NULL. */
int action_set_load(struct action_set **ret, const struct config *c,
		    const char *const *files, bool no_default, struct err *err)
	MUST_CHECK;
void action_set_free(struct action_set *set);
const struct action *action_find(const struct action_set *set, const char *id);
/* The same; where there is none, err has that kind and names the nearest. */
const struct action *action_need(const struct action_set *set, const char *id,
				 enum err_kind kind, struct err *err);
/* In order of their ids; NULL behind the last. */
const struct action *action_at(const struct action_set *set, size_t i);
/* The nearest id, for "did you mean"; or NULL. */
const char *action_nearest(const struct action_set *set, const char *id);
/* The secret or plain value that configuration gives to a parameter. */
int action_configured(const struct action_set *set, const struct action *a,
		      const char *param, char **ret, struct err *err)
	MUST_CHECK;

/* One file, for `oncall-act check`: all findings, "FILE:LINE: ...", not only
 * the first; returns how many errors there were. */
size_t action_check_file(const char *path,
			 void (*found)(void *arg, const char *text, bool error),
			 void *arg);

DEFINE_AUTO(struct action_set *, action_set_free, auto_action_set_)
#define AUTO_ACTION_SET CLEANUP(auto_action_set_)

#endif
