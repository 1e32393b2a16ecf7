/* jscan-internal.h - what the files of jscan share. */
#ifndef ONCALL_JSCAN_INTERNAL_H
#define ONCALL_JSCAN_INTERNAL_H

#include <oncall/jscan.h>

/*
 * The end of the JSON number that starts at p; NULL when there is none, and
 * then *ret_bad is the byte that does not fit.
 */
const char *jscan_number_end(const char *p, const char *end,
			     const char **ret_bad);

/* The key of a member with its escapes decoded; scratch holds it if need be. */
struct slice jscan_key_text(const struct jscan_member *m, struct buf *scratch);

#endif
