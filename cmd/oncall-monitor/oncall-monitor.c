/* oncall-monitor - logs in, detections out. */
#include "monitor.h"

#include <oncall/join.h>
#include <oncall/sightings.h>
#include <oncall/when.h>

#define JOBS_MAX     64
#define MAX_LINE_MIN 256
#define MAX_LINE_MAX ((int64_t)64 * 1024 * 1024)
#define LIMIT_MAX    1000000

struct monitor_args args = {
	.since = WHEN_NONE,
	.until = WHEN_NONE,
	.max_line = (int64_t)INPUT_MAX_LINE,
	.jobs = 1,
	.limit = -1,
};

static const char *const engines[] = {"literal", "pcre2", "hs", NULL};

/* clang-format off */
static const struct cli_opt opts[] = {
	CLI_GROUP("What is read"),
	CLI_FLAG('f', "follow", &args.follow,
		"go on as files grow, rotate and appear"),
	CLI_STR('c', "cursor", "NAME", &args.cursor,
		"go on where the store says that NAME was"),
	CLI_FLAG('J', "journal", &args.journal,
		"the systemd journal; FILEs are then what journalctl wrote"),
	CLI_LIST('s', "source", "NAME", &args.sources,
		"what the configuration has under sources"),
	CLI_TIME('S', "since", "TIME", &args.since,
		"not what happened before (a time, or 2h)"),
	CLI_STR('m', "multiline", "HOW", &args.multiline,
		"join lines of java, python, go, node, postgresql, ..."),
	CLI_GROUP("What is looked for"),
	CLI_LIST('p', "patterns", "FILE", &args.patterns,
		"these patterns, too: a pack, or lines parted by tabs"),
	CLI_FLAG('n', "no-default-packs", &args.no_default_packs,
		"only those patterns"),
	CLI_GROUP("Instead"),
	CLI_FLAG('e', "explain", &args.explain,
		"say of each line what matches, or nearly does"),
	CLI_STR('t', "test-pattern", "RE", &args.test_pattern,
		"try one expression on a text or file"),
	CLI_FLAG(0, "check", &args.check, "look for mistakes in packs"),
	CLI_FLAG(0, "recent", &args.recent, "list what was detected last"),
	CLI_FLAG(0, "statistics", &args.statistics, "count what was detected"),
	CLI_FLAG(0, "list-patterns", &args.list_patterns, "list the patterns"),

	CLI_FLAG(0, "probe", &args.probe,
		"look whether what the configuration names works"),

	CLI_MANUAL("More that is read"),
	CLI_TIME(0, "until", "TIME", &args.until, "not what happened after"),
	CLI_DURATION(0, "duration", "TIME", &args.duration,
		"stop after that time"),
	CLI_FLAG(0, "from-end", &args.from_end,
		"skip what stands in followed files that are not known yet"),
	CLI_LIST(0, "unit", "NAME", &args.units,
		"with --journal: only this unit of systemd"),
	CLI_STR(0, "syslog", "ADDRESS", &args.syslog,
		"take syslog messages: udp:HOST:PORT, tcp:HOST:PORT, unix:PATH"),
	CLI_STR(0, "elasticsearch", "URL", &args.elasticsearch,
		"read documents of Elasticsearch or OpenSearch"),
	CLI_STR(0, "index", "NAMES", &args.index, "of these indexes"),
	CLI_STR(0, "query", "TEXT", &args.query, "that this query finds"),
	CLI_STR(0, "time-field", "NAME", &args.time_field,
		"by this member (default: @timestamp)"),
	CLI_CHOICE(0, "format", "FORM", &args.format, fields_formats,
		"how lines are written (default: as each looks)"),
	CLI_FLAG(0, "docker", &args.docker, "the same as --format docker"),
	CLI_FLAG(0, "cri", &args.cri, "the same as --format cri"),
	CLI_STR(0, "service", "NAME", &args.service,
		"the service of lines that name none; with --recent, of that service"),
	CLI_INT(0, "max-line", "N", &args.max_line, MAX_LINE_MIN, MAX_LINE_MAX,
		"longest line in bytes; the rest is cut (default: 1048576)"),
	CLI_FLAG(0, "no-inotify", &args.no_inotify,
		"look at followed files once a second instead of being told"),
	CLI_INT('j', "jobs", "N", &args.jobs, 1, JOBS_MAX,
		"threads, when files are read to their end (default: 1)"),

	CLI_MANUAL("How lines are joined"),
	CLI_STR(0, "event-start", "RE", &args.start,
		"a line that begins an event"),
	CLI_STR(0, "event-continues", "RE", &args.go_on,
		"a line that belongs to the event before it"),
	CLI_STR(0, "event-end", "RE", &args.end, "a line that ends an event"),
	CLI_STR(0, "session", "RE", &args.session,
		"lines of which the first group is the same are one event"),

	CLI_MANUAL("More about patterns"),
	CLI_LIST(0, "pack", "NAME", &args.packs,
		"this pack instead of all that are installed"),
	CLI_FLAG(0, "all", &args.all, "also write each line, as an event"),
	CLI_STR(0, "max-rate", "N/TIME", &args.max_rate,
		"of one pattern write so many in that time, and fold the rest"),
	CLI_CHOICE(0, "engine", "NAME", &args.engine, engines,
		"how lines are found (default: literal)"),
	CLI_FLAG(0, "stats", &args.stats,
		"say at the end what was read and found, and what it took"),

	CLI_MANUAL("Patterns in the store"),
	CLI_STR(0, "add-pattern", "ID", &args.add_pattern,
		"add a pattern, or replace the one of that id"),
	CLI_LIST(0, "match", "RE", &args.match, "what it matches"),
	CLI_LIST(0, "except", "RE", &args.except, "what it does not match"),
	CLI_CHOICE(0, "severity", "LEVEL", &args.severity, severity_names,
		"how bad it is; with --recent, that or worse"),
	CLI_STR(0, "category", "NAME", &args.category, "what it is about"),
	CLI_STR(0, "title", "TEXT", &args.title, "with ${capture} in it"),
	CLI_STR(0, "when", "CONDITION", &args.when,
		"such as '3 times within 5m by host'"),
	CLI_LIST(0, "key", "FIELD", &args.keys,
		"what tells its incidents apart (default: service)"),
	CLI_LIST(0, "tag", "TAG", &args.tags, "a tag of its detections"),
	CLI_STR(0, "remove-pattern", "ID", &args.remove_pattern,
		"remove a pattern from the store"),

	CLI_MANUAL("With --recent and --statistics"),
	CLI_STR(0, "pattern", "ID", &args.pattern, "of that pattern"),
	CLI_STR(0, "host", "NAME", &args.host, "of that host"),
	CLI_STR(0, "text", "TEXT", &args.text, "with that text"),
	CLI_CHOICE(0, "by", "WHAT", &args.by, sightings_by_names,
		"count by that (default: pattern)"),
	CLI_INT(0, "limit", "N", &args.limit, 0, LIMIT_MAX,
		"at most so many (default: 50; 0: all)"),
	CLI_LAST,
};

static const struct cli_exit exits[] = {
	{0, "something was detected; with other things to do: done"},
	{1, "nothing was detected; what was tested does not hold"},
	{2, "wrong usage, configuration or pattern"},
	{3, "some input was bad and was skipped"},
	{4, "a file or the store cannot be read or written"},
	{5, "refused: a file that grants power has unsafe permissions"},
	{75, "something remote failed; trying again may help"},
	{0, NULL},
};

static const struct cli_example examples[] = {
	{"oncall-monitor /var/log/app.log | jq -r .title",
	 "what is wrong, as far as this log says"},
	{"oncall-monitor --follow --cursor main /var/log/app.log | oncall-incident open",
	 "turn what is detected into incidents, through restarts"},
	{"oncall-monitor --test-pattern 'usage (?<usage>\\d+)%' /var/log/app.log",
	 "try an expression"},
	{"oncall-monitor --explain /var/log/app.log",
	 "say why lines match or do not"},
	{"oncall-monitor --add-pattern door --match 'door is open' --severity high",
	 "look for something of your own from now on"},
	{"oncall-monitor --statistics --by service --since 24h",
	 "which services were in trouble today"},
	{NULL, NULL},
};
/* clang-format on */

/* What is to be done; more than one thing at a time is none. */
static int choose(int *ret, struct err *err)
{
	const bool asked[] = {args.explain,
			      args.test_pattern != NULL,
			      args.check,
			      args.list_patterns,
			      args.add_pattern != NULL,
			      args.remove_pattern != NULL,
			      args.recent,
			      args.statistics,
			      args.probe};
	int count = 0;

	*ret = -1;
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (asked[i]) {
			*ret = (int)i;
			count++;
		}
	if (count > 1)
		return err_set(err, ERR_USAGE,
			       "only one of --explain, --test-pattern, "
			       "--check, --list-patterns, --add-pattern, "
			       "--remove-pattern, --recent, --statistics "
			       "and --probe can be done at a time");
	return 0;
}

/* What would be left out of account is said, instead of looking as if it had
 * been done. */
static int check_belongs(struct err *err)
{
	const bool adds = args.add_pattern != NULL;
	const bool asks = args.recent || args.statistics;
	static const char *const asking = "--recent or --statistics";
	const struct {
		const char *option;
		bool given, there;
		const char *needs;
	} rules[] = {
		{"--match", args.match.count, adds, "--add-pattern"},
		{"--except", args.except.count, adds, "--add-pattern"},
		{"--title", args.title, adds, "--add-pattern"},
		{"--when", args.when, adds, "--add-pattern"},
		{"--key", args.keys.count, adds, "--add-pattern"},
		{"--tag", args.tags.count, adds, "--add-pattern"},
		{"--category", args.category, adds || asks,
		 "--add-pattern, --recent or --statistics"},
		{"--severity", args.severity, adds || asks,
		 "--add-pattern, --recent or --statistics"},
		{"--pattern", args.pattern, asks, asking},
		{"--host", args.host, asks, asking},
		{"--text", args.text, asks, asking},
		{"--limit", args.limit >= 0, asks, asking},
		{"--by", args.by, args.statistics, "--statistics"},
		{"--from-end", args.from_end, args.follow, "--follow"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].given && !rules[i].there)
			return err_set(err, ERR_USAGE, "%s needs %s",
				       rules[i].option, rules[i].needs);
	if (args.since != WHEN_NONE && args.until != WHEN_NONE &&
	    args.since > args.until)
		return err_set(err, ERR_USAGE, "--since is later than --until");
	return 0;
}

static int run(int argc, char **argv, struct err *err)
{
	int what;

	if (choose(&what, err) < 0 || check_belongs(err) < 0)
		return -1;
	if (what > 2 && what < 8 && argc)
		return err_set(err, ERR_USAGE, "'%s': no file is read for that",
			       argv[0]);
	switch (what) {
	case 0:
		return explain_run(argc, argv, err);
	case 1:
		return test_run(argc, argv, err);
	case 2:
		return check_run(argc, argv, err);
	case 3:
		return list_run(err);
	case 4:
		return add_run(err);
	case 5:
		return remove_run(err);
	case 6:
		return recent_run(err);
	case 7:
		return statistics_run(err);
	case 8:
		return probe_run(argc, argv, err);
	default:
		return watch_run(argc, argv, err);
	}
}

static const struct cli_command commands[] = {
	{NULL, "[FILE...]",
	 "detect what is wrong in logs, and write detection records", opts,
	 CLI_CONFIG | CLI_STORE | CLI_REPLAY | CLI_LISTS | CLI_ACTOR, 0, -1,
	 run, false},
	{.name = NULL},
};

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "oncall-monitor",
		.summary = "detect what is wrong in logs",
		.commands = commands,
		.exits = exits,
		.examples = examples,
	};

	return cli_main(&tool, argc, argv);
}
