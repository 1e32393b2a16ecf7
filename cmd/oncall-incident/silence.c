/* silence.c - oncall-incident silence: people do not hear of what matches. */
#include "incident.h"

#include <oncall/actor.h>
#include <oncall/clock.h>
#include <oncall/incident-query.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/silence.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define NOTE_MAX 16384 /* bytes */

static struct {
	struct cli_list incidents;
	int64_t length, until, from;
	bool until_resolved, all;
	const char *note;
} args = {.until = WHEN_NONE, .from = WHEN_NONE};

/* clang-format off */
const struct cli_opt silence_opts[] = {
	CLI_GROUP("Of add and preview"),
	CLI_LIST(0, "incident", "INCIDENT", &args.incidents, "only that one; may be given again"),
	CLI_DURATION(0, "for", "TIME", &args.length, "how long"),
	CLI_TIME(0, "until", "TIME", &args.until, "when it ends"),
	CLI_FLAG(0, "until-resolved", &args.until_resolved, "what matches now, until it is resolved"),
	CLI_TIME(0, "from", "TIME", &args.from, "when it begins (default: now)"),
	CLI_STR('m', "note", "TEXT", &args.note, "why"),
	CLI_GROUP("Of list"),
	CLI_FLAG('a', "all", &args.all, "also those that are over"),
	CLI_LAST,
};
/* clang-format on */

/* ---- what was asked for ---- */

static int check_end(const struct silence *s, int64_t now, struct err *err)
{
	int64_t most = config_duration(cli_config(), "incidents.silence_max");
	char end[WHEN_TEXT], start[WHEN_TEXT], limit[32];

	when_format(end, s->ends);
	when_format(start, s->starts);
	if (s->ends <= now)
		return err_set(err, ERR_USAGE,
			       "the end of the silence, %s, is past; try "
			       "--for 2h",
			       end);
	if (s->ends <= s->starts)
		return err_set(err, ERR_USAGE,
			       "the silence would end at %s, not after it "
			       "begins at %s; try --for 2h",
			       end, start);
	if (most < 0 || s->ends - s->starts <= most)
		return 0;
	when_format_duration(limit, most);
	return err_set(err, ERR_REFUSED,
		       "a silence from %s until %s is longer than "
		       "incidents.silence_max, %s; try --for %s",
		       start, end, limit, limit);
}

static int read_times(struct silence *s, bool needed, struct err *err)
{
	int ends = (args.length != 0) + (args.until != WHEN_NONE) +
		   args.until_resolved;
	int64_t now = clock_now();

	s->starts = args.from == WHEN_NONE ? now : args.from;
	s->ends = WHEN_NONE;
	if (ends > 1)
		return err_set(err, ERR_USAGE,
			       "--for, --until and --until-resolved exclude "
			       "each other");
	if (ends == 0 && needed)
		return err_set(err, ERR_USAGE,
			       "a silence needs an end: --for 2h, --until TIME "
			       "or --until-resolved");
	if (ends == 0 || args.until_resolved)
		return 0;
	if (args.length > WHEN_MAX - s->starts)
		args.length = WHEN_MAX - s->starts;
	s->ends = args.length ? s->starts + args.length : args.until;
	return check_end(s, now, err);
}

static int read_incidents(struct silence *s, struct store *store,
			  struct err *err)
{
	for (size_t i = 0; i < args.incidents.count; i++) {
		AUTO_INCIDENT struct incident inc = {.num = 0};
		int64_t num;

		if (incident_parse_id(args.incidents.items[i], &num, err) < 0 ||
		    incident_load(store, num, &inc, err) < 0 ||
		    silence_name(s, num, err) < 0)
			return -1;
	}
	return 0;
}

static int check_words(int count, struct err *err)
{
	if (count == 0 && args.incidents.count == 0)
		return err_set(err, ERR_USAGE,
			       "that would silence everything; name fields, "
			       "such as service=web, or --incident INCIDENT");
	if (!args.note)
		return 0;
	if (!utf8_valid(args.note, strlen(args.note)))
		return err_set(err, ERR_USAGE, "the note is not UTF-8");
	if (strlen(args.note) > NOTE_MAX)
		return err_set(err, ERR_USAGE,
			       "a note of %zu bytes is longer than %d",
			       strlen(args.note), NOTE_MAX);
	return 0;
}

/* Reads what add and preview are given, but not what it matches. */
static int read_silence(struct silence *s, int count, char **words, bool needed,
			struct err *err)
{
	AUTO_BUF struct buf match = BUF_INIT;
	AUTO_FREE const char **list =
		mem_zero((size_t)count + 1, sizeof(*list));

	for (int i = 0; i < count; i++)
		list[i] = words[i];
	if (check_words(count, err) < 0 ||
	    silence_match(&match, list, (size_t)count, err) < 0 ||
	    read_times(s, needed, err) < 0)
		return -1;
	s->match = buf_take(&match);
	s->note = mem_dup(args.note);
	return 0;
}

/* Calls for the live incidents that it matches, as if it were active. */
static int each_matched(struct store *store, struct silence *s,
			int (*each)(void *arg, const struct incident *inc,
				    struct err *err),
			void *arg, struct err *err)
{
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	const struct incident_query live = {.status = NULL};
	int64_t ends = s->ends;
	struct incident inc;
	int got;

	if (incident_find(store, &live, &rows, err) < 0)
		return -1;
	s->ends = WHEN_MAX; /* or the match would not be looked at */
	while ((got = incident_next(rows, &inc, err)) > 0) {
		AUTO_INCIDENT_MATCH struct incident_match *m =
			incident_match_new(cli_config(), &inc);

		if (silence_covers(s, m, &inc) && each(arg, &inc, err) < 0) {
			got = -1;
			break;
		}
	}
	s->ends = ends;
	return got;
}

/* ---- add ---- */

struct found {
	struct silence names; /* of what was found */
	size_t count;
};

static int on_found(void *arg, const struct incident *inc, struct err *err)
{
	struct found *f = arg;

	f->count++;
	if (!args.until_resolved)
		return 0;
	return silence_name(&f->names, inc->num, err);
}

static int find_incidents(struct store *store, struct silence *s,
			  size_t *ret_count, struct err *err)
{
	struct found f = {.count = 0};
	int rc = each_matched(store, s, on_found, &f, err);

	*ret_count = f.count;
	if (rc == 0 && args.until_resolved && f.count == 0)
		rc = err_set(err, ERR_NO,
			     "no live incident matches: nothing would be "
			     "silenced until it is resolved");
	if (rc == 0 && args.until_resolved) {
		free(s->incidents);
		s->incidents = TAKE_PTR(f.names.incidents);
		s->incident_count = f.names.incident_count;
	}
	free(f.names.incidents);
	return rc;
}

static void print_added(struct buf *out, const struct silence *s, size_t count)
{
	char time[WHEN_TEXT];

	if (cli_records()) {
		silence_write(out, s, clock_now());
		jwrite_int(out, "mutes", (int64_t)count);
		jwrite_close(out, '}');
		buf_add_char(out, '\n');
		return;
	}
	buf_addf(out, "%s  ", s->id);
	if (s->starts > clock_now()) {
		when_format(time, s->starts);
		buf_addf(out, "from %s ", time);
	}
	if (s->ends == WHEN_NONE) {
		buf_add_str(out, "until resolved");
	} else {
		when_format(time, s->ends);
		buf_addf(out, "until %s", time);
	}
	if (count)
		buf_addf(out, ", matches %zu incident%s now\n", count,
			 count == 1 ? "" : "s");
	else
		buf_add_str(out, ", matches no incident now\n");
}

static int add(int count, char **words, struct record_writer *out,
	       struct err *err)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SILENCE struct silence s = {.match = NULL};
	AUTO_FREE char *actor = NULL;
	struct silence_edit e = {.now = clock_now()};
	size_t found;

	if (read_silence(&s, count, words, true, err) < 0 ||
	    actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    open_store(&store, STORE_WRITE, err) < 0 ||
	    read_incidents(&s, store, err) < 0 ||
	    find_incidents(store, &s, &found, err) < 0)
		return -1;
	e.store = store;
	e.actor = actor;
	if (silence_add(&e, &s, err) < 0)
		return -1;
	print_added(&out->out, &s, found);
	return record_flush(out, err);
}

/* ---- preview ---- */

struct preview {
	struct store *store;
	struct record_writer *out;
	struct show_table *table; /* NULL: records */
	size_t count;
};

static int on_previewed(void *arg, const struct incident *inc, struct err *err)
{
	struct preview *p = arg;
	char id[INCIDENT_ID];

	p->count++;
	if (!p->table) {
		if (incident_record(p->store, inc, 0, &p->out->out, err) < 0)
			return -1;
		record_write_end(p->out);
		return 0;
	}
	incident_id(id, inc->num);
	show_table_cell(p->table, slice_of(id), SHOW_BOLD);
	show_table_cell(p->table, slice_of(severity_name(inc->severity)),
			SHOW_PLAIN);
	show_table_cell(p->table, slice_of(incident_status_names[inc->status]),
			SHOW_PLAIN);
	show_table_cell(p->table, inc->service, SHOW_PLAIN);
	show_table_cell(p->table, inc->host, SHOW_PLAIN);
	show_table_cell(p->table, inc->title, SHOW_PLAIN);
	return 0;
}

static int preview(int count, char **words, struct record_writer *out,
		   struct err *err)
{
	static const char *const heads[] = {"INCIDENT", "SEVERITY", "STATUS",
					    "SERVICE",	"HOST",	    "TITLE"};
	AUTO_STORE struct store *store = NULL;
	AUTO_SILENCE struct silence s = {.match = NULL};
	AUTO_TABLE struct show_table *table =
		cli_records() ? NULL : show_table_new(heads, ARRAY_LEN(heads));
	struct preview p = {.out = out, .table = table};

	if (read_silence(&s, count, words, false, err) < 0 ||
	    open_store(&store, STORE_READ, err) < 0 ||
	    read_incidents(&s, store, err) < 0)
		return -1;
	p.store = store;
	if (each_matched(store, &s, on_previewed, &p, err) < 0)
		return -1;
	if (table && p.count)
		cli_table(table, &out->out);
	else if (table)
		buf_add_str(&out->out, "nothing would be muted now\n");
	if (record_flush(out, err) < 0)
		return -1;
	return p.count ? 0 : err_exit_status(ERR_NO);
}

/* ---- list and expire ---- */

static int list(int count, char **words, struct record_writer *out,
		struct err *err)
{
	if (count)
		return err_set(err, ERR_USAGE, "list takes no '%s'", words[0]);
	return silence_list(args.all, out, err);
}

static int expire(int count, char **ids, struct record_writer *out,
		  struct err *err)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_FREE char *actor = NULL;
	struct silence_edit e = {.now = clock_now()};

	if (count == 0)
		return err_set(err, ERR_USAGE,
			       "which silence? See: oncall-incident silence "
			       "list");
	if (actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    open_store(&store, STORE_WRITE, err) < 0)
		return -1;
	e.store = store;
	e.actor = actor;
	for (int i = 0; i < count; i++) {
		AUTO_SILENCE struct silence s = {.match = NULL};

		if (silence_expire(&e, ids[i], &s, err) < 0)
			return -1;
		if (cli_records()) {
			silence_write(&out->out, &s, e.now);
			jwrite_close(&out->out, '}');
			buf_add_char(&out->out, '\n');
		} else {
			buf_addf(&out->out, "%s  ended\n", s.id);
		}
		if (record_flush(out, err) < 0)
			return -1;
	}
	return 0;
}

int silence_run(int argc, char **argv, struct err *err)
{
	static const char *const words[] = {"add", "list", "expire", "preview",
					    NULL};
	static int (*const runs[])(int, char **, struct record_writer *,
				   struct err *) = {add, list, expire, preview};
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	const char *near = cli_nearest(argv[0], words);

	for (size_t i = 0; words[i]; i++)
		if (!strcmp(argv[0], words[i]))
			return runs[i](argc - 1, argv + 1, &out, err);
	return err_set(err, ERR_USAGE,
		       "'%s' is none of add, list, expire, preview%s%s%s",
		       argv[0], near ? "; did you mean '" : "",
		       near ? near : "", near ? "'?" : "");
}
