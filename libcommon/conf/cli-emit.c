/* cli-emit.c - the table of a program in forms for other programs. */
#include <oncall/jwrite.h>

#include "cli-internal.h"

static const char *const kind_names[] = {
	[CLI_KIND_FLAG] = "flag",   [CLI_KIND_STR] = "text",
	[CLI_KIND_INT] = "integer", [CLI_KIND_DURATION] = "duration",
	[CLI_KIND_TIME] = "time",   [CLI_KIND_CHOICE] = "choice",
	[CLI_KIND_LIST] = "list",
};

static void json_option(struct buf *out, const struct cli_opt *opt)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "name", opt->name);
	if (opt->letter)
		jwrite_text(out, "letter", (struct slice){&opt->letter, 1});
	jwrite_str(out, "kind", kind_names[opt->kind]);
	jwrite_str_opt(out, "arg", opt->arg);
	jwrite_str(out, "help", opt->help);
	if (opt->kind == CLI_KIND_CHOICE) {
		jwrite_open(out, "choices", '[');
		for (const char *const *c = opt->choices; *c; c++)
			jwrite_str(out, NULL, *c);
		jwrite_close(out, ']');
	}
	if (opt->kind == CLI_KIND_INT) {
		jwrite_int(out, "min", opt->min);
		jwrite_int(out, "max", opt->max);
	}
	jwrite_bool(out, "standard", cli_is_standard(opt));
	jwrite_close(out, '}');
}

static void json_command(struct buf *out, const struct cli_command *cmd)
{
	struct cli_options list;

	cli_options_of(&list, cmd);
	jwrite_open(out, NULL, '{');
	jwrite_str_opt(out, "name", cmd->name);
	jwrite_str(out, "operands", cmd->operands);
	jwrite_str(out, "summary", cmd->summary);
	jwrite_int(out, "min_operands", cmd->min_operands);
	jwrite_int(out, "max_operands", cmd->max_operands);
	jwrite_bool(out, "hidden", cmd->hidden);
	jwrite_open(out, "options", '[');
	for (size_t i = 0; i < list.count; i++)
		if (!cli_opt_is_group(list.opts[i]))
			json_option(out, list.opts[i]);
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

void cli_json(struct buf *out, const struct cli_tool *tool)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "name", tool->name);
	jwrite_str(out, "version", ONCALL_VERSION);
	jwrite_str(out, "summary", tool->summary);
	jwrite_str_opt(out, "usual", tool->usual);
	jwrite_open(out, "commands", '[');
	for (const struct cli_command *c = tool->commands; c->run; c++)
		json_command(out, c);
	jwrite_close(out, ']');
	jwrite_open(out, "exits", '[');
	for (const struct cli_exit *e = cli_exits_of(tool); e->meaning; e++) {
		jwrite_open(out, NULL, '{');
		jwrite_int(out, "status", e->status);
		jwrite_str(out, "meaning", e->meaning);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
	jwrite_open(out, "examples", '[');
	for (const struct cli_example *e = tool->examples; e && e->command;
	     e++) {
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "command", e->command);
		jwrite_str(out, "shows", e->shows);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
}

static void emit_keys(struct buf *out, const struct cli_tool *tool)
{
	(void)tool;
	config_mdoc(out);
}

int cli_emit(struct buf *out, const struct cli_tool *tool, const char *form,
	     struct err *err)
{
	static const struct {
		const char *name;
		void (*emit)(struct buf *out, const struct cli_tool *tool);
	} forms[] = {
		{"mdoc-synopsis", cli_mdoc_synopsis},
		{"mdoc-options", cli_mdoc_options},
		{"mdoc-commands", cli_mdoc_commands},
		{"mdoc-exits", cli_mdoc_exits},
		{"mdoc-examples", cli_mdoc_examples},
		{"mdoc-environment", cli_mdoc_environment},
		{"mdoc-keys", emit_keys},
		{"bash", cli_complete_bash},
		{"zsh", cli_complete_zsh},
		{"fish", cli_complete_fish},
		{"json", cli_json},
	};

	if (!strcmp(form, "check"))
		return cli_check(tool, err);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (!strcmp(forms[i].name, form)) {
			forms[i].emit(out, tool);
			return 0;
		}
	return err_set(err, ERR_USAGE, "option '--help': there is no form '%s'",
		       form);
}
