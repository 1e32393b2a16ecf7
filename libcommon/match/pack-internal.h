/* pack-internal.h - what the parts of pack.h share. */
#ifndef PACK_INTERNAL_H
#define PACK_INTERNAL_H

#include <oncall/pack.h>

#define PACK_ID_MAX 200

/* Letters, digits, '-', '_' and '.'. */
bool pack_id_valid(const char *id);
void pack_list_add(struct pack_list *list, const char *text, size_t len,
		   size_t line);
void pack_list_done(struct pack_list *list);
/* Whether names, in expressions, title and condition, fit each other. The
 * expressions are compiled only when there is something to ask them. */
int pack_rule_check(const struct pack_rule *r, struct err *err);

/* pack-read.c: one file's rules, behind those of p. */
int pack_read_yaml(struct packs *p, struct slice text, const char *name,
		   struct err *err);
int pack_read_tsv(struct packs *p, struct slice text, const char *name,
		  struct err *err);

#endif
