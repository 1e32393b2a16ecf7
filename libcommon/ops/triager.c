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
	t->silences_version = -1;
	*ret = t;
	return 0;
}

void triager_free(struct triager *t)
{
	if (!t)
		return;
	kb_free(t->kb);
	silences_free(t->silences);
	adviser_free(t->adviser);
	free(t);
}

int triager_silences(struct triager *t, int64_t time, struct err *err)
{
	enum silences_which which = t->past ? SILENCES_THEN : SILENCES_LIVE;
	struct silences *fresh = NULL;
	int64_t version;

	if (silences_version(t->store, &version, err) < 0)
		return -1;
	if (!t->past && version == t->silences_version)
		return 0;
	if (silences_load(&fresh, t->store, which, time, err) < 0)
		return -1;
	silences_free(t->silences);
	t->silences = fresh;
	t->silences_version = t->past ? -1 : version;
	return 0;
}
