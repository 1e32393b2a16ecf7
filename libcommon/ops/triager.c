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
	adviser_free(t->adviser);
	free(t);
}
