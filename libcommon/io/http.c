/* http.c - runs transfers over one multi handle. */
#include "http-internal.h"

#ifdef HTTP_BUILT

#include <errno.h>
#include <inttypes.h>
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <stdio.h>

#define WAIT_MAX_MS 3600000 /* a single round; waiting goes on after it */

int http_ready(const char **ret_version, struct err *err)
{
	if (http_curl_load(err) < 0)
		return -1;
	if (ret_version)
		*ret_version = curl->version_info(CURLVERSION_NOW)->version;
	return 0;
}

struct http *http_new(const struct http_options *opt, struct err *err)
{
	size_t connections = opt->connections;
	struct http *h;

	if (http_curl_load(err) < 0)
		return NULL;
	if (opt->ca_file && access(opt->ca_file, R_OK)) {
		(void)err_sys(err, errno,
			      "cannot read the certificates in '%s'",
			      opt->ca_file);
		return NULL;
	}
	h = mem_zero(1, sizeof(*h));
	h->end = &h->first;
	h->connections = connections ? connections : HTTP_CONNECTIONS;
	h->ca_file = mem_dup(opt->ca_file);
	h->user_agent =
		mem_dup(opt->user_agent ? opt->user_agent
					: "oncall-tools/" ONCALL_VERSION);
	h->multi = curl->multi_init();
	if (!h->multi)
		mem_die();
	(void)curl->multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
				 (long)h->connections);
	return h;
}

static void http_add(struct http *h, struct http_transfer *t)
{
	*h->end = t;
	h->end = &t->next;
}

static void http_remove(struct http *h, struct http_transfer *t)
{
	struct http_transfer **p = &h->first;

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	if (h->end == &t->next)
		h->end = p;
}

/* Takes the attempt off the line. */
static void attempt_stop(struct http *h, struct http_transfer *t)
{
	(void)curl->multi_remove_handle(h->multi, t->easy);
	http_attempt_close(t);
	h->running--;
}

/* Another attempt when there is one left and time for it. */
static void try_again(struct http_transfer *t)
{
	int64_t now = clock_mono();
	int64_t pause = http_retry_pause(&t->reply);

	if (t->retries <= 0 || pause >= t->deadline - now) {
		t->done = true;
		return;
	}
	t->retries--;
	t->due = now + pause;
}

static void attempt_end(struct http *h, struct http_transfer *t, CURLcode code)
{
	bool again = http_attempt_judge(t, code);
	bool moved = !t->rc && http_transfer_redirect(t);

	attempt_stop(h, t);
	if (moved) {
		t->reply.attempts--; /* the same attempt goes on elsewhere */
		t->due = clock_mono();
	} else if (again) {
		try_again(t);
	} else {
		t->done = true;
	}
}

static void attempt_start(struct http *h, struct http_transfer *t)
{
	t->reply.attempts++;
	h->running++;
	http_attempt_open(h, t);
	if (t->setup)
		attempt_end(h, t, t->setup);
	else if (curl->multi_add_handle(h->multi, t->easy))
		attempt_end(h, t, CURLE_FAILED_INIT);
}

/* The time is up. What waits keeps the outcome of its last attempt. */
static void expire(struct http *h, struct http_transfer *t, const char *why)
{
	if (t->easy || !t->reply.attempts) {
		(void)snprintf(t->why, sizeof(t->why), "%s", why);
		(void)http_attempt_judge(t, CURLE_OPERATION_TIMEDOUT);
	}
	if (t->easy)
		attempt_stop(h, t);
	t->done = true;
}

/*
 * Once a stop was asked for, nothing is tried again, and what is on the line
 * gets a little more time, so that fewer answers stay unknown.
 */
static void heed_stop(struct http *h, struct http_transfer *t, int64_t now)
{
	if (!signals_stop())
		h->stop_at = 0;
	else if (!h->stop_at)
		h->stop_at = now + HTTP_STOP_MS;
	if (!h->stop_at)
		return;
	if (now >= h->stop_at || (!t->easy && t->reply.attempts))
		expire(h, t, "asked to stop");
}

static void advance(struct http *h, struct http_transfer *t)
{
	char why[64];
	int64_t now = clock_mono();

	heed_stop(h, t, now);
	if (t->done)
		return;
	if (now >= t->deadline) {
		(void)snprintf(why, sizeof(why),
			       "timed out after %" PRId64 " ms", t->timeout_ms);
		expire(h, t, why);
	} else if (!t->easy && now >= t->due && h->running < h->connections) {
		attempt_start(h, t);
	}
}

/* Whether a transfer ended. */
static bool harvest(struct http *h)
{
	struct http_transfer *t = NULL;
	bool any = false;
	CURLMsg *msg;
	int left;

	while ((msg = curl->multi_info_read(h->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl->easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
					 &t);
		attempt_end(h, t, msg->data.result);
		any = true;
	}
	return any;
}

/* Until somebody has to be looked at; sockets end the wait before. */
static int next_pause(const struct http *h, int64_t wait_ms)
{
	int64_t now = clock_mono();
	int64_t until =
		now + (wait_ms < HTTP_SLICE_MS ? wait_ms : HTTP_SLICE_MS);

	for (const struct http_transfer *t = h->first; t; t = t->next) {
		if (t->done)
			continue;
		if (t->deadline < until)
			until = t->deadline;
		if (!t->easy && t->due < until && h->running < h->connections)
			until = t->due;
	}
	return until > now ? (int)(until - now) : 0;
}

/* One round; waits for at most wait_ms, and not when a transfer ended. What
 * arrived comes before deadlines: the caller may have been away for long. */
static void http_step(struct http *h, int64_t wait_ms)
{
	bool any;
	int running;
	int pause;

	(void)curl->multi_perform(h->multi, &running);
	any = harvest(h);
	for (struct http_transfer *t = h->first; t; t = t->next) {
		if (t->done)
			continue;
		advance(h, t);
		any = any || t->done;
	}
	pause = any ? 0 : next_pause(h, wait_ms);
	if (pause > 0)
		(void)curl->multi_poll(h->multi, NULL, 0, pause, NULL);
}

/* Hands the outcome over and forgets the transfer. */
static int http_finish(struct http *h, struct http_transfer *t,
		       struct http_reply *ret, struct err *err)
{
	int rc = t->rc;

	if (rc)
		(void)err_set(err, t->err.kind, "%s", t->err.text);
	*ret = t->reply;
	t->reply = (struct http_reply){.status = 0};
	http_remove(h, t);
	http_transfer_free(t);
	return rc;
}

int http_send(struct http *h, const struct http_request *req,
	      struct http_reply *ret, struct err *err)
{
	struct http_transfer *t = http_transfer_new(req, NULL, err);

	*ret = (struct http_reply){.status = 0};
	if (!t)
		return -1;
	http_add(h, t);
	while (!t->done)
		http_step(h, WAIT_MAX_MS);
	return http_finish(h, t, ret, err);
}

int http_start(struct http *h, const struct http_request *req, void *tag,
	       struct err *err)
{
	struct http_transfer *t = http_transfer_new(req, tag, err);

	if (!t)
		return -1;
	http_add(h, t);
	return 0;
}

/* The first that is done; whether there is any at all. */
static bool find_done(const struct http *h, struct http_transfer **ret)
{
	bool any = false;

	*ret = NULL;
	for (struct http_transfer *t = h->first; t && !*ret; t = t->next) {
		any = true;
		if (t->done)
			*ret = t;
	}
	return any;
}

int http_wait(struct http *h, int64_t timeout_ms, void **ret_tag,
	      struct http_reply *ret, struct err *err)
{
	int64_t wait = timeout_ms < 0 ? WAIT_MAX_MS : timeout_ms;
	int64_t end = clock_mono() + wait;
	int64_t left = 0;
	struct http_transfer *t;

	*ret_tag = NULL;
	*ret = (struct http_reply){.status = 0};
	for (;;) {
		http_step(h, left);
		if (!find_done(h, &t))
			return 0;
		if (t) {
			*ret_tag = t->tag;
			return http_finish(h, t, ret, err) ? -1 : 1;
		}
		left = timeout_ms < 0 ? WAIT_MAX_MS : end - clock_mono();
		if (left <= 0)
			return 2;
	}
}

void http_free(struct http *h)
{
	struct http_transfer *t;

	if (!h)
		return;
	while ((t = h->first)) {
		if (t->easy)
			attempt_stop(h, t);
		http_remove(h, t);
		http_transfer_free(t);
	}
	(void)curl->multi_cleanup(h->multi);
	free(h->ca_file);
	free(h->user_agent);
	free(h);
}

#else /* no libcurl, or one that is too old */

static int absent(struct err *err)
{
	return err_set(err, ERR_USAGE,
		       "built without HTTP: libcurl 7.80 or newer was missing");
}

int http_ready(const char **ret_version, struct err *err)
{
	(void)ret_version;
	return absent(err);
}

struct http *http_new(const struct http_options *opt, struct err *err)
{
	(void)opt;
	(void)absent(err);
	return NULL;
}

int http_send(struct http *h, const struct http_request *req,
	      struct http_reply *ret, struct err *err)
{
	(void)h;
	(void)req;
	*ret = (struct http_reply){.status = 0};
	return absent(err);
}

int http_start(struct http *h, const struct http_request *req, void *tag,
	       struct err *err)
{
	(void)h;
	(void)req;
	(void)tag;
	return absent(err);
}

int http_wait(struct http *h, int64_t timeout_ms, void **ret_tag,
	      struct http_reply *ret, struct err *err)
{
	(void)h;
	(void)timeout_ms;
	*ret_tag = NULL;
	*ret = (struct http_reply){.status = 0};
	return absent(err);
}

void http_free(struct http *h)
{
	(void)h;
}

#endif
