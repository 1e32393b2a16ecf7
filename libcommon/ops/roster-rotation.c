/* roster-rotation.c - a roster's lines about rotations. */
#include <oncall/cli.h>
#include <oncall/mem.h>

#include "roster-internal.h"

#define TURN_MAX  (366 * WHEN_DAY)
#define DAYS_MAX  31 /* of a month */
#define DATE_TEXT 11 /* "2026-11-20" and a NUL */

static const char *const weekday_names[WHEN_WEEKDAYS] = {
	"Monday", "Tuesday",  "Wednesday", "Thursday",
	"Friday", "Saturday", "Sunday"};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts text at its first ':' that has a blank or nothing behind it; what is
 * behind, or NULL. A ':' within times and names has more. */
static char *behind_colon(char *text)
{
	for (; *text; text++)
		if (*text == ':' && (!text[1] || is_blank(text[1]))) {
			*text = '\0';
			return text + 1;
		}
	return NULL;
}

static char *trim(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	for (len = strlen(text); len && is_blank(text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

/* ---- people ---- */

static int read_person(struct roster_parser *p, char *text, const char **ret,
		       struct err *err)
{
	struct roster_person *person;
	void **at;

	text = trim(text);
	if (roster_good_name(text, "person", err) < 0)
		return -1;
	at = map_put(&p->r->people, slice_of(text));
	if (!*at) {
		*at = person = mem_zero(1, sizeof(*person));
		person->name = mem_dup(text);
		person->line = p->line;
	}
	person = *at;
	person->uses++;
	*ret = person->name;
	return 0;
}

static int read_people(struct roster_parser *p, char *text,
		       struct roster_rotation *rot, struct err *err)
{
	if (!text || !*trim(text))
		return err_set(err, ERR_USAGE,
			       "rotation '%s' has nobody: write people behind "
			       "it, ': ana, ben'",
			       rot->name);
	while (text) {
		char *name = strsep(&text, ",");

		rot->people = mem_resize(rot->people, rot->person_count + 1,
					 sizeof(*rot->people));
		if (read_person(p, name, &rot->people[rot->person_count], err) <
		    0)
			return -1;
		rot->person_count++;
	}
	return 0;
}

/* ---- rotation ---- */

/* "daily", "weekly", "monthly" or "every 12h". */
static int read_kind(char **text, struct roster_rotation *rot, struct err *err)
{
	static const char *const kinds[] = {"daily", "weekly", "monthly",
					    "every", NULL};
	const char *word = roster_word(text), *near;

	if (!strcmp(word, "daily")) {
		rot->period = WHEN_DAY;
	} else if (!strcmp(word, "weekly")) {
		rot->period = WHEN_WEEKDAYS * WHEN_DAY;
	} else if (!strcmp(word, "monthly")) {
		rot->monthly = true;
	} else if (!strcmp(word, "every")) {
		if (when_parse_duration(roster_word(text), &rot->period, err) <
		    0)
			return -1;
		if (rot->period < WHEN_HOUR || rot->period % WHEN_HOUR ||
		    rot->period > TURN_MAX)
			return err_set(err, ERR_USAGE,
				       "a turn lasts whole hours, 1h to 366d");
	} else {
		near = *word ? cli_nearest(word, kinds) : NULL;
		return err_set(err, ERR_USAGE,
			       "'%.80s' does not say how long a turn of '%s' "
			       "lasts: write %s",
			       word, rot->name,
			       near ? near
				    : "daily, weekly, monthly or every 12h");
	}
	return 0;
}

/* A day of the week, of a rotation by weeks, or of the month. */
static int read_day(char **text, struct roster_rotation *rot, int *ret_weekday,
		    struct err *err)
{
	char *before = *text;
	const char *word;
	size_t used;
	int64_t day;

	*ret_weekday = -1;
	used = strspn(before, " \t");
	used += strcspn(before + used, " \t");
	if (!rot->monthly && memchr(before, ':', used))
		return 0;
	word = roster_word(text);
	if (rot->monthly) {
		if (cli_parse_int(word, 1, DAYS_MAX, &day, err) < 0)
			return err_prefix(err, "the day of the month");
		rot->day = (unsigned)day;
		return 0;
	}
	if (!when_read_weekday(word, strlen(word), ret_weekday))
		return err_set(err, ERR_USAGE,
			       "'%.80s' is no day and no time of day: write "
			       "such as 'Mon 09:00'",
			       word);
	if (rot->period % (WHEN_WEEKDAYS * WHEN_DAY))
		return err_set(err, ERR_USAGE,
			       "'%s' is for turns of whole weeks", word);
	return 0;
}

static void date_text(char out[DATE_TEXT], int64_t ms)
{
	char all[WHEN_TEXT];

	when_format(all, ms);
	memcpy(out, all, DATE_TEXT - 1);
	out[DATE_TEXT - 1] = '\0';
}

/* The date must be such a day: else it is not known who begins. */
static int check_day(const struct roster_rotation *rot, int64_t date,
		     int weekday, struct err *err)
{
	char is[DATE_TEXT], before[DATE_TEXT], after[DATE_TEXT];
	int ahead =
		(weekday - when_weekday(date) + WHEN_WEEKDAYS) % WHEN_WEEKDAYS;
	struct when_civil c, next;

	date_text(is, date);
	when_civil_date(date, &c);
	when_civil_date(date + WHEN_DAY, &next);
	if (rot->monthly && c.day != rot->day &&
	    (c.day > rot->day || next.day != 1))
		return err_set(err, ERR_USAGE,
			       "%s is not day %u of its month: turns begin on "
			       "that day",
			       is, rot->day);
	if (weekday < 0 || ahead == 0)
		return 0;
	date_text(before, date + (ahead - WHEN_WEEKDAYS) * WHEN_DAY);
	date_text(after, date + ahead * WHEN_DAY);
	return err_set(err, ERR_USAGE, "%s is a %s: write from %s or from %s",
		       is, weekday_names[when_weekday(date)], before, after);
}

/* "[Mon] 09:00 [ZONE] from 2026-11-02" */
static int read_beginning(struct roster_parser *p, char *text,
			  struct roster_rotation *rot, struct err *err)
{
	int64_t time, date;
	const char *word;
	int weekday;

	if (read_day(&text, rot, &weekday, err) < 0)
		return -1;
	word = roster_word(&text);
	if (!when_read_time(word, &time) || time == WHEN_DAY)
		return err_set(err, ERR_USAGE,
			       "'%.80s' is no time of day: write such as 09:00",
			       word);
	word = roster_word(&text);
	if (*word && strcmp(word, "from") != 0) {
		if (roster_zone(p, word, &rot->zone, err) < 0)
			return -1;
		word = roster_word(&text);
	}
	if (strcmp(word, "from") != 0)
		return err_set(err, ERR_USAGE,
			       "'from' is missing, and the date on which the "
			       "first turn begins");
	word = roster_word(&text);
	if (!when_read_day(word, &date) || date < 0)
		return err_set(err, ERR_USAGE,
			       "'%.80s' is no date of 1970 or later: write "
			       "such as 2026-11-02",
			       word);
	if (*trim(text))
		return err_set(err, ERR_USAGE,
			       "'%.80s' stands behind the date: people follow "
			       "a ':'",
			       trim(text));
	rot->first = date + time;
	return check_day(rot, date, weekday, err);
}

void roster_rotation_free(void *arg)
{
	struct roster_rotation *rot = arg;

	for (size_t i = 0; i < rot->window_count; i++)
		window_free(rot->windows[i]);
	free(rot->windows);
	free(rot->overrides);
	free(rot->people);
	free(rot->key);
	free(rot);
}

static char *key_of(const struct roster_parser *p, const char *name)
{
	return p->team ? mem_printf("%s/%s", p->team, name) : mem_dup(name);
}

/* Puts an empty one of that name there; NULL when it cannot be. */
static struct roster_rotation *new_rotation(struct roster_parser *p,
					    const char *name, struct err *err)
{
	AUTO_FREE char *key = key_of(p, name);
	struct roster_rotation *rot;
	void **at;

	if (roster_good_name(name, "rotation", err) < 0)
		return NULL;
	if (strpbrk(name, ROSTER_NOT_IN_NAMES)) {
		(void)err_set(err, ERR_USAGE,
			      "'%s' is no name of a rotation: it has no '/', "
			      "':' or ','",
			      name);
		return NULL;
	}
	at = map_put(&p->r->rotations, slice_of(key));
	rot = *at;
	if (rot) {
		(void)err_set(err, ERR_USAGE,
			      "rotation '%s' stands in line %zu, too", key,
			      rot->line);
		return NULL;
	}
	*at = rot = mem_zero(1, sizeof(*rot));
	rot->team = p->team;
	rot->name = key + strlen(key) - strlen(name);
	rot->key = TAKE_PTR(key);
	rot->zone = p->zone;
	rot->line = p->line;
	return rot;
}

int roster_add_rotation(struct roster_parser *p, char *text, struct err *err)
{
	char *people = behind_colon(text);
	struct roster_rotation *rot = new_rotation(p, roster_word(&text), err);

	if (!rot || read_kind(&text, rot, err) < 0 ||
	    read_beginning(p, text, rot, err) < 0 ||
	    read_people(p, people, rot, err) < 0)
		return -1;
	if (!rot->zone) {
		if (!p->assumed)
			p->assumed = p->line;
		if (roster_zone(p, "UTC", &rot->zone, err) < 0)
			return -1;
	}
	rot->start = roster_turn_begins(rot, 0);
	return 0;
}

/* ---- only, override ---- */

/* Finds the rotation that is named first. */
static int find_rotation(struct roster_parser *p, char **text,
			 struct roster_rotation **ret, struct err *err)
{
	const char *name = roster_word(text), *near;
	AUTO_FREE char *key = key_of(p, name);

	if (roster_good_name(name, "rotation", err) < 0)
		return -1;
	*ret = map_get(&p->r->rotations, slice_of(key));
	if (!*ret)
		*ret = map_get(&p->r->rotations, slice_of(name));
	if (*ret)
		return 0;
	near = roster_nearest(&p->r->rotations, name);
	return err_set(err, ERR_USAGE, "no rotation '%s' stands above%s%s%s",
		       name, near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

static const char *zone_name(const struct roster_rotation *rot)
{
	return rot->zone ? rot->zone->name : NULL;
}

int roster_add_only(struct roster_parser *p, char *text, struct err *err)
{
	struct roster_rotation *rot = NULL;
	struct window *w;

	if (find_rotation(p, &text, &rot, err) < 0 ||
	    window_new(&w, trim(text), zone_name(rot), err) < 0)
		return -1;
	rot->windows = mem_resize(rot->windows, rot->window_count + 1,
				  sizeof(struct window *));
	rot->windows[rot->window_count++] = w;
	return 0;
}

/* Beginning and end of a window of dates. */
static int read_dates(const char *text, const char *zone,
		      struct roster_override *o, struct err *err)
{
	AUTO_WINDOW struct window *w = NULL;
	bool dates = *text >= '0' && *text <= '9';

	if (window_new(&w, text, zone, err) < 0)
		return -1;
	/* Nobody is on call before the calendar begins. */
	if (!dates || window_holds(w, WHEN_MIN, &o->from) ||
	    o->from == WHEN_NONE || !window_holds(w, o->from, &o->to))
		return err_set(err, ERR_USAGE,
			       "'%.80s' does not hold once: write such as "
			       "2026-12-24 18:00 to 2026-12-27 09:00",
			       text);
	return 0;
}

int roster_add_override(struct roster_parser *p, char *text, struct err *err)
{
	struct roster_override o = {.line = p->line};
	char *person = behind_colon(text);
	struct roster_rotation *rot = NULL;

	if (find_rotation(p, &text, &rot, err) < 0)
		return -1;
	if (!person || !*trim(person) || strchr(person, ','))
		return err_set(err, ERR_USAGE,
			       "an override names one person: write who it is "
			       "at the end, ': eli'");
	if (read_dates(trim(text), zone_name(rot), &o, err) < 0 ||
	    read_person(p, person, &o.person, err) < 0)
		return -1;
	rot->overrides =
		mem_resize(rot->overrides, rot->override_count + 1, sizeof(o));
	rot->overrides[rot->override_count++] = o;
	return 0;
}
