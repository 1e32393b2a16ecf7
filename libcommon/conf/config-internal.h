/* config-internal.h - what the parts of config share. */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include <oncall/config.h>
#include <oncall/tree.h>

#define CONFIG_FILE_MAX ((size_t)1024 * 1024)

enum config_secret_kind {
	CONFIG_SECRET_ENV,
	CONFIG_SECRET_FILE,
	CONFIG_SECRET_COMMAND,
};

/* What a key is set to. */
struct config_value {
	const struct config_key *key;
	char *origin;
	char *text;	/* of scalars; of secrets the variable or file */
	int64_t number; /* of integers, booleans, durations */
	char **items;	/* of lists; names of maps; argv; ended by NULL */
	size_t count;
	enum config_secret_kind secret;
};

struct config {
	const struct config_key *schema;
	struct map values; /* path to struct config_value */
	char **files;	   /* that were read */
	size_t file_count;
};

/* Where configuration comes from. */
struct config_sources {
	const char *etc;  /* directory of the machine, or NULL */
	const char *user; /* file of the user, or NULL */
	const char *file; /* stands instead of these; NULL: ONCALL_CONFIG */
};

int config_load_with(struct config **ret, const struct config_key *schema,
		     const struct config_sources *from, struct err *err)
	MUST_CHECK;

/* Checks the tree against the schema and lays it over what is there. */
int config_layer_add(struct config *c, const char *name,
		     const struct tree *root, struct err *err) MUST_CHECK;
int config_env_add(struct config *c, struct err *err) MUST_CHECK;
/* "ONCALL_INCIDENTS_REOPEN_WITHIN"; false when no variable sets the key. */
bool config_env_name(struct buf *out, const struct config_key *key);

/* The key of a path, with the user's names in it, or NULL. */
const struct config_key *config_key_find(const struct config_key *schema,
					 const char *path);
bool config_key_is_text(const struct config_key *key);
/* A good value for messages. */
const char *config_key_example(const struct config_key *key);
/* "a duration", "one of low, high". */
void config_key_describe(struct buf *out, const struct config_key *key);

/* Fresh value of the path; the old one, if any, is gone. */
struct config_value *config_value_new(struct config *c,
				      const struct config_key *key,
				      const char *path, const char *origin);
const struct config_value *config_value_get(const struct config *c,
					    const char *path);
void config_value_add(struct config_value *v, const char *item);
/* The map at path remembers a name that was chosen in it; NULL: that it is
 * there. */
void config_value_name(struct config *c, const struct config_key *key,
		       const char *path, const char *name, const char *origin);
void config_value_free(void *value);
/* Checks the text of a scalar and gives its number. */
int config_value_check(const struct config_key *key, const char *text,
		       int64_t *ret, struct err *err) MUST_CHECK;
int config_value_set(struct config *c, const struct config_key *key,
		     const char *path, const char *text, const char *origin,
		     struct err *err) MUST_CHECK;

/* Opens a file that is safe (config_safe_file) for reading. -1 with err; when
 * missing is not NULL and there is no file, *missing is set and err is not. */
int config_safe_open(const char *path, bool *missing, struct err *err)
	MUST_CHECK;

#endif
