/* audit-list.c - the trail, to read. */
#include <oncall/audit-list.h>

struct store_rows *audit_list(struct store *s, const char *subject,
			      int64_t since, struct err *err)
{
	return STORE_ASK(s, err,
			 "SELECT seq, time, actor, what, subject, data, hash "
			 "FROM audit WHERE (CAST($1 AS TEXT) IS NULL OR "
			 "subject = $1) AND time >= $2 ORDER BY seq",
			 S_TEXT(subject), S_INT(since));
}

int audit_list_next(struct store_rows *rows, struct audit_row *ret,
		    struct err *err)
{
	int got = store_next(rows, err);

	if (got > 0)
		*ret = (struct audit_row){
			.seq = store_int(rows, 0),
			.time = store_time(rows, 1),
			.actor = store_text(rows, 2),
			.what = store_text(rows, 3),
			.subject = store_text(rows, 4),
			.data = store_text(rows, 5),
			.hash = store_text(rows, 6),
		};
	return got;
}
