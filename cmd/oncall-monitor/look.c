/* look.c - trying expressions, explaining lines, checking packs. */
#include "monitor.h"

#include <oncall/diag.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/tail.h>
#include <oncall/when.h>

#define FLUSH_BYTES ((size_t)64 * 1024)

/* Lines of the input, one by one. */
struct each {
	int (*line)(void *arg, struct slice line, uint64_t number,
		    struct err *err);
	void *arg;
};

static int each_line(const struct input_block *b, const struct each *e,
		     struct err *err)
{
	const char *p = b->text.ptr, *end = p + b->text.len;
	uint64_t number = b->line;

	for (size_t i = 0; i < b->event_count; i++)
		if (e->line(e->arg, b->events[i].text, b->events[i].line, err) <
		    0)
			return -1;
	while (!b->event_count && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slice line = {p, (size_t)((nl ? nl : end) - p)};

		p += line.len + 1;
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (e->line(e->arg, line, number++, err) < 0)
			return -1;
	}
	return 0;
}

struct told {
	int status;
};

static void on_trouble(void *arg, const struct err *err)
{
	struct told *t = arg;

	diag_warn("%s", err->text);
	t->status = err_worse_status(t->status, err_exit_status(err->kind));
}

/* Returns the status that trouble gave, or -1. */
static int each_input_line(int argc, char **argv, const struct each *e,
			   struct err *err)
{
	struct told told = {0};
	const struct inputs_trouble trouble = {on_trouble, &told};
	AUTO_INPUT struct input *in = NULL;
	AUTO_BLOCK struct input_block b = {.stream = NULL};
	int state;

	if (inputs_open(&in, argc, argv, &trouble, err) < 0)
		return -1;
	while ((state = input_next(in, &b, -1, err)) == INPUT_BLOCK_READY)
		if (each_line(&b, e, err) < 0)
			return -1;
	return state < 0 ? -1 : told.status;
}

struct explaining {
	struct detector *d;
	struct detector_work *w;
	struct record_writer *out;
	bool hit;
};

static int explain_line(void *arg, struct slice line, uint64_t number,
			struct err *err)
{
	struct explaining *e = arg;
	struct buf *out = &e->out->out;

	buf_addf(out, "%llu: ", (unsigned long long)number);
	show_text(out, line.ptr, line.len, 0);
	buf_add_char(out, '\n');
	e->hit |= detector_explain(e->d, e->w, line, out) > 0;
	return record_flush(e->out, err);
}

int explain_run(int argc, char **argv, struct err *err)
{
	AUTO_PACKS struct packs packs = PACKS_INIT;
	AUTO_DETECTOR struct detector *d = NULL;
	AUTO_DETECTOR_WORK struct detector_work *w = NULL;
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	struct detector_options opt = {.arg = NULL};
	struct explaining e = {.out = &out};
	const struct each each = {explain_line, &e};
	int status;

	if (rules_load(&packs, err) < 0 || rules_options(&opt, err) < 0 ||
	    detector_new(&d, &packs, &opt, err) < 0)
		return -1;
	w = detector_work_new(d);
	e.d = d;
	e.w = w;
	status = each_input_line(argc, argv, &each, err);
	return status < 0 ? -1 : err_worse_status(status, e.hit ? 0 : 1);
}

struct testing {
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	struct record_writer *out;
	uint64_t number, lines, hits, faults;
	bool color;
};

static int test_hit(void *arg, const struct pattern_hit *hit)
{
	struct testing *t = arg;
	struct buf *out = &t->out->out;
	const char *on = t->color ? "\033[1;31m" : "";
	const char *off = t->color ? "\033[0m" : "";
	size_t before = (size_t)(hit->match.ptr - hit->line.ptr);
	struct pattern_group groups[DETECTOR_CAPTURES];
	size_t count = pattern_hit_groups(hit, groups, ARRAY_LEN(groups));

	t->hits++;
	buf_addf(out, "%llu: ", (unsigned long long)t->number);
	show_text(out, hit->line.ptr, before, 0);
	buf_add_str(out, on);
	show_text(out, hit->match.ptr, hit->match.len, 0);
	buf_add_str(out, off);
	show_text(out, hit->match.ptr + hit->match.len,
		  hit->line.len - before - hit->match.len, 0);
	buf_add_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		buf_addf(out, "    %s = ", groups[i].name.ptr);
		show_text(out, groups[i].value.ptr, groups[i].value.len, 0);
		buf_add_char(out, '\n');
	}
	return 0;
}

static int test_fault(void *arg, const struct pattern_hit *hit, const char *why)
{
	struct testing *t = arg;

	(void)hit;
	if (!t->faults++)
		diag_warn("line %llu: the expression gave up: %s",
			  (unsigned long long)t->number, why);
	return 0;
}

static int test_line(void *arg, struct slice line, uint64_t number,
		     struct err *err)
{
	struct testing *t = arg;
	const struct pattern_sink sink = {
		.hit = test_hit, .fault = test_fault, .arg = t};

	t->number = number;
	t->lines++;
	(void)pattern_scan_text(t->set, t->scratch, line, 0, &sink);
	return t->out->out.len > FLUSH_BYTES ? record_flush(t->out, err) : 0;
}

/* What its author should know of the expression. */
static void say_about(const struct testing *t)
{
	AUTO_BUF struct buf literals = BUF_INIT;
	const size_t *slow;

	pattern_set_literals(t->set, 0, 0, &literals);
	if (literals.len)
		diag_info("every match contains %s", buf_str(&literals));
	if (pattern_set_slow(t->set, &slow))
		diag_warn("nothing in it must occur literally, so it is run "
			  "on every line, which is slow");
	diag_info("%llu of %llu lines match", (unsigned long long)t->hits,
		  (unsigned long long)t->lines);
}

/* The operand is a file, or, when there is none of that name, the text. */
static int test_operand(struct testing *t, int argc, char **argv,
			struct err *err)
{
	const struct each each = {test_line, t};

	if (argc == 1 && strcmp(argv[0], "-") != 0 &&
	    access(argv[0], F_OK) != 0)
		return test_line(t, slice_of(argv[0]), 1, err);
	return each_input_line(argc, argv, &each, err);
}

int test_run(int argc, char **argv, struct err *err)
{
	const struct slice expr = slice_of(args.test_pattern);
	const struct pattern_rule rule = {.id = "test",
					  .exprs = &expr,
					  .expr_count = 1,
					  .caseless = true};
	const struct pattern_options opt = {.engine = args.engine};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	struct testing t = {.out = &out, .color = show_colors(STDOUT_FILENO)};
	int status;

	if (pattern_set_new(&set, &rule, 1, &opt, err) < 0)
		return -1;
	scratch = pattern_scratch_new(set);
	t.set = set;
	t.scratch = scratch;
	status = test_operand(&t, argc, argv, err);
	if (status < 0 || record_flush(&out, err) < 0)
		return -1;
	say_about(&t);
	if (t.faults)
		status = err_worse_status(status, 3);
	return err_worse_status(status, t.hits ? 0 : 1);
}

static void on_finding(void *arg, const struct pack_finding *f)
{
	struct buf *out = arg;
	const char *file = f->rule->file ? f->rule->file : "-";

	show_text(out, file, strlen(file), 0);
	buf_addf(out, ":%zu: %s: %s: ", f->line ? f->line : f->rule->line,
		 f->kind == PACK_ERROR ? "error" : "warning", f->rule->id);
	show_text(out, f->text, strlen(f->text), 0);
	buf_add_char(out, '\n');
}

int check_run(int argc, char **argv, struct err *err)
{
	AUTO_PACKS struct packs packs = PACKS_INIT;
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	size_t errors;

	if (!argc && rules_load(&packs, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (pack_load(&packs, argv[i], err) < 0)
			return -1;
	errors = pack_check(&packs, on_finding, &out.out);
	if (record_flush(&out, err) < 0)
		return -1;
	diag_info("%zu patterns, %zu errors", packs.rule_count, errors);
	return errors ? 1 : 0;
}
