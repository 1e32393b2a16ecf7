#include "unit-declared.h"

#include <stdio.h>
#include <sys/stat.h>

#include <oncall/jscan.h>
#include <oncall/jwrite.h>

/* ---- hostile values ---- */

/* As they come in JSON, so that NUL can stand in them. */
static const char *const hostile[] = {
	"; rm -rf /",
	"&& reboot",
	"|| true",
	"| sh",
	"$(id)",
	"${IFS}x",
	"`id`",
	"$HOME",
	"a\\\"b",
	"a'b",
	"'; drop table users; --",
	"' or '1'='1",
	"\\\" or 1=1 --",
	"a\\\\",
	"\\\\x41",
	"%00",
	"%0d%0a",
	"%2e%2e%2f",
	"a\\nb",
	"a\\rb",
	"a\\r\\nSet-Cookie: x=1",
	"x\\r\\n\\r\\n<html>",
	"a\\tb",
	"a\\u0000b",
	"\\u0000",
	"\\u001b[31m",
	"\\u007f",
	"\\u0085",
	"\\u009b",
	"-rf",
	"--help",
	"-",
	"--",
	" -rf",
	"  --no-preserve-root",
	"../etc/passwd",
	"../../..",
	"..",
	".",
	"/etc/../etc/shadow",
	"/var/log/../../etc",
	"/var/log/./../x",
	"/etc/passwd",
	"//etc/passwd",
	"~root",
	"~/.ssh/id_rsa",
	"file:///etc/passwd",
	"javascript:alert(1)",
	"http://user:pass@host/",
	"http://host@evil/",
	"http://\\u0000/",
	"http:///x",
	"http://-x/",
	"http://a b/",
	"*",
	"?",
	"[a-z]*",
	"{a,b}",
	"!!",
	"#x",
	"<x",
	">x",
	"2>&1",
	"a=b",
	"a b",
	"",
	" ",
	"\\u0430pache", /* a Cyrillic a */
	"ngin\\u0445",
	"\\uff4eginx",	   /* full width */
	"ng\\u200binx",	   /* zero width */
	"ng\\u00adinx",	   /* soft hyphen */
	"\\u202egnp.exe",  /* right to left */
	"\\u2066x\\u2069", /* isolates */
	"a\\u2028b",	   /* a line separator */
	"\\u2024\\u2024/", /* dots that are none */
	"\\ufeffnginx",
	"\\ufffdx",
	"\\ud800",
	"\\udc00x",
	"\\u2212rf", /* a minus that is none */
	"\\udb40\\udc41",
	"{{7*7}}",
	"%s%n",
	"\\\"}, {\\\"admin\\\": true",
	"</script>",
	"*)(uid=*",
	"x;id",
	"x&id",
	"=cmd|' /C calc'!A0",
	"on\\nerror: true",
	"1e999",
	"-1",
	"0x10",
	"9999999999999999999999",
	"1; select 1",
	"true\\u0000",
	"nan",
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/",
};

/* One parameter "a" of that declaration, in each place. */
static struct action_set *load_places(const char *param)
{
	AUTO_FREE char *text =
		mem_printf("    params: {a: {untrusted: true, %s}}\n"
			   "    steps:\n"
			   "      - command: [prog, '${a}', 'x=${a}', end]\n"
			   "      - command: 'echo \"$A\"'\n"
			   "        shell: true\n"
			   "    env: {V: 'v:${a}'}\n"
			   "    target: 't:${a}'\n",
			   param);

	return load_action(text);
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

static char *json_text(const char *json)
{
	AUTO_FREE char *quoted = mem_printf("\"%s\"", json);
	AUTO_BUF struct buf out = BUF_INIT;

	jscan_unquote(&out, slice_of(quoted));
	return mem_dup(buf_str(&out));
}

/* What was let through must stand there as it is, and nowhere else. */
static void must_be_literal(const struct action_call *c, const char *value,
			    size_t env_count)
{
	AUTO_FREE char *pair = mem_printf("x=%s", value);
	AUTO_FREE char *variable = mem_printf("V=v:%s", value);
	AUTO_FREE char *shell = mem_printf("A=%s", value);
	AUTO_FREE char *target = mem_printf("t:%s", value);
	char *const *argv = c->run.items[0].argv;
	bool found = false;

	assert_int_equal(count(argv), 4);
	assert_string_equal(argv[0], "prog");
	assert_string_equal(argv[1], value);
	assert_string_equal(argv[2], pair);
	assert_string_equal(argv[3], "end");
	assert_string_equal(c->run.items[1].argv[0], "echo \"$A\"");
	assert_null(c->run.items[1].argv[1]);
	assert_string_equal(c->env[0], variable);
	assert_int_equal(count(c->env), env_count);
	for (size_t i = 0; c->env[i]; i++)
		found |= !strcmp(c->env[i], shell);
	assert_true(found);
	assert_string_equal(c->target, target);
	assert_null(strpbrk(value, "\n\r\t\033"));
}

/* How many were let through. */
static size_t attack(const char *param, const char *harmless)
{
	AUTO_ACTION_SET struct action_set *set = load_places(param);
	AUTO_ACTION_CALL struct action_call first = {.action = NULL};
	struct err err = ERR_INIT;
	AUTO_FREE char *good = mem_printf("{\"a\":\"%s\"}", harmless);
	size_t through = 0;

	if (prepare_action(set, good, UNTRUSTED, &first, &err) < 0)
		fail_msg("%s: %s: %s", param, harmless, err.text);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		AUTO_ACTION_CALL struct action_call c = {.action = NULL};
		AUTO_FREE char *json = mem_printf("{\"a\":\"%s\"}", hostile[i]);
		AUTO_FREE char *value = json_text(hostile[i]);
		struct err why = ERR_INIT;

		if (prepare_action(set, json, UNTRUSTED, &c, &why) < 0) {
			assert_err(&why, ERR_REFUSED, "parameter 'a'");
			assert_true(strstr(why.text, "must be") ||
				    strstr(why.text, "missing"));
			continue;
		}
		through++;
		if (*value == '-' && !strstr(param, "integer") &&
		    !strstr(param, "number"))
			fail_msg("'%s' passed as %s", value, param);
		must_be_literal(&c, value, count(first.env));
	}
	return through;
}

static void test_hostile(void **state)
{
	(void)state;
	assert_true(ARRAY_LEN(hostile) >= 60);
	assert_in_range(attack("type: string", "x"), 60, 70);
	/* Numbers are words, too. */
	assert_int_equal(attack("type: name, required: true", "nginx"), 4);
	assert_int_equal(attack("type: host", "web-1:80"), 4);
	assert_int_equal(attack("type: integer", "5"), 1); /* -1 */
	assert_int_equal(attack("type: integer, min: 0", "5"), 0);
	assert_int_equal(attack("type: number, min: 0", "5"), 0);
	assert_int_equal(attack("type: boolean", "true"), 0);
	assert_int_equal(attack("type: duration", "5"), 0);
	assert_int_equal(attack("type: size", "5"), 0);
	assert_int_equal(attack("type: choice, choices: [a, b]", "a"), 0);
	assert_int_equal(attack("type: path, under: [/usr]", "/usr/bin"), 0);
	assert_int_equal(attack("type: url", "http://localhost/x"), 0);
	assert_int_equal(attack("pattern: '[a-z]+'", "x"), 1);
}

/* ---- each kind ---- */

struct kind {
	const char *param, *value; /* JSON */
	const char *used;	   /* NULL: refused */
};

static const struct kind kinds[] = {
	{"type: name", "\"nginx.service\"", "nginx.service"},
	{"type: name", "\"getty@tty1\"", "getty@tty1"},
	{"type: name", "7", "7"},
	{"type: name", "true", "true"},
	{"type: name", "[1]", NULL},
	{"type: name", "{}", NULL},
	{"type: host", "\"db.example.com:5432\"", "db.example.com:5432"},
	{"type: host", "\"10.0.0.1\"", "10.0.0.1"},
	{"type: host", "\"::1\"", "::1"},
	{"type: host", "\"[fe80::1]:80\"", "[fe80::1]:80"},
	{"type: host", "\"[::1\"", NULL},
	{"type: host", "\"[::1]x\"", NULL},
	{"type: host", "\"a..b\"", NULL},
	{"type: host", "\".a\"", NULL},
	{"type: host", "\"a.-b\"", NULL},
	{"type: host", "\"a:0\"", NULL},
	{"type: host", "\"a:65536\"", NULL},
	{"type: host", "\"a:\"", NULL},
	{"type: host", "\"a:b:c\"", NULL},
	{"type: integer", "\"007\"", "7"},
	{"type: integer", "3", "3"},
	{"type: integer", "3.5", NULL},
	{"type: integer", "\"3 \"", NULL},
	{"type: integer, max: 5", "5", "5"},
	{"type: integer, max: 5", "6", NULL},
	{"type: integer, min: 2", "1", NULL},
	{"type: number", "1.50", "1.50"},
	{"type: number", "\"1e3\"", "1e3"},
	{"type: number", "\".5\"", NULL},
	{"type: number", "\"0x1p3\"", NULL},
	{"type: number, max: 2", "2.01", NULL},
	{"type: boolean", "false", "false"},
	{"type: boolean", "\"yes\"", NULL},
	{"type: duration", "\"10m\"", "600"},
	{"type: duration", "\"1h30m\"", "5400"},
	{"type: duration", "600", "600"},
	{"type: duration", "\"250ms\"", NULL},
	{"type: duration", "\"10 m\"", NULL},
	{"type: duration, max: 1h", "\"2h\"", NULL},
	{"type: size", "\"512M\"", "536870912"},
	{"type: size", "\"8g\"", "8589934592"},
	{"type: size", "\"1KiB\"", "1024"},
	{"type: size", "1024", "1024"},
	{"type: size", "\"1X\"", NULL},
	{"type: size", "\"9999999P\"", NULL},
	{"type: size, max: 1G", "\"2G\"", NULL},
	{"type: choice, choices: [a, '-b']", "\"-b\"", "-b"},
	{"type: choice, choices: [a]", "\"A\"", NULL},
	{"type: path, under: [/usr]", "\"/usr//share/./x/\"", "/usr/share/x"},
	{"type: path, under: [/usr]", "\"/usr\"", "/usr"},
	{"type: path, under: [/usr]", "\"/usrx\"", NULL},
	{"type: path, under: [/usr, /etc]", "\"/etc/x\"", "/etc/x"},
	{"type: path, under: [/]", "\"/etc/x\"", "/etc/x"},
	{"type: path, under: [/usr]", "\"usr\"", NULL},
	{"type: path, under: [/nowhere]", "\"/nowhere/x\"", NULL},
	{"type: path, under: [/etc]", "\"/etc/passwd/x\"", NULL},
	{"type: url", "\"https://a.b:8080/x?y=1#z\"",
	 "https://a.b:8080/x?y=1#z"},
	{"type: url", "\"http://[::1]:80/\"", "http://[::1]:80/"},
	{"type: url", "\"HTTP://a/\"", NULL},
	{"type: url", "\"http://a:x/\"", NULL},
	{"type: string", "\"\\u00e9t\\u00e9 \\u4e2d\"",
	 "\xc3\xa9t\xc3\xa9 "
	 "\xe4\xb8\xad"},
	{"pattern: '-?[a-z]+'", "\"-x\"", "-x"},
	{"pattern: 'a|ab'", "\"ab\"", "ab"},
	{"pattern: 'a|ab'", "\"abc\"", NULL},
	{"pattern: '(a+)+$'", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"",
	 NULL},
	{"max_length: 3", "\"abc\"", "abc"},
	{"max_length: 3", "\"abcd\"", NULL},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_ACTION_SET struct action_set *set =
			load_places(kinds[i].param);
		AUTO_ACTION_CALL struct action_call c = {.action = NULL};
		AUTO_FREE char *json = mem_printf("{\"a\":%s}", kinds[i].value);
		struct err err = ERR_INIT;
		int rc = prepare_action(set, json, UNTRUSTED, &c, &err);

		if ((rc == 0) != (kinds[i].used != NULL))
			fail_msg("%s %s: %s", kinds[i].param, kinds[i].value,
				 err.text);
		if (rc == 0)
			assert_string_equal(c.run.items[0].argv[1],
					    kinds[i].used);
		else
			assert_err(&err, ERR_REFUSED, "'a'");
	}
}

/* ---- calls ---- */

/* The call of params, which must do. */
static struct action_call call(const struct action_set *set, const char *params)
{
	struct action_call c;
	struct err err = ERR_INIT;

	if (prepare_action(set, params, TRUSTED, &c, &err) < 0)
		fail_msg("%s: %s", params, err.text);
	return c;
}

static void refuse(const struct action_set *set, const char *params,
		   struct slice untrusted, const char *part)
{
	struct action_call c;
	struct err err = ERR_INIT;

	if (prepare_action(set, params, untrusted, &c, &err) == 0)
		fail_msg("was taken: %s", params);
	assert_err(&err, ERR_REFUSED, part);
	assert_null(c.run.items);
}

static void test_parameters(void **state)
{
	AUTO_ACTION_SET struct action_set *set = load_action(
		"    params:\n"
		"      service: {type: name, required: true, untrusted: true, "
		"description: name of the unit}\n"
		"      manager: {type: choice, choices: [auto, x], default: "
		"auto}\n"
		"      token: {type: secret}\n"
		"    command: [a, '${service}', '${manager}']\n");

	(void)state;
	refuse(set, "{}", TRUSTED,
	       "parameter 'service' is missing: name of the unit (letters");
	refuse(set, "{\"service\":null}", TRUSTED, "is missing");
	refuse(set, "{\"service\":\"\"}", TRUSTED, "is missing");
	refuse(set, "{\"serrvice\":\"x\"}", TRUSTED,
	       "t has no parameter 'serrvice'; did you mean 'service'?");
	refuse(set, "{\"service\":\"x\",\"service\":\"y\"}", TRUSTED,
	       "stands twice");
	refuse(set, "{\"service\":\"x\"", TRUSTED, "no JSON object");
	refuse(set, "[]", TRUSTED, "no JSON object");
	refuse(set, "{\"service\":\"x\",\"manager\":\"x\"}", UNTRUSTED,
	       "parameter 'manager': its value comes from untrusted text");
	refuse(set, "{\"service\":\"x\",\"manager\":\"x\"}",
	       SLICE_LIT("[\"manager\"]"), "untrusted text");
	refuse(set, "{\"service\":\"x\"}", SLICE_LIT("{}"), "no list of names");
	refuse(set, "{\"service\":\"x\"}", SLICE_LIT(""), "no list of names");
	refuse(set, "{\"service\":\"x\",\"token\":\"x\"}", TRUSTED,
	       "configuration only");
	{
		AUTO_ACTION_CALL struct action_call c =
			call(set, "{\"service\":\"x\",\"manager\":\"x\"}");
		AUTO_ACTION_CALL struct action_call same = {.action = NULL};
		struct err err = ERR_INIT;

		assert_string_equal(c.params,
				    "{\"manager\":\"x\",\"service\":\"x\"}");
		/* The default is everybody's. */
		assert_int_equal(
			prepare_action(set,
				       "{\"service\":\"x\",\"manager\":"
				       "\"auto\"}",
				       UNTRUSTED, &same, &err),
			0);
	}
}

/* What was used once can be given again, and is the same. */
static void test_again(void **state)
{
	AUTO_ACTION_SET struct action_set *set = load_action(
		"    params: {z: {type: duration}, a: {type: size}, m: {type: "
		"path}, n: {type: number}}\n"
		"    command: [x, '${z}', '${a}', '${m}', '${n}']\n");
	AUTO_ACTION_CALL struct action_call one =
		call(set, "{\"z\":\"10m\",\"a\":\"1K\",\"m\":\"/a//b\","
			  "\"n\":\"1.5\"}");
	AUTO_ACTION_CALL struct action_call two = call(set, one.params);
	AUTO_ACTION_CALL struct action_call other = call(
		set, "{\"z\":\"11m\",\"a\":\"1K\",\"m\":\"/a/b\",\"n\":1.5}");

	(void)state;
	assert_string_equal(one.params,
			    "{\"a\":1024,\"m\":\"/a/b\",\"n\":1.5,\"z\":600}");
	assert_string_equal(one.params, two.params);
	assert_string_equal(one.hash, two.hash);
	assert_string_not_equal(one.hash, other.hash);
	assert_string_equal(one.command, "x 600 1024 /a/b 1.5");
}

static void test_names_of_incidents(void **state)
{
	AUTO_ACTION_SET struct action_set *set = load_action(
		"    params: {host: {type: name, default: own}}\n"
		"    command: [x, '${incident}', '${service}', '${host}', "
		"'${environment}']\n"
		"    target: '${service}@${host}'\n");
	const struct action_about bad = {
		.incident = "INC-1", .service = "a b", .environment = "prod"};
	const struct action_about less = {.incident = "INC-1"};
	AUTO_ACTION_CALL struct action_call c = call(set, "{}");
	struct action_call none;
	struct err err = ERR_INIT, other = ERR_INIT;

	(void)state;
	assert_string_equal(c.command, "x INC-1 api own prod");
	assert_string_equal(c.target, "api@own");
	assert_int_equal(action_prepare(&none, set, action_find(set, "t"),
					SLICE_LIT("{}"), TRUSTED, &bad, &err),
			 -1);
	assert_err(&err, ERR_REFUSED, "the incident's service: 'a b'");
	assert_int_equal(action_prepare(&none, set, action_find(set, "t"),
					SLICE_LIT("{}"), TRUSTED, &less,
					&other),
			 -1);
	assert_err(&other, ERR_REFUSED, "'service' has no value");
}

/* ---- places ---- */

#define HTTP                                                              \
	"    params: {a: {}, n: {type: integer, default: 3}, h: {type: "  \
	"host, default: web}, u: {type: url, default: 'http://base/'}}\n" \
	"    steps:\n"                                                    \
	"      - http: {url: 'https://${h}/v1/${a}/x?q=${a}&n=${n}', "    \
	"headers: {X-A: 'v ${a}'}, body: '{\"a\": \"<${a}>\", \"n\": "    \
	"${n}}'}\n"                                                       \
	"      - http: {url: '${u}/y', method: PUT, headers: "            \
	"{Content-Type: application/x-www-form-urlencoded}, body: "       \
	"'a=${a}', expect: '^${a}$'}\n"

static void test_requests(void **state)
{
	AUTO_ACTION_SET struct action_set *set = load_action(HTTP);
	AUTO_ACTION_CALL struct action_call c =
		call(set, "{\"a\":\"a/b?c&d \\\"\\\\ \\u00e9.\"}");
	AUTO_ACTION_CALL struct action_call v6 =
		call(set, "{\"a\":\"x\",\"h\":\"::1\"}");
	const struct action_step *s = c.run.items;

	(void)state;
	assert_string_equal(s[0].url,
			    "https://web/v1/a%2Fb%3Fc%26d%20%22%5C%20%C3%A9./"
			    "x?q=a%2Fb%3Fc%26d%20%22%5C%20%C3%A9.&n=3");
	assert_string_equal(s[0].headers[0], "X-A: v a/b?c&d \"\\ \xc3\xa9.");
	assert_string_equal(s[0].body,
			    "{\"a\": \"<a/b?c&d \\\"\\\\ \xc3\xa9.>\", \"n\": "
			    "3}");
	assert_string_equal(s[0].method, "POST");
	assert_string_equal(s[1].url, "http://base/y");
	assert_string_equal(s[1].body, "a=a%2Fb%3Fc%26d%20%22%5C%20%C3%A9.");
	assert_string_equal(s[1].expect,
			    "^a\\/b\\?c\\&d\\ \\\"\\\\\\ \xc3\xa9\\.$");
	assert_string_equal(v6.run.items[0].url,
			    "https://[::1]/v1/x/x?q=x&n=3");
	refuse(set, "{\"a\":\"..\"}", TRUSTED, "'.' or '..'");
	refuse(set, "{\"a\":\".\"}", TRUSTED, "'.' or '..'");
	refuse(set, "{\"a\":\"\"}", TRUSTED, "'a' has no value");
	refuse(set, "{}", TRUSTED, "'a' has no value");
	refuse(set, "{\"a\":\"x\\r\\ny: z\"}", TRUSTED, "parameter 'a'");
}

/* A value that is part of a path does not leave the folder. */
static void test_parts_of_paths(void **state)
{
	AUTO_ACTION_SET struct action_set *set =
		load_action("    params: {a: {}}\n"
			    "    command: [x, '/srv/${a}/y', '${a}']\n");
	AUTO_ACTION_CALL struct action_call c = call(set, "{\"a\":\"..b\"}");

	(void)state;
	assert_string_equal(c.run.items[0].argv[1], "/srv/..b/y");
	refuse(set, "{\"a\":\"..\"}", TRUSTED, "climbs");
	refuse(set, "{\"a\":\"../../etc\"}", TRUSTED, "climbs");
	refuse(set, "{\"a\":\"x/../..\"}", TRUSTED, "climbs");
}

/* A text that begins a URL must be one. */
static void test_url_of_text(void **state)
{
	AUTO_ACTION_SET struct action_set *set =
		load_action("    params: {a: {}}\n"
			    "    http: {url: '${a}'}\n");
	AUTO_ACTION_CALL struct action_call c =
		call(set, "{\"a\":\"http://x/y/\"}");

	(void)state;
	assert_string_equal(c.run.items[0].url, "http://x/y/");
	assert_string_equal(c.run.items[0].method, "GET");
	refuse(set, "{\"a\":\"file:///etc/passwd\"}", TRUSTED, "parameter 'a'");
	refuse(set, "{\"a\":\"http://x/../y\"}", TRUSTED, "'.' or '..'");
	refuse(set, "{\"a\":\"\"}", TRUSTED, "'a' has no value");
}

static const char *variable(const struct action_call *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; c->env[i]; i++)
		if (!strncmp(c->env[i], name, n) && c->env[i][n] == '=')
			return c->env[i] + n + 1;
	return NULL;
}

static void test_shell(void **state)
{
	AUTO_ACTION_SET struct action_set *set = load_action(
		"    params: {path: {}, older_than: {type: duration, default: "
		"1m}}\n"
		"    command: 'df \"$PARAM_PATH\" \"${OLDER_THAN}\" $$'\n"
		"    shell: true\n");
	AUTO_ACTION_CALL struct action_call c =
		call(set, "{\"path\":\"$(id) x\"}");

	(void)state;
	assert_true(c.run.items[0].shell);
	assert_string_equal(c.run.items[0].argv[0],
			    "df \"$PARAM_PATH\" \"${OLDER_THAN}\" $$");
	assert_string_equal(variable(&c, "PARAM_PATH"), "$(id) x");
	assert_string_equal(variable(&c, "OLDER_THAN"), "60");
	assert_string_equal(variable(&c, "SERVICE"), "api");
	assert_int_equal(*variable(&c, "PATH"), '/');
	assert_string_equal(c.command,
			    "PARAM_PATH='$(id) x' OLDER_THAN=60 sh -c 'df "
			    "\"$PARAM_PATH\" \"${OLDER_THAN}\" $$'");
}

static void test_environment(void **state)
{
	AUTO_ACTION_SET struct action_set *set =
		load_action("    params: {a: {}}\n"
			    "    command: [x]\n"
			    "    env: {LANG: C, V: '${a}'}\n");
	AUTO_FREE char *before = mem_dup(getenv("PATH"));
	AUTO_ACTION_CALL struct action_call one = {.action = NULL};
	AUTO_ACTION_CALL struct action_call two = {.action = NULL};

	(void)state;
	(void)setenv("PATH", "/a:.::b:/c", 1);
	one = call(set, "{\"a\":\"1\"}");
	(void)setenv("PATH", before, 1);
	two = call(set, "{\"a\":\"1\"}");
	assert_string_equal(variable(&one, "PATH"), "/a:/c");
	assert_string_equal(variable(&one, "LANG"), "C");
	assert_null(variable(&one, "A"));
	/* Whose PATH it is, is no other command. */
	assert_string_equal(one.hash, two.hash);
}

static void test_variants(void **state)
{
	AUTO_ACTION_SET struct action_set *set = load_action(
		"    params: {k: {type: choice, choices: [a, b, c, d]}}\n"
		"    variants:\n"
		"      - {name: one, when: {params: {k: a}}, command: [one]}\n"
		"      - {name: two, when: {params: {k: [b, c]}, program: sh}, "
		"command: [two]}\n"
		"      - {name: three, when: {program: no-such-program}, "
		"command: [three]}\n"
		"      - {name: four, when: {file: '/no/${k|default:x}'}, "
		"command: [four]}\n");
	AUTO_ACTION_CALL struct action_call one = call(set, "{\"k\":\"a\"}");
	AUTO_ACTION_CALL struct action_call two = call(set, "{\"k\":\"c\"}");

	(void)state;
	assert_string_equal(one.variant->name, "one");
	assert_string_equal(one.command, "one");
	assert_string_equal(two.variant->name, "two");
	refuse(set, "{\"k\":\"d\"}", TRUSTED,
	       "t cannot be done here: one: it is for k=a; two: it is for "
	       "k=b; three: no program 'no-such-program'; four: no file "
	       "'/no/d'");
}

/* ---- links ---- */

static void test_links(void **state)
{
	char folder[] = "/tmp/unit-action-XXXXXX";
	AUTO_FREE char *inside = NULL, *link_name = NULL, *declared = NULL;
	AUTO_FREE char *through = NULL, *good = NULL, *missing = NULL;
	AUTO_FREE char *itself = NULL;
	AUTO_ACTION_SET struct action_set *set = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	inside = mem_printf("%s/logs", folder);
	link_name = mem_printf("%s/logs/etc", folder);
	assert_int_equal(mkdir(inside, 0700), 0);
	assert_int_equal(symlink("/etc", link_name), 0);
	declared = mem_printf("    params: {a: {type: path, untrusted: true, "
			      "under: [%s]}}\n    command: [x, '${a}']\n",
			      inside);
	set = load_action(declared);
	through = mem_printf("{\"a\":\"%s/etc/passwd\"}", inside);
	itself = mem_printf("{\"a\":\"%s/etc\"}", inside);
	good = mem_printf("{\"a\":\"%s\"}", inside);
	missing = mem_printf("{\"a\":\"%s/new/deep\"}", inside);
	refuse(set, through, UNTRUSTED, "is a symbolic link");
	refuse(set, itself, UNTRUSTED, "is a symbolic link");
	refuse(set, "{\"a\":\"/tmp\"}", UNTRUSTED, "is elsewhere");
	{
		AUTO_ACTION_CALL struct action_call c = call(set, good);
		AUTO_ACTION_CALL struct action_call d = call(set, missing);

		assert_string_equal(c.run.items[0].argv[1], inside);
		assert_non_null(strstr(d.run.items[0].argv[1], "/new/deep"));
	}
	(void)unlink(link_name);
	(void)rmdir(inside);
	(void)rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_names_of_incidents),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_parts_of_paths),
		cmocka_unit_test(test_url_of_text),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_links),
	};

	mem_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
