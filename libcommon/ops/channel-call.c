/* channel-call.c - requests of HTTP, and what their answers mean. */
#include "channel-internal.h"

#include <ctype.h>

#include <oncall/base64.h>

#define ANSWER_MAX ((size_t)1024 * 1024)
#define SAID_MAX   200 /* of an answer in a reason */

void channel_call_done(struct channel_call *c)
{
	free(c->url);
	for (size_t i = 0; i < c->header_count; i++)
		free(c->headers[i]);
	buf_done(&c->body);
}

void channel_header(struct channel_call *c, const char *name, const char *value)
{
	if (c->header_count < CHANNEL_HEADERS_MAX)
		c->headers[c->header_count++] =
			mem_printf("%s: %s", name, value);
}

void channel_authorize(struct channel_call *c, const struct channel *ch,
		       const char *scheme, enum channel_secret s)
{
	const char *secret = channel_secret(ch, s);

	if (secret && c->header_count < CHANNEL_HEADERS_MAX)
		c->headers[c->header_count++] =
			mem_printf("Authorization: %s %s", scheme, secret);
}

void channel_basic(struct channel_call *c, const struct channel *ch,
		   const char *user, enum channel_secret s)
{
	const char *secret = channel_secret(ch, s);
	AUTO_BUF struct buf pair = BUF_INIT, text = BUF_INIT;

	if (ch->hide) {
		channel_header(c, "Authorization", "Basic ***");
		return;
	}
	buf_addf(&pair, "%s:%s", user, secret ? secret : "");
	buf_add_str(&text, "Basic ");
	base64_add(&text, pair.data, pair.len);
	channel_header(c, "Authorization", buf_str(&text));
}

void channel_json_header(struct channel_call *c)
{
	channel_header(c, "Content-Type", "application/json; charset=utf-8");
}

void channel_encode(struct buf *out, const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_add_char(out, *text);
		else
			buf_addf(out, "%%%02X", (unsigned char)*text);
}

static struct http *http_of(struct channel *ch, struct err *err)
{
	struct http_options o = {.ca_file = channel_str(ch, "ca_file")};

	if (!ch->http)
		ch->http = http_new(&o, err);
	return ch->http;
}

static int request(struct channel *ch, const struct channel_call *call,
		   struct http_reply *reply, struct err *err)
{
	struct http_request req = {
		.method = call->method,
		.url = call->url,
		.headers = (const char *const *)call->headers,
		.body = buf_slice(&call->body),
		.timeout_ms = channel_duration(ch, "timeout"),
		.body_max = ANSWER_MAX,
		.idempotent = call->idempotent,
	};

	if (buf_check(&call->body, "the message", err) < 0 || !http_of(ch, err))
		return -1;
	return http_send(ch->http, &req, reply, err);
}

int channel_perform(struct channel *ch, const struct channel_call *call,
		    struct http_reply *reply, struct channel_result *ret)
{
	struct err err = ERR_INIT;

	if (request(ch, call, reply, &err) == 0)
		return 0;
	/* ERR_SYSTEM: this machine lacks something. */
	if (err.kind != ERR_REMOTE && err.kind != ERR_SYSTEM)
		channel_outcome(ret, CHANNEL_FAILED, "%s", err.text);
	else if (err.kind == ERR_REMOTE && reply->unknown)
		channel_outcome(ret, CHANNEL_UNKNOWN, "%s", err.text);
	else
		channel_outcome(ret, CHANNEL_LATER, "%s", err.text);
	return -1;
}

static enum channel_outcome outcome_of(long status)
{
	if (status / 100 == 2)
		return CHANNEL_DELIVERED;
	switch (status) {
	case 408:
	case 425:
	case 429:
	case 500:
	case 503:
	case 507:
	case 529:
		return CHANNEL_LATER;
	case 502:
	case 504: /* a gateway that may have passed it on */
		return CHANNEL_UNKNOWN;
	default:
		return CHANNEL_FAILED;
	}
}

void channel_judge(const struct http_reply *reply, struct channel_result *ret)
{
	enum channel_outcome o = outcome_of(reply->status);
	size_t n = reply->body.len < SAID_MAX ? reply->body.len : SAID_MAX;

	ret->retry_after = reply->retry_after_ms;
	if (o == CHANNEL_DELIVERED)
		channel_outcome(ret, o, "%s", "");
	else
		channel_outcome(ret, o, "it answers with status %ld%s%.*s",
				reply->status, n ? ": " : "", (int)n,
				n ? reply->body.data : "");
}

json_t *channel_answer(const struct http_reply *reply)
{
	return json_loadb(reply->body.len ? reply->body.data : "",
			  reply->body.len, 0, NULL);
}

void channel_judge_id(const struct http_reply *reply, const char *member,
		      struct channel_result *ret)
{
	json_t *answer = channel_answer(reply);

	channel_judge(reply, ret);
	if (ret->outcome == CHANNEL_DELIVERED)
		channel_keep_id(ret, json_object_get(answer, member));
	json_decref(answer);
}

int channel_ask(struct channel *ch, const struct channel_call *call,
		struct http_reply *reply, struct err *err)
{
	bool refused;

	if (request(ch, call, reply, err) < 0)
		return -1;
	if (reply->status / 100 == 2)
		return 0;
	refused = reply->status == 401 || reply->status == 403 ||
		  reply->status == 404;
	return err_set(err, refused ? ERR_REFUSED : ERR_REMOTE,
		       "it answers with status %ld", reply->status);
}

json_t *channel_ask_json(struct channel *ch, const struct channel_call *call,
			 struct err *err)
{
	struct http_reply reply = {.status = 0};
	json_t *answer = NULL;

	if (channel_ask(ch, call, &reply, err) == 0) {
		answer = channel_answer(&reply);
		if (!answer)
			(void)err_set(err, ERR_REMOTE, "its answer is no JSON");
	}
	http_reply_done(&reply);
	return answer;
}

json_t *channel_fetch(struct channel *ch, const struct channel_call *call,
		      struct channel_result *ret)
{
	struct http_reply reply = {.status = 0};
	json_t *answer = NULL;

	if (channel_perform(ch, call, &reply, ret) == 0) {
		channel_judge(&reply, ret);
		if (ret->outcome == CHANNEL_DELIVERED)
			answer = channel_answer(&reply);
		if (ret->outcome == CHANNEL_DELIVERED && !answer)
			channel_outcome(ret, CHANNEL_LATER,
					"its answer is no JSON");
	}
	http_reply_done(&reply);
	return answer;
}

void channel_keep_id(struct channel_result *ret, const json_t *value)
{
	free(ret->remote_id);
	ret->remote_id = NULL;
	if (json_is_string(value))
		ret->remote_id = mem_dup(json_string_value(value));
	else if (json_is_integer(value))
		ret->remote_id = mem_printf(
			"%lld", (long long)json_integer_value(value));
}
