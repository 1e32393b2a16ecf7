/* cli-mdoc.c - the parts of a manual page that the table knows. */
#include "cli-internal.h"
#include "mdoc.h"

static void add_option(struct buf *out, const struct cli_opt *opt)
{
	buf_add_str(out, ".It");
	if (opt->letter)
		buf_addf(out, " Fl %c ,", opt->letter);
	buf_addf(out, " Fl -%s", opt->name);
	if (opt->arg) {
		buf_add_str(out, " Ar");
		mdoc_word(out, slice_of(opt->arg));
	}
	buf_add_char(out, '\n');
	mdoc_sentence(out, opt->help);
	for (size_t i = 0; opt->kind == CLI_KIND_CHOICE && opt->choices[i]; i++)
		buf_addf(out, "%s.Cm \\&%s%s\n", i ? "" : "One of\n",
			 opt->choices[i], opt->choices[i + 1] ? " ," : " .");
}

/* Says which commands take an option that some do not. */
static void add_takers(struct buf *out, const struct cli_tool *tool,
		       const struct cli_opt *opt)
{
	AUTO_BUF struct buf takers = BUF_INIT;
	bool all = true;

	for (const struct cli_command *c = tool->commands; c->run; c++) {
		struct cli_options list;

		if (c->hidden)
			continue;
		cli_options_of(&list, c);
		if (cli_options_find(&list, opt->name, 0) == opt)
			buf_addf(&takers, "%s.Cm \\&%s",
				 takers.len ? " ,\n" : "", c->name);
		else
			all = false;
	}
	if (!all)
		buf_addf(out, "Taken by\n%s .\n", buf_str(&takers));
}

void cli_mdoc_options(struct buf *out, const struct cli_tool *tool)
{
	bool plain = cli_tool_is_plain(tool);
	struct cli_options list = {.count = 0};

	if (plain)
		cli_options_own(&list, tool->commands);
	cli_options_standard(&list, cli_needs_of_tool(tool));
	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < list.count; i++) {
		if (cli_opt_is_group(list.opts[i]))
			continue;
		add_option(out, list.opts[i]);
		if (!plain)
			add_takers(out, tool, list.opts[i]);
	}
	buf_add_str(out, ".El\n");
}

static bool has_own_options(const struct cli_command *cmd)
{
	struct cli_options list = {.count = 0};

	cli_options_own(&list, cmd);
	for (size_t i = 0; i < list.count; i++)
		if (!cli_opt_is_group(list.opts[i]))
			return true;
	return false;
}

static void add_command(struct buf *out, const struct cli_command *cmd)
{
	struct cli_options list = {.count = 0};

	buf_addf(out, ".It Cm \\&%s", cmd->name);
	mdoc_operands(out, cmd->operands);
	buf_add_char(out, '\n');
	mdoc_sentence(out, cmd->summary);
	if (!has_own_options(cmd))
		return;
	cli_options_own(&list, cmd);
	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < list.count; i++)
		if (!cli_opt_is_group(list.opts[i]))
			add_option(out, list.opts[i]);
	buf_add_str(out, ".El\n");
}

void cli_mdoc_commands(struct buf *out, const struct cli_tool *tool)
{
	if (cli_tool_is_plain(tool))
		return;
	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (const struct cli_command *c = tool->commands; c->run; c++)
		if (!c->hidden)
			add_command(out, c);
	buf_add_str(out, ".El\n");
}

void cli_mdoc_synopsis(struct buf *out, const struct cli_tool *tool)
{
	for (const struct cli_command *c = tool->commands; c->run; c++) {
		AUTO_BUF struct buf operands = BUF_INIT;

		if (c->hidden)
			continue;
		buf_add_str(out, ".Nm\n");
		if (c->name)
			buf_addf(out, ".%sCm \\&%s\n",
				 tool->usual && !strcmp(c->name, tool->usual)
					 ? "Op "
					 : "",
				 c->name);
		buf_add_str(out, ".Op Ar option ...\n");
		mdoc_operands(&operands, c->operands);
		if (operands.len)
			buf_addf(out, ".%s\n", operands.data + 1);
	}
}

void cli_mdoc_exits(struct buf *out, const struct cli_tool *tool)
{
	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (const struct cli_exit *e = cli_exits_of(tool); e->meaning; e++) {
		buf_addf(out, ".It %d\n", e->status);
		mdoc_sentence(out, e->meaning);
	}
	buf_add_str(out, ".El\n");
}

void cli_mdoc_examples(struct buf *out, const struct cli_tool *tool)
{
	const struct cli_example *e = tool->examples;

	for (; e && e->command; e++) {
		if (e != tool->examples)
			buf_add_str(out, ".Pp\n");
		mdoc_text(out, e->shows, ':');
		buf_add_str(out, ".Bd -literal -offset indent\n");
		mdoc_literal(out, e->command);
		buf_add_str(out, ".Ed\n");
	}
}

void cli_mdoc_environment(struct buf *out, const struct cli_tool *tool)
{
	static const struct {
		unsigned needs;
		const char *name, *meaning;
	} variables[] = {
		{CLI_CONFIG, "ONCALL_CONFIG",
		 "the configuration file, unless --config names one"},
		{0, "ONCALL_LOG_FORMAT",
		 "form of the diagnostics, text or json, unless --log-format "
		 "says it"},
		{0, "ONCALL_NOW", "the time to act at, unless --now says it"},
		{CLI_STORE, "ONCALL_STORE",
		 "the store, unless --store says it"},
		{0, "NO_COLOR", "when set, nothing is coloured"},
	};
	unsigned needs = cli_needs_of_tool(tool);

	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		if (variables[i].needs && !(variables[i].needs & needs))
			continue;
		buf_addf(out, ".It Ev %s\n", variables[i].name);
		mdoc_sentence(out, variables[i].meaning);
	}
	buf_add_str(out, ".El\n");
}
