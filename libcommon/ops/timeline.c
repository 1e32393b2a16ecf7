/* timeline.c - what happened to an incident, when, and by whom. */
#include <oncall/incident.h>

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

static void write_opt(struct buf *out, const char *key, struct slice text)
{
	if (text.ptr)
		jwrite_text(out, key, text);
}

int timeline_write(struct store *s, int64_t num, struct buf *out,
		   struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT seq, time, actor, what, before, after, note "
			  "FROM timeline WHERE incident = $1 ORDER BY seq",
			  S_INT(num));
	int got;

	if (!rows)
		return -1;
	jwrite_open(out, "timeline", '[');
	while ((got = store_next(rows, err)) > 0) {
		jwrite_open(out, NULL, '{');
		jwrite_int(out, "seq", store_int(rows, 0));
		jwrite_time(out, "time", store_time(rows, 1));
		jwrite_text(out, "actor", store_text(rows, 2));
		jwrite_text(out, "what", store_text(rows, 3));
		write_opt(out, "before", store_text(rows, 4));
		write_opt(out, "after", store_text(rows, 5));
		write_opt(out, "note", store_text(rows, 6));
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
	return got;
}
