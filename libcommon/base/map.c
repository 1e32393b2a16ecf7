/*
 * map.c - open addressing over indices: the entries stand in the order of
 * insertion, and the slots, never more than half full, say where.
 */
#include <oncall/map.h>

#include <oncall/hash.h>
#include <oncall/mem.h>

#define FIRST_CAP ((size_t)8)
#define MAX_CAP	  ((size_t)1 << 30) /* a slot is 32 bits wide */

/* The slot that holds the key, or the empty one where it belongs. */
static size_t find_slot(const struct map *m, struct slice key, uint64_t hash)
{
	size_t mask = m->slot_count - 1;
	size_t at = (size_t)hash & mask;

	while (m->slots[at]) {
		const struct map_entry *e = &m->entries[m->slots[at] - 1];

		if (e->hash == hash && slice_eq(e->key, key))
			break;
		at = (at + 1) & mask;
	}
	return at;
}

static void grow(struct map *m)
{
	size_t mask;
	size_t i;

	if (m->cap >= MAX_CAP)
		mem_die();
	m->cap = m->cap ? m->cap * 2 : FIRST_CAP;
	m->entries = mem_resize(m->entries, m->cap, sizeof(*m->entries));
	free(m->slots);
	m->slot_count = m->cap * 2;
	m->slots = mem_zero(m->slot_count, sizeof(*m->slots));
	mask = m->slot_count - 1;
	for (i = 0; i < m->count; i++) {
		size_t at = (size_t)m->entries[i].hash & mask;

		while (m->slots[at])
			at = (at + 1) & mask;
		m->slots[at] = (uint32_t)i + 1;
	}
}

void *map_get(const struct map *m, struct slice key)
{
	uint32_t slot;

	if (m->count == 0)
		return NULL;
	slot = m->slots[find_slot(m, key, hash_key(key.ptr, key.len))];
	return slot ? m->entries[slot - 1].value : NULL;
}

void **map_put(struct map *m, struct slice key)
{
	uint64_t hash = hash_key(key.ptr, key.len);
	struct map_entry *e;
	size_t at;

	if (m->count) {
		at = find_slot(m, key, hash);
		if (m->slots[at])
			return &m->entries[m->slots[at] - 1].value;
	}
	if (m->count == m->cap)
		grow(m);
	at = find_slot(m, key, hash);
	e = &m->entries[m->count++];
	e->key = (struct slice){mem_dup_bytes(key.ptr, key.len), key.len};
	e->hash = hash;
	e->value = NULL;
	m->slots[at] = (uint32_t)m->count;
	return &e->value;
}

static void free_entry(struct map_entry *e, void (*free_value)(void *))
{
	/* The key is const for everybody else; here it is ours. */
	union {
		const char *borrowed;
		char *owned;
	} key = {.borrowed = e->key.ptr};

	free(key.owned);
	if (free_value && e->value)
		free_value(e->value);
}

void map_clear(struct map *m, void (*free_value)(void *))
{
	size_t i;

	for (i = 0; i < m->count; i++)
		free_entry(&m->entries[i], free_value);
	m->count = 0;
	if (m->slots)
		memset(m->slots, 0, m->slot_count * sizeof(*m->slots));
}

void map_done(struct map *m, void (*free_value)(void *))
{
	map_clear(m, free_value);
	free(m->entries);
	free(m->slots);
	*m = (struct map)MAP_INIT;
}
