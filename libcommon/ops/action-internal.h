/*
 * action-internal.h - what the parts of action.h and action-call.h share: how
 * a file is read and judged, texts that were taken apart, and where in what
 * will run a value stands, which decides how it is written there.
 */
#ifndef ACTION_INTERNAL_H
#define ACTION_INTERNAL_H

#include <oncall/action-call.h>

#define ACTION_MAX_PARAMS  64
#define ACTION_MAX_STEPS   32
#define ACTION_MAX_ITEMS   256 /* of any other list */
#define ACTION_MAX_TEXT	   ((size_t)64 * 1024)
#define ACTION_MAX_VALUE   1024 /* bytes, where no max_length stands */
#define ACTION_TIMEOUT_MS  60000
#define ACTION_EVERY_MS	   2000
#define ACTION_SECRET_MARK "***" /* stands for a secret */

/* ---- reading ---- */

/* One file. Reading goes on behind a fault, so that all are found. */
struct action_reading {
	const char *name; /* of the file */
	char *pack, *dir;
	struct err *err; /* takes the first fault */
	void (*found)(void *arg, const char *text, bool error); /* or NULL */
	void *arg;
	size_t faults;
};

void action_fault(struct action_reading *r, size_t line, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* It works, but. */
void action_remark(struct action_reading *r, size_t line, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Members of a map; what is not there leaves *ret as it is. */
const struct tree *action_member(const struct tree *map, const char *key);
void action_read_keys(struct action_reading *r, const struct tree *map,
		      const char *const *keys);
void action_read_text(struct action_reading *r, const struct tree *map,
		      const char *key, char **ret);
void action_read_list(struct action_reading *r, const struct tree *map,
		      const char *key, char ***ret);
void action_read_flag(struct action_reading *r, const struct tree *map,
		      const char *key, bool *ret);
void action_read_count(struct action_reading *r, const struct tree *map,
		       const char *key, int64_t max, int64_t *ret);
void action_read_duration(struct action_reading *r, const struct tree *map,
			  const char *key, int64_t *ret);
void action_read_choice(struct action_reading *r, const struct tree *map,
			const char *key, const char *const *names, int *ret);
/* "NAME: text" as "NAME" glue "text". */
void action_read_pairs(struct action_reading *r, const struct tree *map,
		       const char *key, const char *glue, char ***ret);

/* Parts of a declaration; parameters are read first, for texts name them. */
void action_read_params(struct action_reading *r, const struct tree *map,
			struct action *a);
void action_read_steps(struct action_reading *r, const struct tree *map,
		       struct action *a, struct action_steps *ret);
void action_read_variants(struct action_reading *r, const struct tree *map,
			  struct action *a);
/* The keys that say what is done, of a step and of all that has steps. */
#define ACTION_STEP_KEYS \
	"command", "shell", "input", "exit", "http", "wait", "expect"

/* Whether a program reads argument at as a program. */
bool action_is_code(char *const *argv, size_t at);

struct action *action_read(struct action_reading *r, const struct tree *map);
void action_free(struct action *a);
void action_steps_done(struct action_steps *s);
void action_list_free(char **list);
/* The actions of a file, in its order, those with faults as well. */
struct action_list {
	struct action **items;
	size_t count;
};
void action_read_file(struct action_reading *r, struct slice text,
		      struct action_list *ret);
void action_list_done(struct action_list *l);
/* What its author would want to know beside faults. */
void action_judge(struct action_reading *r, const struct action *a);

/* A set from text alone, without configuration: for tests. */
int action_set_read(struct action_set **ret, struct slice text,
		    const char *name, struct err *err) MUST_CHECK;

/* ---- texts ---- */

enum action_place {
	ACTION_IN_ARGUMENT,
	ACTION_IN_CODE, /* an argument that a program reads as a program */
	ACTION_IN_INPUT,
	ACTION_IN_ENV,
	ACTION_IN_TARGET,
	ACTION_IN_URL,
	ACTION_IN_HEADER,
	ACTION_IN_JSON,
	ACTION_IN_FORM,
	ACTION_IN_BODY, /* of any other kind */
	ACTION_IN_PATTERN,
	ACTION_IN_WHEN,
};

enum action_encoding {
	ACTION_AS_IS,
	ACTION_AS_PERCENT,
	ACTION_AS_BASE, /* a whole URL that others continue */
	ACTION_AS_AUTHORITY,
	ACTION_AS_JSON,
	ACTION_AS_PATTERN,
};

/* Names that are no parameters. */
enum action_about_name {
	ACTION_INCIDENT,
	ACTION_SERVICE,
	ACTION_ABOUT_HOST,
	ACTION_ENVIRONMENT,
	ACTION_PACK_DIR,
	ACTION_ABOUT_COUNT,
};
extern const char *const action_about_names[]; /* ended by NULL */

struct action_piece {
	char *literal;		/* or NULL */
	struct template *value; /* one value, and its filters */
	size_t slot; /* of the parameter, or param_count + about name */
	enum action_encoding encoding;
	bool has_default;
};

struct action_text {
	struct action_piece *pieces;
	size_t count;
	enum action_place place;
};

/* The compiled texts of a step, beside the members of the same name. */
struct action_code {
	struct action_text **argv, **headers; /* ended by NULL */
	struct action_text *input, *url, *body, *expect;
};

/* NULL, and a fault, when it cannot be. */
struct action_text *action_text_new(struct action_reading *r, size_t line,
				    const struct action *a, const char *text,
				    enum action_place place);
void action_text_free(struct action_text *t);
bool action_text_uses(const struct action_text *t, size_t slot);

/* The value of each parameter; one without ptr has none. */
struct action_values {
	const struct action *action;
	struct slice *params;
	const struct action_about *about; /* checked only when it is used */
};

/* Appends it. ERR_REFUSED: a value that is not there, or unfit at its place. */
int action_text_fill(const struct action_text *t, const struct action_values *v,
		     struct buf *out, struct err *err) MUST_CHECK;

/* ---- expressions ---- */

/* Whether text can be an expression. */
int action_re_check(const char *text, struct err *err) MUST_CHECK;
/* For values, all of which must match. */
int action_re_new(struct action_re **ret, const char *text, struct err *err)
	MUST_CHECK;
void action_re_free(struct action_re *re);
/* All of the text must match; what takes too long does not. */
bool action_re_fits(const struct action_re *re, struct slice text);

/* ---- values ---- */

/*
 * Whether the text fits the parameter; appends the value as it is used. Of a
 * path only the text is looked at when look is false. ERR_REFUSED says what
 * would do.
 */
int action_value_check(const struct action_param *p, struct slice text,
		       bool look, struct buf *out, struct err *err) MUST_CHECK;
/* "letters, digits and ..." */
void action_value_wanted(const struct action_param *p, struct buf *out);
/* Appends the path without "//", "/./" and a '/' at its end; false when it is
 * not absolute or holds "..". */
bool action_path_clean(struct slice text, struct buf *out);
int action_path_check(const struct action_param *p, const char *path,
		      struct err *err) MUST_CHECK;
bool action_parse_size(const char *text, uint64_t *ret);

/* The variable that has the value for a shell: the name in capitals, behind
 * "PARAM_" where that means something to programs. */
char *action_variable(const char *name);

#endif
