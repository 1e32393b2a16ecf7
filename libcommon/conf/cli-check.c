/* cli-check.c - whether a program's table keeps the rules. */
#include <oncall/mem.h>
#include <oncall/utf8.h>

#include <ctype.h>

#include "cli-internal.h"

#define EXAMPLE_COLUMNS 78 /* --help indents them by two */
#define SUMMARY_COLUMNS 60
#define SCREEN_MIN	5

/* Text that stands in a line: begins in lower case, or with a name in capitals
 * or a sign, has no full stop, and is not empty. */
static int check_text(const char *what, const char *text, struct err *err)
{
	size_t n = text ? strlen(text) : 0;

	if (n == 0)
		return err_set(err, ERR_USAGE, "%s: there is no text", what);
	if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1]))
		return err_set(err, ERR_USAGE,
			       "%s: begins with a capital letter", what);
	if (text[n - 1] == '.' && (n < 3 || text[n - 2] != '.'))
		return err_set(err, ERR_USAGE, "%s: ends in a full stop", what);
	if (strchr(text, '\n'))
		return err_set(err, ERR_USAGE, "%s: has more than one line",
			       what);
	return 0;
}

static bool is_name(const char *name)
{
	return name && islower((unsigned char)*name) &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

static int check_opt_kind(const struct cli_opt *o, struct err *err)
{
	bool flag = o->kind == CLI_KIND_FLAG;

	if (!is_name(o->name))
		return err_set(err, ERR_USAGE, "--%s: not a name", o->name);
	if (!o->dst)
		return err_set(err, ERR_USAGE, "--%s: goes nowhere", o->name);
	if (flag != !o->arg)
		return err_set(err, ERR_USAGE,
			       "--%s: a placeholder and a value come together",
			       o->name);
	if (o->kind == CLI_KIND_INT && o->min >= o->max)
		return err_set(err, ERR_USAGE, "--%s: no range", o->name);
	if ((o->kind == CLI_KIND_CHOICE) != (o->choices && o->choices[0]))
		return err_set(err, ERR_USAGE,
			       "--%s: choices and their kind come together",
			       o->name);
	return check_text(o->name, o->help, err);
}

static int check_opts(const struct cli_options *list, struct err *err)
{
	struct cli_options seen = {.count = 0};

	for (size_t i = 0; i < list->count; i++) {
		const struct cli_opt *o = list->opts[i];

		if (cli_opt_is_group(o)) {
			if (!o->help || !*o->help)
				return err_set(err, ERR_USAGE,
					       "a group without a name");
			continue;
		}
		if (check_opt_kind(o, err) < 0)
			return -1;
		if (cli_options_find(&seen, o->name, 0))
			return err_set(err, ERR_USAGE, "--%s stands twice",
				       o->name);
		if (o->letter && cli_options_find(&seen, NULL, o->letter))
			return err_set(err, ERR_USAGE,
				       "the letter '%c' stands twice",
				       o->letter);
		seen.opts[seen.count++] = o;
	}
	return 0;
}

static int check_screen(const struct buf *help, struct err *err)
{
	size_t lines = 0;

	for (const char *p = buf_str(help); *p; lines++) {
		size_t n = strcspn(p, "\n");

		if (utf8_width(p, n) > CLI_COLUMNS)
			return err_set(err, ERR_USAGE,
				       "--help: wider than %d columns: '%.*s'",
				       CLI_COLUMNS, (int)n, p);
		p += n + (p[n] == '\n');
	}
	if (lines < SCREEN_MIN || lines > CLI_SCREEN_LINES)
		return err_set(err, ERR_USAGE,
			       "--help: %zu lines do not fit a screen", lines);
	return 0;
}

/* Operands that are missing are named, so the numbers must fit the text. */
static int check_operands(const struct cli_command *cmd, struct err *err)
{
	if (!cmd->operands || (cmd->max_operands == 0) != !*cmd->operands)
		return err_set(err, ERR_USAGE,
			       "operands have a name where there are any");
	if (cmd->min_operands < 0 ||
	    (cmd->max_operands >= 0 && cmd->max_operands < cmd->min_operands))
		return err_set(err, ERR_USAGE,
			       "more operands are needed than allowed");
	return 0;
}

static int check_command(const struct cli_tool *tool,
			 const struct cli_command *cmd, struct err *err)
{
	AUTO_BUF struct buf help = BUF_INIT;
	struct cli_options list;

	if (!cli_tool_is_plain(tool) && !is_name(cmd->name))
		return err_set(err, ERR_USAGE, "not a name");
	if (cmd->name && cli_command_find(tool, cmd->name) != cmd)
		return err_set(err, ERR_USAGE, "stands twice");
	cli_options_of(&list, cmd);
	if (check_text("summary", cmd->summary, err) < 0 ||
	    check_operands(cmd, err) < 0 || check_opts(&list, err) < 0)
		return -1;
	cli_help_command(&help, tool, cmd);
	return check_screen(&help, err);
}

/* An option may stand before its command, so whether a value follows it must
 * not depend on the command. */
static int check_same_meaning(const struct cli_tool *tool, struct err *err)
{
	for (const struct cli_command *a = tool->commands; a->run; a++)
		for (const struct cli_command *b = a + 1; b->run; b++) {
			struct cli_options first, second;

			cli_options_of(&first, a);
			cli_options_of(&second, b);
			for (size_t i = 0; i < first.count; i++) {
				const struct cli_opt *o = first.opts[i], *same;

				if (cli_opt_is_group(o))
					continue;
				same = cli_options_find(&second, o->name, 0);
				if (same && !same->arg != !o->arg)
					return err_set(
						err, ERR_USAGE,
						"--%s takes a value in one of "
						"'%s' and '%s' only",
						o->name, a->name, b->name);
			}
		}
	return 0;
}

static int check_examples(const struct cli_tool *tool, struct err *err)
{
	const struct cli_example *e = tool->examples;
	size_t count = 0;

	for (; e && e->command; e++, count++) {
		if (!strstr(e->command, tool->name))
			return err_set(err, ERR_USAGE,
				       "example '%s': does not show '%s'",
				       e->command, tool->name);
		if (utf8_width(e->command, strlen(e->command)) >
		    EXAMPLE_COLUMNS)
			return err_set(err, ERR_USAGE, "example '%s': too long",
				       e->command);
		if (check_text(e->command, e->shows, err) < 0)
			return -1;
	}
	if (count < 2)
		return err_set(err, ERR_USAGE, "too few examples");
	return 0;
}

static int check_exits(const struct cli_tool *tool, struct err *err)
{
	int last = -1;

	for (const struct cli_exit *e = cli_exits_of(tool); e->meaning; e++) {
		if (e->status <= last)
			return err_set(err, ERR_USAGE,
				       "exit status %d: out of order",
				       e->status);
		if (check_text("exit status", e->meaning, err) < 0)
			return -1;
		last = e->status;
	}
	return last < 0 ? err_set(err, ERR_USAGE, "no exit status") : 0;
}

int cli_check(const struct cli_tool *tool, struct err *err)
{
	AUTO_BUF struct buf help = BUF_INIT;

	if (check_text("summary", tool->summary, err) < 0)
		return -1;
	if (strlen(tool->summary) > SUMMARY_COLUMNS)
		return err_set(err, ERR_USAGE, "summary: too long");
	if (tool->usual && !cli_command_find(tool, tool->usual))
		return err_set(err, ERR_USAGE, "there is no command '%s'",
			       tool->usual);
	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (check_command(tool, c, err) < 0)
			return err_prefix(err, "%s", c->name ? c->name : "-");
	if (check_same_meaning(tool, err) < 0 ||
	    check_examples(tool, err) < 0 || check_exits(tool, err) < 0)
		return -1;
	cli_help_tool(&help, tool);
	return check_screen(&help, err);
}
