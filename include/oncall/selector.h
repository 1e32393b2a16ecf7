/*
 * selector.h - the one language of "match:" in configuration and packs: a map
 * of field to values. A field is matched when it equals any of the values; one
 * may be an expression between slashes ("/^web/"), and "!" before it says that
 * it must not. All fields must match. A field that has several values (tags)
 * is matched by any of them, and by "!" when none is.
 */
#ifndef ONCALL_SELECTOR_H
#define ONCALL_SELECTOR_H

#include <oncall/buf.h>
#include <oncall/err.h>

struct selector;

struct selector *selector_new(void); /* matches everything */
/* ERR_USAGE: the expression does not compile. */
int selector_add(struct selector *s, const char *field, const char *value,
		 struct err *err) MUST_CHECK;
void selector_free(struct selector *s);

/* The i-th value of a field, a NULL ptr behind the last. */
typedef struct slice selector_lookup(void *arg, const char *field, size_t i);
/* The field that does not match, or NULL when all do. */
const char *selector_failed(const struct selector *s, selector_lookup *lookup,
			    void *arg);
/* How many fields it asks for; i-th field, NULL behind the last. */
const char *selector_field(const struct selector *s, size_t i);

DEFINE_AUTO(struct selector *, selector_free, auto_selector_)
#define AUTO_SELECTOR CLEANUP(auto_selector_)

#endif
