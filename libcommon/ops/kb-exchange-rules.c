/* kb-exchange-rules.c - alerting rules of Prometheus: an entry an alert. The
 * rules stand under groups, or under spec.groups of a PrometheusRule. */
#include "kb-exchange-internal.h"

#include <ctype.h>

#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/tree.h>

#define NAME_BYTES 200 /* of what becomes a category or a tag */

/* The text of a member, or NULL. */
static const char *text_of(const struct tree *map, const char *key)
{
	const struct tree *t = tree_get(map, key);

	return t && t->kind == TREE_SCALAR ? t->text : NULL;
}

/* Without the places that the alert's values fill: "Host {{ $labels.host }} is
 * down" becomes "Host is down". */
static void add_plain(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		const char *end = strncmp(p, "{{", 2) ? NULL : strstr(p, "}}");

		if (end) {
			p = end + 1;
			continue;
		}
		if (isspace((unsigned char)*p)) {
			if (out->len && out->data[out->len - 1] != ' ')
				buf_add_char(out, ' ');
			continue;
		}
		buf_add_char(out, *p);
	}
	while (out->len && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
}

static void set_title(struct knowledge_entry *e, const struct tree *notes,
		      const char *alert)
{
	static const char *const names[] = {"summary", "message", "title"};
	AUTO_BUF struct buf title = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names) && !title.len; i++) {
		const char *text = text_of(notes, names[i]);

		if (text)
			add_plain(&title, text);
	}
	if (!title.len)
		kb_source_words(&title, alert);
	kb_source_text(&e->title, buf_slice(&title));
}

/* "name:value", as tags of incidents are. */
static void add_labels(struct knowledge_entry *e, const struct tree *labels)
{
	static const char *const services[] = {"service", "component", "job"};

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const char *name = text_of(labels, services[i]);

		if (name && !strstr(name, "{{"))
			(void)knowledge_list_add(&e->services, name);
	}
	for (size_t i = 0; labels && i < labels->members.count &&
			   e->tags.count < KNOWLEDGE_MAX_ITEMS;
	     i++) {
		const char *key = labels->members.entries[i].key.ptr;
		const char *value = text_of(labels, key);
		AUTO_FREE char *tag = NULL;

		if (!value || strstr(value, "{{") ||
		    strlen(key) + strlen(value) > NAME_BYTES)
			continue;
		tag = mem_printf("%s:%s", key, value);
		(void)knowledge_list_add(&e->tags, tag);
	}
}

static void keep_more(struct knowledge_entry *e, const struct tree *rule,
		      const struct tree *notes)
{
	AUTO_BUF struct buf more = BUF_INIT_MAX(KNOWLEDGE_MAX_TEXT);

	buf_add_char(&more, '{');
	jwrite_str_opt(&more, "alert", text_of(rule, "alert"));
	jwrite_str_opt(&more, "expr", text_of(rule, "expr"));
	jwrite_str_opt(&more, "for", text_of(rule, "for"));
	jwrite_str_opt(&more, "runbook_url", text_of(notes, "runbook_url"));
	buf_add_char(&more, '}');
	if (!more.over)
		e->more = buf_take(&more);
}

static int take_rule(struct kb_source *src, const struct tree *rule,
		     const char *group, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};
	const struct tree *notes = tree_get(rule, "annotations");
	const char *alert = text_of(rule, "alert");
	const char *description = text_of(notes, "description");
	AUTO_BUF struct buf text = BUF_INIT;

	if (!alert || !*alert)
		return 0; /* a recording rule */
	set_title(&e, notes, alert);
	kb_source_id(src, &e, alert);
	if (!description)
		description = text_of(notes, "message");
	if (description)
		kb_source_text(&e.description, slice_of(description));
	if (group && strlen(group) <= NAME_BYTES)
		knowledge_set(&e.category, group);
	(void)knowledge_list_add(&e.keywords, alert);
	kb_source_words(&text, alert);
	(void)knowledge_list_add(&e.keywords, buf_str(&text));
	add_labels(&e, tree_get(rule, "labels"));
	keep_more(&e, rule, notes);
	return kb_import_entry(src, rule->line, &e, err);
}

static int take_group(struct kb_source *src, const struct tree *group,
		      struct err *err)
{
	const struct tree *rules = tree_get(group, "rules");

	if (!rules || rules->kind != TREE_LIST) {
		(void)err_set(err, ERR_INPUT, "a group has no list of rules");
		return kb_import_bad(src, group->line, err);
	}
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i]->kind == TREE_MAP) {
			if (take_rule(src, rules->items[i],
				      text_of(group, "name"), err) < 0)
				return -1;
			continue;
		}
		(void)err_set(err, ERR_INPUT, "a rule must be a map of keys");
		if (kb_import_bad(src, rules->items[i]->line, err) < 0)
			return -1;
	}
	return 0;
}

int kb_read_rules(struct kb_source *src, struct err *err)
{
	AUTO_TREE struct tree *root = NULL;
	AUTO_BUF struct buf text = BUF_INIT;
	const struct tree *groups;

	if (kb_source_slurp(src, &text, err) < 0)
		return -1;
	if (tree_parse(&root, src->name, buf_slice(&text), err) < 0)
		return kb_import_bad(src, 0, err);
	groups = tree_get(root, "groups");
	if (!groups)
		groups = tree_get(tree_get(root, "spec"), "groups");
	if (!groups || groups->kind != TREE_LIST) {
		(void)err_set(err, ERR_INPUT, "there is no list of groups");
		return kb_import_bad(src, groups ? groups->line : 1, err);
	}
	for (size_t i = 0; i < groups->count; i++)
		if (take_group(src, groups->items[i], err) < 0)
			return -1;
	return 0;
}
