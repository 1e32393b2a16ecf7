/* test-send.c - the engine: what is sent when, and what becomes of it. Runs on
 * PostgreSQL, too, when TEST_POSTGRES names an empty database. */
#include "unit-send.h"

static void fails(const char *target, size_t times, enum channel_outcome o)
{
	struct channel *ch = fake(target);

	ch->outcome_count = times;
	for (size_t i = 0; i < times; i++)
		ch->outcomes[i] = o;
}

/* ---- the plain way ---- */

static void what_is_known_is_not_sent_again(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\n");
	say("k1", "one", "");
	say("k2", "two", "");
	(void)drain();
	assert_sent("a:one a:two");
	assert_told("k1 a delivered\nk2 a delivered\n");
	say("k1", "one", "");
	(void)drain();
	assert_sent("");
	assert_outbox("k2/a delivered, k1/a delivered");
	assert_text("SELECT status FROM messages WHERE key = 'k1'", "sent");
}

static void what_others_put_there_is_sent(void **state)
{
	struct outbox_message m = {
		.key = "INC-1.1",
		.thread = "INC-1",
		.made = NOW,
		.record = SLICE_LIT(
			"{\"type\":\"message\",\"id\":\"INC-1.1\",\"time\":"
			"\"2026-11-20T10:00:00.000Z\",\"key\":\"INC-1.1\","
			"\"title\":\"trouble\"}"),
	};
	struct err err = ERR_INIT;

	(void)state;
	configure("routes: {all: {to: [a, b]}}\n");
	assert_int_equal(store_begin(store, &err), 0);
	assert_int_equal(outbox_add(store, &m, &err), 1);
	assert_int_equal(store_commit(store, &err), 0);
	assert_true(drain().next == WHEN_NONE);
	assert_sent("a:trouble b:trouble");
}

static void an_identity_is_the_same_on_every_attempt(void **state)
{
	char id[SEND_ID];

	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fails("quick", 2, CHANNEL_LATER);
	say("key with blanks", "one", "");
	for (int i = 0; i < 3; i++, later(WHEN_HOUR))
		(void)drain();
	assert_int_equal(sent_count, 3);
	send_id("key with blanks", id);
	assert_int_equal(strlen(id), 32);
	for (size_t i = 0; i < sent_count; i++)
		assert_string_equal(sent[i].key, id);
	send_id("INC-20261120-0001.ab12.3", id);
	assert_string_equal(id, "INC-20261120-0001.ab12.3");
}

/* ---- retries ---- */

static void a_pause_doubles_and_has_an_end(void **state)
{
	int64_t least = WHEN_SECOND, next;

	(void)state;
	configure("routes: {all: {to: [quick]}}\nsend: {attempts: 5}\n");
	fails("quick", 5, CHANNEL_LATER);
	say("k1", "one", "");
	for (int i = 0; i < 4; i++, least *= 2) {
		next = drain().next;
		assert_true(next >= clock_now() + least * 3 / 4);
		assert_true(next <= clock_now() + least * 5 / 4);
		(void)drain();
		assert_int_equal(fake("quick")->attempts, i + 1);
		clock_set(next);
	}
	assert_true(drain().next == WHEN_NONE);
	assert_told("k1 quick failed\n");
	assert_text("SELECT status FROM messages", "failed");
	later(WHEN_HOUR);
	(void)drain();
	assert_int_equal(fake("quick")->attempts, 5);
}

static void a_pause_that_is_asked_for_is_kept(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fails("quick", 1, CHANNEL_LATER);
	fake("quick")->retry_after = 90 * WHEN_SECOND;
	say("k1", "one", "");
	assert_true(drain().next == NOW + 90 * WHEN_SECOND);
}

static void order_is_kept_in_a_room_and_only_there(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fails("quick", 1, CHANNEL_LATER);
	say("k1", "one", "");
	say("k2", "two", "");
	say("k3", "three", ",\"room\":\"other\"");
	(void)drain();
	assert_sent("quick:one quick:three");
	later(WHEN_MINUTE);
	(void)drain();
	assert_sent("quick:one quick:two");
}

static void what_failed_holds_nobody_up(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fails("quick", 1, CHANNEL_FAILED);
	say("k1", "one", "");
	say("k2", "two", "");
	(void)drain();
	assert_sent("quick:one quick:two");
	assert_outbox("k2/quick delivered, k1/quick failed");
}

static void what_is_too_old_is_set_aside(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fails("quick", 1, CHANNEL_LATER);
	say("k1", "one", "");
	(void)drain();
	sent_count = 0;
	later(25 * WHEN_HOUR);
	(void)drain();
	assert_sent("");
	assert_text("SELECT reason FROM deliveries", "too old to be sent");
}

/* ---- fallback ---- */

static void a_fallback_gets_what_failed(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a, b]}}\nsend: {fallback: [c]}\n");
	fails("a", 1, CHANNEL_FAILED);
	say("k1", "one", "");
	(void)drain();
	assert_sent("a:one b:one c:one");
	assert_outbox("k1/a failed, k1/b delivered, k1/c delivered");
	assert_text("SELECT status FROM messages", "sent");
}

static void a_fallback_gets_what_stays_down(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\n"
		  "send: {fallback: [c], give_up: 5m}\n");
	fails("quick", 8, CHANNEL_LATER);
	say("k1", "one", "");
	(void)drain();
	later(4 * WHEN_MINUTE);
	(void)drain();
	assert_sent("quick:one quick:one");
	later(4 * WHEN_MINUTE);
	(void)drain();
	assert_sent("quick:one c:one");
}

static void what_nobody_knows_goes_to_the_fallback(void **state)
{
	struct send_round r;

	(void)state;
	configure("send: {fallback: [c]}\n");
	say("k1", "one", ",\"to\":[\"ana\",\"a\"]");
	say("k2", "two", "");
	r = drain();
	assert_true(r.wrong);
	assert_sent("a:one c:one c:two");
	assert_outbox("k2/c delivered, k1/a delivered, k1/ana failed, "
		      "k1/c delivered");
}

static void a_message_without_a_way_fails(void **state)
{
	(void)state;
	configure("routes: {some: {match: {severity: [high]}, to: [a]}}\n");
	say("k1", "one", "");
	assert_true(drain().wrong);
	assert_told("k1  failed\n");
	configure("routes: {all: {to: [a]}}\n");
	{
		struct err err = ERR_INIT;

		assert_int_equal(send_retry(store, "k1", NULL, &err), 1);
	}
	(void)drain();
	assert_sent("a:one");
}

/* ---- unknown ---- */

static void unknown_is_sent_again_where_that_is_safe(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\nsend: {fallback: [c]}\n");
	fails("quick", 1, CHANNEL_UNKNOWN);
	say("k1", "one", "");
	(void)drain();
	later(WHEN_MINUTE);
	(void)drain();
	assert_sent("quick:one quick:one");
	assert_told("k1 quick delivered\n");
}

static void unknown_is_asked_about_where_that_can_be(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\n");
	fake("a")->traits = (struct channel_traits){.read_back = true};
	fake("a")->looks = CHANNEL_DELIVERED;
	fails("a", 1, CHANNEL_UNKNOWN);
	say("k1", "one", "");
	(void)drain();
	later(WHEN_MINUTE);
	(void)drain();
	assert_int_equal(fake("a")->looked, 1);
	assert_sent("a:one");
	assert_told("k1 a delivered\n");
	/* It did not arrive: sent again at once. */
	fake("a")->looks = CHANNEL_LATER;
	fails("a", 1, CHANNEL_UNKNOWN);
	say("k2", "two", "");
	(void)drain();
	later(WHEN_MINUTE);
	(void)drain();
	assert_int_equal(fake("a")->looked, 2);
	assert_sent("a:two a:two");
}

static void unknown_stays_so_elsewhere_and_calls_nobody(void **state)
{
	(void)state;
	configure("routes: {all: {to: [a]}}\nsend: {fallback: [c]}\n");
	fake("a")->traits.safe_again = false;
	fails("a", 1, CHANNEL_UNKNOWN);
	say("k1", "one", "");
	say("k2", "two", "");
	(void)drain();
	later(WHEN_HOUR);
	(void)drain();
	assert_sent("a:one a:two");
	assert_outbox("k2/a delivered, k1/a unknown");
}

/* As a runner leaves it that is killed in the middle. */
static void leave_sending(void)
{
	run_sql("UPDATE deliveries SET status = 'sending', runner = "
		"'send:dead', settled = NULL");
	run_sql("UPDATE messages SET status = 'queued'");
	sent_count = 0;
	*told = '\0';
}

static void what_a_dead_runner_had_is_taken_over(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick, a]}}\n");
	fake("a")->traits.safe_again = false;
	say("k1", "one", "");
	(void)drain();
	leave_sending();
	(void)drain();
	assert_sent("quick:one");
	assert_outbox("k1/a unknown, k1/quick delivered");
}

static void what_a_living_runner_has_is_left_to_it(void **state)
{
	AUTO_STORE struct store *other = NULL;
	struct err err = ERR_INIT;

	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	say("k1", "one", "");
	(void)drain();
	leave_sending();
	assert_int_equal(store_open(&other, ops_address, STORE_WRITE, &err), 0);
	assert_int_equal(store_hold(other, "send:dead", &err), 0);
	say("k2", "two", "");
	assert_true(drain().next != WHEN_NONE);
	assert_sent("");
	store_close(other);
	other = NULL;
	await_release();
	(void)drain();
	assert_sent("quick:one quick:two");
}

/* ---- taken back ---- */

static void what_is_acknowledged_is_not_sent(void **state)
{
	const struct outbox_cancel cancel = {
		.thread = "INC-1", .start = "", .reason = "acknowledged"};
	struct err err = ERR_INIT;

	(void)state;
	configure("");
	fails("quick", 1, CHANNEL_LATER);
	say("k1", "one", ",\"to\":[\"quick\"],\"reason\":\"escalation\"");
	(void)drain();
	sent_count = 0;
	run_sql("UPDATE messages SET thread = 'INC-1'");
	assert_int_equal(outbox_cancel(store, &cancel, &err), 1);
	later(WHEN_HOUR);
	(void)drain();
	assert_sent("");
	assert_told("k1 quick cancelled\n");
	assert_text("SELECT reason FROM deliveries", "acknowledged");
}

static void a_person_drops_and_retries(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fails("quick", 2, CHANNEL_LATER);
	say("k1", "one", "");
	(void)drain();
	assert_int_equal(send_drop(store, "k1", NULL, &err), 1);
	assert_int_equal(send_drop(store, "k1", NULL, &err), 0);
	later(WHEN_HOUR);
	(void)drain();
	assert_sent("quick:one");
	assert_text("SELECT status FROM messages", "cancelled");
	fails("quick", 1, CHANNEL_FAILED);
	say("k2", "two", "");
	(void)drain();
	assert_int_equal(send_retry(store, NULL, "quick", &err), 1);
	(void)drain();
	assert_sent("quick:two quick:two");
	assert_text("SELECT status FROM messages WHERE key = 'k2'", "sent");
}

/* ---- rates ---- */

static void a_rate_is_shared_through_the_store(void **state)
{
	struct send *other;

	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fake("quick")->traits.every = WHEN_SECOND;
	fake("quick")->traits.burst = 2;
	other = open_send(store);
	say("k1", "1", "");
	say("k2", "2", "");
	say("k3", "3", "");
	say("k4", "4", "");
	assert_true(drain().next == NOW + WHEN_SECOND);
	assert_sent("quick:1 quick:2");
	(void)drain_with(other);
	assert_sent("");
	later(WHEN_SECOND);
	(void)drain_with(other);
	assert_sent("quick:3");
	(void)drain();
	assert_sent("");
	later(WHEN_SECOND);
	(void)drain();
	assert_sent("quick:4");
	send_free(other);
}

/* ---- updates ---- */

static void a_thread_knows_its_first_message(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	say("k1", "1", ",\"thread\":\"INC-1\"");
	say("k2", "2", ",\"thread\":\"INC-1\"");
	say("k3", "3", ",\"thread\":\"INC-2\"");
	(void)drain();
	say("k4", "4", ",\"thread\":\"INC-1\"");
	(void)drain();
	assert_string_equal(sent[0].root, "");
	assert_string_equal(sent[1].root, "r1");
	assert_string_equal(sent[2].root, "");
	assert_string_equal(sent[3].root, "r1");
	assert_string_equal(sent[3].last, "r2");
}

static void a_message_stands_in_for_another(void **state)
{
	(void)state;
	configure("routes: {all: {to: [quick]}}\n");
	fake("quick")->traits.edits = true;
	say("k1", "1", "");
	(void)drain();
	say("k2", "2", ",\"supersedes\":\"k1\"");
	fails("quick", 1, CHANNEL_LATER);
	(void)drain();
	assert_string_equal(sent[1].edit, "r1");
	sent_count = 0;
	say("k3", "3", ",\"supersedes\":\"k2\"");
	later(WHEN_HOUR);
	(void)drain();
	assert_sent("quick:3");
	assert_outbox("k3/quick delivered, k2/quick cancelled, k1/quick "
		      "delivered");
}

static void a_broken_target_is_tried_again(void **state)
{
	struct send_round r;

	(void)state;
	configure("routes: {all: {to: [broken, a]}}\n");
	say("k1", "one", "");
	r = drain();
	assert_true(r.wrong);
	assert_sent("a:one");
	assert_outbox("k1/a delivered, k1/broken queued");
}

static int all(void)
{
	const struct CMUnitTest tests[] = {
		send_test(what_is_known_is_not_sent_again),
		send_test(what_others_put_there_is_sent),
		send_test(an_identity_is_the_same_on_every_attempt),
		send_test(a_pause_doubles_and_has_an_end),
		send_test(a_pause_that_is_asked_for_is_kept),
		send_test(order_is_kept_in_a_room_and_only_there),
		send_test(what_failed_holds_nobody_up),
		send_test(what_is_too_old_is_set_aside),
		send_test(a_fallback_gets_what_failed),
		send_test(a_fallback_gets_what_stays_down),
		send_test(what_nobody_knows_goes_to_the_fallback),
		send_test(a_message_without_a_way_fails),
		send_test(unknown_is_sent_again_where_that_is_safe),
		send_test(unknown_is_asked_about_where_that_can_be),
		send_test(unknown_stays_so_elsewhere_and_calls_nobody),
		send_test(what_a_dead_runner_had_is_taken_over),
		send_test(what_a_living_runner_has_is_left_to_it),
		send_test(what_is_acknowledged_is_not_sent),
		send_test(a_person_drops_and_retries),
		send_test(a_rate_is_shared_through_the_store),
		send_test(a_thread_knows_its_first_message),
		send_test(a_message_stands_in_for_another),
		send_test(a_broken_target_is_tried_again),
	};

	return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}

int main(void)
{
	return send_run(all);
}
