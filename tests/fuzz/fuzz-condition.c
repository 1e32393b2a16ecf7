/* fuzz-condition.c - conditions, numbers and saved states from any bytes. What
 * was read is written in words that are read the same; what was loaded is
 * saved as bytes that give the same state. */
#include <stdio.h>

#include <oncall/condition.h>

#include "fuzz.h"

static const char *const texts[][2] = {
	{"a", "by h"},
	{"b", NULL},
	{"t", "3 times within 5s by h"},
	{"o", "once within 5s by h"},
	{"s", "absent for 4s by h"},
	{"p", "a then b within 4s by h"},
	{"w", "t without b within 5s by h"},
	{"g", "2 of {a, b, w} within 3s by i"},
};

static void must(bool good, const char *what)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-condition: %s\n", what);
		abort();
	}
}

static struct slice lookup(void *arg, const char *field)
{
	const struct slice *s = arg;

	(void)field;
	return *s;
}

static int on_fire(void *arg, const struct condition_firing *f)
{
	(void)arg;
	must(f->count > 0 && f->folded >= 0, "a firing of nothing");
	return 0;
}

static void fuzz_parse(const char *text, struct slice all)
{
	AUTO_CONDITION struct condition *c = NULL;
	AUTO_CONDITION struct condition *again = NULL;
	AUTO_BUF struct buf words = BUF_INIT;
	AUTO_BUF struct buf second = BUF_INIT;
	AUTO_BUF struct buf why = BUF_INIT;
	struct err err = ERR_INIT;

	if (condition_parse(&c, text, &err) < 0) {
		must(err.kind == ERR_USAGE && *err.text, "a silent error");
		return;
	}
	condition_describe(c, &words);
	must(condition_parse(&again, buf_str(&words), &err) == 0,
	     "words that cannot be read");
	condition_describe(again, &second);
	must(!strcmp(buf_str(&words), buf_str(&second)), "other words");
	must(condition_compare(c, lookup, &all, &why) == (why.len == 0),
	     "no reason why not");
}

static void fuzz_number(struct slice all)
{
	AUTO_CONDITION struct condition *c = NULL;
	AUTO_BUF struct buf why = BUF_INIT;
	struct err err = ERR_INIT;

	must(condition_parse(&c, "x > 5s and x < 9s", &err) == 0, "no parser");
	(void)condition_compare(c, lookup, &all, &why);
}

static void fuzz_load(struct conditions *c, struct slice all)
{
	AUTO_BUF struct buf one = BUF_INIT;
	AUTO_BUF struct buf two = BUF_INIT;
	struct err err = ERR_INIT;
	struct slice key = {all.ptr, all.len % 7};

	if (conditions_load(c, all, &err) < 0) {
		must(err.kind == ERR_INPUT && *err.text, "a silent error");
		return;
	}
	conditions_save(c, &one);
	must(conditions_load(c, buf_slice(&one), &err) == 0,
	     "what was saved is not loaded");
	conditions_save(c, &two);
	must(one.len == two.len && !memcmp(one.data, two.data, one.len),
	     "another state after loading");
	for (size_t i = 0; i < 64; i++) {
		const struct condition_hit hit = {.rule = i % 6,
						  .time = (int64_t)i * 300,
						  .lookup = lookup,
						  .arg = &key,
						  .keep = key};

		buf_reset(&two);
		conditions_explain(c, &hit, &two);
		must(conditions_time(c, hit.time, on_fire, NULL) == 0 &&
			     conditions_hit(c, &hit, on_fire, NULL) == 0,
		     "stopped by nobody");
	}
	must(conditions_time(c, INT64_MAX, on_fire, NULL) == 0,
	     "stopped by nobody");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = {(const char *)data, size};
	struct condition *when[sizeof(texts) / sizeof(*texts)] = {NULL};
	struct condition_rule rules[sizeof(texts) / sizeof(*texts)];
	struct conditions *c = NULL;
	struct err err = ERR_INIT;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	fuzz_parse(text, all);
	fuzz_number(all);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (texts[i][1])
			must(condition_parse(&when[i], texts[i][1], &err) == 0,
			     "a rule of ours");
		rules[i] = (struct condition_rule){texts[i][0], when[i],
						   i % 3 ? 0 : 2000};
	}
	must(conditions_new(&c, rules, sizeof(texts) / sizeof(*texts), &err) ==
		     0,
	     "our rules");
	fuzz_load(c, all);
	conditions_free(c);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		condition_free(when[i]);
	free(text);
	return 0;
}
