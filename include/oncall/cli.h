/*
 * cli.h - one table a program, from which come the parsing, --help, --version,
 * the manual's OPTIONS, COMMANDS, EXIT STATUS and EXAMPLES, and the shell
 * completions. main() is one call of cli_main().
 */
#ifndef ONCALL_CLI_H
#define ONCALL_CLI_H

#include <oncall/config.h>
#include <oncall/filter.h>
#include <oncall/show.h>

enum cli_kind {
	CLI_END,
	CLI_KIND_GROUP,	   /* a heading in --help */
	CLI_KIND_FLAG,	   /* bool */
	CLI_KIND_STR,	   /* const char * */
	CLI_KIND_INT,	   /* int64_t, with a range */
	CLI_KIND_DURATION, /* int64_t milliseconds: 90s, 15m */
	CLI_KIND_TIME,	   /* int64_t: RFC 3339, or how long ago */
	CLI_KIND_CHOICE,   /* const char *, one of choices */
	CLI_KIND_LIST,	   /* struct cli_list: may be given again */
};

#define CLI_LIST_MAX 256

struct cli_list {
	const char *items[CLI_LIST_MAX];
	size_t count;
};

struct cli_opt {
	enum cli_kind kind;
	char letter; /* 0: long form only */
	const char *name;
	const char *arg;  /* placeholder, NULL for a flag */
	const char *help; /* one line, lower case, no full stop */
	void *dst;
	const char *const *choices;
	int64_t min, max;
	bool manual; /* of a heading: its options stand in the manual only */
};

/* A destination of the wrong type does not compile (both arms must agree). */
#define CLI_DST(type, d) (1 ? (d) : (type)0)
/* clang-format off */
#define CLI_FLAG(l, n, d, h) \
	{.kind = CLI_KIND_FLAG, .letter = (l), .name = (n), .help = (h), .dst = CLI_DST(bool *, d)}
#define CLI_STR(l, n, a, d, h) \
	{.kind = CLI_KIND_STR, .letter = (l), .name = (n), .arg = (a), .help = (h), .dst = CLI_DST(const char **, d)}
#define CLI_INT(l, n, a, d, lo, hi, h) \
	{.kind = CLI_KIND_INT, .letter = (l), .name = (n), .arg = (a), .help = (h), .dst = CLI_DST(int64_t *, d), .min = (lo), .max = (hi)}
#define CLI_DURATION(l, n, a, d, h) \
	{.kind = CLI_KIND_DURATION, .letter = (l), .name = (n), .arg = (a), .help = (h), .dst = CLI_DST(int64_t *, d)}
#define CLI_TIME(l, n, a, d, h) \
	{.kind = CLI_KIND_TIME, .letter = (l), .name = (n), .arg = (a), .help = (h), .dst = CLI_DST(int64_t *, d)}
#define CLI_CHOICE(l, n, a, d, c, h) \
	{.kind = CLI_KIND_CHOICE, .letter = (l), .name = (n), .arg = (a), .help = (h), .dst = CLI_DST(const char **, d), .choices = (c)}
#define CLI_LIST(l, n, a, d, h) \
	{.kind = CLI_KIND_LIST, .letter = (l), .name = (n), .arg = (a), .help = (h), .dst = CLI_DST(struct cli_list *, d)}
#define CLI_GROUP(h)  {.kind = CLI_KIND_GROUP, .help = (h)}
/* What is needed rarely would make --help longer than a screen. */
#define CLI_MANUAL(h) {.kind = CLI_KIND_GROUP, .help = (h), .manual = true}
#define CLI_LAST      {.kind = CLI_END}
/* clang-format on */

/* What a command works with: which standard options it takes, and what stands
 * ready when it is called. */
enum cli_needs {
	CLI_CONFIG = 1 << 0, /* cli_config(); --config */
	CLI_STORE =
		1 << 1, /* --store, and the address in cli_store_address() */
	CLI_FILTER = 1 << 2, /* --strict, --max-line, --errors-as-records */
	CLI_REPLAY = 1 << 3, /* --replay */
	CLI_LISTS = 1 << 4,  /* --json, --table: against what the output is */
	CLI_ACTOR = 1 << 5,  /* --as */
};

struct cli_exit {
	int status;
	const char *meaning;
};

struct cli_example {
	const char *command; /* one line for a shell; tests run it */
	const char *shows;   /* what it does, lower case, no full stop */
};

struct cli_command {
	const char *name;     /* NULL in the only entry of a plain program */
	const char *operands; /* "INCIDENT...", "" for none */
	const char *summary;  /* one line, lower case, no full stop */
	const struct cli_opt *opts; /* may be NULL */
	unsigned needs;
	int min_operands, max_operands; /* max -1: any number */
	/* Returns the exit status, or -1 with err. */
	int (*run)(int argc, char **argv, struct err *err);
	bool hidden;
};

struct cli_tool {
	const char *name;		    /* "oncall-incident" */
	const char *summary;		    /* the manual's NAME line */
	const struct cli_command *commands; /* ended by an entry without run */
	/* Ended by a NULL meaning; NULL: what the statuses always mean. */
	const struct cli_exit *exits;
	const struct cli_example *examples; /* ended by a NULL command */
	/* Called when no command has the given name (the front door); NULL: an
	 * error with a suggestion. */
	int (*fallback)(int argc, char **argv, struct err *err);
	/* The command that is meant when none is named, or a file stands in its
	 * place: of a filter with commands beside it. Or NULL. */
	const char *usual;
};

/*
 * The whole of main(): reads options and operands in any order, loads what the
 * command needs, runs it, prints the one error, and gives the exit status.
 * --help=FORM gives the table in other forms: mdoc-synopsis, mdoc-options,
 * mdoc-commands, mdoc-exits, mdoc-examples, mdoc-environment and mdoc-keys for
 * the manual, bash, zsh and fish for completion, json for programs; "check"
 * runs cli_check().
 */
int cli_main(const struct cli_tool *tool, int argc, char **argv);
/*
 * Whether the table keeps the rules: names and letters that stand once and take
 * a value in all commands or in none; placeholders where there are values;
 * texts that begin in lower case and have no full stop; help that fits a
 * screen. -1 and the first fault otherwise.
 */
int cli_check(const struct cli_tool *tool, struct err *err) MUST_CHECK;

/* Valid while a command runs. */
struct config *cli_config(void);
/* Reads it again, as it is by now; the caller frees it. */
int cli_config_again(struct config **ret, struct err *err) MUST_CHECK;
const char *cli_store_address(void); /* NULL: the default place */
const struct filter_options *cli_filter_options(void);
bool cli_replay(void);
/* Records rather than a table: --json, or standard output is no terminal and
 * there is no --table. */
bool cli_records(void);
const char *cli_as(void); /* --as, or NULL */
/* Appends the table as standard output can show it: to the width of a
 * terminal, in colour there, and in full where no terminal is. */
void cli_table(struct show_table *t, struct buf *out);

/* The name among choices (ended by NULL) that is nearest to what was typed, or
 * NULL when none is near. */
const char *cli_nearest(const char *typed, const char *const *choices);
/* A whole number in a range, all of the text. */
int cli_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret,
		  struct err *err) MUST_CHECK;

#endif
