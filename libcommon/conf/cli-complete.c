/* cli-complete.c - completion of commands, options, choices and files. */
#include <ctype.h>

#include "cli-internal.h"

/* The program's name as that of a function. */
static void add_identifier(struct buf *out, const char *name)
{
	for (; *name; name++)
		buf_add_char(out, isalnum((unsigned char)*name) ? *name : '_');
}

static void add_names(struct buf *out, const struct cli_tool *tool,
		      const char *separator)
{
	const char *between = "";

	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (!c->hidden && c->name) {
			buf_addf(out, "%s%s", between, c->name);
			between = separator;
		}
}

static void add_choices(struct buf *out, const struct cli_opt *opt)
{
	for (size_t i = 0; opt->choices[i]; i++)
		buf_addf(out, "%s%s", i ? " " : "", opt->choices[i]);
}

/* "list:--status|list:-s"; the standard options mean the same everywhere. */
static void bash_pattern(struct buf *out, const struct cli_command *cmd,
			 const struct cli_opt *opt)
{
	const char *name = cmd->name ? cmd->name : "";

	if (cli_is_standard(opt))
		name = "*";
	buf_addf(out, "%s:--%s", name, opt->name);
	if (opt->letter)
		buf_addf(out, "|%s:-%c", name, opt->letter);
}

static void bash_choices(struct buf *out, const struct cli_command *cmd,
			 const struct cli_options *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->opts[i]->kind != CLI_KIND_CHOICE)
			continue;
		buf_add_char(out, '\t');
		bash_pattern(out, cmd, list->opts[i]);
		buf_add_str(out, ")\n\t\twords='");
		add_choices(out, list->opts[i]);
		buf_add_str(out, "' kind=words ;;\n");
	}
}

/* The options whose values are files, or those about which nothing is known. */
static void bash_values(struct buf *out, const struct cli_command *cmd,
			const struct cli_options *list, bool files)
{
	bool any = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct cli_opt *o = list->opts[i];

		if (!o->arg || o->kind == CLI_KIND_CHOICE ||
		    cli_takes_file(o->arg) != files)
			continue;
		buf_add_char(out, any ? '|' : '\t');
		bash_pattern(out, cmd, o);
		any = true;
	}
	if (any)
		buf_addf(out, ")\n\t\tkind=%s ;;\n", files ? "files" : "none");
}

static void bash_all_values(struct buf *out, const struct cli_tool *tool)
{
	struct cli_options list = {.count = 0};

	for (const struct cli_command *c = tool->commands; c->run; c++) {
		list.count = 0;
		cli_options_own(&list, c);
		bash_choices(out, c, &list);
		bash_values(out, c, &list, true);
		bash_values(out, c, &list, false);
	}
	list.count = 0;
	cli_options_standard(&list, cli_needs_of_tool(tool));
	bash_choices(out, tool->commands, &list);
	bash_values(out, tool->commands, &list, true);
	bash_values(out, tool->commands, &list, false);
}

static void bash_command(struct buf *out, const struct cli_command *cmd)
{
	struct cli_options list;

	cli_options_of(&list, cmd);
	buf_addf(out, "\t%s)\n\t\twords='", cmd->name ? cmd->name : "''");
	for (size_t i = 0, n = 0; i < list.count; i++)
		if (!cli_opt_is_group(list.opts[i]))
			buf_addf(out, "%s--%s", n++ ? " " : "",
				 list.opts[i]->name);
	buf_addf(out, "'\n\t\tkind=%s ;;\n",
		 cli_takes_file(cmd->operands) ? "files" : "none");
}

/* Before a command is named there are the commands. */
static void bash_no_command(struct buf *out, const struct cli_tool *tool)
{
	if (cli_tool_is_plain(tool))
		return;
	buf_add_str(out, "\t'')\n\t\twords='");
	add_names(out, tool, " ");
	buf_add_str(out, "'\n");
	if (tool->fallback)
		buf_addf(out,
			 "\t\twords+=\" $(compgen -c %s- | "
			 "sed 's/^%s-//')\"\n",
			 tool->name, tool->name);
	buf_add_str(out, "\t\t[[ $cur == -* ]] && "
			 "words='--help --version'\n"
			 "\t\tkind=words ;;\n");
}

/* What the front door hands on is completed by the one it is handed to. */
static void bash_handed_on(struct buf *out, const char *name)
{
	buf_addf(out,
		 "\tif [[ ! $command && $COMP_CWORD -gt 1 ]]; then\n"
		 "\t\tlocal next=%s-${COMP_WORDS[1]}\n"
		 "\t\tdeclare -F _completion_loader >/dev/null &&\n"
		 "\t\t\t_completion_loader \"$next\"\n"
		 "\t\tdeclare -F \"_${next//-/_}\" >/dev/null || return 0\n"
		 "\t\tCOMP_WORDS=(\"$next\" \"${COMP_WORDS[@]:2}\")\n"
		 "\t\t((COMP_CWORD--))\n"
		 "\t\t\"_${next//-/_}\"\n"
		 "\t\treturn\n"
		 "\tfi\n",
		 name);
}

static void bash_find_command(struct buf *out, const struct cli_tool *tool)
{
	if (cli_tool_is_plain(tool))
		return;
	buf_add_str(out, "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			 "\t\tcase ${COMP_WORDS[i]} in\n\t\t");
	add_names(out, tool, "|");
	buf_add_str(out, ")\n\t\t\tcommand=${COMP_WORDS[i]}\n"
			 "\t\t\tbreak ;;\n\t\tesac\n\tdone\n");
	if (tool->fallback)
		bash_handed_on(out, tool->name);
}

void cli_complete_bash(struct buf *out, const struct cli_tool *tool)
{
	AUTO_BUF struct buf name = BUF_INIT;

	add_identifier(&name, tool->name);
	buf_addf(out,
		 "# bash completion for %s; made by: %s --help=bash\n"
		 "# shellcheck shell=bash\n\n"
		 "_%s()\n{\n"
		 "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
		 "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		 "\tlocal i command='' kind='' words=''\n\n"
		 "\t# Bash takes '--name=value' apart.\n"
		 "\tif [[ $cur == '=' ]]; then\n"
		 "\t\tcur=''\n"
		 "\telif [[ $prev == '=' ]]; then\n"
		 "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
		 "\tfi\n",
		 tool->name, tool->name, buf_str(&name));
	bash_find_command(out, tool);
	buf_add_str(out, "\tcase $command:$prev in\n");
	bash_all_values(out, tool);
	buf_add_str(out, "\tesac\n\t[[ $kind ]] || case $command in\n");
	bash_no_command(out, tool);
	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (!c->hidden)
			bash_command(out, c);
	buf_addf(out,
		 "\tesac\n"
		 "\tCOMPREPLY=()\n"
		 "\tif [[ $kind == words || $cur == -* ]]; then\n"
		 "\t\tmapfile -t COMPREPLY < "
		 "<(compgen -W \"$words\" -- \"$cur\")\n"
		 "\telif [[ $kind == files ]]; then\n"
		 "\t\tcompopt -o filenames 2>/dev/null\n"
		 "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		 "\tfi\n}\n"
		 "complete -F _%s %s\n",
		 buf_str(&name), tool->name);
}

static void fish_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

/* The commands that take a standard option, "" when it is for all. */
static void fish_takers(struct buf *out, const struct cli_tool *tool,
			const struct cli_opt *opt)
{
	for (const struct cli_command *c = tool->commands;
	     c->run && c->name && !cli_is_common(opt); c++) {
		struct cli_options list;

		cli_options_of(&list, c);
		if (!c->hidden && cli_options_find(&list, opt->name, 0) == opt)
			buf_addf(out, " %s", c->name);
	}
}

/* takers: " list show", or "" for always. */
static void fish_option(struct buf *out, const struct cli_tool *tool,
			const char *takers, const struct cli_opt *opt)
{
	buf_addf(out, "complete -c %s", tool->name);
	if (*takers)
		buf_addf(out, " -n '__fish_seen_subcommand_from%s'", takers);
	buf_addf(out, " -l %s", opt->name);
	if (opt->letter)
		buf_addf(out, " -s %c", opt->letter);
	if (opt->kind == CLI_KIND_CHOICE) {
		buf_add_str(out, " -x -a '");
		add_choices(out, opt);
		buf_add_char(out, '\'');
	} else if (opt->arg) {
		buf_add_str(out, cli_takes_file(opt->arg) ? " -r -F" : " -x");
	}
	buf_add_str(out, " -d ");
	fish_quoted(out, opt->help);
	buf_add_char(out, '\n');
}

static void fish_command(struct buf *out, const struct cli_tool *tool,
			 const struct cli_command *cmd)
{
	AUTO_BUF struct buf takers = BUF_INIT;
	struct cli_options list = {.count = 0};

	if (cmd->name) {
		buf_addf(&takers, " %s", cmd->name);
		buf_addf(out,
			 "complete -c %s -n __fish_use_subcommand -a %s -d ",
			 tool->name, cmd->name);
		fish_quoted(out, cmd->summary);
		buf_add_char(out, '\n');
	}
	if (cmd->name && cli_takes_file(cmd->operands))
		buf_addf(out,
			 "complete -c %s -n '__fish_seen_subcommand_from %s' "
			 "-F\n",
			 tool->name, cmd->name);
	cli_options_own(&list, cmd);
	for (size_t i = 0; i < list.count; i++)
		if (!cli_opt_is_group(list.opts[i]))
			fish_option(out, tool, buf_str(&takers), list.opts[i]);
}

static void fish_standard(struct buf *out, const struct cli_tool *tool)
{
	struct cli_options list = {.count = 0};

	cli_options_standard(&list, cli_needs_of_tool(tool));
	for (size_t i = 0; i < list.count; i++) {
		AUTO_BUF struct buf takers = BUF_INIT;

		if (cli_opt_is_group(list.opts[i]))
			continue;
		fish_takers(&takers, tool, list.opts[i]);
		fish_option(out, tool, buf_str(&takers), list.opts[i]);
	}
}

/* The programs behind the front door, and what they would complete. */
static void fish_handed_on(struct buf *out, const struct cli_tool *tool)
{
	buf_addf(out,
		 "complete -c %s -n __fish_use_subcommand -a "
		 "'(complete -C %s- | string replace -r "
		 "\"^%s-(\\S+).*\" \"\\$1\")'\n",
		 tool->name, tool->name, tool->name);
	buf_addf(out,
		 "complete -c %s -n 'not __fish_use_subcommand; and not "
		 "__fish_seen_subcommand_from ",
		 tool->name);
	add_names(out, tool, " ");
	buf_addf(out,
		 "' -a '(complete -C \"%s-\"(string join -- \" \" "
		 "(commandline -opc)[2..-1] (commandline -ct)))'\n",
		 tool->name);
}

void cli_complete_fish(struct buf *out, const struct cli_tool *tool)
{
	bool files = cli_tool_is_plain(tool) &&
		     cli_takes_file(tool->commands[0].operands);

	buf_addf(out, "# fish completion for %s; made by: %s --help=fish\n",
		 tool->name, tool->name);
	if (!files)
		buf_addf(out, "complete -c %s -f\n", tool->name);
	if (tool->fallback)
		fish_handed_on(out, tool);
	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (!c->hidden)
			fish_command(out, tool, c);
	fish_standard(out, tool);
}
