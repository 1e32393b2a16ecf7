/* test-silence.c - which incidents a silence mutes, and until when. */
#include "unit-mute.h"

static void a_silence_mutes_what_matches_while_it_lasts(void **state)
{
	static const struct {
		const char *words[2];
		bool muted;
	} cases[] = {
		{{"service=api"}, true},
		{{"service=db"}, false},
		{{"service=/^a/"}, true},
		{{"service=!api"}, false},
		{{"service=!db"}, true},
		{{"service=api", "severity=high"}, true},
		{{"service=api", "severity=low"}, false},
		{{"service=db", "service=api"}, true},
		{{"host=web1"}, true},
		{{"tags=blue"}, true},
		{{"tags=red"}, true},
		{{"tags=green"}, false},
		{{"tags=!blue"}, false},
		{{"team="}, true},
		{{"team=web"}, false},
		{{"id=INC-00000000-0001"}, true},
		{{"environment=production"}, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_SILENCE struct silence s = {.match = NULL};
		AUTO_MUTE struct mute *m = NULL;
		struct incident inc = incident_sample(1);
		struct mute_answer a;

		inc.host = SLICE_LIT("web1");
		inc.tags = SLICE_LIT("[\"red\",\"blue\"]");
		silence(&s, NOW, NOW + WHEN_HOUR, cases[i].words,
			cases[i].words[1] ? 2 : 1);
		m = load();
		a = ask_at(m, &inc, NOW);
		if (a.muted != cases[i].muted)
			fail_msg("%s", cases[i].words[0]);
		assert_string_equal(a.by, a.muted ? s.id : "");
		assert_true(a.until == (a.muted ? NOW + WHEN_HOUR : WHEN_NONE));
		/* The last millisecond, and the first after it. */
		assert_true(ask_at(m, &inc, NOW + WHEN_HOUR - 1).muted ==
			    cases[i].muted);
		assert_false(ask_at(m, &inc, NOW + WHEN_HOUR).muted);
		(void)store_run(store, &(struct err)ERR_INIT,
				"DELETE FROM silences", NULL, 0);
	}
}

static void one_that_is_ahead_says_when_it_begins(void **state)
{
	AUTO_SILENCE struct silence s = {.match = NULL};
	AUTO_MUTE struct mute *m = NULL;
	struct incident inc = incident_sample(1);
	struct mute_answer a;

	(void)state;
	silence(&s, NOW + WHEN_HOUR, NOW + 2 * WHEN_HOUR, WORDS("service=api"));
	m = load();
	a = ask_at(m, &inc, NOW);
	assert_false(a.muted);
	assert_true(a.until == NOW + WHEN_HOUR);
	a = ask_at(m, &inc, a.until);
	assert_true(a.muted);
	assert_true(a.until == NOW + 2 * WHEN_HOUR);
	assert_true(ask_at(m, &inc, a.until).until == WHEN_NONE);
}

static void of_several_the_one_that_lasts_longest_is_told(void **state)
{
	struct silence s[3] = {{.match = NULL}};
	AUTO_MUTE struct mute *m = NULL;
	struct incident inc = incident_sample(1);

	(void)state;
	put_incident(&inc);
	silence(&s[0], NOW, NOW + WHEN_HOUR, WORDS("service=api"));
	silence(&s[1], NOW, NOW + 3 * WHEN_HOUR, WORDS("severity=high"));
	m = load();
	assert_string_equal(ask_at(m, &inc, NOW).by, s[1].id);
	assert_non_null(strstr(ask_at(m, &inc, NOW).why,
			       "of ana silences it until 2026-11-20T13:"));
	name(&s[2], 1);
	silence(&s[2], NOW, WHEN_NONE, NULL, 0);
	assert_int_equal(mute_refresh(m, &(struct err)ERR_INIT), 0);
	assert_string_equal(ask_at(m, &inc, NOW).by, s[2].id);
	assert_true(ask_at(m, &inc, NOW).until == WHEN_NONE);
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		silence_done(&s[i]);
}

static void until_resolved_ends_with_the_last_one(void **state)
{
	AUTO_SILENCE struct silence s = {.match = NULL};
	AUTO_MUTE struct mute *m = NULL;
	struct incident a = make(1, "disk", ""), b = make(2, "disk", "");
	struct incident later = make(3, "disk", "");

	(void)state;
	name(&s, 1);
	name(&s, 2);
	silence(&s, NOW, WHEN_NONE, WORDS("category=disk"));
	put_group(1, s.id);
	put_group(2, s.id);
	assert_int_equal(entries("silenced"), 2);
	m = load();
	assert_true(is_muted(m, &a) && is_muted(m, &b));
	assert_false(is_muted(m, &later));
	/* What it matched by does not matter any more. */
	b.category = SLICE_LIT("other");
	update(m, &b);
	assert_true(is_muted(m, &b));
	a.status = INCIDENT_RESOLVED;
	update(m, &a);
	assert_int_equal(due_groups(), 2);
	assert_int_equal(entries("unsilenced"), 1);
	/* It is back: that is news. */
	a.status = INCIDENT_OPEN;
	update(m, &a);
	assert_false(is_muted(m, &a));
	assert_true(is_muted(m, &b));
	assert_int_equal(
		ask_number("SELECT COUNT(*) FROM silences WHERE ended IS NULL"),
		1);
	b.status = INCIDENT_CLOSED;
	update(m, &b);
	assert_true(ask_number("SELECT ended FROM silences") == NOW);
	assert_int_equal(entries("unsilenced"), 2);
	b.status = INCIDENT_OPEN;
	update(m, &b);
	assert_false(is_muted(m, &b));
	mute_free(m);
	m = load();
	assert_false(is_muted(m, &a) || is_muted(m, &b));
}

/* Two processes have read the same silence, each notes another end. */
static void ends_are_noted_by_many(void **state)
{
	AUTO_SILENCE struct silence s = {.match = NULL};
	AUTO_MUTE struct mute *one = NULL, *two = NULL;
	struct incident a = make(1, "disk", ""), b = make(2, "disk", "");

	(void)state;
	name(&s, 1);
	name(&s, 2);
	silence(&s, NOW, WHEN_NONE, NULL, 0);
	one = load();
	two = load();
	a.status = b.status = INCIDENT_RESOLVED;
	note(one, &a);
	note(two, &b);
	assert_true(ask_number("SELECT ended FROM silences") == NOW);
	note(one, &b);
	note(two, &a);
	assert_int_equal(entries("unsilenced"), 2);
}

static void expiring_wakes_what_was_muted(void **state)
{
	struct silence_edit e = {.store = store, .actor = "ben", .now = NOW};
	AUTO_SILENCE struct silence s = {.match = NULL}, gone = {.match = NULL};
	AUTO_MUTE struct mute *m = load();
	struct incident inc = make(1, "disk", "");
	AUTO_FREE char *lower = NULL;
	struct err err = ERR_INIT;

	(void)state;
	name(&s, 1);
	silence(&s, NOW, NOW + WHEN_HOUR, WORDS("category=disk"));
	put_group(1, s.id);
	put_group(2, "SIL-OTHER");
	assert_int_equal(mute_refresh(m, &err), 0);
	assert_true(is_muted(m, &inc));
	lower = mem_dup(s.id + 4);
	for (char *p = lower; *p; p++)
		*p = *p >= 'A' ? (char)(*p + 32) : *p;
	assert_int_equal(silence_expire(&e, lower, &gone, &err), 0);
	assert_string_equal(gone.id, s.id);
	assert_int_equal(due_groups(), 1);
	assert_true(ask_number("SELECT ended FROM silences") == NOW);
	assert_int_equal(entries("unsilenced"), 1);
	assert_int_equal(mute_refresh(m, &err), 0);
	assert_false(is_muted(m, &inc));
	assert_int_equal(silence_expire(&e, s.id, &gone, &err), -1);
	assert_err(&err, ERR_NO, "is over since 2026-11-20T");
}

static void silences_are_named_by_what_they_begin_with(void **state)
{
	static const struct {
		const char *id;
		enum err_kind kind;
		const char *part;
	} cases[] = {
		{"", ERR_USAGE, "is not a silence"},
		{"SIL-", ERR_USAGE, "is not a silence"},
		{"SIL-%", ERR_USAGE, "is not a silence"},
		{"0_", ERR_USAGE, "is not a silence"},
		{"\xff\xfe", ERR_USAGE, "is not a silence"},
		{"SIL-01KAJ5V0E8Q3N7W2Z4X6Y8T0RMMM", ERR_USAGE, "not a silenc"},
		{"ZZZ", ERR_NO, "there is no silence 'ZZZ'"},
		{"0", ERR_USAGE, "is the beginning of several silences"},
	};
	struct silence_edit e = {.store = store, .actor = "ben", .now = NOW};
	struct silence s[2] = {{.match = NULL}}, gone = {.match = NULL};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		silence(&s[i], NOW, NOW + WHEN_HOUR, WORDS("category=disk"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(silence_expire(&e, cases[i].id, &gone, &err),
				 -1);
		assert_err(&err, cases[i].kind, cases[i].part);
	}
	silence_done(&gone);
	silence_done(&s[0]);
	silence_done(&s[1]);
}

static void what_is_over_by_time_is_noted_once(void **state)
{
	AUTO_SILENCE struct silence s = {.match = NULL};
	AUTO_MUTE struct mute *m = NULL;
	struct incident inc = make(1, "disk", "");

	(void)state;
	name(&s, 1);
	silence(&s, NOW, NOW + WHEN_HOUR, NULL, 0);
	m = load();
	note_at(m, &inc, NOW + WHEN_HOUR - 1);
	assert_true(ask_number("SELECT ended FROM silences") == WHEN_NONE);
	mute_free(m);
	m = load();
	note_at(m, &inc, NOW + 2 * WHEN_HOUR);
	note_at(m, &inc, NOW + 2 * WHEN_HOUR);
	assert_true(ask_number("SELECT ended FROM silences") ==
		    NOW + WHEN_HOUR);
	assert_int_equal(entries("unsilenced"), 1);
}

/* What cannot be read must not keep people from hearing. */
static void a_broken_silence_mutes_nothing(void **state)
{
	static const char *const broken[] = {"",
					     "{",
					     "[]",
					     "{\"service\":1}",
					     "{\"service\":[1]}",
					     "{\"service\":[\"/(/\"]}"};
	struct incident inc = make(1, "disk", "");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		AUTO_MUTE struct mute *m = NULL;
		struct err err = ERR_INIT;

		(void)STORE_RUN(store, &err,
				"INSERT INTO silences (id, match, starts, "
				"ends, actor, made) VALUES ($1, $2, $3, $4, "
				"'x', $3)",
				S_TEXT(broken[i]), S_TEXT(broken[i]),
				S_INT(NOW), S_INT(NOW + WHEN_HOUR));
		assert_no_err(&err);
		m = load();
		assert_false(is_muted(m, &inc));
	}
}

static void words_are_checked(void **state)
{
	static const struct {
		const char *word, *part;
	} cases[] = {
		{"service", "'service' is no FIELD=VALUE"},
		{"=web", "is no FIELD=VALUE"},
		{"severity!=high", "severity=!high"},
		{"service=~web.*", "service=/web.*/"},
		{"severitx=high", "did you mean 'severity'"},
		{"severity=hgh", "'hgh' is no severity"},
		{"service=/(/", "is wrong at offset"},
		{"service=\xff", "is not UTF-8"},
		{"opened=2026", "there are severity"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(silence_match(&out, &cases[i].word, 1, &err),
				 -1);
		assert_err(&err, ERR_USAGE, cases[i].part);
	}
}

static void words_become_a_match(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT, words = BUF_INIT;
	struct silence s = {.match = NULL};
	struct err err = ERR_INIT;

	(void)state;
	if (silence_match(&out,
			  WORDS("host=!web1", "service=a", "host=!web1",
				"service=b=c", "team=", "q\"=\"\\"),
			  &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(buf_str(&out),
			    "{\"host\":[\"!web1\"],\"service\":[\"a\",\"b=c\"],"
			    "\"team\":[\"\"],\"q\\\"\":[\"\\\"\\\\\"]}");
	s.match = out.data;
	silence_words(&s, &words);
	assert_string_equal(buf_str(&words), "host=!web1 service=a service=b=c "
					     "team= q\"=\"\\");
}

/* ---- size ---- */

/* One in a hundred cannot be filed under a value. */
static void ten_thousand_silences_do_not_slow_it(void **state)
{
	enum { SILENCES = 10000, QUESTIONS = 1000 };
	AUTO_MUTE struct mute *m = NULL;
	struct incident inc = make(1, "disk", "web1");
	struct err err = ERR_INIT;
	int64_t began, took;

	(void)state;
	assert_int_equal(store_begin(store, &err), 0);
	for (int i = 0; i < SILENCES; i++) {
		AUTO_FREE char *id = mem_printf("SIL-%06d", i);
		AUTO_FREE char *match = mem_printf(
			i % 100 ? "{\"service\":[\"svc%d\"],\"host\":[\"/^w/"
				  "\"]}"
				: "{\"title\":[\"/^svc%d /\"]}",
			i);

		if (STORE_QUEUE(store, &err,
				"INSERT INTO silences (id, match, starts, "
				"ends, actor, made) VALUES ($1, $2, $3, $4, "
				"'x', $3)",
				S_TEXT(id), S_TEXT(match), S_INT(NOW),
				S_INT(NOW + WHEN_HOUR)) < 0)
			fail_msg("%s", err.text);
	}
	assert_int_equal(store_commit(store, &err), 0);
	began = clock_mono();
	m = load();
	print_message("%d silences are loaded in %lld ms\n", SILENCES,
		      (long long)(clock_mono() - began));
	began = clock_mono();
	for (int i = 0; i < QUESTIONS; i++) {
		AUTO_FREE char *service = mem_printf("svc%d", i);

		inc.service = slice_of(service);
		assert_int_equal(is_muted(m, &inc), i % 100 != 0);
	}
	took = clock_mono() - began;
	print_message("%d questions take %lld ms\n", QUESTIONS,
		      (long long)took);
	assert_true(took < 10000);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		mute_test(a_silence_mutes_what_matches_while_it_lasts),
		mute_test(one_that_is_ahead_says_when_it_begins),
		mute_test(of_several_the_one_that_lasts_longest_is_told),
		mute_test(until_resolved_ends_with_the_last_one),
		mute_test(ends_are_noted_by_many),
		mute_test(expiring_wakes_what_was_muted),
		mute_test(silences_are_named_by_what_they_begin_with),
		mute_test(what_is_over_by_time_is_noted_once),
		mute_test(a_broken_silence_mutes_nothing),
		mute_test(words_are_checked),
		mute_test(words_become_a_match),
		mute_test(ten_thousand_silences_do_not_slow_it),
	};

	return cmocka_run_group_tests_name(ops_address, tests, NULL, NULL);
}

int main(void)
{
	int failed;

	if (make_test_dir(NULL) < 0)
		return 1;
	failed = ops_run(group);
	return remove_test_dir(NULL) < 0 ? 1 : failed;
}
