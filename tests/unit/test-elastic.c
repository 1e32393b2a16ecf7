#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include <oncall/clock.h>
#include <oncall/elastic.h>
#include <oncall/http.h>
#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#define SERVER	  "tests/lib/elastic-server.py"
#define START_MS  10000
#define START	  INT64_C(1700000000000) /* of the stand-in clock */
#define STEP_MS	  40000
#define RESTARTS  12 /* one step in that many */
#define PATIENCE  20000
#define SECRET	  "hunter2-is-secret"
#define API_KEY	  "VuaCfGcBCdbkQm-e5aOx:" SECRET
#define KEY_CODED "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6aHVudGVyMi1pcy1zZWNyZXQ="

static pid_t pid;
static int stdin_fd;
static char url[64];
static struct http *http;
static struct input *in;
static struct input_block block;
static struct err err;
static struct map seen; /* id -> how often */
static size_t events, doubles, troubles;
static int64_t last_order;
static struct err trouble;
static struct buf answer;

static void server_start(char *const *argv)
{
	char text[16] = "";
	struct pollfd p = {.events = POLLIN};
	int to[2], from[2];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		(void)dup2(to[0], 0);
		(void)dup2(from[1], 1);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	stdin_fd = to[1];
	p.fd = from[0];
	assert_true(poll(&p, 1, START_MS) > 0);
	assert_true(read(p.fd, text, sizeof(text) - 1) > 0);
	(void)close(from[0]);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%.*s",
		       (int)strspn(text, "0123456789"), text);
}

static void start(const char *option, const char *value)
{
	char *argv[] = {(char *)(uintptr_t)SERVER, (char *)(uintptr_t)option,
			(char *)(uintptr_t)value, NULL};

	server_start(argv);
}

static void ask(const char *path, const char *body)
{
	const char *const headers[] = {"Content-Type: application/json", NULL};
	AUTO_FREE char *to = mem_printf("%s%s", url, path);
	struct http_request req = {
		.url = to,
		.headers = headers,
		.body = slice_of(body),
	};
	struct http_reply r;
	struct err failed = ERR_INIT;

	if (http_send(http, &req, &r, &failed) || r.status != 200)
		fail_msg("%s: %ld %s", path, r.status, failed.text);
	buf_reset(&answer);
	buf_add_slice(&answer, buf_slice(&r.body));
	http_reply_done(&r);
}

static void control(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void control(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ask("/__control", text);
}

static int64_t number_of_state(const char *key)
{
	struct jscan scan = {.members = NULL};
	const struct jscan_member *m;
	int64_t n = -1;

	ask("/__state", NULL);
	assert_int_equal(jscan_object(&scan, answer.data, answer.len, &err), 0);
	m = jscan_get(&scan, key);
	assert_non_null(m);
	(void)jscan_int(m->value, &n);
	jscan_done(&scan);
	return n;
}

static void assert_no_violations(void)
{
	ask("/__state", NULL);
	if (!strstr(buf_str(&answer), "\"violations\": []"))
		fail_msg("%s", buf_str(&answer));
}

static void note(void *arg, const struct err *e)
{
	(void)arg;
	troubles++;
	trouble = *e;
}

static int before(void **state)
{
	struct http_options opt = {.connections = 1};

	(void)state;
	err = trouble = (struct err)ERR_INIT;
	clock_set(START);
	clock_random_seed(3);
	events = doubles = troubles = 0;
	last_order = 0;
	pid = 0;
	http = http_new(&opt, &err);
	assert_non_null(http);
	return 0;
}

static void forget(void)
{
	input_free(in);
	in = NULL;
}

static int after(void **state)
{
	(void)state;
	signals_raise_stop(0);
	forget();
	http_free(http);
	input_block_done(&block);
	buf_done(&answer);
	map_done(&seen, NULL);
	if (pid) {
		(void)close(stdin_fd);
		(void)waitpid(pid, NULL, 0);
	}
	return 0;
}

static struct elastic_options options(void)
{
	return (struct elastic_options){
		.url = url,
		.index = "logs-*",
		.interval_ms = 2,
		.page = 200,
		.since = WHEN_NONE,
		.until = WHEN_NONE,
		.trouble = note,
	};
}

static void begin(struct elastic_options opt)
{
	if (elastic_new(&in, &opt, &err))
		fail_msg("%s", err.text);
}

/* A whole document on one line, under an id of its own. */
static void check_event(const struct input_event *e)
{
	struct jscan scan = {.members = NULL};
	const struct jscan_member *m;
	AUTO_FREE char *want = NULL;
	int64_t number;
	void **times;

	assert_null(memchr(e->text.ptr, '\n', e->text.len));
	assert_int_equal(jscan_object(&scan, e->text.ptr, e->text.len, &err),
			 0);
	m = jscan_get(&scan, "number");
	assert_non_null(m);
	assert_int_equal(jscan_int(m->value, &number), 0);
	want = mem_printf("logs-%d/d/%06d \"ä\"", (int)(number % 3),
			  (int)number);
	assert_true(slice_is(e->id, want));
	jscan_done(&scan);
	times = map_put(&seen, e->id);
	doubles += *times != NULL;
	*times = &seen;
	events++;
}

static int take(int wait_ms)
{
	int state = input_next(in, &block, wait_ms, &err);

	if (state != INPUT_BLOCK_READY)
		return state;
	assert_true(block.event_count > 0);
	assert_string_equal(block.stream->kind, "elasticsearch");
	for (size_t i = 0; i < block.event_count; i++)
		check_event(&block.events[i]);
	return state;
}

static void read_to_end(void)
{
	int state;

	while ((state = take(-1)) == INPUT_BLOCK_READY)
		;
	if (state != INPUT_END)
		fail_msg("%d: %s", state, err.text);
}

/* Until so many more polls were begun, or there are that many events. */
static void read_polls(int64_t polls, size_t enough)
{
	int64_t until = number_of_state("polls") + polls;
	int64_t end = clock_mono() + PATIENCE;

	while (events < enough && clock_mono() < end) {
		if (take(20) == INPUT_NOTHING &&
		    number_of_state("polls") > until)
			return;
	}
}

static void reads_all_once(const char *option, const char *value)
{
	struct elastic_options opt = options();

	start(option, value);
	control("{\"make\": {\"count\": 2500, \"start\": %lld, "
		"\"late_ms\": 0}, \"now\": %lld}",
		(long long)START, (long long)START + 1000000);
	clock_set(START + 1000000);
	begin(opt);
	read_to_end();
	assert_int_equal(events, 2500);
	assert_int_equal(doubles, 0);
	assert_int_equal(number_of_state("pits"), 0);
	assert_int_equal(number_of_state("pages"), 13);
	assert_int_equal(troubles, 0);
	assert_true(input_next(in, &block, 0, &err) == INPUT_END);
	assert_no_violations();
}

static void reads_elasticsearch(void **state)
{
	(void)state;
	reads_all_once(NULL, NULL);
	assert_int_equal(number_of_state("roots"), 1);
}

static void reads_opensearch(void **state)
{
	(void)state;
	reads_all_once("--opensearch", "2.11.0");
}

static void reads_new_opensearch(void **state)
{
	(void)state;
	reads_all_once("--opensearch", "3.3.1");
}

static void asks_who_may_not_know_what_answers(void **state)
{
	(void)state;
	reads_all_once("--no-root", NULL);
}

static void finds_opensearch_without_being_told(void **state)
{
	char *argv[] = {(char *)(uintptr_t)SERVER,
			(char *)(uintptr_t) "--no-root",
			(char *)(uintptr_t) "--opensearch",
			(char *)(uintptr_t) "2.4.0", NULL};

	(void)state;
	server_start(argv);
	control("{\"make\": {\"count\": 300, \"start\": %lld}, \"now\": %lld}",
		(long long)START, (long long)START + 1000000);
	clock_set(START + 1000000);
	begin(options());
	read_to_end();
	assert_int_equal(events, 300);
	assert_no_violations();
}

static void asks_for_query_and_range(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	start(NULL, NULL);
	control("{\"make\": {\"count\": 900, \"start\": %lld, "
		"\"late_ms\": 0}, \"now\": %lld}",
		(long long)START, (long long)START + 1000000);
	clock_set(START + 1000000);
	opt.query = "level:ERROR";
	opt.since = START + 30000;
	opt.until = START + 59700; /* with its nanoseconds */
	begin(opt);
	read_to_end();
	assert_int_equal(events, 150);
	assert_true(map_get(&seen, SLICE_LIT("logs-1/d/000301 \"ä\"")) != NULL);
	assert_true(map_get(&seen, SLICE_LIT("logs-2/d/000599 \"ä\"")) != NULL);
	assert_no_violations();
}

/* Everything goes wrong, documents are late, and the program is started again
 * and again from what it saved a while ago. */
static void none_missed_none_doubled(const char *option, const char *value,
				     int follow_from)
{
	struct elastic_options opt = options();
	AUTO_BUF struct buf saved = BUF_INIT;
	int64_t end = clock_mono() + PATIENCE;
	int64_t now = START;
	const size_t count = getenv("ONCALL_STRESS") ? 12000 : 3000;
	int step = 0;

	start(option, value);
	control("{\"seed\": 11, \"make\": {\"count\": %zu, \"start\": %lld, "
		"\"step\": %d}, \"faults\": {\"partial\": 0.08, "
		"\"timeout\": 0.05, \"duplicate\": 0.08, \"429\": 0.05, "
		"\"503\": 0.05, \"close\": 0.05, \"expire\": 0.03, "
		"\"garbage\": 0.02}}",
		count, (long long)START, (int)(2400000 / count));
	opt.page = count / 60;
	opt.follow = true;
	opt.since = follow_from ? WHEN_NONE : START;
	begin(opt);
	while (events < count && clock_mono() < end) {
		now += STEP_MS;
		clock_set(now);
		control("{\"now\": %lld}", (long long)now);
		for (int i = 0; i < 3; i++)
			assert_true(take(4) >= 0);
		if (++step % RESTARTS == 0) {
			buf_reset(&saved);
			input_save(in, &saved);
			forget();
			begin(opt);
			assert_int_equal(
				input_load(in, buf_slice(&saved), &err), 0);
		}
	}
	assert_int_equal(events, count);
	control("{\"faults\": {}}");
	read_polls(30, SIZE_MAX); /* nothing comes a second time */
	assert_int_equal(events, count);
	assert_int_equal(doubles, 0);
	assert_no_violations();
}

static void misses_and_doubles_nothing(void **state)
{
	(void)state;
	none_missed_none_doubled(NULL, NULL, false);
}

static void misses_and_doubles_nothing_of_opensearch(void **state)
{
	(void)state;
	none_missed_none_doubled("--opensearch", "2.11.0", true);
}

static int64_t saved_number(const char *key)
{
	AUTO_BUF struct buf saved = BUF_INIT;
	struct jscan scan = {.members = NULL};
	int64_t n = -1;

	input_save(in, &saved);
	assert_int_equal(jscan_object(&scan, saved.data, saved.len, &err), 0);
	assert_int_equal(jscan_int(jscan_get(&scan, key)->value, &n), 0);
	jscan_done(&scan);
	return n;
}

static void follows(const char *make)
{
	struct elastic_options opt = options();

	start(NULL, NULL);
	control("{\"make\": {\"start\": %lld, %s}, \"now\": %lld}",
		(long long)START, make, (long long)START + 300000);
	clock_set(START + 300000);
	opt.follow = true;
	opt.since = START;
	begin(opt);
}

static void a_partial_answer_does_not_move_the_watermark(void **state)
{
	(void)state;
	follows("\"count\": 1000, \"late_ms\": 0");
	control("{\"next\": [\"200\", \"partial\"], "
		"\"faults\": {\"timeout\": 1}}");
	read_polls(3, SIZE_MAX);
	/* The first page was whole: 200 documents, of three a time. */
	assert_int_equal(saved_number("watermark"), START + 19800);
	assert_true(events > 300); /* the rest of them is not held back */
	assert_true(events < 1000);
	assert_err(&trouble, ERR_REMOTE, "not whole");
	control("{\"faults\": {}}");
	read_polls(99, 1000);
	read_polls(5, SIZE_MAX);
	assert_int_equal(events, 1000);
	assert_int_equal(doubles, 0);
	assert_true(saved_number("watermark") >= START + 99900);
	assert_no_violations();
}

static void a_lost_point_in_time_is_opened_again(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	start(NULL, NULL);
	control("{\"make\": {\"start\": %lld, \"count\": 1000}, "
		"\"now\": %lld, \"next\": [\"\", \"\", \"expire\"]}",
		(long long)START, (long long)START + 1000000);
	clock_set(START + 1000000);
	begin(opt);
	read_to_end();
	assert_int_equal(events, 1000);
	assert_int_equal(doubles, 0);
	assert_int_equal(number_of_state("polls"), 2);
	assert_no_violations();
}

/* One arrives between the first point in time and the second, and is older than
 * where the second goes on; what is newer than the overlap follows it. */
static void what_came_between_two_points_in_time_is_found(void **state)
{
	struct elastic_options opt = options();
	const long long lost = START + 1050000, now = START + 2000000;

	(void)state;
	start(NULL, NULL);
	control("{\"make\": {\"start\": %lld, \"count\": 300, \"step\": 10000, "
		"\"late_every\": 1000}, \"docs\": [{\"index\": \"logs-0\", "
		"\"id\": \"d/000300 \\\"ä\\\"\", \"ms\": %lld, \"at\": %lld, "
		"\"source\": {\"number\": 300}}], \"now\": %lld, "
		"\"next\": [\"\", \"expire\"]}",
		(long long)START, (long long)START + 200000, lost + 10, lost);
	clock_set(lost);
	opt.follow = true;
	opt.since = START;
	opt.page = 60;
	begin(opt);
	assert_int_equal(take(-1), INPUT_BLOCK_READY);
	assert_int_equal(events, 60);
	clock_set(now);
	control("{\"now\": %lld}", now);
	read_polls(50, 202);
	assert_int_equal(events, 202);
	assert_int_equal(doubles, 0);
	assert_no_violations();
}

/* 100 documents within the overlap, and room for half of them. */
static void a_full_ring_is_told(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	start(NULL, NULL);
	control("{\"make\": {\"start\": %lld, \"count\": 300, \"step\": 1000, "
		"\"late_ms\": 0}, \"now\": %lld}",
		(long long)START, (long long)START + 400000);
	clock_set(START + 400000);
	opt.follow = true;
	opt.since = START;
	opt.ring = 100;
	opt.page = 50;
	begin(opt);
	read_polls(5, SIZE_MAX);
	assert_int_equal(events, 300);
	assert_int_equal(doubles, 0);
	assert_err(&trouble, ERR_REMOTE, "more than 100 documents");
	assert_true(saved_number("back") > START + 180000);
	assert_no_violations();
}

/* Without whole answers nothing may be forgotten, so it stops. */
static void a_full_ring_waits_for_whole_answers(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	start(NULL, NULL);
	control("{\"make\": {\"start\": %lld, \"count\": 300, "
		"\"late_ms\": 0}, \"now\": %lld, \"faults\": {\"partial\": 1}}",
		(long long)START, (long long)START + 400000);
	clock_set(START + 400000);
	opt.follow = true;
	opt.since = START;
	opt.ring = 100;
	opt.page = 50;
	begin(opt);
	read_polls(4, SIZE_MAX);
	assert_true(events >= 100);
	assert_true(events < 100 + 50);
	assert_int_equal(saved_number("watermark"), START);
	control("{\"faults\": {}}");
	read_polls(50, 300);
	assert_int_equal(events, 300);
	assert_int_equal(doubles, 0);
}

/* One that no parser of ours takes stands among the others. */
static void what_cannot_be_read_is_left_out_and_told(void **state)
{
	struct elastic_options opt = options();
	char deep[601];

	(void)state;
	memset(deep, '[', 300);
	memset(deep + 300, ']', 300);
	deep[600] = '\0';
	start(NULL, NULL);
	control("{\"make\": {\"start\": %lld, \"count\": 200, "
		"\"late_ms\": 0}, \"docs\": [{\"index\": \"logs-0\", \"id\": "
		"\"deep\", \"ms\": %lld, \"at\": 0, \"source\": "
		"\"{\\\"a\\\": %s}\"}], \"now\": %lld}",
		(long long)START, (long long)START + 9999, deep,
		(long long)START + 400000);
	clock_set(START + 400000);
	begin(opt);
	read_to_end();
	assert_int_equal(events, 200);
	assert_int_equal(doubles, 0);
	assert_int_equal(troubles, 1);
	assert_err(&trouble, ERR_REMOTE, "the last of them 'logs-0/deep'");
	assert_no_violations();
}

static void garbage_is_asked_for_again(void **state)
{
	(void)state;
	follows("\"count\": 500, \"late_ms\": 0");
	control("{\"next\": [\"garbage\", \"garbage\", \"garbage\", "
		"\"garbage\", \"garbage\", \"garbage\", \"garbage\", "
		"\"garbage\", \"garbage\", \"garbage\"]}");
	read_polls(99, 500);
	assert_int_equal(events, 500);
	assert_int_equal(doubles, 0);
	assert_err(&trouble, ERR_REMOTE, "no JSON");
	assert_no_violations();
}

static void logs_in(const char *header, struct elastic_options opt)
{
	AUTO_BUF struct buf saved = BUF_INIT;

	start("--auth", header);
	opt.url = url;
	control("{\"make\": {\"count\": 10, \"start\": %lld}, \"now\": %lld}",
		(long long)START, (long long)START + 1000000);
	clock_set(START + 1000000);
	begin(opt);
	read_to_end();
	assert_int_equal(events, 10);
	input_save(in, &saved);
	assert_null(strstr(buf_str(&saved), SECRET));
}

static void logs_in_with_a_key(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	opt.api_key = KEY_CODED;
	logs_in("ApiKey " KEY_CODED, opt);
}

static void logs_in_with_a_plain_key(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	opt.api_key = API_KEY;
	logs_in("ApiKey " KEY_CODED, opt);
}

static void logs_in_with_a_password(void **state)
{
	struct elastic_options opt = options();
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	opt.user = "eva";
	opt.password = SECRET;
	logs_in("Basic ZXZhOmh1bnRlcjItaXMtc2VjcmV0", opt);
	assert_true(redact_text(&text, "ZXZhOmh1bnRlcjItaXMtc2VjcmV0", 28));
}

static void fails(struct elastic_options opt, const char *why)
{
	int state;

	begin(opt);
	while ((state = take(-1)) == INPUT_BLOCK_READY)
		;
	assert_int_equal(state, -1);
	assert_err(&err, ERR_REMOTE, why);
	assert_null(strstr(err.text, SECRET));
	assert_null(strstr(err.text, KEY_CODED));
	assert_int_equal(take(-1), INPUT_END);
	forget();
	err_clear(&err);
}

static void errors_end_it_without_follow(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	start(NULL, NULL);
	control("{\"make\": {\"count\": 10, \"start\": %lld}, \"now\": %lld}",
		(long long)START, (long long)START + 1000000);
	opt.index = "absent";
	fails(opt, "no such index [absent]");
	opt = options();
	opt.query = "level:(";
	fails(opt, "status 400: Failed to parse query");
	control("{\"faults\": {\"503\": 1}}");
	fails(options(), "cannot read 'logs-*': the answer has the status 503");
	control("{\"faults\": {\"timeout\": 1}}");
	fails(options(), "not whole");
	opt = options();
	opt.url = "http://127.0.0.1:1";
	fails(opt, "cannot reach");
	assert_no_violations();
}

/* The far side says what it got. */
static void a_wrong_password_is_not_shown(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	start("--auth", "Basic other");
	opt.api_key = API_KEY;
	opt.url = url;
	fails(opt, "status 401");
}

static void bad_options_are_refused(void **state)
{
	static const char *const urls[] = {"http://eva:" SECRET "@es:9200",
					   "https://eva@es",
					   "es:9200",
					   "http://",
					   "https:///x",
					   "http://es/?q=x",
					   "http://es/#x",
					   "ftp://es"};
	struct elastic_options opt = options();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		opt.url = urls[i];
		assert_int_equal(elastic_new(&in, &opt, &err), -1);
		assert_err(&err, ERR_USAGE, "URL");
		assert_null(strstr(err.text, SECRET));
		err_clear(&err);
	}
	opt.url = "http://es/base@path/";
	assert_int_equal(elastic_new(&in, &opt, &err), 0);
	forget();
	opt.page = 10001;
	assert_int_equal(elastic_new(&in, &opt, &err), -1);
	assert_err(&err, ERR_USAGE, "10000 at most");
	err_clear(&err);
	opt.page = 0;
	opt.user = "eva";
	assert_int_equal(elastic_new(&in, &opt, &err), -1);
	err_clear(&err);
	opt.password = opt.api_key = "x";
	assert_int_equal(elastic_new(&in, &opt, &err), -1);
	err_clear(&err);
	opt = options();
	opt.index = "..";
	assert_int_equal(elastic_new(&in, &opt, &err), -1);
	assert_err(&err, ERR_USAGE, "'..' is no name");
}

static void waiting_has_an_end(void **state)
{
	int64_t began;

	(void)state;
	follows("\"count\": 10");
	control("{\"page_delay\": 700}");
	began = clock_mono();
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(50), INPUT_NOTHING);
	assert_true(clock_mono() - began < 450);
	signals_raise_stop(SIGTERM);
	began = clock_mono();
	assert_int_equal(take(-1), INPUT_NOTHING);
	assert_true(clock_mono() - began < 200);
	assert_null(strstr(trouble.text, "stop"));
	signals_raise_stop(0);
	assert_int_equal(take(-1), INPUT_BLOCK_READY);
	assert_int_equal(events, 10);
}

static void follows_from_now_on_until_the_end(void **state)
{
	struct elastic_options opt = options();

	(void)state;
	start(NULL, NULL);
	control("{\"make\": {\"count\": 600, \"start\": %lld, "
		"\"late_ms\": 0}, \"now\": %lld}",
		(long long)START, (long long)START + 30000);
	clock_set(START + 30000);
	opt.follow = true;
	opt.until = START + 45000;
	begin(opt);
	assert_int_equal(take(30), INPUT_NOTHING);
	clock_set(START + 60000);
	control("{\"now\": %lld}", (long long)START + 60000);
	read_to_end();
	assert_int_equal(events, 153); /* of both ends, too */
	assert_int_equal(doubles, 0);
}

static void being_behind_is_told(void **state)
{
	(void)state;
	follows("\"count\": 10");
	clock_set(START + WHEN_HOUR);
	assert_int_equal(take(-1), INPUT_BLOCK_READY);
	assert_int_equal(troubles, 1);
	assert_err(&trouble, ERR_REMOTE, "reading 'logs-*' is 1h");
}

/* What has been read is looked at again, but not each time. */
static void most_polls_are_short(void **state)
{
	AUTO_FREE char *recent = NULL;

	(void)state;
	follows("\"count\": 2000, \"step\": 100, \"late_ms\": 0");
	control("{\"page_delay\": 20}");
	read_polls(8, SIZE_MAX);
	assert_int_equal(events, 2000);
	/* The newest is of START + 199800. */
	assert_int_equal(number_of_state("violations"), -1);
	recent =
		mem_printf("[%lld, 200, 200]",
			   (long long)START + 199800 - ELASTIC_OVERLAP_MS / 15);
	assert_non_null(strstr(buf_str(&answer), recent));
	assert_no_violations();
}

static void states_are_saved_and_checked(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"back\":1,\"watermark\":2}",
		"{\"back\":3,\"watermark\":2,\"ids\":\"\"}",
		"{\"back\":-1,\"watermark\":2,\"ids\":\"\"}",
		"{\"back\":1,\"watermark\":\"2\",\"ids\":\"\"}",
		"{\"back\":1,\"watermark\":2,\"ids\":7}",
		"{\"back\":1,\"watermark\":2,\"ids\":\"?\"}",
		"{\"back\":1,\"watermark\":2,\"ids\":\"AAAA\"}",
		"{\"back\":1,\"watermark\":2,\"ids\":\"AQAAAAAAAAAAAAAAAA\"}"};
	AUTO_BUF struct buf saved = BUF_INIT;
	AUTO_BUF struct buf again = BUF_INIT;

	(void)state;
	follows("\"count\": 600, \"late_ms\": 0");
	read_polls(3, SIZE_MAX);
	assert_int_equal(events, 600);
	input_save(in, &saved);
	assert_true(saved.len < 600 * 18 + 100);
	forget();
	begin(options());
	assert_int_equal(input_load(in, buf_slice(&saved), &err), 0);
	input_save(in, &again);
	assert_string_equal(buf_str(&saved), buf_str(&again));
	read_to_end();
	assert_int_equal(events, 600);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(input_load(in, slice_of(bad[i]), &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		err_clear(&err);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_elasticsearch),
		TEST(reads_opensearch),
		TEST(reads_new_opensearch),
		TEST(asks_who_may_not_know_what_answers),
		TEST(finds_opensearch_without_being_told),
		TEST(asks_for_query_and_range),
		TEST(misses_and_doubles_nothing),
		TEST(misses_and_doubles_nothing_of_opensearch),
		TEST(a_partial_answer_does_not_move_the_watermark),
		TEST(a_lost_point_in_time_is_opened_again),
		TEST(what_came_between_two_points_in_time_is_found),
		TEST(a_full_ring_is_told),
		TEST(a_full_ring_waits_for_whole_answers),
		TEST(what_cannot_be_read_is_left_out_and_told),
		TEST(garbage_is_asked_for_again),
		TEST(logs_in_with_a_key),
		TEST(logs_in_with_a_plain_key),
		TEST(logs_in_with_a_password),
		TEST(errors_end_it_without_follow),
		TEST(a_wrong_password_is_not_shown),
		TEST(bad_options_are_refused),
		TEST(waiting_has_an_end),
		TEST(follows_from_now_on_until_the_end),
		TEST(being_behind_is_told),
		TEST(most_polls_are_short),
		TEST(states_are_saved_and_checked),
	};

	(void)alarm(120);
	(void)signal(SIGTERM, SIG_DFL);
	signals_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
