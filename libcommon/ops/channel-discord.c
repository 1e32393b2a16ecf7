/*
 * channel-discord.c - webhooks, with embeds. They know no identity of a
 * message, and cannot be asked for what was posted; so what is unknown stays
 * so.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#define CONTENT_MAX	2000
#define DESCRIPTION_MAX 4000 /* of 4096 */
#define ALL_MAX		5500 /* of 6000 in all embeds */
#define FIELDS_MAX	25
#define FIELD_NAME_MAX	256
#define FIELD_VALUE_MAX 400 /* of 1024 */
#define ALL_FIELDS_MAX	2000

static void make_url(const struct channel *ch, struct channel_call *call,
		     const struct channel_job *job)
{
	const char *hook = channel_secret(ch, CHANNEL_WEBHOOK);
	const char *room = channel_room(ch, job->note);
	size_t n = strcspn(hook, "?");
	AUTO_BUF struct buf url = BUF_INIT;

	buf_add(&url, hook, n);
	if (job->edit)
		buf_addf(&url, "/messages/%s", job->edit);
	/* Without it, nothing tells that a message was not kept. */
	buf_add_str(&url, "?wait=true");
	if (room) {
		buf_add_str(&url, "&thread_id=");
		channel_encode(&url, room);
	}
	call->url = buf_take(&url);
}

static size_t units(const struct buf *text)
{
	return markup_length(buf_slice(text), MARKUP_UTF16);
}

/* How much of the whole they take. */
static size_t write_fields(struct buf *out, const struct note *n)
{
	size_t used = 0;

	jwrite_open(out, "fields", '[');
	for (size_t i = 0; i < n->field_count && i < FIELDS_MAX; i++) {
		AUTO_BUF struct buf name = BUF_INIT, value = BUF_INIT,
				    escaped = BUF_INIT;

		markup_escape(&escaped, MARKUP_MARKDOWN,
			      slice_of(n->fields[i].value));
		(void)markup_shorten(&name, MARKUP_PLAIN,
				     slice_of(n->fields[i].name), MARKUP_UTF16,
				     FIELD_NAME_MAX);
		(void)markup_shorten(&value, MARKUP_MARKDOWN,
				     buf_slice(&escaped), MARKUP_UTF16,
				     FIELD_VALUE_MAX);
		if (used + units(&name) + units(&value) > ALL_FIELDS_MAX)
			break;
		used += units(&name) + units(&value);
		jwrite_open(out, NULL, '{');
		jwrite_text(out, "name", buf_slice(&name));
		jwrite_text(out, "value", buf_slice(&value));
		jwrite_bool(out, "inline", true);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
	return used;
}

static void write_parts(struct buf *out, const struct note *n,
			struct slice text, const struct buf *first)
{
	AUTO_BUF struct buf part = BUF_INIT;
	struct markup_parts p = {.rest = text,
				 .markup = MARKUP_MARKDOWN,
				 .unit = MARKUP_UTF16,
				 .max = DESCRIPTION_MAX};
	bool more = markup_next(&p, &part);

	jwrite_open(out, "embeds", '[');
	for (bool head = true; head || more; head = false) {
		jwrite_open(out, NULL, '{');
		jwrite_int(out, "color", channel_color(n));
		if (more)
			jwrite_text(out, "description", buf_slice(&part));
		if (head)
			jwrite_time(out, "timestamp", n->time);
		if (head && first->len) {
			buf_add_char(out, ',');
			buf_add_slice(out, buf_slice(first));
		}
		jwrite_close(out, '}');
		more = markup_next(&p, &part);
	}
	jwrite_close(out, ']');
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	const struct note *n = job->note;
	struct buf *out = &call->body;
	AUTO_BUF struct buf title = BUF_INIT, bold = BUF_INIT, text = BUF_INIT,
			    fields = BUF_INIT;
	size_t used = 0;

	call->method = job->edit ? "PATCH" : "POST";
	call->idempotent = job->edit != NULL;
	make_url(ch, call, job);
	channel_json_header(call);
	channel_title(&title, n, MARKUP_MARKDOWN);
	(void)markup_shorten(&bold, MARKUP_MARKDOWN, buf_slice(&title),
			     MARKUP_UTF16, CONTENT_MAX - 4);
	if (n->field_count && !ch->template)
		used = write_fields(&fields, n);
	if (channel_short(ch, &text, n,
			  CHANNEL_TEXT | CHANNEL_CODE | CHANNEL_LINKS |
				  CHANNEL_COMMANDS,
			  (struct channel_limit){MARKUP_UTF16, ALL_MAX - used},
			  err) < 0)
		return -1;
	jwrite_open(out, NULL, '{');
	buf_reset(&title);
	buf_addf(&title, "**%s**", buf_str(&bold));
	jwrite_text(out, "content", buf_slice(&title));
	write_parts(out, n, buf_slice(&text), &fields);
	jwrite_raw(out, "allowed_mentions", SLICE_LIT("{\"parse\":[]}"));
	jwrite_close(out, '}');
	return 0;
}

static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	json_t *answer = channel_answer(reply);
	const json_t *wait = json_object_get(answer, "retry_after");

	(void)ch;
	(void)job;
	channel_judge(reply, ret);
	channel_keep_id(ret, json_object_get(answer, "id"));
	if (ret->outcome == CHANNEL_DELIVERED && !ret->remote_id)
		channel_outcome(ret, CHANNEL_UNKNOWN,
				"its answer names no message");
	if (reply->status == 429 && json_is_number(wait))
		ret->retry_after =
			(int64_t)(json_number_value(wait) * 1000) + 1;
	if (reply->status == 404)
		channel_outcome(ret, CHANNEL_FAILED,
				"there is no such webhook any more");
	json_decref(answer);
}

/* A webhook tells about itself without posting. */
static int check(struct channel *ch, struct buf *out, struct err *err)
{
	const char *hook = ch->secrets[CHANNEL_WEBHOOK];
	AUTO_CALL struct channel_call call = {
		.method = "GET",
		.url = mem_dup_bytes(hook, strcspn(hook, "?"))};
	json_t *answer = channel_ask_json(ch, &call, err);
	const char *name = json_string_value(json_object_get(answer, "name"));

	if (!answer)
		return -1;
	buf_addf(out, "webhook '%s'", name ? name : "?");
	json_decref(answer);
	return 0;
}

const struct channel_kind channel_discord = {
	.name = "discord",
	.required = {"webhook"},
	.traits = {.edits = true, .every = 500, .burst = 5},
	.markup = MARKUP_MARKDOWN,
	.build = build,
	.judge = judge,
	.check = check,
};
