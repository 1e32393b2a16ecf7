/* cli-complete-zsh.c - completion for zsh, by _arguments. */
#include "cli-internal.h"

/* What stands between single quotes; _arguments wants some escaped. */
static void add_quoted(struct buf *out, const char *text, const char *escaped)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_add_str(out, "'\\'");
		else if (strchr(escaped, *text))
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
}

static void add_value(struct buf *out, const struct cli_opt *opt)
{
	buf_add_char(out, ':');
	add_quoted(out, opt->arg, ":\\");
	if (opt->kind == CLI_KIND_CHOICE) {
		buf_add_str(out, ":(");
		for (size_t i = 0; opt->choices[i]; i++)
			buf_addf(out, "%s%s", i ? " " : "", opt->choices[i]);
		buf_add_char(out, ')');
	} else {
		buf_add_str(out, cli_takes_file(opt->arg) ? ":_files" : ": ");
	}
}

/* '(-s --status)'{-s+,--status=}'[help]:STATUS:(open closed)' */
static void add_option(struct buf *out, const struct cli_opt *opt)
{
	const char *value = opt->arg ? "=" : "";
	bool again = opt->kind == CLI_KIND_LIST;

	if (opt->letter && again)
		buf_addf(out, "'*'{-%c+,--%s=}'[", opt->letter, opt->name);
	else if (opt->letter)
		buf_addf(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", opt->letter,
			 opt->name, opt->letter, opt->arg ? "+" : "", opt->name,
			 value);
	else
		buf_addf(out, "'%s--%s%s[", again ? "*" : "", opt->name, value);
	add_quoted(out, opt->help, "[]\\");
	buf_add_char(out, ']');
	if (opt->arg)
		add_value(out, opt);
	buf_add_char(out, '\'');
}

/* The standard options of every command, in an array. */
static void add_common(struct buf *out, const struct cli_tool *tool)
{
	struct cli_options list;

	cli_options_of(&list, tool->commands);
	buf_add_str(out, "\tlocal -a common=(\n");
	for (size_t i = 0; i < list.count; i++) {
		if (cli_opt_is_group(list.opts[i]) ||
		    !cli_is_common(list.opts[i]))
			continue;
		buf_add_str(out, "\t\t");
		add_option(out, list.opts[i]);
		buf_add_char(out, '\n');
	}
	buf_add_str(out, "\t)\n");
}

static void add_arguments(struct buf *out, const struct cli_command *cmd,
			  const char *indent)
{
	struct cli_options list;

	cli_options_of(&list, cmd);
	buf_addf(out, "%s_arguments -S $common \\\n", indent);
	for (size_t i = 0; i < list.count; i++) {
		if (cli_opt_is_group(list.opts[i]) ||
		    cli_is_common(list.opts[i]))
			continue;
		buf_addf(out, "%s\t", indent);
		add_option(out, list.opts[i]);
		buf_add_str(out, " \\\n");
	}
	buf_addf(out, "%s\t'*:operand:%s'", indent,
		 cli_takes_file(cmd->operands) ? "_files" : " ");
}

static void add_names(struct buf *out, const struct cli_tool *tool)
{
	buf_add_str(out, "\tlocal -a names=(\n");
	for (const struct cli_command *c = tool->commands; c->run; c++) {
		if (c->hidden)
			continue;
		buf_addf(out, "\t\t'%s:", c->name);
		add_quoted(out, c->summary, ":\\");
		buf_add_str(out, "'\n");
	}
	buf_add_str(out, "\t)\n");
	if (tool->fallback)
		buf_addf(out, "\tnames+=(${${(k)commands[(I)%s-*]}#%s-})\n",
			 tool->name, tool->name);
}

static void add_commands(struct buf *out, const struct cli_tool *tool)
{
	add_names(out, tool);
	buf_add_str(out, "\t_arguments -C -S $common \\\n"
			 "\t\t'1:command:->command' \\\n"
			 "\t\t'*::operand:->operands'\n"
			 "\tcase $state in\n"
			 "\tcommand)\n"
			 "\t\t_describe command names ;;\n"
			 "\toperands)\n"
			 "\t\tcase $words[1] in\n");
	for (const struct cli_command *c = tool->commands; c->run; c++) {
		if (c->hidden)
			continue;
		buf_addf(out, "\t\t%s)\n", c->name);
		add_arguments(out, c, "\t\t\t");
		buf_add_str(out, " ;;\n");
	}
	if (tool->fallback)
		buf_addf(out,
			 "\t\t*)\n\t\t\twords[1]=%s-$words[1]\n"
			 "\t\t\t_normal ;;\n",
			 tool->name);
	buf_add_str(out, "\t\tesac ;;\n\tesac\n");
}

void cli_complete_zsh(struct buf *out, const struct cli_tool *tool)
{
	buf_addf(out,
		 "#compdef %s\n# made by: %s --help=zsh\n\n"
		 "_%s() {\n"
		 "\tlocal curcontext=$curcontext state line\n"
		 "\tlocal -A opt_args\n",
		 tool->name, tool->name, tool->name);
	add_common(out, tool);
	if (cli_tool_is_plain(tool)) {
		add_arguments(out, tool->commands, "\t");
		buf_add_char(out, '\n');
	} else {
		add_commands(out, tool);
	}
	buf_addf(out, "}\n\n_%s \"$@\"\n", tool->name);
}
