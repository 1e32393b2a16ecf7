/* config-secret.c - secrets from a variable, a file or a command. */
#include <oncall/mem.h>
#include <oncall/proc.h>
#include <oncall/redact.h>

#include <assert.h>

#include "config-internal.h"

#define SECRET_MAX	  ((size_t)64 * 1024)
#define SECRET_TIMEOUT_MS 10000

static int from_env(const struct config_value *v, struct buf *out,
		    struct err *err)
{
	const char *text = getenv(v->text);

	if (!text)
		return err_set(err, ERR_USAGE, "variable %s is not set",
			       v->text);
	buf_add_str(out, text);
	return 0;
}

static int from_command(const struct config_value *v, struct buf *out,
			struct err *err)
{
	struct proc_options opt = {
		.argv = (const char *const *)v->items,
		.timeout_ms = SECRET_TIMEOUT_MS,
		.output_max = SECRET_MAX,
	};
	struct proc_result result = {.status = 0};
	int rc = 0;

	if (proc_run(&opt, &result, err) < 0)
		return -1;
	if (result.timed_out)
		rc = err_set(err, ERR_SYSTEM,
			     "'%s' did not end within %d seconds", v->items[0],
			     SECRET_TIMEOUT_MS / 1000);
	else if (result.status != 0)
		rc = err_set(err, ERR_SYSTEM, "'%s' ended with status %d",
			     v->items[0], result.status);
	else if (result.out.total > SECRET_MAX)
		rc = err_set(err, ERR_SYSTEM, "'%s' wrote too much",
			     v->items[0]);
	else if (result.out.len)
		buf_add(out, result.out.text, result.out.len);
	proc_result_done(&result);
	return rc;
}

static int read_secret(const struct config_value *v, struct buf *out,
		       struct err *err)
{
	switch (v->secret) {
	case CONFIG_SECRET_ENV:
		return from_env(v, out, err);
	case CONFIG_SECRET_FILE:
		return config_safe_read(v->text, SECRET_MAX, NULL, out, err);
	case CONFIG_SECRET_COMMAND:
		return from_command(v, out, err);
	}
	return -1;
}

/* Files and commands end their text with a newline that is not meant. */
static void drop_newline(struct buf *b)
{
	if (b->len && b->data[b->len - 1] == '\n')
		buf_truncate(b, b->len - 1);
	if (b->len && b->data[b->len - 1] == '\r')
		buf_truncate(b, b->len - 1);
}

int config_secret(const struct config *c, const char *path, char **ret,
		  struct err *err)
{
	const struct config_value *v = config_value_get(c, path);
	AUTO_BUF struct buf text = BUF_INIT;

	assert(config_key_find(c->schema, path)->type == CONFIG_SECRET);
	*ret = NULL;
	if (!v)
		return 0;
	if (read_secret(v, &text, err) < 0)
		return err_prefix(err, "%s: %s", v->origin, path);
	drop_newline(&text);
	if (text.len == 0 || strlen(text.data) != text.len)
		return err_set(err, ERR_USAGE, "%s: %s: the secret is %s",
			       v->origin, path,
			       text.len ? "not a text" : "empty");
	redact_register(text.data);
	*ret = buf_take(&text);
	return 0;
}

void config_secret_files(const struct config *c,
			 void (*take)(void *arg, const char *path,
				      const char *file),
			 void *arg)
{
	for (size_t i = 0; i < c->values.count; i++) {
		const struct map_entry *e = &c->values.entries[i];
		const struct config_value *v = e->value;

		if (v && v->key->type == CONFIG_SECRET &&
		    v->secret == CONFIG_SECRET_FILE)
			take(arg, e->key.ptr, v->text);
	}
}
