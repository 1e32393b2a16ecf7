/* cli-help.c - --help for people: a screen a program, a screen a command. */
#include <oncall/mem.h>
#include <oncall/utf8.h>

#include "cli-internal.h"

#define HELP_COLUMN   28 /* where the descriptions of options begin */
#define TOOL_EXAMPLES 3
#define MIN_GAP	      2

void cli_help_wrap(struct buf *out, const char *text, size_t column,
		   size_t indent)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > indent && column + 1 + n > CLI_COLUMNS) {
			buf_addf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_add_char(out, ' ');
			column++;
		}
		buf_add(out, text, n);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	buf_add_char(out, '\n');
}

/* "  name   text", the text wrapped in its own column. */
static void add_pair(struct buf *out, const char *name, const char *text,
		     size_t column)
{
	size_t used = 2 + utf8_width(name, strlen(name));

	buf_addf(out, "  %s", name);
	if (used + MIN_GAP > column) {
		buf_add_char(out, '\n');
		used = 0;
	}
	buf_addf(out, "%*s", (int)(column - used), "");
	cli_help_wrap(out, text, column, column);
}

static void add_option(struct buf *out, const struct cli_opt *opt)
{
	AUTO_BUF struct buf name = BUF_INIT;
	AUTO_BUF struct buf text = BUF_INIT;

	if (opt->letter)
		buf_addf(&name, "-%c, ", opt->letter);
	else
		buf_add_str(&name, "    ");
	buf_addf(&name, "--%s%s%s", opt->name, opt->arg ? " " : "",
		 opt->arg ? opt->arg : "");
	buf_add_str(&text, opt->help);
	for (size_t i = 0; opt->kind == CLI_KIND_CHOICE && opt->choices[i]; i++)
		buf_addf(&text, "%s%s%s", i ? ", " : ": ", opt->choices[i], "");
	add_pair(out, buf_str(&name), buf_str(&text), HELP_COLUMN);
}

static void add_options(struct buf *out, const struct cli_command *cmd,
			const char *name)
{
	struct cli_options list;
	bool shown = true, more = false;

	cli_options_of(&list, cmd);
	for (size_t i = 0; i < list.count; i++) {
		const struct cli_opt *o = list.opts[i];

		if (cli_opt_is_group(o)) {
			shown = !o->manual;
			more |= o->manual;
			if (shown)
				buf_addf(out, "\n%s:\n", o->help);
		} else if (shown) {
			add_option(out, o);
		}
	}
	if (more)
		buf_addf(out, "\nMore options: man %s\n", name);
}

static void add_usage(struct buf *out, const struct cli_tool *tool,
		      const struct cli_command *cmd)
{
	buf_addf(out, "Usage: %s", tool->name);
	if (cmd->name)
		buf_addf(out, " %s", cmd->name);
	buf_addf(out, " [OPTION...]%s%s\n", *cmd->operands ? " " : "",
		 cmd->operands);
}

bool cli_example_shows(const struct cli_tool *tool, size_t i,
		       const struct cli_command *cmd)
{
	const char *at = tool->examples[i].command;
	AUTO_FREE char *call = NULL;

	if (!cmd->name)
		return true;
	call = mem_printf("%s %s", tool->name, cmd->name);
	for (; (at = strstr(at, call)); at += strlen(call))
		if (!at[strlen(call)] || at[strlen(call)] == ' ')
			return true;
	return false;
}

/* cmd NULL: of all commands. */
static void add_examples(struct buf *out, const struct cli_tool *tool,
			 const struct cli_command *cmd)
{
	size_t shown = 0;

	for (size_t i = 0; tool->examples && tool->examples[i].command; i++) {
		if (cmd && !cli_example_shows(tool, i, cmd))
			continue;
		if (shown == TOOL_EXAMPLES)
			break;
		if (shown++ == 0)
			buf_add_str(out, "\nExamples:\n");
		buf_addf(out, "  # %s\n  %s\n", tool->examples[i].shows,
			 tool->examples[i].command);
	}
}

static size_t command_column(const struct cli_tool *tool)
{
	size_t widest = 0;

	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (!c->hidden && strlen(c->name) > widest)
			widest = strlen(c->name);
	return 2 + widest + MIN_GAP;
}

void cli_help_tool(struct buf *out, const struct cli_tool *tool)
{
	size_t column;

	if (cli_tool_is_plain(tool)) {
		cli_help_command(out, tool, tool->commands);
		return;
	}
	column = command_column(tool);
	buf_addf(out, "%s - %s\n\n", tool->name, tool->summary);
	buf_addf(out, "Usage: %s %s [OPTION...] [OPERAND...]\n", tool->name,
		 tool->usual ? "[COMMAND]" : "COMMAND");
	buf_addf(out, "       %s [COMMAND] --help | --version\n", tool->name);
	buf_add_str(out, "\nCommands:\n");
	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (!c->hidden)
			add_pair(out, c->name, c->summary, column);
	if (tool->usual)
		buf_addf(out, "\nWithout a command it is '%s'.\n", tool->usual);
	add_examples(out, tool, NULL);
	buf_addf(out, "\n'%s COMMAND --help' tells more about a command.\n",
		 tool->name);
}

void cli_help_command(struct buf *out, const struct cli_tool *tool,
		      const struct cli_command *cmd)
{
	add_usage(out, tool, cmd);
	buf_add_char(out, '\n');
	cli_help_wrap(out, cmd->summary, 0, 0);
	add_options(out, cmd, tool->name);
	add_examples(out, tool, cmd);
}
