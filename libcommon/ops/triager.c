/* triager.c - what triage works with. */
#include <oncall/adviser.h>
#include <oncall/mem.h>

#include "triage-internal.h"

int triager_open(struct triager **ret, struct store *s,
		 const struct action_set *set, const struct policy *p,
		 const struct config *c, struct err *err)
{
	struct triager *t = mem_zero(1, sizeof(*t));

	(void)err;
	t->store = s;
	t->set = set;
	t->policy = p;
	t->config = c;
	t->kb = kb_new(&(struct kb_options){.store = s, .config = c});
	t->adviser = adviser_new(c);
	*ret = t;
	return 0;
}

void triager_free(struct triager *t)
{
	if (!t)
		return;
	kb_free(t->kb);
	silence_set_free(t->silences);
	adviser_free(t->adviser);
	free(t);
}

int triager_silences(struct triager *t, int64_t time, struct err *err)
{
	enum silence_set_which which =
		t->past ? SILENCE_SET_THEN : SILENCE_SET_LIVE;
	struct silence_set *fresh = NULL;
	int64_t version;

	if (silence_version(t->store, &version, err) < 0)
		return -1;
	if (t->silences && !t->past && version == t->silence_version)
		return 0;
	if (silence_set_load(&fresh, t->store, which, time, err) < 0)
		return -1;
	silence_set_free(t->silences);
	t->silences = fresh;
	t->silence_version = t->past ? -1 : version;
	return 0;
}
