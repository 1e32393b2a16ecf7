/* silence.c - what a silence is: its row, its words, what it covers. */
#include "silence-internal.h"

#include <stdio.h>

#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/map.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

const char *const silence_state_names[] = {
	[SILENCE_PENDING] = "pending",
	[SILENCE_ACTIVE] = "active",
	[SILENCE_EXPIRED] = "expired",
	NULL,
};

void silence_done(struct silence *s)
{
	free(s->match);
	free(s->incidents);
	free(s->actor);
	free(s->note);
	selector_free(s->selector);
	*s = (struct silence){.match = NULL};
}

enum silence_state silence_state(const struct silence *s, int64_t now)
{
	if (s->ended != WHEN_NONE && s->ended <= now)
		return SILENCE_EXPIRED;
	if (s->ends != WHEN_NONE && s->ends <= now)
		return SILENCE_EXPIRED;
	return s->starts > now ? SILENCE_PENDING : SILENCE_ACTIVE;
}

/* ---- rows ---- */

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int silence_name(struct silence *s, int64_t incident, struct err *err)
{
	size_t at = s->incident_count;

	if (silence_names(s, incident))
		return 0;
	if (s->incident_count == SILENCE_INCIDENTS)
		return err_set(err, ERR_USAGE,
			       "a silence can be about %d incidents, not more; "
			       "name fields, and an end",
			       SILENCE_INCIDENTS);
	s->incidents = mem_resize(s->incidents, s->incident_count + 1,
				  sizeof(*s->incidents));
	for (; at > 0 && s->incidents[at - 1] > incident; at--)
		s->incidents[at] = s->incidents[at - 1];
	s->incidents[at] = incident;
	s->incident_count++;
	return 0;
}

static int read_incident(void *arg, struct slice value, enum jscan_type type,
			 struct err *err)
{
	struct silence *s = arg;
	AUTO_BUF struct buf id = BUF_INIT;

	if (type != JSCAN_STRING || s->incident_count == SILENCE_INCIDENTS)
		return 0;
	jscan_unquote(&id, value);
	return incident_parse_id(buf_str(&id),
				 &s->incidents[s->incident_count++], err);
}

static void read_incidents(struct silence *s, struct slice array)
{
	size_t n = jlist_items(array, NULL, 0);
	struct err err = ERR_INIT;

	if (n > SILENCE_INCIDENTS)
		n = SILENCE_INCIDENTS;
	s->incidents = mem_zero(n + 1, sizeof(*s->incidents));
	if (jscan_array(array, read_incident, s, &err) < 0)
		s->broken = true;
	qsort(s->incidents, s->incident_count, sizeof(*s->incidents),
	      by_number);
}

void silence_from_row(struct silence *s, struct store_rows *rows)
{
	struct slice incidents = store_text(rows, 2);

	*s = (struct silence){
		.match = mem_dup_slice(store_text(rows, 1)),
		.starts = store_time(rows, 3),
		.ends = store_time(rows, 4),
		.actor = mem_dup_slice(store_text(rows, 5)),
		.note = mem_dup_slice(store_text(rows, 6)),
		.made = store_time(rows, 7),
		.ended = store_time(rows, 8),
	};
	(void)snprintf(s->id, sizeof(s->id), "%.*s",
		       (int)store_text(rows, 0).len, store_text(rows, 0).ptr);
	if (incidents.ptr)
		read_incidents(s, incidents);
}

/* ---- what it asks for ---- */

struct values {
	const char *field;
	int (*each)(void *arg, const char *field, const char *value,
		    struct err *err);
	void *arg;
};

static int read_value(void *arg, struct slice value, enum jscan_type type,
		      struct err *err)
{
	const struct values *v = arg;
	AUTO_BUF struct buf text = BUF_INIT;

	if (type != JSCAN_STRING)
		return err_set(err, ERR_INPUT, "a value is no text");
	jscan_unquote(&text, value);
	return v->each(v->arg, v->field, buf_str(&text), err);
}

int silence_values(const struct silence *s,
		   int (*each)(void *arg, const char *field, const char *value,
			       struct err *err),
		   void *arg, struct err *err)
{
	struct values v = {.each = each, .arg = arg};
	struct jscan scan = {0};
	int rc = jscan_object(&scan, s->match, strlen(s->match), err);

	for (size_t i = 0; rc == 0 && i < scan.count; i++) {
		const struct jscan_member *m = &scan.members[i];
		AUTO_BUF struct buf field = BUF_INIT;
		AUTO_FREE char *quoted =
			mem_printf("\"%.*s\"", (int)m->key.len, m->key.ptr);

		jscan_unquote(&field, slice_of(quoted));
		v.field = buf_str(&field);
		if (m->type != JSCAN_ARRAY ||
		    jlist_items(m->value, NULL, 0) == 0)
			rc = err_set(err, ERR_INPUT, "no array of values");
		else
			rc = jscan_array(m->value, read_value, &v, err);
	}
	jscan_done(&scan);
	return rc;
}

static int add_value(void *arg, const char *field, const char *value,
		     struct err *err)
{
	return selector_add(arg, field, value, err);
}

bool silence_names(const struct silence *s, int64_t incident)
{
	return s->incidents &&
	       bsearch(&incident, s->incidents, s->incident_count,
		       sizeof(incident), by_number);
}

/* What cannot be read must not keep people from anything, nor must what asks
 * for nothing. */
static void read_match(struct silence *s)
{
	struct err ignored = ERR_INIT;

	s->selector = selector_new();
	if (silence_values(s, add_value, s->selector, &ignored) < 0 ||
	    (!s->incidents && !selector_field(s->selector, 0)))
		s->broken = true;
}

bool silence_covers(struct silence *s, struct incident_match *m,
		    const struct incident *inc)
{
	if (s->broken || (s->incidents && !silence_names(s, inc->num)))
		return false;
	if (s->ends == WHEN_NONE)
		return s->incidents != NULL;
	if (!s->selector)
		read_match(s);
	return !s->broken && !incident_match_failed(m, s->selector);
}

/* ---- words ---- */

/* Users of other programs write "severity!=high" and "service=~web.*". */
static int check_word(const char *word, const char *equal, struct err *err)
{
	if (!equal || equal == word)
		return err_set(err, ERR_USAGE,
			       "'%s' is no FIELD=VALUE, such as service=web",
			       word);
	if (!utf8_valid(word, strlen(word)))
		return err_set(err, ERR_USAGE, "'%s' is not UTF-8", word);
	if (equal[-1] == '!')
		return err_set(err, ERR_USAGE,
			       "'%s': what it must not be is written %.*s=!%s",
			       word, (int)(equal - word - 1), word, equal + 1);
	if (equal[1] == '~')
		return err_set(err, ERR_USAGE,
			       "'%s': an expression is written %.*s=/%s/", word,
			       (int)(equal - word), word, equal + 2);
	return 0;
}

/* Takes the word to the array of its field. */
static int take_word(struct map *fields, struct selector *tried,
		     const char *word, struct err *err)
{
	const char *equal = strchr(word, '=');
	AUTO_BUF struct buf item = BUF_INIT, grown = BUF_INIT;
	AUTO_FREE char *field = NULL;
	char **array;

	if (check_word(word, equal, err) < 0)
		return -1;
	field = mem_dup_bytes(word, (size_t)(equal - word));
	if (incident_match_add(tried, field, equal + 1, err) < 0)
		return err_prefix(err, "'%s'", word);
	jwrite_str(&item, NULL, equal + 1);
	array = (char **)map_put(fields, slice_of(field));
	if (jlist_add(&grown, slice_of(*array ? *array : "[]"),
		      buf_slice(&item)) > 0) {
		free(*array);
		*array = buf_take(&grown);
	}
	return 0;
}

int silence_match(struct buf *out, const char *const *words, size_t count,
		  struct err *err)
{
	AUTO_SELECTOR struct selector *tried = selector_new();
	struct map fields = MAP_INIT;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = take_word(&fields, tried, words[i], err);
	if (rc == 0) {
		jwrite_open(out, NULL, '{');
		for (size_t i = 0; i < fields.count; i++)
			jwrite_raw(out, fields.entries[i].key.ptr,
				   slice_of(fields.entries[i].value));
		jwrite_close(out, '}');
	}
	map_done(&fields, free);
	return rc;
}

static int add_word(void *arg, const char *field, const char *value,
		    struct err *err)
{
	struct buf *out = arg;

	(void)err;
	buf_addf(out, "%s%s=%s", out->len ? " " : "", field, value);
	return 0;
}

void silence_words(const struct silence *s, struct buf *out)
{
	struct err ignored = ERR_INIT;
	char id[INCIDENT_ID];

	if (silence_values(s, add_word, out, &ignored) < 0)
		buf_add_str(out, "?");
	for (size_t i = 0; i < s->incident_count && i < 3; i++) {
		incident_id(id, s->incidents[i]);
		buf_addf(out, "%s%s", out->len ? " " : "", id);
	}
	if (s->incident_count > 3)
		buf_addf(out, " and %zu more", s->incident_count - 3);
}

static void write_incidents(struct buf *out, const struct silence *s)
{
	char id[INCIDENT_ID];

	jwrite_open(out, "incidents", '[');
	for (size_t i = 0; i < s->incident_count; i++) {
		incident_id(id, s->incidents[i]);
		jwrite_str(out, NULL, id);
	}
	jwrite_close(out, ']');
}

void silence_write(struct buf *out, const struct silence *s, int64_t now)
{
	jwrite_record(out, "silence", slice_of(s->id), s->made);
	jwrite_str(out, "state", silence_state_names[silence_state(s, now)]);
	jwrite_raw(out, "match", slice_of(s->match));
	if (s->incidents)
		write_incidents(out, s);
	jwrite_time(out, "starts", s->starts);
	jwrite_time_opt(out, "ends", s->ends);
	if (s->ends == WHEN_NONE)
		jwrite_bool(out, "until_resolved", true);
	jwrite_time_opt(out, "ended", s->ended);
	jwrite_str(out, "actor", s->actor);
	jwrite_str_opt(out, "note", s->note);
}
