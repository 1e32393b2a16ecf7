/* config-env.c - the layer of variables: ONCALL_INCIDENTS_REOPEN_WITHIN=1h. */
#include <oncall/mem.h>

#include <ctype.h>

#include "config-internal.h"

bool config_env_name(struct buf *out, const struct config_key *key)
{
	if (!config_key_is_text(key) || strchr(key->path, '*'))
		return false;
	buf_add_str(out, "ONCALL_");
	for (const char *p = key->path; *p; p++)
		buf_add_char(out, *p == '.' ? '_'
					    : (char)toupper((unsigned char)*p));
	return true;
}

int config_env_add(struct config *c, struct err *err)
{
	AUTO_BUF struct buf name = BUF_INIT;

	for (const struct config_key *k = c->schema; k->path; k++) {
		const char *text;

		buf_reset(&name);
		if (!config_env_name(&name, k))
			continue;
		text = getenv(buf_str(&name));
		if (!text || !*text)
			continue;
		if (config_value_set(c, k, k->path, text, "environment", err) <
		    0)
			return err_prefix(err, "variable %s", buf_str(&name));
	}
	return 0;
}
