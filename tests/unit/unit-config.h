/* unit-config.h - files in a directory of their own, and loading them. */
#ifndef UNIT_CONFIG_H
#define UNIT_CONFIG_H

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/mem.h>

#include "../../libcommon/conf/config-internal.h"

static char test_dir[] = "/tmp/unit-config-XXXXXX";

static inline int make_test_dir(void **state)
{
	(void)state;
	(void)umask(022);
	(void)unsetenv("ONCALL_CONFIG");
	(void)unsetenv("ONCALL_STORE");
	return mkdtemp(test_dir) ? 0 : -1;
}

static inline int remove_test_dir(void **state)
{
	const char *argv[] = {"rm", "-rf", test_dir, NULL};
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		(void)execvp("rm", (char **)(uintptr_t)argv);
		_exit(127);
	}
	return pid < 0;
}

/* Writes a file of the directory; the caller frees its path. */
static inline char *put_file(const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", test_dir, name);
	FILE *f;

	for (char *slash = strchr(path + strlen(test_dir) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* Loads one text as the file "one.yaml". */
static inline int load_text(struct config **ret,
			    const struct config_key *schema, const char *text,
			    struct err *err)
{
	AUTO_FREE char *path = put_file("one.yaml", text);
	struct config_sources from = {.file = path};

	return config_load_with(ret, schema, &from, err);
}

/* The text is refused: kind, and "one.yaml:" before part. */
static inline void refuse_text(const struct config_key *schema,
			       const char *text, const char *part)
{
	AUTO_FREE char *where = mem_printf("/one.yaml:%s", part);
	struct config *c = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(load_text(&c, schema, text, &err), -1);
	assert_null(c);
	assert_err(&err, ERR_USAGE, where);
}

#endif
