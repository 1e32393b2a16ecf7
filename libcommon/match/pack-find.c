/* pack-find.c - packs by name: where they are, and which there are. */
#include <oncall/pack.h>

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>

#include <oncall/cli.h>
#include <oncall/mem.h>

#define FOLDERS_MAX 32
#define SUFFIX	    ".yaml"
#define BUILD_GLOB  "*/build/*/bin"

struct folders {
	char *list[FOLDERS_MAX];
	size_t count;
};

static void folders_done(struct folders *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->list[i]);
}

static void add_folder(struct folders *f, char *path)
{
	if (f->count < FOLDERS_MAX)
		f->list[f->count++] = path;
	else
		free(path);
}

/* Where the program stands tells where its packs do: PREFIX/bin when it was
 * installed, so that PREFIX may be moved, build/PROFILE/bin in a tree of
 * sources. */
static void add_own(struct folders *f)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return;
	*slash = '\0';
	add_folder(f, mem_printf("%s/../share/oncall/examples/packs", path));
	if (fnmatch(BUILD_GLOB, path, 0) == 0)
		add_folder(f, mem_printf("%s/../../../examples/packs", path));
}

static void find_folders(struct folders *f)
{
	const char *named = getenv("ONCALL_PACKS");
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	while (named && *named) {
		size_t n = strcspn(named, ":");

		if (n)
			add_folder(f, mem_dup_bytes(named, n));
		named += n + (named[n] == ':');
	}
	if (config && *config == '/')
		add_folder(f, mem_printf("%s/oncall/packs", config));
	else if (home && *home == '/')
		add_folder(f, mem_printf("%s/.config/oncall/packs", home));
	add_folder(f, mem_dup("/etc/oncall/packs"));
	add_own(f);
}

static int no_such(const char *name, struct err *err)
{
	size_t count;
	AUTO_FREE char **names = pack_names(&count);
	const char *near = cli_nearest(name, (const char *const *)names);

	(void)err_set(err, ERR_USAGE,
		      "no pack '%s' in ONCALL_PACKS, ~/.config/oncall/packs, "
		      "/etc/oncall/packs or where packs were installed%s%s%s",
		      name, near ? "; did you mean '" : "", near ? near : "",
		      near ? "'?" : "");
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return -1;
}

int pack_load_named(struct packs *p, const char *name, struct err *err)
{
	CLEANUP(folders_done) struct folders f = {.count = 0};

	find_folders(&f);
	for (size_t i = 0; i < f.count && !strchr(name, '/'); i++) {
		AUTO_FREE char *path =
			mem_printf("%s/%s" SUFFIX, f.list[i], name);

		if (access(path, F_OK) == 0)
			return pack_load(p, path, err);
	}
	return no_such(name, err);
}

int pack_load_all(struct packs *p, struct err *err)
{
	size_t count;
	AUTO_FREE char **names = pack_names(&count);
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		if (!failed)
			failed = pack_load_named(p, names[i], err);
		free(names[i]);
	}
	return failed;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_names(const char *folder, struct map *seen)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name);

		if (e->d_name[0] == '.' || n <= sizeof(SUFFIX) - 1 ||
		    strcmp(e->d_name + n - (sizeof(SUFFIX) - 1), SUFFIX) != 0)
			continue;
		n -= sizeof(SUFFIX) - 1;
		*map_put(seen, (struct slice){e->d_name, n}) = seen;
	}
	if (dir)
		(void)closedir(dir);
}

/* Each name once, from the first folder that has it. */
static void add_files(const char *folder, const char *part, struct map *seen)
{
	AUTO_FREE char *inner = mem_printf("%s/%s", folder, part);
	const char *const places[] = {folder, inner};
	struct map names = MAP_INIT;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		add_names(places[i], &names);
		for (size_t k = 0; k < names.count; k++) {
			AUTO_FREE char *key = mem_printf(
				"%s%s", i ? "/" : "", names.entries[k].key.ptr);
			void **place = map_put(seen, slice_of(key));

			if (!*place)
				*place = mem_printf("%s/%s" SUFFIX, places[i],
						    names.entries[k].key.ptr);
		}
		map_clear(&names, NULL);
	}
	map_done(&names, NULL);
}

char **pack_files(const char *part, size_t *ret_count)
{
	CLEANUP(folders_done) struct folders f = {.count = 0};
	struct map seen = MAP_INIT;
	char **paths;

	find_folders(&f);
	for (size_t i = 0; i < f.count; i++)
		add_files(f.list[i], part, &seen);
	paths = mem_zero(seen.count + 1, sizeof(char *));
	for (size_t i = 0; i < seen.count; i++)
		paths[i] = seen.entries[i].value;
	qsort(paths, seen.count, sizeof(char *), by_name);
	*ret_count = seen.count;
	map_done(&seen, NULL);
	return paths;
}

char **pack_names(size_t *ret_count)
{
	CLEANUP(folders_done) struct folders f = {.count = 0};
	struct map seen = MAP_INIT;
	char **names;

	find_folders(&f);
	for (size_t i = 0; i < f.count; i++)
		add_names(f.list[i], &seen);
	names = mem_zero(seen.count + 1, sizeof(char *));
	for (size_t i = 0; i < seen.count; i++)
		names[i] = mem_dup(seen.entries[i].key.ptr);
	qsort(names, seen.count, sizeof(char *), by_name);
	*ret_count = seen.count;
	map_done(&seen, NULL);
	return names;
}
