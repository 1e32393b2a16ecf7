/*
 * channel-webhook.c - any service that takes a request of HTTP.
 *
 * The body is the note as JSON, or what the template makes of it. The key goes
 * along as Idempotency-Key, so that the far side can tell a repetition. The
 * signature is "sha256=" and the HMAC of the body in hex, as GitHub has it.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <strings.h>

#include <oncall/hash.h>

static void add_signature(const struct channel *ch, struct channel_call *call)
{
	const char *key = channel_secret(ch, CHANNEL_SIGNING_KEY);
	unsigned char code[HASH_SHA256_SIZE];
	AUTO_BUF struct buf text = BUF_INIT;

	if (!key)
		return;
	hash_hmac_sha256(slice_of(key), buf_slice(&call->body), code);
	buf_add_str(&text, "sha256=");
	for (size_t i = 0; !ch->hide && i < sizeof(code); i++)
		buf_addf(&text, "%02x", code[i]);
	if (ch->hide)
		buf_add_str(&text, key);
	channel_header(call, channel_str(ch, "signature_header"),
		       buf_str(&text));
}

/* The user's own; whether they say what the body is. */
static bool add_headers(const struct channel *ch, struct channel_call *call)
{
	const char *name;
	bool typed = false;

	for (size_t i = 0; (name = channel_item(ch, "headers", i)); i++) {
		AUTO_FREE char *key = mem_printf("headers.%s", name);
		const char *value = channel_str(ch, key);

		channel_header(call, name, value ? value : "");
		typed = typed || !strcasecmp(name, "Content-Type");
	}
	return typed;
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	const char *secret = channel_secret(ch, CHANNEL_WEBHOOK);
	const char *user = channel_str(ch, "user");

	call->method = channel_str(ch, "method");
	call->url = mem_dup(secret ? secret : channel_str(ch, "url"));
	call->idempotent = ch->traits.safe_again;
	if (ch->template) {
		if (channel_words(ch, &call->body, job->note, 0, err) < 0)
			return -1;
	} else {
		channel_note_json(&call->body, job->note, ch->name, job->key);
	}
	if (!add_headers(ch, call))
		channel_json_header(call);
	channel_header(call, "Idempotency-Key", job->key);
	if (user)
		channel_basic(call, ch, user, CHANNEL_PASSWORD);
	else
		channel_authorize(call, ch, "Bearer", CHANNEL_TOKEN);
	add_signature(ch, call);
	return 0;
}

const struct channel_kind channel_webhook = {
	.name = "webhook",
	.required = {"url|webhook"},
	.traits = {.safe_again = true},
	.markup = MARKUP_PLAIN,
	.build = build,
};
