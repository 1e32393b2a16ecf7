/* change.c - oncall-triage change: what was done to services. */
#include "triage-cmd.h"

#include <stdio.h>

#include <oncall/actor.h>
#include <oncall/change.h>
#include <oncall/clock.h>
#include <oncall/detection.h>
#include <oncall/diag.h>
#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define SINCE	   (7 * WHEN_DAY)
#define TEXT_MAX   4096 /* bytes of a member that is kept */
#define HASH_CHARS 26

static struct {
	const char *service, *what, *who, *version, *kind, *link, *host;
	int64_t time, since;
} args = {.time = WHEN_NONE, .since = WHEN_NONE};

/* clang-format off */
const struct cli_opt change_opts[] = {
	CLI_STR('s', "service", "NAME", &args.service, "service that was changed; of list, only that one"),
	CLI_STR('w', "what", "TEXT", &args.what, "what was done, in a sentence"),
	CLI_STR('k', "kind", "KIND", &args.kind, "deployment, configuration, ... (default: change)"),
	CLI_STR('r', "release", "TEXT", &args.version, "the version that it has now"),
	CLI_STR(0, "who", "NAME", &args.who, "who did it (default: who runs this)"),
	CLI_STR(0, "host", "NAME", &args.host, "where, when it was not everywhere"),
	CLI_STR(0, "link", "URL", &args.link, "where more is said about it"),
	CLI_TIME('t', "time", "TIME", &args.time, "when it was done (default: now)"),
	CLI_TIME('S', "since", "TIME", &args.since, "of list: not what was done before (default: 7d)"),
	CLI_LAST,
};
/* clang-format on */

static void write_change(struct buf *out, const struct change *c)
{
	jwrite_record(out, "change", slice_of(c->id), c->time);
	jwrite_str(out, "service", c->service);
	jwrite_str(out, "what", c->what);
	jwrite_str_opt(out, "kind", c->kind);
	jwrite_str_opt(out, "who", c->who);
	jwrite_str_opt(out, "version", c->version);
	jwrite_str_opt(out, "host", c->host);
	jwrite_str_opt(out, "link", c->link);
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
}

static int write_out(struct record_writer *out, struct err *err)
{
	int rc = record_flush(out, err);

	record_writer_done(out);
	return rc;
}

static int add_change(struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_STORE struct store *store = NULL;
	AUTO_FREE char *actor = NULL;
	struct change c = {.time = args.time == WHEN_NONE ? clock_now()
							  : args.time,
			   .service = args.service,
			   .what = args.what,
			   .kind = args.kind,
			   .who = args.who,
			   .version = args.version,
			   .link = args.link,
			   .host = args.host};

	if (!args.service || !*args.service || !args.what || !*args.what)
		return err_set(err, ERR_USAGE,
			       "say what was changed: --service NAME --what "
			       "TEXT");
	if (actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    store_open(&store, cli_store_address(), STORE_WRITE, err) < 0)
		return -1;
	if (!c.who)
		c.who = actor;
	if (change_add(store, &c, err) < 0)
		return -1;
	if (cli_records())
		write_change(&out.out, &c);
	else
		diag_info("kept %s", c.id);
	return write_out(&out, err);
}

static void add_row(struct show_table *t, const struct change *c)
{
	char time[WHEN_TEXT];

	when_format(time, c->time);
	show_table_cell(t, slice_of(time), SHOW_DIM);
	show_table_cell(t, slice_of(c->service), SHOW_BOLD);
	show_table_cell(t, slice_of(c->kind ? c->kind : "change"), SHOW_PLAIN);
	show_table_cell(t, slice_of(c->version), SHOW_PLAIN);
	show_table_cell(t, slice_of(c->who), SHOW_PLAIN);
	show_table_cell(t, slice_of(c->what), SHOW_PLAIN);
}

static int list_rows(struct store *s, struct record_writer *out,
		     struct show_table *t, struct err *err)
{
	int64_t from =
		args.since == WHEN_NONE ? clock_now() - SINCE : args.since;
	AUTO_ROWS struct store_rows *rows =
		change_ask(s, args.service, from, INT64_MAX, err);
	AUTO_BUF struct buf text = BUF_INIT;
	struct change c;
	int got = rows ? 1 : -1;

	while (got > 0 && (got = store_next(rows, err)) > 0) {
		change_row(rows, &c, &text);
		if (cli_records())
			write_change(&out->out, &c);
		else
			add_row(t, &c);
	}
	return got;
}

static int list_changes(struct err *err)
{
	static const char *const headings[] = {"TIME",	  "SERVICE", "KIND",
					       "VERSION", "WHO",     "WHAT~"};
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	AUTO_STORE struct store *store = NULL;
	int rc = 0;

	if (store_exists(cli_store_address()))
		rc = store_open(&store, cli_store_address(), STORE_READ, err);
	if (rc == 0 && store)
		rc = list_rows(store, &out, t, err);
	if (rc == 0 && !cli_records())
		cli_table(t, &out.out);
	return rc < 0 ? -1 : write_out(&out, err);
}

int change_run(int argc, char **argv, struct err *err)
{
	(void)argc;
	if (!strcmp(argv[0], "add"))
		return add_change(err);
	if (!strcmp(argv[0], "list"))
		return list_changes(err);
	return err_set(err, ERR_USAGE, "change: '%s' is neither add nor list",
		       argv[0]);
}

/* ---- records ---- */

static int read_text(const struct jscan *scan, const char *name, char **ret,
		     struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, name);
	AUTO_BUF struct buf text = BUF_INIT_MAX(SIZE_MAX / 2);

	if (!m || m->type == JSCAN_NULL)
		return 0;
	if (m->type != JSCAN_STRING)
		return err_set(err, ERR_INPUT, "\"%s\" is no text", name);
	detection_text(&text, m->value);
	if (text.len > TEXT_MAX)
		return err_set(err, ERR_INPUT, "\"%s\" is longer than %d bytes",
			       name, TEXT_MAX);
	if (text.len)
		*ret = buf_take(&text);
	return 0;
}

/* An id that is too long, or none: the same record has the same. */
static void make_id(char out[CHANGE_ID], const char *id, struct slice line)
{
	struct slice of = id ? slice_of(id) : line;
	char hex[HASH_CHARS + 1];

	if (id && strlen(id) < CHANGE_ID) {
		(void)snprintf(out, CHANGE_ID, "%s", id);
		return;
	}
	hash_sha256_hex(of.ptr, of.len, hex, HASH_CHARS);
	(void)snprintf(out, CHANGE_ID, "CHG-%s", hex);
}

enum { ID, TIME, SERVICE, WHAT, KIND, WHO, VERSION, LINK, HOST, MEMBERS };

static int keep(struct store *s, struct slice line, char *const *m,
		struct err *err)
{
	struct change c = {.time = clock_now(),
			   .service = m[SERVICE],
			   .what = m[WHAT],
			   .kind = m[KIND],
			   .who = m[WHO],
			   .version = m[VERSION],
			   .link = m[LINK],
			   .host = m[HOST]};

	if (!c.service || !c.what)
		return err_set(err, ERR_INPUT, "\"%s\" is missing",
			       c.service ? "what" : "service");
	if (m[TIME] &&
	    when_parse_rfc3339(m[TIME], strlen(m[TIME]), &c.time) < 0)
		return err_set(err, ERR_INPUT, "\"time\" is no time");
	make_id(c.id, m[ID], line);
	return change_add(s, &c, err) < 0 ? -1 : 0;
}

int change_keep(struct store *s, struct slice line, const struct jscan *scan,
		struct err *err)
{
	static const char *const names[MEMBERS] = {"id",      "time", "service",
						   "what",    "kind", "who",
						   "version", "link", "host"};
	char *members[MEMBERS] = {NULL};
	int rc = 0;

	for (size_t i = 0; i < MEMBERS && rc == 0; i++)
		rc = read_text(scan, names[i], &members[i], err);
	if (rc == 0)
		rc = keep(s, line, members, err);
	for (size_t i = 0; i < MEMBERS; i++)
		free(members[i]);
	return rc;
}
