/* probe-look.c - one look at what a probe watches. */
#include "probe-internal.h"

#include <inttypes.h>

#include <oncall/clock.h>
#include <oncall/http.h>
#include <oncall/proc.h>
#include <oncall/show.h>
#include <oncall/when.h>

#define BODY_MAX   ((size_t)1024 * 1024)
#define OUTPUT_MAX 200 /* bytes of a command's output in a message */
#define STATUS_OK  200
#define STATUS_BAD 400

static void fail(struct probe *p, enum severity severity)
{
	p->ok = false;
	if (severity > p->found)
		p->found = severity;
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	(void)hit;
	*(bool *)arg = true;
	return 0;
}

static void look_at_body(struct probe *p, const struct http_reply *reply)
{
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch =
		pattern_scratch_new(p->body_set);
	bool found = false;
	const struct pattern_sink sink = {.hit = on_hit, .arg = &found};

	(void)pattern_scan_text(p->body_set, scratch, buf_slice(&reply->body),
				0, &sink);
	if (found)
		return;
	fail(p, p->severity);
	buf_addf(&p->why, "answers without '%s'", p->body);
	if (reply->too_large)
		buf_addf(&p->why, " in the first %zu bytes", reply->body.len);
}

static void look_at_reply(struct probe *p, const struct http_reply *reply)
{
	bool good = p->status ? reply->status == p->status
			      : reply->status >= STATUS_OK &&
					reply->status < STATUS_BAD;

	if (!good) {
		fail(p, p->severity);
		buf_addf(&p->why, "answers with status %ld", reply->status);
		if (p->status)
			buf_addf(&p->why, " instead of %" PRId64, p->status);
	} else if (p->body) {
		look_at_body(p, reply);
	}
}

static void look_at_url(struct probe *p)
{
	const struct http_options opt = {.ca_file = p->ca_file,
					 .connections = 1};
	const struct http_request req = {.url = p->target,
					 .timeout_ms = p->timeout_ms,
					 .connect_ms = p->timeout_ms,
					 .body_max = BODY_MAX,
					 .idempotent = true};
	struct http_reply reply = {.status = 0};
	struct err err = ERR_INIT;
	AUTO_HTTP struct http *h = http_new(&opt, &err);

	/* Of an answer without an end its beginning is looked at. */
	if (!h || (http_send(h, &req, &reply, &err) < 0 && !reply.too_large)) {
		fail(p, p->severity);
		buf_add_str(&p->why, err.text);
	} else {
		look_at_reply(p, &reply);
	}
	http_reply_done(&reply);
}

static void look_at_port(struct probe *p)
{
	struct err err = ERR_INIT;

	if (http_reach(p->target, HTTP_REACH_TCP, NULL, p->timeout_ms, NULL,
		       &err) < 0) {
		fail(p, p->severity);
		buf_add_str(&p->why, err.text);
	}
}

static void look_at_certificate(struct probe *p, int64_t now)
{
	struct err err = ERR_INIT;
	int64_t days;

	if (http_reach(p->target, HTTP_REACH_TLS, p->ca_file, p->timeout_ms,
		       &p->expires, &err) < 0) {
		fail(p, p->severity);
		buf_add_str(&p->why, err.text);
	}
	if (p->expires == WHEN_NONE)
		return;
	days = (p->expires - now) / WHEN_DAY;
	if (p->expires <= now)
		fail(p, SEVERITY_CRITICAL);
	else if (days < PROBE_ALARM_DAYS)
		fail(p, SEVERITY_HIGH);
	else if (days < PROBE_WARN_DAYS)
		fail(p, SEVERITY_MEDIUM);
	if (p->ok || p->why.len)
		return;
	if (p->expires <= now)
		buf_addf(&p->why, "the certificate of '%s' has expired",
			 p->target);
	else
		buf_addf(&p->why,
			 "the certificate of '%s' expires in %" PRId64 " days",
			 p->target, days);
}

static void look_at_command(struct probe *p)
{
	const struct proc_options opt = {.argv = (const char *const *)p->argv,
					 .timeout_ms = p->timeout_ms};
	struct proc_result result = {.status = 0};
	struct err err = ERR_INIT;

	if (proc_run(&opt, &result, &err) < 0) {
		fail(p, p->severity);
		buf_add_str(&p->why, err.text);
	} else if (result.timed_out) {
		fail(p, p->severity);
		buf_addf(&p->why, "'%s' takes too long", p->argv[0]);
	} else if (result.status) {
		const struct proc_output *said =
			result.errors.len ? &result.errors : &result.out;

		fail(p, p->severity);
		buf_addf(&p->why, "'%s' ends with status %d%s", p->argv[0],
			 result.status, said->len ? ": " : "");
		if (said->len)
			show_text(&p->why, said->text,
				  strcspn(said->text, "\n"), OUTPUT_MAX);
	}
	proc_result_done(&result);
}

void probe_look(struct probe *p, int64_t now)
{
	int64_t begun = clock_mono();
	bool measured = p->kind == PROBE_HTTP || p->kind == PROBE_TCP;

	p->ok = true;
	p->ran_at = now;
	p->found = SEVERITY_INFO;
	p->expires = WHEN_NONE;
	buf_reset(&p->why);
	switch (p->kind) {
	case PROBE_HTTP:
		look_at_url(p);
		break;
	case PROBE_TCP:
		look_at_port(p);
		break;
	case PROBE_TLS:
		look_at_certificate(p, now);
		break;
	case PROBE_COMMAND:
		look_at_command(p);
		break;
	}
	p->took_ms = clock_mono() - begun;
	if (p->ok && measured && p->latency_ms && p->took_ms > p->latency_ms) {
		fail(p, p->severity);
		buf_addf(&p->why,
			 "answers in %" PRId64 " ms, allowed are %" PRId64,
			 p->took_ms, p->latency_ms);
	}
}
