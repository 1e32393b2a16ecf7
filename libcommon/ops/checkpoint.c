/* checkpoint.c - snapshots and which of them count. */
#include <oncall/checkpoint.h>
#include <oncall/clock.h>

#include <inttypes.h>

#include <oncall/mem.h>

#define NAME_CHARS                              \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJK" \
	"LMNOPQRSTUVWXYZ0123456789-_."

int checkpoint_name_check(const char *name, struct err *err)
{
	size_t n = strlen(name);

	if (n && n <= CHECKPOINT_NAME_MAX && strspn(name, NAME_CHARS) == n)
		return 0;
	return err_set(err, ERR_USAGE,
		       "'%s' cannot be the name of a cursor: 1 to %d letters, "
		       "digits, '-', '_' and '.'",
		       name, CHECKPOINT_NAME_MAX);
}

int checkpoint_hold(struct store *s, const char *name, struct err *err)
{
	AUTO_FREE char *what = mem_printf("cursor '%s'", name);

	return store_hold(s, what, err);
}

/* The highest number of a snapshot that a committed cursor names, or -1. */
static int committed(struct store *s, const char *name, int64_t *ret,
		     struct err *err)
{
	AUTO_BUF struct buf prefix = BUF_INIT;
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	*ret = -1;
	buf_addf(&prefix, "\"%s:", name);
	rows = store_ask(s, err,
			 "SELECT DISTINCT snapshot FROM streams "
			 "WHERE snapshot IS NOT NULL",
			 NULL, 0);
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		struct slice id = store_text(rows, 0);
		int64_t number = 0;

		if (id.len <= prefix.len ||
		    memcmp(id.ptr, prefix.data, prefix.len) != 0)
			continue;
		for (size_t i = prefix.len;
		     i < id.len && id.ptr[i] >= '0' && id.ptr[i] <= '9' &&
		     number < INT64_MAX / 10 - 1;
		     i++)
			number = 10 * number + (id.ptr[i] - '0');
		if (number > *ret)
			*ret = number;
	}
	return got;
}

int checkpoint_load(struct store *s, const char *name, struct buf *state,
		    int64_t *ret_number, struct err *err)
{
	int64_t last;
	int found = 0, got;

	*ret_number = 0;
	if (committed(s, name, &last, err) < 0)
		return -1;
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT number, state FROM snapshots "
			  "WHERE name = $1 ORDER BY number DESC",
			  S_TEXT(name));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		int64_t number = store_int(rows, 0);

		if (number > *ret_number)
			*ret_number = number;
		if (number > last)
			continue;
		buf_add_slice(state, store_text(rows, 1));
		found = 1;
		break;
	}
	if (last > *ret_number)
		*ret_number = last;
	return got < 0 ? -1 : found;
}

struct saving {
	struct store *s;
	const char *name;
	int64_t number;
	struct slice state;
};

/* A commit whose answer was lost has been made; any other is not ours. */
static int is_ours(const struct saving *w, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(w->s, err,
			  "SELECT state FROM snapshots "
			  "WHERE name = $1 AND number = $2",
			  S_TEXT(w->name), S_INT(w->number));
	int got = rows ? store_next(rows, err) : -1;

	if (got < 0)
		return -1;
	if (got && slice_eq(store_text(rows, 0), w->state))
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "cursor '%s' is in use: another oncall-monitor saves "
		       "under this name",
		       w->name);
}

/* What stands before the last one that counts is of no use any more. */
static int save(void *arg, struct err *err)
{
	const struct saving *w = arg;
	AUTO_BUF struct buf id = BUF_INIT;
	int64_t last, from;
	int64_t added;

	buf_addf(&id, "\"%s:%" PRId64 "\"", w->name, w->number);
	if (committed(w->s, w->name, &last, err) < 0)
		return -1;
	added = STORE_RUN(w->s, err,
			  "INSERT INTO snapshots (name, number, id, state, "
			  "made) VALUES ($1, $2, $3, $4, $5) "
			  "ON CONFLICT (name, number) DO NOTHING",
			  S_TEXT(w->name), S_INT(w->number),
			  S_SLICE(buf_slice(&id)), S_SLICE(w->state),
			  S_INT(clock_now()));
	if (added < 0 || (added == 0 && is_ours(w, err) < 0))
		return -1;
	from = w->number - CHECKPOINT_KEPT;
	return STORE_RUN(w->s, err,
			 "DELETE FROM snapshots WHERE name = $1 "
			 "AND number >= 0 AND number < $2 AND number <> "
			 "(SELECT COALESCE(MAX(number), -1) FROM snapshots "
			 "WHERE name = $1 AND number <= $3)",
			 S_TEXT(w->name), S_INT(last > from ? last : from),
			 S_INT(last)) < 0
		       ? -1
		       : 0;
}

int checkpoint_save(struct store *s, const char *name, int64_t number,
		    struct slice state, struct err *err)
{
	struct saving w = {s, name, number, state};

	return store_transact(s, save, &w, err);
}

/* Under number -1, which no cursor names. */
int checkpoint_keep(struct store *s, const char *name, struct slice state,
		    struct err *err)
{
	return STORE_RUN(s, err,
			 "INSERT INTO snapshots (name, number, id, state, "
			 "made) VALUES ($1, -1, '', $2, $3) "
			 "ON CONFLICT (name, number) DO UPDATE SET "
			 "state = excluded.state, made = excluded.made",
			 S_TEXT(name), S_SLICE(state), S_INT(clock_now())) < 0
		       ? -1
		       : 0;
}

int checkpoint_kept(struct store *s, const char *name, struct buf *state,
		    struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT state FROM snapshots "
			  "WHERE name = $1 AND number = -1",
			  S_TEXT(name));
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		buf_add_slice(state, store_text(rows, 0));
	return got;
}
