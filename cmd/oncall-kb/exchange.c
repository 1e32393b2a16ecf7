/* exchange.c - oncall-kb export, import, reset. */
#include "kb-cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/kb-exchange.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define BACKUP_MODE 0600
#define BAD_SHOWN   20 /* further bad rows are only counted */

static const char *const export_formats[] = {"json", "jsonl", "yaml", NULL};

static struct {
	const char *format, *adjust, *environment, *conflict, *backup;
	bool packs, keep_going, dry_run, confirm;
} args;

/* clang-format off */
const struct cli_opt export_opts[] = {
	CLI_CHOICE('f', "format", "FORMAT", &args.format, export_formats, "form of the output (default: jsonl); yaml has no history"),
	CLI_FLAG(0, "packs", &args.packs, "entries of packs that nobody changed, too"),
	KB_PACK_OPTS, CLI_LAST};

const struct cli_opt import_opts[] = {
	CLI_CHOICE('f', "format", "FORMAT", &args.format, kb_format_names, "form of the input (default: by name and content)"),
	CLI_CHOICE(0, "on-conflict", "WHAT", &args.conflict, kb_conflict_names, "when an entry is there and differs (default: stop)"),
	CLI_STR(0, "adjust", "NUMBER", &args.adjust, "add to stated confidences: -0.1"),
	CLI_STR(0, "as-environment", "NAME", &args.environment, "environment of all that is imported"),
	CLI_FLAG('k', "keep-going", &args.keep_going, "keep good entries when others are bad or in conflict"),
	CLI_FLAG('n', "dry-run", &args.dry_run, "only say what would happen"),
	KB_PACK_OPTS, CLI_LAST};

const struct cli_opt reset_opts[] = {
	CLI_FLAG(0, "confirm", &args.confirm, "it is meant"),
	CLI_STR(0, "backup", "FILE", &args.backup, "where to write what was there (default: beside the store)"),
	KB_PACK_OPTS, CLI_LAST};
/* clang-format on */

/* The place of a name among names. */
static int choice(const char *name, const char *const *names)
{
	int i = 0;

	while (strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* ---- export ---- */

int export_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	int rc = kb_cmd_open(&c, KB_CMD_READ, err);

	(void)argc;
	(void)argv;
	if (rc == 0)
		rc = kb_export(c.kb,
			       args.format
				       ? (enum kb_format)choice(args.format,
								kb_format_names)
				       : KB_JSONL,
			       args.packs, &out, err);
	record_writer_done(&out);
	return rc;
}

/* ---- import ---- */

static void on_bad(void *arg, const char *message)
{
	size_t *shown = arg;

	if ((*shown)++ < BAD_SHOWN)
		diag_error("%s", message);
}

static void on_conflict(void *arg, const char *id, const char *members)
{
	(void)arg;
	diag_error("%s is there and differs: %s", id, members);
}

static int read_adjust(double *ret, struct err *err)
{
	char *end = NULL;

	*ret = args.adjust ? strtod(args.adjust, &end) : 0;
	if (args.adjust &&
	    (!*args.adjust || *end || !(*ret >= -1 && *ret <= 1)))
		return err_set(err, ERR_USAGE,
			       "--adjust takes a number from -1 to 1, not "
			       "'%s'",
			       args.adjust);
	return 0;
}

static int read_files(struct kb_import *im, int argc, char **argv,
		      struct err *err)
{
	enum kb_format format =
		args.format
			? (enum kb_format)choice(args.format, kb_format_names)
			: KB_FORMAT_UNKNOWN;

	for (int i = 0; i < argc; i++) {
		AUTO_FD int fd = -1;

		if (!strcmp(argv[i], "-")) {
			if (kb_import_read(im, STDIN_FILENO, "standard input",
					   format, err) < 0)
				return -1;
			continue;
		}
		fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(err, errno, "cannot open '%s'", argv[i]);
		if (kb_import_read(im, fd, argv[i], format, err) < 0)
			return -1;
	}
	return 0;
}

static void tell_counts(const struct kb_import_counts *n)
{
	AUTO_FREE char *text = mem_printf(
		"%lld added, %lld replaced, %lld there already, %lld skipped",
		(long long)n->added, (long long)n->replaced, (long long)n->same,
		(long long)n->skipped);

	if (args.dry_run)
		(void)printf("would be: %s\n", text);
	else
		diag_info("%s", text);
}

/* The status of an import that went to its end. */
static int settle(const struct kb_import_counts *n, size_t shown)
{
	int status = 0;

	if (shown > BAD_SHOWN)
		diag_error("%zu more entries are bad", shown - BAD_SHOWN);
	if (n->bad && !args.keep_going)
		diag_error("nothing was imported; --keep-going keeps what is "
			   "good");
	else if (n->conflicts && !args.keep_going)
		diag_error("nothing was imported; --on-conflict says what to "
			   "do with such entries");
	else
		tell_counts(n);
	if (n->conflicts)
		status = 1;
	return n->bad ? err_worse_status(status, 3) : status;
}

int import_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	AUTO_KB_IMPORT struct kb_import *im = NULL;
	struct kb_import_counts counts;
	size_t shown = 0;
	double adjust;

	if (read_adjust(&adjust, err) < 0 ||
	    kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	im = kb_import_new(&(struct kb_import_options){
		.kb = c.kb,
		.adjust = adjust,
		.environment = args.environment,
		.on_conflict = args.conflict ? (enum kb_conflict)choice(
						       args.conflict,
						       kb_conflict_names)
					     : KB_CONFLICT_STOP,
		.keep_going = args.keep_going,
		.dry_run = args.dry_run,
		.bad = on_bad,
		.conflict = on_conflict,
		.arg = &shown,
	});
	if (read_files(im, argc, argv, err) < 0 ||
	    kb_import_commit(im, &counts, err) < 0)
		return -1;
	return settle(&counts, shown);
}

/* ---- reset ---- */

/* Beside the store when that is a file, else where the user is. */
static char *backup_path(const struct store *store)
{
	const char *name = store_name(store);
	const char *end = strrchr(name, '/');
	int64_t now = clock_now();
	char time[WHEN_TEXT], *p = time;

	if (args.backup)
		return mem_dup(args.backup);
	when_format(time, now);
	for (const char *q = time; *q; q++) /* no ':' in names of files */
		if (*q != ':' && *q != '-')
			*p++ = *q;
	*p = '\0';
	if (strcmp(store_driver(store), "sqlite") != 0 || !end)
		return mem_printf("oncall-kb-%s.jsonl", time);
	return mem_printf("%.*s/oncall-kb-%s.jsonl", (int)(end - name), name,
			  time);
}

static int reset(struct kb_cmd *c, const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			      BACKUP_MODE);
	struct record_writer out = RECORD_WRITER_INIT(fd);
	int rc;

	if (fd < 0)
		return err_sys(err, errno, "cannot make the backup '%s'", path);
	rc = kb_reset(c->kb, &out, err);
	record_writer_done(&out);
	if (rc < 0)
		(void)unlink(path);
	return rc;
}

int reset_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	AUTO_FREE char *path = NULL;

	(void)argc;
	(void)argv;
	if (!args.confirm)
		return err_set(err, ERR_USAGE,
			       "this removes what the store knows; say "
			       "--confirm");
	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	path = backup_path(c.store);
	if (reset(&c, path, err) < 0)
		return -1;
	(void)printf("%s\n", path);
	return 0;
}
