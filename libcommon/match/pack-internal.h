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
/* Whether title and condition can be read, and name what the expressions
 * capture; *ret_key is the key of the pattern that is wrong. */
int pack_rule_check(const struct pack_rule *r, const char **ret_key,
		    struct err *err);

/* pack-read.c: one file's rules, behind those of p. */
int pack_read_yaml(struct packs *p, struct slice text, const char *name,
		   struct err *err);
int pack_read_tsv(struct packs *p, struct slice text, const char *name,
		  struct err *err);

#endif
