/* mdoc.h - text in the language of manual pages. */
#ifndef MDOC_H
#define MDOC_H

#include <oncall/buf.h>

/* A line that is printed as it is, inside a literal display. */
void mdoc_literal(struct buf *out, const char *text);
/* Text lines: the first letter raised, wrapped, and the end added. */
void mdoc_text(struct buf *out, const char *text, char end);
void mdoc_sentence(struct buf *out, const char *text); /* ends in '.' */
/* " WORD" in a line that begins with a macro, never taken for a macro. */
void mdoc_word(struct buf *out, struct slice word);
/* The operands of a usage line, "[FILE...]" as " Op Ar FILE ...". */
void mdoc_operands(struct buf *out, const char *operands);

#endif
