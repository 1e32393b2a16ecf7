/*
 * channel-ntfy.c - publishes JSON. There is no identity of a message, so what
 * is unknown is looked for among the topic's latest messages, by its text.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <oncall/when.h>

#define API	    "https://ntfy.sh"
#define MESSAGE_MAX 4000 /* bytes, of 4096; more becomes an attachment */
#define TITLE_MAX   250
#define CLOCK_SKEW  WHEN_MINUTE

static void authorize(struct channel_call *call, const struct channel *ch)
{
	const char *user = channel_str(ch, "user");

	if (user)
		channel_basic(call, ch, user, CHANNEL_PASSWORD);
	else
		channel_authorize(call, ch, "Bearer", CHANNEL_TOKEN);
}

static void write_look(const struct note *n, struct buf *out)
{
	static const struct {
		int priority;
		const char *tag;
	} looks[] = {
		[SEVERITY_INFO] = {2, "blue_circle"},
		[SEVERITY_LOW] = {3, "yellow_circle"},
		[SEVERITY_MEDIUM] = {3, "orange_circle"},
		[SEVERITY_HIGH] = {4, "red_circle"},
		[SEVERITY_CRITICAL] = {5, "rotating_light"},
	};
	int priority = n->has_severity ? looks[n->severity].priority : 3;
	const char *tag =
		n->has_severity ? looks[n->severity].tag : "information_source";

	jwrite_int(out, "priority", n->over ? 3 : priority);
	jwrite_open(out, "tags", '[');
	jwrite_str(out, NULL, n->over ? "white_check_mark" : tag);
	jwrite_close(out, ']');
}

static int write_message(const struct channel *ch, const struct note *n,
			 struct buf *out, struct err *err)
{
	AUTO_BUF struct buf title = BUF_INIT, text = BUF_INIT;

	buf_add_str(&title, n->title);
	if (n->count > 1)
		buf_addf(&title, " (%lld times)", (long long)n->count);
	if (channel_short(ch, &text, n, CHANNEL_ALL & ~(unsigned)CHANNEL_TITLE,
			  (struct channel_limit){MARKUP_BYTES, MESSAGE_MAX},
			  err) < 0)
		return -1;
	channel_member(out, "title", buf_str(&title), TITLE_MAX);
	jwrite_str(out, "message", text.len ? buf_str(&text) : n->title);
	return 0;
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	const struct note *n = job->note;
	struct buf *out = &call->body;

	call->url = channel_base(ch, "url", API);
	authorize(call, ch);
	channel_json_header(call);
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "topic", channel_room(ch, n));
	if (write_message(ch, n, out, err) < 0)
		return -1;
	write_look(n, out);
	if (n->link_count)
		jwrite_str(out, "click", n->links[0].value);
	jwrite_close(out, '}');
	return 0;
}

static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	(void)ch;
	(void)job;
	channel_judge_id(reply, "id", ret);
}

static char *topic_url(const struct channel *ch, const struct note *n,
		       const char *what)
{
	AUTO_FREE char *base = channel_base(ch, "url", API);
	AUTO_BUF struct buf url = BUF_INIT;

	buf_addf(&url, "%s/", base);
	channel_encode(&url, channel_room(ch, n));
	buf_add_str(&url, what);
	return buf_take(&url);
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	const char *x = json_string_value(json_object_get(a, key));
	const char *y = json_string_value(json_object_get(b, key));

	return x && y && !strcmp(x, y);
}

/* Messages come one a line. */
static bool find(const struct http_reply *reply, const json_t *ours,
		 struct channel_result *ret)
{
	const char *p = buf_str(&reply->body);
	bool found = false;

	while (*p && !found) {
		size_t n = strcspn(p, "\n");
		json_t *line = json_loadb(p, n, 0, NULL);

		found = same(line, ours, "title") &&
			same(line, ours, "message");
		if (found)
			channel_keep_id(ret, json_object_get(line, "id"));
		json_decref(line);
		p += n + (p[n] != '\0');
	}
	return found;
}

static void look(struct channel *ch, const struct channel_job *job,
		 struct channel_result *ret)
{
	AUTO_FREE char *what = mem_printf(
		"/json?poll=1&since=%lld",
		(long long)((job->since - CLOCK_SKEW) / WHEN_SECOND));
	AUTO_CALL struct channel_call call = {
		.method = "GET", .url = topic_url(ch, job->note, what)};
	AUTO_BUF struct buf text = BUF_INIT;
	struct http_reply reply = {.status = 0};
	struct err err = ERR_INIT;
	json_t *ours = NULL;

	authorize(&call, ch);
	jwrite_open(&text, NULL, '{');
	if (write_message(ch, job->note, &text, &err) == 0) {
		jwrite_close(&text, '}');
		ours = json_loadb(buf_str(&text), text.len, 0, NULL);
	}
	if (channel_perform(ch, &call, &reply, ret) == 0)
		channel_judge(&reply, ret);
	if (ret->outcome != CHANNEL_DELIVERED)
		ret->outcome = CHANNEL_UNKNOWN;
	else if (!find(&reply, ours, ret))
		channel_outcome(ret, CHANNEL_LATER, "it is not there");
	json_decref(ours);
	http_reply_done(&reply);
}

static int check(struct channel *ch, struct buf *out, struct err *err)
{
	AUTO_CALL struct channel_call call = {
		.method = "GET", .url = topic_url(ch, NULL, "/auth")};
	json_t *answer;

	authorize(&call, ch);
	answer = channel_ask_json(ch, &call, err);
	if (!answer)
		return -1;
	buf_addf(out, "topic %s can be read", channel_str(ch, "room"));
	json_decref(answer);
	return 0;
}

const struct channel_kind channel_ntfy = {
	.name = "ntfy",
	.required = {"room"},
	.traits = {.read_back = true, .every = 1000, .burst = 30},
	.markup = MARKUP_PLAIN,
	.build = build,
	.judge = judge,
	.look = look,
	.check = check,
};
