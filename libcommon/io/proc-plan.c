/* proc-plan.c - finds the program and the user before anything is forked. */
#include "proc-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <oncall/mem.h>
#include <pwd.h>
#include <sys/stat.h>

#define DEFAULT_PATH  "/usr/local/bin:/usr/bin:/bin"
#define DEFAULT_UMASK 022
#define PASSWD_MAX    ((size_t)1024 * 1024) /* of one user's entry */
#define GROUPS_MAX    65536

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) &&
	       !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

static const char *env_get(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* The path of a name without '/', or NULL. Folders that are not absolute are
 * passed over: what runs must not depend on where we stand. */
static char *path_search(const char *name, const char *path)
{
	const char *end;
	char *full;

	for (; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if (*path != '/')
			continue;
		full = mem_printf("%.*s/%s", (int)(end - path), path, name);
		if (is_program(full))
			return full;
		free(full);
	}
	return NULL;
}

static int plan_program(struct proc_plan *plan, struct err *err)
{
	const char *name = plan->argv[0];
	const char *path;

	if (!name || !*name)
		return err_set(err, ERR_USAGE, "no program to run");
	if (strchr(name, '/')) {
		plan->path = mem_dup(name);
		return 0;
	}
	path = env_get(plan->env, "PATH");
	if (!path)
		path = env_get(environ, "PATH");
	plan->path = path_search(name, path ? path : DEFAULT_PATH);
	if (!plan->path)
		return err_set(err, ERR_SYSTEM,
			       "cannot run '%s': not found in PATH", name);
	return 0;
}

static int find_user(const char *name, struct passwd *pw, char **ret_text,
		     struct err *err)
{
	struct passwd *found = NULL;
	size_t size = 1024;
	int rc = ERANGE;

	while (rc == ERANGE && size <= PASSWD_MAX) {
		size *= 2;
		*ret_text = mem_resize(*ret_text, size, 1);
		rc = getpwnam_r(name, pw, *ret_text, size, &found);
	}
	if (found)
		return 0;
	if (rc && rc != ENOENT && rc != ESRCH)
		return err_sys(err, rc, "cannot look up the user '%s'", name);
	return err_set(err, ERR_SYSTEM, "unknown user '%s'", name);
}

static int plan_user(struct proc_plan *plan, const char *name, struct err *err)
{
	AUTO_FREE char *text = NULL;
	struct passwd pw;
	int count = 16;

	if (find_user(name, &pw, &text, err))
		return -1;
	/* Who is that user already needs no privilege. */
	if (geteuid() != 0 && geteuid() == pw.pw_uid && getuid() == pw.pw_uid)
		return 0;
	plan->switch_user = true;
	plan->uid = pw.pw_uid;
	plan->gid = pw.pw_gid;
	do {
		plan->group_count = count;
		plan->groups = mem_resize(plan->groups, (size_t)count,
					  sizeof(*plan->groups));
		if (getgrouplist(name, pw.pw_gid, plan->groups,
				 &plan->group_count) >= 0)
			return 0;
		count *= 2;
	} while (count <= GROUPS_MAX);
	return err_set(err, ERR_SYSTEM, "the user '%s' is in too many groups",
		       name);
}

/* exec wants pointers that may change; the strings stay the caller's. */
static char **copy_array(const char *const *from)
{
	size_t n = 0;
	char **to;

	while (from[n])
		n++;
	to = mem_zero(n + 1, sizeof(*to));
	memcpy(to, from, n * sizeof(*to));
	return to;
}

int proc_plan_make(struct proc_plan *plan, const struct proc_options *opt,
		   struct err *err)
{
	*plan = (struct proc_plan){
		.dir = opt->dir,
		.limits = opt->limits,
		.umask = opt->umask ? opt->umask : DEFAULT_UMASK,
		.grace_ms = opt->grace_ms > 0 ? opt->grace_ms : PROC_GRACE_MS,
		.input = -1,
		.output = {-1, -1},
		.report = -1,
		.leash = -1,
		.started = opt->started,
	};
	plan->argv = copy_array(opt->argv);
	plan->env =
		copy_array(opt->env ? opt->env : (const char *const *)environ);
	if (plan_program(plan, err))
		return -1;
	return opt->user ? plan_user(plan, opt->user, err) : 0;
}

void proc_shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void proc_plan_shut(struct proc_plan *plan)
{
	proc_shut(&plan->input);
	proc_shut(&plan->output[0]);
	proc_shut(&plan->output[1]);
	proc_shut(&plan->report);
	proc_shut(&plan->leash);
}

void proc_plan_done(struct proc_plan *plan)
{
	proc_plan_shut(plan);
	free(plan->path);
	free(plan->argv);
	free(plan->env);
	free(plan->groups);
}
