/*
 * mute-circle.c - incidents that would mute each other. What mutes what is a
 * graph; where nothing outside mutes those that can all be reached from each
 * other, nobody would hear of any of them. So the oldest of them is heard.
 */
#include "mute-internal.h"

#include <oncall/mem.h>

#define CIRCLE_MAX 64 /* incidents that are looked at */

struct circle {
	int64_t nums[CIRCLE_MAX]; /* the incident, and all that mute it */
	size_t count;
	bool mutes[CIRCLE_MAX][CIRCLE_MAX]; /* [a][b]: a mutes b */
	size_t muted;			    /* the one that is looked at */
};

/* What is beyond the limit counts as part of the circle: rather one too many is
 * heard than none. */
static int on_cause(void *arg, const struct mute_rule *r, int64_t cause,
		    struct err *err)
{
	struct circle *c = arg;
	size_t i = 0;

	(void)r;
	(void)err;
	while (i < c->count && c->nums[i] != cause)
		i++;
	if (i == CIRCLE_MAX)
		return 0;
	if (i == c->count)
		c->nums[c->count++] = cause;
	c->mutes[i][c->muted] = true;
	return 0;
}

static int look_at(struct mute *m, struct circle *c, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {.num = 0};
	struct err gone = ERR_INIT;

	if (incident_load(m->store, c->nums[c->muted], &inc, &gone) < 0) {
		if (gone.kind == ERR_NO)
			return 0;
		*err = gone;
		return -1;
	}
	return mute_causes(m, &inc, CIRCLE_MAX, on_cause, c, err);
}

/* Whether the incident mutes all others, directly or through others. */
static bool reaches_all(const struct circle *c)
{
	bool reached[CIRCLE_MAX] = {true}, more = true;

	while (more) {
		more = false;
		for (size_t a = 0; a < c->count; a++)
			for (size_t b = 0; b < c->count; b++)
				if (reached[a] && !reached[b] && c->mutes[a][b])
					reached[b] = more = true;
	}
	for (size_t i = 0; i < c->count; i++)
		if (!reached[i])
			return false;
	return true;
}

int mute_is_cause(struct mute *m, int64_t incident, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(m->store, err,
			  "SELECT 1 FROM pager_causes WHERE incident = $1 "
			  "LIMIT 1",
			  S_INT(incident));

	return rows ? store_next(rows, err) : -1;
}

int mute_leads(struct mute *m, const struct incident *inc, struct err *err)
{
	AUTO_FREE struct circle *c = mem_zero(1, sizeof(*c));

	c->nums[c->count++] = inc->num;
	for (; c->muted < c->count; c->muted++)
		if (look_at(m, c, err) < 0)
			return -1;
	for (size_t i = 1; i < c->count; i++)
		if (c->nums[i] < inc->num)
			return 0;
	return reaches_all(c);
}
