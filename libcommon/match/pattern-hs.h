/* pattern-hs.h - Hyperscan or Vectorscan, loaded when an engine asks for it. */
#ifndef PATTERN_HS_H
#define PATTERN_HS_H

#include <oncall/err.h>

#include <hs.h>

/* The functions that are used, without their hs_. */
#define PATTERN_HS_FUNCTIONS(X) \
	X(version)              \
	X(valid_platform)       \
	X(populate_platform)    \
	X(expression_info)      \
	X(compile_multi)        \
	X(free_compile_error)   \
	X(free_database)        \
	X(serialize_database)   \
	X(deserialize_database) \
	X(alloc_scratch)        \
	X(free_scratch)         \
	X(scan)

struct pattern_hs {
#define PATTERN_HS_MEMBER(f) __typeof__(hs_##f) *f;
	PATTERN_HS_FUNCTIONS(PATTERN_HS_MEMBER)
#undef PATTERN_HS_MEMBER
};

/* NULL with the reason. */
const struct pattern_hs *pattern_hs_load(struct err *err);

#endif
