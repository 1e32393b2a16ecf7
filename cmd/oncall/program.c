/* program.c - the programs oncall-NAME: finding, listing and becoming them. */
#include "oncall.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/record.h>

#define PREFIX	     "oncall-"
#define SELF	     "/proc/self/exe"
#define NAME_MAX_LEN 64

/* The folders where programs are: that of this one, then those of PATH. */
struct folders {
	char *own;
	const char *path; /* what is left of PATH */
};

/* The folder that this program stands in; NULL when the system does not say. */
static char *own_folder(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink(SELF, self, sizeof(self));
	const char *slash;

	if (n <= 0 || (size_t)n == sizeof(self))
		return NULL;
	slash = memrchr(self, '/', (size_t)n);
	return slash ? mem_dup_bytes(self, (size_t)(slash - self)) : NULL;
}

static struct folders folders_begin(void)
{
	return (struct folders){.own = own_folder(), .path = getenv("PATH")};
}

/* The next one, which the caller frees; NULL behind the last. What is not
 * absolute depends on where one happens to stand, and is left out. */
static char *folders_next(struct folders *f)
{
	if (f->own)
		return TAKE_PTR(f->own);
	while (f->path && *f->path) {
		const char *part = f->path;
		size_t n = strcspn(part, ":");

		f->path += n + (part[n] == ':');
		if (*part == '/')
			return mem_dup_bytes(part, n);
	}
	return NULL;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n > 0 && n <= NAME_MAX_LEN && !name[n];
}

char *program_path(const char *file)
{
	struct folders f = folders_begin();
	char *found = NULL, *folder;

	while (!found && (folder = folders_next(&f))) {
		found = mem_printf("%s/%s", folder, file);
		free(folder);
		if (!is_program(found))
			free(TAKE_PTR(found));
	}
	free(f.own);
	return found;
}

/* The path of oncall-NAME, which the caller frees, or NULL. */
static char *find_program(const char *name)
{
	AUTO_FREE char *file = mem_printf(PREFIX "%s", name);

	return is_name(name) ? program_path(file) : NULL;
}

static int has_prefix(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PREFIX, strlen(PREFIX));
}

/* Adds the programs of a folder: name to path. The first of a name counts. */
static void list_folder(struct map *programs, const char *folder)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, has_prefix, alphasort);

	if (count < 0 && errno == ENOMEM)
		mem_die();
	for (int i = 0; i < count; i++) {
		const char *file = entries[i]->d_name;
		const char *name = file + strlen(PREFIX);
		AUTO_FREE char *path = mem_printf("%s/%s", folder, file);

		if (is_name(name) && !map_get(programs, slice_of(name)) &&
		    is_program(path))
			*map_put(programs, slice_of(name)) = TAKE_PTR(path);
		free(entries[i]);
	}
	free(entries);
}

static void list_programs(struct map *programs)
{
	struct folders f = folders_begin();
	char *folder;

	while ((folder = folders_next(&f))) {
		list_folder(programs, folder);
		free(folder);
	}
}

static int no_program(const char *name, struct err *err)
{
	struct map programs = MAP_INIT;
	AUTO_FREE const char **names = NULL;
	const char *near;
	size_t n = 0;

	list_programs(&programs);
	for (const struct cli_command *c = commands; c->run; c++) {
		names = mem_resize(names, n + 1, sizeof(*names));
		names[n++] = c->name;
	}
	for (size_t i = 0; i < programs.count; i++) {
		names = mem_resize(names, n + 1, sizeof(*names));
		names[n++] = programs.entries[i].key.ptr;
	}
	names = mem_resize(names, n + 1, sizeof(*names));
	names[n] = NULL;
	near = cli_nearest(name, names);
	if (near)
		(void)err_set(err, ERR_USAGE,
			      "there is no command '%s' and no program "
			      "'" PREFIX "%s', did you mean '%s'?",
			      name, name, near);
	else
		(void)err_set(err, ERR_USAGE,
			      "there is no command '%s' and no program "
			      "'" PREFIX "%s', see 'oncall help'",
			      name, name);
	map_done(&programs, free);
	return -1;
}

int program_run(int argc, char **argv, struct err *err)
{
	AUTO_FREE char *path = find_program(argv[0]);
	AUTO_FREE char *name = NULL;

	(void)argc;
	if (!path)
		return no_program(argv[0], err);
	name = mem_printf(PREFIX "%s", argv[0]);
	argv[0] = name;
	(void)execv(path, argv);
	return err_sys(err, errno, "cannot run '%s'", path);
}

/* ---- help ---- */

static void add_row(struct show_table *t, const char *name, const char *text)
{
	show_table_cell(t, SLICE_LIT(" "), SHOW_PLAIN);
	show_table_cell(t, slice_of(name), SHOW_BOLD);
	show_table_cell(t, slice_of(text), SHOW_PLAIN);
}

static void print_list(struct buf *out)
{
	static const char *const headings[] = {"", "NAME", "WHAT"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	struct map programs = MAP_INIT;

	for (const struct cli_command *c = commands; c->run; c++)
		add_row(t, c->name, c->summary);
	list_programs(&programs);
	for (size_t i = 0; i < programs.count; i++)
		add_row(t, programs.entries[i].key.ptr,
			programs.entries[i].value);
	cli_table(t, out);
	buf_add_str(out,
		    "\n'oncall help NAME' tells more about one of them.\n");
	map_done(&programs, free);
}

/* "oncall NAME --help" is right for built-in commands and for programs. */
static int help_of(char *name, struct err *err)
{
	char self[] = "oncall", help[] = "--help";
	char *argv[] = {self, name, help, NULL};

	(void)execv(SELF, argv);
	return err_sys(err, errno, "cannot run '%s'", SELF);
}

int help_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	int rc;

	if (argc > 0)
		return help_of(argv[0], err);
	print_list(&out.out);
	rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}
