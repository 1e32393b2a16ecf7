/* cli-internal.h - what the parts of cli share. */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include <oncall/buf.h>
#include <oncall/cli.h>

#define CLI_COLUMNS	 80
#define CLI_SCREEN_LINES 50
#define CLI_OPTIONS_MAX	 96 /* of one command, standard ones included */
#define CLI_NEEDS_ALL	 (~0U)

/* Where the standard options go. */
struct cli_standard {
	bool help;
	const char *help_form; /* of --help=FORM */
	bool version;
	bool verbose;
	int verbosity; /* how often --verbose was given */
	bool quiet;
	const char *config;
	const char *store;
	const char *now;
	const char *log_format;
	bool strict;
	int64_t max_line;
	bool errors_as_records;
	bool replay;
	bool json;
	bool table;
	const char *as;
};

extern struct cli_standard cli_standard;

/* The options of a command in the order of --help, headings included. */
struct cli_options {
	const struct cli_opt *opts[CLI_OPTIONS_MAX];
	size_t count;
};

/* What a command line says. */
struct cli_line {
	const struct cli_command *command; /* NULL: none was named */
	bool fallback;	 /* operands[0] is for the tool's fallback */
	char **operands; /* ended by NULL */
	int count;
};

bool cli_opt_is_group(const struct cli_opt *opt);
void cli_options_standard(struct cli_options *list, unsigned needs);
void cli_options_own(struct cli_options *list, const struct cli_command *cmd);
void cli_options_of(struct cli_options *list, const struct cli_command *cmd);
/* By whole name, or by letter when name is NULL. */
const struct cli_opt *cli_options_find(const struct cli_options *list,
				       const char *name, char letter);
unsigned cli_needs_of(const struct cli_command *cmd);
unsigned cli_needs_of_tool(const struct cli_tool *tool);
bool cli_is_standard(const struct cli_opt *opt);
bool cli_is_common(const struct cli_opt *opt); /* every command takes it */
bool cli_takes_file(const char *placeholder);
bool cli_tool_is_plain(const struct cli_tool *tool);
const struct cli_command *cli_command_find(const struct cli_tool *tool,
					   const char *name);
const struct cli_exit *cli_exits_of(const struct cli_tool *tool);

int cli_parse(const struct cli_tool *tool, int argc, char **argv,
	      struct cli_line *ret, struct err *err) MUST_CHECK;
int cli_value_set(const struct cli_opt *opt, const char *text, struct err *err)
	MUST_CHECK;

void cli_help_tool(struct buf *out, const struct cli_tool *tool);
void cli_help_command(struct buf *out, const struct cli_tool *tool,
		      const struct cli_command *cmd);
/* Whether example i of the tool shows the command. */
bool cli_example_shows(const struct cli_tool *tool, size_t i,
		       const struct cli_command *cmd);
/* Words of text from column on, wrapped and indented to indent. */
void cli_help_wrap(struct buf *out, const char *text, size_t column,
		   size_t indent);
/* The forms of --help=FORM. */
int cli_emit(struct buf *out, const struct cli_tool *tool, const char *form,
	     struct err *err) MUST_CHECK;
void cli_mdoc_synopsis(struct buf *out, const struct cli_tool *tool);
void cli_mdoc_options(struct buf *out, const struct cli_tool *tool);
void cli_mdoc_commands(struct buf *out, const struct cli_tool *tool);
void cli_mdoc_exits(struct buf *out, const struct cli_tool *tool);
void cli_mdoc_examples(struct buf *out, const struct cli_tool *tool);
void cli_mdoc_environment(struct buf *out, const struct cli_tool *tool);
void cli_json(struct buf *out, const struct cli_tool *tool);
void cli_complete_bash(struct buf *out, const struct cli_tool *tool);
void cli_complete_zsh(struct buf *out, const struct cli_tool *tool);
void cli_complete_fish(struct buf *out, const struct cli_tool *tool);

#endif
