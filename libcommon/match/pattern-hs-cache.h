/* pattern-hs-cache.h - what Hyperscan compiled, and whether to trust it. */
#ifndef PATTERN_HS_CACHE_H
#define PATTERN_HS_CACHE_H

#include "pattern-internal.h"

/* What was compiled, and which expressions are in it. */
void pattern_hs_cache_write(const char *path, const uint8_t *taken,
			    size_t count, struct slice db);
/* False when there is nothing of use; *ret_db then is empty. */
bool pattern_hs_cache_read(const char *path, uint8_t *taken, size_t count,
			   struct buf *ret_db);

/* pattern-hs-test.c: -1 when the library finds other hits than PCRE2. */
int pattern_hs_test(struct err *err) MUST_CHECK;

#endif
