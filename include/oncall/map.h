/* map.h - bytes to pointer, kept in the order of insertion. */
#ifndef ONCALL_MAP_H
#define ONCALL_MAP_H

#include <oncall/base.h>

struct map_entry {
	struct slice key; /* owned by the map, ended by a NUL */
	uint64_t hash;
	void *value;
};

struct map {
	struct map_entry *entries; /* in the order of insertion */
	size_t count;
	size_t cap;
	uint32_t *slots; /* 0 is empty, else index + 1 */
	size_t slot_count;
};

/* clang-format off */
#define MAP_INIT {.entries = NULL}
/* clang-format on */

/* NULL when absent. */
void *map_get(const struct map *m, struct slice key);
/* The place of the value, inserted as NULL when absent; stays valid until the
 * next insertion. The key is copied. */
void **map_put(struct map *m, struct slice key);
/* Calls free_value (may be NULL) on every value that is not NULL, and empties
 * the map; map_clear keeps its memory for what comes next. */
void map_clear(struct map *m, void (*free_value)(void *));
void map_done(struct map *m, void (*free_value)(void *));

#endif
