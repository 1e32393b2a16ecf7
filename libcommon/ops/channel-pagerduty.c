/*
 * channel-pagerduty.c - Events API v2. What belongs together (an incident) is
 * one alert there: its key is made of the thread, so that a repetition and
 * later messages go to the same one, and the last one resolves it.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <oncall/hash.h>

#define API	    "https://events.pagerduty.com"
#define SUMMARY_MAX 1024
#define SOURCE_MAX  255
#define DEDUP_MAX   255
#define DETAIL_MAX  8000   /* bytes of JSON, of 512 KB in all */
#define TEXT_MAX    100000 /* the same */
#define LINKS_MAX   20

static const char *severity_of(const struct note *n)
{
	static const char *const names[] = {
		[SEVERITY_INFO] = "info",	  [SEVERITY_LOW] = "info",
		[SEVERITY_MEDIUM] = "warning",	  [SEVERITY_HIGH] = "error",
		[SEVERITY_CRITICAL] = "critical",
	};

	return n->has_severity ? names[n->severity] : "warning";
}

static const char *action_of(const struct note *n)
{
	if (n->over)
		return "resolve";
	return n->reason && !strcmp(n->reason, "acknowledged") ? "acknowledge"
							       : "trigger";
}

static void write_dedup(const struct channel_job *job, struct buf *out)
{
	const struct note *n = job->note;
	const char *id = n->thread ? n->thread : n->incident;
	char digest[HASH_HEX];

	if (!id)
		id = job->key;
	if (strlen(id) > DEDUP_MAX) {
		hash_sha256_hex(id, strlen(id), digest, HASH_HEX - 1);
		id = digest;
	}
	jwrite_str(out, "dedup_key", id);
}

static const char *field_of(const struct note *n, const char *name)
{
	for (size_t i = 0; i < n->field_count; i++)
		if (!strcmp(n->fields[i].name, name))
			return n->fields[i].value;
	return NULL;
}

/* An object has each name once, and "text" is the message's own. */
static bool is_first(const struct note *n, size_t i)
{
	const struct note_pair *f = &n->fields[i];

	return strcmp(f->name, "text") != 0 && field_of(n, f->name) == f->value;
}

static int write_details(const struct channel *ch, const struct note *n,
			 struct buf *out, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (channel_short(ch, &text, n,
			  CHANNEL_TEXT | CHANNEL_CODE | CHANNEL_COMMANDS,
			  (struct channel_limit){MARKUP_JSON, TEXT_MAX},
			  err) < 0)
		return -1;
	jwrite_open(out, "custom_details", '{');
	if (text.len)
		jwrite_text(out, "text", buf_slice(&text));
	for (size_t i = 0; i < n->field_count && i < LINKS_MAX; i++)
		if (is_first(n, i))
			channel_member_json(out, n->fields[i].name,
					    slice_of(n->fields[i].value),
					    MARKUP_PLAIN, DETAIL_MAX);
	jwrite_close(out, '}');
	return 0;
}

static int write_payload(const struct channel *ch, const struct note *n,
			 struct buf *out, struct err *err)
{
	const char *source = field_of(n, "host");
	const char *category = field_of(n, "category");

	if (!source)
		source = n->service ? n->service : "oncall-tools";
	jwrite_open(out, "payload", '{');
	channel_member(out, "summary", n->title, SUMMARY_MAX);
	channel_member(out, "source", source, SOURCE_MAX);
	jwrite_str(out, "severity", severity_of(n));
	jwrite_time(out, "timestamp", n->time);
	if (n->service)
		channel_member(out, "component", n->service, SOURCE_MAX);
	if (category)
		channel_member(out, "class", category, SOURCE_MAX);
	if (write_details(ch, n, out, err) < 0)
		return -1;
	jwrite_close(out, '}');
	return 0;
}

static void write_links(struct buf *out, const struct note *n)
{
	jwrite_open(out, "links", '[');
	for (size_t i = 0; i < n->link_count && i < LINKS_MAX; i++) {
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "href", n->links[i].value);
		channel_member(out, "text", n->links[i].name, SOURCE_MAX);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	AUTO_FREE char *base = channel_base(ch, "url", API);
	struct buf *out = &call->body;

	call->url = mem_printf("%s/v2/enqueue", base);
	call->idempotent = true;
	channel_json_header(call);
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "routing_key", channel_secret(ch, CHANNEL_ROUTING_KEY));
	jwrite_str(out, "event_action", action_of(job->note));
	write_dedup(job, out);
	if (!strcmp(action_of(job->note), "trigger")) {
		jwrite_str(out, "client", "oncall-tools");
		if (write_payload(ch, job->note, out, err) < 0)
			return -1;
		write_links(out, job->note);
	}
	jwrite_close(out, '}');
	return 0;
}

static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	(void)ch;
	(void)job;
	channel_judge_id(reply, "dedup_key", ret);
}

const struct channel_kind channel_pagerduty = {
	.name = "pagerduty",
	.required = {"routing_key"},
	.traits = {.safe_again = true, .every = 500, .burst = 20},
	.markup = MARKUP_PLAIN,
	.build = build,
	.judge = judge,
};
