/*
 * make-detections.c - writes N detection records as a monitor would, the same
 * ones every time: positions rise within each stream, times rise by a step.
 *
 *   make-detections N [NAME=VALUE...]
 *     fingerprints=100  how many different ones there are
 *     turns=0           1: they take turns, instead of being drawn
 *     streams=1         how many streams take turns
 *     name=s            the streams are called s0, s1, ...
 *     seed=1            another seed, other records
 *     size=600          bytes of a record, about
 *     start=1795168800  time of the first record, in seconds since 1970
 *     step=10           milliseconds from one to the next
 *     cursor=0          a cursor record after so many detections; 0: none
 *     twins=0           of so many detections one shares its position with the
 *                       one before; 0: none
 *     unplaced=0        of so many detections one has no position; 0: none
 *     foreign=0         of so many records one is an event; 0: none
 *     steady=0          1: severities depend on the fingerprint alone
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STREAMS_MAX 1000
#define OUT_SIZE    ((size_t)1 << 18)
#define RECORD_MAX  ((size_t)1 << 16) /* of room before a record is begun */
#define SIZE_MOST   32768
#define SERVICES    40
#define PATTERNS    200

static int64_t count;
static int64_t fingerprints = 100, streams = 1, seed = 1, size = 600;
static int64_t start = 1795168800, step = 10;
static int64_t cursor, twins, unplaced, foreign, steady, turns;
static const char *name = "s";

static const struct option {
	const char *name;
	int64_t *value;
	int64_t least, most;
} options[] = {
	{"fingerprints", &fingerprints, 1, INT32_MAX},
	{"streams", &streams, 1, STREAMS_MAX},
	{"seed", &seed, 1, INT32_MAX},
	{"size", &size, 1, SIZE_MOST},
	{"start", &start, 0, INT32_MAX},
	{"step", &step, 0, INT32_MAX},
	{"cursor", &cursor, 0, INT32_MAX},
	{"twins", &twins, 0, INT32_MAX},
	{"unplaced", &unplaced, 0, INT32_MAX},
	{"foreign", &foreign, 0, INT32_MAX},
	{"steady", &steady, 0, 1},
	{"turns", &turns, 0, 1},
};

static const char *const severities[] = {"info", "low", "medium", "high",
					 "critical"};
static const char *const raw[] = {"INFO", "NOTICE", "WARNING", "ERROR",
				  "FATAL"};
static const char words[] =
	"connection to upstream refused after several attempts; the pool has "
	"no idle client left and the queue of waiting requests keeps growing; "
	"last reply took longer than the deadline of the caller allows; ";

static char out[OUT_SIZE];
static size_t out_len;
static struct {
	int64_t offset, line;
	bool passed; /* a cursor has left the position behind */
} stream[STREAMS_MAX];

static void fail(const char *what)
{
	(void)fprintf(stderr, "make-detections: %s\n", what);
	exit(2);
}

static void flush(void)
{
	if (fwrite(out, 1, out_len, stdout) != out_len || fflush(stdout) != 0) {
		perror("make-detections");
		exit(4);
	}
	out_len = 0;
}

static void add(const char *text, size_t len)
{
	memcpy(out + out_len, text, len);
	out_len += len;
}

static inline void text(const char *s)
{
	add(s, strlen(s));
}

/* A decimal number of at least so many digits. */
static void number(int64_t n, int digits)
{
	char reversed[20];
	int len = 0;

	for (; n > 0 || len < digits; n /= 10)
		reversed[len++] = (char)('0' + n % 10);
	while (len > 0)
		out[out_len++] = reversed[--len];
}

/* Marsaglia's xorshift: quick, and random enough to mix records. */
static uint64_t draw(void)
{
	static uint64_t state;

	if (!state)
		state = (uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15);
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

static int64_t below(int64_t n)
{
	return (int64_t)(draw() % (uint64_t)n);
}

static bool one_of(int64_t n)
{
	return n > 0 && below(n) == 0;
}

static void moment(int64_t ms)
{
	static int64_t last = -1;
	static char date[32];
	time_t seconds = (time_t)(start + ms / 1000);
	struct tm tm;

	if (seconds != last) {
		last = seconds;
		(void)gmtime_r(&seconds, &tm);
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S.", &tm);
	}
	text(date);
	number(ms % 1000, 3);
	text("Z");
}

static void member_time(const char *key, int64_t ms)
{
	text(",\"");
	text(key);
	text("\":\"");
	moment(ms);
	text("\"");
}

static void source(int64_t s, bool placed)
{
	text(",\"source\":{\"kind\":\"file\"");
	if (placed) {
		text(",\"stream\":\"");
		text(name);
		number(s, 1);
		text("\"");
	}
	text(",\"path\":\"/var/log/app/");
	number(s, 1);
	text(".log\"");
	if (placed) {
		text(",\"offset\":");
		number(stream[s].offset, 1);
		text(",\"line\":");
		number(stream[s].line, 1);
	}
	text("}");
}

/* What makes the record as long as it shall be. */
static void filler(size_t begin, size_t behind)
{
	size_t wanted = (size_t)size > behind ? (size_t)size - behind : 0;
	size_t at = (size_t)below(60);

	while (out_len - begin < wanted) {
		size_t n = wanted - (out_len - begin);

		if (n > sizeof(words) - 1 - at)
			n = sizeof(words) - 1 - at;
		add(words + at, n);
		at = 0;
	}
}

/* An id sorts by stream, position and pattern. */
static void identity(int64_t i, int64_t s, bool placed)
{
	text(name);
	number(s, 1);
	text(placed ? ":" : "/");
	number(placed ? stream[s].offset : i, 12);
	text(":");
	number(i, 1);
}

static void detection(int64_t i)
{
	int64_t s = i % streams, ms = i * step;
	int64_t f = turns ? i % fingerprints : below(fingerprints);
	int64_t level = steady || below(8) ? f % 4 : below(5);
	bool placed = !one_of(unplaced);
	size_t begin = out_len;

	if (placed &&
	    (stream[s].line == 0 || stream[s].passed || !one_of(twins))) {
		stream[s].offset += stream[s].line ? 60 + below(200) : 0;
		stream[s].line++;
		stream[s].passed = false;
	}
	text("{\"type\":\"detection\",\"id\":\"");
	identity(i, s, placed);
	text("\"");
	member_time("time", ms);
	source(s, placed);
	member_time("event_time", ms);
	text(",\"pattern\":\"pattern-");
	number(f % PATTERNS, 1);
	text("\",\"title\":\"trouble ");
	number(f, 1);
	text(" with the pool\",\"severity\":\"");
	text(severities[level]);
	text("\",\"severity_raw\":\"");
	text(raw[level]);
	text("\",\"category\":\"database-connections\",\"service\":\"service-");
	number(f % SERVICES, 1);
	text("\",\"host\":\"host-");
	number(f % 7, 1);
	text("\",\"fields\":{\"client\":\"10.0.");
	number(below(256), 1);
	text(".");
	number(below(256), 1);
	text("\",\"took_ms\":");
	number(below(100000), 1);
	text("},\"tags\":[\"database\",\"pool\"],\"count\":");
	number(1 + (below(50) == 0), 1);
	text(",\"fingerprint\":\"v1:");
	number(f + 1, 32);
	text("\",\"kind\":\"pattern\",\"message\":\"\\\"");
	number(below(1000000), 1);
	text("\\\" ");
	filler(begin, 3);
	text("\"}\n");
}

static void cursor_record(int64_t i)
{
	int64_t s = i / cursor % streams;

	text("{\"type\":\"cursor\",\"id\":\"cursor-");
	identity(i, s, true);
	text("\"");
	member_time("time", i * step);
	source(s, true);
	text(",\"position\":");
	number(stream[s].line ? stream[s].offset + 1 : 0, 1);
	stream[s].passed = true;
	text(",\"snapshot\":{\"lines\":");
	number(stream[s].line, 1);
	text("}}\n");
}

static void event(int64_t i)
{
	size_t begin = out_len;

	text("{\"type\":\"event\",\"id\":\"event-");
	number(i, 12);
	text("\"");
	member_time("time", i * step);
	text(",\"source\":{\"kind\":\"stdin\"},\"level\":\"info\","
	     "\"service\":\"service-");
	number(below(SERVICES), 1);
	text("\",\"message\":\"");
	filler(begin, 3);
	text("\"}\n");
}

static int64_t parse(const char *s, int64_t least, int64_t most)
{
	char *end;
	intmax_t n;

	errno = 0;
	n = strtoimax(s, &end, 10);
	if (errno || end == s || *end || n < least || n > most)
		fail("a number is out of range");
	return n;
}

static void set_option(const char *arg)
{
	const char *value = strchr(arg, '=');
	size_t len = value ? (size_t)(value - arg) : 0;

	if (len == 4 && strncmp(arg, "name", len) == 0) {
		name = value + 1;
		if (strlen(name) > 100 || strpbrk(name, "\"\\"))
			fail("no name for a stream");
		return;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct option *o = &options[i];

		if (len == strlen(o->name) && strncmp(arg, o->name, len) == 0) {
			*o->value = parse(value + 1, o->least, o->most);
			return;
		}
	}
	fail("no such option; the first lines of the source name them");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		fail("how many records?");
	count = parse(argv[1], 0, INT64_C(1) << 40);
	for (int i = 2; i < argc; i++)
		set_option(argv[i]);
	for (int64_t i = 0; i < count; i++) {
		if (one_of(foreign))
			event(i);
		else
			detection(i);
		if (cursor && (i + 1) % cursor == 0)
			cursor_record(i);
		if (out_len > OUT_SIZE - RECORD_MAX)
			flush();
	}
	flush();
	return 0;
}
