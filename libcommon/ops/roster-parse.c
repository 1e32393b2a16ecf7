/* roster-parse.c - a roster's lines. */
#include <stdarg.h>
#include <stdio.h>

#include <oncall/cli.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

#include "roster-internal.h"

#define ERRORS_MAX 20  /* more are not told */
#define NAME_BYTES 100 /* of a team, rotation or person */
#define SPACES	   " \t"

void roster_say(struct roster_parser *p, size_t line, bool error,
		const char *fmt, ...)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_FREE char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = mem_vprintf(fmt, ap);
	va_end(ap);
	p->errors += error;
	if (!p->tell || (error && p->errors > ERRORS_MAX))
		return;
	buf_add_str(&text, p->path);
	if (line)
		buf_addf(&text, ":%zu", line);
	buf_addf(&text, ": %s", what);
	p->tell(p->arg, buf_str(&text), error);
}

const char *roster_word(char **text)
{
	char *word = *text + strspn(*text, SPACES);
	char *end = word + strcspn(word, SPACES);

	*text = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

const char *roster_nearest(const struct map *m, const char *name)
{
	const char **names = mem_zero(m->count + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < m->count; i++) {
		const char *key = m->entries[i].key.ptr;
		const char *slash = strchr(name, '/') ? NULL : strchr(key, '/');

		names[i] = slash ? slash + 1 : key;
	}
	near = cli_nearest(name, names);
	free(names);
	return near;
}

int roster_good_name(const char *name, const char *what, struct err *err)
{
	if (!*name)
		return err_set(err, ERR_USAGE, "the name of the %s is missing",
			       what);
	if (strlen(name) > NAME_BYTES)
		return err_set(err, ERR_USAGE,
			       "'%.20s...' is longer than %d bytes", name,
			       NAME_BYTES);
	if (!strcasecmp(name, "nobody"))
		return err_set(err, ERR_USAGE,
			       "'%s' is nobody's name: write who it is", name);
	return 0;
}

int roster_zone(struct roster_parser *p, const char *name,
		const struct roster_zone **ret, struct err *err)
{
	struct roster_zone *zone = map_get(&p->r->zones, slice_of(name));
	struct when_place *place;

	if (!zone) {
		if (when_place_new(&place, name, err) < 0)
			return -1;
		zone = mem_zero(1, sizeof(*zone));
		zone->name = mem_dup(name);
		zone->place = place;
		*map_put(&p->r->zones, slice_of(name)) = zone;
	}
	*ret = zone;
	return 0;
}

/* The one word that is to stand there. */
static int only_word(char *text, const char *what, const char **ret,
		     struct err *err)
{
	*ret = roster_word(&text);
	if (roster_good_name(*ret, what, err) < 0)
		return -1;
	text += strspn(text, SPACES);
	return *text ? err_set(err, ERR_USAGE, "'%.80s' stands behind the %s",
			       text, what)
		     : 0;
}

static int set_zone(struct roster_parser *p, char *text, struct err *err)
{
	const char *zone;

	return only_word(text, "zone", &zone, err) < 0
		       ? -1
		       : roster_zone(p, zone, &p->zone, err);
}

static int set_team(struct roster_parser *p, char *text, struct err *err)
{
	const char *team;
	void **at;

	if (only_word(text, "team", &team, err) < 0)
		return -1;
	if (strpbrk(team, ROSTER_NOT_IN_NAMES))
		return err_set(err, ERR_USAGE,
			       "'%s' is no name of a team: it has no '/', "
			       "':' or ','",
			       team);
	at = map_put(&p->r->teams, slice_of(team));
	if (!*at)
		*at = mem_dup(team);
	p->team = *at;
	return 0;
}

static const struct {
	const char *word;
	int (*read)(struct roster_parser *p, char *text, struct err *err);
} lines[] = {
	{"zone", set_zone},
	{"team", set_team},
	{"rotation", roster_add_rotation},
	{"only", roster_add_only},
	{"override", roster_add_override},
};

static int read_line(struct roster_parser *p, char *text, struct err *err)
{
	const char *words[ARRAY_LEN(lines) + 1] = {NULL};
	const char *word = roster_word(&text), *near;

	if (!*word)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		words[i] = lines[i].word;
		if (!strcmp(lines[i].word, word))
			return lines[i].read(p, text, err);
	}
	near = cli_nearest(word, words);
	if (near)
		return err_set(err, ERR_USAGE,
			       "no line begins with '%.80s'"
			       ", did you mean '%s'?",
			       word, near);
	return err_set(err, ERR_USAGE,
		       "no line begins with '%.80s'"
		       ": write zone, team, rotation, only or override",
		       word);
}

/* Whether it is text; cuts the end of the line and the comment off. */
static int clean_line(char *text, size_t len, struct err *err)
{
	if (len && text[len - 1] == '\r')
		text[--len] = '\0';
	if (!utf8_valid(text, len))
		return err_set(err, ERR_USAGE, "this is not UTF-8");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return err_set(err, ERR_USAGE,
				       "there is a control character in "
				       "column %zu",
				       i + 1);
	}
	for (size_t i = 0; i < len; i++)
		if (text[i] == '#' && (i == 0 || strchr(SPACES, text[i - 1])))
			text[i] = '\0';
	return 0;
}

static void take_line(struct roster_parser *p, struct slice line)
{
	AUTO_FREE char *text = mem_dup_bytes(line.ptr, line.len);
	struct err err = ERR_INIT;

	if (clean_line(text, line.len, &err) < 0 ||
	    read_line(p, text, &err) < 0)
		roster_say(p, p->line, true, "%s", err.text);
}

struct roster *roster_parse(const char *path, struct slice text,
			    roster_tell_fn *tell, void *arg)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
	AUTO_ROSTER struct roster *r = mem_zero(1, sizeof(*r));
	struct roster_parser p = {
		.r = r, .path = path, .tell = tell, .arg = arg};

	if (text.len >= 3 && !memcmp(text.ptr, mark, 3))
		text = (struct slice){text.ptr + 3, text.len - 3};
	while (text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		p.line++;
		take_line(&p, (struct slice){text.ptr, len});
		text.ptr += len + (end != NULL);
		text.len -= len + (end != NULL);
	}
	roster_review(&p);
	return p.errors ? NULL : TAKE_PTR(r);
}
