/*
 * cli-parse.c - command lines, by getopt_long.
 *
 * Options may stand before the command. So a first pass, which knows the
 * options of all commands, finds the first operand: the command. The second
 * one knows the options of that command and sets the values.
 */
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include <getopt.h>

#include "cli-internal.h"

#define FIRST_LONG 256 /* getopt's value of the first option's long form */
#define OPERAND	   1   /* getopt's value of an operand, with "-" */

/* What getopt_long() wants to know, in arrays of its own. */
struct parser {
	const struct cli_opt **opts;
	size_t count;
	struct option *longs; /* of the same order, ended by an empty one */
	struct buf shorts;
};

static void parser_done(struct parser *p)
{
	free(p->opts);
	free(p->longs);
	buf_done(&p->shorts);
}

static bool parser_has(const struct parser *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->opts[i]->name, name))
			return true;
	return false;
}

static void parser_add(struct parser *p, const struct cli_options *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cli_opt *o = list->opts[i];

		if (cli_opt_is_group(o) || parser_has(p, o->name))
			continue;
		p->opts = mem_resize(p->opts, p->count + 1, sizeof(*p->opts));
		p->longs =
			mem_resize(p->longs, p->count + 2, sizeof(*p->longs));
		p->longs[p->count] = (struct option){
			.name = o->name,
			.has_arg = o->arg ? required_argument : no_argument,
			.val = FIRST_LONG + (int)p->count,
		};
		if (o->dst == &cli_standard.help)
			p->longs[p->count].has_arg = optional_argument;
		p->opts[p->count++] = o;
		p->longs[p->count] = (struct option){.name = NULL};
		if (o->letter)
			buf_addf(&p->shorts, "%c%s", o->letter,
				 o->arg ? ":" : "");
	}
}

/* The option that getopt names by value; any one when it names none. */
static const struct cli_opt *parser_opt(const struct parser *p, int value)
{
	size_t i = 0;

	if (value >= FIRST_LONG)
		return p->opts[value - FIRST_LONG];
	while (i + 1 < p->count && p->opts[i]->letter != (char)value)
		i++;
	return p->opts[i];
}

static void parser_begin(void)
{
	optind = 0; /* glibc: begin anew, and read the mode again */
	opterr = 0;
}

/* A long option that getopt does not know: misspelt, or cut too short. */
static int unknown_long(const struct parser *p, const char *typed,
			struct err *err)
{
	AUTO_FREE char *name = mem_dup_bytes(typed, strcspn(typed, "="));
	AUTO_FREE const char **names = mem_zero(p->count + 1, sizeof(*names));
	const char *near, *first = NULL;

	for (size_t i = 0; i < p->count; i++) {
		names[i] = p->opts[i]->name;
		if (strncmp(names[i], name, strlen(name)) != 0)
			continue;
		if (first)
			return err_set(err, ERR_USAGE,
				       "option '--%s' could be '--%s' or "
				       "'--%s'",
				       name, first, names[i]);
		first = names[i];
	}
	near = cli_nearest(name, names);
	if (near)
		return err_set(err, ERR_USAGE,
			       "option '--%s' is not known, did you mean "
			       "'--%s'?",
			       name, near);
	return err_set(err, ERR_USAGE, "option '--%s' is not known", name);
}

/* Says what getopt did not like; got is what it returned. */
static int complain(const struct parser *p, int got, char **argv,
		    struct err *err)
{
	const struct cli_opt *opt = parser_opt(p, optopt);
	bool is_long = optopt == 0 || optopt >= FIRST_LONG;

	if (optopt == 0)
		return unknown_long(p, argv[optind - 1] + 2, err);
	if (!is_long && opt->letter != (char)optopt)
		return err_set(err, ERR_USAGE, "option '-%c' is not known",
			       optopt);
	if (got == ':' && !is_long)
		return err_set(err, ERR_USAGE, "option '-%c' needs a value: %s",
			       opt->letter, opt->arg);
	if (got == ':')
		return err_set(err, ERR_USAGE,
			       "option '--%s' needs a value: %s", opt->name,
			       opt->arg);
	return err_set(err, ERR_USAGE, "option '--%s' takes no value",
		       opt->name);
}

/* --help and --version count wherever they stand. */
static void note_special(const struct cli_opt *opt, const char *value)
{
	if (opt->dst == &cli_standard.help) {
		cli_standard.help = true;
		if (value)
			cli_standard.help_form = value;
	}
	if (opt->dst == &cli_standard.version)
		cli_standard.version = true;
}

/*
 * Finds the place of the command among the arguments, 0 when there is none.
 * What is wrong with the options is left to the second pass, which knows
 * better, unless there will be none.
 */
static int find_command(const struct cli_tool *tool, int argc, char **argv,
			struct err *err)
{
	struct parser p = {.shorts = BUF_INIT};
	struct err first = ERR_INIT;
	bool alone; /* there may be no second pass */
	int got;

	buf_add_str(&p.shorts, "+:");
	for (const struct cli_command *c = tool->commands; c->run; c++) {
		struct cli_options list;

		cli_options_of(&list, c);
		parser_add(&p, &list);
	}
	parser_begin();
	while ((got = getopt_long(argc, argv, buf_str(&p.shorts), p.longs,
				  NULL)) != -1) {
		if (got == '?' || got == ':')
			(void)complain(&p, got, argv, &first);
		else
			note_special(parser_opt(&p, got), optarg);
	}
	parser_done(&p);
	alone = optind == argc || tool->fallback;
	if (alone && first.kind != ERR_NONE && !cli_standard.help)
		return err_set(err, first.kind, "%s", first.text);
	return optind < argc ? optind : 0;
}

/* Options whose values depend on others are set when all have been seen. */
struct late {
	const struct cli_opt *opt;
	const char *text;
};

static int set_value(const struct cli_opt *opt, const char *text,
		     struct err *err)
{
	if (cli_value_set(opt, text, err) == 0)
		return 0;
	err->kind = ERR_USAGE;
	return err_prefix(err, "option '--%s'", opt->name);
}

/* A time may be "2h" before now, and --now may stand behind it. */
static int set_late(const struct late *late, size_t count, struct err *err)
{
	const char *now = cli_standard.now;
	const char *from = now ? "option '--now'" : "variable ONCALL_NOW";
	int64_t ms;

	if (!now)
		now = getenv("ONCALL_NOW");
	if (now && *now) {
		if (when_parse_point(now, clock_now(), &ms, err) < 0) {
			err->kind = ERR_USAGE;
			return err_prefix(err, "%s", from);
		}
		clock_set(ms);
	}
	for (size_t i = 0; i < count; i++)
		if (set_value(late[i].opt, late[i].text, err) < 0)
			return -1;
	return 0;
}

/* One option or operand; true when it is one that waits. */
static bool take(struct parser *p, int got, struct cli_line *line,
		 struct err *err)
{
	const struct cli_opt *opt;

	if (got == OPERAND) {
		line->operands[line->count++] = optarg;
		return false;
	}
	opt = parser_opt(p, got);
	note_special(opt, optarg);
	if (opt->dst == &cli_standard.verbose)
		cli_standard.verbosity++;
	if (opt->kind == CLI_KIND_TIME)
		return true;
	(void)set_value(opt, optarg, err);
	return false;
}

static int parse_options(struct parser *p, int argc, char **argv,
			 struct cli_line *line, struct err *err)
{
	AUTO_FREE struct late *late = mem_zero((size_t)argc, sizeof(*late));
	size_t waiting = 0;
	int got;

	parser_begin();
	while ((got = getopt_long(argc, argv, buf_str(&p->shorts), p->longs,
				  NULL)) != -1) {
		/* After an error only --help is still looked for. */
		if (got == '?' || got == ':')
			(void)complain(p, got, argv, err);
		else if (take(p, got, line, err))
			late[waiting++] =
				(struct late){parser_opt(p, got), optarg};
	}
	while (optind < argc)
		line->operands[line->count++] = argv[optind++];
	if (cli_standard.help || cli_standard.version) {
		err_clear(err);
		return 0;
	}
	if (err->kind != ERR_NONE)
		return -1;
	return set_late(late, waiting, err);
}

/* Operand number n of "INTO INCIDENT...", for messages. */
static void add_operand_name(struct buf *out, const char *operands, int n)
{
	const char *p = operands + strspn(operands, " [");

	while (n-- > 0 && p[strcspn(p, " ")]) {
		p += strcspn(p, " ");
		p += strspn(p, " [");
	}
	buf_add(out, p, strcspn(p, " .]"));
}

static int check_operands(const struct cli_command *cmd,
			  const struct cli_line *line, struct err *err)
{
	AUTO_BUF struct buf missing = BUF_INIT;
	const char *name = cmd->name ? cmd->name : "";
	const char *colon = cmd->name ? ": " : "";

	if (line->count < cmd->min_operands) {
		add_operand_name(&missing, cmd->operands, line->count);
		return err_set(err, ERR_USAGE, "%s%s%s is missing", name, colon,
			       buf_str(&missing));
	}
	if (cmd->max_operands >= 0 && line->count > cmd->max_operands)
		return err_set(err, ERR_USAGE,
			       "%s%sthe operand '%s' is too much", name, colon,
			       line->operands[cmd->max_operands]);
	return 0;
}

static int parse_command(const struct cli_command *cmd, int argc, char **argv,
			 struct cli_line *line, struct err *err)
{
	struct parser p = {.shorts = BUF_INIT};
	struct cli_options list;
	int rc;

	line->command = cmd;
	line->count = 0;
	buf_add_str(&p.shorts, "-:");
	cli_options_of(&list, cmd);
	parser_add(&p, &list);
	rc = parse_options(&p, argc, argv, line, err);
	parser_done(&p);
	line->operands[line->count] = NULL;
	if (rc < 0 || cli_standard.help || cli_standard.version)
		return rc;
	return check_operands(cmd, line, err);
}

static int unknown_command(const struct cli_tool *tool, const char *name,
			   struct err *err)
{
	AUTO_FREE const char **names = NULL;
	const char *near;
	size_t n = 0;

	for (const struct cli_command *c = tool->commands; c->run; c++) {
		names = mem_resize(names, n + 2, sizeof(*names));
		names[n++] = c->hidden ? "" : c->name;
		names[n] = NULL;
	}
	near = names ? cli_nearest(name, names) : NULL;
	if (near)
		return err_set(err, ERR_USAGE,
			       "there is no command '%s', did you mean '%s'?",
			       name, near);
	return err_set(err, ERR_USAGE,
		       "there is no command '%s', see '%s --help'", name,
		       tool->name);
}

/* Whether what stands in the place of the command is a file. */
static bool names_file(const char *operand)
{
	return !strcmp(operand, "-") || access(operand, F_OK) == 0;
}

static const struct cli_command *choose_command(const struct cli_tool *tool,
						const char *operand,
						bool *ret_usual)
{
	const struct cli_command *named =
		operand ? cli_command_find(tool, operand) : NULL;

	*ret_usual = !named && tool->usual && !cli_standard.help &&
		     !cli_standard.version && (!operand || names_file(operand));
	return *ret_usual ? cli_command_find(tool, tool->usual) : named;
}

int cli_parse(const struct cli_tool *tool, int argc, char **argv,
	      struct cli_line *ret, struct err *err)
{
	AUTO_FREE char **rest = mem_zero((size_t)argc + 1, sizeof(*rest));
	const struct cli_command *cmd;
	bool usual;
	int place;

	ret->operands = mem_zero((size_t)argc + 1, sizeof(*ret->operands));
	if (cli_tool_is_plain(tool))
		return parse_command(tool->commands, argc, argv, ret, err);
	place = find_command(tool, argc, argv, err);
	if (place < 0)
		return place;
	cmd = choose_command(tool, place ? argv[place] : NULL, &usual);
	if (usual)
		return parse_command(cmd, argc, argv, ret, err);
	if (!place)
		return 0;
	if (!cmd && !tool->fallback)
		return unknown_command(tool, argv[place], err);
	if (!cmd) {
		/* What stands before the name is for the one who is called. */
		ret->fallback = true;
		cli_standard.help = cli_standard.version = false;
		ret->operands[ret->count++] = argv[place];
	}
	rest[0] = argv[0];
	for (int i = 1, n = 1; i < argc; i++) {
		if (i == place)
			continue;
		rest[n++] = argv[i];
		if (!cmd)
			ret->operands[ret->count++] = argv[i];
	}
	return cmd ? parse_command(cmd, argc - 1, rest, ret, err) : 0;
}
