/* monitor.h - what the parts of oncall-monitor share. */
#ifndef MONITOR_H
#define MONITOR_H

#include <oncall/cli.h>
#include <oncall/detector.h>
#include <oncall/input.h>
#include <oncall/store.h>

struct monitor_args {
	/* what is read */
	bool follow, from_end, journal, docker, cri, no_inotify;
	struct cli_list sources, units;
	const char *syslog, *elasticsearch, *index, *query, *time_field;
	const char *format, *service, *cursor;
	int64_t since, until, duration, max_line, jobs;
	/* how lines are joined */
	const char *multiline, *start, *go_on, *end, *session;
	/* what is looked for */
	struct cli_list patterns, packs;
	bool no_default_packs;
	const char *engine, *max_rate;
	bool all;
	/* other things to do */
	const char *test_pattern, *add_pattern, *remove_pattern;
	bool check, explain, list_patterns, recent, statistics, probe, stats;
	/* of --add-pattern */
	struct cli_list match, except, tags, keys;
	const char *category, *title, *when, *severity;
	/* of --recent, --statistics */
	const char *pattern, *host, *text, *by;
	int64_t limit;
};

extern struct monitor_args args;

/* Each is one of the things that the program can do. */
int watch_run(int argc, char **argv, struct err *err);
int explain_run(int argc, char **argv, struct err *err);
int test_run(int argc, char **argv, struct err *err);
int check_run(int argc, char **argv, struct err *err);
int list_run(struct err *err);
int add_run(struct err *err);
int remove_run(struct err *err);
int recent_run(struct err *err);
int statistics_run(struct err *err);
int probe_run(int argc, char **argv, struct err *err);

/* inputs.c: the input that options and operands ask for. */
struct inputs_trouble {
	void (*tell)(void *arg, const struct err *err);
	void *arg;
};
int inputs_open(struct input **ret, int argc, char **argv,
		const struct inputs_trouble *trouble, struct err *err);

/* rules.c: the rules that options and configuration ask for, and a detector of
 * them. A second time, what cannot be read is an error, so that it is not taken
 * for something that was removed. */
struct ruleset {
	struct packs packs;
	struct detector *d;
};
int rules_open(struct ruleset **ret, bool again,
	       const struct inputs_trouble *trouble, struct err *err);
void rules_close(struct ruleset *r);
int rules_load(struct packs *p, struct err *err);
/* The options of a detector, without trouble. */
int rules_options(struct detector_options *opt, struct err *err);

/* stats.c */
void stats_print(const struct detector *d, int64_t took_ms, struct buf *out);

#endif
