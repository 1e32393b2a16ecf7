/* init.c - oncall init: a first configuration, and the store. */
#include "oncall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/fd.h>
#include <oncall/mem.h>
#include <oncall/record.h>

const char *config_option, *store_option;
static bool force;

const struct cli_opt init_opts[] = {
	CLI_STR(0, "config", "FILE", &config_option,
		"write the configuration there"),
	CLI_STR(0, "store", "ADDRESS", &store_option,
		"create this store: a file, or postgresql://..."),
	CLI_FLAG('f', "force", &force,
		 "write over a configuration that is there"),
	CLI_LAST,
};

int load_config(struct config **ret, struct err *err)
{
	if (config_load(ret, config_option, err) < 0)
		return -1;
	if (!store_option)
		return 0;
	return config_set(*ret, "store", store_option, "option --store", err);
}

/* The folders above path, for this user alone unless it is root's. */
static int make_folders(const char *path, struct err *err)
{
	mode_t mode = geteuid() == 0 ? 0755 : 0700;
	AUTO_FREE char *folder = mem_dup(path);

	for (char *p = folder + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		if (mkdir(folder, mode) < 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make folder '%s'",
				       folder);
	}
	return 0;
}

/* Writes the whole text to a new file beside path; its name is in temp. What
 * stands in /etc is for every user of the machine; there is no secret in it. */
static int write_beside(char *temp, const char *path, struct slice text,
			struct err *err)
{
	AUTO_FD int fd = mkostemp(temp, O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return err_sys(err, errno, "cannot create '%s'", path);
	if (strncmp(path, "/etc/", strlen("/etc/")) == 0)
		(void)fchmod(fd, 0644);
	if (fd_write_all(fd, text) < 0 || fsync(fd) < 0) {
		rc = err_sys(err, errno, "cannot write '%s'", path);
		(void)unlink(temp);
	}
	return rc;
}

/*
 * 1 when the file was written, 0 when one is there and stays. A file is put
 * into its place when it is complete; a link is never put over another file.
 */
static int write_config(const char *path, struct err *err)
{
	AUTO_FREE char *temp = mem_printf("%s.XXXXXX", path);
	AUTO_BUF struct buf text = BUF_INIT;
	int rc;

	if (!force && access(path, F_OK) == 0)
		return 0;
	config_template(&text);
	if (make_folders(path, err) < 0 ||
	    write_beside(temp, path, buf_slice(&text), err) < 0)
		return -1;
	rc = force ? rename(temp, path) : link(temp, path);
	if (rc < 0 && (force || errno != EEXIST))
		(void)err_sys(err, errno, "cannot create '%s'", path);
	(void)unlink(temp);
	if (err->kind != ERR_NONE)
		return -1;
	return rc == 0;
}

static void print_place(struct buf *out, const char *what, const char *place,
			const char *done)
{
	buf_addf(out, "%-15s", what);
	show_text(out, place, strlen(place), 0);
	buf_addf(out, "  (%s)\n", done);
}

static int init(struct record_writer *out, struct err *err)
{
	AUTO_CONFIG struct config *config = NULL;
	AUTO_STORE struct store *store = NULL;
	AUTO_FREE char *path = NULL;
	int written, there;

	if (config_place(&path, config_option, err) < 0)
		return -1;
	written = write_config(path, err);
	if (written < 0)
		return -1;
	print_place(&out->out, "configuration", path,
		    written ? "written" : "was there, not changed");
	if (record_flush(out, err) < 0 || load_config(&config, err) < 0)
		return -1;
	there = store_open(&store, config_str(config, "store"), STORE_CREATE,
			   err);
	if (there < 0)
		return -1;
	print_place(&out->out, "store", store_name(store),
		    there ? "was there" : "created");
	return record_flush(out, err);
}

int init_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	int rc;

	(void)argc;
	(void)argv;
	rc = init(&out, err);
	record_writer_done(&out);
	return rc;
}
