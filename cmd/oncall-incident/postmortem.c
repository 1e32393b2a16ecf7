/* postmortem.c - oncall-incident postmortem: the story of an incident. */
#include "incident.h"

#include <errno.h>
#include <fcntl.h>

#include <oncall/diag.h>
#include <oncall/fd.h>
#include <oncall/postmortem.h>

#define TEMPLATE_MAX ((size_t)1024 * 1024)

static struct {
	const char *template, *output;
} args;

/* clang-format off */
const struct cli_opt postmortem_opts[] = {
	CLI_STR(0, "template", "FILE", &args.template, "what is written, and in which order"),
	CLI_STR('o', "output", "FILE", &args.output, "write there, and keep what people wrote in it"),
	CLI_LAST,
};
/* clang-format on */

static int read_template(const char *path, struct buf *out, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "cannot open '%s'", path);
	if (fd_read_all(fd, out, TEMPLATE_MAX, ERR_USAGE, path, err) < 0)
		return -1;
	if (strlen(buf_str(out)) != out->len)
		return err_set(err, ERR_USAGE,
			       "'%s' is no template: it holds a NUL", path);
	return 0;
}

static void on_kept(void *arg, const char *section, const char *why)
{
	(void)arg;
	diag_warn("%s: section '%s' is kept as it is: %s; to have it written "
		  "anew, delete what stands between its two marks",
		  args.output, section, why);
}

/* In one state of the store: what is told in two places agrees. */
static int write_one(struct store *s, int64_t num,
		     const struct postmortem_form *form,
		     struct record_writer *out, struct err *err)
{
	AUTO_POSTMORTEM struct postmortem *p = NULL;
	int rc;

	if (postmortem_new(&p, s, num, err) < 0)
		return -1;
	if (!args.output)
		return postmortem_fill(p, form, &out->out, err);
	rc = postmortem_save(p, args.output, form, on_kept, NULL, err);
	if (rc >= 0)
		diag_info("%s: %s", args.output,
			  rc ? "written" : "nothing has changed");
	return rc < 0 ? -1 : 0;
}

int postmortem_run(int argc, char **argv, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_BUF struct buf template = BUF_INIT;
	struct postmortem_form form = postmortem_form;
	const char *path = args.template;
	AUTO_STORE struct store *store = NULL;
	int64_t num;
	int rc;

	(void)argc;
	if (!path)
		path = config_str(cli_config(), "postmortem.template");
	if (incident_parse_id(argv[0], &num, err) < 0 ||
	    (path && read_template(path, &template, err) < 0) ||
	    open_store(&store, STORE_READ, err) < 0 ||
	    store_begin(store, err) < 0)
		return -1;
	if (path)
		form = (struct postmortem_form){path, buf_str(&template)};
	rc = write_one(store, num, &form, &out, err);
	store_rollback(store);
	if (rc == 0)
		rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc;
}
