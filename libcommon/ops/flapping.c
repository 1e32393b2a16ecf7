/* flapping.c - how often an incident changed its state lately. */
#include <oncall/flapping.h>

#include <oncall/mem.h>
#include <oncall/when.h>

#define CHANGES_MAX 1000 /* the newest; many less are all there can be */

double flapping_share(const int64_t *times, size_t n, int64_t within,
		      int64_t now)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		/* The clock may have gone back. */
		int64_t age = now > times[i] ? now - times[i] : 0;

		if (age <= within)
			sum += FLAPPING_NEWEST -
			       (FLAPPING_NEWEST - FLAPPING_OLDEST) *
				       (double)age / (double)within;
	}
	return sum / FLAPPING_FULL;
}

/* What was over and is put away does not change its state. */
static int load_changes(struct store *s, const struct flapping_question *q,
			int64_t *times, size_t *ret_count, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err,
		"SELECT time FROM timeline WHERE incident = $1 "
		"AND time >= $2 AND (what IN ('opened', 'reopened', "
		"'resolved') OR (what IN ('closed', 'false_positive') "
		"AND before <> 'resolved')) ORDER BY seq DESC LIMIT $3",
		S_INT(q->incident), S_INT(q->now - q->within),
		S_INT(CHANGES_MAX));
	int got;

	*ret_count = 0;
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		times[(*ret_count)++] = store_time(rows, 0);
	return got;
}

/* The share only falls while nothing changes. */
static int64_t end_of(const int64_t *times, size_t n,
		      const struct flapping_question *q)
{
	int64_t low = q->now, high = q->now + q->within + 1;

	for (size_t i = 0; i < n; i++)
		if (times[i] > q->now && times[i] + q->within + 1 > high)
			high = times[i] + q->within + 1;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (flapping_share(times, n, q->within, middle) < FLAPPING_ENDS)
			high = middle;
		else
			low = middle;
	}
	return high;
}

int flapping_ask(struct store *s, const struct flapping_question *q,
		 struct flapping_answer *ret, struct err *err)
{
	AUTO_FREE int64_t *times = NULL;
	size_t n;

	*ret = (struct flapping_answer){.until = WHEN_NONE};
	if (q->within <= 0)
		return 0;
	times = mem_zero(CHANGES_MAX, sizeof(*times));
	if (load_changes(s, q, times, &n, err) < 0)
		return -1;
	ret->share = flapping_share(times, n, q->within, q->now);
	ret->flapping =
		ret->share >= (q->was ? FLAPPING_ENDS : FLAPPING_BEGINS);
	if (ret->flapping)
		ret->until = end_of(times, n, q);
	return 0;
}
