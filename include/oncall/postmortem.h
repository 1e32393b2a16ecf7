/*
 * postmortem.h - what the store knows of an incident, as a Markdown document
 * that people go on writing. Same store, same bytes: no clock is read.
 *
 * A template is Markdown with fields of the incident's record in it,
 * ${title|short}, as in template.h, and with sections, each alone on its line:
 * ${timeline}. A section is written between two marks,
 *
 *     <!-- oncall:timeline INC-20261120-0001 0123456789abcdef -->
 *     <!-- /oncall:timeline -->
 *
 * where the last word is a hash of what stands between them. When the document
 * is written again only what stands between marks is replaced, unless a person
 * has changed it, which the hash tells. Nothing that the store holds can become
 * markup: links, HTML, the end of a table, or such a mark.
 */
#ifndef ONCALL_POSTMORTEM_H
#define ONCALL_POSTMORTEM_H

#include <oncall/incident.h>

struct postmortem;

/* Reads what all parts need; ERR_NO when there is no such incident. */
int postmortem_new(struct postmortem **ret, struct store *s, int64_t num,
		   struct err *err) MUST_CHECK;
void postmortem_free(struct postmortem *p);
DEFINE_AUTO(struct postmortem *, postmortem_free, auto_postmortem_)
#define AUTO_POSTMORTEM CLEANUP(auto_postmortem_)

/* A template, and what it is called in errors. */
struct postmortem_form {
	const char *name, *text;
};
/* The one that is built in. */
extern const struct postmortem_form postmortem_form;
/* The names of the sections, ended by NULL. */
extern const char *const postmortem_sections[];

/* Appends the whole document. ERR_USAGE is "NAME:LINE: ..." of the template. */
int postmortem_fill(struct postmortem *p, const struct postmortem_form *form,
		    struct buf *out, struct err *err) MUST_CHECK;

/* A section that was not replaced: a person has changed it, or its marks are
 * not in order. */
typedef void postmortem_kept(void *arg, const char *section, const char *why);
/* Appends the old document with its sections of this incident as they are now;
 * how many there are, or -1. */
int postmortem_renew(struct postmortem *p, struct slice old, struct buf *out,
		     postmortem_kept *kept, void *arg, struct err *err)
	MUST_CHECK;

/*
 * Writes the document to the file: all of it when there is none or it is
 * empty, and renewed otherwise; 1, or 0 when that changes nothing. The file is
 * replaced at once and keeps its mode and owner. Refused is what is not a
 * regular file, a symlink above all. ERR_NO: the file has no sections of this
 * incident.
 */
int postmortem_save(struct postmortem *p, const char *path,
		    const struct postmortem_form *form, postmortem_kept *kept,
		    void *arg, struct err *err) MUST_CHECK;

#endif
