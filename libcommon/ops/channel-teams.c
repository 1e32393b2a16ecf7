/*
 * channel-teams.c - webhooks of Teams' workflows, with an Adaptive Card. The
 * flow answers before the card is posted, so a message is accepted at best.
 * Office 365 connectors are retired and their addresses refused.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

/* The service measures 28672 bytes after it has encoded the body anew. */
#define BODY_MAX 20000
/* Bytes of JSON, which are less than that together. */
#define TITLE_MAX    600
#define TEXT_MAX     6000
#define CODE_MAX     3500
#define FACTS_MAX    16
#define FACT_MAX     220 /* of a value */
#define FACT_NAME    90
#define LINKS_MAX    5
#define LINK_URL_MAX 500

/* One end of a line is a blank to Markdown. */
static void double_breaks(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool twice = text.ptr[i] == '\n' &&
			     (i + 1 == text.len || text.ptr[i + 1] != '\n') &&
			     (i == 0 || text.ptr[i - 1] != '\n');

		buf_add_char(out, text.ptr[i]);
		if (twice)
			buf_add_char(out, '\n');
	}
}

static void write_block(struct buf *out, struct slice text, const char *color,
			const char *font)
{
	if (!text.len)
		return;
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", "TextBlock");
	jwrite_text(out, "text", text);
	jwrite_bool(out, "wrap", true);
	if (color) {
		jwrite_str(out, "weight", "Bolder");
		jwrite_str(out, "size", "Medium");
		jwrite_str(out, "color", color);
	}
	jwrite_str_opt(out, "fontType", font);
	jwrite_close(out, '}');
}

static const char *color_of(const struct note *n)
{
	if (n->over)
		return "Good";
	if (n->has_severity && n->severity >= SEVERITY_HIGH)
		return "Attention";
	return n->has_severity && n->severity >= SEVERITY_LOW ? "Warning"
							      : "Default";
}

static void write_facts(struct buf *out, const struct note *n)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", "FactSet");
	jwrite_open(out, "facts", '[');
	for (size_t i = 0; i < n->field_count && i < FACTS_MAX; i++) {
		AUTO_BUF struct buf name = BUF_INIT, value = BUF_INIT;

		markup_escape(&name, MARKUP_MARKDOWN,
			      slice_of(n->fields[i].name));
		markup_escape(&value, MARKUP_MARKDOWN,
			      slice_of(n->fields[i].value));
		jwrite_open(out, NULL, '{');
		channel_member_json(out, "title", buf_slice(&name),
				    MARKUP_MARKDOWN, FACT_NAME);
		channel_member_json(out, "value", buf_slice(&value),
				    MARKUP_MARKDOWN, FACT_MAX);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

static void write_links(struct buf *out, const struct note *n)
{
	size_t count = 0;

	jwrite_open(out, "actions", '[');
	for (size_t i = 0; i < n->link_count && count < LINKS_MAX; i++) {
		if (strlen(n->links[i].value) > LINK_URL_MAX)
			continue;
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "type", "Action.OpenUrl");
		channel_member_json(out, "title", slice_of(n->links[i].name),
				    MARKUP_PLAIN, FACT_NAME);
		jwrite_str(out, "url", n->links[i].value);
		jwrite_close(out, '}');
		count++;
	}
	jwrite_close(out, ']');
}

static int write_body(const struct channel *ch, const struct note *n,
		      struct buf *out, struct err *err)
{
	AUTO_BUF struct buf title = BUF_INIT, cut = BUF_INIT, text = BUF_INIT,
			    lines = BUF_INIT, words = BUF_INIT, code = BUF_INIT;

	channel_title(&title, n, MARKUP_MARKDOWN);
	(void)markup_shorten(&cut, MARKUP_MARKDOWN, buf_slice(&title),
			     MARKUP_JSON, TITLE_MAX);
	if (channel_short(ch, &text, n, CHANNEL_TEXT | CHANNEL_COMMANDS,
			  (struct channel_limit){MARKUP_JSON, TEXT_MAX},
			  err) < 0)
		return -1;
	double_breaks(&lines, buf_slice(&text));
	(void)markup_shorten(&words, MARKUP_MARKDOWN, buf_slice(&lines),
			     MARKUP_JSON, TEXT_MAX);
	if (n->code && !ch->template)
		(void)markup_shorten(&code, MARKUP_PLAIN, slice_of(n->code),
				     MARKUP_JSON, CODE_MAX);
	jwrite_open(out, "body", '[');
	write_block(out, buf_slice(&cut), color_of(n), NULL);
	write_block(out, buf_slice(&words), NULL, NULL);
	if (n->field_count && !ch->template)
		write_facts(out, n);
	write_block(out, buf_slice(&code), NULL, "Monospace");
	jwrite_close(out, ']');
	return 0;
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	struct buf *out = &call->body;

	call->url = mem_dup(channel_secret(ch, CHANNEL_WEBHOOK));
	channel_json_header(call);
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", "message");
	jwrite_open(out, "attachments", '[');
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "contentType",
		   "application/vnd.microsoft.card.adaptive");
	jwrite_raw(out, "contentUrl", SLICE_LIT("null"));
	jwrite_open(out, "content", '{');
	jwrite_str(out, "$schema",
		   "http://adaptivecards.io/schemas/adaptive-card.json");
	jwrite_str(out, "type", "AdaptiveCard");
	jwrite_str(out, "version", "1.2");
	if (write_body(ch, job->note, out, err) < 0)
		return -1;
	if (job->note->link_count)
		write_links(out, job->note);
	jwrite_raw(out, "msteams", SLICE_LIT("{\"width\":\"full\"}"));
	jwrite_close(out, '}');
	jwrite_close(out, '}');
	jwrite_close(out, ']');
	jwrite_close(out, '}');
	if (out->len > BODY_MAX)
		return err_set(err, ERR_INPUT,
			       "the card has %zu bytes, more than %d", out->len,
			       BODY_MAX);
	return 0;
}

static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	(void)ch;
	(void)job;
	channel_judge(reply, ret);
	if (ret->outcome != CHANNEL_DELIVERED)
		return;
	ret->outcome = CHANNEL_ACCEPTED;
	if (reply->body.len && strstr(reply->body.data, "HTTP error 429"))
		channel_outcome(ret, CHANNEL_LATER, "it is rate limited");
}

static int open_teams(struct channel *ch, struct err *err)
{
	static const char *const retired[] = {"webhook.office.com",
					      "outlook.office.com",
					      "outlook.office365.com"};

	for (size_t i = 0; i < ARRAY_LEN(retired); i++)
		if (strcasestr(ch->secrets[CHANNEL_WEBHOOK], retired[i]))
			return err_set(
				err, ERR_USAGE,
				"the webhook is one of an Office 365 "
				"connector (%s), which Microsoft has retired; "
				"make one in Teams' app Workflows, \"When a "
				"Teams webhook request is received\"",
				retired[i]);
	return 0;
}

const struct channel_kind channel_teams = {
	.name = "teams",
	.required = {"webhook"},
	.traits = {.every = 1000, .burst = 3},
	.markup = MARKUP_MARKDOWN,
	.open = open_teams,
	.build = build,
	.judge = judge,
};
