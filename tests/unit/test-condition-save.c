/* test-condition-save.c - states that are saved, late, hostile or too many. */
#include "unit-condition.h"

/* Every kind of rule; the last ones are above others. */
static const struct unit_rule all[] = {
	{"a", "by h", 0},
	{"b", NULL, 0},
	{"c", "by h", 7},
	{"times", "3 times within 5s by h", 0},
	{"times-cool", "2 times within 3s by h", 20},
	{"many", "12 times within 20s", 0},
	{"once", "once by h", 0},
	{"once-in", "once within 6s by h, i", 0},
	{"silent", "absent for 4s by h", 0},
	{"end", "absent for 6s after a by h", 9},
	{"then", "a then b within 4s by h", 0},
	{"without", "times without b within 5s by h", 0},
	{"group", "2 of {a, b, c} within 3s by h", 0},
	{"above", "2 of {without, then, silent} within 30s by h", 0},
	{"late", "without then group within 30s by i", 0},
	{NULL, NULL, 0},
};

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

static const char *const keys[] = {
	"a",	"", "web-1", "\xff\xfe\"\\\x01", "\xc3\xa4\xe2\x82\xac\n\t",
	"a\x7f"};

/* Most hits come in order, some are late, and a few from another age. */
static int64_t next_time(int64_t *now, bool hostile)
{
	uint32_t n = random_below(hostile ? 40 : 1000);

	if (n == 0)
		return WHEN_MAX - random_below(5000);
	if (n == 1)
		return INT64_MIN + 1 + random_below(3);
	if (n == 2)
		return INT64_MAX - random_below(3);
	if (n == 3)
		return *now - (int64_t)random_below(1000) * WHEN_DAY;
	*now += random_below(900);
	return n % 4 ? *now : *now - random_below(4000);
}

static void reload(struct unit_set *set, struct buf *saved)
{
	AUTO_BUF struct buf again = BUF_INIT;
	struct err err = ERR_INIT;

	buf_reset(saved);
	conditions_save(set->c, saved);
	conditions_free(set->c);
	set->c = NULL;
	assert_int_equal(conditions_new(&set->c, set->rules, set->count, &err),
			 0);
	if (conditions_load(set->c, buf_slice(saved), &err) < 0)
		fail_msg("%s", err.text);
	conditions_save(set->c, &again);
	assert_string_equal(buf_str(&again), buf_str(saved));
}

static void run_twice(uint64_t number, bool hostile)
{
	AUTO_BUF struct buf saved = BUF_INIT;
	AUTO_BUF struct buf plain = BUF_INIT;
	struct unit_set one, two;
	int64_t now = INT64_C(1795176000000);

	seed = number;
	unit_make(&one, all);
	unit_make(&two, all);
	for (int i = 0; i < 400; i++) {
		uint32_t rule = random_below((uint32_t)one.count + 1);
		const char *key = keys[random_below(6)];
		int64_t time = next_time(&now, hostile);
		const char *id = rule < one.count ? one.rules[rule].id : NULL;

		if (random_below(10) == 0)
			reload(&two, &saved);
		unit_hit(&one, time, id, key);
		unit_hit(&two, time, id, key);
		if (strcmp(buf_str(&one.fired), buf_str(&two.fired)) != 0)
			fail_msg("seed %llu, step %d: %s\nand when loaded: %s",
				 (unsigned long long)number, i,
				 buf_str(&one.fired), buf_str(&two.fired));
		buf_reset(&one.fired);
		buf_reset(&two.fired);
	}
	buf_reset(&saved);
	conditions_save(one.c, &plain);
	conditions_save(two.c, &saved);
	assert_string_equal(buf_str(&plain), buf_str(&saved));
	unit_done(&one);
	unit_done(&two);
}

static void a_run_that_is_loaded_goes_on_as_one(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 60; i++)
		run_twice(i, i % 3 == 0);
}

static void a_rule_that_has_changed_starts_anew(void **state)
{
	static const struct unit_rule before[] = {
		{"x", "2 times within 9s by h", 0},
		{"y", "2 times within 9s by h", 0},
		{"gone", "once", 0},
		{NULL, NULL, 0}};
	static const struct unit_rule after[] = {
		{"new", "once", 0},
		{"y", "2 times within 9s by h", 5},
		{"x", "2 times within 8s by h", 0},
		{NULL, NULL, 0}};
	AUTO_BUF struct buf saved = BUF_INIT;
	struct err err = ERR_INIT;
	struct unit_set set;

	(void)state;
	unit_make(&set, before);
	unit_hit(&set, 0, "x", "k");
	unit_hit(&set, 0, "y", "k");
	unit_hit(&set, 0, "gone", "");
	conditions_save(set.c, &saved);
	unit_done(&set);
	unit_make(&set, after);
	assert_int_equal(conditions_load(set.c, buf_slice(&saved), &err), 0);
	unit_hit(&set, 1000, "x", "k");
	unit_hit(&set, 1000, "y", "k");
	assert_string_equal(buf_str(&set.fired), "y*2 0-1@1/k");
	unit_done(&set);
}

static void what_is_not_a_saved_state_is_refused(void **state)
{
#define TIMES \
	"\"rules\":[{\"id\":\"times\",\"when\":\"3 times within 5s by h\"}]"
#define WITHOUT                           \
	"\"rules\":[{\"id\":\"without\"," \
	"\"when\":\"times without b within 5s by h; carries i\"}]"
#define GROUP                                                                  \
	"\"rules\":[{\"id\":\"group\",\"when\":\"2 of {a, b, c} within 3s by " \
	"h\"}]"
#define THEN \
	"\"rules\":[{\"id\":\"then\",\"when\":\"a then b within 4s by h\"}]"
	static const struct {
		const char *json, *message;
	} cases[] = {
		{"", ""},
		{"[]", ""},
		{"{}", "missing"},
		{"{\"rules\":{},\"states\":[]}", ""},
		{"{\"rules\":[],\"states\":[{}]}", "no rule"},
		{"{\"rules\":[],\"states\":[5]}", "an object is none"},
		{"{\"rules\":[{\"id\":\"x\"}],\"states\":[]}", "missing"},
		{"{\"rules\":[{\"id\":5,\"when\":\"\"}],\"states\":[]}",
		 "text"},
		{"{\"rules\":[{\"id\":\"\xe2\x82\xac\",\"when\":\"\"}],"
		 "\"states\":[]}",
		 "no bytes"},
		{"{\"forgotten\":-1,\"rules\":[],\"states\":[]}", "range"},
		{"{" TIMES ",\"states\":[{\"rule\":1,\"key\":\"\\n\"}]}",
		 "range"},
		{"{" TIMES ",\"states\":[{\"rule\":0}]}", "missing"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\"}]}", "key"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\"},"
		 "{\"rule\":0,\"key\":\"k\\n\"}]}",
		 "twice"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"first\":5}]}",
		 "one end"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"marks\":[64,-64]}]}",
		 "out of place"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"marks\":[65]}]}",
		 "out of place"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"marks\":[0,0,0,0,0,0]}]}",
		 "out of place"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"marks\":[9223372036854775807,1]}]}",
		 "range"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"last\":9223372036854775807}]}",
		 "range"},
		{"{" TIMES ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"folded\":-1}]}",
		 "range"},
		{"{" GROUP ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"marks\":[3]}]}",
		 "out of place"},
		{"{" GROUP ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"marks\":[0,64]}]}",
		 "out of place"},
		{"{" THEN ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"first\":5,\"last\":4,\"count\":1}]}",
		 "after"},
		{"{" THEN ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"marks\":[0]}]}",
		 "marks where"},
		{"{" WITHOUT ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"first\":5}]}",
		 "not counted"},
		{"{" WITHOUT ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"first\":5,\"count\":1}]}",
		 "kept nothing"},
		{"{" WITHOUT ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"first\":5,\"count\":1,\"kept\":[\"\",\"\"]}]}",
		 "damaged"},
		{"{" WITHOUT ",\"states\":[{\"rule\":0,\"key\":\"k\\n\","
		 "\"last\":5,\"count\":1}]}",
		 "after"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = ERR_INIT;
		struct unit_set set;

		unit_make(&set, all);
		unit_hit(&set, 0, "silent", "k");
		if (!conditions_load(set.c, slice_of(cases[i].json), &err))
			fail_msg("taken: %s", cases[i].json);
		assert_err(&err, ERR_INPUT, cases[i].message);
		/* Nothing is left of what was there, or came before. */
		assert_int_equal(conditions_next(set.c), WHEN_NONE);
		unit_done(&set);
	}
}

/* The longest time from the first to the last of them. */
static int64_t span(const int64_t *times, size_t n)
{
	int64_t min = times[0], max = times[0];

	for (size_t i = 1; i < n; i++) {
		min = times[i] < min ? times[i] : min;
		max = times[i] > max ? times[i] : max;
	}
	return max - min;
}

/* Without that time has come so far. */
static void hit_late(struct unit_set *set, size_t rule, int64_t time)
{
	const struct condition_hit hit = {.rule = rule, .time = time};

	assert_int_equal(conditions_hit(set->c, &hit, unit_fire, set), 0);
}

/* Whatever the order of arrival, they meet when they are near enough. */
static void the_order_of_arrival_does_not_matter(void **state)
{
	static const struct unit_rule rules[] = {
		{"a", "by h", 0},
		{"b", "by h", 0},
		{"c", "by h", 0},
		{"d", "by h", 0},
		{"t", "4 times within 10s", 0},
		{"g", "4 of {a, b, c, d} within 10s", 0},
		{"p", "a then b within 10s", 0},
		{"w", "a without b within 10s", 0},
		{NULL, NULL, 0}};

	(void)state;
	seed = 7;
	for (int i = 0; i < 3000; i++) {
		struct unit_set set;
		const char *fired;
		int64_t at[4];
		bool after;

		unit_make(&set, rules);
		for (size_t k = 0; k < 4; k++) {
			at[k] = 1000 * (int64_t)random_below(16);
			unit_hit(&set, at[k], "t", "");
		}
		for (size_t k = 0; k < 4; k++)
			hit_late(&set, k, at[k]);
		unit_hit(&set, 1000000, NULL, NULL);
		fired = buf_str(&set.fired);
		assert_int_equal(!!strstr(fired, "t*4"), span(at, 4) <= 10000);
		assert_int_equal(!!strstr(fired, "g*4"), span(at, 4) <= 10000);
		/* Here a came before b. */
		after = at[1] >= at[0] && at[1] - at[0] <= 10000;
		assert_int_equal(!!strstr(fired, "p*2"), after);
		assert_int_equal(!!strstr(fired, "w*1"), !after);
		unit_done(&set);
	}
	for (int i = 0; i < 3000; i++) {
		struct unit_set set;
		int64_t b = 1000 * (int64_t)random_below(20);
		bool after = b > 5000 && b <= 15000;

		unit_make(&set, rules);
		unit_hit(&set, b, "b", "");
		hit_late(&set, 0, 5000);
		unit_hit(&set, 1000000, NULL, NULL);
		assert_int_equal(!!strstr(buf_str(&set.fired), "p*2"), after);
		assert_int_equal(!!strstr(buf_str(&set.fired), "w*1"), !after);
		unit_done(&set);
	}
}

/* The same, said without cleverness, for hits in order. */
static void thresholds_are_those_of_brute_force(void **state)
{
	static const struct unit_rule rules[] = {{"t", "4 times within 10s", 0},
						 {NULL, NULL, 0}};
	int64_t times[200];

	(void)state;
	seed = 3;
	for (int i = 0; i < 100; i++) {
		int64_t now = 0, until = -1;
		size_t from = 0; /* hits before it are told */
		struct unit_set set;

		unit_make(&set, rules);
		for (size_t n = 0; n < 200; n++) {
			bool fires = false;

			times[n] = now += 1000 * random_below(8);
			if (until >= 0 && now > until) {
				while (times[from] <= until)
					from++;
				until = -1;
			}
			if (n >= from + 3 && now - times[n - 3] <= 10000) {
				fires = until < 0;
				until = now + 10000;
				from = n + 1;
			}
			unit_hit(&set, now, "t", "");
			assert_int_equal(set.fired.len > 0, fires);
			buf_reset(&set.fired);
		}
		unit_done(&set);
	}
}

static int count_firing(void *arg, const struct condition_firing *f)
{
	assert_true(f->count > 0 && f->folded >= 0 && f->first <= f->last);
	++*(uint64_t *)arg;
	return 0;
}

static struct slice number_key(void *arg, const char *field)
{
	(void)field;
	return slice_of(arg);
}

static void give(struct unit_set *set, const char *rule, int64_t time,
		 uint64_t number, uint64_t *fired)
{
	char key[24] = "";
	struct buf text = BUF_INIT;
	struct condition_hit hit = {.rule = unit_rule(set, rule),
				    .time = time,
				    .lookup = number_key,
				    .arg = key};

	buf_add_int(&text, (int64_t)number);
	memcpy(key, text.data, text.len);
	assert_int_equal(conditions_time(set->c, time, count_firing, fired), 0);
	assert_int_equal(conditions_hit(set->c, &hit, count_firing, fired), 0);
	buf_done(&text);
}

static void the_oldest_keys_are_forgotten(void **state)
{
	static const struct unit_rule rules[] = {
		{"o", "once by h", 0},
		{"b", NULL, 0},
		{"a", NULL, 0},
		{"w", "a without b within 1s by h", 0},
		{NULL, NULL, 0}};
	AUTO_BUF struct buf saved = BUF_INIT;
	struct err err = ERR_INIT;
	struct unit_set set;
	uint64_t fired = 0;
	uint64_t i;

	(void)state;
	unit_make(&set, rules);
	for (i = 0; i < CONDITION_MAX_KEYS; i++)
		give(&set, "o", 0, i, &fired);
	assert_int_equal(fired, i);
	assert_int_equal(conditions_forgotten(set.c), 0);
	give(&set, "o", 0, 0, &fired); /* no longer the oldest */
	assert_int_equal(fired, i);
	/* What only remembers an answer goes before all others. */
	fired = 0;
	for (i = 0; i < 20; i++)
		give(&set, "b", 0, i, &fired);
	assert_int_equal(conditions_forgotten(set.c), 0);
	fired = 0;
	give(&set, "o", 0, CONDITION_MAX_KEYS, &fired);
	assert_int_equal(conditions_forgotten(set.c), 1);
	conditions_save(set.c, &saved);
	assert_int_equal(conditions_load(set.c, buf_slice(&saved), &err), 0);
	assert_int_equal(conditions_forgotten(set.c), 1);
	give(&set, "o", 0, 0, &fired);
	assert_int_equal(fired, 1);
	give(&set, "o", 0, 1, &fired); /* the forgotten one: now 2 goes */
	assert_int_equal(fired, 2);
	assert_int_equal(conditions_forgotten(set.c), 2);
	give(&set, "o", 0, 3, &fired);
	assert_int_equal(fired, 2);
	give(&set, "o", 0, 2, &fired);
	assert_int_equal(fired, 3);
	unit_done(&set);
}

static void answers_alone_are_remembered_for_the_newest_keys(void **state)
{
	static const struct unit_rule rules[] = {
		{"a", NULL, 0},
		{"b", NULL, 0},
		{"w", "a without b within 1s by h", 0},
		{NULL, NULL, 0}};
	struct unit_set set;
	uint64_t fired = 0;

	(void)state;
	unit_make(&set, rules);
	for (uint64_t i = 0; i < 10001; i++)
		give(&set, "b", 500, i, &fired);
	give(&set, "a", 0, 1, &fired); /* answered */
	assert_int_equal(conditions_next(set.c), WHEN_NONE);
	give(&set, "a", 0, 0, &fired); /* nobody knows any more */
	assert_int_equal(conditions_next(set.c), 1001);
	assert_int_equal(conditions_forgotten(set.c), 0);
	unit_done(&set);
}

static void what_is_kept_is_bounded_in_bytes(void **state)
{
	static const struct unit_rule rules[] = {{"a", "absent for 1s by h", 0},
						 {NULL, NULL, 0}};
	AUTO_BUF struct buf saved = BUF_INIT;
	AUTO_FREE char *text = mem_zero(1, CONDITION_KEEP);
	struct unit_set set;
	uint64_t fired = 0;

	(void)state;
	memset(text, 'x', CONDITION_KEEP);
	unit_make(&set, rules);
	for (int i = 0; i < 10000; i++) {
		char key[8] = "";
		struct condition_hit hit = {.lookup = number_key,
					    .arg = key,
					    .keep = {text, CONDITION_KEEP}};

		key[0] = (char)('a' + i % 16);
		key[1] = (char)('a' + i / 16 % 16);
		key[2] = (char)('a' + i / 256 % 16);
		key[3] = (char)('a' + i / 4096);
		assert_int_equal(
			conditions_hit(set.c, &hit, count_firing, &fired), 0);
	}
	conditions_save(set.c, &saved);
	assert_in_range(saved.len, CONDITION_MAX_BYTES / 2,
			CONDITION_MAX_BYTES);
	assert_in_range(conditions_forgotten(set.c), 5000, 9999);
	assert_int_equal(conditions_time(set.c, 9000, count_firing, &fired), 0);
	assert_int_equal(fired + conditions_forgotten(set.c), 10000);
	unit_done(&set);
}

static void hostile_times_do_no_harm(void **state)
{
	static const char *const rules[] = {"times", "once-in", "silent", "a",
					    "b",     "c",	"end"};
	struct unit_set set;
	uint64_t fired = 0, hits = 0;

	(void)state;
	unit_make(&set, all);
	for (seed = 1; hits < 50000; hits++) {
		int64_t time =
			(int64_t)((uint64_t)random_below(UINT32_MAX) << 33 ^
				  random_below(UINT32_MAX));

		if (time == WHEN_NONE)
			time++;
		if (random_below(2))
			time >>= random_below(63);
		give(&set, rules[random_below(7)], time, random_below(30),
		     &fired);
	}
	/* At most the rule, and each of those above. */
	assert_true(fired > 1000 && fired < 7 * hits);
	unit_done(&set);
}

static void large_thresholds_are_quick(void **state)
{
	static const struct unit_rule rules[] = {
		{"t", "10000 times within 1s", 0}, {NULL, NULL, 0}};
	struct unit_set set;
	uint64_t fired = 0;

	(void)state;
	unit_make(&set, rules);
	for (int64_t i = 0; i < 1000000; i++)
		give(&set, "t", i, 0, &fired);
	assert_int_equal(fired, 0);
	for (int64_t i = 0; i < 10000; i++)
		give(&set, "t", 2000000, 0, &fired);
	assert_int_equal(fired, 1);
	unit_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_is_loaded_goes_on_as_one),
		cmocka_unit_test(a_rule_that_has_changed_starts_anew),
		cmocka_unit_test(what_is_not_a_saved_state_is_refused),
		cmocka_unit_test(the_order_of_arrival_does_not_matter),
		cmocka_unit_test(thresholds_are_those_of_brute_force),
		cmocka_unit_test(the_oldest_keys_are_forgotten),
		cmocka_unit_test(
			answers_alone_are_remembered_for_the_newest_keys),
		cmocka_unit_test(what_is_kept_is_bounded_in_bytes),
		cmocka_unit_test(hostile_times_do_no_harm),
		cmocka_unit_test(large_thresholds_are_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
