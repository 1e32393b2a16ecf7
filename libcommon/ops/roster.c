/* roster.c - who is on call: the file, and the questions. */
#include <oncall/roster.h>

#include <oncall/config.h>
#include <oncall/mem.h>

#include "roster-internal.h"

static void free_person(void *arg)
{
	struct roster_person *person = arg;

	free(person->name);
	free(person);
}

static void free_zone(void *arg)
{
	struct roster_zone *zone = arg;

	when_place_free(zone->place);
	free(zone->name);
	free(zone);
}

void roster_free(struct roster *r)
{
	if (!r)
		return;
	map_done(&r->rotations, roster_rotation_free);
	map_done(&r->people, free_person);
	map_done(&r->teams, free);
	map_done(&r->zones, free_zone);
	free(r);
}

int roster_check(struct roster **ret, const char *path, roster_tell_fn *tell,
		 void *arg, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	*ret = NULL;
	if (config_safe_read(path, ROSTER_FILE_MAX, NULL, &text, err) < 0)
		return -1;
	*ret = roster_parse(path, buf_slice(&text), tell, arg);
	return 0;
}

/* What roster_load() makes of what it is told. */
struct telling {
	void (*warn)(void *arg, const char *text);
	void *arg;
	struct err *err;
};

static void on_told(void *arg, const char *text, bool error)
{
	struct telling *t = arg;

	if (error)
		(void)err_set(t->err, ERR_USAGE, "%s", text);
	else if (t->warn)
		t->warn(t->arg, text);
}

int roster_load(struct roster **ret, const char *path,
		void (*warn)(void *arg, const char *text), void *arg,
		struct err *err)
{
	struct telling t = {warn, arg, err};

	if (roster_check(ret, path, on_told, &t, err) < 0)
		return -1;
	return *ret ? 0 : -1;
}

bool roster_at(const struct roster *r, size_t i, int64_t ms,
	       struct roster_turn *ret)
{
	const struct roster_rotation *rot = roster_rotation_at(r, i);

	if (rot)
		roster_turn_at(rot, ms, ret);
	return rot != NULL;
}

/* The rotation of that name; NULL and err set where several teams have it. */
static const struct roster_rotation *find_rotation(const struct roster *r,
						   const char *name,
						   struct err *err)
{
	const struct roster_rotation *found =
		map_get(&r->rotations, slice_of(name));
	const struct roster_rotation *rot;

	if (found)
		return found;
	for (size_t i = 0; (rot = roster_rotation_at(r, i)); i++) {
		if (strcmp(rot->name, name) != 0)
			continue;
		if (found) {
			(void)err_set(err, ERR_NO,
				      "'%s' is a rotation of several teams: "
				      "write '%s' or '%s'",
				      name, found->key, rot->key);
			return NULL;
		}
		found = rot;
	}
	return found;
}

static int no_target(const struct roster *r, const char *name, struct err *err)
{
	const struct roster_rotation *rot;
	const char *near;

	for (size_t i = 0; (rot = roster_rotation_at(r, i)); i++)
		if (rot->team && !strcmp(rot->team, name))
			return err_set(err, ERR_NO,
				       "'%s' is a team: write one of its "
				       "rotations, such as '%s'",
				       name, rot->key);
	near = roster_nearest(&r->rotations, name);
	if (!near)
		near = roster_nearest(&r->people, name);
	return err_set(err, ERR_NO, "nobody and nothing on call is '%s'%s%s%s",
		       name, near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

const char *roster_person(const struct roster *r, size_t i)
{
	const struct roster_person *person;

	if (i >= r->people.count)
		return NULL;
	person = r->people.entries[i].value;
	return person->name;
}

int roster_target(const struct roster *r, const char *name, int64_t ms,
		  struct roster_turn *ret, struct err *err)
{
	const struct roster_rotation *rot;
	const struct roster_person *person;

	rot = find_rotation(r, name, err);
	if (rot) {
		roster_turn_at(rot, ms, ret);
		return 0;
	}
	if (err->kind != ERR_NONE)
		return -1;
	person = map_get(&r->people, slice_of(name));
	if (!person)
		return no_target(r, name, err);
	*ret = (struct roster_turn){.person = person->name,
				    .why = "person",
				    .from = WHEN_NONE,
				    .to = WHEN_NONE};
	return 0;
}

/* Whether somebody of the team is on call; ret_to: how long that is so at
 * least, WHEN_NONE: for ever. */
static bool anybody(const struct roster *r, const char *team, int64_t ms,
		    int64_t *ret_to)
{
	const struct roster_rotation *rot;
	bool found = false;

	*ret_to = WHEN_NONE;
	for (size_t i = 0; (rot = roster_rotation_at(r, i)); i++) {
		struct roster_turn turn;

		if (rot->team != team)
			continue;
		roster_turn_at(rot, ms, &turn);
		found |= turn.person != NULL;
		if (*ret_to == WHEN_NONE ||
		    (turn.to != WHEN_NONE && turn.to < *ret_to))
			*ret_to = turn.to;
	}
	return found;
}

static bool has_rotation(const struct roster *r, const char *team)
{
	const struct roster_rotation *rot;

	for (size_t i = 0; (rot = roster_rotation_at(r, i)); i++)
		if (rot->team == team)
			return true;
	return false;
}

void roster_gaps(const struct roster *r, int64_t from, int64_t to,
		 void (*tell)(void *arg, const char *team, int64_t from,
			      int64_t to),
		 void *arg)
{
	for (size_t i = 0; i <= r->teams.count; i++) {
		const char *team = i ? r->teams.entries[i - 1].value : NULL;
		int64_t since = WHEN_NONE, next;

		if (!has_rotation(r, team))
			continue;
		for (int64_t at = from; at < to; at = next) {
			bool found = anybody(r, team, at, &next);

			if (next == WHEN_NONE || next > to)
				next = to;
			if (!found && since == WHEN_NONE)
				since = at;
			if (found && since != WHEN_NONE)
				tell(arg, team, since, at);
			if (found)
				since = WHEN_NONE;
		}
		if (since != WHEN_NONE)
			tell(arg, team, since, to);
	}
}
