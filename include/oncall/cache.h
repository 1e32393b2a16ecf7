/* cache.h - where files lie that can be made again at any time. */
#ifndef ONCALL_CACHE_H
#define ONCALL_CACHE_H

#include <oncall/buf.h>

/* Appends the path of the user's own folder ($XDG_CACHE_HOME/oncall or
 * ~/.cache/oncall), made when it is not there. False when there is none that
 * only this user can write: then nothing is cached. */
bool cache_folder(struct buf *out);

#endif
