/* rules.c - the rules that options, configuration and store ask for. */
#include "monitor.h"

#include <stdio.h>

#include <oncall/diag.h>
#include <oncall/false-positive.h>
#include <oncall/mem.h>
#include <oncall/stored-rules.h>
#include <oncall/when.h>

#include <sys/stat.h>

/* Where engine hs keeps what it compiled. */
static const char *cache_dir(void)
{
	static char path[4096];
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (base && *base == '/')
		n = snprintf(path, sizeof(path), "%s/oncall", base);
	else if (home && *home == '/')
		n = snprintf(path, sizeof(path), "%s/.cache/oncall", home);
	else
		return NULL;
	return n > 0 && (size_t)n < sizeof(path) ? path : NULL;
}

static int load_default(struct packs *p, struct err *err)
{
	const struct config *c = cli_config();
	const char *name;

	if (args.no_default_packs || args.packs.count)
		return 0;
	if (!config_item(c, "packs", 0))
		return pack_load_all(p, err);
	for (size_t i = 0; (name = config_item(c, "packs", i)); i++)
		if (pack_load_named(p, name, err) < 0)
			return -1;
	return 0;
}

/* A store that is not there has no patterns. */
static int load_stored(struct packs *p, struct store **ret, struct err *err)
{
	if (!store_exists(cli_store_address()))
		return 0;
	if (store_open(ret, cli_store_address(), STORE_READ, err) < 0)
		return -1;
	return args.no_default_packs ? 0 : stored_rules_load(*ret, p, err);
}

/* A store that cannot be read must not keep anybody from looking at a log. */
static int forgive(int rc, struct err *why, bool again, struct err *err)
{
	if (rc == 0)
		return 0;
	if (again) {
		*err = *why;
		return -1;
	}
	if (args.no_default_packs)
		diag_info("exceptions in the store are not used: %s",
			  why->text);
	else
		diag_warn("patterns in the store are not used: %s", why->text);
	err_clear(why);
	return 0;
}

static int load(struct packs *p, bool again, struct err *err)
{
	AUTO_STORE struct store *s = NULL;
	struct err why = ERR_INIT;

	if (load_default(p, err) < 0)
		return -1;
	for (size_t i = 0; i < args.packs.count; i++)
		if (pack_load_named(p, args.packs.items[i], err) < 0)
			return -1;
	if (forgive(load_stored(p, &s, &why), &why, again, err) < 0)
		return -1;
	for (size_t i = 0; i < args.patterns.count; i++)
		if (pack_load(p, args.patterns.items[i], err) < 0)
			return -1;
	if (!p->rule_count)
		return err_set(err, ERR_USAGE,
			       "no patterns: no pack was found%s; say "
			       "--patterns FILE",
			       args.no_default_packs ? " to be used" : "");
	/* What people found to be false holds wherever a rule comes from. */
	return s ? forgive(false_positive_load(s, p, &why), &why, again, err)
		 : 0;
}

int rules_load(struct packs *p, struct err *err)
{
	return load(p, false, err);
}

/* What comes once would be empty now. */
static int check_again(struct err *err)
{
	for (size_t i = 0; i < args.patterns.count; i++) {
		const char *path = args.patterns.items[i];
		struct stat st;

		if (!strcmp(path, "-") ||
		    (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
			return err_set(err, ERR_USAGE,
				       "'%s' cannot be read a second time",
				       path);
	}
	return 0;
}

/* "100/1m" */
static int read_rate(struct detector_options *opt, struct err *err)
{
	const char *slash = args.max_rate ? strchr(args.max_rate, '/') : NULL;
	AUTO_FREE char *count = NULL;

	if (!args.max_rate)
		return 0;
	if (!slash)
		return err_set(err, ERR_USAGE,
			       "--max-rate: '%s' is not like 100/1m",
			       args.max_rate);
	count = mem_dup_bytes(args.max_rate, (size_t)(slash - args.max_rate));
	if (cli_parse_int(count, 1, INT32_MAX, &opt->rate_count, err) < 0 ||
	    when_parse_duration(slash + 1, &opt->rate_ms, err) < 0)
		return err_prefix(err, "--max-rate");
	if (opt->rate_ms <= 0)
		return err_set(err, ERR_USAGE,
			       "--max-rate: '%s': in no time at all",
			       args.max_rate);
	return 0;
}

static const char *format_name(void)
{
	if (args.docker)
		return "docker";
	if (args.cri)
		return "cri";
	return args.format;
}

int rules_options(struct detector_options *opt, struct err *err)
{
	const char *format = format_name();

	if (args.docker + args.cri + (args.format != NULL) > 1)
		return err_set(err, ERR_USAGE,
			       "only one of --format, --docker and --cri");
	if (format && strcmp(format, "auto") != 0)
		opt->format = fields_format_find(format);
	opt->engine = args.engine;
	opt->cache_dir = cache_dir();
	opt->service = args.service;
	opt->since = args.since;
	opt->until = args.until;
	opt->all = args.all;
	opt->replay = cli_replay();
	opt->measure = args.stats;
	opt->live = args.follow && !cli_replay();
	return read_rate(opt, err);
}

void rules_close(struct ruleset *r)
{
	if (!r)
		return;
	detector_free(r->d);
	pack_done(&r->packs);
	free(r);
}

DEFINE_AUTO(struct ruleset *, rules_close, auto_rules_)

int rules_open(struct ruleset **ret, bool again,
	       const struct inputs_trouble *trouble, struct err *err)
{
	CLEANUP(auto_rules_)
	struct ruleset *r = mem_zero(1, sizeof(*r));
	struct detector_options opt = {.trouble = trouble->tell,
				       .arg = trouble->arg};

	if ((again && check_again(err) < 0) ||
	    load(&r->packs, again, err) < 0 || rules_options(&opt, err) < 0 ||
	    detector_new(&r->d, &r->packs, &opt, err) < 0)
		return -1;
	*ret = TAKE_PTR(r);
	return 0;
}
