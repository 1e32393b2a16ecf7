#include "unit-chat.h"

#include <oncall/hash.h>

static const char record[] =
	"{\"type\":\"message\",\"key\":\"k\",\"severity\":\"high\","
	"\"time\":\"2026-11-20T10:11:12.000Z\",\"title\":\"disk full\","
	"\"text\":\"a & b\\n<c>\",\"code\":\"df -h\","
	"\"fields\":{\"host\":\"web1\"},"
	"\"links\":[{\"text\":\"book\",\"url\":\"https://e.org/?a=1&b=2\"}],"
	"\"buttons\":[{\"id\":\"ack\",\"label\":\"Acknowledge\","
	"\"command\":\"oncall-incident ack INC-1\"}]}";

static void render(struct channel *ch, const struct note *n, struct buf *out)
{
	struct channel_job job = {.note = n, .key = "k"};
	struct err err = ERR_INIT;

	if (channel_render(ch, &job, out, &err) < 0)
		fail_msg("%s: %s", channel_name(ch), err.text);
}

static void no_secret_is_shown(void **state)
{
	static const char *const secrets[] = {
		"signing key",
		"matrix-token",
		"xoxb-slack-token",
		"T/B/hook",
		"teams-secret",
		"discord-token",
		"tk_ntfy",
		"twilio-token",
		"jira-token",
		"ghp_token",
		"0123456789abcdef0123456789abcdef\""};
	AUTO_NOTE struct note n;

	(void)state;
	chat_note(&n, record);
	for (size_t i = 0; i < ARRAY_LEN(chat_names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, chat_names[i]);
		AUTO_BUF struct buf out = BUF_INIT, again = BUF_INIT;

		render(ch, &n, &out);
		for (size_t k = 0; k < ARRAY_LEN(secrets); k++)
			if (strstr(buf_str(&out), secrets[k]))
				fail_msg("%s shows %s", chat_names[i],
					 secrets[k]);
		assert_non_null(strstr(buf_str(&out), "***"));
		assert_non_null(strstr(buf_str(&out), "full"));
		render(ch, &n, &again);
		assert_string_equal(buf_str(&again), buf_str(&out));
	}
}

static void rendered_for(const char *name, const char *want)
{
	AUTO_CHANNEL struct channel *ch = chat_open(chat_config, name);
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_NOTE struct note n;

	chat_note(&n, record);
	render(ch, &n, &out);
	if (!strstr(buf_str(&out), want))
		fail_msg("%s lacks %s: %s", name, want, buf_str(&out));
}

static void each_service_has_its_language(void **state)
{
	(void)state;
	rendered_for("matrix", "a &amp; b<br>\\n&lt;c&gt;<br>");
	rendered_for("matrix", "<strong>host:</strong> web1<br>");
	rendered_for("matrix", "<a href=\\\"https://e.org/?a=1&amp;b=2\\\">");
	rendered_for("matrix", "<pre><code>df -h</code></pre>");
	rendered_for("slack", "a &amp; b\\n&lt;c&gt;\\n\\n*host:* web1");
	rendered_for("slack", "<https://e.org/?a=1&amp;b=2|book>");
	rendered_for("slack", "\"color\":\"#e8590c\"");
	rendered_for("discord", "a \\\\& b\\n\\\\<c\\\\>");
	rendered_for("discord", "[book](https://e.org/?a=1&b=2)");
	rendered_for("discord", "\"color\":15227148");
	rendered_for("teams", "\"color\":\"Attention\"");
	rendered_for("page", "\"severity\":\"error\"");
	rendered_for("ntfy", "\"priority\":4,\"tags\":[\"red_circle\"]");
	rendered_for("ntfy", "Acknowledge: oncall-incident ack INC-1");
	rendered_for("sms", "Body=%F0%9F%94%B4%20disk%20full");
	rendered_for("jira", "\"labels\":[\"oncall-k\"]");
	rendered_for("github", "<!-- oncall:k -->");
	rendered_for("hook", "\nIdempotency-Key: k\n");
}

static void opens_not(const char *yaml, const char *part)
{
	AUTO_CONFIG struct config *c = chat_load(yaml);
	struct channel *ch = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(channel_open(&ch, c, "x", &err), -1);
	assert_null(ch);
	assert_err(&err, ERR_USAGE, part);
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	opens_not("store: a\n", "no target 'x': none is configured");
	opens_not("targets: {xx: {type: stdout}}\n", "did you mean 'xx'?");
	opens_not("targets: {x: {room: r}}\n", "target 'x' has no type");
	opens_not("targets: {x: {type: webhook}}\n",
		  "target 'x' (webhook) needs targets.x.url or webhook");
	opens_not("targets: {x: {type: slack, token: {env: T_SLACK}}}\n",
		  "needs targets.x.room");
	opens_not("targets: {x: {type: file, path: a, template: /no/where}}\n",
		  "cannot open '/no/where'");
	opens_not("targets: {x: {type: matrix, homeserver: 'http://x', room: "
		  "'#a:b', token: {env: T_SLACK}}}\n",
		  "no id of a room");
	opens_not("targets: {x: {type: github, repository: web, token: {env: "
		  "T_SLACK}}}\n",
		  "is not OWNER/NAME");
	opens_not("targets: {x: {type: sms, account: a/b, from: a, to: b, "
		  "token: {env: T_SLACK}}}\n",
		  "is no account");
	opens_not("targets: {x: {type: sms, account: a, from: a, to: [b, c], "
		  "token: {env: T_SLACK}}}\n",
		  "has one number");
	opens_not("targets: {x: {type: slack, webhook: {env: T_NOT_SET}}}\n",
		  "T_NOT_SET is not set");
}

static void retired_webhooks_are_explained(void **state)
{
	(void)state;
	(void)setenv("T_OLD", "https://x.webhook.office.com/webhookb2/1", 1);
	opens_not("targets: {x: {type: teams, webhook: {env: T_OLD}}}\n",
		  "which Microsoft has retired");
}

/* The body of what a webhook with that template would get. */
static void filled(const char *template, const char *want)
{
	AUTO_FREE char *file = put_file("t", template);
	AUTO_FREE char *yaml = mem_printf(
		"targets: {x: {type: file, path: %s/out, template: %s}}\n",
		test_dir, file);
	AUTO_CONFIG struct config *c = chat_load(yaml);
	AUTO_CHANNEL struct channel *ch = chat_open(c, "x");
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_NOTE struct note n;

	chat_note(&n, record);
	render(ch, &n, &out);
	assert_string_equal(buf_str(&out), want);
}

static void templates_say_how_it_looks(void **state)
{
	AUTO_FREE char *bad = put_file("bad", "a\n${title|htlm}\n");
	AUTO_FREE char *yaml = mem_printf(
		"targets: {x: {type: file, path: a, template: %s}}\n", bad);
	AUTO_FREE char *where = mem_printf("%s:2:9: no filter 'htlm'", bad);

	(void)state;
	filled("${title|upper} ${severity} ${color} ${target}",
	       "DISK FULL high #e8590c x\n");
	filled("${#each fields}${name}=${value}${/each} ${fields.host}",
	       "host=web1 web1\n");
	filled("${#each links}<${url|html}>${/each}\n"
	       "${#each buttons}${label}: ${command}${/each}\n"
	       "${#if over}over${#else}${time|time}${/if}\n",
	       "<https://e.org/?a=1&amp;b=2>\n"
	       "Acknowledge: oncall-incident ack INC-1\n"
	       "2026-11-20 10:11:12 UTC\n");
	filled("{\"text\":\"${text|json}\"${#if count},1${/if}}",
	       "{\"text\":\"a & b\\n<c>\"}\n");
	opens_not(yaml, where);
}

static void files_are_added_to(void **state)
{
	AUTO_FREE char *yaml =
		mem_printf("targets:\n  json: {type: file, path: %s/log}\n"
			   "  text: {type: file, path: %s/log, format: text}\n"
			   "  dir: {type: file, path: %s}\n",
			   test_dir, test_dir, test_dir);
	AUTO_FREE char *path = mem_printf("%s/log", test_dir);
	AUTO_CONFIG struct config *c = chat_load(yaml);
	AUTO_CHANNEL struct channel *json = chat_open(c, "json");
	AUTO_CHANNEL struct channel *text = chat_open(c, "text");
	AUTO_CHANNEL struct channel *dir = chat_open(c, "dir");
	AUTO_NOTE struct note n;
	struct channel_job job = {.note = &n, .key = "k"};
	struct channel_result ret;
	char got[4096] = "";
	FILE *f;

	(void)state;
	chat_note(&n, record);
	channel_send(json, &job, &ret);
	assert_int_equal(ret.outcome, CHANNEL_DELIVERED);
	channel_send(text, &job, &ret);
	assert_int_equal(ret.outcome, CHANNEL_DELIVERED);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(got, 1, sizeof(got) - 1, f) > 0);
	(void)fclose(f);
	assert_non_null(strstr(got, "{\"type\":\"note\",\"id\":\"k\","));
	assert_non_null(
		strstr(got, "}\n\xf0\x9f\x94\xb4 disk full\n\na & b\n"));
	channel_send(dir, &job, &ret);
	assert_int_equal(ret.outcome, CHANNEL_LATER);
	channel_result_done(&ret);
}

static void bodies_are_signed(void **state)
{
	static const char text[] = "Hello, World!";
	static const char key[] = "It's a Secret to Everybody";
	unsigned char code[HASH_SHA256_SIZE];
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	hash_hmac_sha256(slice_of(key), slice_of(text), code);
	for (size_t i = 0; i < sizeof(code); i++)
		buf_addf(&out, "%02x", code[i]);
	assert_string_equal(buf_str(&out),
			    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46"
			    "f4379c8b043e17");
}

static void configuration_changes_traits(void **state)
{
	AUTO_CONFIG struct config *c = chat_load(
		"targets:\n"
		"  a: {type: discord, webhook: {env: T_DISCORD}, every: 5s,\n"
		"    on_unknown: retry}\n"
		"  b: {type: webhook, url: 'http://x', on_unknown: leave}\n"
		"  c: {type: slack, webhook: {env: T_SLACK_HOOK}}\n");
	AUTO_CHANNEL struct channel *a = chat_open(c, "a");
	AUTO_CHANNEL struct channel *b = chat_open(c, "b");
	AUTO_CHANNEL struct channel *hook = chat_open(c, "c");

	(void)state;
	assert_int_equal(channel_traits(a)->every, 5000);
	assert_true(channel_traits(a)->safe_again);
	assert_false(channel_traits(b)->safe_again);
	assert_false(channel_traits(hook)->edits);
	assert_false(channel_traits(hook)->read_back);
	assert_string_equal(channel_type(hook), "slack");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_secret_is_shown),
		cmocka_unit_test(each_service_has_its_language),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(retired_webhooks_are_explained),
		cmocka_unit_test(templates_say_how_it_looks),
		cmocka_unit_test(files_are_added_to),
		cmocka_unit_test(bodies_are_signed),
		cmocka_unit_test(configuration_changes_traits),
	};

	return cmocka_run_group_tests(tests, chat_setup, chat_teardown);
}
