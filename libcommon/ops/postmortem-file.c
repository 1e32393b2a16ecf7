/* postmortem-file.c - the document in its file: replaced at once, or not at
 * all. */
#include "postmortem-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <oncall/edit-key.h>
#include <oncall/fd.h>
#include <oncall/mem.h>
#include <oncall/ulid.h>

/* What is asked for, and where. */
struct saving {
	struct postmortem *p;
	const char *path;	    /* as the user said it */
	char *folder, *name, *full; /* without symlinks in the folder */
	const struct postmortem_form *form;
	postmortem_kept *kept;
	void *arg;
};

static void saving_done(struct saving *s)
{
	free(s->folder);
	free(s->name);
	free(s->full);
}

static int find_folder(struct saving *s, struct err *err)
{
	const char *slash = strrchr(s->path, '/');
	AUTO_FREE char *folder =
		!slash ? mem_dup(".")
		       : mem_dup_bytes(s->path,
				       slash == s->path
					       ? 1
					       : (size_t)(slash - s->path));
	char real[PATH_MAX];

	s->name = mem_dup(slash ? slash + 1 : s->path);
	if (!*s->name)
		(void)err_set(err, ERR_USAGE, "'%s' names no file", s->path);
	else if (!realpath(folder, real))
		(void)err_sys(err, errno, "cannot open '%s'", folder);
	if (err->kind != ERR_NONE)
		return -1;
	s->folder = mem_dup(real);
	s->full = mem_printf("%s/%s", strcmp(real, "/") ? real : "", s->name);
	return 0;
}

/* ---- a new file ---- */

static int sync_folder(const struct saving *s, struct err *err)
{
	AUTO_FD int fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, errno, "cannot keep '%s'", s->path);
	return 0;
}

/* It gets its name when it is whole; a file that came meanwhile stays. */
static int create(const struct saving *s, struct slice text, struct err *err)
{
	char id[ULID_TEXT];
	AUTO_FREE char *beside = NULL;
	int rc = 0, fd;

	ulid_make(id);
	beside = mem_printf("%s/.%s.oncall-%s", s->folder, s->name, id);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_sys(err, errno, "cannot write beside '%s'", s->path);
	if (fd_write_all(fd, text) < 0 || fsync(fd) < 0)
		rc = err_sys(err, errno, "cannot write '%s'", s->path);
	if (close(fd) < 0 && rc == 0)
		rc = err_sys(err, errno, "cannot write '%s'", s->path);
	if (rc == 0 && link(beside, s->full) < 0)
		rc = err_sys(err, errno, "cannot create '%s'", s->path);
	(void)unlink(beside);
	return rc < 0 ? -1 : sync_folder(s, err);
}

/* ---- one that is there ---- */

static bool is_empty(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\r\n", text.ptr[i]) || !text.ptr[i])
			return false;
	return true;
}

static int make_text(const struct saving *s, struct slice old, struct buf *out,
		     struct err *err)
{
	int n;

	if (is_empty(old))
		return postmortem_fill(s->p, s->form, out, err);
	n = postmortem_renew(s->p, old, out, s->kept, s->arg, err);
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_NO,
			       "'%s' is left as it is: it has no sections of "
			       "%s, such as postmortem writes",
			       s->path, s->p->id);
	return buf_check(out, "the postmortem", err);
}

static int replace(const struct saving *s, struct err *err)
{
	AUTO_EDIT_FILE struct edit_file f = EDIT_FILE_INIT;
	AUTO_BUF struct buf text = BUF_INIT;

	if (edit_file_open(&f, s->full, err) < 0 ||
	    make_text(s, buf_slice(&f.text), &text, err) < 0)
		return -1;
	if (slice_eq(buf_slice(&text), buf_slice(&f.text)))
		return 0;
	if (edit_file_stage(&f, buf_slice(&text), err) < 0 ||
	    edit_file_commit(&f, err) < 0)
		return -1;
	/* What people wrote is still in it, so that the old one can go. */
	(void)unlinkat(f.dir, f.backup, 0);
	return 1;
}

int postmortem_save(struct postmortem *p, const char *path,
		    const struct postmortem_form *form, postmortem_kept *kept,
		    void *arg, struct err *err)
{
	CLEANUP(saving_done)
	struct saving s = {
		.p = p, .path = path, .form = form, .kept = kept, .arg = arg};
	AUTO_BUF struct buf out = BUF_INIT;
	struct stat st;

	if (find_folder(&s, err) < 0)
		return -1;
	if (lstat(s.full, &st) == 0)
		return replace(&s, err);
	if (errno != ENOENT)
		return err_sys(err, errno, "cannot open '%s'", path);
	if (make_text(&s, (struct slice){0}, &out, err) < 0)
		return -1;
	return create(&s, buf_slice(&out), err) < 0 ? -1 : 1;
}
