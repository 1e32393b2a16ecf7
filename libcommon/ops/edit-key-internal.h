/* edit-key-internal.h - what each format gives to edit-key.c. */
#ifndef EDIT_KEY_INTERNAL_H
#define EDIT_KEY_INTERNAL_H

#include <oncall/edit-key.h>

/* Where a value stands, or where it is to be put, in bytes of the text. */
struct edit_place {
	bool found;
	size_t begin, end; /* of the value as it is written; both the place of
			    * a new one */
	char quote;	   /* around it: '"', '\'' or 0 */
	struct buf before, after; /* what a new one needs around it */
};
void edit_place_done(struct edit_place *p);
#define AUTO_EDIT_PLACE CLEANUP(edit_place_done)

/* What a family of formats can do. */
struct edit_ops {
	/* Finds the key, or the place for it. */
	int (*find)(enum edit_format f, struct slice text, const char *key,
		    struct edit_place *ret, struct err *err);
	/* Appends the value that stands there, as its reader understands it. */
	void (*value)(enum edit_format f, struct slice text,
		      const struct edit_place *p, struct buf *out);
	/* Appends a value as it is written there. */
	int (*write)(enum edit_format f, struct slice text,
		     const struct edit_place *p, const char *value,
		     struct buf *out, struct err *err);
	/* Whether after differs from before in that key only; or NULL. */
	int (*compare)(struct slice before, struct slice after, const char *key,
		       struct err *err);
};
extern const struct edit_ops edit_ops_lines, edit_ops_yaml, edit_ops_json;

int edit_lines_find(enum edit_format f, struct slice text, const char *key,
		    struct edit_place *ret, struct err *err) MUST_CHECK;

/* The line at offset at, without its end ("\n" or "\r\n"); *ret_next: where
 * the next one begins. */
struct slice edit_line(struct slice text, size_t at, size_t *ret_next);
/* "\r\n" where the first line ends so. */
const char *edit_line_end(struct slice text);
static inline bool edit_is_blank(char c)
{
	return c == ' ' || c == '\t';
}
/* How many blanks it begins with. */
size_t edit_indent(struct slice line);
/* Which line of the text an offset is in. */
size_t edit_line_number(struct slice text, size_t at);

#endif
