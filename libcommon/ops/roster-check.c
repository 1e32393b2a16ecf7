/* roster-check.c - what is wrong or doubtful in a roster as a whole. */
#include <ctype.h>

#include <oncall/mem.h>

#include "roster-internal.h"

#define LOOK_ALIKE_MIN 4   /* bytes: shorter names are all alike */
#define COMPARED_MAX   300 /* people: among more, names are not compared */

/* ---- overrides ---- */

static int by_beginning(const void *a, const void *b)
{
	const struct roster_override *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* Each override that begins while another one holds. */
static void review_overrides(struct roster_parser *p,
			     const struct roster_rotation *rot)
{
	size_t count = rot->override_count, last = 0;
	AUTO_FREE struct roster_override *sorted =
		mem_zero(count + 1, sizeof(*sorted));

	if (count)
		memcpy(sorted, rot->overrides, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_beginning);
	for (size_t i = 1; i < count; i++) {
		const struct roster_override *o = &sorted[i];
		char at[WHEN_TEXT];

		when_format(at, o->from);
		if (o->from < sorted[last].to)
			roster_say(p, o->line, false,
				   "overrides of '%s' overlap: from %s on '%s' "
				   "has it, not '%s' of line %zu",
				   rot->key, at, o->person, sorted[last].person,
				   sorted[last].line);
		if (o->to > sorted[last].to)
			last = i;
	}
}

/* ---- names ---- */

/* Whether one slip of the hand makes one of the other: a letter too many,
 * another one, or two that changed places. What counts is not a slip. */
static bool one_slip(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), same = 0;

	while (a[same] && a[same] == b[same])
		same++;
	while (n > same && m > same && a[n - 1] == b[m - 1]) {
		n--;
		m--;
	}
	a += same;
	b += same;
	n -= same;
	m -= same;
	if (isdigit((unsigned char)*a) || isdigit((unsigned char)*b))
		return false;
	return (n <= 1 && m <= 1) ||
	       (n == 2 && m == 2 && a[0] == b[1] && a[1] == b[0]);
}

/* Whether a, which stands once, looks like b; of two that both stand once, the
 * second one does. */
static bool look_alike(const struct roster_person *a,
		       const struct roster_person *b, bool second)
{
	if (!strcasecmp(a->name, b->name))
		return b->uses > 1 || second;
	return b->uses > 1 && strlen(b->name) >= LOOK_ALIKE_MIN &&
	       one_slip(a->name, b->name);
}

static void review_person(struct roster_parser *p, size_t which)
{
	const struct map *people = &p->r->people;
	const struct roster_person *a = people->entries[which].value;

	for (size_t i = 0; i < people->count && a->uses == 1; i++) {
		const struct roster_person *b = people->entries[i].value;

		if (i == which || !look_alike(a, b, i < which))
			continue;
		roster_say(p, a->line, false,
			   "'%s' stands only here and looks like '%s'", a->name,
			   b->name);
		return;
	}
}

/* A target of that name would be two things. */
static void review_rotation(struct roster_parser *p,
			    const struct roster_rotation *rot)
{
	const char *const names[] = {rot->name, rot->key};

	for (size_t i = 0; i < (rot->team ? 2 : 1); i++) {
		const struct roster_person *person =
			map_get(&p->r->people, slice_of(names[i]));

		if (person)
			roster_say(p, person->line, true,
				   "'%s' is a person here and the rotation of "
				   "line %zu: give one of them another name",
				   names[i], rot->line);
	}
}

void roster_review(struct roster_parser *p)
{
	const struct map *people = &p->r->people;
	const struct roster_rotation *rot;

	for (size_t i = 0; (rot = roster_rotation_at(p->r, i)); i++) {
		review_rotation(p, rot);
		review_overrides(p, rot);
	}
	for (size_t i = 0; i < people->count && people->count <= COMPARED_MAX;
	     i++)
		review_person(p, i);
	if (p->assumed)
		roster_say(p, p->assumed, false,
			   "no zone is named, so times are in UTC: write 'zone "
			   "Europe/Berlin' above, or the like");
	if (p->r->rotations.count == 0 && p->errors == 0)
		roster_say(p, 0, true,
			   "there is no rotation: write 'rotation primary "
			   "weekly Mon 09:00 from 2026-11-02: ana, ben'");
}
