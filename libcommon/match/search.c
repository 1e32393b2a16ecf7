/* search.c - an index: a base that is mapped, and what was changed since. */
#include "search-internal.h"

#include <sys/mman.h>

#include <oncall/mem.h>

void search_new(struct search **ret)
{
	struct search *s = mem_zero(1, sizeof(*s));

	search_grow_init(&s->parts[1]);
	*ret = s;
}

int search_open(struct search **ret, const char *path, struct slice tag,
		struct err *err)
{
	AUTO_SEARCH struct search *s = NULL;

	search_new(&s);
	if (search_file_map(s, path, tag, err) < 0)
		return -1;
	*ret = TAKE_PTR(s);
	return 0;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < ARRAY_LEN(s->parts); i++) {
		search_codes_free(s->codes[i]);
		search_part_done(&s->parts[i]);
	}
	search_scratch_free(s->scratch);
	if (s->map)
		(void)munmap(s->map, s->map_len);
	free(s);
}

void search_remove(struct search *s, struct slice key)
{
	for (size_t i = 0; i < ARRAY_LEN(s->parts); i++) {
		struct search_part *p = &s->parts[i];
		uint32_t doc = search_part_doc(p, key);

		if (doc == SEARCH_NONE)
			continue;
		search_part_drop(p, doc, &s->grams);
		/* The sum in a damaged file may be anything. */
		s->live_docs -= s->live_docs > 0;
		s->live_length -= s->live_length < p->lengths[doc]
					  ? s->live_length
					  : p->lengths[doc];
	}
}

void search_put(struct search *s, const struct search_doc *doc)
{
	struct search_part *p = &s->parts[1];

	search_remove(s, doc->key);
	if (p->doc_count == SEARCH_MAX_DOCS)
		return;
	search_grow_add(p, doc, &s->grams);
	s->live_docs++;
	s->live_length += p->lengths[p->doc_count - 1];
}

bool search_get(struct search *s, struct slice key, struct slice *payload)
{
	for (size_t i = 0; i < ARRAY_LEN(s->parts); i++) {
		uint32_t doc = search_part_doc(&s->parts[i], key);
		struct search_view view;

		if (doc == SEARCH_NONE ||
		    !search_part_view(&s->parts[i], doc, false, &view))
			continue;
		*payload = view.payload;
		return true;
	}
	return false;
}

size_t search_count(const struct search *s)
{
	return (size_t)s->live_docs;
}

size_t search_changed(const struct search *s)
{
	return s->parts[0].gone_count + s->parts[1].doc_count;
}
