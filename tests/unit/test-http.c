#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <oncall/clock.h>
#include <oncall/http.h>
#include <oncall/mem.h>
#include <oncall/proc.h>
#include <oncall/signals.h>

#define SERVER	      "tests/lib/http-server.py"
#define START_MS      10000
#define CERT_MS	      10000
#define STOP_AFTER_MS 100

struct server {
	pid_t pid;
	int stdin_fd; /* closed, it ends the server */
	int port;
};

static struct server plain;
static struct server tls;
static char dir[] = "/tmp/oncall-http-XXXXXX";
static char *cert;
static char *key;

static struct http *http;
static struct http_reply reply;
static struct err err;
static char url_text[8][512];
static size_t fds_before;

static size_t open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

/* The URL of a path of the plain server; good until eight more are made. */
static const char *url(const char *path)
{
	static size_t next;
	char *text = url_text[next++ % ARRAY_LEN(url_text)];

	(void)snprintf(text, sizeof(url_text[0]), "http://127.0.0.1:%d%s",
		       plain.port, path);
	return text;
}

static void forget(void)
{
	http_reply_done(&reply);
	err_clear(&err);
}

static int before(void **state)
{
	struct http_options opt = {.connections = 4};

	(void)state;
	fds_before = open_fds();
	err = (struct err)ERR_INIT;
	clock_random_seed(7);
	http = http_new(&opt, &err);
	assert_non_null(http);
	return 0;
}

static int after(void **state)
{
	(void)state;
	forget();
	http_free(http);
	signals_raise_stop(0);
	assert_int_equal(open_fds(), fds_before);
	return 0;
}

static int send_it(struct http_request req)
{
	forget();
	return http_send(http, &req, &reply, &err);
}

static int get(const char *path)
{
	return send_it((struct http_request){.url = url(path)});
}

/* How often the server was asked for a path. */
static int asked(const char *path)
{
	struct http_request req = {.url = NULL};
	struct http_reply got;
	struct err failed = ERR_INIT;
	char text[256];
	int n = 0;

	(void)snprintf(text, sizeof(text), "/count?of=%s", path);
	req.url = url(text);
	assert_int_equal(http_send(http, &req, &got, &failed), 0);
	for (const char *p = buf_str(&got.body); *p; p++)
		n = n * 10 + (*p - '0');
	http_reply_done(&got);
	return n;
}

static void assert_body(const char *text)
{
	assert_string_equal(buf_str(&reply.body), text);
}

static void assert_body_has(const char *text)
{
	if (!strstr(buf_str(&reply.body), text))
		fail_msg("'%s' lacks '%s'", buf_str(&reply.body), text);
}

static void assert_body_lacks(const char *text)
{
	if (strstr(buf_str(&reply.body), text))
		fail_msg("'%s' has '%s'", buf_str(&reply.body), text);
}

static void gets_a_page(void **state)
{
	(void)state;
	assert_int_equal(get("/echo"), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.attempts, 1);
	assert_false(reply.unknown);
	assert_body_has("GET /echo HTTP/1.1\r\n");
	assert_body_has("User-Agent: oncall-tools/");
	assert_int_equal(get("/nowhere"), 0);
	assert_int_equal(reply.status, 404);
	assert_body("");
}

static void sends_method_headers_and_body(void **state)
{
	const char *const headers[] = {"X-One: 1", "Authorization: Bearer x",
				       "Content-Type: application/json", NULL};
	struct http_request req = {
		.url = url("/echo"),
		.headers = headers,
		.body = SLICE_LIT("{\"a\": \"\0b\"}"),
	};

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_body_has("POST /echo");
	assert_body_has("\r\nX-One: 1\r\n");
	assert_body_has("\r\nAuthorization: Bearer x\r\n");
	assert_body_has("\r\nContent-Type: application/json\r\n");
	assert_body_has("\r\nContent-Length: 11\r\n");
	assert_memory_equal(reply.body.data + reply.body.len - 11, req.body.ptr,
			    11);
	req = (struct http_request){.url = url("/echo"), .method = "DELETE"};
	assert_int_equal(send_it(req), 0);
	assert_body_has("DELETE /echo");
	req.method = "PUT";
	assert_int_equal(send_it(req), 0);
	assert_body_has("PUT /echo");
	assert_body_has("Content-Length: 0\r\n");
	assert_body_lacks("Content-Type");
	req.method = "HEAD";
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 200);
	assert_body("");
}

static void a_large_body_goes_at_once(void **state)
{
	const size_t n = (size_t)3 * 1024 * 1024;
	AUTO_FREE char *text = mem_zero(n, 1);
	int64_t start = clock_mono();

	(void)state;
	assert_int_equal(send_it((struct http_request){
				 .url = url("/echo"),
				 .method = "PUT",
				 .body = {text, n},
			 }),
			 0);
	assert_body_lacks("Expect");
	assert_true(reply.body.len > n);
	assert_true(clock_mono() - start < 900);
}

static void headers_are_found_by_name(void **state)
{
	(void)state;
	assert_int_equal(get("/interim"), 0);
	assert_int_equal(reply.status, 200);
	assert_true(slice_is(http_header(&reply, "x-LATE"), "2"));
	assert_null(http_header(&reply, "X-Early").ptr); /* not the last's */
	assert_null(http_header(&reply, "X-La").ptr);
	assert_null(http_header(&reply, "").ptr);
}

static void connections_are_reused(void **state)
{
	char first[32];
	struct slice number;

	(void)state;
	assert_int_equal(get("/echo"), 0);
	number = http_header(&reply, "X-Connection");
	(void)snprintf(first, sizeof(first), "%.*s", (int)number.len,
		       number.ptr);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(get("/connections"), 0);
		assert_body(first); /* none was made since */
		assert_true(
			slice_is(http_header(&reply, "X-Connection"), first));
	}
	assert_int_equal(get("/times/1/503/reuse"), 0);
	assert_true(slice_is(http_header(&reply, "X-Connection"), first));
}

static void malformed_requests_are_refused(void **state)
{
	const char *const urls[] = {"",
				    "ftp://127.0.0.1/x",
				    "file:///etc/passwd",
				    "http://",
				    "http://127.0.0.1:99999/",
				    "http://127.0.0.1/a b\r\nX: y",
				    "127.0.0.1"};
	const char *const lines[] = {
		"X: a\r\nEvil: 1", "X: a\nEvil: 1", "X", ": x",
		"X Y: z",	   "X: \x01"};
	const char *const methods[] = {"", "GET /x", "get", "A\r\nB"};
	struct http_request req = {.url = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		req.url = urls[i];
		assert_int_equal(send_it(req), -1);
		assert_err(&err, ERR_INPUT, "URL");
		assert_int_equal(reply.attempts, 0);
	}
	req.url = url("/echo");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		req.headers = (const char *const[]){lines[i], NULL};
		assert_int_equal(send_it(req), -1);
		assert_err(&err, ERR_INPUT, "a header for 'http://127.0.0.1:");
		assert_null(strstr(err.text, "Evil"));
	}
	req.headers = NULL;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		req.method = methods[i];
		assert_int_equal(send_it(req), -1);
		assert_err(&err, ERR_INPUT, "method");
	}
}

/* A port where nobody listens: bound, so that nobody else takes it. */
static int silent_port(int *ret_fd)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*ret_fd >= 0);
	assert_int_equal(bind(*ret_fd, (const void *)&addr, len), 0);
	assert_int_equal(getsockname(*ret_fd, (void *)&addr, &len), 0);
	return ntohs(addr.sin_port);
}

static void refused_connections_are_tried_again(void **state)
{
	char text[64];
	int fd;

	(void)state;
	(void)snprintf(text, sizeof(text), "http://u:secret@127.0.0.1:%d/token",
		       silent_port(&fd));
	assert_int_equal(
		send_it((struct http_request){.url = text, .retries = 2}), -1);
	(void)close(fd);
	assert_err(&err, ERR_REMOTE, "cannot reach 'http://127.0.0.1:");
	assert_null(strstr(err.text, "token"));
	assert_null(strstr(err.text, "secret"));
	assert_int_equal(reply.attempts, 3);
	assert_false(reply.unknown);
}

static void a_busy_server_is_asked_again(void **state)
{
	struct http_request req = {.url = url("/times/2/503/a"), .retries = 2};

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.attempts, 3);
	assert_body("now");
	req.url = url("/times/2/429/b");
	req.retries = 1;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 429);
	assert_int_equal(reply.attempts, 2);
	assert_body("not yet");
	req.url = url("/times/1/500/c"); /* a fault, which stays one */
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 500);
	assert_int_equal(reply.attempts, 1);
}

/* What is behind a gateway may have acted. */
static void gateways_leave_it_unknown(void **state)
{
	struct http_request req = {
		.url = url("/times/1/504/a"), .method = "POST", .retries = 3};

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 504);
	assert_true(reply.unknown);
	assert_int_equal(asked("/times/1/504/a"), 1);
	req.url = url("/times/1/502/b");
	req.idempotent = true;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 200);
	assert_false(reply.unknown);
}

static void retry_after_is_honoured(void **state)
{
	struct http_request req = {.url = url("/times/1/429/d?after=1"),
				   .retries = 1};
	int64_t start = clock_mono();
	int64_t took;

	(void)state;
	assert_int_equal(send_it(req), 0);
	took = clock_mono() - start;
	assert_int_equal(reply.status, 200);
	assert_true(took >= 1000 && took < 2000);
}

/* The date is one of the server's clock, which is years behind. */
static void retry_after_may_be_a_date(void **state)
{
	(void)state;
	assert_int_equal(get("/times/1/503/e?after=date"), 0);
	assert_int_equal(reply.status, 503);
	assert_int_equal(reply.retry_after_ms, 1000);
	assert_int_equal(get("/times/1/503/f?after=soon"), 0);
	assert_int_equal(reply.retry_after_ms, 0);
	assert_int_equal(get("/times/1/503/g?after=99999999999999999999"), 0);
	assert_int_equal(reply.retry_after_ms, (int64_t)7 * 24 * 3600 * 1000);
}

static void no_pause_passes_the_deadline(void **state)
{
	struct http_request req = {
		.url = url("/times/9/429/h?after=60"),
		.retries = 5,
	};
	int64_t start = clock_mono();

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 429);
	assert_int_equal(reply.attempts, 1);
	assert_int_equal(reply.retry_after_ms, 60000);
	assert_true(clock_mono() - start < 500);
	req.url = url("/times/99/503/i");
	req.timeout_ms = 400;
	req.retries = 50;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 503);
	assert_true(reply.attempts > 1 && reply.attempts < 50);
	assert_true(clock_mono() - start < 1500);
}

static void a_hanging_server_meets_the_deadline(void **state)
{
	struct http_request req = {
		.url = url("/hang"), .timeout_ms = 250, .retries = 3};
	int64_t start = clock_mono();

	(void)state;
	assert_int_equal(send_it(req), -1);
	assert_err(&err, ERR_REMOTE, "no answer from 'http://127.0.0.1:");
	assert_err(&err, ERR_REMOTE, "timed out after 250 ms");
	assert_true(reply.unknown);
	assert_int_equal(reply.attempts, 1);
	assert_true(clock_mono() - start >= 250);
	assert_true(clock_mono() - start < 1000);
}

static void a_slow_answer_meets_the_deadline(void **state)
{
	struct http_request req = {.url = url("/drip"), .timeout_ms = 250};
	int64_t start = clock_mono();

	(void)state;
	assert_int_equal(send_it(req), -1);
	assert_err(&err, ERR_REMOTE, "broken answer from");
	assert_int_equal(reply.status, 200);
	assert_true(reply.unknown);
	assert_true(clock_mono() - start < 1000);
}

static void only_what_is_idempotent_is_sent_again(void **state)
{
	struct http_request req = {
		.url = url("/reset-once/a"),
		.method = "POST",
		.retries = 3,
		.idempotent = true,
	};

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.attempts, 2);
	assert_false(reply.unknown);
	req.url = url("/reset-once/b");
	req.idempotent = false;
	assert_int_equal(send_it(req), -1);
	assert_err(&err, ERR_REMOTE, "no answer from");
	assert_true(reply.unknown);
	assert_int_equal(asked("/reset-once/b"), 1);
}

/* libcurl would send again by itself on a connection kept open that turns out
 * to be closed, also what must not be sent twice. */
static void nothing_is_silently_sent_twice(void **state)
{
	struct http_request req = {
		.url = url("/times/0/200/twice"),
		.body = SLICE_LIT("restart"),
		.retries = 3,
	};

	(void)state;
	assert_int_equal(get("/stale"), 0);
	assert_int_equal(send_it(req), -1);
	assert_true(reply.unknown);
	assert_int_equal(asked("/times/0/200/twice"), 1);
	assert_int_equal(get("/stale"), 0);
	req.idempotent = true;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(asked("/times/0/200/twice"), 3);
}

static void broken_answers_are_errors(void **state)
{
	const char *const paths[] = {"/mid-body", "/reset", "/close",
				     "/garbage"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_int_equal(get(paths[i]), -1);
		assert_err(&err, ERR_REMOTE, "answer from");
		assert_true(reply.unknown);
		assert_int_equal(asked(paths[i]), 1);
	}
}

static void sizes_are_bounded(void **state)
{
	struct http_request req = {.url = url("/huge"),
				   .body_max = 100000,
				   .idempotent = true,
				   .retries = 3};

	(void)state;
	assert_int_equal(send_it(req), -1);
	assert_err(&err, ERR_REMOTE, "the body of the answer from 'http://127");
	assert_int_equal(reply.attempts, 1);
	assert_true(reply.body.len <= 100000);
	assert_true(reply.too_large);
	req.url = url("/many-headers");
	assert_int_equal(send_it(req), -1);
	assert_false(reply.too_large);
	assert_err(&err, ERR_REMOTE, "the header of the answer from");
	assert_true(reply.headers.len <= HTTP_HEADERS_MAX);
	req.url = url("/long-header");
	req.retries = 0;
	assert_int_equal(send_it(req), -1);
	assert_err(&err, ERR_REMOTE, "larg");
	/* Exactly the maximum fits. */
	req.url = url("/times/9/200/x");
	req.body_max = 3;
	assert_int_equal(send_it(req), -1);
	req.body_max = 7;
	assert_int_equal(send_it(req), 0);
	assert_body("not yet");
}

static void redirections_are_not_followed_unasked(void **state)
{
	(void)state;
	assert_int_equal(get("/redirect/302?to=/times/0/200/unasked"), 0);
	assert_int_equal(reply.status, 302);
	assert_true(slice_is(http_header(&reply, "Location"),
			     "/times/0/200/unasked"));
	assert_int_equal(asked("/times/0/200/unasked"), 0);
}

static int redirect(int code, const char *to, const char *method)
{
	const char *const headers[] = {"Authorization: Bearer secret", NULL};
	char path[256];
	struct http_request req = {
		.method = method,
		.headers = headers,
		.redirects = 3,
		.body = slice_of(!strcmp(method, "POST") ? "payload" : ""),
	};

	(void)snprintf(path, sizeof(path), "/redirect/%d?to=%s", code, to);
	req.url = url(path);
	return send_it(req);
}

static void redirections_on_the_same_host_are_followed(void **state)
{
	(void)state;
	assert_int_equal(redirect(302, "/echo", "GET"), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.attempts, 1);
	assert_body_has("GET /echo");
	assert_body_has("Bearer secret");
	assert_int_equal(redirect(303, url("/echo"), "POST"), 0);
	assert_body_has("GET /echo");
	assert_body_lacks("payload");
	assert_int_equal(redirect(307, "/echo", "POST"), 0);
	assert_body_has("POST /echo");
	assert_body_has("payload");
	assert_int_equal(redirect(303, "/echo", "HEAD"), 0);
	assert_int_equal(reply.status, 200);
	assert_body("");
}

static void redirections_elsewhere_are_not_followed(void **state)
{
	char to[128];

	(void)state;
	/* The same server by another name. */
	(void)snprintf(to, sizeof(to), "http://localhost:%d/times/0/200/else",
		       plain.port);
	assert_int_equal(redirect(302, to, "GET"), 0);
	assert_int_equal(reply.status, 302);
	assert_int_equal(asked("/times/0/200/else"), 0);
	(void)snprintf(to, sizeof(to), "http://127.0.0.1:%d/", tls.port);
	assert_int_equal(redirect(307, to, "POST"), 0);
	assert_int_equal(reply.status, 307);
	assert_int_equal(redirect(302, "file:///etc/passwd", "GET"), 0);
	assert_int_equal(reply.status, 302);
	assert_int_equal(redirect(302, "//127.0.0.2/", "GET"), 0);
	assert_int_equal(reply.status, 302);
}

static void redirections_have_an_end(void **state)
{
	struct http_request req = {.url = url("/loop"), .redirects = 2};

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(reply.status, 302);
	assert_int_equal(asked("/loop"), 3);
}

static int tls_get(const char *host, const char *ca_file)
{
	struct http_options opt = {.ca_file = ca_file};
	struct http_request req = {.retries = 3};
	AUTO_HTTP struct http *h = http_new(&opt, &err);
	char text[128];

	(void)snprintf(text, sizeof(text), "https://%s:%d/echo", host,
		       tls.port);
	req.url = text;
	assert_non_null(h);
	forget();
	return http_send(h, &req, &reply, &err);
}

static void certificates_are_checked(void **state)
{
	(void)state;
	if (!tls.port)
		skip();
	assert_int_equal(tls_get("localhost", NULL), -1);
	assert_err(&err, ERR_REMOTE, "cannot reach 'https://localhost:");
	assert_err(&err, ERR_REMOTE, "certificate");
	assert_int_equal(reply.attempts, 1); /* it will not get better */
	assert_false(reply.unknown);
	assert_int_equal(tls_get("localhost", cert), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(tls_get("127.0.0.1", cert), -1); /* not its name */
	assert_int_equal(reply.attempts, 1);
}

static void a_missing_ca_file_is_named(void **state)
{
	struct http_options opt = {.ca_file = "/no/such.pem"};

	(void)state;
	assert_null(http_new(&opt, &err));
	assert_err(&err, ERR_SYSTEM, "'/no/such.pem': No such file");
}

static void many_run_at_once(void **state)
{
	enum { COUNT = 12 };
	int tags[COUNT] = {0};
	int64_t start = clock_mono();
	void *tag;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		struct http_request req = {.url = url("/hold/150")};

		assert_int_equal(http_start(http, &req, &tags[i], &err), 0);
	}
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(http_wait(http, -1, &tag, &reply, &err), 1);
		assert_int_equal(reply.status, 200);
		(*(int *)tag)++;
		forget();
	}
	assert_int_equal(http_wait(http, -1, &tag, &reply, &err), 0);
	assert_null(tag);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(tags[i], 1);
	/* Four connections: three rounds, neither one nor twelve. */
	assert_true(clock_mono() - start >= 450);
	assert_true(clock_mono() - start < 1200);
}

static void waiting_has_an_end_and_failures_their_tags(void **state)
{
	struct http_request hang = {.url = url("/hang"), .timeout_ms = 300};
	struct http_request page = {.url = url("/echo")};
	void *tag;

	(void)state;
	assert_int_equal(http_start(http, &hang, &hang, &err), 0);
	assert_int_equal(http_wait(http, 0, &tag, &reply, &err), 2);
	assert_int_equal(http_wait(http, 50, &tag, &reply, &err), 2);
	assert_null(tag);
	/* http_send() takes only its own. */
	assert_int_equal(send_it(page), 0);
	assert_int_equal(reply.status, 200);
	forget();
	assert_int_equal(http_start(http, &page, &page, &err), 0);
	assert_int_equal(http_wait(http, 5000, &tag, &reply, &err), 1);
	assert_ptr_equal(tag, &page);
	forget();
	assert_int_equal(http_wait(http, 5000, &tag, &reply, &err), -1);
	assert_ptr_equal(tag, &hang);
	assert_true(reply.unknown);
	assert_err(&err, ERR_REMOTE, "timed out");
}

static void what_is_under_way_can_be_dropped(void **state)
{
	struct http_request req = {.url = url("/hang")};
	void *tag;

	(void)state;
	assert_int_equal(http_start(http, &req, NULL, &err), 0);
	assert_int_equal(http_wait(http, 50, &tag, &reply, &err), 2);
	assert_int_equal(http_start(http, &req, NULL, &err), 0);
}

static pid_t stop_soon(void)
{
	const struct timespec pause = {.tv_nsec = STOP_AFTER_MS * 1000000L};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		(void)nanosleep(&pause, NULL);
		_exit(kill(getppid(), SIGTERM) != 0);
	}
	return pid;
}

static void a_stop_ends_the_pause(void **state)
{
	struct http_request req = {.url = url("/times/9/429/stop?after=5"),
				   .retries = 3};
	int64_t start = clock_mono();
	pid_t pid = stop_soon();

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(reply.status, 429);
	assert_int_equal(reply.attempts, 1);
	assert_true(clock_mono() - start < 1500);
}

static void a_stop_lets_answers_arrive_for_a_while(void **state)
{
	struct http_request req = {.url = url("/hold/400"), .retries = 3};
	int64_t start = clock_mono();
	pid_t pid = stop_soon();

	(void)state;
	assert_int_equal(send_it(req), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(reply.status, 200);
	req.url = url("/hang");
	assert_int_equal(send_it(req), -1);
	assert_err(&err, ERR_REMOTE, "asked to stop");
	assert_true(reply.unknown);
	assert_true(clock_mono() - start < HTTP_STOP_MS + 1500);
}

static void server_start(struct server *s, char *const *argv)
{
	char text[16] = "";
	struct pollfd p = {.events = POLLIN};
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	s->stdin_fd = in[1];
	p.fd = out[0];
	if (poll(&p, 1, START_MS) > 0 && read(p.fd, text, sizeof(text) - 1) > 0)
		for (const char *c = text; *c >= '0' && *c <= '9'; c++)
			s->port = s->port * 10 + (*c - '0');
	(void)close(out[0]);
}

static void server_stop(struct server *s)
{
	if (s->pid <= 0)
		return;
	(void)close(s->stdin_fd);
	(void)waitpid(s->pid, NULL, 0);
}

static bool make_certificate(void)
{
	const char *const argv[] = {"openssl",
				    "req",
				    "-x509",
				    "-newkey",
				    "ec",
				    "-pkeyopt",
				    "ec_paramgen_curve:P-256",
				    "-nodes",
				    "-days",
				    "2",
				    "-subj",
				    "/CN=localhost",
				    "-addext",
				    "subjectAltName=DNS:localhost",
				    "-keyout",
				    key,
				    "-out",
				    cert,
				    NULL};
	struct proc_options opt = {.argv = argv, .timeout_ms = CERT_MS};
	struct proc_result res;
	bool ok = !proc_run(&opt, &res, &err) && res.status == 0;

	proc_result_done(&res);
	return ok;
}

static int setup(void **state)
{
	char python[] = "/usr/bin/python3", script[] = SERVER, flag[] = "--tls";
	const char *const proxies[] = {"http_proxy", "https_proxy",
				       "all_proxy",  "HTTPS_PROXY",
				       "ALL_PROXY",  "no_proxy"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
		(void)unsetenv(proxies[i]);
	assert_non_null(mkdtemp(dir));
	cert = mem_printf("%s/cert.pem", dir);
	key = mem_printf("%s/key.pem", dir);
	server_start(&plain, (char *[]){python, script, NULL});
	assert_true(plain.port > 0);
	if (make_certificate())
		server_start(&tls,
			     (char *[]){python, script, flag, cert, key, NULL});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_stop(&plain);
	server_stop(&tls);
	(void)unlink(cert);
	(void)unlink(key);
	(void)rmdir(dir);
	free(cert);
	free(key);
	return 0;
}

static void says_when_it_was_left_out(void **state)
{
	struct http_options opt = {.ca_file = NULL};
	struct err failed = ERR_INIT;

	(void)state;
	assert_null(http_new(&opt, &failed));
	assert_err(&failed, ERR_USAGE, "built without HTTP");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)

static int without_http(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_when_it_was_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gets_a_page),
		TEST(sends_method_headers_and_body),
		TEST(a_large_body_goes_at_once),
		TEST(headers_are_found_by_name),
		TEST(connections_are_reused),
		TEST(malformed_requests_are_refused),
		TEST(refused_connections_are_tried_again),
		TEST(a_busy_server_is_asked_again),
		TEST(gateways_leave_it_unknown),
		TEST(retry_after_is_honoured),
		TEST(retry_after_may_be_a_date),
		TEST(no_pause_passes_the_deadline),
		TEST(a_hanging_server_meets_the_deadline),
		TEST(a_slow_answer_meets_the_deadline),
		TEST(only_what_is_idempotent_is_sent_again),
		TEST(nothing_is_silently_sent_twice),
		TEST(broken_answers_are_errors),
		TEST(sizes_are_bounded),
		TEST(redirections_are_not_followed_unasked),
		TEST(redirections_on_the_same_host_are_followed),
		TEST(redirections_elsewhere_are_not_followed),
		TEST(redirections_have_an_end),
		TEST(certificates_are_checked),
		TEST(a_missing_ca_file_is_named),
		TEST(many_run_at_once),
		TEST(waiting_has_an_end_and_failures_their_tags),
		TEST(what_is_under_way_can_be_dropped),
		TEST(a_stop_ends_the_pause),
		TEST(a_stop_lets_answers_arrive_for_a_while),
	};
	struct http_options opt = {.ca_file = NULL};
	struct err failed = ERR_INIT;
	AUTO_HTTP struct http *probe = http_new(&opt, &failed);

	(void)alarm(60);
	(void)signal(SIGTERM, SIG_DFL); /* ignored, it would stay so */
	signals_install();
	return probe ? cmocka_run_group_tests(tests, setup, teardown)
		     : without_http();
}
