#include "unit-chat.h"

#include <oncall/clock.h>
#include <oncall/when.h>

static const char record[] =
	"{\"type\":\"message\",\"id\":\"k\",\"key\":\"INC-20261120-0001.0a.1\","
	"\"time\":\"2026-11-20T10:11:12.000Z\",\"thread\":\"INC-20261120-"
	"0001\","
	"\"incident\":\"INC-20261120-0001\",\"severity\":\"high\","
	"\"service\":\"web\",\"reason\":\"first\","
	"\"title\":\"disk *full* on <web1> & `web2`\","
	"\"text\":\"line _one_\\nline 2 @everyone <!channel>\","
	"\"fields\":{\"host\":\"web1\",\"a*b\":\"<b>&amp;\"},"
	"\"links\":[{\"text\":\"run [book]\",\"url\":\"https://e.org/a "
	"b?c&d\"}],"
	"\"code\":\"oncall-act run x --set 'a<b'\","
	"\"buttons\":[{\"id\":\"ack\",\"label\":\"Acknowledge\","
	"\"command\":\"oncall-incident ack INC-20261120-0001\"}]}";

static struct channel_result result;

static void send_note(struct channel *ch, const struct channel_job *job,
		      enum channel_outcome want)
{
	channel_result_done(&result);
	channel_send(ch, job, &result);
	if (result.outcome != want)
		fail_msg("%s: outcome %d: %s", channel_name(ch), result.outcome,
			 result.reason ? result.reason : "");
}

static enum channel_outcome usual(const char *name)
{
	return !strcmp(name, "teams") || !strcmp(name, "sms")
		       ? CHANNEL_ACCEPTED
		       : CHANNEL_DELIVERED;
}

static void every_service_takes_a_message(void **state)
{
	AUTO_NOTE struct note n;
	struct channel_job job = {.note = &n, .key = "INC-20261120-0001.0a.1"};

	(void)state;
	chat_note(&n, record);
	for (size_t i = 0; i < ARRAY_LEN(chat_names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, chat_names[i]);

		send_note(ch, &job, usual(chat_names[i]));
	}
}

/* 10 MB, every character that means something, and blocks of code in it. */
static void fill_hostile(struct buf *out)
{
	buf_add_str(out, "{\"type\":\"message\",\"key\":\"big\",\"title\":\"");
	for (int i = 0; i < 300; i++)
		buf_add_str(out, "\xf0\x9f\x94\xa5<&>*_`");
	buf_add_str(out, "\\r\\nBcc: x@y\",\"text\":\"");
	while (out->len < (size_t)10 * 1024 * 1024)
		buf_add_str(out, "```\\n<b>&\\u0000\\u001b[1m*_~|[x](y) "
				 "\xe4\xbd\xa0\xf0\x9f\x98\x80@all\\n");
	buf_add_str(out, "\",\"code\":\"");
	for (int i = 0; i < 5000; i++)
		buf_add_str(out, "if (a < b && c > d) ```x``` {noformat}\\n");
	buf_add_str(out, "\",\"fields\":{");
	for (int i = 0; i < 200; i++)
		buf_addf(out, "%s\"f%d<&>\":\"%0500d*&<\"", i ? "," : "", i, i);
	buf_add_str(out, "},\"links\":[");
	for (int i = 0; i < 50; i++)
		buf_addf(out,
			 "%s{\"text\":\"]|>\",\"url\":\"https://e/%d|>)\"}",
			 i ? "," : "", i);
	buf_add_str(out, "]}");
}

static void limits_are_kept_whatever_it_says(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_NOTE struct note n;
	struct channel_job job = {.note = &n, .key = "big"};

	(void)state;
	fill_hostile(&text);
	chat_note(&n, buf_str(&text));
	for (size_t i = 0; i < ARRAY_LEN(chat_names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, chat_names[i]);

		if (strcmp(chat_names[i], "hook") != 0)
			send_note(ch, &job, usual(chat_names[i]));
	}
}

static void later_messages_belong_to_the_first(void **state)
{
	static const char *const names[] = {"matrix", "slack", "jira",
					    "github"};
	AUTO_NOTE struct note n;

	(void)state;
	chat_note(&n, record);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, names[i]);
		AUTO_FREE char *root = NULL;
		AUTO_FREE char *key = mem_printf("thread.%zu", i);
		struct channel_job job = {.note = &n, .key = key};

		assert_true(channel_traits(ch)->threads);
		send_note(ch, &job, CHANNEL_DELIVERED);
		root = mem_dup(result.remote_id);
		assert_non_null(root);
		job = (struct channel_job){
			.note = &n, .key = "thread.b", .root = root};
		send_note(ch, &job, CHANNEL_DELIVERED);
		n.over = true;
		job.key = "thread.c";
		send_note(ch, &job, CHANNEL_DELIVERED);
		job.key = "thread.d"; /* it is closed already */
		send_note(ch, &job, CHANNEL_DELIVERED);
		n.over = false;
	}
}

static void messages_are_edited(void **state)
{
	static const char *const names[] = {"matrix", "slack", "discord"};
	AUTO_NOTE struct note n;

	(void)state;
	chat_note(&n, record);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, names[i]);
		AUTO_FREE char *first = NULL, *seen = NULL, *path = NULL;
		struct channel_job job = {.note = &n, .key = "edit.a"};

		assert_true(channel_traits(ch)->edits);
		send_note(ch, &job, CHANNEL_DELIVERED);
		first = mem_dup(result.remote_id);
		n.count = 77;
		job = (struct channel_job){
			.note = &n, .key = "edit.b", .edit = first};
		send_note(ch, &job, CHANNEL_DELIVERED);
		n.count = 1;
		path = mem_printf("/seen/%s", names[i]);
		seen = chat_ask(path, NULL);
		assert_non_null(strstr(seen, "(77 times)"));
	}
}

static void a_repetition_is_the_same_message(void **state)
{
	AUTO_CHANNEL struct channel *ch = chat_open(chat_config, "matrix");
	AUTO_NOTE struct note n;
	AUTO_FREE char *first = NULL;
	struct channel_job job = {.note = &n, .key = "twice"};

	(void)state;
	chat_note(&n, record);
	assert_true(channel_traits(ch)->safe_again);
	send_note(ch, &job, CHANNEL_DELIVERED);
	first = mem_dup(result.remote_id);
	/* libcurl repeats it once by itself on a connection that was open. */
	chat_plan("matrix", "lost", 2);
	send_note(ch, &job, CHANNEL_UNKNOWN);
	send_note(ch, &job, CHANNEL_DELIVERED);
	assert_string_equal(result.remote_id, first);
}

static void look(struct channel *ch, const struct channel_job *job,
		 enum channel_outcome want)
{
	channel_result_done(&result);
	channel_look(ch, job, &result);
	if (result.outcome != want)
		fail_msg("%s: found %d: %s", channel_name(ch), result.outcome,
			 result.reason ? result.reason : "");
}

/* What was lost on the way back is found; what never came is not. */
static void what_is_unknown_is_looked_for(void **state)
{
	static const char *const names[] = {"slack", "ntfy", "sms", "github",
					    "jira"};
	AUTO_NOTE struct note n;
	AUTO_FREE char *plain = NULL;

	(void)state;
	chat_note(&n, record);
	plain = n.title;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, names[i]);
		struct channel_job job = {
			.note = &n, .key = "look.a", .since = clock_now()};

		assert_true(channel_traits(ch)->read_back);
		n.title = mem_printf("to be looked for %zu", i);
		if (!strcmp(names[i], "slack"))
			n.room = mem_dup("C0123456");
		chat_plan(names[i], "lost", 1);
		send_note(ch, &job, CHANNEL_UNKNOWN);
		look(ch, &job, CHANNEL_DELIVERED);
		assert_non_null(result.remote_id);
		job.key = "look.b";
		n.title[0] = 'T';
		look(ch, &job, CHANNEL_LATER);
		chat_plan(names[i], "503", 2);
		look(ch, &job, CHANNEL_UNKNOWN);
		chat_plan(names[i], "503", 0);
		free(n.title);
		free(n.room);
		n.room = NULL;
	}
	n.title = TAKE_PTR(plain);
}

static void comments_are_looked_for(void **state)
{
	static const char *const names[] = {"slack", "github", "jira"};
	AUTO_NOTE struct note n;

	(void)state;
	chat_note(&n, record);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, names[i]);
		AUTO_FREE char *root = NULL;
		struct channel_job job = {
			.note = &n, .key = "comment.a", .since = clock_now()};

		send_note(ch, &job, CHANNEL_DELIVERED);
		root = mem_dup(result.remote_id);
		job.root = root;
		job.key = "comment.b";
		chat_plan(names[i], "lost", 1);
		send_note(ch, &job, CHANNEL_UNKNOWN);
		look(ch, &job, CHANNEL_DELIVERED);
		job.key = "comment.c";
		look(ch, &job, CHANNEL_LATER);
	}
}

static void failures_have_outcomes(void **state)
{
	static const struct {
		const char *how;
		enum channel_outcome outcome;
		int64_t retry_after;
	} cases[] = {
		{"429", CHANNEL_LATER, 0},
		{"429-after", CHANNEL_LATER, 7000},
		{"503-after", CHANNEL_LATER, 7000},
		{"500", CHANNEL_LATER, 0},
		{"502", CHANNEL_UNKNOWN, 0},
		{"504", CHANNEL_UNKNOWN, 0},
		{"400", CHANNEL_FAILED, 0},
		{"401", CHANNEL_FAILED, 0},
		{"404", CHANNEL_FAILED, 0},
		{"413", CHANNEL_FAILED, 0},
		{"redirect", CHANNEL_FAILED, 0},
		{"reset", CHANNEL_UNKNOWN, 0},
		{"close", CHANNEL_UNKNOWN, 0},
		{"mid-body", CHANNEL_UNKNOWN, 0},
		{"huge", CHANNEL_UNKNOWN, 0},
		{"hang", CHANNEL_UNKNOWN, 0},
		{"drip", CHANNEL_UNKNOWN, 0},
	};
	AUTO_NOTE struct note n;
	struct channel_job job = {.note = &n, .key = "failing"};

	(void)state;
	chat_note(&n, record);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, "hook");

		chat_plan("webhook", cases[i].how, 1);
		channel_result_done(&result);
		channel_send(ch, &job, &result);
		if (result.outcome != cases[i].outcome ||
		    result.retry_after != cases[i].retry_after)
			fail_msg("%s: outcome %d, retry after %lld",
				 cases[i].how, result.outcome,
				 (long long)result.retry_after);
		assert_non_null(result.reason);
	}
	chat_plan("webhook", "hang", 0);
}

static void nobody_there_is_tried_later(void **state)
{
	AUTO_CONFIG struct config *c = chat_load(
		"targets:\n  gone: {type: webhook, url: 'http://127.0.0.1:1/'}"
		"\n  bad: {type: webhook, url: 'ftp://x/'}\n");
	AUTO_CHANNEL struct channel *gone = chat_open(c, "gone");
	AUTO_CHANNEL struct channel *bad = chat_open(c, "bad");
	AUTO_NOTE struct note n;
	struct channel_job job = {.note = &n, .key = "gone"};

	(void)state;
	chat_note(&n, record);
	send_note(gone, &job, CHANNEL_LATER);
	send_note(bad, &job, CHANNEL_FAILED);
}

static void encrypted_rooms_are_refused(void **state)
{
	AUTO_CONFIG struct config *c = chat_load(
		"targets:\n"
		"  secret: {type: matrix, room: '!secret:example.org',\n"
		"    homeserver: 'http://127.0.0.1:PORT/matrix',\n"
		"    token: {env: T_MATRIX}}\n"
		"  foreign: {type: matrix, room: '!foreign:example.org',\n"
		"    homeserver: 'http://127.0.0.1:PORT/matrix',\n"
		"    token: {env: T_MATRIX}}\n"
		"  plain: {type: matrix, room: '!secret:example.org',\n"
		"    homeserver: 'http://127.0.0.1:PORT/matrix',\n"
		"    token: {env: T_MATRIX}, encrypted: plain}\n");
	AUTO_CHANNEL struct channel *secret = chat_open(c, "secret");
	AUTO_CHANNEL struct channel *foreign = chat_open(c, "foreign");
	AUTO_CHANNEL struct channel *plain = chat_open(c, "plain");
	AUTO_NOTE struct note n;
	struct channel_job job = {.note = &n, .key = "encrypted"};

	(void)state;
	chat_note(&n, record);
	send_note(secret, &job, CHANNEL_FAILED);
	assert_non_null(strstr(result.reason, "is encrypted"));
	send_note(foreign, &job, CHANNEL_FAILED);
	assert_non_null(strstr(result.reason, "M_FORBIDDEN"));
	send_note(plain, &job, CHANNEL_DELIVERED);
}

static void the_last_message_resolves_the_page(void **state)
{
	AUTO_CHANNEL struct channel *ch = chat_open(chat_config, "page");
	AUTO_NOTE struct note n;
	AUTO_FREE char *seen = NULL;
	struct channel_job job = {.note = &n, .key = "resolve"};

	(void)state;
	chat_note(&n, record);
	n.over = true;
	send_note(ch, &job, CHANNEL_DELIVERED);
	assert_string_equal(result.remote_id, "INC-20261120-0001");
	seen = chat_ask("/seen/pagerduty", NULL);
	assert_non_null(strstr(seen, "\"event_action\": \"resolve\""));
}

static void credentials_are_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(chat_names); i++) {
		AUTO_CHANNEL struct channel *ch =
			chat_open(chat_config, chat_names[i]);
		AUTO_BUF struct buf out = BUF_INIT;
		struct err err = ERR_INIT;

		if (channel_check(ch, &out, &err) < 0)
			fail_msg("%s: %s", chat_names[i], err.text);
		assert_true(out.len > 0);
	}
}

static void wrong_credentials_are_told(void **state)
{
	static const char *const names[] = {"T_MATRIX", "T_SLACK", "T_NTFY",
					    "T_SMS",	"T_JIRA",  "T_GITHUB"};
	static const char *const targets[] = {"matrix", "slack", "ntfy",
					      "sms",	"jira",	 "github"};
	AUTO_NOTE struct note n;
	struct channel_job job = {.note = &n, .key = "expired"};

	(void)state;
	chat_note(&n, record);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *good = mem_dup(getenv(names[i]));
		AUTO_CHANNEL struct channel *ch = NULL;
		AUTO_BUF struct buf out = BUF_INIT;
		struct err err = ERR_INIT;

		(void)setenv(names[i], "expired-secret", 1);
		ch = chat_open(chat_config, targets[i]);
		(void)setenv(names[i], good, 1);
		assert_int_equal(channel_check(ch, &out, &err), -1);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_null(strstr(err.text, "expired-secret"));
		send_note(ch, &job, CHANNEL_FAILED);
		assert_null(strstr(result.reason, "expired-secret"));
	}
}

static int teardown(void **state)
{
	channel_result_done(&result);
	return chat_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_service_takes_a_message),
		cmocka_unit_test(limits_are_kept_whatever_it_says),
		cmocka_unit_test(later_messages_belong_to_the_first),
		cmocka_unit_test(messages_are_edited),
		cmocka_unit_test(a_repetition_is_the_same_message),
		cmocka_unit_test(what_is_unknown_is_looked_for),
		cmocka_unit_test(comments_are_looked_for),
		cmocka_unit_test(failures_have_outcomes),
		cmocka_unit_test(nobody_there_is_tried_later),
		cmocka_unit_test(encrypted_rooms_are_refused),
		cmocka_unit_test(the_last_message_resolves_the_page),
		cmocka_unit_test(credentials_are_checked),
		cmocka_unit_test(wrong_credentials_are_told),
	};

	return cmocka_run_group_tests(tests, chat_setup, teardown);
}
