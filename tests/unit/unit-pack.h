/* unit-pack.h - packs from texts. */
#ifndef UNIT_PACK_H
#define UNIT_PACK_H

#include "unit.h"

#include <oncall/mem.h>

#include "../../libcommon/match/pack-internal.h"

#define HEAD "patterns:\n  - id: a\n    severity: high\n"

static inline void load(struct packs *p, const char *text)
{
	struct err err = ERR_INIT;
	int rc = pack_load_text(p, slice_of(text), "f.yaml", &err);

	assert_no_err(&err);
	assert_int_equal(rc, 0);
}

static inline void refuse(const char *text, const char *part)
{
	AUTO_PACKS struct packs p = PACKS_INIT;
	struct err err = ERR_INIT;

	if (pack_load_text(&p, slice_of(text), "f.yaml", &err) == 0)
		fail_msg("accepted, instead of: %s", part);
	assert_err(&err, ERR_USAGE, part);
	assert_int_equal(p.rule_count, 0);
	assert_int_equal(p.pack_count, 0);
}

#endif
