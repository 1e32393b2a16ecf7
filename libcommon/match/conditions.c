/*
 * conditions.c - which rules are part of which, found once. A node stands
 * for a rule that has a condition, a cool-down or a place in a condition.
 */
#include "condition-state.h"

#include <oncall/map.h>
#include <oncall/mem.h>

/* Heights of nodes that were not, or are just being, looked at. */
#define NOT_SEEN  0
#define LOOKED_AT SIZE_MAX

static void free_node(struct condition_node *n)
{
	if (!n)
		return;
	free(n->names);
	free(n->uses);
	free(n);
}

void conditions_free(struct conditions *c)
{
	if (!c)
		return;
	condition_drop_all(c);
	for (size_t i = 0; i < c->count; i++)
		free_node(c->nodes[i]);
	free(c->nodes);
	free(c->slots);
	free(c->heap);
	buf_done(&c->key);
	free(c);
}

static struct condition_node *node_of(struct conditions *c,
				      const struct condition_rule *rules,
				      size_t i)
{
	const struct condition_rule *r = &rules[i];
	struct condition_node *n = c->nodes[i];

	if (n)
		return n;
	c->nodes[i] = n = mem_zero(1, sizeof(*n));
	n->id = r->id;
	n->when = r->when;
	n->cool = r->cool_down_ms < 0			? 0
		  : r->cool_down_ms > WHEN_DURATION_MAX ? WHEN_DURATION_MAX
							: r->cool_down_ms;
	if (!r->when)
		return n;
	n->core = r->when->core;
	n->within = r->when->within;
	n->field_count = n->name_count = r->when->field_count;
	n->names = mem_zero(n->name_count + 1, sizeof(*n->names));
	for (size_t k = 0; k < n->name_count; k++)
		n->names[k] = r->when->fields[k];
	return n;
}

static void add_use(struct condition_node *n, size_t rule, size_t part)
{
	n->uses = mem_resize(n->uses, n->use_count + 1, sizeof(*n->uses));
	n->uses[n->use_count++] = (struct condition_use){rule, part};
}

/* The values of a map are places behind 1, for NULL is none. */
static void *place(size_t i)
{
	return (void *)(uintptr_t)(i + 1);
}

static int add_parts(struct conditions *c, const struct condition_rule *rules,
		     const struct map *ids, struct err *err)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct condition *when = rules[i].when;

		for (size_t k = 0; when && k < when->part_count; k++) {
			uintptr_t at = (uintptr_t)map_get(
				ids, slice_of(when->parts[k]));

			if (!at)
				return err_set(err, ERR_USAGE,
					       "the condition of rule '%s' "
					       "names '%s', which is no rule",
					       rules[i].id, when->parts[k]);
			add_use(node_of(c, rules, at - 1), i, k);
		}
	}
	return 0;
}

static bool has_parts(const struct condition_rule *rules, size_t count)
{
	size_t i = 0;

	while (i < count && !(rules[i].when && rules[i].when->part_count))
		i++;
	return i < count;
}

static int find_parts(struct conditions *c, const struct condition_rule *rules,
		      struct err *err)
{
	struct map ids = MAP_INIT;
	int rc;

	if (!has_parts(rules, c->count))
		return 0;
	for (size_t i = c->count; i-- > 0;)
		*map_put(&ids, slice_of(rules[i].id)) = place(i);
	rc = add_parts(c, rules, &ids, err);
	map_done(&ids, NULL);
	return rc;
}

static int refuse_circle(const struct conditions *c, const size_t *path,
			 size_t depth, struct err *err)
{
	AUTO_BUF struct buf names = BUF_INIT_MAX(ERR_TEXT_MAX / 2);
	size_t from = 0;

	while (path[from] != path[depth])
		from++;
	for (size_t i = from; i <= depth; i++)
		buf_addf(&names, "%s'%s'", i > from ? ", " : "",
			 c->nodes[path[i]]->id);
	return err_set(err, ERR_USAGE, "rules wait for each other: %s",
		       buf_str(&names));
}

/* The longest way up from path[depth]: no circle, and not too long. */
static int measure(struct conditions *c, size_t *path, size_t depth,
		   struct err *err)
{
	struct condition_node *n = c->nodes[path[depth]];
	size_t height = 1;

	if (n->height == LOOKED_AT)
		return refuse_circle(c, path, depth, err);
	if (n->height != NOT_SEEN)
		return 0;
	n->height = LOOKED_AT;
	for (size_t i = 0; i < n->use_count; i++) {
		if (depth + 1 > CONDITION_MAX_DEPTH)
			break;
		path[depth + 1] = n->uses[i].rule;
		if (measure(c, path, depth + 1, err) < 0)
			return -1;
		if (height <= c->nodes[n->uses[i].rule]->height)
			height = c->nodes[n->uses[i].rule]->height + 1;
	}
	if (height > CONDITION_MAX_DEPTH ||
	    (n->use_count && depth + 1 > CONDITION_MAX_DEPTH))
		return err_set(err, ERR_USAGE,
			       "rule '%s': rules that build on rules go "
			       "deeper than %d",
			       n->id, CONDITION_MAX_DEPTH);
	n->height = height;
	return 0;
}

static bool has_name(const struct condition_node *n, const char *name)
{
	size_t i = 0;

	while (i < n->name_count && strcmp(n->names[i], name) != 0)
		i++;
	return i < n->name_count;
}

/* The fields of all rules above n, for one that fires without a hit. */
static void carry(struct conditions *c, struct condition_node *late,
		  const struct condition_node *n)
{
	for (size_t i = 0; i < n->use_count; i++) {
		struct condition_node *up = c->nodes[n->uses[i].rule];

		if (up->serial == c->serial)
			continue; /* by another way */
		up->serial = c->serial;
		for (size_t k = 0; k < up->field_count; k++) {
			if (late->name_count - late->field_count ==
				    CONDITION_MAX_CARRIED ||
			    has_name(late, up->names[k]))
				continue;
			late->names =
				mem_resize(late->names, late->name_count + 1,
					   sizeof(*late->names));
			late->names[late->name_count++] = up->names[k];
		}
		carry(c, late, up);
	}
}

int conditions_new(struct conditions **ret, const struct condition_rule *rules,
		   size_t count, struct err *err)
{
	AUTO_CONDITIONS struct conditions *c = mem_zero(1, sizeof(*c));
	size_t path[CONDITION_MAX_DEPTH + 2];

	c->nodes = mem_zero(count + 1, sizeof(struct condition_node *));
	c->count = count;
	for (size_t i = 0; i < count; i++) {
		if (rules[i].cool_down_ms > 0 || rules[i].when)
			(void)node_of(c, rules, i);
	}
	if (find_parts(c, rules, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		path[0] = i;
		if (c->nodes[i] && measure(c, path, 0, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		c->serial++;
		if (c->nodes[i] && condition_waits(c->nodes[i]))
			carry(c, c->nodes[i], c->nodes[i]);
	}
	*ret = TAKE_PTR(c);
	return 0;
}

bool conditions_plain(const struct conditions *c, size_t rule)
{
	const struct condition_node *n = c->nodes[rule];

	return !n || (n->core == CONDITION_EACH && !n->cool && !n->use_count);
}

uint64_t conditions_forgotten(const struct conditions *c)
{
	return c->forgotten;
}
