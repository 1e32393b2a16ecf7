/*
 * channel-slack.c - the Web API with a token, or an incoming webhook.
 *
 * The API knows no identity of a message, so the key goes along as metadata
 * and is looked for in the channel. A remote id is "CHANNEL/TS". A webhook
 * answers "ok" and no more.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <oncall/when.h>

#define API		 "https://slack.com/api"
#define HEADER_MAX	 150
#define SECTION_MAX	 2900  /* of 3000 */
#define TEXT_MAX	 8500  /* of about 9500 that all blocks may have */
#define TEXT_JSON_MAX	 12000 /* bytes, of which buttons take their part */
#define FALLBACK_MAX	 3000
#define BUTTONS_MAX	 25
#define BUTTON_TEXT_MAX	 75
#define BUTTON_MAX	 500  /* of 2000 */
#define BUTTONS_JSON_MAX 5000 /* bytes of JSON; one always fits */
#define HISTORY_MAX	 200
#define CLOCK_SKEW	 (5 * WHEN_MINUTE)

static bool by_webhook(const struct channel *ch)
{
	return ch->secrets[CHANNEL_WEBHOOK] != NULL;
}

static void make_url(const struct channel *ch, struct channel_call *call,
		     const char *method)
{
	AUTO_FREE char *base = channel_base(ch, "url", API);

	call->url = mem_printf("%s/%s", base, method);
	channel_authorize(call, ch, "Bearer", CHANNEL_TOKEN);
}

static void write_words(struct buf *out, const char *key, const char *type,
			const char *text, size_t max)
{
	jwrite_open(out, key, '{');
	jwrite_str(out, "type", type);
	channel_member(out, "text", text, max);
	jwrite_close(out, '}');
}

/* As many as there is room for. */
static void write_buttons(const struct note *n, struct buf *out)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", "actions");
	jwrite_str(out, "block_id", "oncall");
	jwrite_open(out, "elements", '[');
	for (size_t i = 0; i < n->button_count && i < BUTTONS_MAX; i++) {
		size_t before = out->len;

		jwrite_open(out, NULL, '{');
		jwrite_str(out, "type", "button");
		channel_member(out, "action_id", n->buttons[i].id, 255);
		write_words(out, "text", "plain_text", n->buttons[i].label,
			    BUTTON_TEXT_MAX);
		channel_member(out, "value", n->incident ? n->incident : n->key,
			       BUTTON_MAX);
		jwrite_close(out, '}');
		if (out->len > BUTTONS_JSON_MAX) {
			buf_truncate(out, before);
			break;
		}
	}
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

/* Each part of the text is a section. */
static int write_sections(const struct channel *ch, const struct note *n,
			  struct buf *out, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT, cut = BUF_INIT, part = BUF_INIT,
			    row = BUF_INIT;
	bool buttons = channel_bool(ch, "buttons") && n->button_count;
	unsigned parts = CHANNEL_ALL & ~(unsigned)CHANNEL_TITLE;
	struct markup_parts p = {.markup = MARKUP_MRKDWN,
				 .unit = MARKUP_UTF16,
				 .max = SECTION_MAX};

	if (buttons) {
		parts &= ~(unsigned)CHANNEL_COMMANDS;
		write_buttons(n, &row);
	}
	if (channel_short(ch, &text, n, parts,
			  (struct channel_limit){MARKUP_UTF16, TEXT_MAX},
			  err) < 0)
		return -1;
	(void)markup_shorten(&cut, MARKUP_MRKDWN, buf_slice(&text), MARKUP_JSON,
			     TEXT_JSON_MAX - row.len);
	p.rest = buf_slice(&cut);
	while (markup_next(&p, &part)) {
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "type", "section");
		write_words(out, "text", "mrkdwn", buf_str(&part), SIZE_MAX);
		jwrite_close(out, '}');
	}
	if (row.len) {
		buf_add_char(out, ',');
		buf_add_slice(out, buf_slice(&row));
	}
	return 0;
}

/* The color stands beside what is attached, so the blocks do. */
static int write_blocks(const struct channel *ch, const struct note *n,
			struct buf *out, struct err *err)
{
	AUTO_BUF struct buf title = BUF_INIT, safe = BUF_INIT;
	char color[8];
	uint32_t c = channel_color(n);
	static const char digits[] = "0123456789abcdef";

	color[0] = '#';
	for (size_t i = 0; i < 6; i++)
		color[1 + i] = digits[c >> (20 - 4 * i) & 15];
	color[7] = '\0';
	channel_title(&title, n, MARKUP_PLAIN);
	channel_title(&safe, n, MARKUP_MRKDWN);
	channel_member(out, "text", buf_str(&safe), FALLBACK_MAX);
	jwrite_open(out, "attachments", '[');
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "color", color);
	channel_member(out, "fallback", buf_str(&title), FALLBACK_MAX);
	jwrite_open(out, "blocks", '[');
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", "header");
	write_words(out, "text", "plain_text", buf_str(&title), HEADER_MAX);
	jwrite_close(out, '}');
	if (write_sections(ch, n, out, err) < 0)
		return -1;
	jwrite_close(out, ']');
	jwrite_close(out, '}');
	jwrite_close(out, ']');
	return 0;
}

/* "CHANNEL/TS": where TS begins. */
static const char *stamp_of(const char *id)
{
	const char *slash = strchr(id, '/');

	return slash ? slash + 1 : id;
}

static char *channel_of(const struct channel *ch, const struct channel_job *job)
{
	const char *id = job->edit ? job->edit : job->root;
	const char *slash = id ? strchr(id, '/') : NULL;

	return slash ? mem_dup_bytes(id, (size_t)(slash - id))
		     : mem_dup(channel_room(ch, job->note));
}

static void write_place(const struct channel *ch, const struct channel_job *job,
			struct buf *out)
{
	AUTO_FREE char *where = channel_of(ch, job);

	jwrite_str(out, "channel", where);
	if (job->edit)
		jwrite_str(out, "ts", stamp_of(job->edit));
	else if (job->root)
		jwrite_str(out, "thread_ts", stamp_of(job->root));
	jwrite_open(out, "metadata", '{');
	jwrite_str(out, "event_type", "oncall_message");
	jwrite_open(out, "event_payload", '{');
	jwrite_str(out, "key", job->key);
	jwrite_close(out, '}');
	jwrite_close(out, '}');
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	struct buf *out = &call->body;

	if (by_webhook(ch))
		call->url = mem_dup(channel_secret(ch, CHANNEL_WEBHOOK));
	else
		make_url(ch, call,
			 job->edit ? "chat.update" : "chat.postMessage");
	channel_json_header(call);
	jwrite_open(out, NULL, '{');
	if (!by_webhook(ch))
		write_place(ch, job, out);
	if (!job->edit) {
		jwrite_bool(out, "unfurl_links", false);
		jwrite_bool(out, "unfurl_media", false);
	}
	if (write_blocks(ch, job->note, out, err) < 0)
		return -1;
	jwrite_close(out, '}');
	return 0;
}

static void judge_webhook(const struct http_reply *reply,
			  struct channel_result *ret)
{
	channel_judge(reply, ret);
	if (ret->outcome == CHANNEL_DELIVERED &&
	    !slice_is(buf_slice(&reply->body), "ok"))
		channel_outcome(ret, CHANNEL_UNKNOWN,
				"its answer is not \"ok\"");
}

static enum channel_outcome outcome_of(const char *error)
{
	static const char *const later[] = {"ratelimited", "rate_limited",
					    "service_unavailable",
					    "team_added_to_org"};
	static const char *const unknown[] = {"internal_error", "fatal_error",
					      "request_timeout"};

	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (!strcmp(error, later[i]))
			return CHANNEL_LATER;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		if (!strcmp(error, unknown[i]))
			return CHANNEL_UNKNOWN;
	return CHANNEL_FAILED;
}

static void keep_place(struct channel_result *ret, const json_t *answer)
{
	const char *where =
		json_string_value(json_object_get(answer, "channel"));
	const char *stamp = json_string_value(json_object_get(answer, "ts"));

	if (where && stamp)
		ret->remote_id = mem_printf("%s/%s", where, stamp);
}

static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	json_t *answer;
	const char *error;

	(void)job;
	if (by_webhook(ch)) {
		judge_webhook(reply, ret);
		return;
	}
	channel_judge(reply, ret);
	answer = channel_answer(reply);
	error = json_string_value(json_object_get(answer, "error"));
	if (ret->outcome != CHANNEL_DELIVERED && !error)
		;
	else if (json_is_true(json_object_get(answer, "ok")))
		keep_place(ret, answer);
	else if (error)
		channel_outcome(ret, outcome_of(error), "it answers '%s'",
				error);
	else
		channel_outcome(ret, CHANNEL_UNKNOWN, "its answer is no JSON");
	json_decref(answer);
}

/* The message that has the key, or NULL. */
static const json_t *find_key(const json_t *messages, const char *key)
{
	size_t i;
	const json_t *m;

	json_array_foreach(messages, i, m)
	{
		const json_t *load = json_object_get(
			json_object_get(m, "metadata"), "event_payload");
		const char *got =
			json_string_value(json_object_get(load, "key"));

		if (got && !strcmp(got, key))
			return m;
	}
	return NULL;
}

static void look_url(const struct channel *ch, const struct channel_job *job,
		     const char *where, struct channel_call *call)
{
	AUTO_FREE char *base = channel_base(ch, "url", API);
	AUTO_BUF struct buf url = BUF_INIT;

	buf_addf(&url, "%s/conversations.%s?channel=", base,
		 job->root ? "replies" : "history");
	channel_encode(&url, where);
	if (job->root)
		buf_addf(&url, "&ts=%s", stamp_of(job->root));
	buf_addf(&url, "&include_all_metadata=true&limit=%d&oldest=%lld",
		 HISTORY_MAX,
		 (long long)((job->since - CLOCK_SKEW) / WHEN_SECOND));
	call->url = buf_take(&url);
	channel_authorize(call, ch, "Bearer", CHANNEL_TOKEN);
}

static void look(struct channel *ch, const struct channel_job *job,
		 struct channel_result *ret)
{
	AUTO_FREE char *where = channel_of(ch, job);
	AUTO_CALL struct channel_call call = {.method = "GET"};
	json_t *answer;
	const json_t *m;

	ret->outcome = CHANNEL_UNKNOWN;
	if (by_webhook(ch))
		return;
	look_url(ch, job, where, &call);
	answer = channel_fetch(ch, &call, ret);
	m = find_key(json_object_get(answer, "messages"), job->key);
	if (m) {
		const char *stamp = json_string_value(json_object_get(m, "ts"));

		channel_outcome(ret, CHANNEL_DELIVERED, "%s", "");
		ret->remote_id = mem_printf("%s/%s", where, stamp ? stamp : "");
	} else if (json_is_true(json_object_get(answer, "ok")) &&
		   !json_is_true(json_object_get(answer, "has_more"))) {
		channel_outcome(ret, CHANNEL_LATER, "it is not there");
	} else {
		channel_outcome(ret, CHANNEL_UNKNOWN,
				"it cannot be looked for");
	}
	json_decref(answer);
}

static int open_slack(struct channel *ch, struct err *err)
{
	if (by_webhook(ch)) {
		ch->traits.read_back = false;
		ch->traits.edits = false;
		ch->traits.threads = false;
		return 0;
	}
	if (!channel_str(ch, "room"))
		return err_set(err, ERR_USAGE,
			       "with a token it needs targets.%s.room",
			       ch->name);
	return 0;
}

static int check(struct channel *ch, struct buf *out, struct err *err)
{
	AUTO_CALL struct channel_call call = {.method = "POST"};
	json_t *answer;
	const char *error, *team, *user;

	if (by_webhook(ch)) {
		buf_add_str(out, "a webhook cannot be asked without posting");
		return 0;
	}
	make_url(ch, &call, "auth.test");
	answer = channel_ask_json(ch, &call, err);
	if (!answer)
		return -1;
	error = json_string_value(json_object_get(answer, "error"));
	team = json_string_value(json_object_get(answer, "team"));
	user = json_string_value(json_object_get(answer, "user"));
	if (json_is_true(json_object_get(answer, "ok")))
		buf_addf(out, "%s in %s", user ? user : "?", team ? team : "?");
	else
		(void)err_set(err,
			      error && outcome_of(error) != CHANNEL_FAILED
				      ? ERR_REMOTE
				      : ERR_REFUSED,
			      "it answers '%.100s'", error ? error : "?");
	json_decref(answer);
	return err->kind == ERR_NONE ? 0 : -1;
}

const struct channel_kind channel_slack = {
	.name = "slack",
	.required = {"token|webhook"},
	.traits = {.read_back = true,
		   .edits = true,
		   .threads = true,
		   .every = 1000,
		   .burst = 3},
	.markup = MARKUP_MRKDWN,
	.open = open_slack,
	.build = build,
	.judge = judge,
	.look = look,
	.check = check,
};
