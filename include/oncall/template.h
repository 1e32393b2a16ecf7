/*
 * template.h - text with ${field.path} and ${field|filter} in it; the one
 * language of titles, messages and commands. "$$" is a dollar sign.
 *
 * Filters: upper, lower, trim, first (line), short (80 characters), json,
 * default:TEXT (without '|' and '}'). More than one may follow:
 * ${message|first|short}.
 */
#ifndef ONCALL_TEMPLATE_H
#define ONCALL_TEMPLATE_H

#include <oncall/buf.h>

struct template;

/* ERR_USAGE names the column (a byte) and, for a filter, those there are. */
int template_new(struct template **ret, const char *text, struct err *err)
	MUST_CHECK;
void template_free(struct template *t);
/* The paths named in it; NULL behind the last. */
const char *template_path(const struct template *t, size_t i);

/* Values: the text of a path, or a NULL ptr where there is none; valid until
 * the next call. */
typedef struct slice template_lookup(void *arg, const char *path);

/* What has no value leaves nothing behind. Allocates only when out grows. */
void template_fill(const struct template *t, struct buf *out,
		   template_lookup *lookup, void *arg);

DEFINE_AUTO(struct template *, template_free, auto_template_)
#define AUTO_TEMPLATE CLEANUP(auto_template_)

#endif
