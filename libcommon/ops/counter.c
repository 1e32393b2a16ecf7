/* counter.c - numbers in the store, each with a name. */
#include <oncall/counter.h>

int counter_next(struct store *s, const char *name, int64_t *ret,
		 struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "INSERT INTO counters (name, value) VALUES ($1, 1) "
			  "ON CONFLICT (name) DO UPDATE "
			  "SET value = counters.value + 1 RETURNING value",
			  S_TEXT(name));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}

int counter_get(struct store *s, const char *name, int64_t *ret,
		struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err, "SELECT value FROM counters WHERE name = $1",
			  S_TEXT(name));
	int got = rows ? store_next(rows, err) : -1;

	if (got < 0)
		return -1;
	*ret = got ? store_int(rows, 0) : 0;
	return 0;
}

int counter_set(struct store *s, const char *name, int64_t value,
		struct err *err)
{
	return STORE_QUEUE(s, err,
			   "INSERT INTO counters (name, value) VALUES ($1, $2) "
			   "ON CONFLICT (name) DO UPDATE "
			   "SET value = excluded.value",
			   S_TEXT(name), S_INT(value));
}
