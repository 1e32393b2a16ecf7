/* template-internal.h - what the parts of template share. */
#ifndef ONCALL_TEMPLATE_INTERNAL_H
#define ONCALL_TEMPLATE_INTERNAL_H

#include <oncall/template.h>

#define TEMPLATE_FILTERS_MAX 8

enum template_filter {
	TEMPLATE_UPPER,
	TEMPLATE_LOWER,
	TEMPLATE_TRIM,
	TEMPLATE_FIRST,
	TEMPLATE_SHORT,
	TEMPLATE_JSON,
	TEMPLATE_DEFAULT,
	/* From here on in files only. */
	TEMPLATE_HTML,
	TEMPLATE_MRKDWN,
	TEMPLATE_MARKDOWN,
	TEMPLATE_URL,
	TEMPLATE_TIME,
	TEMPLATE_DURATION,
	TEMPLATE_CODE,
	TEMPLATE_FILTERS,
};

enum template_kind {
	TEMPLATE_IS_TEXT,
	TEMPLATE_IS_PATH,
	TEMPLATE_IS_IF,
	TEMPLATE_IS_ELSE,
	TEMPLATE_IS_EACH,
	TEMPLATE_IS_END,
};

struct template_segment {
	enum template_kind kind;
	char *text; /* as it stands, or the path */
	enum template_filter filters[TEMPLATE_FILTERS_MAX];
	char *arguments[TEMPLATE_FILTERS_MAX]; /* or NULL */
	size_t filter_count;
	size_t next; /* of a block: its else or end; of an else: its end */
};

struct template
{
	struct template_segment *segments;
	size_t count;
};

/* The filter of that name, with an argument or without; TEMPLATE_FILTERS when
 * there is none, or not here. */
enum template_filter template_filter_find(struct slice name, bool argument,
					  bool in_file);
/* Those there are, for messages. */
const char *template_filter_list(bool in_file);
/* Whether the argument is one that the filter knows. */
bool template_filter_takes(enum template_filter f, const char *argument);
/* Changes what stands in out from start on. */
void template_filter_apply(enum template_filter f, const char *argument,
			   struct buf *out, size_t start);

#endif
