/* kb-curate.c - what is asked of an entry both to look at it and to mend it. */
#include <oncall/kb-curate.h>

#include <ctype.h>

#include "kb-curate-internal.h"

bool kb_curate_from_pack(const struct knowledge_entry *e)
{
	return e->origin && !strncmp(e->origin, "pack:", 5);
}

/* Case, blanks and punctuation make no other title. */
void kb_curate_title(struct buf *out, const struct knowledge_entry *e)
{
	buf_reset(out);
	for (const char *p = e->title; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (isalnum(c) || c >= 0x80)
			buf_add_char(out, (char)tolower(c));
	}
}

int kb_curate_gather(void *arg, const struct knowledge_entry *e,
		     struct err *err)
{
	struct knowledge_entry copy = {.id = NULL};

	(void)err;
	knowledge_copy(&copy, e);
	knowledge_add(arg, &copy);
	return 0;
}

int kb_curate_fails(struct kb *kb, const struct knowledge_entry *e,
		    const struct knowledge_solution *s, bool *ret,
		    struct err *err)
{
	struct kb_confidence confidence;

	if (kb_confidence(kb, e, s->name, &confidence, err) < 0)
		return -1;
	*ret = confidence.outcomes >= KB_CURATE_OUTCOMES &&
	       confidence.mean < KB_CURATE_FAILS;
	return 0;
}
