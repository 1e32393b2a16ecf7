/* cache.c - where files lie that can be made again at any time. */
#include <oncall/cache.h>

#include <errno.h>

#include <sys/stat.h>

#define CACHE_OPEN_TO_OTHERS (S_IWGRP | S_IWOTH)

static bool make_folder(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return false;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && !(st.st_mode & CACHE_OPEN_TO_OTHERS);
}

bool cache_folder(struct buf *out)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	AUTO_BUF struct buf path = BUF_INIT;

	if (base && *base == '/') {
		buf_add_str(&path, base);
	} else if (home && *home == '/') {
		buf_addf(&path, "%s/.cache", home);
	} else {
		return false;
	}
	if (mkdir(buf_str(&path), 0700) < 0 && errno != EEXIST)
		return false;
	buf_add_str(&path, "/oncall");
	if (!make_folder(buf_str(&path)))
		return false;
	buf_add_slice(out, buf_slice(&path));
	return true;
}
