/*
 * config.h - YAML configuration in layers: built-in, /etc/oncall/oncall.yaml,
 * /etc/oncall/conf.d/ *.yaml in order, $XDG_CONFIG_HOME/oncall/oncall.yaml,
 * the file named by ONCALL_CONFIG or --config (which then stands instead of
 * the files before), ONCALL_* variables, options.
 *
 * Maps merge key by key; a list replaces the one below it, "name+:" extends it.
 * One table (config-schema.c) holds every key that exists, with its type,
 * default and one line of documentation; any other key, and a key that stands
 * twice, is an error with file, line and a suggestion. A file that others can
 * write is refused.
 */
#ifndef ONCALL_CONFIG_H
#define ONCALL_CONFIG_H

#include <oncall/buf.h>
#include <oncall/err.h>

enum config_type {
	CONFIG_STRING,
	CONFIG_INT,
	CONFIG_BOOL,
	CONFIG_DURATION, /* or "forever", which is -1, where min is -1 */
	CONFIG_CHOICE,
	CONFIG_LIST,   /* of strings; one string is a list of one */
	CONFIG_SECRET, /* {env: NAME}, {file: PATH} or {command: [..]} */
	CONFIG_MAP,    /* of names that the user chooses */
};

/* One key. A path names its place: "incidents.reopen_within",
 * "services.*.owner", where * stands for a name that the user chose. */
struct config_key {
	const char *path;
	enum config_type type;
	const char *fallback; /* the built-in value as text, or NULL */
	const char *choices;  /* "low|medium|high" */
	const char *help;     /* one line, lower case, no full stop */
	int64_t min, max;     /* of numbers; both 0: no limit */
	/* A good value, or for a map a name, to show; NULL: the fallback. */
	const char *example;
};

extern const struct config_key config_schema[]; /* ended by a NULL path */

struct config;

/* file: --config, or NULL. */
int config_load(struct config **ret, const char *file, struct err *err)
	MUST_CHECK;
void config_free(struct config *c);
/* File i of those that were read, in their order; NULL behind the last. */
const char *config_file(const struct config *c, size_t i);
/* Where a first file is written: file (--config) or ONCALL_CONFIG when given,
 * else /etc/oncall/oncall.yaml for root and the user's own for others. The
 * caller frees it. */
int config_place(char **ret, const char *file, struct err *err) MUST_CHECK;
/* As an option does it: the last layer. */
int config_set(struct config *c, const char *path, const char *value,
	       const char *origin, struct err *err) MUST_CHECK;

/* Reading. path is a schema path with the user's names in place of '*'. Asking
 * for a key that is not in the schema is our bug (assert). */
const char *config_str(const struct config *c, const char *path); /* or NULL */
int64_t config_int(const struct config *c, const char *path);
bool config_bool(const struct config *c, const char *path);
int64_t config_duration(const struct config *c, const char *path);
/* Item i of a list, or of the names in a map; NULL behind the last. */
const char *config_item(const struct config *c, const char *path, size_t i);
/* Reads the secret now, registers it for redaction; the caller frees it. NULL
 * and success when it is not configured. */
int config_secret(const struct config *c, const char *path, char **ret,
		  struct err *err) MUST_CHECK;
/* The files that secrets are to be read from, with the path of each. */
void config_secret_files(const struct config *c,
			 void (*take)(void *arg, const char *path,
				      const char *file),
			 void *arg);
/* "/etc/oncall/oncall.yaml:12", "environment", "built-in"; borrowed. */
const char *config_origin(const struct config *c, const char *path);

/* The result with the origin of each value behind it, secrets hidden. */
void config_print(const struct config *c, struct buf *out);
/* A commented starting file made from the schema. */
void config_template(struct buf *out);
/* The manual's list of keys, in mdoc. */
void config_mdoc(struct buf *out);
/* Whether path is a regular file that only its owner, who is root or this
 * user, can write, and replace in its directory; ERR_REFUSED otherwise. */
int config_safe_file(const char *path, struct err *err) MUST_CHECK;
/* Reads all of such a file of at most max bytes. When missing is not NULL and
 * there is no file, *missing is set and err is not. */
int config_safe_read(const char *path, size_t max, bool *missing,
		     struct buf *out, struct err *err) MUST_CHECK;

DEFINE_AUTO(struct config *, config_free, auto_config_)
#define AUTO_CONFIG CLEANUP(auto_config_)

#endif
