/* config.c - loading the layers, and reading what came of them. */
#include <oncall/config.h>
#include <oncall/mem.h>

#include <assert.h>
#include <dirent.h>
#include <errno.h>

#include "config-internal.h"

#define CONFIG_ETC  "/etc/oncall"
#define CONFIG_NAME "oncall.yaml"
#define CONFIG_D    "conf.d"
#define CONFIG_END  ".yaml"

void config_free(struct config *c)
{
	if (!c)
		return;
	map_done(&c->values, config_value_free);
	for (size_t i = 0; i < c->file_count; i++)
		free(c->files[i]);
	free(c->files);
	free(c);
}

static int add_file(struct config *c, const char *path, bool must_exist,
		    struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_TREE struct tree *root = NULL;
	bool missing = false;

	if (config_safe_read(path, CONFIG_FILE_MAX,
			     must_exist ? NULL : &missing, &text, err) < 0)
		return missing ? 0 : -1;
	if (tree_parse(&root, path, buf_slice(&text), err) < 0)
		return -1;
	c->files = mem_resize(c->files, c->file_count + 1, sizeof(*c->files));
	c->files[c->file_count++] = mem_dup(path);
	return config_layer_add(c, path, root, err);
}

static int is_config(const struct dirent *d)
{
	size_t n = strlen(d->d_name), end = strlen(CONFIG_END);

	return d->d_name[0] != '.' && n > end &&
	       !strcmp(d->d_name + n - end, CONFIG_END);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_directory(struct config *c, const char *dir, struct err *err)
{
	struct dirent **files = NULL;
	int n = scandir(dir, &files, is_config, by_name);
	int rc = 0;

	if (n < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : err_sys(err, errno, "cannot read '%s'", dir);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path =
			mem_printf("%s/%s", dir, files[i]->d_name);

		if (rc == 0)
			rc = add_file(c, path, true, err);
		free(files[i]);
	}
	free(files);
	return rc;
}

/* The file that stands instead of all others, or NULL. */
static const char *only_file(const char *option)
{
	const char *variable = getenv("ONCALL_CONFIG");

	if (option)
		return option;
	return variable && *variable ? variable : NULL;
}

static int add_files(struct config *c, const struct config_sources *from,
		     struct err *err)
{
	const char *file = only_file(from->file);

	if (file)
		return add_file(c, file, true, err);
	if (from->etc) {
		AUTO_FREE char *main = mem_printf("%s/" CONFIG_NAME, from->etc);
		AUTO_FREE char *dir = mem_printf("%s/" CONFIG_D, from->etc);

		if (add_file(c, main, false, err) < 0 ||
		    add_directory(c, dir, err) < 0)
			return -1;
	}
	return from->user ? add_file(c, from->user, false, err) : 0;
}

/* What is built in; members of maps get theirs when asked for. */
static void add_fallbacks(struct config *c)
{
	struct err err = ERR_INIT;

	for (const struct config_key *k = c->schema; k->path; k++) {
		int rc = 0;

		if (k->fallback && !strchr(k->path, '*'))
			rc = config_value_set(c, k, k->path, k->fallback,
					      "built-in", &err);
		assert(rc == 0);
		(void)rc;
	}
}

int config_load_with(struct config **ret, const struct config_key *schema,
		     const struct config_sources *from, struct err *err)
{
	AUTO_CONFIG struct config *c = mem_zero(1, sizeof(*c));

	c->schema = schema;
	add_fallbacks(c);
	if (add_files(c, from, err) < 0 || config_env_add(c, err) < 0)
		return -1;
	*ret = TAKE_PTR(c);
	return 0;
}

/* NULL when the user has no home. */
static char *user_file(void)
{
	const char *dir = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (dir && *dir == '/')
		return mem_printf("%s/oncall/" CONFIG_NAME, dir);
	if (home && *home == '/')
		return mem_printf("%s/.config/oncall/" CONFIG_NAME, home);
	return NULL;
}

int config_load(struct config **ret, const char *file, struct err *err)
{
	AUTO_FREE char *user = user_file();
	struct config_sources from = {
		.etc = CONFIG_ETC,
		.user = user,
		.file = file,
	};

	return config_load_with(ret, config_schema, &from, err);
}

int config_place(char **ret, const char *file, struct err *err)
{
	file = only_file(file);
	if (file)
		*ret = mem_dup(file);
	else
		*ret = geteuid() == 0 ? mem_dup(CONFIG_ETC "/" CONFIG_NAME)
				      : user_file();
	return *ret ? 0
		    : err_set(err, ERR_USAGE,
			      "no place for the configuration: neither "
			      "XDG_CONFIG_HOME nor HOME is set; name it with "
			      "--config");
}

const char *config_file(const struct config *c, size_t i)
{
	return i < c->file_count ? c->files[i] : NULL;
}

/* The maps that path goes through get its names. */
static void name_in_maps(struct config *c, const char *path, const char *origin)
{
	for (const char *dot = strchr(path, '.'); dot;
	     dot = strchr(dot + 1, '.')) {
		AUTO_FREE char *map = mem_dup_bytes(path, (size_t)(dot - path));
		AUTO_FREE char *name =
			mem_dup_bytes(dot + 1, strcspn(dot + 1, "."));
		const struct config_key *key = config_key_find(c->schema, map);

		if (key && key->type == CONFIG_MAP)
			config_value_name(c, key, map, name, origin);
	}
}

int config_set(struct config *c, const char *path, const char *value,
	       const char *origin, struct err *err)
{
	const struct config_key *key = config_key_find(c->schema, path);

	assert(key && config_key_is_text(key));
	if (config_value_set(c, key, path, value, origin, err) < 0)
		return err_prefix(err, "%s", origin);
	name_in_maps(c, path, origin);
	return 0;
}

/* The value, or the key's fallback in *builtin; NULL when there is none. */
static const struct config_value *look_up(const struct config *c,
					  const char *path,
					  struct config_value *builtin)
{
	const struct config_value *v = config_value_get(c, path);
	const struct config_key *key;
	struct err err = ERR_INIT;
	int rc;

	if (v)
		return v;
	key = config_key_find(c->schema, path);
	assert(key);
	if (!key->fallback)
		return NULL;
	*builtin = (struct config_value){.key = key};
	rc = config_value_check(key, key->fallback, &builtin->number, &err);
	assert(rc == 0);
	(void)rc;
	return builtin;
}

const char *config_str(const struct config *c, const char *path)
{
	struct config_value builtin;
	const struct config_value *v = look_up(c, path, &builtin);

	if (!v)
		return NULL;
	assert(v->key->type == CONFIG_STRING || v->key->type == CONFIG_CHOICE);
	return v == &builtin ? v->key->fallback : v->text;
}

static int64_t number_of(const struct config *c, const char *path,
			 enum config_type type)
{
	struct config_value builtin;
	const struct config_value *v = look_up(c, path, &builtin);

	assert(!v || v->key->type == type);
	(void)type;
	return v ? v->number : 0;
}

int64_t config_int(const struct config *c, const char *path)
{
	return number_of(c, path, CONFIG_INT);
}

bool config_bool(const struct config *c, const char *path)
{
	return number_of(c, path, CONFIG_BOOL) != 0;
}

int64_t config_duration(const struct config *c, const char *path)
{
	return number_of(c, path, CONFIG_DURATION);
}

const char *config_item(const struct config *c, const char *path, size_t i)
{
	const struct config_value *v = config_value_get(c, path);

	assert(v || config_key_find(c->schema, path));
	return v && i < v->count ? v->items[i] : NULL;
}

const char *config_origin(const struct config *c, const char *path)
{
	const struct config_value *v = config_value_get(c, path);

	assert(v || config_key_find(c->schema, path));
	return v ? v->origin : "built-in";
}
