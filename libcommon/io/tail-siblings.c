/*
 * tail-siblings.c - the files beside a file whose names are related. The names
 * of a directory are kept while it does not change: thousands of its files may
 * be rotated at once.
 */
#include "tail-parts.h"

#include <dirent.h>
#include <sys/stat.h>

#include <oncall/mem.h>

/* A change shortly after a list was read may leave the time as it was. */
#define TICK INT64_C(50000000)

void tail_siblings_done(struct tail_siblings *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct tail_siblings){.items = NULL};
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && !strcmp(name + n - m, end);
}

bool tail_siblings_archive(const char *name)
{
	return ends_with(name, ".gz") || ends_with(name, ".zst");
}

/* "app.log" is rotated to "app.log.1", "app.log-20261120.gz", "app.log.old";
 * but "app.log.lock" and "app-worker.log" are something else. */
static bool rotated_name(const char *base, const char *name)
{
	size_t n = strlen(base);

	if (strncmp(name, base, n) != 0 || !strchr(".-_~", name[n]) || !name[n])
		return false;
	return strpbrk(name + n, "0123456789") || strstr(name + n, "old") ||
	       strstr(name + n, "bak") || strstr(name + n, "prev") ||
	       !strcmp(name + n, "~") || !strcmp(name + n, ".gz") ||
	       !strcmp(name + n, ".zst");
}

/* Some put the number before the last dot: "app-20261120.log". */
static size_t stem_length(const char *base)
{
	const char *dot = strrchr(base, '.');

	return dot && dot != base ? (size_t)(dot - base) : strlen(base);
}

static bool has_original(const char *archive)
{
	AUTO_FREE char *name = mem_dup(archive);

	*strrchr(name, '.') = '\0';
	return access(name, F_OK) == 0;
}

static void add_sibling(struct tail_siblings *l, struct tail *t,
			const struct tail_file *f, const char *name)
{
	struct tail_sibling one = {
		.path = mem_printf("%.*s%s", (int)f->name, f->path, name),
		.rotated = rotated_name(f->path + f->name, name),
		.archive = tail_siblings_archive(name),
	};

	/* While the original is there, the archive is still being made: its
	 * time says nothing yet. */
	if (one.archive && has_original(one.path)) {
		free(one.path);
		return;
	}
	if (tail_inode_at(one.path, &one.inode) < 0) {
		t->list.changed = true;
		free(one.path);
		return;
	}
	if (!S_ISREG(one.inode.mode)) {
		free(one.path);
		return;
	}
	l->items = mem_resize(l->items, l->count + 1, sizeof(one));
	l->items[l->count++] = one;
}

void tail_siblings_forget(struct tail_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i].text);
	free(l->names);
	free(l->dir);
	*l = (struct tail_list){.dir = NULL};
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct tail_name *)a)->text,
		      ((const struct tail_name *)b)->text);
}

static void read_list(struct tail_list *l, const char *path)
{
	struct tail_list new = {.dir = mem_dup(path)};
	struct tail_inode inode;
	DIR *dir;
	const struct dirent *e;
	size_t cap = 0;

	tail_siblings_forget(l);
	new.read = tail_inode_clock();
	if (tail_inode_at(path, &inode) == 0)
		new.mtime = inode.mtime;
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (new.count == cap) {
			cap = cap ? 2 * cap : 64;
			new.names =
				mem_resize(new.names, cap, sizeof(*new.names));
		}
		new.names[new.count++] =
			(struct tail_name){mem_dup(e->d_name), e->d_ino};
	}
	if (dir)
		(void)closedir(dir);
	if (new.count)
		qsort(new.names, new.count, sizeof(*new.names), by_text);
	*l = new;
}

/* The names in the directory of f, as they are now. */
static const struct tail_list *list_of(struct tail *t,
				       const struct tail_file *f)
{
	AUTO_FREE char *dir =
		f->name ? mem_dup_bytes(f->path, f->name) : mem_dup(".");
	struct tail_inode now;

	if (!t->list.dir || strcmp(t->list.dir, dir) != 0 ||
	    tail_inode_at(dir, &now) < 0 || now.mtime != t->list.mtime ||
	    t->list.read < t->list.mtime + TICK)
		read_list(&t->list, dir);
	return &t->list;
}

/* Where names that begin so may begin. */
static size_t first_name(const struct tail_list *l, const char *start,
			 size_t length)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(l->names[middle].text, start, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void tail_siblings_find(struct tail_siblings *l, struct tail *t,
			const struct tail_file *f,
			const struct tail_inode *inode)
{
	const struct tail_list *list = list_of(t, f);
	const char *base = f->path + f->name;
	size_t stem = stem_length(base);

	tail_siblings_done(l);
	for (size_t i = 0; inode && i < list->count; i++)
		if (list->names[i].ino == inode->ino)
			add_sibling(l, t, f, list->names[i].text);
	if (inode)
		return;
	for (size_t i = first_name(list, base, stem); i < list->count; i++) {
		const char *name = list->names[i].text;

		if (strncmp(name, base, stem) != 0)
			break;
		if (name[stem] == '\0' || strchr(".-_~", name[stem]))
			add_sibling(l, t, f, name);
	}
}
