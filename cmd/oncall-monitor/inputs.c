/* inputs.c - the input that options, operands and configuration ask for. */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <oncall/elastic.h>
#include <oncall/join.h>
#include <oncall/journal.h>
#include <oncall/mem.h>
#include <oncall/syslogd.h>
#include <oncall/tail.h>
#include <oncall/when.h>

#define INPUTS_MAX (2 * CLI_LIST_MAX + 8)
#define UNIT_ARGS  (2 * CLI_LIST_MAX + 1)

/* What one source is, from options or from sources.NAME. */
struct source {
	const char *name;
	const char **paths;
	size_t path_count;
	bool journal, is_journal; /* run journalctl; paths are its output */
	const char *syslog, *elasticsearch, *index, *query, *time_field;
	const char *user, *ca_file, *service, *multiline;
	char *api_key, *password;
	int64_t overlap_ms;
};

struct opening {
	struct input *inputs[INPUTS_MAX];
	char *names[INPUTS_MAX];
	size_t count;
	const struct inputs_trouble *trouble;
};

static int joined(struct input *in, struct opening *o, const struct source *s,
		  const char *kind, struct err *err)
{
	const struct join_options join = {
		.preset = s->multiline ? s->multiline : args.multiline,
		.start = args.start,
		.go_on = args.go_on,
		.end = args.end,
		.session = args.session,
		.keep = args.cursor != NULL,
	};

	if (join.preset || join.start || join.go_on || join.end ||
	    join.session) {
		struct input *inner = in;

		if (join_new(&in, inner, &join, err) < 0)
			return -1;
	}
	if (o->count == INPUTS_MAX) {
		input_free(in);
		return err_set(err, ERR_USAGE, "too many sources");
	}
	o->names[o->count] =
		mem_printf("%s%s%s", s->name, *s->name ? ":" : "", kind);
	o->inputs[o->count++] = in;
	return 0;
}

static int open_files(struct opening *o, const struct source *s,
		      struct err *err)
{
	const struct tail_options opt = {
		.paths = s->paths,
		.path_count = s->path_count,
		.follow = args.follow,
		.from_end = args.from_end,
		.from_saved = args.cursor != NULL,
		.max_line = (size_t)args.max_line,
		.no_inotify = args.no_inotify,
		.service = s->service,
		.out_fd = STDOUT_FILENO,
		.trouble = o->trouble->tell,
		.arg = o->trouble->arg,
	};
	struct input *in;

	if (tail_new(&in, &opt, err) < 0)
		return -1;
	return joined(in, o, s, "files", err);
}

/* What journalctl wrote, or journalctl when path is NULL. */
static int open_journal(struct opening *o, const struct source *s,
			const char *path, struct err *err)
{
	const char *unit_args[UNIT_ARGS] = {NULL};
	AUTO_FREE char *kind =
		mem_printf("journal%s%s", path ? " " : "", path ? path : "");
	struct journal_options opt = {
		.fd = -1,
		.name = path,
		.args = unit_args,
		.follow = args.follow,
		.since = args.since,
		.until = args.until,
		.max_line = (size_t)args.max_line,
		.service = s->service,
		.trouble = o->trouble->tell,
		.arg = o->trouble->arg,
	};
	struct input *in;

	if (path && !strcmp(path, "-"))
		opt.fd = STDIN_FILENO;
	else if (path)
		opt.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (path && opt.fd < 0)
		return err_sys(err, errno, "cannot open '%s'", path);
	for (size_t i = 0; i < args.units.count; i++) {
		unit_args[2 * i] = "-u";
		unit_args[2 * i + 1] = args.units.items[i];
	}
	if (journal_new(&in, &opt, err) < 0)
		return -1;
	return joined(in, o, s, kind, err);
}

static int open_syslog(struct opening *o, const struct source *s,
		       struct err *err)
{
	const struct syslogd_options opt = {
		.address = s->syslog,
		.max_line = (size_t)args.max_line,
		.service = s->service,
		.trouble = o->trouble->tell,
		.arg = o->trouble->arg,
	};
	struct input *in;

	if (syslogd_new(&in, &opt, err) < 0)
		return -1;
	return joined(in, o, s, "syslog", err);
}

static int open_elastic(struct opening *o, const struct source *s,
			struct err *err)
{
	const struct elastic_options opt = {
		.url = s->elasticsearch,
		.index = s->index,
		.query = s->query,
		.time_field = s->time_field,
		.api_key = s->api_key,
		.user = s->user,
		.password = s->password,
		.ca_file = s->ca_file,
		.service = s->service,
		.follow = args.follow,
		.since = args.since,
		.until = args.until,
		.overlap_ms = s->overlap_ms,
		.trouble = o->trouble->tell,
		.arg = o->trouble->arg,
	};
	struct input *in;

	if (!s->index)
		return err_set(err, ERR_USAGE,
			       "'%s': which index? Say --index NAMES",
			       s->elasticsearch);
	if (elastic_new(&in, &opt, err) < 0)
		return -1;
	return joined(in, o, s, "elasticsearch", err);
}

static int open_source(struct opening *o, const struct source *s,
		       struct err *err)
{
	if (s->path_count && !s->is_journal && open_files(o, s, err) < 0)
		return -1;
	for (size_t i = 0; s->is_journal && i < s->path_count; i++)
		if (open_journal(o, s, s->paths[i], err) < 0)
			return -1;
	if (s->journal && open_journal(o, s, NULL, err) < 0)
		return -1;
	if (s->syslog && open_syslog(o, s, err) < 0)
		return -1;
	return s->elasticsearch ? open_elastic(o, s, err) : 0;
}

static const char *key(char out[256], const char *name, const char *member)
{
	(void)snprintf(out, 256, "sources.%s.%s", name, member);
	return out;
}

static void add_path(struct source *s, const char *path)
{
	s->paths = mem_resize(s->paths, s->path_count + 1, sizeof(*s->paths));
	s->paths[s->path_count++] = path;
}

static void source_done(struct source *s)
{
	free(s->paths);
	free(s->api_key);
	free(s->password);
}

static int read_source(struct source *s, const char *name, struct err *err)
{
	const struct config *c = cli_config();
	const char *text;
	char k[256];

	if (strlen(name) > 128)
		return err_set(err, ERR_USAGE, "'%s': too long for a name",
			       name);
	for (size_t i = 0;; i++) {
		const char *known = config_item(c, "sources", i);

		if (!known)
			return err_set(err, ERR_USAGE,
				       "the configuration has no source '%s'",
				       name);
		if (!strcmp(known, name))
			break;
	}
	*s = (struct source){.name = name};
	for (size_t i = 0; (text = config_item(c, key(k, name, "files"), i));
	     i++)
		add_path(s, text);
	s->journal = config_bool(c, key(k, name, "journal"));
	s->syslog = config_str(c, key(k, name, "syslog"));
	s->elasticsearch = config_str(c, key(k, name, "elasticsearch"));
	s->index = config_str(c, key(k, name, "index"));
	s->query = config_str(c, key(k, name, "query"));
	s->time_field = config_str(c, key(k, name, "time_field"));
	s->overlap_ms = config_duration(c, key(k, name, "overlap"));
	s->user = config_str(c, key(k, name, "user"));
	s->ca_file = config_str(c, key(k, name, "ca_file"));
	s->service = config_str(c, key(k, name, "service"));
	s->multiline = config_str(c, key(k, name, "multiline"));
	if (config_secret(c, key(k, name, "api_key"), &s->api_key, err) < 0 ||
	    config_secret(c, key(k, name, "password"), &s->password, err) < 0)
		return -1;
	if (!s->path_count && !s->journal && !s->syslog && !s->elasticsearch)
		return err_set(err, ERR_USAGE,
			       "source '%s' has none of files, journal, "
			       "syslog and elasticsearch",
			       name);
	return 0;
}

/* A source that is named twice is still one. */
static bool is_again(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(args.sources.items[k], args.sources.items[i]))
			return true;
	return false;
}

static int open_configured(struct opening *o, struct err *err)
{
	int failed = 0;

	for (size_t i = 0; i < args.sources.count && !failed; i++) {
		CLEANUP(source_done) struct source s = {.name = NULL};

		if (is_again(i))
			continue;
		failed = read_source(&s, args.sources.items[i], err) < 0 ||
			 open_source(o, &s, err) < 0;
	}
	return failed ? -1 : 0;
}

static int open_named(struct opening *o, int argc, char **argv, struct err *err)
{
	CLEANUP(source_done)
	struct source s = {
		.name = "",
		.journal = args.journal && !argc,
		.is_journal = args.journal && argc,
		.syslog = args.syslog,
		.elasticsearch = args.elasticsearch,
		.index = args.index,
		.query = args.query,
		.time_field = args.time_field,
	};

	for (int i = 0; i < argc; i++)
		add_path(&s, argv[i]);
	if (!argc && !args.sources.count && !s.journal && !s.syslog &&
	    !s.elasticsearch)
		add_path(&s, "-");
	return open_source(o, &s, err);
}

/* What says more of a source needs that source. */
static int check_options(int argc, struct err *err)
{
	const struct {
		const char *option;
		bool given;
		const char *needs;
		bool there;
	} rules[] = {
		{"--unit", args.units.count > 0, "--journal without FILE",
		 (args.journal && !argc) || args.sources.count > 0},
		{"--index", args.index != NULL, "--elasticsearch",
		 args.elasticsearch != NULL},
		{"--query", args.query != NULL, "--elasticsearch",
		 args.elasticsearch != NULL},
		{"--time-field", args.time_field != NULL, "--elasticsearch",
		 args.elasticsearch != NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].given && !rules[i].there)
			return err_set(err, ERR_USAGE, "%s needs %s",
				       rules[i].option, rules[i].needs);
	return 0;
}

int inputs_open(struct input **ret, int argc, char **argv,
		const struct inputs_trouble *trouble, struct err *err)
{
	struct opening o = {.trouble = trouble};
	int failed = check_options(argc, err) < 0 ||
		     open_named(&o, argc, argv, err) < 0 ||
		     open_configured(&o, err) < 0;

	if (failed)
		for (size_t i = 0; i < o.count; i++)
			input_free(o.inputs[i]);
	else
		*ret = input_join_all(o.inputs, (const char *const *)o.names,
				      o.count);
	for (size_t i = 0; i < o.count; i++)
		free(o.names[i]);
	return failed ? -1 : 0;
}
