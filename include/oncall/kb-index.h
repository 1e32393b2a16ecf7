/* kb-index.h - the search index over all entries, kept as a file of the cache
 * and brought up to date from what has changed in the store since. */
#ifndef ONCALL_KB_INDEX_H
#define ONCALL_KB_INDEX_H

#include <oncall/kb.h>
#include <oncall/search.h>

struct kb_index;

/* Without a folder to cache in, all is indexed in memory. */
int kb_index_open(struct kb_index **ret, struct kb *kb, struct err *err)
	MUST_CHECK;
void kb_index_free(struct kb_index *i);
DEFINE_AUTO(struct kb_index *, kb_index_free, auto_kb_index_)
#define AUTO_KB_INDEX CLEANUP(auto_kb_index_)

/* Takes in what other programs changed; cheap when nothing did. */
int kb_index_refresh(struct kb_index *i, struct err *err) MUST_CHECK;
/* The payload of a document is the entry as knowledge_write() has it, in
 * brackets. */
struct search *kb_index_search(const struct kb_index *i);
size_t kb_index_count(const struct kb_index *i);

#endif
