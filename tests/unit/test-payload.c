/* test-payload.c - payloads of other tools, as detections. */
#include "unit.h"

#include <oncall/detection.h>
#include <oncall/payload.h>
#include <oncall/when.h>

#define NOW   INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */
#define ALERT "{\"status\":\"firing\",\"labels\":{\"a\":\"b\"}"

struct seen {
	size_t count, stop_at;
	struct payload_alert last;
	struct buf fingerprints, id, detection;
};

static int on_alert(void *arg, const struct payload_alert *a, struct err *err)
{
	struct seen *seen = arg;

	seen->last = *a;
	buf_addf(&seen->fingerprints, "%s ", a->fingerprint);
	buf_reset(&seen->id);
	buf_add_str(&seen->id, a->id);
	buf_reset(&seen->detection);
	buf_add_slice(&seen->detection, a->detection);
	seen->count++;
	return seen->count == seen->stop_at
		       ? err_set(err, ERR_SYSTEM, "stopped")
		       : 0;
}

static void seen_done(struct seen *seen)
{
	buf_done(&seen->fingerprints);
	buf_done(&seen->id);
	buf_done(&seen->detection);
}
#define AUTO_SEEN CLEANUP(seen_done)

static int reads(enum payload_form form, const char *text, struct seen *seen,
		 struct err *err)
{
	struct payload_source src = {.form = form,
				     .now = NOW,
				     .service = "shop",
				     .host = "web1",
				     .status = -1};

	return payload_read(&src, slice_of(text), on_alert, seen, err);
}

/* One alert is read, whose detection holds the text. */
static void holds(enum payload_form form, const char *text, const char *part)
{
	AUTO_SEEN struct seen seen = {.count = 0};
	struct err err = ERR_INIT;

	assert_int_equal(reads(form, text, &seen, &err), 0);
	assert_no_err(&err);
	assert_int_equal(seen.count, 1);
	if (!strstr(buf_str(&seen.detection), part))
		fail_msg("'%s' lacks '%s'", buf_str(&seen.detection), part);
}

static void fails(enum payload_form form, const char *text, const char *part)
{
	AUTO_SEEN struct seen seen = {.count = 0};
	struct err err = ERR_INIT;

	assert_int_equal(reads(form, text, &seen, &err), -1);
	assert_err(&err, ERR_INPUT, part);
	assert_int_equal(seen.count, 0);
}

static void nothing_is_handed_on_before_all_is_good(void **state)
{
	(void)state;
	fails(PAYLOAD_ALERTMANAGER,
	      "{\"alerts\":[" ALERT "},{\"status\":\"firing\"}]}",
	      "'alerts[1].labels' is missing");
	fails(PAYLOAD_ALERTMANAGER, "{\"alerts\":[" ALERT "}] x", "byte");
	fails(PAYLOAD_ALERTMANAGER,
	      "{\"alerts\":[{\"status\":\"firing\",\"labels\":"
	      "{\"a\":\"b\",\"a\":\"c\"}}]}",
	      "'alerts[0].labels.a' must be there once");
	fails(PAYLOAD_PAGERDUTY, "{}", "'event_action' is missing");
	fails(PAYLOAD_CLOUDEVENTS,
	      "{\"specversion\":\"2.0\",\"id\":\"1\",\"source\":\"s\","
	      "\"type\":\"t\"}",
	      "'specversion' must be 1.0");
	fails(PAYLOAD_NAGIOS, "\n", "said nothing");
}

static void the_sink_may_stop(void **state)
{
	AUTO_SEEN struct seen seen = {.stop_at = 1};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(reads(PAYLOAD_ALERTMANAGER,
			       "{\"alerts\":[" ALERT "}," ALERT "}]}", &seen,
			       &err),
			 -1);
	assert_err(&err, ERR_SYSTEM, "stopped");
	assert_int_equal(seen.count, 1);
}

static void labels_in_any_order_are_one_alert(void **state)
{
	AUTO_SEEN struct seen one = {.count = 0}, two = {.count = 0};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(reads(PAYLOAD_ALERTMANAGER,
			       "{\"alerts\":[{\"status\":\"firing\",\"labels\":"
			       "{\"a\":\"1\",\"b\":\"2\"}}]}",
			       &one, &err),
			 0);
	assert_int_equal(reads(PAYLOAD_ALERTMANAGER,
			       "{\"alerts\":[{\"status\":\"firing\",\"labels\":"
			       "{\"b\":\"2\",\"a\":\"1\"}}]}",
			       &two, &err),
			 0);
	assert_string_equal(buf_str(&one.fingerprints),
			    buf_str(&two.fingerprints));
	assert_true(one.last.weak_id && !one.last.timed);
}

static void times_are_the_alert_s_and_never_to_come(void **state)
{
	AUTO_SEEN struct seen seen = {.count = 0};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(reads(PAYLOAD_ALERTMANAGER,
			       "{\"alerts\":[" ALERT
			       ",\"startsAt\":\"2026-11-20T13:00:00+02:00\","
			       "\"fingerprint\":\"f\"}]}",
			       &seen, &err),
			 0);
	assert_true(seen.last.timed && !seen.last.weak_id);
	assert_int_equal(seen.last.time, NOW - WHEN_HOUR);
	assert_string_equal(buf_str(&seen.id),
			    "alertmanager:v1:f@2026-11-20T11:00:00.000Z");
	assert_int_equal(reads(PAYLOAD_ALERTMANAGER,
			       "{\"alerts\":[" ALERT
			       ",\"startsAt\":\"2026-11-21T12:00:00Z\"}]}",
			       &seen, &err),
			 0);
	assert_int_equal(seen.last.time, NOW);
	assert_int_equal(
		reads(PAYLOAD_ALERTMANAGER,
		      "{\"alerts\":[{\"status\":\"resolved\",\"labels\":"
		      "{\"a\":\"b\"},\"endsAt\":\"0001-01-01T00:00:00Z\"}]}",
		      &seen, &err),
		0);
	assert_int_equal(seen.last.event, PAYLOAD_RESOLVED);
	assert_true(!seen.last.timed && seen.last.time == NOW);
	assert_int_equal(seen.detection.len, 0);
}

#define WITH(more)                                         \
	"{\"alerts\":[{\"status\":\"firing\",\"labels\":{" \
	"\"alertname\":\"X\"" more "}}]}"

static void severities_are_mapped_and_kept(void **state)
{
	(void)state;
	holds(PAYLOAD_GRAFANA, WITH(",\"severity\":\"WARNING\""),
	      "\"severity\":\"medium\",\"severity_raw\":\"WARNING\"");
	holds(PAYLOAD_GRAFANA, WITH(",\"severity\":\"P1\""),
	      "\"severity\":\"critical\",\"severity_raw\":\"P1\"");
	holds(PAYLOAD_GRAFANA, WITH(",\"severity\":\"none\""),
	      "\"severity\":\"info\",\"severity_raw\":\"none\"");
	holds(PAYLOAD_GRAFANA, WITH(",\"severity\":\"teal\""),
	      "\"severity\":\"medium\",\"severity_raw\":\"teal\"");
	holds(PAYLOAD_NAGIOS, "DISK WARNING: 81%",
	      "\"severity\":\"medium\",\"severity_raw\":\"WARNING\"");
	holds(PAYLOAD_CLOUDEVENTS,
	      "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\","
	      "\"type\":\"t\",\"severitynumber\":17}",
	      "\"severity\":\"high\"");
}

static void hosts_lose_their_port(void **state)
{
	(void)state;
	holds(PAYLOAD_GRAFANA, WITH(",\"instance\":\"db1:9100\""),
	      "\"host\":\"db1\"");
	holds(PAYLOAD_GRAFANA, WITH(",\"instance\":\"[::1]:9100\""),
	      "\"host\":\"[::1]\"");
	holds(PAYLOAD_GRAFANA, WITH(",\"instance\":\"fe80::1\""),
	      "\"host\":\"fe80::1\"");
	holds(PAYLOAD_GRAFANA, WITH(""), "\"host\":\"web1\"");
	holds(PAYLOAD_GRAFANA, WITH(""), "\"service\":\"shop\"");
}

static void secrets_do_not_pass(void **state)
{
	AUTO_SEEN struct seen seen = {.count = 0};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(reads(PAYLOAD_GRAFANA,
			       WITH(",\"password\":\"hunter22\""), &seen, &err),
			 0);
	assert_null(strstr(buf_str(&seen.detection), "hunter22"));
}

static void what_was_left_out_is_counted(void **state)
{
	(void)state;
	assert_int_equal(payload_left_out(slice_of("{\"truncatedAlerts\":7}")),
			 7);
	assert_int_equal(
		payload_left_out(slice_of("{\"truncatedAlerts\":\"x\"}")), 0);
	assert_int_equal(payload_left_out(slice_of("rubbish")), 0);
	assert_true(payload_whole(PAYLOAD_GRAFANA, slice_of("{\"alerts\":0}")));
	assert_false(payload_whole(PAYLOAD_GRAFANA, slice_of(ALERT "}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_handed_on_before_all_is_good),
		cmocka_unit_test(the_sink_may_stop),
		cmocka_unit_test(labels_in_any_order_are_one_alert),
		cmocka_unit_test(times_are_the_alert_s_and_never_to_come),
		cmocka_unit_test(severities_are_mapped_and_kept),
		cmocka_unit_test(hosts_lose_their_port),
		cmocka_unit_test(secrets_do_not_pass),
		cmocka_unit_test(what_was_left_out_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
