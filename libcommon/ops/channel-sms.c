/*
 * channel-sms.c - Twilio's API. A target has one number: each message has one
 * outcome. What is unknown is looked for among the latest messages to it.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <oncall/when.h>

#define API	   "https://api.twilio.com"
#define BODY_MAX   480 /* UTF-16 units: a few parts; the API takes 1600 */
#define PAGE	   50
#define CLOCK_SKEW WHEN_MINUTE

static void make_url(const struct channel *ch, struct channel_call *call,
		     const char *what)
{
	AUTO_FREE char *base = channel_base(ch, "url", API);
	const char *account = channel_str(ch, "account");

	call->url =
		mem_printf("%s/2010-04-01/Accounts/%s%s", base, account, what);
	channel_basic(call, ch, account, CHANNEL_TOKEN);
}

static int make_body(const struct channel *ch, const struct note *n,
		     struct buf *out, struct err *err)
{
	return channel_short(
		ch, out, n, CHANNEL_TITLE | CHANNEL_TEXT | CHANNEL_LINKS,
		(struct channel_limit){MARKUP_UTF16, BODY_MAX}, err);
}

static void add_value(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "%s%s=", out->len ? "&" : "", key);
	channel_encode(out, value);
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (make_body(ch, job->note, &text, err) < 0)
		return -1;
	make_url(ch, call, "/Messages.json");
	channel_header(call, "Content-Type",
		       "application/x-www-form-urlencoded");
	add_value(&call->body, "To", channel_item(ch, "to", 0));
	add_value(&call->body, "From", channel_str(ch, "from"));
	add_value(&call->body, "Body", buf_str(&text));
	return 0;
}

/* That it was queued is all that is known at once. */
static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	json_t *answer = channel_answer(reply);
	const char *why = json_string_value(json_object_get(answer, "message"));

	(void)ch;
	(void)job;
	channel_judge(reply, ret);
	if (ret->outcome == CHANNEL_DELIVERED) {
		ret->outcome = CHANNEL_ACCEPTED;
		channel_keep_id(ret, json_object_get(answer, "sid"));
	} else if (why) {
		channel_outcome(ret, ret->outcome, "%s", why);
	}
	json_decref(answer);
}

static bool is_ours(const json_t *m, const char *body, int64_t since)
{
	const char *got = json_string_value(json_object_get(m, "body"));
	const char *date =
		json_string_value(json_object_get(m, "date_created"));
	struct when when;

	return got && date && !strcmp(got, body) &&
	       when_parse_log(date, strlen(date), since, &when) == 0 &&
	       when.ms >= since;
}

static void find(const json_t *answer, const char *body, int64_t since,
		 struct channel_result *ret)
{
	size_t i;
	const json_t *m;

	channel_outcome(ret, CHANNEL_LATER, "it is not there");
	json_array_foreach(json_object_get(answer, "messages"), i, m)
	{
		if (!is_ours(m, body, since))
			continue;
		channel_outcome(ret, CHANNEL_DELIVERED, "%s", "");
		channel_keep_id(ret, json_object_get(m, "sid"));
		return;
	}
}

static void look(struct channel *ch, const struct channel_job *job,
		 struct channel_result *ret)
{
	AUTO_CALL struct channel_call call = {.method = "GET"};
	AUTO_BUF struct buf what = BUF_INIT, query = BUF_INIT, text = BUF_INIT;
	struct err err = ERR_INIT;
	json_t *answer;

	add_value(&query, "To", channel_item(ch, "to", 0));
	add_value(&query, "From", channel_str(ch, "from"));
	buf_addf(&what, "/Messages.json?%s&PageSize=%d", buf_str(&query), PAGE);
	make_url(ch, &call, buf_str(&what));
	answer = channel_fetch(ch, &call, ret);
	if (answer && make_body(ch, job->note, &text, &err) == 0)
		find(answer, buf_str(&text), job->since - CLOCK_SKEW, ret);
	else
		ret->outcome = CHANNEL_UNKNOWN;
	json_decref(answer);
}

static int check(struct channel *ch, struct buf *out, struct err *err)
{
	AUTO_CALL struct channel_call call = {.method = "GET"};
	json_t *answer;
	const char *status;

	make_url(ch, &call, ".json");
	answer = channel_ask_json(ch, &call, err);
	if (!answer)
		return -1;
	status = json_string_value(json_object_get(answer, "status"));
	if (status && !strcmp(status, "active"))
		buf_addf(out, "account %s is active",
			 channel_str(ch, "account"));
	else
		(void)err_set(err, ERR_REFUSED, "the account is '%.40s'",
			      status ? status : "?");
	json_decref(answer);
	return err->kind == ERR_NONE ? 0 : -1;
}

static int open_sms(struct channel *ch, struct err *err)
{
	const char *account = channel_str(ch, "account");

	if (channel_item(ch, "to", 1))
		return err_set(err, ERR_USAGE,
			       "a target has one number, and a group has "
			       "several targets");
	for (const char *p = account; *p; p++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
			    "wxyz0123456789",
			    *p))
			return err_set(err, ERR_USAGE,
				       "'%s' is no account of Twilio", account);
	return 0;
}

const struct channel_kind channel_sms = {
	.name = "sms",
	.required = {"account", "token", "from", "to"},
	.traits = {.read_back = true, .every = 1000, .burst = 1},
	.markup = MARKUP_PLAIN,
	.open = open_sms,
	.build = build,
	.judge = judge,
	.look = look,
	.check = check,
};
