#include "unit.h"

#include <oncall/mem.h>
#include <oncall/selector.h>

/* A record: "field=value", a field may stand several times. */
static struct slice look_up(void *arg, const char *field, size_t i)
{
	size_t len = strlen(field);

	for (const char *const *p = arg; *p; p++)
		if (!strncmp(*p, field, len) && (*p)[len] == '=' && i-- == 0)
			return slice_of(*p + len + 1);
	return (struct slice){.ptr = NULL};
}

static const char *const record[] = {
	"service=web-1",
	"severity=high",
	"tags=red",
	"tags=blue",
	"path=/var/log",
	"empty=",
	"lines=a\nweb",
	"name=M\xC3\xBCller",
	"bytes=a\xFF",
	"slow=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	NULL};

static void add(struct selector *s, const char *field, const char *value)
{
	struct err err = ERR_INIT;

	if (selector_add(s, field, value, &err) < 0)
		fail_msg("%s", err.text);
}

static const char *failed(const struct selector *s)
{
	return selector_failed(s, look_up, (void *)(uintptr_t)record);
}

static void one_field(void **state)
{
	static const struct {
		const char *field, *values[4];
		bool want;
	} cases[] = {
		{"service", {"web-1"}, true},
		{"service", {"web"}, false},
		{"service", {"Web-1"}, false},
		{"service", {"db", "web-1"}, true},
		{"service", {"db", "mail"}, false},
		{"service", {"/^web/"}, true},
		{"service", {"/^eb/"}, false},
		{"service", {"/^web-\\d$/"}, true},
		{"service", {"/^(w)(e)b/"}, true},
		{"service", {"!web-1"}, false},
		{"service", {"!db"}, true},
		{"service", {"!db", "!mail"}, true},
		{"service", {"!db", "!web-1"}, false},
		{"service", {"!/^web/"}, false},
		{"service", {"!/^db/"}, true},
		{"service", {"/^web/", "!web-1"}, false},
		{"service", {"/^web/", "!web-2"}, true},
		{"service", {"db", "!web-2"}, false},
		/* several values */
		{"tags", {"blue"}, true},
		{"tags", {"green"}, false},
		{"tags", {"/^r/"}, true},
		{"tags", {"!green"}, true},
		{"tags", {"!blue"}, false},
		{"tags", {"red", "!blue"}, false},
		/* none */
		{"host", {"web"}, false},
		{"host", {""}, false},
		{"host", {"!web"}, true},
		{"host", {"!"}, true},
		{"host", {"/.*/"}, false},
		{"empty", {""}, true},
		{"empty", {"!"}, false},
		/* what looks like an expression, and is none */
		{"path", {"/var/log"}, true},
		{"path", {"/"}, false},
		{"path", {"//"}, false},
		{"path", {"/^/var/"}, true},
		/* the whole value, whatever is in it */
		{"lines", {"/^web$/"}, false},
		{"lines", {"/^a$/"}, false},
		{"lines", {"/^a\\nweb$/"}, true},
		{"name", {"/^M.ller$/"}, true},
		{"bytes", {"/^a/"}, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_SELECTOR struct selector *s = selector_new();

		for (const char *const *v = cases[i].values; *v; v++)
			add(s, cases[i].field, *v);
		if (cases[i].want != !failed(s))
			fail_msg("case %zu: %s: %s ...", i, cases[i].field,
				 cases[i].values[0]);
	}
}

static void all_fields_must_match(void **state)
{
	AUTO_SELECTOR struct selector *s = selector_new();

	(void)state;
	assert_null(failed(s));
	assert_null(selector_field(s, 0));
	add(s, "service", "web-1");
	add(s, "severity", "critical");
	add(s, "service", "db");
	assert_string_equal(failed(s), "severity");
	add(s, "severity", "high");
	assert_null(failed(s));
	assert_string_equal(selector_field(s, 0), "service");
	assert_string_equal(selector_field(s, 1), "severity");
	assert_null(selector_field(s, 2));
}

static void bad_expressions_are_refused(void **state)
{
	AUTO_SELECTOR struct selector *s = selector_new();
	struct err err = ERR_INIT, other = ERR_INIT, third = ERR_INIT;

	(void)state;
	assert_int_equal(selector_add(s, "service", "/we(b/", &err), -1);
	assert_err(&err, ERR_USAGE,
		   "the expression 'we(b' is wrong at offset "
		   "4: missing closing parenthesis");
	assert_int_equal(selector_add(s, "service", "!/[/", &other), -1);
	assert_err(&other, ERR_USAGE, "the expression '['");
	assert_int_equal(selector_add(s, "service", "/\\C/", &third), -1);
	assert_err(&third, ERR_USAGE, "\\C");
	assert_null(selector_field(s, 0)); /* nothing was added */
}

/* Neither yes nor no is no, for "must" and for "must not". */
static void what_takes_too_long_does_not_match(void **state)
{
	AUTO_SELECTOR struct selector *must = selector_new();
	AUTO_SELECTOR struct selector *must_not = selector_new();

	(void)state;
	add(must, "slow", "/^(a|aa)+$/");
	assert_string_equal(failed(must), "slow");
	add(must_not, "slow", "!/^(a|aa)+$/");
	assert_string_equal(failed(must_not), "slow");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_field),
		cmocka_unit_test(all_fields_must_match),
		cmocka_unit_test(bad_expressions_are_refused),
		cmocka_unit_test(what_takes_too_long_does_not_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
