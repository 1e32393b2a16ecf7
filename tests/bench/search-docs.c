/*
 * search-docs.c - how good and how fast search.h finds.
 *
 *   search-docs build INDEX <DOCS        documents: id, title, description
 *   search-docs ask INDEX N <QUESTIONS   title, description; prints the ids of
 *                                        the best N for each, tabs between
 *   search-docs grow INDEX N             N documents of 60 words and with an
 *                                        expression, which are made up; prints
 *                                        seconds to build, then milliseconds
 *                                        to open, of the middle question and
 *                                        of the slowest, and bytes
 *
 * Documents and questions are objects of JSON, one a line.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/search.h>

#define QUESTIONS 400
#define WORDS	  60
#define TITLE	  8
#define HITS	  10
#define KINDS	  60000 /* of words */

NORETURN static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "search-docs: %s: %s\n", what, why);
	exit(4);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct source {
	char *line;
	size_t cap;
	struct jscan scan;
	struct buf texts[3];
	uint64_t left; /* to be made up */
	uint64_t state;
	struct buf pattern;
	struct search_expr expr;
};

static struct slice text_of(struct source *s, size_t i, const char *name)
{
	const struct jscan_member *m = jscan_get(&s->scan, name);

	buf_reset(&s->texts[i]);
	if (m && m->type == JSCAN_STRING)
		jscan_unquote(&s->texts[i], m->value);
	return buf_slice(&s->texts[i]);
}

static int read_doc(void *arg, struct search_doc *ret, struct err *err)
{
	struct source *s = arg;
	ssize_t n = getline(&s->line, &s->cap, stdin);

	if (n <= 0)
		return 0;
	if (jscan_object(&s->scan, s->line, (size_t)n, err) < 0)
		return -1;
	ret->key = text_of(s, 0, "id");
	ret->title = text_of(s, 1, "title");
	ret->text = text_of(s, 2, "description");
	return 1;
}

static uint32_t next_random(struct source *s, uint32_t below)
{
	s->state =
		s->state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)((s->state >> 33) % below);
}

/* Words as often as in texts: the one of rank r in 1/r of them. */
static void add_words(struct source *s, struct buf *out, size_t count)
{
	static const char part[16][4] = {"ba",	"con", "di",  "el", "fra", "go",
					 "hi",	"ju",  "kor", "le", "mi",  "no",
					 "pre", "qua", "ri",  "st"};

	while (count-- > 0) {
		double u = (double)next_random(s, 1 << 24) / (1 << 24);
		uint32_t word = (uint32_t)exp(u * log(KINDS));

		for (word += 16; word; word /= 16)
			buf_add_str(out, part[word % 16]);
		buf_add_char(out, ' ');
	}
}

static int make_doc(void *arg, struct search_doc *ret, struct err *err)
{
	struct source *s = arg;

	(void)err;
	if (!s->left--)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(s->texts); i++)
		buf_reset(&s->texts[i]);
	buf_addf(&s->texts[0], "doc-%" PRIu64, s->left);
	add_words(s, &s->texts[1], TITLE);
	add_words(s, &s->texts[2], WORDS - TITLE);
	ret->key = buf_slice(&s->texts[0]);
	ret->title = buf_slice(&s->texts[1]);
	ret->text = buf_slice(&s->texts[2]);
	ret->payload = ret->key;
	buf_reset(&s->pattern);
	add_words(s, &s->pattern, 2);
	buf_add_str(&s->pattern, "failed with code (\\d+)");
	s->expr = (struct search_expr){.text = buf_slice(&s->pattern)};
	ret->exprs = &s->expr;
	ret->expr_count = 1;
	return 1;
}

static void build(const char *path, struct source *s, bool make)
{
	struct err err = ERR_INIT;

	if (search_build(path, SLICE_LIT("bench"), make ? make_doc : read_doc,
			 s, &err) < 0)
		die(path, err.text);
}

static struct search *open_index(const char *path)
{
	struct search *index = NULL;
	struct err err = ERR_INIT;

	if (search_open(&index, path, SLICE_LIT("bench"), &err) < 0)
		die(path, err.text);
	return index;
}

static void ask_all(const char *path, struct source *s, size_t limit)
{
	AUTO_FREE struct search_hit *hits = mem_zero(limit, sizeof(*hits));
	AUTO_SEARCH struct search *index = open_index(path);
	struct search_doc doc;
	struct err err = ERR_INIT;
	size_t count;

	while (read_doc(s, &doc, &err) > 0) {
		const struct search_query q = {
			.title = doc.title, .text = doc.text, .limit = limit};

		if (search_find(index, &q, hits, &count, &err) < 0)
			break;
		for (size_t i = 0; i < count; i++)
			(void)printf("%s%.*s", i ? "\t" : "",
				     (int)hits[i].key.len, hits[i].key.ptr);
		(void)putchar('\n');
	}
	if (err.kind != ERR_NONE)
		die("standard input", err.text);
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void time_questions(struct search *index, struct source *s)
{
	double times[QUESTIONS];
	struct search_hit hits[HITS];
	struct err err = ERR_INIT;
	struct search_doc doc;
	size_t count;

	s->left = QUESTIONS;
	for (size_t i = 0; i < QUESTIONS; i++) {
		double begin;
		struct search_query q = {.limit = HITS};

		(void)make_doc(s, &doc, &err);
		q.title = doc.title;
		/* Almost what expressions want, and sometimes just that. */
		buf_add_slice(&s->texts[2], buf_slice(&s->pattern));
		buf_truncate(&s->texts[2], s->texts[2].len - 5);
		buf_add_str(&s->texts[2], "12\n");
		q.text = buf_slice(&s->texts[2]);
		begin = now();
		if (search_find(index, &q, hits, &count, &err) < 0)
			die("search_find", err.text);
		times[i] = now() - begin;
	}
	qsort(times, QUESTIONS, sizeof(*times), by_time);
	(void)printf(" %.3f %.3f", times[QUESTIONS / 2] * 1e3,
		     times[QUESTIONS - 1] * 1e3);
}

static void grow(const char *path, struct source *s)
{
	AUTO_SEARCH struct search *index = NULL;
	struct stat st;
	double begin = now();

	build(path, s, true);
	(void)printf("%.3f", now() - begin);
	begin = now();
	index = open_index(path);
	(void)printf(" %.3f", (now() - begin) * 1e3);
	time_questions(index, s);
	if (stat(path, &st) < 0)
		die(path, "cannot be looked at");
	(void)printf(" %jd\n", (intmax_t)st.st_size);
}

int main(int argc, char **argv)
{
	struct source s = {.state = 1};
	int64_t n = 0;

	if (argc > 3 &&
	    (jscan_int(slice_of(argv[3]), &n) < 0 || n < 1 || n > 16000000))
		die(argv[3], "is no such number");
	if (argc == 3 && !strcmp(argv[1], "build"))
		build(argv[2], &s, false);
	else if (argc == 4 && !strcmp(argv[1], "ask"))
		ask_all(argv[2], &s, (size_t)n);
	else if (argc == 4 && !strcmp(argv[1], "grow")) {
		s.left = (uint64_t)n;
		grow(argv[2], &s);
	} else
		die("usage", "search-docs build|ask|grow INDEX [N]");
	for (size_t i = 0; i < ARRAY_LEN(s.texts); i++)
		buf_done(&s.texts[i]);
	buf_done(&s.pattern);
	jscan_done(&s.scan);
	free(s.line);
	return 0;
}
