/*
 * channel-matrix.c - client-server API v3.
 *
 * The key is the transaction id, so a repetition changes nothing. Text is
 * m.text, since clients do not notify of m.notice. A room that is encrypted
 * would show what is sent here to its server, so it is refused unless the
 * configuration allows it.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <oncall/map.h>

/* An event has at most 65536 bytes, with what the server adds. An edit holds
 * the text twice. */
#define EVENT_MAX ((size_t)60000)
#define EDIT_MAX  (EVENT_MAX / 2)

static void make_url(const struct channel *ch, struct channel_call *call,
		     const char *room, const char *what)
{
	AUTO_FREE char *base = channel_base(ch, "homeserver", "");
	AUTO_BUF struct buf url = BUF_INIT;

	buf_addf(&url, "%s/_matrix/client/v3", base);
	if (room) {
		buf_add_str(&url, "/rooms/");
		channel_encode(&url, room);
	}
	buf_add_str(&url, what);
	call->url = buf_take(&url);
	channel_authorize(call, ch, "Bearer", CHANNEL_TOKEN);
}

/* Of the text as it is, and as HTML, which is left out when it is too long. */
static int write_texts(const struct channel *ch, const struct note *n,
		       struct buf *out, const char *mark, struct err *err)
{
	size_t max = *mark ? EDIT_MAX : EVENT_MAX;
	AUTO_BUF struct buf html = BUF_INIT, plain = BUF_INIT, cut = BUF_INIT;
	size_t html_length;

	if (channel_words(ch, &html, n, CHANNEL_ALL, err) < 0)
		return -1;
	channel_text(&plain, n, MARKUP_PLAIN, CHANNEL_ALL);
	html_length = markup_length(buf_slice(&html), MARKUP_JSON);
	if (html_length > max * 2 / 3)
		html_length = 0;
	buf_add_str(&cut, mark);
	while (plain.len && plain.data[plain.len - 1] == '\n')
		buf_truncate(&plain, plain.len - 1);
	(void)markup_shorten(&cut, MARKUP_PLAIN, buf_slice(&plain), MARKUP_JSON,
			     max - html_length);
	jwrite_str(out, "msgtype", "m.text");
	jwrite_text(out, "body", buf_slice(&cut));
	if (html_length && buf_check(&html, "the message", err) == 0) {
		jwrite_str(out, "format", "org.matrix.custom.html");
		jwrite_text(out, "formatted_body", buf_slice(&html));
	}
	jwrite_raw(out, "m.mentions", SLICE_LIT("{}"));
	return buf_check(&plain, "the message", err);
}

static void write_thread(const struct channel_job *job, struct buf *out)
{
	jwrite_open(out, "m.relates_to", '{');
	jwrite_str(out, "rel_type", "m.thread");
	jwrite_str(out, "event_id", job->root);
	jwrite_bool(out, "is_falling_back", true);
	jwrite_open(out, "m.in_reply_to", '{');
	jwrite_str(out, "event_id", job->last ? job->last : job->root);
	jwrite_close(out, '}');
	jwrite_close(out, '}');
}

static int write_edit(const struct channel *ch, const struct channel_job *job,
		      struct buf *out, struct err *err)
{
	if (write_texts(ch, job->note, out, "* ", err) < 0)
		return -1;
	jwrite_open(out, "m.new_content", '{');
	if (write_texts(ch, job->note, out, "", err) < 0)
		return -1;
	jwrite_close(out, '}');
	jwrite_open(out, "m.relates_to", '{');
	jwrite_str(out, "rel_type", "m.replace");
	jwrite_str(out, "event_id", job->edit);
	jwrite_close(out, '}');
	return 0;
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	AUTO_FREE char *what = mem_printf("/send/m.room.message/%s", job->key);
	struct buf *out = &call->body;
	int rc;

	call->method = "PUT";
	call->idempotent = true;
	make_url(ch, call, channel_room(ch, job->note), what);
	channel_json_header(call);
	jwrite_open(out, NULL, '{');
	if (job->edit) {
		rc = write_edit(ch, job, out, err);
	} else {
		rc = write_texts(ch, job->note, out, "", err);
		if (job->root)
			write_thread(job, out);
	}
	jwrite_close(out, '}');
	return rc;
}

static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	json_t *answer = channel_answer(reply);
	const json_t *wait = json_object_get(answer, "retry_after_ms");
	const char *code =
		json_string_value(json_object_get(answer, "errcode"));
	const char *why = json_string_value(json_object_get(answer, "error"));

	(void)ch;
	(void)job;
	channel_judge(reply, ret);
	channel_keep_id(ret, json_object_get(answer, "event_id"));
	if (ret->outcome == CHANNEL_DELIVERED && !ret->remote_id)
		channel_outcome(ret, CHANNEL_UNKNOWN,
				"its answer names no event");
	else if (code)
		channel_outcome(ret, ret->outcome, "%s: %s", code,
				why ? why : "");
	if (!ret->retry_after && json_is_number(wait))
		ret->retry_after = (int64_t)json_number_value(wait);
	json_decref(answer);
}

/* 1 encrypted, 0 not, -1 it could not be found out: ret says why. */
static int ask_encrypted(struct channel *ch, const char *room,
			 struct channel_result *ret)
{
	AUTO_CALL struct channel_call call = {.method = "GET",
					      .idempotent = true};
	struct http_reply reply = {.status = 0};
	int rc = -1;

	make_url(ch, &call, room, "/state/m.room.encryption");
	if (channel_perform(ch, &call, &reply, ret) == 0) {
		judge(ch, NULL, &reply, ret);
		if (reply.status == 404)
			rc = 0;
		else if (reply.status == 200)
			rc = 1;
	} else if (ret->outcome == CHANNEL_UNKNOWN) {
		ret->outcome = CHANNEL_LATER; /* nothing was said there yet */
	}
	http_reply_done(&reply);
	return rc;
}

/* A room is asked about once; none becomes readable again. */
static int prepare(struct channel *ch, const struct channel_job *job,
		   struct channel_result *ret)
{
	struct map *plain = ch->own;
	const char *room = channel_room(ch, job->note);
	int encrypted;

	if (!strcmp(channel_str(ch, "encrypted"), "plain") ||
	    map_get(plain, slice_of(room)))
		return 0;
	encrypted = ask_encrypted(ch, room, ret);
	if (encrypted < 0)
		return -1;
	channel_outcome(ret, CHANNEL_FAILED,
			"the room %s is encrypted, and this program cannot "
			"encrypt; set encrypted: plain to send what its "
			"server can read",
			room);
	if (encrypted)
		return -1;
	*map_put(plain, slice_of(room)) = ch;
	return 0;
}

static int open_matrix(struct channel *ch, struct err *err)
{
	const char *room = channel_str(ch, "room");

	if (*room != '!')
		return err_set(err, ERR_USAGE,
			       "room '%s' is no id of a room, which begins "
			       "with '!'",
			       room);
	ch->own = mem_zero(1, sizeof(struct map));
	return 0;
}

static void close_matrix(struct channel *ch)
{
	if (ch->own)
		map_done(ch->own, NULL);
	free(ch->own);
}

static int check(struct channel *ch, struct buf *out, struct err *err)
{
	AUTO_CALL struct channel_call call = {.method = "GET"};
	const char *room = channel_str(ch, "room");
	struct channel_result ret = {.outcome = CHANNEL_FAILED};
	json_t *answer;
	int encrypted;

	make_url(ch, &call, NULL, "/account/whoami");
	answer = channel_ask_json(ch, &call, err);
	if (!answer)
		return -1;
	encrypted = ask_encrypted(ch, room, &ret);
	buf_addf(out, "%s, room %s ",
		 json_is_string(json_object_get(answer, "user_id"))
			 ? json_string_value(json_object_get(answer, "user_id"))
			 : "?",
		 room);
	json_decref(answer);
	if (encrypted >= 0)
		buf_add_str(out, encrypted ? "is encrypted" : "can be read");
	else
		(void)err_set(err,
			      ret.outcome == CHANNEL_LATER ? ERR_REMOTE
							   : ERR_REFUSED,
			      "room %s: %s", room, ret.reason);
	channel_result_done(&ret);
	return encrypted < 0 ? -1 : 0;
}

const struct channel_kind channel_matrix = {
	.name = "matrix",
	.required = {"homeserver", "room", "token"},
	.traits = {.safe_again = true,
		   .edits = true,
		   .threads = true,
		   .every = 200,
		   .burst = 10},
	.markup = MARKUP_HTML,
	.open = open_matrix,
	.close = close_matrix,
	.prepare = prepare,
	.build = build,
	.judge = judge,
	.check = check,
};
