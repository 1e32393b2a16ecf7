/* action-env.c - the environment of what is run, and which way is taken. */
#include "action-call-internal.h"

#include <ctype.h>

#include <oncall/mem.h>

#define PATH_FALLBACK \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool has_meaning(const char *name)
{
	static const char *const names[] = {
		"PATH",	    "HOME",   "IFS",	"ENV",	   "SHELL",
		"PWD",	    "OLDPWD", "USER",	"LOGNAME", "LANG",
		"LANGUAGE", "TZ",     "TMPDIR", "PPID",	   "OPTIND",
		"OPTARG",   "MAIL",   "TERM",	"EDITOR",  "UID",
		"BASH_ENV", "PS1",    "PS2",	"PS4",	   "CDPATH"};

	if (!strncmp(name, "LD_", 3) || !strncmp(name, "LC_", 3) ||
	    !strncmp(name, "BASH", 4))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

char *action_variable(const char *name)
{
	AUTO_FREE char *upper = mem_dup(name);

	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return has_meaning(upper) ? mem_printf("PARAM_%s", upper)
				  : TAKE_PTR(upper);
}

char *action_path(void)
{
	const char *path = getenv("PATH");
	AUTO_BUF struct buf out = BUF_INIT;

	while (path && *path) {
		size_t n = strcspn(path, ":");

		if (*path == '/') {
			if (out.len)
				buf_add_char(&out, ':');
			buf_add(&out, path, n);
		}
		path += n + (path[n] == ':');
	}
	return out.len ? buf_take(&out) : mem_dup(PATH_FALLBACK);
}

/* ---- environment ---- */

static bool is_set(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; env[i]; i++)
		if (!strncmp(env[i], name, n) && env[i][n] == '=')
			return true;
	return false;
}

/* What an action does not set itself. */
static size_t add_usual(char **env, size_t n, const struct action *a)
{
	const char *home = getenv("HOME");

	if (!is_set(env, "PATH")) {
		AUTO_FREE char *path = action_path();

		env[n++] = mem_printf("PATH=%s", path);
	}
	if (!is_set(env, "LANG"))
		env[n++] = mem_dup("LANG=C.UTF-8");
	if (!a->run_as && home && !is_set(env, "HOME"))
		env[n++] = mem_printf("HOME=%s", home);
	return n;
}

static size_t add_variable(char **env, size_t n, const char *name,
			   struct slice value)
{
	AUTO_FREE char *variable = action_variable(name);

	if (is_set(env, variable))
		return n;
	env[n] = mem_printf("%s=%.*s", variable, (int)value.len,
			    value.ptr ? value.ptr : "");
	return n + 1;
}

/* Values for shells. What an incident says of itself is left out where it is
 * no name: the shell finds nothing there. */
static size_t add_variables(char **env, size_t n, const struct action_values *v)
{
	const struct action *a = v->action;
	const struct {
		const char *name, *value;
		enum action_param_type type;
	} about[] = {{"incident", v->about->incident, ACTION_NAME},
		     {"service", v->about->service, ACTION_NAME},
		     {"host", v->about->host, ACTION_HOST},
		     {"environment", v->about->environment, ACTION_NAME}};

	for (size_t i = 0; i < a->param_count; i++)
		n = add_variable(env, n, a->params[i].name, v->params[i]);
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		const struct action_param p = {.type = about[i].type};
		AUTO_BUF struct buf used = BUF_INIT;
		struct err ignored = ERR_INIT;

		if (about[i].value &&
		    action_value_check(&p, slice_of(about[i].value), false,
				       &used, &ignored) == 0)
			n = add_variable(env, n, about[i].name,
					 slice_of(about[i].value));
	}
	return add_variable(env, n, "pack_dir", slice_of(a->pack_dir));
}

int action_env_fill(const struct action_values *v, bool usual, char ***ret,
		    struct err *err)
{
	const struct action *a = v->action;
	size_t count = 0, n = 0;

	while (a->env_code && a->env_code[count])
		count++;
	*ret = mem_zero(count + a->param_count + ACTION_ABOUT_COUNT + 4,
			sizeof(char *));
	for (; n < count; n++) {
		AUTO_BUF struct buf out = BUF_INIT;

		if (action_text_fill(a->env_code[n], v, &out, err) < 0)
			return -1;
		(*ret)[n] = buf_take(&out);
	}
	if (a->has_shell)
		n = add_variables(*ret, n, v);
	if (usual)
		(void)add_usual(*ret, n, a);
	return 0;
}

/* ---- variants ---- */

static bool has_program(const char *name)
{
	AUTO_FREE char *path = NULL;
	const char *p;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	path = action_path();
	for (p = path; *p;) {
		size_t n = strcspn(p, ":");
		AUTO_FREE char *file = mem_printf("%.*s/%s", (int)n, p, name);

		if (access(file, X_OK) == 0)
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

/* Whether the parameter has one of the values that stand for it. */
static bool param_holds(const struct action_values *v, char *const *pairs,
			const char *pair)
{
	size_t n = strcspn(pair, "=") + 1;
	struct slice value = {NULL, 0};

	for (size_t i = 0; i < v->action->param_count; i++) {
		const char *name = v->action->params[i].name;

		if (strlen(name) == n - 1 && !memcmp(name, pair, n - 1))
			value = v->params[i];
	}
	for (size_t i = 0; pairs[i]; i++)
		if (!strncmp(pairs[i], pair, n) &&
		    slice_is(value, pairs[i] + n))
			return value.ptr != NULL;
	return false;
}

/* 1 it holds, 0 not, with what it lacks appended, -1. */
static int holds(const struct action_variant *w, const struct action_values *v,
		 struct buf *lacks, struct err *err)
{
	AUTO_BUF struct buf file = BUF_INIT;

	for (size_t i = 0; w->when_params && w->when_params[i]; i++)
		if (!param_holds(v, w->when_params, w->when_params[i])) {
			buf_addf(lacks, "it is for %s", w->when_params[i]);
			return 0;
		}
	if (w->when_program && !has_program(w->when_program)) {
		buf_addf(lacks, "no program '%s'", w->when_program);
		return 0;
	}
	if (!w->file_code)
		return 1;
	if (action_text_fill(w->file_code, v, &file, err) < 0)
		return -1;
	if (access(buf_str(&file), F_OK) == 0)
		return 1;
	buf_addf(lacks, "no file '%s'", buf_str(&file));
	return 0;
}

int action_choose(const struct action_values *v,
		  const struct action_variant **ret, struct err *err)
{
	const struct action *a = v->action;
	AUTO_BUF struct buf lacks = BUF_INIT;

	for (size_t i = 0; i < a->variant_count; i++) {
		const struct action_variant *w = &a->variants[i];
		int rc;

		buf_addf(&lacks, "%s%s: ", i ? "; " : "",
			 w->name ? w->name : a->id);
		rc = holds(w, v, &lacks, err);
		if (rc < 0)
			return -1;
		if (rc) {
			*ret = w;
			return 0;
		}
	}
	return err_set(err, ERR_REFUSED, "%s cannot be done here: %s", a->id,
		       buf_str(&lacks));
}
