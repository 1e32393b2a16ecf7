/* timeline.c - what happened to an incident, when, and by whom. */

#include <oncall/timeline.h>

#include <oncall/jwrite.h>
#include <oncall/when.h>

int timeline_add(struct store *s, int64_t num, const struct timeline_entry *e,
		 struct err *err)
{
	if (e->seq > 0)
		return STORE_QUEUE(
			s, err,
			"INSERT INTO timeline (incident, seq, time, actor, "
			"what, before, after, note) "
			"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			S_INT(num), S_INT(e->seq), S_TIME(e->time),
			S_TEXT(e->actor), S_TEXT(e->what), S_TEXT(e->before),
			S_TEXT(e->after), S_TEXT(e->note));
	return STORE_QUEUE(
		s, err,
		"INSERT INTO timeline (incident, seq, time, actor, what, "
		"before, after, note) VALUES ($1, "
		"(SELECT COALESCE(MAX(seq), 0) + 1 FROM timeline "
		"WHERE incident = $1), $2, $3, $4, $5, $6, $7)",
		S_INT(num), S_TIME(e->time), S_TEXT(e->actor), S_TEXT(e->what),
		S_TEXT(e->before), S_TEXT(e->after), S_TEXT(e->note));
}

struct store_rows *timeline_ask(struct store *s, int64_t num, struct err *err)
{
	return STORE_ASK(s, err,
			 "SELECT seq, time, actor, what, before, after, note "
			 "FROM timeline WHERE incident = $1 ORDER BY seq",
			 S_INT(num));
}

int timeline_next(struct store_rows *rows, struct timeline_row *e,
		  struct err *err)
{
	int got = store_next(rows, err);

	if (got > 0)
		*e = (struct timeline_row){.seq = store_int(rows, 0),
					   .time = store_time(rows, 1),
					   .actor = store_text(rows, 2),
					   .what = store_text(rows, 3),
					   .before = store_text(rows, 4),
					   .after = store_text(rows, 5),
					   .note = store_text(rows, 6)};
	return got;
}

static void write_opt(struct buf *out, const char *key, struct slice text)
{
	if (text.ptr)
		jwrite_text(out, key, text);
}

int timeline_write(struct store *s, int64_t num, struct buf *out,
		   struct err *err)
{
	AUTO_ROWS struct store_rows *rows = timeline_ask(s, num, err);
	struct timeline_row e;
	int got;

	if (!rows)
		return -1;
	jwrite_open(out, "timeline", '[');
	while ((got = timeline_next(rows, &e, err)) > 0) {
		jwrite_open(out, NULL, '{');
		jwrite_int(out, "seq", e.seq);
		jwrite_time(out, "time", e.time);
		jwrite_text(out, "actor", e.actor);
		jwrite_text(out, "what", e.what);
		write_opt(out, "before", e.before);
		write_opt(out, "after", e.after);
		write_opt(out, "note", e.note);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
	return got;
}
