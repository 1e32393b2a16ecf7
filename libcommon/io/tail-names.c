/* tail-names.c - the files that the operands name: now, and again later. */
#include "tail-parts.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>

#include <oncall/mem.h>

static bool has_magic(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

int tail_names_check(struct tail_operand *o, struct err *err)
{
	struct stat st;

	if (!*o->path)
		return err_set(err, ERR_USAGE, "a file name is empty");
	o->glob = has_magic(o->path) && lstat(o->path, &st) < 0;
	if (o->glob && strstr(o->path, "**"))
		return err_set(err, ERR_USAGE,
			       "'%s': '**' is not understood; name the "
			       "directories, as in 'a/*/b*.log'",
			       o->path);
	for (const char *p = o->path; o->glob && (p = strchr(p, '[')); p++)
		if (!strchr(p + 1, ']'))
			return err_set(err, ERR_USAGE,
				       "'%s': a '[' is not closed", o->path);
	return 0;
}

static size_t dir_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

struct tail_file *tail_names_file(struct tail *t, const char *path,
				  struct tail_operand *o)
{
	struct tail_file *f = map_get(&t->by_path, slice_of(path));

	if (f)
		return f;
	f = mem_zero(1, sizeof(*f));
	f->path = mem_dup(path);
	f->name = dir_length(path);
	f->named = !strcmp(o->path, path);
	f->from_end =
		t->opt.from_end && t->opt.follow && strcmp(path, "-") != 0;
	f->look = true;
	f->operand = o;
	f->absent = f->newest = o->begun;
	if (t->file_count == t->file_cap) {
		t->file_cap = t->file_cap ? 2 * t->file_cap : 16;
		t->files = mem_resize(t->files, t->file_cap,
				      sizeof(struct tail_file *));
	}
	t->files[t->file_count++] = f;
	*map_put(&t->by_path, slice_of(path)) = f;
	if (t->opt.follow && strcmp(path, "-") != 0)
		tail_watch_dir(t, path, f->name);
	return f;
}

static void add_file(struct tail *t, const char *path, struct tail_operand *o)
{
	struct tail_file *f = tail_names_file(t, path, o);

	if (!f->begun)
		tail_queue(t, f);
}

void tail_names_drop(struct tail *t, struct tail_file *f)
{
	size_t i = 0;

	if (f->queued)
		return; /* at the next look */
	while (t->files[i] != f)
		i++;
	t->files[i] = t->files[--t->file_count];
	/* If the name comes again, what it has left must not. */
	f->operand->begun = tail_inode_clock();
	*map_put(&t->by_path, slice_of(f->path)) = NULL;
	t->stale++;
	free(f->streams);
	free(f->path);
	free(f);
}

static bool is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void cannot_list(struct tail *t, const char *path, int why)
{
	struct err err = ERR_INIT;

	(void)err_sys(&err, why, "cannot list '%s'", path);
	tail_tell(t, &err);
}

/* Its regular files that are not hidden. */
static void add_directory(struct tail *t, struct tail_operand *o)
{
	size_t n = strlen(o->path), count = 0;
	const char *slash = o->path[n - 1] == '/' ? "" : "/";
	char **names = NULL;
	DIR *dir = opendir(o->path);
	const struct dirent *e;
	AUTO_FREE char *prefix = mem_printf("%s%s", o->path, slash);

	if (t->opt.follow)
		tail_watch_dir(t, prefix, strlen(prefix));

	if (!dir) {
		if (!o->told)
			cannot_list(t, o->path, errno);
		o->told = true;
		return;
	}
	o->told = false;
	while ((e = readdir(dir))) {
		char *path;

		if (e->d_name[0] == '.')
			continue;
		path = mem_printf("%s%s%s", o->path, slash, e->d_name);
		if (!map_get(&t->by_path, slice_of(path)) &&
		    e->d_type != DT_REG && !is_regular(path)) {
			free(path);
			continue;
		}
		names = mem_resize(names, count + 1, sizeof(char *));
		names[count++] = path;
	}
	(void)closedir(dir);
	if (count)
		qsort(names, count, sizeof(char *), by_name);
	for (size_t i = 0; i < count; i++) {
		add_file(t, names[i], o);
		free(names[i]);
	}
	free(names);
}

static void add_glob(struct tail *t, struct tail_operand *o)
{
	glob_t found = {.gl_pathc = 0};
	struct err err = ERR_INIT;
	/* A list that changes is compared, not shown: order costs time. */
	int flags = t->opt.follow && !t->starting ? GLOB_NOSORT : 0;
	int failed = glob(o->path, flags, NULL, &found);

	for (size_t i = 0; failed == 0 && i < found.gl_pathc; i++)
		if (map_get(&t->by_path, slice_of(found.gl_pathv[i])) ||
		    is_regular(found.gl_pathv[i]))
			add_file(t, found.gl_pathv[i], o);
	if (failed == GLOB_NOSPACE)
		mem_die();
	if (failed == 0)
		globfree(&found);
	if (failed && !t->opt.follow) {
		(void)err_set(&err, ERR_INPUT, "no file matches '%s'", o->path);
		tail_tell(t, &err);
	}
}

void tail_names_new(struct tail *t, const char *path)
{
	struct tail_operand *o = tail_names_wanted(t, path);
	const char *name = path + dir_length(path);

	if (o && *name != '.' && is_regular(path))
		add_file(t, path, o);
	else
		t->names_due = true;
}

void tail_names_add(struct tail *t, struct tail_operand *o)
{
	struct stat st;

	if (t->opt.follow && o->glob) {
		size_t fixed = strcspn(o->path, "*?[");

		while (fixed > 0 && o->path[fixed - 1] != '/')
			fixed--;
		tail_watch_dir(t, o->path, fixed);
	}
	if (o->glob)
		add_glob(t, o);
	else if (strcmp(o->path, "-") != 0 && stat(o->path, &st) == 0 &&
		 S_ISDIR(st.st_mode))
		add_directory(t, o);
	else
		add_file(t, o->path, o);
}

struct tail_operand *tail_names_wanted(const struct tail *t, const char *path)
{
	for (size_t i = 0; i < t->operand_count; i++) {
		struct tail_operand *o = &t->operands[i];
		size_t n = strlen(o->path);

		if (!strcmp(o->path, path) ||
		    (o->glob &&
		     fnmatch(o->path, path, FNM_PATHNAME | FNM_PERIOD) == 0))
			return o;
		while (n > 1 && o->path[n - 1] == '/')
			n--;
		if (!strncmp(path, o->path, n) && dir_length(path) > 0 &&
		    strspn(path + n, "/") > 0 &&
		    !strchr(path + n + strspn(path + n, "/"), '/'))
			return o;
	}
	return NULL;
}
