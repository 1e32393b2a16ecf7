#include "unit.h"

#include <stdio.h>

#include <oncall/generalise.h>
#include <oncall/mem.h>
#include <oncall/pattern.h>

#define MANY 10000

struct found {
	const struct slice *messages;
	size_t count, covered;
	size_t first[MANY]; /* the first message that each covers */
	size_t covers[MANY];
	struct buf exprs; /* one a line */
};

static int note_hit(void *arg, const struct pattern_hit *hit)
{
	(void)hit;
	*(bool *)arg = true;
	return 0;
}

static bool matches(const char *expr, size_t len, struct slice text)
{
	const struct slice slice = {expr, len};
	const struct pattern_rule rule = {
		.id = "x", .exprs = &slice, .expr_count = 1};
	AUTO_PATTERN_SET struct pattern_set *set = NULL;
	AUTO_PATTERN_SCRATCH struct pattern_scratch *scratch = NULL;
	struct err err = ERR_INIT;
	bool hit = false;
	const struct pattern_sink sink = {.hit = note_hit, .arg = &hit};

	if (pattern_set_new(&set, &rule, 1, NULL, &err) < 0)
		fail_msg("'%.*s': %s", (int)len, expr, err.text);
	scratch = pattern_scratch_new(set);
	assert_int_equal(pattern_scan_text(set, scratch, text, 0, &sink), 0);
	return hit;
}

static void note_made(void *arg, const struct generalise_made *m)
{
	struct found *f = arg;

	assert_true(m->cover_count > 0 && f->count < MANY);
	if (f->messages)
		for (size_t i = 0; i < m->cover_count; i++)
			if (!matches(m->expr.ptr, m->expr.len,
				     f->messages[m->covers[i]]))
				fail_msg("'%.*s' does not match message %zu",
					 (int)m->expr.len, m->expr.ptr,
					 m->covers[i]);
	f->first[f->count] = m->covers[0];
	f->covers[f->count++] = m->cover_count;
	f->covered += m->cover_count;
	buf_add_slice(&f->exprs, m->expr);
	buf_add_char(&f->exprs, '\n');
}

static void found_done(struct found **f)
{
	buf_done(&(*f)->exprs);
	free(*f);
}
#define AUTO_FOUND CLEANUP(found_done)

typedef size_t make_fn(const struct slice *messages, size_t count,
		       const struct slice *negatives, size_t negative_count,
		       void (*made)(void *arg, const struct generalise_made *m),
		       void *arg);

/* One message, and what is made of it beside these negatives. */
static char *make_one(make_fn *make, const char *text, const char *negative)
{
	AUTO_FOUND struct found *f = mem_zero(1, sizeof(*f));
	struct slice message = slice_of(text), against = slice_of(negative);

	f->messages = &message;
	if (!make(&message, 1, &against, negative ? 1 : 0, note_made, f))
		return NULL;
	buf_truncate(&f->exprs, f->exprs.len - 1);
	return buf_take(&f->exprs);
}

static void values_become_classes(void **state)
{
	static const struct {
		const char *from, *other, *not_this, *class;
	} cases[] = {
		{"17", "40018", "x", "<num>"},
		{"-3.5", "+17", "x", "<num>"},
		{"1,234,567", "8", "none", "<num>"},
		{"0xdeadBEEF", "0x1", "17", "<hex>"},
		{"1a2b3c4d5e6f", "ffffffffffff", "xyz", "<hex>"},
		{"123e4567-e89b-12d3-a456-426614174000",
		 "00000000-0000-0000-0000-000000000000", "123e4567", "<uuid>"},
		{"10.1.2.3", "255.255.255.255:65535", "host", "<ip>"},
		{"2001:db8::1", "fe80::1%eth0", "host", "<ip>"},
		{"/var/lib/x.db", "/tmp", "tmp", "<path>"},
		{"C:\\Users\\ana\\x.txt", "D:\\y", "y", "<path>"},
		{"src/common/main.c", "a/b/c/d", "abc", "<path>"},
		{"\"users\"", "\"the orders of today\"", "users", "<quoted>"},
		{"'it is so'", "'x'", "x", "<quoted>"},
		{"`x`", "`yy`", "x", "<quoted>"},
		{"2026-11-20T10:11:12.123Z", "1999-01-01 00:00:00", "17",
		 "<time>"},
		{"Nov  3 10:11:12", "Dec 24 18:00:00", "17", "<time>"},
		{"20/Nov/2026:10:11:12 +0100", "01/Jan/1999:00:00:00 +0000",
		 "17", "<time>"},
		{"10:11:12,123", "1:00:00", "17", "<time>"},
		{"web-01.example.com", "db2", "(none)", "<host>"},
		{"Worker3", "Worker17", "-", "<id>"},
		{"ana@example.com", "b.c+d@e.org", "ana", "<mail>"},
		{"https://x.org/a?b=c", "http://y/", "x.org", "<url>"},
		{"1h30m", "250ms", "x", "<duration>"},
		{"30 seconds", "17 seconds", "x", "<num> seconds"},
		{"512MiB", "3.5G", "x", "<size>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf text = BUF_INIT, other = BUF_INIT;
		AUTO_BUF struct buf wrong = BUF_INIT, template = BUF_INIT;
		AUTO_BUF struct buf want = BUF_INIT;
		AUTO_FREE char *expr = NULL;

		buf_addf(&text, "disk quota (%s) exceeded", cases[i].from);
		buf_addf(&other, "disk quota (%s) exceeded", cases[i].other);
		buf_addf(&wrong, "disk quota (%s) exceeded", cases[i].not_this);
		buf_addf(&want, "disk quota (%s) exceeded", cases[i].class);
		generalise_template(&template, buf_slice(&text));
		assert_string_equal(buf_str(&template), buf_str(&want));
		expr = make_one(generalise, buf_str(&text), NULL);
		assert_non_null(expr);
		if (!matches(expr, strlen(expr), buf_slice(&other)))
			fail_msg("'%s' does not match '%s'", expr,
				 buf_str(&other));
		if (matches(expr, strlen(expr), buf_slice(&wrong)))
			fail_msg("'%s' matches '%s'", expr, buf_str(&wrong));
	}
}

static void what_is_specific_stays(void **state)
{
	static const char *const cases[][2] = {
		{"ORA-01555: snapshot too old",
		 "\\bORA-01555: snapshot too old\\b"},
		{"2026-11-20 10:11:12 E11000 duplicate key in sha256 table",
		 "\\bE11000 duplicate key in sha256 table\\b"},
		{"java.lang.OutOfMemoryError: Java heap space",
		 "\\bjava\\.lang\\.OutOfMemoryError: Java heap space\\b"},
		{"{\"msg\":\"connection refused\"}",
		 "\\bmsg\":\"connection refused\\b"},
		{"Gr\303\266\303\237e der Datei \303\274berschritten",
		 "\\bGr\303\266\303\237e der Datei \303\274berschritten\\b"},
		{"what? (disk) [full] {a|b}.*+^$\\x here",
		 "\\bwhat\\? \\(disk\\) \\[full\\] "},
		{"std::string terminates\n\tat Foo(Foo.java)\nbye",
		 "\\bstd::string terminates\\b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *expr = make_one(generalise, cases[i][0], NULL);

		if (!expr || !strstr(expr, cases[i][1]))
			fail_msg("'%s' gives '%s'", cases[i][0],
				 expr ? expr : "nothing");
	}
}

static void what_says_too_little_makes_nothing(void **state)
{
	static const char *const cases[] = {
		"",
		"\n\n",
		"17",
		"error",
		"ERROR: failed (17)",
		"10.0.0.1",
		"2026-11-20T10:11:12Z",
		"the host is",
		"....",
		"\001\002\003",
		"killed",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *expr = make_one(generalise, cases[i], NULL);

		if (expr)
			fail_msg("'%s' gives '%s'", cases[i], expr);
	}
}

static void messages_are_grouped_by_structure(void **state)
{
	static const char *const texts[] = {
		"out of memory on web-01: killed process 17 (java)",
		"disk full on /var",
		"out of memory on web-02: killed process 4711 (ruby)",
		"disk full on /tmp",
		"out of memory on db3: killed process 5 (java)",
		"certificate expires soon",
	};
	struct slice messages[ARRAY_LEN(texts)];
	AUTO_FOUND struct found *f = mem_zero(1, sizeof(*f));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		messages[i] = slice_of(texts[i]);
	f->messages = messages;
	assert_int_equal(
		generalise(messages, ARRAY_LEN(texts), NULL, 0, note_made, f),
		3);
	assert_int_equal(f->covers[0], 3);
	assert_int_equal(f->covers[1], 2);
	assert_int_equal(f->first[1], 1);
	assert_int_equal(f->first[2], 5);
	assert_non_null(strstr(buf_str(&f->exprs), "(?:java|ruby)"));
	assert_non_null(strstr(buf_str(&f->exprs), "killed process "));
}

static void groups_of_one_size_stand_as_their_messages_do(void **state)
{
	static const char *const texts[] = {"zebra stripes fade quickly",
					    "apple trees grow",
					    "middle earth shakes again today"};
	struct slice messages[ARRAY_LEN(texts)];
	AUTO_FOUND struct found *f = mem_zero(1, sizeof(*f));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		messages[i] = slice_of(texts[i]);
	(void)generalise(messages, ARRAY_LEN(texts), NULL, 0, note_made, f);
	assert_int_equal(f->count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(f->first[i], i);
}

static void an_expression_that_matches_a_negative_is_not_made(void **state)
{
	AUTO_FREE char *wide = make_one(generalise, "disk full on /data of db1",
					"Disk full on /var of db2");
	AUTO_FREE char *other =
		make_one(generalise, "disk full on /data of db1",
			 "disk slow on /var of db2");

	(void)state;
	assert_null(wide);
	assert_non_null(other);
}

static void narrow_expressions_keep_what_is_needed(void **state)
{
	static const struct {
		const char *text, *negative, *same, *different;
	} cases[] = {
		/* Names stay, numbers do not. */
		{"disk full on /data after 17 tries", NULL,
		 "disk full on /data after 3 tries",
		 "disk full on /var after 17 tries"},
		/* Numbers stay where one tells them apart. */
		{"disk full on /data after 17 tries",
		 "disk full on /data after 18 tries",
		 "disk full on /data after 17 tries",
		 "disk full on /data after 19 tries"},
		/* The end of the line tells. */
		{"10:11:12 disk full", "disk full on db1", "10:11:13 disk full",
		 "disk full of x"},
		{"killed", NULL, "killed", "kill"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *expr = make_one(
			generalise_narrow, cases[i].text, cases[i].negative);

		if (!expr) {
			fail_msg("nothing was made of '%s'", cases[i].text);
			return;
		}
		if (!matches(expr, strlen(expr), slice_of(cases[i].same)))
			fail_msg("'%s' does not match '%s'", expr,
				 cases[i].same);
		if (matches(expr, strlen(expr), slice_of(cases[i].different)))
			fail_msg("'%s' matches '%s'", expr, cases[i].different);
	}
	assert_null(make_one(generalise_narrow, "disk full", "disk full"));
}

static void no_bytes_are_too_hostile(void **state)
{
	const struct slice messages[] = {
		SLICE_LIT("\377\376 connection \300\257 refused \0 by peer"),
		SLICE_LIT("\0\0\0\0"),
		SLICE_LIT("connection\0refused altogether"),
		SLICE_LIT("((((((((((connection refused))))))))))***"),
		SLICE_LIT("\\Qconnection refused\\E (*UTF) (?#x"),
		SLICE_LIT("\n\nconnection refused\r\nby peer\r\n"),
		SLICE_LIT("connection\t\t \trefused"),
	};
	AUTO_FOUND struct found *f = mem_zero(1, sizeof(*f));

	(void)state;
	f->messages = messages;
	(void)generalise(messages, ARRAY_LEN(messages), NULL, 0, note_made, f);
	assert_int_equal(f->covered, 6);
	assert_null(memchr(f->exprs.data, '\0', f->exprs.len));
}

static void long_messages_count_by_their_beginning(void **state)
{
	static const char *const fills[] = {"a",  "1",	 " ", "/x", "\377",
					    "\"", "a1 ", ".", "::", "x/"};
	const size_t size = 1 << 20;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
		AUTO_BUF struct buf text = BUF_INIT, template = BUF_INIT;
		AUTO_FOUND struct found *f = mem_zero(1, sizeof(*f));
		struct slice message;

		buf_add_str(&text, "connection refused by peer ");
		while (text.len < size)
			buf_add_str(&text, fills[i]);
		message = buf_slice(&text);
		f->messages = &message;
		if (generalise(&message, 1, NULL, 0, note_made, f) != 1)
			fail_msg("nothing of many '%s'", fills[i]);
		assert_true(f->exprs.len < 8192);
		generalise_template(&template, message);
		assert_true(template.len < 200000);
	}
}

static void ten_thousand_messages_are_not_too_many(void **state)
{
	AUTO_FREE struct slice *messages = mem_zero(MANY, sizeof(*messages));
	AUTO_FOUND struct found *f = mem_zero(1, sizeof(*f));
	AUTO_FOUND struct found *again = mem_zero(1, sizeof(*again));
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		char a = (char)('a' + i % 26), b = (char)('a' + i / 26 % 26);

		buf_addf(&text,
			 i % 2 ? "request %u of %c%cx%c%c timed out here%c"
			       : "replica %u %c%cy%c%c lags far behind%c",
			 i, a, b, b, a, 0);
	}
	for (size_t i = 0, at = 0; i < MANY; i++) {
		messages[i] = slice_of(text.data + at);
		at += messages[i].len + 1;
	}
	assert_int_equal(generalise(messages, MANY, NULL, 0, note_made, f), 2);
	assert_int_equal(f->covered, MANY);
	(void)generalise(messages, MANY, NULL, 0, note_made, again);
	assert_string_equal(buf_str(&f->exprs), buf_str(&again->exprs));
}

static void different_messages_end_somewhere(void **state)
{
	AUTO_FREE struct slice *messages = mem_zero(MANY, sizeof(*messages));
	AUTO_FOUND struct found *f = mem_zero(1, sizeof(*f));
	AUTO_BUF struct buf text = BUF_INIT;
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		for (int word = 0; word < 5; word++) {
			for (int k = 0; k < 6; k++) {
				seed = seed * 1103515245 + 12345;
				buf_add_char(&text,
					     (char)('a' + (seed >> 16) % 26));
			}
			buf_add_char(&text, word < 4 ? ' ' : '\0');
		}
	}
	for (size_t i = 0, at = 0; i < MANY; i++) {
		messages[i] = slice_of(text.data + at);
		at += messages[i].len + 1;
	}
	assert_true(generalise(messages, MANY, messages, 100, note_made, f) >
		    50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_classes),
		cmocka_unit_test(what_is_specific_stays),
		cmocka_unit_test(what_says_too_little_makes_nothing),
		cmocka_unit_test(messages_are_grouped_by_structure),
		cmocka_unit_test(groups_of_one_size_stand_as_their_messages_do),
		cmocka_unit_test(
			an_expression_that_matches_a_negative_is_not_made),
		cmocka_unit_test(narrow_expressions_keep_what_is_needed),
		cmocka_unit_test(no_bytes_are_too_hostile),
		cmocka_unit_test(long_messages_count_by_their_beginning),
		cmocka_unit_test(ten_thousand_messages_are_not_too_many),
		cmocka_unit_test(different_messages_end_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
