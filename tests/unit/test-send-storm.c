/* test-send-storm.c - what people would get too much of: repetitions, bursts,
 * quiet hours. Runs on PostgreSQL, too, when TEST_POSTGRES names an empty
 * database. */
#include "unit-send.h"

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' lacks '%s'", text, part);
}

/* ---- repetitions ---- */

static void the_first_is_edited_with_a_count(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\n");
	fake("a")->traits.edits = true;
	say("k1", "disk full", "");
	say("k2", "disk full", "");
	say("k3", "disk full", ",\"severity\":\"low\"");
	(void)drain();
	assert_int_equal(sent_count, 3);
	assert_string_equal(sent[2].title, "disk full (2 times)");
	assert_string_equal(sent[2].edit, "r1");
	assert_int_equal(sent[2].count, 2);
	say("k4", "disk full", "");
	say("k5", "disk full", "");
	(void)drain();
	assert_int_equal(sent_count, 4);
	assert_string_equal(sent[3].title, "disk full (4 times)");
	assert_string_equal(sent[3].edit, "r1");
	assert_text("SELECT status FROM messages WHERE key = 'k2'", "sent");
	assert_text(
		"SELECT d.reason FROM deliveries d JOIN messages m ON m.num "
		"= d.message WHERE m.key = 'k5'",
		"told by again.a.1.4");
}

static void a_count_is_told_at_the_end_elsewhere(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\nsend: {collapse: 2m}\n");
	say("k1", "disk full", "");
	say("k2", "disk full", "");
	say("k3", "disk full", "");
	assert_true(drain().next == NOW + 2 * WHEN_MINUTE);
	assert_sent("a:disk full");
	later(2 * WHEN_MINUTE);
	(void)drain();
	assert_int_equal(sent_count, 1);
	assert_holds(sent[0].text, "since 2026-11-20 10:00 UTC");
	assert_sent("a:disk full (2 more times)");
	/* What comes later is new. */
	say("k4", "disk full", "");
	(void)drain();
	assert_sent("a:disk full");
}

static void a_repetition_stands_in_for_a_first_that_failed(void **state)
{
	struct channel *ch;

	(void)state;
	configure("routes: {all: {to: [a]}}\n");
	ch = fake("a");
	ch->outcomes[0] = CHANNEL_FAILED;
	ch->outcome_count = 1;
	say("k1", "disk full", "");
	say("k2", "disk full", "");
	(void)drain();
	assert_sent("a:disk full a:disk full");
	(void)drain();
	assert_outbox("k2/a delivered, k1/a failed");
}

static void calls_and_programs_get_all(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a, quick]}}\n");
	say("k1", "help", ",\"reason\":\"escalation\"");
	say("k2", "help", ",\"reason\":\"escalation\"");
	(void)drain();
	assert_sent("a:help a:help quick:help quick:help");
}

static void collapsing_can_be_off(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\nsend: {collapse: 0s}\n");
	say("k1", "help", "");
	say("k2", "help", "");
	(void)drain();
	assert_sent("a:help a:help");
}

/* ---- bursts ---- */

static void a_burst_becomes_a_digest(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\nsend: {burst: 2}\n");
	say("k1", "one", "");
	say("k2", "two", "");
	say("k3", "three", ",\"severity\":\"low\",\"service\":\"web\"");
	say("k4", "four", ",\"severity\":\"high\"");
	assert_true(drain().next == NOW + WHEN_MINUTE);
	assert_sent("a:one a:two");
	later(WHEN_MINUTE);
	(void)drain();
	assert_int_equal(sent_count, 1);
	assert_string_equal(sent[0].text, "- low: three (web)\n- high: four");
	assert_sent("a:2 messages since 2026-11-20 10:00 UTC");
	assert_text("SELECT status FROM messages WHERE key = 'k4'", "sent");
	say("k5", "five", "");
	(void)drain();
	assert_sent("a:five");
}

static void a_digest_of_one_is_the_message(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\nsend: {burst: 1}\n");
	say("k1", "one", "");
	say("k2", "two", "");
	(void)drain();
	later(WHEN_MINUTE);
	(void)drain();
	assert_sent("a:one a:two");
}

static void a_digest_that_fails_goes_to_the_fallback(void **state)
{
	struct channel *ch;

	(void)state;
	configure("routes: {all: {to: [a]}}\n"
		  "send: {burst: 1, fallback: [b]}\n");
	say("k1", "one", "");
	say("k2", "two", "");
	say("k3", "three", "");
	(void)drain();
	ch = fake("a");
	ch->outcomes[0] = CHANNEL_FAILED;
	ch->outcome_count = 1;
	sent_count = 0;
	later(WHEN_MINUTE);
	(void)drain();
	assert_sent("a:2 messages since 2026-11-20 10:00 UTC "
		    "b:2 messages since 2026-11-20 10:00 UTC");
	assert_outbox("digest.a.2/a failed, digest.a.2/b delivered, "
		      "k3/a failed, k2/a failed, k1/a delivered");
}

/* ---- quiet hours ---- */

static void quiet_hours_keep_what_is_not_critical(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a], quiet: [daily 09:00 to 11:00]}}\n");
	say("k1", "one", ",\"severity\":\"high\"");
	say("k2", "two", "");
	say("k3", "three", ",\"severity\":\"critical\"");
	say("k4", "four", ",\"reason\":\"escalation\"");
	assert_true(drain().next == NOW + WHEN_HOUR);
	assert_sent("a:three a:four");
	assert_text("SELECT d.reason FROM deliveries d JOIN messages m ON "
		    "m.num = d.message WHERE m.key = 'k2'",
		    "kept for a digest");
	later(WHEN_HOUR);
	(void)drain();
	assert_sent("a:2 messages since 2026-11-20 10:00 UTC");
	say("k5", "five", "");
	(void)drain();
	assert_sent("a:five");
}

static void a_route_may_tell_every_so_often(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a], digest: 1h}}\n");
	say("k1", "one", "");
	(void)drain();
	later(30 * WHEN_MINUTE);
	say("k2", "two", "");
	assert_true(drain().next == NOW + WHEN_HOUR);
	later(30 * WHEN_MINUTE);
	(void)drain();
	assert_sent("a:2 messages since 2026-11-20 10:00 UTC");
}

/* ---- routes ---- */

static void the_first_route_counts(void **state)
{
	(void)state;
	configure("routes:\n"
		  "  a-critical: {match: {severity: [critical]}, to: [a], "
		  "continue: true}\n"
		  "  b-web: {match: {service: [/^web/]}, to: [b, people]}\n"
		  "  c-tag: {match: {tag: [db]}, to: [c]}\n"
		  "  d-night: {during: [daily 22:00 to 06:00], to: [a]}\n"
		  "  e-nobody: {match: {fields.host: [lab]}}\n"
		  "groups: {people: [c, b]}\n");
	say("k1", "1", ",\"severity\":\"critical\",\"service\":\"web1\"");
	(void)drain();
	assert_sent("a:1 b:1 c:1");
	say("k2", "2", ",\"tags\":[\"x\",\"db\"]");
	(void)drain();
	assert_sent("c:2");
	say("k3", "3", ",\"fields\":{\"host\":\"lab\"}");
	assert_false(drain().wrong);
	assert_sent("");
	assert_text("SELECT status FROM messages WHERE key = 'k3'",
		    "cancelled");
	later(13 * WHEN_HOUR);
	say("k4", "4", "");
	(void)drain();
	assert_sent("a:4");
}

static void mistakes_in_routes_are_named(void **state)
{
	static const struct {
		const char *text, *part;
	} wrong[] = {
		{"routes: {x: {to: [chatt]}}\n", "did you mean 'chat'?"},
		{"routes: {x: {to: [a], quiet: [sometimes]}}\n", "quiet"},
		{"routes: {x: {match: {title: [/(/]}, to: [a]}}\n", "title"},
		{"groups: {g: [nobody]}\n", "'nobody'"},
		{"send: {fallback: [nobody]}\n", "send.fallback"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		AUTO_FREE char *path = mem_printf("%s/oncall.yaml", send_dir);
		struct send_options o = {.store = store, .channels = &fakes};
		AUTO_CONFIG struct config *c = NULL;
		struct send *s = NULL;
		struct err err = ERR_INIT;
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		(void)fprintf(f,
			      "targets: {a: {type: matrix}, chat: {type: "
			      "matrix}}\n%s",
			      wrong[i].text);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(config_load(&c, path, &err), 0);
		o.config = c;
		assert_int_equal(send_open(&s, &o, &err), -1);
		assert_err(&err, ERR_USAGE, wrong[i].part);
		assert_err(&err, ERR_USAGE, "oncall.yaml:2");
	}
}

static int all(void)
{
	const struct CMUnitTest tests[] = {
		send_test(the_first_is_edited_with_a_count),
		send_test(a_count_is_told_at_the_end_elsewhere),
		send_test(a_repetition_stands_in_for_a_first_that_failed),
		send_test(calls_and_programs_get_all),
		send_test(collapsing_can_be_off),
		send_test(a_burst_becomes_a_digest),
		send_test(a_digest_of_one_is_the_message),
		send_test(a_digest_that_fails_goes_to_the_fallback),
		send_test(quiet_hours_keep_what_is_not_critical),
		send_test(a_route_may_tell_every_so_often),
		send_test(the_first_route_counts),
		send_test(mistakes_in_routes_are_named),
	};

	return cmocka_run_group_tests_name("send-storm", tests, NULL, NULL);
}

int main(void)
{
	return send_run(all);
}
