/* who.c - oncall-incident who: who is on call, and whether the roster is good.
 */
#include "incident.h"

#include <oncall/clock.h>
#include <oncall/escalation.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/report.h>
#include <oncall/roster.h>
#include <oncall/show.h>
#include <oncall/when.h>

#define CHECKED_DAYS 30 /* that are searched for gaps */
#define DAYS_MAX     3660
#define GAPS_TOLD    10
#define NEXT_STEPS   100 /* turns that are passed to find another person */

static struct {
	int64_t at, days;
	const char *team;
	bool check;
} args = {.at = WHEN_NONE};

/* clang-format off */
const struct cli_opt who_opts[] = {
	CLI_TIME(0, "at", "TIME", &args.at, "then, rather than now"),
	CLI_STR(0, "team", "NAME", &args.team, "of that team"),
	CLI_INT(0, "days", "N", &args.days, 1, DAYS_MAX, "all turns of the next N days"),
	CLI_FLAG(0, "check", &args.check, "say what is wrong with the roster, or with FILE, and with escalation"),
	CLI_LAST,
};
/* clang-format on */

struct who {
	struct roster *roster;
	struct record_writer out;
	struct show_table *table; /* NULL: records */
	char **names;
	int name_count;
	size_t rows, people;
	size_t errors, warnings, gaps;
};

static void who_done(struct who *w)
{
	roster_free(w->roster);
	show_table_free(w->table);
	record_writer_done(&w->out);
}

static const char *roster_path(struct err *err)
{
	const char *path = config_str(cli_config(), "roster");

	if (!path)
		(void)err_set(err, ERR_USAGE,
			      "no roster: write its path into the "
			      "configuration, 'roster: /etc/oncall/roster'");
	return path;
}

/* ---- which ---- */

static bool is_rotation(const struct roster_turn *turn, const char *name)
{
	size_t n = turn->team ? strlen(turn->team) : 0;

	if (!strcmp(turn->rotation, name))
		return true;
	return turn->team && !strncmp(name, turn->team, n) && name[n] == '/' &&
	       !strcmp(name + n + 1, turn->rotation);
}

static bool is_wanted(const struct who *w, const struct roster_turn *turn)
{
	if (args.team && (!turn->team || strcmp(turn->team, args.team) != 0))
		return false;
	for (int i = 0; i < w->name_count; i++)
		if (is_rotation(turn, w->names[i]) ||
		    (turn->person && !strcmp(turn->person, w->names[i])))
			return true;
	return w->name_count == 0;
}

static int check_team(const struct who *w, struct err *err)
{
	AUTO_FREE const char **teams = NULL;
	struct roster_turn turn;
	const char *near;
	size_t count = 0;

	for (size_t i = 0; args.team && roster_at(w->roster, i, 0, &turn); i++)
		if (turn.team && !strcmp(turn.team, args.team))
			return 0;
	if (!args.team)
		return 0;
	while (roster_at(w->roster, count, 0, &turn)) {
		teams = mem_resize(teams, count + 2, sizeof(*teams));
		teams[count++] = turn.team ? turn.team : turn.rotation;
		teams[count] = NULL;
	}
	near = cli_nearest(args.team, teams);
	return err_set(err, ERR_NO, "no team '%s'%s%s%s", args.team,
		       near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

/* A name that is nothing in the file would silently be nobody. */
static int check_name(const struct who *w, const char *name, struct err *err)
{
	struct roster_turn turn;

	for (size_t i = 0; roster_at(w->roster, i, 0, &turn); i++)
		if (is_rotation(&turn, name))
			return 0;
	return roster_target(w->roster, name, 0, &turn, err);
}

/* ---- one turn ---- */

/* Who follows, other than nobody and the same person; or NULL. */
static const char *next_person(const struct who *w, size_t i,
			       const struct roster_turn *turn)
{
	struct roster_turn next = *turn;

	for (int k = 0; k < NEXT_STEPS && next.to != WHEN_NONE; k++) {
		(void)roster_at(w->roster, i, next.to, &next);
		if (next.person && next.person != turn->person)
			return next.person;
	}
	return NULL;
}

static void add_record(struct who *w, const struct roster_turn *turn,
		       const char *next)
{
	struct buf *out = &w->out.out;

	report_open(out, "on_call");
	jwrite_text(out, "value", slice_of(turn->person));
	jwrite_open(out, "labels", '{');
	jwrite_str_opt(out, "team", turn->team);
	jwrite_str(out, "rotation", turn->rotation);
	jwrite_str(out, "why", turn->why);
	jwrite_str_opt(out, "next", next);
	jwrite_close(out, '}');
	jwrite_time_opt(out, "from", turn->from);
	jwrite_time_opt(out, "to", turn->to);
	jwrite_close(out, '}');
	record_write_end(&w->out);
}

static void add_time(struct show_table *t, int64_t ms)
{
	char text[WHEN_TEXT] = "-";

	if (ms != WHEN_NONE)
		when_format(text, ms);
	show_table_cell(t, slice_of(text), SHOW_PLAIN);
}

static void add_row(struct show_table *t, const struct roster_turn *turn,
		    const char *next)
{
	show_table_cellf(t, SHOW_PLAIN, "%s%s%s", turn->team ? turn->team : "",
			 turn->team ? "/" : "", turn->rotation);
	show_table_cell(t, slice_of(turn->person ? turn->person : "nobody"),
			turn->person ? SHOW_BOLD : SHOW_YELLOW);
	show_table_cell(t, slice_of(turn->why), SHOW_PLAIN);
	if (args.days && !args.check)
		add_time(t, turn->from);
	add_time(t, turn->to);
	if (!args.days || args.check)
		show_table_cell(t, slice_of(next ? next : "-"), SHOW_PLAIN);
}

static void add_turn(struct who *w, size_t i, const struct roster_turn *turn)
{
	const char *next = NULL;

	if (!is_wanted(w, turn))
		return;
	if (!args.days || args.check)
		next = next_person(w, i, turn);
	w->rows++;
	w->people += turn->person != NULL;
	if (w->table)
		add_row(w->table, turn, next);
	else
		add_record(w, turn, next);
}

static struct show_table *new_table(void)
{
	static const char *const now[] = {"ROTATION", "WHO", "WHY", "UNTIL",
					  "NEXT"};
	static const char *const days[] = {"ROTATION", "WHO", "WHY", "FROM",
					   "UNTIL"};

	return show_table_new(args.days && !args.check ? days : now,
			      ARRAY_LEN(now));
}

/* What holds at that time, or all that does until then. */
static void add_turns(struct who *w, int64_t at, int64_t until)
{
	struct roster_turn turn;

	for (size_t i = 0; roster_at(w->roster, i, at, &turn); i++) {
		add_turn(w, i, &turn);
		while (turn.to != WHEN_NONE && turn.to < until) {
			(void)roster_at(w->roster, i, turn.to, &turn);
			add_turn(w, i, &turn);
		}
	}
}

static int print_turns(struct who *w, struct err *err)
{
	if (w->table && w->rows)
		cli_table(w->table, &w->out.out);
	else if (w->table)
		buf_add_str(&w->out.out, "nobody\n");
	return record_flush(&w->out, err);
}

/* ---- check ---- */

static void on_finding(void *arg, const char *text, bool error)
{
	struct who *w = arg;
	struct buf *out = &w->out.out;

	w->errors += error;
	w->warnings += !error;
	if (w->table) {
		buf_add_str(out, error ? "error: " : "warning: ");
		show_text(out, text, strlen(text), 0);
		buf_add_char(out, '\n');
		return;
	}
	report_open(out, "roster");
	jwrite_str(out, "value", error ? "fail" : "warn");
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "detail", text);
	jwrite_close(out, '}');
	report_close(out);
}

static void on_gap(void *arg, const char *team, int64_t from, int64_t to)
{
	struct who *w = arg;
	char begin[WHEN_TEXT], end[WHEN_TEXT], age[32];
	AUTO_FREE char *text = NULL;

	if (w->gaps++ >= GAPS_TOLD)
		return;
	when_format(begin, from);
	when_format(end, to);
	when_format_age(age, to - from);
	text = mem_printf("nobody%s%s is on call from %s to %s (%s)",
			  team ? " of team " : "", team ? team : "", begin, end,
			  age);
	on_finding(w, text, false);
}

/* Gaps of the coming days, and who it is now. */
static void check_turns(struct who *w, int64_t at)
{
	int64_t days = args.days ? args.days : CHECKED_DAYS;

	roster_gaps(w->roster, at, at + days * WHEN_DAY, on_gap, w);
	if (w->gaps > GAPS_TOLD) {
		AUTO_FREE char *text =
			mem_printf("so it is %zu times more within %lld days",
				   w->gaps - GAPS_TOLD, (long long)days);

		on_finding(w, text, false);
	}
	add_turns(w, at, at);
}

/* Policies name people and rotations of the roster. */
static void check_policies(struct who *w)
{
	AUTO_ESCALATION struct escalation *e = NULL;
	struct err why = ERR_INIT;

	if (escalation_load(&e, cli_config(), w->roster, &why) < 0)
		on_finding(w, why.text, true);
}

static int check(struct who *w, const char *path, int64_t at, struct err *err)
{
	struct buf *out = &w->out.out;

	if (roster_check(&w->roster, path, on_finding, w, err) < 0)
		return -1;
	if (w->roster) {
		check_policies(w);
		check_turns(w, at);
	}
	if (w->table) {
		show_text(out, path, strlen(path), 0);
		buf_addf(out, ": %zu errors, %zu warnings\n", w->errors,
			 w->warnings);
	}
	if (w->table && w->rows) {
		buf_add_char(out, '\n');
		cli_table(w->table, out);
	}
	if (record_flush(&w->out, err) < 0)
		return -1;
	return w->errors ? err_exit_status(ERR_USAGE) : 0;
}

static int run_check(struct who *w, int64_t at, struct err *err)
{
	const char *path;

	if (w->name_count > 1 || args.team)
		return err_set(err, ERR_USAGE,
			       "--check takes one file and no --team");
	path = w->name_count ? w->names[0] : roster_path(err);
	w->name_count = 0;
	return path ? check(w, path, at, err) : -1;
}

int who_run(int argc, char **argv, struct err *err)
{
	CLEANUP(who_done)
	struct who w = {
		.out = RECORD_WRITER_INIT(STDOUT_FILENO),
		.table = cli_records() ? NULL : new_table(),
		.names = argv,
		.name_count = argc,
	};
	int64_t at = args.at == WHEN_NONE ? clock_now() : args.at;
	const char *path;

	if (args.check)
		return run_check(&w, at, err);
	path = roster_path(err);
	if (!path || roster_load(&w.roster, path, NULL, NULL, err) < 0 ||
	    check_team(&w, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (check_name(&w, argv[i], err) < 0)
			return -1;
	add_turns(&w, at, at + args.days * WHEN_DAY);
	if (print_turns(&w, err) < 0)
		return -1;
	return w.people ? 0 : err_exit_status(ERR_NO);
}
