#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/buf.h>
#include <oncall/mem.h>
#include <oncall/search.h>

#define HITS 20
#define TAG  SLICE_LIT("tag 1")
#define MANY 300

static char *dir;

static char *path_of(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static int make_dir(void **state)
{
	(void)state;
	dir = mem_dup("/tmp/oncall-search.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"index", "other", "bad"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *path = path_of(names[i]);

		(void)unlink(path);
	}
	assert_int_equal(rmdir(dir), 0); /* nothing temporary is left */
	free(dir);
	return 0;
}

static const struct slice disk_excepts[] = {
	{"on /mnt/scratch", sizeof("on /mnt/scratch") - 1}};
static const struct search_expr disk_exprs[] = {
	{.text = {"nospace_[0-9]+", 14}},
	{.text = {"No space left on device|disk quota exceeded", 43},
	 .caseless = true,
	 .excepts = disk_excepts,
	 .except_count = 1}};
static const struct search_expr any_exprs[] = {
	{.text = {"^\\d+ \\d+$", 9}},
	{.text = {"(unclosed", 9}}, /* PCRE2 refuses it */
	{.text = {"alpha.*\\nomega", 13}},
	{.text = {"OOM|", 4}}};
static const struct slice labels[] = {{"pattern-7", 9}, {"pattern-8", 9}};

static const struct search_doc docs[] = {
	{.key = {"disk", 4},
	 .title = {"Disk full on the database host", 30},
	 .text = {"The partition has no space left, delete old files", 49},
	 .exprs = disk_exprs,
	 .expr_count = 2,
	 .payload = {"D", 1}},
	{.key = {"memory", 6},
	 .title = {"java.lang.OutOfMemoryError in the JVM", 37},
	 .text = {"heap space exhausted, raise -Xmx", 32},
	 .labels = labels,
	 .label_count = 2,
	 .payload = {"M", 1}},
	{.key = {"net", 3},
	 .title = {"Connection refused", 18},
	 .text = {"A server does not listen, connections are refused", 49},
	 .exprs = any_exprs,
	 .expr_count = 3,
	 .payload = {"N", 1}},
	{.key = {"nothing", 7}},
};

struct source {
	const struct search_doc *list;
	size_t count, at;
	int made; /* so many more are made up */
	char key[32];
	struct buf text;
	struct buf title;
};

static void make_doc(struct source *s, int number, struct search_doc *ret)
{
	static const char *const words[] = {
		"timeout", "replica", "queue",	"certificate", "expired",
		"node",	   "pod",     "broker", "latency",     "failover"};
	unsigned n = (unsigned)number;

	(void)snprintf(s->key, sizeof(s->key), "made-%03d", number);
	buf_reset(&s->text);
	buf_reset(&s->title);
	for (unsigned i = 0; i < 3 + n % 7; i++) {
		n = n * 1103515245 + 12345;
		buf_addf(i < 2 ? &s->title : &s->text, "%s ",
			 words[n / 65536 % ARRAY_LEN(words)]);
	}
	buf_addf(&s->text, "unit%d", number % 50);
	*ret = (struct search_doc){.key = slice_of(s->key),
				   .title = buf_slice(&s->title),
				   .text = buf_slice(&s->text),
				   .labels = labels,
				   .label_count = number % 9 == 0,
				   .exprs = disk_exprs,
				   .expr_count = number % 5 == 0,
				   .payload = slice_of(s->key)};
}

static int next_doc(void *arg, struct search_doc *ret, struct err *err)
{
	struct source *s = arg;

	(void)err;
	if (s->at < s->count)
		*ret = s->list[s->at++];
	else if (s->made > 0)
		make_doc(s, --s->made, ret);
	else
		return 0;
	return 1;
}

static void build(const char *path, const struct search_doc *list, size_t count,
		  int made)
{
	struct source s = {.list = list, .count = count, .made = made};
	struct err err = ERR_INIT;

	if (search_build(path, TAG, next_doc, &s, &err) < 0)
		fail_msg("%s", err.text);
	buf_done(&s.text);
	buf_done(&s.title);
}

static struct search *open_index(const char *path)
{
	struct search *s = NULL;
	struct err err = ERR_INIT;

	if (search_open(&s, path, TAG, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static size_t ask(struct search *s, const char *title, const char *text,
		  struct search_hit *hits)
{
	const struct search_query q = {.title = slice_of(title),
				       .text = slice_of(text),
				       .limit = HITS};
	struct err err = ERR_INIT;
	size_t count = 0;

	assert_int_equal(search_find(s, &q, hits, &count, &err), 0);
	assert_true(count <= HITS);
	for (size_t i = 0; i < count; i++)
		assert_true(hits[i].text >= 0 && hits[i].text <= 1 &&
			    hits[i].pattern >= 0 && hits[i].pattern <= 1);
	return count;
}

static void assert_first(struct search *s, const char *text, const char *key)
{
	struct search_hit hits[HITS];
	size_t count = ask(s, "", text, hits);

	if (count == 0 || !slice_is(hits[0].key, key))
		fail_msg("'%s': not %s but %.*s", text, key,
			 count ? (int)hits[0].key.len : 0,
			 count ? hits[0].key.ptr : "");
}

static struct search *all_in_memory(void)
{
	struct search *s = NULL;

	search_new(&s);
	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		search_put(s, &docs[i]);
	return s;
}

static void words_and_letters_find(void **state)
{
	AUTO_SEARCH struct search *s = all_in_memory();
	struct search_hit hits[HITS];

	(void)state;
	assert_int_equal(search_count(s), 4);
	assert_first(s, "deleting a file", "disk");
	assert_first(s, "out of memory", "memory");
	assert_first(s, "OutOfMemoryError", "memory");
	assert_first(s, "refusing to connect", "net");
	assert_int_equal(ask(s, "", "zzzz", hits), 0);
	assert_int_equal(ask(s, "", "", hits), 0);
	assert_int_equal(ask(s, NULL, NULL, hits), 0);
}

static void the_title_counts_more(void **state)
{
	AUTO_SEARCH struct search *s = NULL;
	struct search_hit hits[HITS];

	(void)state;
	search_new(&s);
	search_put(s, &(struct search_doc){.key = SLICE_LIT("a"),
					   .title = SLICE_LIT("green door"),
					   .text = SLICE_LIT("yellow wood")});
	search_put(s, &(struct search_doc){.key = SLICE_LIT("b"),
					   .title = SLICE_LIT("yellow wood"),
					   .text = SLICE_LIT("green door")});
	assert_int_equal(ask(s, "", "yellow wood", hits), 2);
	assert_true(slice_is(hits[0].key, "b"));
	assert_true(hits[0].text > hits[1].text);
	assert_int_equal(ask(s, "green door", "yellow wood", hits), 2);
	assert_true(slice_is(hits[0].key, "a"));
	assert_true(hits[0].grams > 0.99);
}

static void expressions_find(void **state)
{
	AUTO_SEARCH struct search *s = all_in_memory();
	struct search_hit hits[HITS];

	(void)state;
	assert_true(ask(s, "", "first\ncp: NO SPACE LEFT ON DEVICE\n", hits));
	assert_true(slice_is(hits[0].key, "disk"));
	assert_int_equal(hits[0].expr, 1);
	assert_true(slice_is(hits[0].match, "NO SPACE LEFT ON DEVICE"));
	assert_true(hits[0].pattern > 0.3 && hits[0].pattern < 1);
	/* An except-expression takes its line away, and no other. */
	assert_true(
		ask(s, "no space left on device on /mnt/scratch", "", hits));
	assert_true(hits[0].pattern == 0);
	assert_true(ask(s,
			"no space left on device on /mnt/scratch\n"
			"disk quota exceeded",
			"", hits));
	assert_true(slice_is(hits[0].match, "disk quota exceeded"));
}

static void expressions_without_strings_find(void **state)
{
	AUTO_SEARCH struct search *s = all_in_memory();
	struct search_hit hits[HITS];

	(void)state;
	assert_int_equal(ask(s, "", "x\n12 34\n", hits), 1);
	assert_true(slice_is(hits[0].key, "net"));
	assert_true(hits[0].pattern > 0 && hits[0].pattern < 0.2);
	/* Several lines are one text as well. */
	assert_int_equal(ask(s, "", "alpha 1\nomega", hits), 1);
	assert_int_equal(hits[0].expr, 2);
	assert_int_equal(ask(s, "", "(unclosed", hits), 0);
}

static void labels_find(void **state)
{
	AUTO_SEARCH struct search *s = all_in_memory();
	static const struct slice other[] = {{"pattern-9", 9}};
	struct search_query q = {
		.labels = labels + 1, .label_count = 1, .limit = HITS};
	struct search_hit hits[HITS];
	struct err err = ERR_INIT;
	size_t count;

	(void)state;
	assert_int_equal(search_find(s, &q, hits, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_true(slice_is(hits[0].key, "memory") && hits[0].label);
	q.labels = other;
	assert_int_equal(search_find(s, &q, hits, &count, &err), 0);
	assert_int_equal(count, 0);
}

/* Words alone never crowd out what an expression or a label found. */
static void evidence_stays_within_the_limit(void **state)
{
	AUTO_SEARCH struct search *s = NULL;
	struct source source = {.made = MANY};
	struct search_query q = {.text = SLICE_LIT("timeout replica 7 8"),
				 .labels = labels,
				 .label_count = 1,
				 .limit = 2};
	struct search_doc doc;
	struct search_hit hits[HITS];
	struct err err = ERR_INIT;
	size_t count;

	(void)state;
	search_new(&s);
	for (int i = 1; i < MANY; i++) {
		make_doc(&source, i, &doc);
		doc.label_count = 0;
		search_put(s, &doc);
	}
	search_put(s, &docs[1]);
	assert_int_equal(search_find(s, &q, hits, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_true(hits[0].label != hits[1].label);
	buf_done(&source.text);
	buf_done(&source.title);
}

static void documents_are_replaced_and_removed(void **state)
{
	AUTO_FREE char *path = path_of("index");
	AUTO_SEARCH struct search *s = NULL;
	struct search_hit hits[HITS];
	struct slice payload;

	(void)state;
	build(path, docs, ARRAY_LEN(docs), 0);
	s = open_index(path);
	assert_int_equal(search_count(s), 4);
	assert_int_equal(search_changed(s), 0);
	assert_true(search_get(s, SLICE_LIT("disk"), &payload));
	assert_true(slice_is(payload, "D"));
	assert_false(search_get(s, SLICE_LIT("dis"), &payload));
	search_put(s, &(struct search_doc){.key = SLICE_LIT("disk"),
					   .title = SLICE_LIT("purple"),
					   .payload = SLICE_LIT("E")});
	assert_true(search_get(s, SLICE_LIT("disk"), &payload));
	assert_true(slice_is(payload, "E"));
	assert_int_equal(search_count(s), 4);
	assert_int_equal(search_changed(s), 2);
	assert_int_equal(ask(s, "", "nospace_1 partition", hits), 0);
	assert_first(s, "purple", "disk");
	search_remove(s, SLICE_LIT("disk"));
	search_remove(s, SLICE_LIT("disk"));
	search_remove(s, SLICE_LIT("absent"));
	assert_int_equal(search_count(s), 3);
	assert_int_equal(ask(s, "", "purple", hits), 0);
	assert_false(search_get(s, SLICE_LIT("disk"), &payload));
}

static void assert_same(struct search *a, struct search *b, const char *title,
			const char *text)
{
	struct search_hit x[HITS], y[HITS];
	size_t n = ask(a, title, text, x);

	assert_int_equal(ask(b, title, text, y), n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		assert_true(slice_eq(x[i].key, y[i].key));
		assert_true(slice_eq(x[i].payload, y[i].payload));
		assert_memory_equal(&x[i].text, &y[i].text, sizeof(double));
		assert_memory_equal(&x[i].pattern, &y[i].pattern,
				    sizeof(double));
		assert_true(slice_eq(x[i].match, y[i].match));
	}
}

/* To the last bit, whenever the base was built. */
static void a_changed_index_answers_as_a_new_one(void **state)
{
	static const char *const questions[] = {
		"timeout of the replica",
		"pod unit17 certificate expired",
		"nospace_12 on node",
		"failover latency queue broker",
		"disk full",
		"unit3 timeout"};
	AUTO_FREE char *path = path_of("index"), *other = path_of("other");
	AUTO_SEARCH struct search *fresh = NULL;
	AUTO_SEARCH struct search *changed = NULL;
	AUTO_SEARCH struct search *memory = all_in_memory();
	struct source source = {.made = 0};
	struct search_doc doc;

	(void)state;
	build(path, docs, ARRAY_LEN(docs), MANY);
	build(other, NULL, 0, MANY / 2);
	fresh = open_index(path);
	changed = open_index(other);
	for (int turn = 0; turn < 2; turn++)
		for (int i = MANY - 1; i >= 0; i -= turn ? 3 : 1) {
			make_doc(&source, i + turn, &doc);
			doc.key = SLICE_LIT("to be removed");
			search_put(changed, &doc);
			make_doc(&source, i, &doc);
			search_put(changed, &doc);
			search_put(memory, &doc);
		}
	search_remove(changed, SLICE_LIT("to be removed"));
	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		search_put(changed, &docs[i]);
	assert_int_equal(search_count(changed), search_count(fresh));
	assert_int_equal(search_count(memory), search_count(fresh));
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		assert_same(fresh, changed, questions[i], "");
		assert_same(fresh, memory, "", questions[i]);
	}
	buf_done(&source.text);
	buf_done(&source.title);
}

static void what_is_no_index_has_to_be_built(void **state)
{
	AUTO_FREE char *path = path_of("index"), *absent = path_of("absent");
	struct search *s = NULL;
	struct err err = ERR_INIT;

	(void)state;
	build(path, docs, ARRAY_LEN(docs), 0);
	assert_int_equal(search_open(&s, absent, TAG, &err), -1);
	assert_int_equal(err.kind, ERR_NO);
	err_clear(&err);
	assert_int_equal(search_open(&s, path, SLICE_LIT("tag 2"), &err), -1);
	assert_int_equal(err.kind, ERR_NO);
	err_clear(&err);
	assert_int_equal(search_open(&s, dir, TAG, &err), -1);
	assert_null(s);
}

static int fails(void *arg, struct search_doc *ret, struct err *err)
{
	if (*(int *)arg == 0)
		return err_set(err, ERR_INPUT, "no more");
	*(int *)arg = 0;
	*ret = docs[0];
	return 1;
}

static void a_build_that_fails_leaves_what_was(void **state)
{
	const struct search_doc twice[] = {docs[0], docs[0]};
	AUTO_FREE char *path = path_of("index"), *no = path_of("no/index");
	struct source source = {.list = twice, .count = 2};
	struct search *s = NULL;
	struct err err = ERR_INIT;
	int left = 1;

	(void)state;
	build(path, docs, ARRAY_LEN(docs), 0);
	assert_int_equal(search_build(path, TAG, fails, &left, &err), -1);
	assert_string_equal(err.text, "no more");
	err_clear(&err);
	assert_int_equal(search_build(path, TAG, next_doc, &source, &err), -1);
	assert_non_null(strstr(err.text, "'disk'"));
	s = open_index(path);
	assert_int_equal(search_count(s), 4);
	search_free(s);
	err_clear(&err);
	assert_int_equal(search_build(no, TAG, next_doc, &source, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
}

static void write_file(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	(void)close(fd);
}

static void change_byte(const char *path, size_t at, char byte)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	(void)close(fd);
}

/* Whatever it answers: it must not do harm. */
static void use_damaged(const char *path)
{
	struct search *s = NULL;
	struct err err = ERR_INIT;
	struct search_hit hits[HITS];
	struct slice payload;

	if (search_open(&s, path, TAG, &err) < 0) {
		assert_int_equal(err.kind, ERR_NO);
		return;
	}
	(void)ask(s, "Disk full nospace_1", "12 34\nout of memory", hits);
	(void)search_get(s, SLICE_LIT("memory"), &payload);
	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		search_remove(s, docs[i].key);
	search_put(s, &docs[0]);
	(void)ask(s, "connection", "refused", hits);
	search_free(s);
}

static void damage_does_no_harm(void **state)
{
	AUTO_FREE char *path = path_of("index"), *bad = path_of("bad");
	AUTO_FREE char *bytes = NULL;
	FILE *in;
	struct stat st;
	size_t size, step;

	(void)state;
	build(path, docs, ARRAY_LEN(docs), 0);
	assert_int_equal(stat(path, &st), 0);
	size = (size_t)st.st_size;
	bytes = mem_alloc(size);
	in = fopen(path, "re");
	assert_non_null(in);
	assert_int_equal(fread(bytes, 1, size, in), size);
	(void)fclose(in);
	write_file(bad, bytes, size);
	for (size_t i = 0; i < size; i += step) {
		/* The table of groups of letters is long, and mostly 0. */
		step = bytes[i] != 0 || i < 8192 ? 1 : 61;
		change_byte(bad, i, (char)~bytes[i]);
		use_damaged(bad);
		change_byte(bad, i, (char)(bytes[i] + 1));
		use_damaged(bad);
		change_byte(bad, i, bytes[i]);
	}
	for (size_t i = 0; i < size; i += i < 1024 ? 1 : 997) {
		write_file(bad, bytes, i);
		use_damaged(bad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_letters_find),
		cmocka_unit_test(the_title_counts_more),
		cmocka_unit_test(expressions_find),
		cmocka_unit_test(expressions_without_strings_find),
		cmocka_unit_test(labels_find),
		cmocka_unit_test(evidence_stays_within_the_limit),
		cmocka_unit_test(documents_are_replaced_and_removed),
		cmocka_unit_test(a_changed_index_answers_as_a_new_one),
		cmocka_unit_test(what_is_no_index_has_to_be_built),
		cmocka_unit_test(a_build_that_fails_leaves_what_was),
		cmocka_unit_test(damage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
