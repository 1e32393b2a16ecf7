/* unit-declared.h - actions from text, and calls of them. */
#ifndef ONCALL_UNIT_DECLARED_H
#define ONCALL_UNIT_DECLARED_H

#include "unit.h"

#include <oncall/mem.h>

#include "../../libcommon/ops/action-internal.h"

#define TRUSTED	  SLICE_LIT("[]")
#define UNTRUSTED ((struct slice){NULL, 0})

/* head: what stands beside "id: t" in one action. */
__attribute__((unused)) static struct action_set *load_action(const char *head)
{
	AUTO_FREE char *text = mem_printf("actions:\n  - id: t\n%s", head);
	struct action_set *set = NULL;
	struct err err = ERR_INIT;
	int rc = action_set_read(&set, slice_of(text), "f.yaml", &err);

	assert_no_err(&err);
	assert_int_equal(rc, 0);
	return set;
}

__attribute__((unused)) static int prepare_action(const struct action_set *set,
						  const char *params,
						  struct slice untrusted,
						  struct action_call *ret,
						  struct err *err)
{
	static const struct action_about about = {
		.incident = "INC-1",
		.service = "api",
		.host = "web-1",
		.environment = "prod",
	};

	return action_prepare(ret, set, action_find(set, "t"), slice_of(params),
			      untrusted, &about, err);
}

#endif
