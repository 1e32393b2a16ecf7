/*
 * pack.h - rules from files: YAML packs, and plain lines of id, severity and
 * expression parted by tabs. A file may hold knowledge, actions and workflows
 * as well: those are left to the programs that use them.
 */
#ifndef ONCALL_PACK_H
#define ONCALL_PACK_H

#include <oncall/buf.h>
#include <oncall/map.h>
#include <oncall/severity.h>

#define PACK_MAX_RULES 1000000
#define PACK_MAX_BYTES ((size_t)256 * 1024 * 1024)

/* The keys of a file, ended by NULL. */
extern const char *const pack_keys[];

struct pack_text { /* of an expression, an example... */
	char *text;
	size_t line; /* of the file */
};

struct pack_list {
	struct pack_text *items;
	size_t count;
};

/* Strings are NULL where the key is absent. */
struct pack_rule {
	char *id;
	char *pack; /* its name */
	char *file;
	size_t line;
	struct pack_list match, except;
	char *when;	      /* condition.h */
	struct pack_list key; /* identity; empty: service */
	enum severity severity;
	char *severity_from; /* a capture: "severity: ${level}" */
	char *category, *service;
	struct pack_list tags;
	char *title;	      /* template.h */
	int64_t cool_down_ms; /* 0: none */
	bool case_sensitive;  /* by default case does not matter */
	bool silent;	      /* "detect: false": only part of conditions */
	struct pack_list examples, counter_examples;
};

struct pack {
	char *name, *version, *description, *file;
};

struct packs {
	struct pack_rule *rules;
	size_t rule_count, rule_cap;
	struct pack *packs;
	size_t pack_count;
	struct map by_id; /* index of the rule + 1 */
};

void pack_done(struct packs *p);
/*
 * Adds the rules of a file; ".yaml" and ".yml" are YAML, all else TSV (blank
 * lines and lines that begin with '#' are skipped; "-" is standard input).
 * Errors are "FILE:LINE: ...": unknown keys with the nearest one, keys and ids
 * that stand twice (an id may stand in two files: the later one replaces the
 * rule, so that users can change a shipped one), severities, conditions and
 * templates that cannot be read, and names in them that no expression captures.
 * Expressions are compiled by pattern_set_new(), and only there. On an error
 * nothing of the file has been added. A file or pipe that others can write is
 * ERR_REFUSED; standard input is what the caller made it.
 */
int pack_load(struct packs *p, const char *path, struct err *err) MUST_CHECK;
/* The same for text that is in memory. */
int pack_load_text(struct packs *p, struct slice text, const char *name,
		   struct err *err) MUST_CHECK;
/* Adds one rule, or replaces the one of the same id; takes what it owns. */
void pack_add(struct packs *p, struct pack_rule *rule);
struct pack_rule *pack_find(const struct packs *p, const char *id);
/* As a pack of its own, in YAML, that pack_load() reads as the same rule; but
 * bytes that are no UTF-8 become U+FFFD. */
void pack_write(const struct pack_rule *rule, struct buf *out);
void pack_rule_done(struct pack_rule *r);

/* Folders of packs, in this order: ONCALL_PACKS (parted by ':'), the user's
 * own ($XDG_CONFIG_HOME/oncall/packs), /etc/oncall/packs, beside the program
 * where it was installed (../share/oncall/examples/packs), and for one in
 * build/PROFILE/bin the sources' examples/packs. The first folder that has a
 * pack of that name wins. */
int pack_load_named(struct packs *p, const char *name, struct err *err)
	MUST_CHECK;
/* All that can be found. */
int pack_load_all(struct packs *p, struct err *err) MUST_CHECK;
/* The names of all packs that can be found, sorted; each and the array are
 * freed by the caller. */
char **pack_names(size_t *ret_count);
/* The paths of all packs, and of those in the subfolder of that name: what
 * oncall-monitor need not read. Sorted, and freed, as pack_names() is. */
char **pack_files(const char *part, size_t *ret_count);

#define AUTO_PACKS CLEANUP(pack_done)
/* clang-format off */
#define PACKS_INIT {.rules = NULL}
/* clang-format on */

enum pack_finding_kind {
	PACK_ERROR,   /* the pack is wrong: status 1 */
	PACK_WARNING, /* it works, but */
};

struct pack_finding {
	enum pack_finding_kind kind;
	const struct pack_rule *rule;
	size_t line;
	const char *text;
};

/*
 * Looks at rules as their author would want to know: examples that do not
 * match, counter-examples that do, examples of one rule that another one
 * matches (overlap, once a pair), expressions without a required literal or
 * that do not compile, expressions that backtrack without bound on what is made
 * from examples, rules that can never fire (conditions that name no rule, or
 * wait for each other), that repeat another, or that detect nothing and are
 * named by no condition. Returns how many errors there were.
 */
size_t pack_check(const struct packs *p,
		  void (*found)(void *arg, const struct pack_finding *f),
		  void *arg);
/* Whether the expression backtracks without bound on what is made from it and
 * from the rule's examples; appends how. Nothing else of the rule is looked at
 * but its case_sensitive. */
bool pack_backtracks(const struct pack_rule *r, const char *expr,
		     struct buf *how);

#endif
