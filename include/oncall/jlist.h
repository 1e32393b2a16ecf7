/* jlist.h - JSON arrays, as text, used as small sets: tags, links. Elements are
 * compared as they are written. */
#ifndef ONCALL_JLIST_H
#define ONCALL_JLIST_H

#include <oncall/jscan.h>

bool jlist_has(struct slice array, struct slice item);
/* Appends the array with the item at its end; 1, or 0 when it was there. */
int jlist_add(struct buf *out, struct slice array, struct slice item);
/* Appends the array without the item; 1, or 0 when it was not there. */
int jlist_remove(struct buf *out, struct slice array, struct slice item);
/* Appends the array and what more is in the one that is added; the number of
 * elements that came to it. */
int jlist_union(struct buf *out, struct slice array, struct slice more);
/* Appends the array of the texts in it, each once and written in one way;
 * empty ones and what is no text are left out. */
void jlist_texts(struct buf *out, struct slice array);
/* The first max elements; returns how many there are. */
size_t jlist_items(struct slice array, struct slice *items, size_t max);

#endif
