/* channel.c - opens a target, and what all kinds do in the same way. */
#include "channel-internal.h"

#include <stdarg.h>
#include <stdio.h>

#include <oncall/cli.h>
#include <oncall/redact.h>
#include <oncall/show.h>

#define REASON_MAX ((size_t)400)
#define HIDDEN	   "***"

static const char *const secret_keys[CHANNEL_SECRETS] = {
	[CHANNEL_WEBHOOK] = "webhook",
	[CHANNEL_TOKEN] = "token",
	[CHANNEL_PASSWORD] = "password",
	[CHANNEL_ROUTING_KEY] = "routing_key",
	[CHANNEL_SIGNING_KEY] = "signing_key",
};

/* ---- configuration ---- */

static char *path_of(const struct channel *ch, const char *key)
{
	return mem_printf("targets.%s.%s", ch->name, key);
}

const char *channel_str(const struct channel *ch, const char *key)
{
	AUTO_FREE char *path = path_of(ch, key);

	return config_str(ch->config, path);
}

const char *channel_item(const struct channel *ch, const char *key, size_t i)
{
	AUTO_FREE char *path = path_of(ch, key);

	return config_item(ch->config, path, i);
}

bool channel_bool(const struct channel *ch, const char *key)
{
	AUTO_FREE char *path = path_of(ch, key);

	return config_bool(ch->config, path);
}

int64_t channel_duration(const struct channel *ch, const char *key)
{
	AUTO_FREE char *path = path_of(ch, key);

	return config_duration(ch->config, path);
}

const char *channel_secret(const struct channel *ch, enum channel_secret s)
{
	return ch->secrets[s] && ch->hide ? HIDDEN : ch->secrets[s];
}

char *channel_base(const struct channel *ch, const char *key,
		   const char *fallback)
{
	const char *url = channel_str(ch, key);
	size_t n;

	if (!url)
		url = fallback;
	n = strlen(url);
	while (n && url[n - 1] == '/')
		n--;
	return mem_dup_bytes(url, n);
}

const char *channel_room(const struct channel *ch, const struct note *n)
{
	return n && n->room ? n->room : channel_str(ch, "room");
}

/* ---- opening ---- */

static int no_such_target(const struct config *c, const char *name,
			  struct err *err)
{
	const char *near;
	size_t count = 0;

	while (config_item(c, "targets", count))
		count++;
	if (!count)
		return err_set(err, ERR_USAGE,
			       "no target '%s': none is configured", name);
	{
		AUTO_FREE const char **names =
			mem_zero(count + 1, sizeof(*names));

		for (size_t i = 0; i < count; i++)
			names[i] = config_item(c, "targets", i);
		near = cli_nearest(name, names);
	}
	return err_set(err, ERR_USAGE, "no target '%s'%s%s%s", name,
		       near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

static bool is_target(const struct config *c, const char *name)
{
	const char *known;

	for (size_t i = 0; (known = config_item(c, "targets", i)); i++)
		if (!strcmp(known, name))
			return true;
	return false;
}

static int find_kind(struct channel *ch, struct err *err)
{
	const char *type = channel_str(ch, "type");

	if (!type)
		return err_set(err, ERR_USAGE, "target '%s' has no type",
			       ch->name);
	for (size_t i = 0; channel_kinds[i]; i++)
		if (!strcmp(type, channel_kinds[i]->name))
			ch->kind = channel_kinds[i];
	if (ch->kind)
		return 0;
	return err_set(err, ERR_USAGE, "target '%s': no type '%s'", ch->name,
		       type);
}

/* A page that says what was asked for names no more than the path. */
static void hide_path(const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;
	const char *path = host ? strchr(host + 3, '/') : NULL;
	AUTO_FREE char *bare =
		path ? mem_dup_bytes(path, strcspn(path, "?")) : NULL;

	redact_register(path);
	redact_register(bare);
}

static int read_secrets(struct channel *ch, struct err *err)
{
	for (size_t i = 0; i < CHANNEL_SECRETS; i++) {
		AUTO_FREE char *path = path_of(ch, secret_keys[i]);

		if (config_secret(ch->config, path, &ch->secrets[i], err) < 0)
			return -1;
	}
	hide_path(ch->secrets[CHANNEL_WEBHOOK]);
	return 0;
}

/* Whether the key, which may be a secret, a text or a list, is set. */
static bool has_key(const struct channel *ch, const char *key)
{
	for (size_t i = 0; i < CHANNEL_SECRETS; i++)
		if (!strcmp(key, secret_keys[i]))
			return ch->secrets[i] != NULL;
	if (!strcmp(key, "to"))
		return channel_item(ch, key, 0) != NULL;
	return channel_str(ch, key) != NULL;
}

static int check_required(const struct channel *ch, struct err *err)
{
	for (const char *const *key = ch->kind->required; *key; key++) {
		size_t n = strcspn(*key, "|");
		AUTO_FREE char *one = mem_dup_bytes(*key, n);
		const char *other = (*key)[n] ? *key + n + 1 : NULL;

		if (has_key(ch, one) || (other && has_key(ch, other)))
			continue;
		return err_set(err, ERR_USAGE,
			       "target '%s' (%s) needs targets.%s.%s%s%s",
			       ch->name, ch->kind->name, ch->name, one,
			       other ? " or " : "", other ? other : "");
	}
	return 0;
}

static void set_traits(struct channel *ch)
{
	AUTO_FREE char *every = path_of(ch, "every");
	const char *unknown = channel_str(ch, "on_unknown");

	if (strcmp(config_origin(ch->config, every), "built-in") != 0)
		ch->traits.every = config_duration(ch->config, every);
	if (unknown)
		ch->traits.safe_again = !strcmp(unknown, "retry");
}

int channel_open(struct channel **ret, const struct config *c, const char *name,
		 struct err *err)
{
	AUTO_CHANNEL struct channel *ch = NULL;

	if (!is_target(c, name))
		return no_such_target(c, name, err);
	ch = mem_zero(1, sizeof(*ch));
	ch->config = c;
	ch->name = mem_dup(name);
	if (find_kind(ch, err) < 0 || read_secrets(ch, err) < 0 ||
	    check_required(ch, err) < 0 || channel_template_open(ch, err) < 0)
		return -1;
	ch->traits = ch->kind->traits;
	if (ch->kind->open && ch->kind->open(ch, err) < 0)
		return err_prefix(err, "target '%s'", name);
	set_traits(ch);
	*ret = TAKE_PTR(ch);
	return 0;
}

void channel_free(struct channel *ch)
{
	if (!ch)
		return;
	if (ch->kind && ch->kind->close)
		ch->kind->close(ch);
	http_free(ch->http);
	template_free(ch->template);
	for (size_t i = 0; i < CHANNEL_SECRETS; i++)
		free(ch->secrets[i]);
	free(ch->name);
	free(ch);
}

const char *channel_name(const struct channel *ch)
{
	return ch->name;
}

const char *channel_type(const struct channel *ch)
{
	return ch->kind->name;
}

const struct channel_traits *channel_traits(const struct channel *ch)
{
	return &ch->traits;
}

/* ---- one attempt ---- */

void channel_outcome(struct channel_result *ret, enum channel_outcome o,
		     const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	AUTO_BUF struct buf shown = BUF_INIT, clean = BUF_INIT;
	va_list args;

	va_start(args, fmt);
	text = mem_vprintf(fmt, args);
	va_end(args);
	show_text(&shown, text, strlen(text), REASON_MAX);
	(void)redact_text(&clean, buf_str(&shown), shown.len);
	free(ret->reason);
	ret->reason = clean.len ? buf_take(&clean) : NULL;
	ret->outcome = o;
}

void channel_result_done(struct channel_result *r)
{
	free(r->remote_id);
	free(r->reason);
	*r = (struct channel_result){.outcome = CHANNEL_FAILED};
}

static void send_call(struct channel *ch, const struct channel_job *job,
		      struct channel_result *ret)
{
	AUTO_CALL struct channel_call call = {.method = "POST"};
	struct http_reply reply = {.status = 0};
	struct err err = ERR_INIT;

	if (ch->kind->prepare && ch->kind->prepare(ch, job, ret) < 0)
		return;
	if (ch->kind->build(ch, job, &call, &err) < 0) {
		channel_outcome(ret, CHANNEL_FAILED, "%s", err.text);
		return;
	}
	if (channel_perform(ch, &call, &reply, ret) == 0) {
		if (ch->kind->judge)
			ch->kind->judge(ch, job, &reply, ret);
		else
			channel_judge(&reply, ret);
	}
	http_reply_done(&reply);
}

void channel_send(struct channel *ch, const struct channel_job *job,
		  struct channel_result *ret)
{
	*ret = (struct channel_result){.outcome = CHANNEL_FAILED};
	if (ch->kind->send)
		ch->kind->send(ch, job, ret);
	else
		send_call(ch, job, ret);
}

void channel_look(struct channel *ch, const struct channel_job *job,
		  struct channel_result *ret)
{
	*ret = (struct channel_result){.outcome = CHANNEL_UNKNOWN};
	if (ch->kind->look)
		ch->kind->look(ch, job, ret);
}

static void show_call(const struct channel_call *call, struct buf *out)
{
	buf_addf(out, "%s %s\n", call->method, call->url);
	for (size_t i = 0; i < call->header_count; i++)
		buf_addf(out, "%s\n", call->headers[i]);
	buf_add_char(out, '\n');
	buf_add_slice(out, buf_slice(&call->body));
	if (call->body.len && call->body.data[call->body.len - 1] != '\n')
		buf_add_char(out, '\n');
}

static int render_call(struct channel *ch, const struct channel_job *job,
		       struct buf *out, struct err *err)
{
	AUTO_CALL struct channel_call call = {.method = "POST"};

	if (ch->kind->build(ch, job, &call, err) < 0)
		return -1;
	show_call(&call, out);
	return 0;
}

int channel_render(struct channel *ch, const struct channel_job *job,
		   struct buf *out, struct err *err)
{
	int rc;

	ch->hide = true;
	if (ch->kind->render)
		rc = ch->kind->render(ch, job, out, err);
	else
		rc = render_call(ch, job, out, err);
	ch->hide = false;
	return rc;
}

int channel_check(struct channel *ch, struct buf *out, struct err *err)
{
	if (ch->kind->check)
		return ch->kind->check(ch, out, err);
	buf_addf(out, "%s has nothing that can be asked without posting",
		 ch->kind->name);
	return 0;
}
