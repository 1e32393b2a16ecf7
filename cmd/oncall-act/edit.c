/* edit.c - oncall-act edit: one key of a configuration file. */
#include "act-cmd.h"

#include <ctype.h>
#include <stdio.h>

#include <oncall/edit-key.h>
#include <oncall/mem.h>
#include <oncall/proc.h>

#define COMMAND_WORDS	 64
#define COMMAND_LIMIT_MS 60000

static struct {
	const char *format, *command;
	bool show, check, undo, dry_run;
} args = {.format = "auto"};

static const char *const formats[] = {"auto", "properties", "conf",
				      "ini",  "env",	    "options",
				      "yaml", "json",	    NULL};

/* clang-format off */
const struct cli_opt edit_opts[] = {
	CLI_CHOICE(0, "format", "FORMAT", &args.format, formats, "how the file is written; its name tells"),
	CLI_FLAG('n', "dry-run", &args.dry_run, "say what would change, and change nothing"),
	CLI_STR(0, "validate-command", "COMMAND", &args.command, "must succeed; {} in it is the new file"),
	CLI_FLAG(0, "show", &args.show, "print the value that KEY has"),
	CLI_FLAG(0, "check", &args.check, "ask whether KEY has that value"),
	CLI_FLAG(0, "undo", &args.undo, "put back what the file was before that value was set"),
	CLI_LAST};
/* clang-format on */

static enum edit_format format_named(const char *name)
{
	for (size_t i = 0; edit_format_names[i]; i++)
		if (!strcmp(edit_format_names[i], name))
			return (enum edit_format)i;
	return EDIT_AUTO;
}

/* ---- the command that must succeed ---- */

/* Words stand apart by blanks; there are no quotes, and no shell. */
static size_t split(char *command, const char *file, const char **argv,
		    bool *ret_named)
{
	size_t n = 0;

	for (char *p = command; *p && n < COMMAND_WORDS;) {
		while (*p && isspace((unsigned char)*p))
			*p++ = '\0';
		if (!*p)
			break;
		argv[n++] = p;
		while (*p && !isspace((unsigned char)*p))
			p++;
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(argv[i], "{}")) {
			argv[i] = file;
			*ret_named = true;
		}
	argv[n] = NULL;
	return n;
}

static bool names_file(const char *command)
{
	AUTO_FREE char *copy = mem_dup(command);
	const char *argv[COMMAND_WORDS + 1];
	bool named = false;

	(void)split(copy, "", argv, &named);
	return named;
}

static int validate(const char *file, struct err *err)
{
	AUTO_FREE char *copy = mem_dup(args.command);
	const char *argv[COMMAND_WORDS + 1];
	struct proc_options opt = {.argv = argv,
				   .timeout_ms = COMMAND_LIMIT_MS};
	struct proc_result result = {.status = 0};
	bool named = false;
	int rc = 0;

	if (!split(copy, file, argv, &named))
		return 0;
	if (proc_run(&opt, &result, err) < 0)
		return err_prefix(err, "'%s'", args.command);
	if (result.status != 0)
		rc = err_set(err, ERR_NO,
			     "'%s' refuses the new file (status %d), which was "
			     "not kept: %.*s",
			     args.command, result.status,
			     (int)result.errors.len,
			     result.errors.text ? result.errors.text : "");
	proc_result_done(&result);
	return rc;
}

/* ---- what is done ---- */

static int show(const struct edit_file *f, enum edit_format format,
		const char *key, struct err *err)
{
	AUTO_BUF struct buf value = BUF_INIT;
	int got = edit_key_get(format, buf_slice(&f->text), key, &value, err);

	if (got < 0)
		return err_prefix(err, "'%s'", f->path);
	if (!got)
		return err_set(err, ERR_NO, "'%s' has no '%s'", f->path, key);
	(void)printf("%s\n", buf_str(&value));
	return 0;
}

static int check(const struct edit_file *f, enum edit_format format,
		 const char *key, const char *value, struct err *err)
{
	AUTO_BUF struct buf now = BUF_INIT;
	int got = edit_key_get(format, buf_slice(&f->text), key, &now, err);

	if (got < 0)
		return err_prefix(err, "'%s'", f->path);
	(void)printf("%s: %s = %s\n", f->path, key,
		     got ? buf_str(&now) : "(not there)");
	return got && slice_is(buf_slice(&now), value) ? 0 : 1;
}

static int undo(struct edit_file *f, enum edit_format format, const char *key,
		const char *value, struct err *err)
{
	AUTO_FREE char *backup = NULL;
	int found = edit_file_find_backup(f, format, key, value, &backup, err);

	if (found < 0)
		return -1;
	if (!found)
		return err_set(err, ERR_NO,
			       "'%s' has no backup that only differs in '%s': "
			       "it was not changed, or was changed since",
			       f->path, key);
	if (args.dry_run) {
		(void)printf("%s: %s would be put back\n", f->path, backup);
		return 0;
	}
	if (edit_file_restore(f, backup, err) < 0)
		return -1;
	(void)printf("%s: %s was put back\n", f->path, backup);
	return 0;
}

/* A command that names the new file sees it before it counts; any other one
 * sees it where it belongs, and it is taken back when it does not like it. */
static int replace(struct edit_file *f, struct slice text, struct err *err)
{
	bool early = args.command && names_file(args.command);
	AUTO_FREE char *staged = NULL;
	struct err ignored = ERR_INIT;
	const char *slash = strrchr(f->path, '/');
	int folder = slash ? (int)(slash - f->path) + 1 : 0;

	if (edit_file_stage(f, text, err) < 0)
		return -1;
	staged = mem_printf("%.*s%s", folder, f->path, f->staged);
	if ((early && validate(staged, err) < 0) ||
	    edit_file_commit(f, err) < 0)
		return -1;
	if (!args.command || early || validate(f->path, err) == 0)
		return 0;
	if (edit_file_restore(f, f->backup, &ignored) < 0)
		return err_prefix(err, "%s", ignored.text);
	return -1;
}

static int set(struct edit_file *f, enum edit_format format, const char *key,
	       const char *value, struct err *err)
{
	AUTO_BUF struct buf now = BUF_INIT, old = BUF_INIT;
	int was = edit_key_get(format, buf_slice(&f->text), key, &old, err);

	if (was < 0 || edit_key_set(&now, format, buf_slice(&f->text), key,
				    value, err) < 0)
		return err_prefix(err, "'%s'", f->path);
	if (slice_eq(buf_slice(&now), buf_slice(&f->text))) {
		(void)printf("%s: %s is %s already\n", f->path, key, value);
		return 0;
	}
	if (!args.dry_run && replace(f, buf_slice(&now), err) < 0)
		return -1;
	(void)printf("%s: %s %s from %s to %s\n", f->path, key,
		     args.dry_run ? "would change" : "changed",
		     was ? buf_str(&old) : "(not there)", value);
	return 0;
}

static int act_on(struct edit_file *f, int argc, char **argv, struct err *err)
{
	enum edit_format format = format_named(args.format);

	if (edit_file_open(f, argv[0], err) < 0)
		return -1;
	if (format == EDIT_AUTO &&
	    edit_format_of(f->path, buf_slice(&f->text), &format, err) < 0)
		return -1;
	if (args.show)
		return show(f, format, argv[1], err);
	if (argc < 3)
		return err_set(err, ERR_USAGE, "edit: VALUE is missing");
	if (args.check)
		return check(f, format, argv[1], argv[2], err);
	if (args.undo)
		return undo(f, format, argv[1], argv[2], err);
	return set(f, format, argv[1], argv[2], err);
}

int edit_run(int argc, char **argv, struct err *err)
{
	AUTO_EDIT_FILE struct edit_file f = EDIT_FILE_INIT;

	if (args.show + args.check + args.undo > 1)
		return err_set(err, ERR_USAGE,
			       "edit: one of --show, --check and --undo");
	return act_on(&f, argc, argv, err);
}
