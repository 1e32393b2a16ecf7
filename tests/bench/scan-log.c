/*
 * scan-log.c - how fast the engines of pattern.h are, and what they find.
 *
 *   scan-log [-e ENGINE] [-c CACHE_DIR] [-j] [-p] [-s] PATTERNS LOG...
 *   scan-log -b PATTERNS LOG...
 *
 * PATTERNS has a rule a line: id, severity, expression, parted by tabs; case
 * does not matter. Prints the hits and the speed; with -p each hit instead, as
 * number of the line and id; with -s what each rule cost. With -j the lines are
 * JSON, of which those are only counted on which a rule may match. With -b
 * nothing of pattern.h is used: PCRE2 is asked about each line and expression,
 * and the hits are printed as with -p, which is what engines are held against.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <oncall/mem.h>
#include <oncall/pattern.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define RULES_MAX   100000
#define BLOCK_BYTES ((size_t)1024 * 1024)

struct run {
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	bool print;
	bool json;
	uint64_t hits;
	uint64_t faults;
	uint64_t bytes;
	uint64_t lines;
};

NORETURN static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "scan-log: %s: %s\n", what, why);
	exit(4);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int on_hit(void *arg, const struct pattern_hit *hit)
{
	struct run *r = arg;

	r->hits++;
	if (r->print)
		(void)printf("%" PRIu64 " %s\n", pattern_hit_line(hit),
			     pattern_set_id(r->set, hit->rule));
	return 0;
}

static int on_fault(void *arg, const struct pattern_hit *hit, const char *why)
{
	struct run *r = arg;

	if (r->faults++ == 0)
		(void)fprintf(stderr, "scan-log: %s: %s\n",
			      pattern_set_id(r->set, hit->rule), why);
	return 0;
}

static bool on_wraps(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return true;
}

/* Nothing is seen of a line of JSON, which is only counted. */
static struct slice on_view(void *arg, struct slice line)
{
	struct run *r = arg;

	(void)line;
	r->hits++;
	return SLICE_LIT("");
}

static void scan_block(struct run *r, const char *p, size_t n)
{
	const struct pattern_block block = {
		.text = {p, n}, .offset = r->bytes, .line = r->lines + 1};
	const struct pattern_sink sink = {.hit = on_hit,
					  .fault = on_fault,
					  .arg = r,
					  .wraps = r->json ? on_wraps : NULL,
					  .view = on_view};

	(void)pattern_scan(r->set, r->scratch, &block, &sink);
	if (r->print)
		r->lines += pattern_count_lines(block.text);
	r->bytes += n;
}

static void scan_file(struct run *r, const char *path)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *data = mem_alloc(BLOCK_BYTES);
	size_t have = 0, cap = BLOCK_BYTES;
	ssize_t n;

	if (fd < 0)
		die(path, strerror(errno));
	while ((n = read(fd, data + have, cap - have)) > 0) {
		const char *end;
		size_t whole;

		have += (size_t)n;
		end = memrchr(data, '\n', have);
		whole = end ? (size_t)(end - data) + 1 : 0;
		scan_block(r, data, whole);
		memmove(data, data + whole, have - whole);
		have -= whole;
		if (have == cap) {
			cap *= 2;
			data = mem_resize(data, cap, 1);
		}
	}
	if (n < 0)
		die(path, strerror(errno));
	if (have)
		scan_block(r, data, have);
}

/* Cuts the line at its tabs; the rule borrows from it. */
static void read_rule(char *line, struct pattern_rule *rule, struct slice *expr)
{
	char *severity = strchr(line, '\t');
	char *text = severity ? strchr(severity + 1, '\t') : NULL;

	if (!text)
		die(line, "not three columns");
	*severity = '\0';
	line[strcspn(line, "\n")] = '\0';
	text[1 + strcspn(text + 1, "\n")] = '\0';
	*expr = slice_of(text + 1);
	*rule = (struct pattern_rule){
		.id = line, .exprs = expr, .expr_count = 1, .caseless = true};
}

static void load(struct run *r, const char *path,
		 const struct pattern_options *options)
{
	struct pattern_rule *rules = mem_alloc(RULES_MAX * sizeof(*rules));
	struct slice *exprs = mem_alloc(RULES_MAX * sizeof(*exprs));
	char **lines = mem_zero(RULES_MAX, sizeof(*lines));
	size_t count = 0, room = 0;
	struct err err = ERR_INIT;
	FILE *in = fopen(path, "re");

	if (!in)
		die(path, strerror(errno));
	while (count < RULES_MAX && getline(&lines[count], &room, in) > 0) {
		read_rule(lines[count], &rules[count], &exprs[count]);
		room = 0;
		count++;
	}
	(void)fclose(in);
	if (pattern_set_new(&r->set, rules, count, options, &err) < 0)
		die(path, err.text);
	for (size_t i = 0; i <= count && i < RULES_MAX; i++)
		free(lines[i]);
	free(lines);
	free(exprs);
	free(rules);
}

/* Compiles one expression as pattern.h says that it is meant. */
static pcre2_code *compile(const char *id, struct slice text)
{
	PCRE2_SPTR start = (PCRE2_SPTR)text.ptr;
	pcre2_code *code;
	size_t at;
	int error;

	code = pcre2_compile(start, text.len, PCRE2_CASELESS | PCRE2_MULTILINE,
			     &error, &at, NULL);
	if (!code)
		die(id, "cannot be compiled");
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

struct brute {
	char *rules[RULES_MAX]; /* each is its id */
	pcre2_code *codes[RULES_MAX];
	size_t count;
	pcre2_match_data *data;
	uint64_t lines;
};

static void try_each(struct brute *b, const char *line, size_t n)
{
	b->lines++;
	for (size_t i = 0; i < b->count; i++) {
		int rc = pcre2_match(b->codes[i], (PCRE2_SPTR)line, n, 0, 0,
				     b->data, NULL);

		if (rc >= 0)
			(void)printf("%" PRIu64 " %s\n", b->lines, b->rules[i]);
		else if (rc != PCRE2_ERROR_NOMATCH)
			die(b->rules[i], "gave up");
	}
}

static void brute_force(const char *patterns, char **logs)
{
	struct brute *b = mem_zero(1, sizeof(*b));
	AUTO_FREE char *line = NULL;
	FILE *in = fopen(patterns, "re");
	struct pattern_rule rule;
	struct slice expr;
	size_t room = 0;
	ssize_t n;

	if (!in)
		die(patterns, strerror(errno));
	for (; b->count < RULES_MAX && getline(&line, &room, in) > 0;
	     room = 0) {
		read_rule(line, &rule, &expr);
		b->codes[b->count] = compile(rule.id, expr);
		b->rules[b->count++] = TAKE_PTR(line);
	}
	(void)fclose(in);
	b->data = pcre2_match_data_create(1, NULL);
	for (; *logs; logs++) {
		in = fopen(*logs, "re");
		if (!in)
			die(*logs, strerror(errno));
		while ((n = getline(&line, &room, in)) > 0) {
			n -= line[n - 1] == '\n';
			n -= n > 0 && line[n - 1] == '\r';
			try_each(b, line, (size_t)n);
		}
		(void)fclose(in);
	}
	for (size_t i = 0; i < b->count; i++) {
		pcre2_code_free(b->codes[i]);
		free(b->rules[i]);
	}
	pcre2_match_data_free(b->data);
	free(b);
}

static void print_costs(const struct run *r, size_t count)
{
	AUTO_BUF struct buf literals = BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		struct pattern_stats s = pattern_scratch_stats(r->scratch, i);

		buf_reset(&literals);
		pattern_set_literals(r->set, i, 0, &literals);
		(void)printf("%10" PRIu64 " tried %10" PRIu64 " hits  %s  %s\n",
			     s.tried, s.hits, pattern_set_id(r->set, i),
			     buf_str(&literals));
	}
}

int main(int argc, char **argv)
{
	struct pattern_options options = {.engine = NULL};
	struct run r = {.print = false};
	double begin = seconds(CLOCK_MONOTONIC), ready, cpu, wall;
	bool costs = false, brute = false;
	const size_t *slow;
	int c;

	while ((c = getopt(argc, argv, "be:c:jps")) != -1) {
		if (c == 'e')
			options.engine = optarg;
		else if (c == 'b')
			brute = true;
		else if (c == 'c')
			options.cache_dir = optarg;
		else if (c == 'j')
			r.json = true;
		else if (c == 'p')
			r.print = true;
		else if (c == 's')
			costs = true;
		else
			return 2;
	}
	if (argc - optind < 2)
		die("usage",
		    "scan-log [-e ENGINE] [-c DIR] [-j] [-p] [-s] PATTERNS "
		    "LOG...");
	if (brute) {
		brute_force(argv[optind], argv + optind + 1);
		return 0;
	}
	load(&r, argv[optind], &options);
	r.scratch = pattern_scratch_new(r.set);
	ready = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = optind + 1; i < argc; i++)
		scan_file(&r, argv[i]);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - ready;
	if (!r.print)
		(void)printf("%s: %" PRIu64 " hits, %" PRIu64
			     " faults, %zu slow rules, ready in %.1f ms, "
			     "%.0f MB/s (%.0f MB/s of processor)\n",
			     pattern_set_engine(r.set), r.hits, r.faults,
			     pattern_set_slow(r.set, &slow),
			     (ready - begin) * 1e3,
			     (double)r.bytes / wall / 1e6,
			     (double)r.bytes / cpu / 1e6);
	if (costs)
		print_costs(&r, pattern_set_count(r.set));
	pattern_scratch_free(r.scratch);
	pattern_set_free(r.set);
	return 0;
}
