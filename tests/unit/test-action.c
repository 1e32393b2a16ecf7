#include "unit-declared.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void refuse(const char *text, const char *part)
{
	struct action_set *set = NULL;
	struct err err = ERR_INIT;

	if (action_set_read(&set, slice_of(text), "f.yaml", &err) == 0)
		fail_msg("was read: %s", text);
	assert_null(set);
	assert_err(&err, ERR_USAGE, part);
}

/* One action with an id, and rest. */
static void refuse_action(const char *rest, const char *part)
{
	AUTO_FREE char *text = mem_printf("actions:\n  - id: t\n%s", rest);

	refuse(text, part);
}

#define ALL                                                                  \
	"    description: Restart a service\n"                               \
	"    needs: runit\n"                                                 \
	"    params:\n"                                                      \
	"      service: {type: name, required: true, untrusted: true,\n"     \
	"        description: name of the unit}\n"                           \
	"      manager: {type: choice, choices: [auto, runit], default: "    \
	"auto}\n"                                                            \
	"      age: {type: duration, min: 1m, max: 30d}\n"                   \
	"      token: {type: secret}\n"                                      \
	"    variants:\n"                                                    \
	"      - name: runit\n"                                              \
	"        when: {params: {manager: [auto, runit]}, program: sh, "     \
	"file: /}\n"                                                         \
	"        command: [sv, restart, '${service}']\n"                     \
	"        exit: [0, 1]\n"                                             \
	"        expect: '^ok: ${service}'\n"                                \
	"        check: {before: {command: ['true']}, after: {command: "     \
	"[sv, status, '${service}'], within: 30s, every: 1s}, settle: 2s}\n" \
	"        rollback: {command: [sv, start, '${service}']}\n"           \
	"      - name: web\n"                                                \
	"        steps:\n"                                                   \
	"          - wait: 5s\n"                                             \
	"          - http: {url: 'http://localhost:1/${service}', status: "  \
	"[200, 201], headers: {Authorization: 'Bearer ${token}'},\n"         \
	"              body: '{\"a\": \"${service}\"}'}\n"                   \
	"    env: {AGE: '${age|default:60}', UNIT: '${service}'}\n"          \
	"    dir: /tmp\n"                                                    \
	"    timeout: 20s\n"                                                 \
	"    grace: 1s\n"                                                    \
	"    run_as: nobody\n"                                               \
	"    resources: {cpu: 60s, memory: 512M, files: 1G, open_files: "    \
	"256}\n"                                                             \
	"    target: '${service}@${host}'\n"                                 \
	"    blast_radius: service\n"                                        \
	"    risk: medium\n"                                                 \
	"    reversible: true\n"                                             \
	"    idempotent: true\n"                                             \
	"    retries: 2\n"                                                   \
	"    limits: {per_hour: 4, per_target: 2, concurrency: 1, "          \
	"cool_down: 10m}\n"                                                  \
	"    approvers: [ana, bo]\n"

static void test_all_keys(void **state)
{
	AUTO_ACTION_SET struct action_set *set = load_action(ALL);
	const struct action *a = action_find(set, "t");
	const struct action_variant *v = &a->variants[0];

	(void)state;
	assert_string_equal(a->needs, "runit");
	assert_int_equal(a->param_count, 4);
	assert_int_equal(a->params[0].type, ACTION_NAME);
	assert_true(a->params[0].required && a->params[0].untrusted);
	assert_string_equal(a->params[1].choices[1], "runit");
	assert_string_equal(a->params[1].fallback, "auto");
	assert_int_equal(a->params[2].min, 60);
	assert_int_equal(a->params[2].max, 30 * 86400);
	assert_int_equal(a->variant_count, 2);
	assert_string_equal(v->when_params[0], "manager=auto");
	assert_string_equal(v->when_params[1], "manager=runit");
	assert_string_equal(v->run.items[0].argv[1], "restart");
	assert_int_equal(v->run.items[0].exits[1], 1);
	assert_int_equal(v->after.within_ms, 30000);
	assert_int_equal(v->after.every_ms, 1000);
	assert_int_equal(v->rollback.count, 1);
	assert_int_equal(a->settle_ms, 2000);
	assert_int_equal(a->variants[1].run.items[0].wait_ms, 5000);
	assert_string_equal(a->variants[1].run.items[1].method, "POST");
	assert_int_equal(a->variants[1].run.items[1].statuses[1], 201);
	assert_string_equal(a->env[1], "UNIT=${service}");
	assert_string_equal(a->dir, "/tmp");
	assert_int_equal(a->timeout_ms, 20000);
	assert_int_equal(a->grace_ms, 1000);
	assert_string_equal(a->run_as, "nobody");
	assert_int_equal(a->cpu_seconds, 60);
	assert_int_equal(a->memory_bytes, 512 * 1024 * 1024);
	assert_int_equal(a->file_bytes, 1024 * 1024 * 1024);
	assert_int_equal(a->open_files, 256);
	assert_int_equal(a->radius, RADIUS_SERVICE);
	assert_int_equal(a->risk, ACTION_RISK_MEDIUM);
	assert_true(a->reversible && a->idempotent);
	assert_int_equal(a->retries, 2);
	assert_int_equal(a->per_hour, 4);
	assert_int_equal(a->per_target_hour, 2);
	assert_int_equal(a->concurrency, 1);
	assert_int_equal(a->cool_down_ms, 600000);
	assert_string_equal(a->approvers[1], "bo");
	assert_int_equal(a->line, 2);
}

/* What is not said is the worst. */
static void test_defaults(void **state)
{
	AUTO_ACTION_SET struct action_set *set =
		load_action("    command: ['true']\n");
	const struct action *a = action_find(set, "t");

	(void)state;
	assert_int_equal(a->risk, ACTION_RISK_HIGH);
	assert_int_equal(a->radius, RADIUS_CLUSTER);
	assert_false(a->reversible || a->idempotent);
	assert_int_equal(a->timeout_ms, 60000);
	assert_int_equal(a->retries, 0);
}

static void test_wrong_keys(void **state)
{
	static const char *const cases[][2] = {
		{"    commandd: ['true']\n",
		 "f.yaml:3: unknown key \"commandd\", did you mean "
		 "\"command\"?"},
		{"    command: ['true']\n    timeout: soon\n", "f.yaml:4: "},
		{"    command: ['true']\n    timeout: 0s\n", "timeout"},
		{"    command: ['true']\n    risk: none\n",
		 "risk must be one of low, medium, high"},
		{"    command: ['true']\n    retries: -1\n", "retries"},
		{"    command: ['true']\n    reversible: maybe\n",
		 "true or false"},
		{"    command: ['true']\n    dir: '${x}'\n", "dir must be"},
		{"    command: ['true']\n    dir: tmp\n", "dir must be"},
		{"    command: ['true']\n    limits: {per_day: 1}\n",
		 "per_day"},
		{"    command: ['true']\n    resources: {memory: much}\n",
		 "memory must be a size"},
		{"    command: ['true']\n    env: {'A B': x}\n", "A B"},
		{"    command: ['true']\n    params: {a: {}}\n    env: {PATH: "
		 "'${a}'}\n",
		 "decides what is run"},
		{"    command: ['true']\n    params: {a: {}}\n    env: "
		 "{LD_PRELOAD: '${a}'}\n",
		 "decides what is run"},
		{"    description: x\n", "nothing to do"},
		{"    command: true\n", "command must be a list"},
		{"    command: []\n", "command must be a list"},
		{"    command: ['${a}']\n    params: {a: {}}\n",
		 "the program of a command must be named"},
		{"    command: ['true']\n    http: {url: 'http://a'}\n",
		 "only one of"},
		{"    command: ['true']\n    steps: [{command: [x]}]\n",
		 "cannot stand beside steps"},
		{"    steps: [{}]\n", "command, http or wait is missing"},
		{"    steps: [{wait: 1s, exit: 1}]\n",
		 "exit belongs to a command"},
		{"    command: ['true']\n    exit: [0, 256]\n", "exit must be"},
		{"    command: ['true']\n    expect: '('\n", "expect /(/"},
		{"    variants: [{command: ['true']}]\n", "has no name"},
		{"    variants: []\n", "variants must be"},
		{"    command: ['true']\n    variants: [{name: a, command: "
		 "['true']}]\n",
		 "stands in the variants"},
		{"    params: {k: {}}\n    variants: [{name: a, when: {k: 1}, "
		 "command: ['true']}]\n",
		 "unknown key \"k\""},
		{"    variants: [{name: a, when: {params: {k: 1}}, command: "
		 "['true']}]\n",
		 "'k' is no parameter"},
		{"    params: {k: {type: choice, choices: [a]}}\n    variants: "
		 "[{name: a, when: {params: {k: b}}, command: ['true']}]\n",
		 "can never be 'b'"},
		{"    variants: [{name: a, when: {file: x}, command: "
		 "['true']}]\n",
		 "absolute"},
		{"    command: ['true']\n    check: {after: {command: x}}\n",
		 "command must be a list"},
		{"    command: ['true']\n    check: {later: {}}\n", "later"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refuse_action(cases[i][0], cases[i][1]);
	refuse("actions:\n  - {id: A, command: [x]}\n", "cannot be an id");
	refuse("actions:\n  - {command: [x]}\n", "has no id");
	refuse("actions: {}\n", "actions must be a list");
	refuse("action: []\n", "did you mean \"actions\"?");
	refuse("actions:\n  - {id: a, command: [x]}\n  - {id: a, command: "
	       "[x]}\n",
	       "f.yaml:3: action \"a\" stands twice (first at line 2)");
}

static void refuse_param(const char *param, const char *part)
{
	AUTO_FREE char *rest =
		mem_printf("    params: {a: %s}\n    command: [x]\n", param);

	refuse_action(rest, part);
}

static void test_wrong_params(void **state)
{
	(void)state;
	refuse_param("name", "must be a map of keys");
	refuse_param("{typ: name}", "did you mean \"type\"?");
	refuse_param("{type: nam}", "type must be one of string, name");
	refuse_param("{type: choice}", "choice without choices");
	refuse_param("{choices: [x]}", "cannot use");
	refuse_param("{under: [/x]}", "is no path");
	refuse_param("{type: path, under: [x]}", "not an absolute path");
	refuse_param("{type: path, under: [/a/../b]}", "without '..'");
	refuse_param("{type: path, untrusted: true}", "under must say");
	refuse_param("{type: integer, min: 5, max: 2}", "greater than max");
	refuse_param("{type: integer, min: x}", "min: 'x'");
	refuse_param("{min: 5}", "min is for numbers");
	refuse_param("{pattern: '('}", "pattern /(/");
	refuse_param("{pattern: 'a)|(b'}", "pattern /a)|(b/");
	refuse_param("{type: integer, pattern: x}", "takes no pattern");
	refuse_param("{type: secret, default: x}", "cannot stand in a file");
	refuse_param("{type: secret, untrusted: true}", "untrusted text");
	refuse_param("{type: integer, default: x}", "default: 'x'");
	refuse_param("{pattern: 'a+', default: b}", "default: 'b'");
	refuse_param("{required: true, default: x}", "one of them");
	refuse_param("{max_length: 100000}", "max_length");
	refuse_action("    params: {A: {}}\n    command: [x]\n",
		      "cannot name a parameter");
}

static void refuse_text(const char *type, const char *rest, const char *part)
{
	AUTO_FREE char *text =
		mem_printf("    params: {a: {%s}}\n%s", type, rest);

	refuse_action(text, part);
}

/* A place decides which values may stand in it. */
static void test_places(void **state)
{
	static const char *const programs[] = {
		"[sh, -c, 'echo ${a}']",
		"[/bin/bash, -e, -c, '${a}']",
		"[sudo, -u, x, sh, -ec, '${a}']",
		"[docker, exec, c, sh, -c, '${a}']",
		"[su, '-', postgres, -c, 'psql ${a}']",
		"[python3.11, -c, '${a}']",
		"[perl, -ne, '${a}']",
		"[psql, -d, x, -c, 'select ''${a}''']",
		"[psql, '--command=select ${a}']",
		"[mysql, -e, '${a}']",
		"[ssh, host, 'rm ${a}']",
		"[sqlite3, file, 'delete ${a}']",
		"[sed, -i, -e, 's/x/${a}/', file]",
		"[awk, '{print ${a}}']",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		AUTO_FREE char *rest =
			mem_printf("    command: %s\n", programs[i]);
		AUTO_FREE char *tame =
			mem_printf("    params: {a: {type: name}}\n%s", rest);

		refuse_text("type: string", rest, "reads as a program");
		refuse_text("type: path", rest, "reads as a program");
		action_set_free(load_action(tame));
	}
	refuse_text("", "    command: [echo, '${b}']\n",
		    "f.yaml:4: ${b} names no parameter of t");
	refuse_text("", "    command: [echo, '${a|uper}']\n", "no filter");
	refuse_text("", "    command: [echo, '${a']\n", "without '}'");
	refuse_text("type: path", "    command: [ls, '${a|lower}']\n",
		    "no filter but default");
	refuse_text("", "    command: 'echo ${a}'\n    shell: true\n",
		    "write \"$A\"");
	refuse_text("", "    command: 'echo ${a|json}'\n    shell: true\n",
		    "write \"$A\"");
	refuse_text("untrusted: true",
		    "    command: [psql]\n    input: '${a}'\n",
		    "needs a pattern");
	refuse_text("type: secret", "    command: [x]\n    target: '${a}'\n",
		    "cannot stand here");
	refuse_text("", "    http: {}\n", "has no url");
	refuse_text("", "    http: {url: 'ftp://x'}\n", "begins with http");
	refuse_text("", "    http: {url: 'http://x/ y'}\n", "no blanks");
	refuse_text("", "    http: {url: 'http://${a}/'}\n", "names its host");
	refuse_text("type: name", "    http: {url: '${a}/x'}\n",
		    "begins a URL");
	refuse_text("type: name", "    http: {url: 'http${a}://x'}\n",
		    "begins with http");
	refuse_text("", "    http: {url: 'http://x', body: '{\"a\": ${a}}'}\n",
		    "needs quotes");
	refuse_text("",
		    "    http: {url: 'http://x', body: '{\"a\": "
		    "\"${a|json}\"}'}\n",
		    "take json away");
	refuse_text("", "    http: {url: 'http://x', body: '{\"a\" \"\"}'}\n",
		    "the body is not JSON");
	refuse_text("", "    http: {url: 'http://x', headers: {'${a}': x}}\n",
		    "is no header");
	refuse_text("",
		    "    http: {url: 'http://x', headers: {A: \"x\\ny\"}}\n",
		    "is no header");
	refuse_text("untrusted: true",
		    "    http: {url: 'http://x', body: 'x ${a}'}\n",
		    "needs a pattern");
	refuse_text("", "    http: {url: 'http://x', method: EAT}\n",
		    "method must be one of");
}

static void test_sets(void **state)
{
	AUTO_ACTION_SET struct action_set *set = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		action_set_read(&set,
				SLICE_LIT("actions:\n"
					  "  - {id: restart, command: [x]}\n"
					  "  - {id: clean, command: [x]}\n"
					  "  - {id: scale, command: [x]}\n"),
				"f.yaml", &err),
		0);
	assert_string_equal(action_at(set, 0)->id, "clean");
	assert_string_equal(action_at(set, 2)->id, "scale");
	assert_null(action_at(set, 3));
	assert_null(action_find(set, "x"));
	assert_ptr_equal(action_find(set, "restart"), action_at(set, 1));
	assert_string_equal(action_nearest(set, "restrat"), "restart");
	assert_null(action_nearest(set, "zzzzzzzzz"));
	assert_ptr_equal(action_need(set, "restart", ERR_NO, &err),
			 action_at(set, 1));
	assert_no_err(&err);
	assert_null(action_need(set, "restrat", ERR_NO, &err));
	assert_err(&err, ERR_NO,
		   "there is no action 'restrat'; did you mean 'restart'?");
}

/* ---- files ---- */

static char folder[64];

static char *write_file(const char *name, const char *text, mode_t mode)
{
	char *path = mem_printf("%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
	return path;
}

static int load_files(struct action_set **ret, const char *config,
		      const char *one, const char *two, struct config **ret_c,
		      struct err *err)
{
	const char *const files[] = {one, two, NULL};
	AUTO_FREE char *path = write_file("oncall.yaml", config, 0600);

	if (config_load(ret_c, path, err) < 0)
		return -1;
	return action_set_load(ret, *ret_c, files, true, err);
}

static void test_files(void **state)
{
	AUTO_FREE char *one = write_file("one.yaml",
					 "actions:\n"
					 "  - {id: a, command: [one]}\n"
					 "  - {id: b, command: [one]}\n",
					 0600);
	AUTO_FREE char *two = write_file(
		"two.yaml",
		"actions:\n"
		"  - id: b\n"
		"    params: {n: {type: integer, default: 1}, t: {type: "
		"secret}}\n"
		"    command: ['${pack_dir}/x', '${n}']\n"
		"    env: {T: '${t}'}\n",
		0600);
	AUTO_ACTION_SET struct action_set *set = NULL;
	AUTO_CONFIG struct config *c = NULL;
	AUTO_ACTION_CALL struct action_call call = {.action = NULL};
	AUTO_FREE char *value = NULL, *program = NULL;
	struct err err = ERR_INIT;

	(void)state;
	(void)setenv("ONCALL_UNIT_TOKEN", "hidden-token", 1);
	program = mem_printf("%s/x", folder);
	(void)load_files(&set,
			 "actions: {b: {params: {n: '7'}, secrets: {t: {env: "
			 "ONCALL_UNIT_TOKEN}}}}\n",
			 one, two, &c, &err);
	assert_no_err(&err);
	assert_string_equal(action_find(set, "a")->file, one);
	assert_string_equal(action_find(set, "b")->file, two);
	assert_int_equal(action_configured(set, action_find(set, "b"), "n",
					   &value, &err),
			 0);
	assert_string_equal(value, "7");
	assert_int_equal(action_prepare(&call, set, action_find(set, "b"),
					SLICE_LIT("{\"t\":\"***\"}"), UNTRUSTED,
					NULL, &err),
			 0);
	assert_string_equal(call.run.items[0].argv[0], program);
	assert_string_equal(call.run.items[0].argv[1], "7");
	assert_string_equal(call.env[0], "T=hidden-token");
	assert_string_equal(call.params, "{\"n\":7,\"t\":\"***\"}");
	assert_null(strstr(call.command, "hidden"));
}

static void refuse_config(const char *config, const char *part)
{
	AUTO_FREE char *file = write_file(
		"c.yaml",
		"actions:\n  - {id: b, params: {n: {type: integer}, t: {type: "
		"secret}}, command: [x]}\n",
		0600);
	AUTO_ACTION_SET struct action_set *set = NULL;
	AUTO_CONFIG struct config *c = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(load_files(&set, config, file, NULL, &c, &err), -1);
	assert_err(&err, ERR_USAGE, part);
}

static void test_wrong_config(void **state)
{
	(void)state;
	refuse_config("actions: {b: {params: {n: x}}}\n", "is no whole number");
	refuse_config("actions: {b: {params: {m: x}}}\n", "no such parameter");
	refuse_config("actions: {b: {params: {t: x}}}\n",
		      "belongs under secrets");
}

static void test_unsafe_file(void **state)
{
	AUTO_FREE char *path = write_file(
		"u.yaml", "actions:\n  - {id: a, command: [x]}\n", 0666);
	const char *const files[] = {path, NULL};
	struct action_set *set = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(action_set_load(&set, NULL, files, true, &err), -1);
	assert_err(&err, ERR_REFUSED, "can be written by others");
}

/* What stands beside a declaration is part of what people agree to. */
static void test_programs(void **state)
{
	AUTO_FREE char *file = write_file(
		"p.yaml",
		"actions:\n  - {id: a, command: ['${pack_dir}/run.sh']}\n",
		0600);
	AUTO_FREE char *script = write_file("run.sh", "echo 1\n", 0700);
	const char *const files[] = {file, NULL};
	AUTO_ACTION_SET struct action_set *set = NULL;
	AUTO_ACTION_CALL struct action_call one = {.action = NULL};
	AUTO_ACTION_CALL struct action_call two = {.action = NULL};
	struct action_call three;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(action_set_load(&set, NULL, files, true, &err), 0);
	assert_int_equal(action_prepare(&one, set, action_at(set, 0),
					SLICE_LIT("{}"), TRUSTED, NULL, &err),
			 0);
	free(script);
	script = write_file("run.sh", "echo 2\n", 0700);
	assert_int_equal(action_prepare(&two, set, action_at(set, 0),
					SLICE_LIT("{}"), TRUSTED, NULL, &err),
			 0);
	assert_string_not_equal(one.hash, two.hash);
	assert_int_equal(chmod(script, 0777), 0);
	assert_int_equal(action_prepare(&three, set, action_at(set, 0),
					SLICE_LIT("{}"), TRUSTED, NULL, &err),
			 -1);
	assert_err(&err, ERR_REFUSED, "can be written by others");
}

/* ---- findings ---- */

struct findings {
	struct buf text;
	size_t errors;
};

static void on_finding(void *arg, const char *text, bool error)
{
	struct findings *f = arg;

	f->errors += error;
	buf_addf(&f->text, "%s%s\n", error ? "error " : "", text);
}

static void find(const char *text, struct findings *f)
{
	AUTO_FREE char *path = write_file("find.yaml", text, 0600);
	size_t errors = action_check_file(path, on_finding, f);

	assert_int_equal(errors, f->errors);
}

static void has_finding(const struct findings *f, const char *part)
{
	if (!strstr(buf_str(&f->text), part))
		fail_msg("'%s' lacks '%s'", buf_str(&f->text), part);
}

static void test_findings(void **state)
{
	struct findings f = {.text = BUF_INIT};

	(void)state;
	find("actions:\n"
	     "  - id: a\n"
	     "    params:\n"
	     "      unused: {type: name}\n"
	     "      free: {untrusted: true}\n"
	     "      dash: {untrusted: true, pattern: '.*'}\n"
	     "    command: 'rm $DASH \"$FREE\"; eval x'\n"
	     "    shell: true\n"
	     "    retries: 2\n"
	     "    reversible: true\n"
	     "  - id: b\n"
	     "    params: {x: {type: name}}\n"
	     "    command: [echo, '${x}']\n"
	     "    rollback: {command: [x]}\n"
	     "  - id: c\n"
	     "    variants:\n"
	     "      - {name: one, command: [x]}\n"
	     "      - {name: two, command: [x]}\n",
	     &f);
	assert_int_equal(f.errors, 0);
	has_finding(&f, ":4: 'unused' is never used");
	has_finding(&f, ":5: 'free' takes any string");
	has_finding(&f, "the pattern of 'dash' fits '-'");
	has_finding(&f, "$DASH stands without double quotes");
	assert_null(strstr(buf_str(&f.text), "$FREE stands"));
	has_finding(&f, "eval");
	has_finding(&f, "a is tried again");
	has_finding(&f, "a has no check after");
	has_finding(&f, "a has no target");
	has_finding(&f, "a says no risk");
	has_finding(&f, "a is said to be reversible, but has no rollback");
	has_finding(&f, "b has a rollback");
	has_finding(&f, "'x' may be absent");
	has_finding(&f, "one has no when");
	buf_done(&f.text);
}

static void test_all_errors(void **state)
{
	struct findings f = {.text = BUF_INIT};

	(void)state;
	find("actions:\n"
	     "  - {id: a, command: ['${x}', '${y}'], risk: none, foo: 1}\n"
	     "  - {id: b}\n",
	     &f);
	assert_true(f.errors >= 5);
	has_finding(&f, "${x} names no parameter");
	has_finding(&f, "${y} names no parameter");
	has_finding(&f, "unknown key \"foo\"");
	has_finding(&f, "risk must be");
	has_finding(&f, ":3: nothing to do");
	buf_done(&f.text);
}

static void test_clean_file(void **state)
{
	struct findings f = {.text = BUF_INIT};

	(void)state;
	find("actions:\n"
	     "  - id: a\n"
	     "    description: Does it\n"
	     "    params: {s: {type: name, required: true, untrusted: true, "
	     "description: x}}\n"
	     "    command: [sv, restart, '${s}']\n"
	     "    check: {after: {command: [sv, status, '${s}']}}\n"
	     "    target: '${s}'\n"
	     "    risk: low\n"
	     "    blast_radius: service\n",
	     &f);
	assert_string_equal(buf_str(&f.text), "");
	buf_done(&f.text);
}

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/unit-action-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {
		"oncall.yaml", "one.yaml", "two.yaml", "c.yaml",
		"u.yaml",      "p.yaml",   "run.sh",   "find.yaml"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, names[i]);

		(void)unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_wrong_params),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_wrong_config),
		cmocka_unit_test(test_unsafe_file),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_clean_file),
	};

	mem_init();
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
