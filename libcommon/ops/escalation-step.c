/*
 * escalation-step.c - one step of a policy as text:
 *
 *   STEP   = "after" DURATION "to" NAME {"," NAME} {CLAUSE}
 *   CLAUSE = "every" DURATION [N "times"]
 *          | "only" WINDOW
 *          | "if more than" N ("incidents" | "times")
 *
 * each clause once, in any order. A name may have several words, none of which
 * begins a clause.
 */
#include <oncall/cli.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "escalation-internal.h"

#define SPACES	   " \t"
#define TEXT_MAX   1000 /* bytes of a step */
#define NAME_BYTES 200	/* bytes of a name */
#define DELAY_MAX  (366 * WHEN_DAY)
#define MORE_MAX   1000000000

/* Where the reading of a step is; what was read is cut off with NULs. */
struct reading {
	struct escalation_step *step;
	const char *zone;
	char *at;
	struct err *err;
};

void escalation_names_done(struct escalation_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct escalation_names){.count = 0};
}

void escalation_step_done(struct escalation_step *s)
{
	free(s->text);
	escalation_names_done(&s->to);
	window_free(s->only);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* ---- words ---- */

static const char *next_word(struct reading *r)
{
	char *word = r->at + strspn(r->at, SPACES);
	char *end = word + strcspn(word, SPACES);

	r->at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool begins_clause(const char *word, size_t n)
{
	static const char *const words[] = {"every", "only", "if"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n && !memcmp(words[i], word, n))
			return true;
	return false;
}

/* All words up to the next clause. */
static char *until_clause(struct reading *r)
{
	char *text = r->at + strspn(r->at, SPACES), *end = text;
	char *p = text;

	while (*p) {
		size_t n = strcspn(p, SPACES);

		if (begins_clause(p, n))
			break;
		end = p + n;
		p = end + strspn(end, SPACES);
	}
	r->at = p;
	if (end < p)
		*end = '\0';
	else if (end == p && *p)
		return p + strlen(p); /* nothing stands before it */
	return text;
}

static int expected(const struct reading *r, const char *what, const char *word)
{
	return *word ? err_set(r->err, ERR_USAGE,
			       "%s is to stand where '%.80s' does", what, word)
		     : err_set(r->err, ERR_USAGE, "%s is missing", what);
}

static int expect(struct reading *r, const char *word)
{
	AUTO_FREE char *what = mem_printf("'%s'", word);
	const char *is = next_word(r);

	return strcmp(is, word) ? expected(r, what, is) : 0;
}

static int read_delay(struct reading *r, int64_t least, int64_t *ret)
{
	const char *word = next_word(r);

	if (!*word)
		return expected(r, "a duration, such as 15m,", word);
	if (when_parse_duration(word, ret, r->err) < 0)
		return -1;
	if (*ret < least || *ret > DELAY_MAX)
		return err_set(r->err, ERR_USAGE, "'%s' is not %s to 366d",
			       word, least ? "1s" : "0s");
	return 0;
}

/* ---- names ---- */

int escalation_names_add(struct escalation_names *names, const char *text,
			 size_t len, struct err *err)
{
	while (len && is_space(*text)) {
		text++;
		len--;
	}
	while (len && is_space(text[len - 1]))
		len--;
	if (len == 0)
		return err_set(err, ERR_USAGE,
			       "a name of who is to be called is missing");
	if (len > NAME_BYTES)
		return err_set(err, ERR_USAGE, "'%.20s...' is too long", text);
	if (names->count == ESCALATION_NAMES_MAX)
		return err_set(err, ERR_USAGE,
			       "more than %d names are to be called",
			       ESCALATION_NAMES_MAX);
	names->items = mem_resize(names->items, names->count + 1,
				  sizeof(*names->items));
	names->items[names->count++] = mem_dup_bytes(text, len);
	return 0;
}

static int read_names(struct reading *r)
{
	const char *text = until_clause(r);

	for (;;) {
		size_t n = strcspn(text, ",");

		if (escalation_names_add(&r->step->to, text, n, r->err) < 0)
			return -1;
		if (!text[n])
			return 0;
		text += n + 1;
	}
}

/* ---- clauses ---- */

static int read_every(struct reading *r)
{
	struct escalation_step *s = r->step;
	struct err why = ERR_INIT;
	const char *word, *unit;

	if (s->every)
		return err_set(r->err, ERR_USAGE, "'every' stands there twice");
	if (read_delay(r, WHEN_SECOND, &s->every) < 0)
		return -1;
	s->again = ESCALATION_ENDLESS;
	r->at += strspn(r->at, SPACES);
	if (!*r->at || begins_clause(r->at, strcspn(r->at, SPACES)))
		return 0;
	word = next_word(r);
	if (cli_parse_int(word, 1, ESCALATION_TIMES_MAX, &s->again, &why) < 0)
		return err_set(r->err, ERR_USAGE,
			       "how often it is done again, 1 to %d times, "
			       "is to stand where '%.80s' does",
			       ESCALATION_TIMES_MAX, word);
	unit = next_word(r);
	if (strcmp(unit, "times") != 0 && strcmp(unit, "time") != 0)
		return expected(r, "'times'", unit);
	return 0;
}

static int read_only(struct reading *r)
{
	const char *text = until_clause(r);

	if (r->step->only)
		return err_set(r->err, ERR_USAGE, "'only' stands there twice");
	return window_new(&r->step->only, text, r->zone, r->err);
}

static int read_if(struct reading *r)
{
	struct escalation_step *s = r->step;
	struct err why = ERR_INIT;
	const char *word;

	if (s->more != ESCALATION_ANY)
		return err_set(r->err, ERR_USAGE, "'if' stands there twice");
	if (expect(r, "more") < 0 || expect(r, "than") < 0)
		return -1;
	word = next_word(r);
	if (cli_parse_int(word, 0, MORE_MAX, &s->more_than, &why) < 0)
		return expected(r, "a number", word);
	word = next_word(r);
	if (!strcmp(word, "incidents") || !strcmp(word, "incident"))
		s->more = ESCALATION_INCIDENTS;
	else if (!strcmp(word, "times") || !strcmp(word, "time"))
		s->more = ESCALATION_TIMES;
	else
		return expected(r, "'incidents' or 'times'", word);
	return 0;
}

static int read_clause(struct reading *r)
{
	const char *word = next_word(r);

	if (!strcmp(word, "every"))
		return read_every(r);
	if (!strcmp(word, "only"))
		return read_only(r);
	if (!strcmp(word, "if"))
		return read_if(r);
	return expected(r, "'every', 'only', 'if' or nothing", word);
}

static int read_step(struct reading *r)
{
	if (expect(r, "after") < 0 || read_delay(r, 0, &r->step->after) < 0 ||
	    expect(r, "to") < 0 || read_names(r) < 0)
		return -1;
	while (r->at += strspn(r->at, SPACES), *r->at)
		if (read_clause(r) < 0)
			return -1;
	return 0;
}

int escalation_step_read(struct escalation_step *s, const char *text,
			 const char *zone, struct err *err)
{
	AUTO_FREE char *copy = mem_dup(text);
	struct reading r = {.step = s, .zone = zone, .at = copy, .err = err};

	*s = (struct escalation_step){.text = mem_dup(text)};
	if (strlen(text) > TEXT_MAX)
		return err_set(err, ERR_USAGE, "it is longer than %d bytes",
			       TEXT_MAX);
	return read_step(&r);
}
