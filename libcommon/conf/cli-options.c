/* cli-options.c - the standard options, described once for every program. */
#include <oncall/cli.h>
#include <oncall/record.h>

#include <assert.h>

#include "cli-internal.h"

/* A longer limit would only be a way to run out of memory. */
#define MAX_LINE_MIN 64
#define MAX_LINE_MAX ((int64_t)1024 * 1024 * 1024)

struct cli_standard cli_standard;

static const char *const log_formats[] = {"text", "json", NULL};

static const struct {
	unsigned needs; /* 0: every command takes it */
	struct cli_opt opt;
} standard[] = {
	/* clang-format off */
	{0, CLI_GROUP("Standard options")},
	{CLI_LISTS, CLI_FLAG(0, "json", &cli_standard.json,
		"write records, also to a terminal")},
	{CLI_LISTS, CLI_FLAG(0, "table", &cli_standard.table,
			      "write what people read, also where no terminal is")},
	{CLI_ACTOR, CLI_STR(0, "as", "USER", &cli_standard.as,
		"act for USER (only for configured relays)")},
	{CLI_FILTER, CLI_FLAG(0, "strict", &cli_standard.strict,
		"stop at the first bad record")},
	{CLI_FILTER, CLI_INT(0, "max-line", "N", &cli_standard.max_line,
		MAX_LINE_MIN, MAX_LINE_MAX,
		"longest record in bytes (default: 16777216)")},
	{CLI_FILTER, CLI_FLAG(0, "errors-as-records",
		&cli_standard.errors_as_records,
		"also write bad input as error records")},
	{CLI_REPLAY, CLI_FLAG(0, "replay", &cli_standard.replay,
		"take the time from the records")},
	{CLI_CONFIG, CLI_STR(0, "config", "FILE", &cli_standard.config,
		"read FILE instead of the usual files")},
	{CLI_STORE, CLI_STR(0, "store", "ADDRESS", &cli_standard.store,
		"a database file, or postgresql://...")},
	{0, CLI_STR(0, "now", "TIME", &cli_standard.now,
		"the time to act at, instead of the clock's")},
	{0, CLI_CHOICE(0, "log-format", "FORM", &cli_standard.log_format,
		log_formats, "form of the diagnostics")},
	{0, CLI_FLAG('v', "verbose", &cli_standard.verbose,
		"say more; twice: everything")},
	{0, CLI_FLAG('q', "quiet", &cli_standard.quiet,
		"say only what went wrong")},
	{0, CLI_FLAG('h', "help", &cli_standard.help,
		"show this help")},
	{0, CLI_FLAG(0, "version", &cli_standard.version,
		"show the version")},
	/* clang-format on */
};

static const struct cli_exit standard_exits[] = {
	{0, "done; for a question, the answer is yes"},
	{1, "done; the answer is no"},
	{2, "wrong usage or configuration"},
	{3, "some input was bad and was skipped"},
	{4, "the system or the store failed"},
	{5, "refused: policy, missing approval, or unsafe file permissions"},
	{75, "not now: something remote failed, trying again may help"},
	{0, NULL},
};

bool cli_opt_is_group(const struct cli_opt *opt)
{
	return opt->kind == CLI_KIND_GROUP;
}

static void list_add(struct cli_options *list, const struct cli_opt *opt)
{
	assert(list->count < CLI_OPTIONS_MAX);
	list->opts[list->count++] = opt;
}

void cli_options_standard(struct cli_options *list, unsigned needs)
{
	for (size_t i = 0; i < ARRAY_LEN(standard); i++)
		if (!standard[i].needs || (standard[i].needs & needs))
			list_add(list, &standard[i].opt);
}

void cli_options_own(struct cli_options *list, const struct cli_command *cmd)
{
	for (const struct cli_opt *o = cmd->opts; o && o->kind != CLI_END; o++)
		list_add(list, o);
}

void cli_options_of(struct cli_options *list, const struct cli_command *cmd)
{
	list->count = 0;
	cli_options_own(list, cmd);
	cli_options_standard(list, cli_needs_of(cmd));
}

const struct cli_opt *cli_options_find(const struct cli_options *list,
				       const char *name, char letter)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cli_opt *o = list->opts[i];

		if (cli_opt_is_group(o))
			continue;
		if (name ? !strcmp(o->name, name)
			 : letter && o->letter == letter)
			return o;
	}
	return NULL;
}

unsigned cli_needs_of(const struct cli_command *cmd)
{
	/* The address of the store may stand in the configuration. */
	return cmd->needs & CLI_STORE ? cmd->needs | CLI_CONFIG : cmd->needs;
}

unsigned cli_needs_of_tool(const struct cli_tool *tool)
{
	unsigned needs = 0;

	for (const struct cli_command *c = tool->commands; c->run; c++)
		needs |= cli_needs_of(c);
	return needs;
}

bool cli_is_standard(const struct cli_opt *opt)
{
	for (size_t i = 0; i < ARRAY_LEN(standard); i++)
		if (opt == &standard[i].opt)
			return true;
	return false;
}

bool cli_is_common(const struct cli_opt *opt)
{
	for (size_t i = 0; i < ARRAY_LEN(standard); i++)
		if (opt == &standard[i].opt)
			return !standard[i].needs;
	return false;
}

/* A placeholder says whether the names of files can be completed. */
bool cli_takes_file(const char *placeholder)
{
	return placeholder &&
	       (strstr(placeholder, "FILE") || strstr(placeholder, "DIR") ||
		strstr(placeholder, "PATH"));
}

bool cli_tool_is_plain(const struct cli_tool *tool)
{
	return tool->commands[0].run && !tool->commands[0].name;
}

const struct cli_command *cli_command_find(const struct cli_tool *tool,
					   const char *name)
{
	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (c->name && !strcmp(c->name, name))
			return c;
	return NULL;
}

const struct cli_exit *cli_exits_of(const struct cli_tool *tool)
{
	return tool->exits ? tool->exits : standard_exits;
}
