/* silence-list.c - oncall-incident silence list: what each silence mutes now.
 */
#include "incident.h"

#include <oncall/clock.h>
#include <oncall/incident-query.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/silence.h>
#include <oncall/when.h>

#define SOON	  WHEN_HOUR /* it ends, and somebody may want it longer */
#define NAMED_MAX 100	    /* incidents that a record names */

/* What each silence mutes now. */
struct use {
	size_t count;
	int64_t first[NAMED_MAX];
};

struct listing {
	bool ended; /* those that are over, too */
	struct silence_set *all;
	struct use *uses;
	struct incident inc; /* the one that is looked at */
	int64_t now;
};

static void on_covered(void *arg, struct silence *s)
{
	struct listing *l = arg;
	struct use *u = &l->uses[s - silence_set_at(l->all, 0)];

	if (silence_state(s, l->now) != SILENCE_ACTIVE)
		return;
	if (u->count < NAMED_MAX)
		u->first[u->count] = l->inc.num;
	u->count++;
}

static int find_uses(struct listing *l, struct store *store, struct err *err)
{
	AUTO_INCIDENTS struct incident_rows *rows = NULL;
	const struct incident_query live = {.reverse = true};
	int got;

	if (incident_find(store, &live, &rows, err) < 0)
		return -1;
	while ((got = incident_next(rows, &l->inc, err)) > 0) {
		AUTO_INCIDENT_MATCH struct incident_match *m =
			incident_match_new(cli_config(), &l->inc);

		silence_set_each(l->all, m, &l->inc, on_covered, l);
	}
	return got;
}

static bool ends_soon(const struct silence *s, int64_t now)
{
	return s->ends != WHEN_NONE && s->ends - now <= SOON &&
	       silence_state(s, now) == SILENCE_ACTIVE;
}

static void write_one(const struct listing *l, const struct silence *s,
		      const struct use *u, struct buf *out)
{
	bool active = silence_state(s, l->now) == SILENCE_ACTIVE;
	char id[INCIDENT_ID];

	silence_write(out, s, l->now);
	jwrite_int(out, "mutes", (int64_t)u->count);
	if (u->count) {
		jwrite_open(out, "muted", '[');
		for (size_t i = 0; i < u->count && i < NAMED_MAX; i++) {
			incident_id(id, u->first[i]);
			jwrite_str(out, NULL, id);
		}
		jwrite_close(out, ']');
	}
	if (active && u->count == 0)
		jwrite_bool(out, "unused", true);
	if (ends_soon(s, l->now))
		jwrite_bool(out, "ends_soon", true);
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
}

static void add_remark(const struct listing *l, const struct silence *s,
		       const struct use *u, struct show_table *t)
{
	AUTO_BUF struct buf text = BUF_INIT;
	enum silence_state state = silence_state(s, l->now);
	char age[32];

	if (state == SILENCE_PENDING) {
		when_format_age(age, s->starts - l->now);
		buf_addf(&text, "begins in %s", age);
	}
	if (state == SILENCE_ACTIVE && u->count == 0)
		buf_add_str(&text, "unused");
	if (ends_soon(s, l->now)) {
		when_format_age(age, s->ends - l->now);
		buf_addf(&text, "%sends in %s", text.len ? ", " : "", age);
	}
	show_table_cell(t, buf_slice(&text), SHOW_YELLOW);
}

static void add_row(const struct listing *l, const struct silence *s,
		    const struct use *u, struct show_table *t)
{
	enum silence_state state = silence_state(s, l->now);
	AUTO_BUF struct buf words = BUF_INIT;
	char ends[WHEN_TEXT] = "resolved";

	if (s->ended != WHEN_NONE)
		when_format(ends, s->ended);
	else if (s->ends != WHEN_NONE)
		when_format(ends, s->ends);
	silence_words(s, &words);
	show_table_cell(t, slice_of(s->id), SHOW_BOLD);
	show_table_cell(t, slice_of(silence_state_names[state]),
			state == SILENCE_EXPIRED ? SHOW_DIM : SHOW_PLAIN);
	show_table_cellf(t, SHOW_PLAIN, "%zu", u->count);
	show_table_cell(t, slice_of(ends), SHOW_PLAIN);
	show_table_cell(t, slice_of(s->actor), SHOW_PLAIN);
	add_remark(l, s, u, t);
	show_table_cell(t, buf_slice(&words), SHOW_PLAIN);
	show_table_cell(t, slice_of(s->note ? s->note : ""), SHOW_PLAIN);
}

static void print_list(const struct listing *l, struct buf *out)
{
	static const char *const heads[] = {"SILENCE", "STATE", "MUTES>",
					    "UNTIL",   "BY",	"REMARK",
					    "MATCH~",  "NOTE"};
	AUTO_TABLE struct show_table *t =
		show_table_new(heads, ARRAY_LEN(heads));
	const struct silence *s;
	size_t count = 0;

	for (size_t i = 0; (s = silence_set_at(l->all, i)); i++) {
		if (!l->ended && silence_state(s, l->now) == SILENCE_EXPIRED)
			continue;
		count++;
		if (cli_records())
			write_one(l, s, &l->uses[i], out);
		else
			add_row(l, s, &l->uses[i], t);
	}
	if (cli_records())
		return;
	if (count)
		cli_table(t, out);
	else
		buf_add_str(out, "no silences\n");
}

int silence_list(bool ended, struct record_writer *out, struct err *err)
{
	enum silence_set_which which =
		ended ? SILENCE_SET_ALL : SILENCE_SET_LIVE;
	AUTO_STORE struct store *store = NULL;
	AUTO_SILENCE_SET struct silence_set *all = NULL;
	AUTO_FREE struct use *uses = NULL;
	struct listing l = {.ended = ended, .now = clock_now()};
	size_t n = 0;

	if (open_store(&store, STORE_READ, err) < 0 ||
	    silence_set_load(&all, store, which, 0, err) < 0)
		return -1;
	while (silence_set_at(all, n))
		n++;
	uses = mem_zero(n + 1, sizeof(*uses));
	l.all = all;
	l.uses = uses;
	if (n && find_uses(&l, store, err) < 0)
		return -1;
	print_list(&l, &out->out);
	return record_flush(out, err);
}
