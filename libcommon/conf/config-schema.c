/* config-schema.c - every key that exists. */
#include <oncall/mem.h>
#include <oncall/when.h>

#include <assert.h>

#include "config-internal.h"

#define SECRET_FORMS \
	"{env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"

/* Keys of one group stand together, a map before the keys of its members. */
const struct config_key config_schema[] = {
	{
		.path = "store",
		.type = CONFIG_STRING,
		.example = "/var/lib/oncall/oncall.db",
		.help = "database file or postgresql://... address; without "
			"it, a file in the user's state directory",
	},
	{
		.path = "environment",
		.type = CONFIG_STRING,
		.fallback = "production",
		.help = "what this installation watches over",
	},
	{
		.path = "timezone",
		.type = CONFIG_STRING,
		.fallback = "UTC",
		.example = "Europe/Berlin",
		.help = "zone of windows of time that name none",
	},
	{
		.path = "sources",
		.type = CONFIG_MAP,
		.example = "app",
		.help = "what oncall-monitor reads with --source NAME",
	},
	{
		.path = "sources.*.files",
		.type = CONFIG_LIST,
		.example = "[/var/log/app/*.log]",
		.help = "files, folders and patterns of names",
	},
	{
		.path = "sources.*.journal",
		.type = CONFIG_BOOL,
		.fallback = "false",
		.help = "the systemd journal",
	},
	{
		.path = "sources.*.syslog",
		.type = CONFIG_STRING,
		.example = "udp:127.0.0.1:5514",
		.help = "a socket that takes syslog messages",
	},
	{
		.path = "sources.*.elasticsearch",
		.type = CONFIG_STRING,
		.example = "https://es:9200",
		.help = "address of a search engine",
	},
	{
		.path = "sources.*.index",
		.type = CONFIG_STRING,
		.example = "logs-*",
		.help = "its indexes, parted by commas",
	},
	{
		.path = "sources.*.query",
		.type = CONFIG_STRING,
		.example = "level:ERROR",
		.help = "which documents: a query string",
	},
	{
		.path = "sources.*.time_field",
		.type = CONFIG_STRING,
		.example = "created",
		.help = "the member of documents that holds their time; "
			"without it, @timestamp",
	},
	{
		.path = "sources.*.overlap",
		.type = CONFIG_DURATION,
		.fallback = "15m",
		.help = "how late documents may arrive",
	},
	{
		.path = "sources.*.api_key",
		.type = CONFIG_SECRET,
		.example = "{env: ES_KEY}",
		.help = "key for the search engine",
	},
	{
		.path = "sources.*.user",
		.type = CONFIG_STRING,
		.example = "oncall",
		.help = "user of the search engine",
	},
	{
		.path = "sources.*.password",
		.type = CONFIG_SECRET,
		.example = "{file: /etc/oncall/es.password}",
		.help = "password of that user",
	},
	{
		.path = "sources.*.ca_file",
		.type = CONFIG_STRING,
		.example = "/etc/oncall/es-ca.pem",
		.help = "certificates that sign the search engine's",
	},
	{
		.path = "sources.*.service",
		.type = CONFIG_STRING,
		.example = "app",
		.help = "service of lines that name none",
	},
	{
		.path = "sources.*.multiline",
		.type = CONFIG_STRING,
		.example = "java",
		.help = "how lines are joined: java, python, go, node, "
			"postgresql or indent",
	},
	{
		.path = "probes",
		.type = CONFIG_MAP,
		.example = "shop",
		.help = "what 'oncall-monitor --probe' looks at",
	},
	{
		.path = "probes.*.url",
		.type = CONFIG_STRING,
		.example = "https://shop.example.org/health",
		.help = "a web address that must answer",
	},
	{
		.path = "probes.*.tcp",
		.type = CONFIG_STRING,
		.example = "db1:5432",
		.help = "a port that must take connections",
	},
	{
		.path = "probes.*.tls",
		.type = CONFIG_STRING,
		.example = "shop.example.org:443",
		.help = "a port whose certificate must be good for 30 days "
			"more",
	},
	{
		.path = "probes.*.command",
		.type = CONFIG_LIST,
		.example = "[pg_isready, -h, db1]",
		.help = "a program and its arguments that must end with "
			"status 0",
	},
	{
		.path = "probes.*.status",
		.type = CONFIG_INT,
		.fallback = "0",
		.max = 599,
		.help = "status that the web address must answer with; 0: "
			"200 to 399",
	},
	{
		.path = "probes.*.body",
		.type = CONFIG_STRING,
		.example = "ready",
		.help = "expression that the answer must match",
	},
	{
		.path = "probes.*.latency",
		.type = CONFIG_DURATION,
		.fallback = "0s",
		.example = "2s",
		.help = "an answer that takes longer is a failure; 0s: no "
			"limit",
	},
	{
		.path = "probes.*.timeout",
		.type = CONFIG_DURATION,
		.fallback = "10s",
		.help = "how long to wait",
	},
	{
		.path = "probes.*.every",
		.type = CONFIG_DURATION,
		.fallback = "1m",
		.help = "how often to look, with --follow",
	},
	{
		.path = "probes.*.failures",
		.type = CONFIG_INT,
		.fallback = "1",
		.min = 1,
		.max = 64,
		.help = "how many failures are a detection",
	},
	{
		.path = "probes.*.of",
		.type = CONFIG_INT,
		.fallback = "1",
		.min = 1,
		.max = 64,
		.help = "of how many looks, the last ones",
	},
	{
		.path = "probes.*.severity",
		.type = CONFIG_CHOICE,
		.fallback = "high",
		.choices = "info|low|medium|high|critical",
		.help = "how bad a failure is",
	},
	{
		.path = "probes.*.service",
		.type = CONFIG_STRING,
		.example = "shop",
		.help = "service that it is about; without it, the name of "
			"the probe",
	},
	{
		.path = "probes.*.host",
		.type = CONFIG_STRING,
		.example = "web-1",
		.help = "host that it is about",
	},
	{
		.path = "probes.*.ca_file",
		.type = CONFIG_STRING,
		.example = "/etc/oncall/ca.pem",
		.help = "certificates that sign the one of the far side",
	},
	{
		.path = "packs",
		.type = CONFIG_LIST,
		.example = "[linux, postgresql]",
		.help = "packs of patterns that are used; without it, all",
	},
	{
		.path = "services",
		.type = CONFIG_MAP,
		.example = "api",
		.help = "what is watched, by the name that records carry",
	},
	{
		.path = "services.*.criticality",
		.type = CONFIG_CHOICE,
		.fallback = "medium",
		.choices = "low|medium|high|critical",
		.help = "how much depends on it",
	},
	{
		.path = "services.*.owner",
		.type = CONFIG_STRING,
		.example = "team-web",
		.help = "who new incidents of the service are assigned to",
	},
	{
		.path = "services.*.depends_on",
		.type = CONFIG_LIST,
		.example = "[db, cache]",
		.help = "services that it does not work without",
	},
	{
		.path = "policy.autonomy",
		.type = CONFIG_CHOICE,
		.fallback = "suggest",
		.choices = "off|suggest|approve|auto",
		.help = "the most that is done where no rule says anything",
	},
	{
		.path = "policy.thresholds.auto",
		.type = CONFIG_INT,
		.fallback = "85",
		.min = 0,
		.max = 100,
		.help = "hundredths of confidence from which an action runs by "
			"itself",
	},
	{
		.path = "policy.thresholds.escalate",
		.type = CONFIG_INT,
		.fallback = "60",
		.min = 0,
		.max = 100,
		.help = "hundredths of confidence below which a person is "
			"called",
	},
	{
		.path = "policy.freeze",
		.type = CONFIG_LIST,
		.help = "times at which nothing runs by itself",
		.example = "[Fri 16:00 to Mon 08:00]",
	},
	{
		.path = "policy.rules",
		.type = CONFIG_MAP,
		.help = "exceptions; of each value, the first in the order of "
			"names counts",
		.example = "restarts",
	},
	{
		.path = "policy.rules.*.match",
		.type = CONFIG_MAP,
		.help = "fields and their values, or /expression/, or !not",
		.example = "action",
	},
	{
		.path = "policy.rules.*.match.*",
		.type = CONFIG_LIST,
		.help = "any of these",
		.example = "[restart_service]",
	},
	{
		.path = "policy.rules.*.during",
		.type = CONFIG_LIST,
		.help = "times at which the rule counts; always",
		.example = "[daily 22:00 to 06:00]",
	},
	{
		.path = "policy.rules.*.autonomy",
		.type = CONFIG_CHOICE,
		.choices = "off|suggest|approve|auto",
		.help = "the most that is done",
		.example = "approve",
	},
	{
		.path = "policy.rules.*.auto",
		.type = CONFIG_INT,
		.min = 0,
		.max = 100,
		.help = "hundredths of confidence, as thresholds.auto",
		.example = "90",
	},
	{
		.path = "policy.rules.*.escalate",
		.type = CONFIG_INT,
		.min = 0,
		.max = 100,
		.help = "hundredths of confidence, as thresholds.escalate",
		.example = "50",
	},
	{
		.path = "policy.rules.*.approvers",
		.type = CONFIG_LIST,
		.help = "who may agree",
		.example = "[ana, ops]",
	},
	{
		.path = "policy.rules.*.quorum",
		.type = CONFIG_INT,
		.min = 1,
		.max = 100,
		.help = "how many must agree",
		.example = "2",
	},
	{
		.path = "policy.rules.*.expires",
		.type = CONFIG_DURATION,
		.help = "how long an approval is waited for",
		.example = "15m",
	},
	{
		.path = "policy.rules.*.self",
		.type = CONFIG_BOOL,
		.help = "who asked may agree, too",
		.example = "\"false\"",
	},
	{
		.path = "policy.rules.*.in_freeze",
		.type = CONFIG_BOOL,
		.help = "holds in a freeze, too",
		.example = "\"false\"",
	},
	{
		.path = "policy.approval.approvers",
		.type = CONFIG_LIST,
		.help = "who may agree; anybody",
		.example = "[ana, ops]",
	},
	{
		.path = "policy.approval.quorum",
		.type = CONFIG_INT,
		.fallback = "1",
		.min = 1,
		.max = 100,
		.help = "how many must agree",
	},
	{
		.path = "policy.approval.expires",
		.type = CONFIG_DURATION,
		.fallback = "30m",
		.help = "how long an approval is waited for",
	},
	{
		.path = "policy.approval.self",
		.type = CONFIG_BOOL,
		.fallback = "false",
		.help = "who asked may agree, too",
	},
	{
		.path = "policy.limits.actions_per_incident",
		.type = CONFIG_INT,
		.fallback = "3",
		.min = 0,
		.max = 100000,
		.help = "actions for one incident; 0: no limit",
	},
	{
		.path = "policy.limits.actions_per_hour",
		.type = CONFIG_INT,
		.fallback = "10",
		.min = 0,
		.max = 1000000,
		.help = "actions within an hour; 0: no limit",
	},
	{
		.path = "policy.breaker.failures",
		.type = CONFIG_INT,
		.fallback = "3",
		.min = 1,
		.max = 1000,
		.help = "failures of an action on a target that open its "
			"breaker",
	},
	{
		.path = "policy.breaker.window",
		.type = CONFIG_DURATION,
		.fallback = "1h",
		.help = "time within which they count",
	},
	{
		.path = "policy.breaker.cool_down",
		.type = CONFIG_DURATION,
		.fallback = "30m",
		.help = "after that time it is tried once more",
	},
	{
		.path = "policy.breaker.ineffective",
		.type = CONFIG_INT,
		.fallback = "2",
		.min = 1,
		.max = 1000,
		.help = "fixes that did not hold, on a target, that open its "
			"breaker",
	},
	{
		.path = "policy.breaker.ineffective_window",
		.type = CONFIG_DURATION,
		.fallback = "2h",
		.help = "an incident that is back within this time was not "
			"fixed",
	},
	{
		.path = "policy.stop_file",
		.type = CONFIG_STRING,
		.fallback = "/etc/oncall/stop",
		.help = "while that file exists, nothing runs",
	},
	{
		.path = "actions",
		.type = CONFIG_MAP,
		.help = "values for parameters of actions",
		.example = "restart_service",
	},
	{
		.path = "actions.*.params",
		.type = CONFIG_MAP,
		.help = "values that count as trusted",
		.example = "manager",
	},
	{
		.path = "actions.*.params.*",
		.type = CONFIG_STRING,
		.help = "the value",
		.example = "systemd",
	},
	{
		.path = "actions.*.secrets",
		.type = CONFIG_MAP,
		.help = "secret parameters",
		.example = "token",
	},
	{
		.path = "actions.*.secrets.*",
		.type = CONFIG_SECRET,
		.help = "where the secret is",
		.example = "{file: /etc/oncall/token}",
	},
	{
		.path = "adviser.enabled",
		.type = CONFIG_BOOL,
		.fallback = "false",
		.help = "ask a language model for causes and steps",
	},
	{
		.path = "adviser.url",
		.type = CONFIG_STRING,
		.help = "an endpoint as OpenAI has it",
		.example = "http://localhost:8080/v1",
	},
	{
		.path = "adviser.model",
		.type = CONFIG_STRING,
		.help = "its model",
		.example = "local",
	},
	{
		.path = "adviser.api_key",
		.type = CONFIG_SECRET,
		.help = "the key for it",
		.example = "{env: ADVISER_KEY}",
	},
	{
		.path = "adviser.timeout",
		.type = CONFIG_DURATION,
		.fallback = "20s",
		.help = "how long it may take",
	},
	{
		.path = "learning.auto",
		.type = CONFIG_BOOL,
		.fallback = "false",
		.help = "what was learned is used without a person's accept",
	},
	{
		.path = "learning.half_life",
		.type = CONFIG_DURATION,
		.fallback = "30d",
		.help = "after that time an outcome counts half",
	},
	{
		.path = "learning.prior_strength",
		.type = CONFIG_INT,
		.fallback = "4",
		.min = 1,
		.max = 1000,
		.help = "how many outcomes the stated confidence of a solution "
			"weighs",
	},
	{
		.path = "learning.margin",
		.type = CONFIG_INT,
		.fallback = "10",
		.max = 100,
		.help = "hundredths that the best entry's score must be above "
			"the next one for automation",
	},
	{
		.path = "learning.track_record",
		.type = CONFIG_INT,
		.fallback = "50",
		.max = 100,
		.help = "hundredths that the lower bound of a solution's "
			"confidence must reach for automation",
	},
	{
		.path = "learning.max_new_patterns_per_day",
		.type = CONFIG_INT,
		.fallback = "5",
		.max = 1000000,
		.help = "entries that are proposed in a day at most",
	},
	{
		.path = "incidents.reopen_within",
		.type = CONFIG_DURATION,
		.fallback = "2h",
		.help = "a resolved incident that comes back within this time "
			"is reopened, later a new one is opened",
	},
	{
		.path = "incidents.remember_ids",
		.type = CONFIG_DURATION,
		.fallback = "7d",
		.help = "how long detections without a position are known "
			"again by their id",
	},
	{
		.path = "relays",
		.type = CONFIG_LIST,
		.example = "[oncall-bot]",
		.help = "users who may act for somebody else with --as",
	},
	{
		.path = "retention.incidents",
		.type = CONFIG_DURATION,
		.fallback = "forever",
		.min = -1,
		.max = INT64_MAX,
		.help = "age at which 'oncall-incident purge' removes "
			"incidents "
			"that are over",
	},
	{.path = NULL},
};

/* Whether a path fits a pattern; '*' stands for one or more characters, since
 * a name that the user chose may have dots in it. */
static bool path_fits(const char *pattern, const char *path)
{
	for (; *pattern && *pattern != '*'; pattern++, path++)
		if (*pattern != *path)
			return false;
	if (!*pattern)
		return !*path;
	while (*path)
		if (path_fits(pattern + 1, ++path))
			return true;
	return false;
}

const struct config_key *config_key_find(const struct config_key *schema,
					 const char *path)
{
	for (; schema->path; schema++)
		if (path_fits(schema->path, path))
			return schema;
	return NULL;
}

bool config_key_is_text(const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_STRING:
	case CONFIG_INT:
	case CONFIG_BOOL:
	case CONFIG_DURATION:
	case CONFIG_CHOICE:
		return true;
	case CONFIG_LIST:
	case CONFIG_SECRET:
	case CONFIG_MAP:
		break;
	}
	return false;
}

const char *config_key_example(const struct config_key *key)
{
	static const char *const by_type[] = {
		[CONFIG_STRING] = "text",
		[CONFIG_INT] = "1",
		[CONFIG_BOOL] = "true",
		[CONFIG_DURATION] = "15m",
		[CONFIG_CHOICE] = "",
		[CONFIG_LIST] = "[one, two]",
		[CONFIG_SECRET] = "{file: /etc/oncall/secret}",
		[CONFIG_MAP] = "name",
	};

	if (key->example)
		return key->example;
	return key->fallback ? key->fallback : by_type[key->type];
}

static void describe_range(struct buf *out, const struct config_key *key)
{
	if (!key->min && !key->max)
		return;
	buf_add_str(out, " from ");
	buf_add_int(out, key->min);
	buf_add_str(out, " to ");
	buf_add_int(out, key->max);
}

void config_key_describe(struct buf *out, const struct config_key *key)
{
	static const char *const by_type[] = {
		[CONFIG_STRING] = "a text",
		[CONFIG_INT] = "a whole number",
		[CONFIG_BOOL] = "true or false",
		[CONFIG_DURATION] = "a duration",
		[CONFIG_CHOICE] = "one of ",
		[CONFIG_LIST] = "a list",
		[CONFIG_SECRET] = SECRET_FORMS,
		[CONFIG_MAP] = "a map of names",
	};

	buf_add_str(out, by_type[key->type]);
	if (key->type == CONFIG_INT)
		describe_range(out, key);
	if (key->type == CONFIG_DURATION && key->min == -1)
		buf_add_str(out, " or forever");
	for (const char *c = key->choices; c && *c; c++) {
		if (*c == '|')
			buf_add_str(out, ", ");
		else
			buf_add_char(out, *c);
	}
}
