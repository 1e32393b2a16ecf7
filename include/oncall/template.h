/*
 * template.h - text with ${field.path} and ${field|filter} in it; the one
 * language of titles, messages and commands. "$$" is a dollar sign.
 *
 * Filters: upper, lower, trim, first (line), short (80 characters), json,
 * default:TEXT (without '|' and '}'). More than one may follow:
 * ${message|first|short}.
 *
 * Files of templates know more: ${#if path}...${#else}...${/if}, which asks
 * whether there is a value that is not "false", or a list with items;
 * ${#each list}...${/each}, within which paths are those of an item, and of
 * the whole where the item has none; and the filters html, mrkdwn, markdown,
 * url, time, duration and code:LANGUAGE. A block that is alone in its line
 * leaves no empty line behind.
 */
#ifndef ONCALL_TEMPLATE_H
#define ONCALL_TEMPLATE_H

#include <oncall/buf.h>

struct template;

/* ERR_USAGE names the column (a byte) and, for a filter, those there are. */
int template_new(struct template **ret, const char *text, struct err *err)
	MUST_CHECK;
/* A file with blocks; ERR_USAGE says "NAME:LINE:COLUMN: ". */
int template_new_file(struct template **ret, const char *name, const char *text,
		      struct err *err) MUST_CHECK;
void template_free(struct template *t);
/* The paths named in it; NULL behind the last. */
const char *template_path(const struct template *t, size_t i);

/* Values: the text of a path, or a NULL ptr where there is none; valid until
 * the next call. */
typedef struct slice template_lookup(void *arg, const char *path);

/* What has no value leaves nothing behind. Allocates only when out grows. */
void template_fill(const struct template *t, struct buf *out,
		   template_lookup *lookup, void *arg);

struct template_source {
	template_lookup *lookup;
	/* How many items that list has; both may be NULL without blocks. */
	size_t (*count)(void *arg, const char *list);
	/* A path of item i of the list; a NULL ptr where it has none. */
	struct slice (*item)(void *arg, const char *list, size_t i,
			     const char *path);
};

void template_fill_from(const struct template *t, struct buf *out,
			const struct template_source *source, void *arg);

DEFINE_AUTO(struct template *, template_free, auto_template_)
#define AUTO_TEMPLATE CLEANUP(auto_template_)

#endif
