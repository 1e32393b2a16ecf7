/*
 * window.c - spans of the calendar. Those that come back begin on some days of
 * the week and last less than eight days; so what holds at a time, and what
 * comes next, is among those that begin in the weeks around it.
 */
#include <oncall/window.h>

#include <oncall/mem.h>

#include "when-internal.h"

#define WORD_MAX  64 /* bytes; no name of a zone is longer */
#define WORDS_MAX 7  /* "2026-12-24 18:00 to 2026-12-25 06:00 ZONE", and one */

/* Changes of the clock may close the gap between two windows for a week, or
 * take a window away: the next one is still within these days. */
#define LOOK_BACK  9
#define LOOK_AHEAD 31

/* Beyond all windows with dates; and sums with it are still numbers. */
#define FAR_AWAY (2 * WHEN_MAX)

struct window {
	char *text;
	struct when_place *place;
	bool dates; /* from and to are local times; else of a day */
	bool days[WHEN_WEEKDAYS]; /* on which it begins; Monday is the first */
	bool always;
	int64_t from, to;
};

/* What stands on one side of "to". */
struct side {
	bool days[WHEN_WEEKDAYS];
	int day;      /* the last of them */
	size_t count; /* of days; 7 and every for "daily" */
	bool every, date, clock;
	int64_t midnight; /* of the date */
	int64_t time;	  /* of day */
};

struct reading {
	const char *text;
	char words[WORDS_MAX][WORD_MAX];
	size_t count, at;
	struct err *err;
};

static int refuse(struct err *err, const char *text, const char *why)
{
	return err_set(err, ERR_USAGE,
		       "'%.80s' is no window of time: %s; write 'Fri 16:00 to "
		       "Mon 08:00', 'Mon-Fri 09:00 to 17:00', 'daily 22:00 to "
		       "06:00' or '2026-12-24 to 2027-01-02', and behind it a "
		       "zone or nothing",
		       text, why);
}

static int refuse_word(const struct reading *r, const char *word,
		       const char *what)
{
	AUTO_FREE char *why = mem_printf("'%s' is no %s", word, what);

	return refuse(r->err, r->text, why);
}

static int split(struct reading *r)
{
	const char *p = r->text + strspn(r->text, " \t");

	while (*p) {
		size_t n = strcspn(p, " \t");

		if (r->count == WORDS_MAX || n >= WORD_MAX)
			return refuse(r->err, r->text, "it is too long");
		memcpy(r->words[r->count], p, n);
		r->words[r->count++][n] = '\0';
		p += n;
		p += strspn(p, " \t");
	}
	return r->count ? 0 : refuse(r->err, r->text, "it is empty");
}

static const char *next_word(struct reading *r)
{
	return r->at < r->count ? r->words[r->at++] : "";
}

/* "Fri", "Mon-Fri" or "daily". */
static bool read_days(const char *word, struct side *s)
{
	size_t n = strcspn(word, "-");
	int first;

	s->every = !strcasecmp(word, "daily");
	if (s->every) {
		for (int i = 0; i < WHEN_WEEKDAYS; i++)
			s->days[i] = true;
		s->count = WHEN_WEEKDAYS;
		return true;
	}
	if (!when_read_weekday(word, n, &first))
		return false;
	s->day = first;
	if (word[n] &&
	    !when_read_weekday(word + n + 1, strlen(word + n + 1), &s->day))
		return false;
	for (int i = first;; i = (i + 1) % WHEN_WEEKDAYS) {
		s->days[i] = true;
		s->count++;
		if (i == s->day)
			return true;
	}
}

static bool looks_like_date(const char *word)
{
	return strlen(word) == WHEN_DATE_LEN && when_digit(*word);
}

static int read_side(struct reading *r, struct side *s)
{
	const char *word = next_word(r);

	if (looks_like_date(word)) {
		s->date = true;
		if (!when_read_day(word, &s->midnight))
			return refuse_word(r, word, "date");
		word = next_word(r);
	} else if (read_days(word, s)) {
		word = next_word(r);
	} else if (!strchr(word, ':')) {
		return refuse_word(r, word, "day, date or time of day");
	}
	if (strchr(word, ':')) {
		s->clock = true;
		return when_read_time(word, &s->time)
			       ? 0
			       : refuse_word(r, word, "time of day");
	}
	if (!s->date)
		return refuse(r->err, r->text, "a time of day is missing");
	r->at -= *word != '\0';
	return 0;
}

static int make_dates(struct window *w, const struct side *a,
		      const struct side *b, struct err *err)
{
	if (!b->date)
		return refuse(err, w->text, "the date of its end is missing");
	w->dates = true;
	w->from = a->midnight + a->time;
	w->to = b->midnight + (b->clock ? b->time : WHEN_DAY);
	return w->from < w->to
		       ? 0
		       : refuse(err, w->text, "it ends before it begins");
}

static int make_days(struct window *w, const struct side *a,
		     const struct side *b, struct err *err)
{
	int64_t week = WHEN_WEEKDAYS * WHEN_DAY;

	if (b->date || !a->count || b->every || b->count > 1)
		return refuse(err, w->text,
			      a->count ? "its end is not like its beginning"
				       : "its day is missing");
	if (b->count && a->count > 1)
		return refuse(err, w->text,
			      "one that begins on several days ends with a "
			      "time of day");
	memcpy(w->days, a->days, sizeof(w->days));
	w->from = a->time;
	w->to = b->time;
	if (b->count) {
		w->to += (b->day - a->day + WHEN_WEEKDAYS) % WHEN_WEEKDAYS *
			 WHEN_DAY;
		if (w->to <= w->from)
			w->to += week;
	} else if (w->to <= w->from) {
		w->to += WHEN_DAY;
	}
	w->always = w->to - w->from >=
		    (a->count == WHEN_WEEKDAYS ? WHEN_DAY : week);
	return 0;
}

static int read_window(struct window *w, struct reading *r, const char *zone)
{
	struct side a = {.count = 0}, b = {.count = 0};
	const char *word;

	if (split(r) < 0 || read_side(r, &a) < 0)
		return -1;
	word = next_word(r);
	if (strcasecmp(word, "to") != 0)
		return refuse(r->err, r->text, "'to' is missing");
	if (read_side(r, &b) < 0)
		return -1;
	if ((a.date ? make_dates : make_days)(w, &a, &b, r->err) < 0)
		return -1;
	word = next_word(r);
	if (r->at < r->count)
		return refuse_word(r, next_word(r), "part of it");
	if (when_place_new(&w->place,
			   *word  ? word
			   : zone ? zone
				  : "UTC",
			   r->err) < 0)
		return err_prefix(r->err, "'%.80s'", r->text);
	return 0;
}

int window_new(struct window **ret, const char *text, const char *zone,
	       struct err *err)
{
	struct reading r = {.text = text, .err = err};
	AUTO_WINDOW struct window *w = mem_zero(1, sizeof(*w));

	w->text = mem_dup(text);
	if (read_window(w, &r, zone) < 0)
		return -1;
	*ret = TAKE_PTR(w);
	return 0;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	when_place_free(w->place);
	free(w->text);
	free(w);
}

const char *window_text(const struct window *w)
{
	return w->text;
}

/* The window that begins with that midnight; false when none does, or nothing
 * is left of it because the clock is put forward. */
static bool span_of(const struct window *w, int64_t midnight, int64_t *ret_from,
		    int64_t *ret_to)
{
	if (!w->dates && !w->days[when_weekday(midnight)])
		return false;
	*ret_from = when_place_ms(w->place, midnight + w->from, false);
	*ret_to = when_place_ms(w->place, midnight + w->to, true);
	return *ret_from < *ret_to;
}

static bool holds_dates(const struct window *w, int64_t ms, int64_t *ret_change)
{
	int64_t from, to;
	bool any = span_of(w, 0, &from, &to);

	*ret_change = WHEN_NONE;
	if (any && ms < from)
		*ret_change = from;
	if (!any || ms < from || ms >= to)
		return false;
	*ret_change = to;
	return true;
}

static bool holds_days(const struct window *w, int64_t ms, int64_t *ret_change)
{
	int64_t today = (ms / WHEN_DAY - (ms % WHEN_DAY < 0)) * WHEN_DAY;
	int64_t from, to;
	bool holds = w->always;

	*ret_change = WHEN_NONE;
	for (int i = -LOOK_BACK; i <= LOOK_AHEAD && !w->always; i++) {
		if (!span_of(w, today + i * WHEN_DAY, &from, &to) || to <= ms)
			continue;
		if (from > (holds ? *ret_change : ms)) {
			if (!holds)
				*ret_change = from;
			break;
		}
		holds = true;
		if (to > *ret_change)
			*ret_change = to;
	}
	return holds;
}

bool window_holds(const struct window *w, int64_t ms, int64_t *ret_change)
{
	int64_t unused;

	if (!ret_change)
		ret_change = &unused;
	if (ms < -FAR_AWAY)
		ms = -FAR_AWAY;
	if (ms > FAR_AWAY)
		ms = FAR_AWAY;
	return w->dates ? holds_dates(w, ms, ret_change)
			: holds_days(w, ms, ret_change);
}
