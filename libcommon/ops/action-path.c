/*
 * action-path.c - paths that stay where they were allowed: in one of the
 * folders that the declaration names, with no symbolic link below it. The
 * folder itself may be reached through links: that is its owner's choice.
 */
#include "action-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <oncall/mem.h>

bool action_path_clean(struct slice text, struct buf *out)
{
	size_t start = out->len;

	if (!text.len || *text.ptr != '/')
		return false;
	for (size_t i = 0; i < text.len;) {
		struct slice part = {text.ptr + i + 1, 0};

		while (i + 1 + part.len < text.len && part.ptr[part.len] != '/')
			part.len++;
		i += part.len + 1;
		if (slice_is(part, ".."))
			return false;
		if (!part.len || slice_is(part, "."))
			continue;
		buf_add_char(out, '/');
		buf_add_slice(out, part);
	}
	if (out->len == start)
		buf_add_char(out, '/');
	return true;
}

/* What follows the folder, without '/'; NULL when the path is elsewhere. */
static const char *below(const char *path, const char *folder)
{
	size_t n = strcmp(folder, "/") != 0 ? strlen(folder) : 0;

	if (strncmp(path, folder, n) != 0)
		return NULL;
	if (path[n] == '\0')
		return path + n;
	return path[n] == '/' ? path + n + 1 : NULL;
}

/* One step down; 1: gone down, 0: nothing is there, -1. *fd is replaced. */
static int go_down(int *fd, const char *part, bool last, const char *path,
		   struct err *err)
{
	int next = openat(*fd, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (next < 0 && errno == ENOENT)
		return 0;
	if (next < 0)
		return err_set(err, ERR_REFUSED, "cannot look at '%s': %s",
			       path, strerror(errno));
	(void)close(*fd);
	*fd = next;
	if (fstat(next, &st) < 0)
		return err_set(err, ERR_REFUSED, "cannot look at '%s'", path);
	if (S_ISLNK(st.st_mode))
		return err_set(err, ERR_REFUSED,
			       "'%s' in '%s' is a symbolic link", part, path);
	if (!last && !S_ISDIR(st.st_mode))
		return err_set(err, ERR_REFUSED, "'%s' in '%s' is no folder",
			       part, path);
	return 1;
}

static int walk(const char *folder, const char *rest, const char *path,
		struct err *err)
{
	AUTO_FD int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *copy = mem_dup(rest);
	char *part = copy;

	if (fd < 0)
		return err_set(err, ERR_REFUSED,
			       "the folder '%s' of '%s' cannot be opened: %s",
			       folder, path, strerror(errno));
	while (*part) {
		char *slash = strchr(part, '/');
		int rc;

		if (slash)
			*slash = '\0';
		rc = go_down(&fd, part, !slash, path, err);
		if (rc <= 0)
			return rc;
		if (!slash)
			break;
		part = slash + 1;
	}
	return 0;
}

int action_path_check(const struct action_param *p, const char *path,
		      struct err *err)
{
	struct err first = ERR_INIT;
	AUTO_BUF struct buf wanted = BUF_INIT;

	for (size_t i = 0; p->under[i]; i++) {
		const char *rest = below(path, p->under[i]);
		struct err here = ERR_INIT;

		if (!rest)
			continue;
		if (walk(p->under[i], rest, path, &here) == 0)
			return 0;
		if (first.kind == ERR_NONE)
			first = here;
	}
	if (first.kind != ERR_NONE)
		return err_set(err, first.kind, "%s", first.text);
	action_value_wanted(p, &wanted);
	return err_set(err, ERR_REFUSED, "'%s' is elsewhere; it must be %s",
		       path, buf_str(&wanted));
}
