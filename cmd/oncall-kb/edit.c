/* edit.c - oncall-kb add, edit, remove, undo, link. */
#include "kb-cmd.h"

#include <oncall/diag.h>
#include <oncall/mem.h>

static struct {
	const char *title, *description, *category, *parent, *environment;
	struct cli_list patterns, rules, keywords, causes, services, tags;
	struct cli_list examples, counter_examples;
	struct cli_list without;
	const char *reason;
} args;

/* clang-format off */
#define CONTENT_OPTS \
	CLI_STR('t', "title", "TEXT", &args.title, "what the trouble is, in a sentence"), \
	CLI_STR('d', "description", "TEXT", &args.description, "how to tell it from others"), \
	CLI_STR('c', "category", "NAME", &args.category, "category"), \
	CLI_LIST('p', "pattern", "RE", &args.patterns, "expression that says it is this"), \
	CLI_LIST(0, "rule", "PATTERN", &args.rules, "id of a pattern of oncall-monitor"), \
	CLI_LIST('k', "keyword", "TEXT", &args.keywords, "words that people and logs use for it"), \
	CLI_LIST(0, "cause", "TEXT", &args.causes, "what causes it"), \
	CLI_LIST('s', "service", "NAME", &args.services, "service that it is about"), \
	CLI_LIST(0, "tag", "TAG", &args.tags, "tag"), \
	CLI_STR(0, "parent", "ENTRY", &args.parent, "more general entry"), \
	CLI_LIST(0, "example", "TEXT", &args.examples, "message that must find it"), \
	CLI_LIST(0, "counter-example", "TEXT", &args.counter_examples, "message that must not")

const struct cli_opt add_opts[] = {CONTENT_OPTS, KB_PACK_OPTS, CLI_LAST};

const struct cli_opt edit_opts[] = {
	CONTENT_OPTS,
	CLI_LIST(0, "without", "TEXT", &args.without, "take that out of the lists it stands in"),
	CLI_STR(0, "reason", "TEXT", &args.reason, "why, for the history"),
	KB_PACK_OPTS, CLI_LAST};

const struct cli_opt remove_opts[] = {
	CLI_STR(0, "reason", "TEXT", &args.reason, "why, for the history"),
	KB_PACK_OPTS, CLI_LAST};

const struct cli_opt link_opts[] = {KB_PACK_OPTS, CLI_LAST};
/* clang-format on */

static void add_all(struct knowledge_list *to, const struct cli_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		(void)knowledge_list_add(to, from->items[i]);
}

static bool has_pattern(const struct knowledge_entry *e, const char *rule,
			const char *match)
{
	for (size_t i = 0; i < e->pattern_count; i++) {
		const struct knowledge_pattern *p = &e->patterns[i];

		if ((rule && p->rule && !strcmp(rule, p->rule)) ||
		    (match && p->match && !strcmp(match, p->match)))
			return true;
	}
	return false;
}

static void add_patterns(struct knowledge_entry *e)
{
	for (size_t i = 0; i < args.patterns.count; i++)
		if (!has_pattern(e, NULL, args.patterns.items[i]))
			(void)knowledge_pattern_add(e, NULL,
						    args.patterns.items[i]);
	for (size_t i = 0; i < args.rules.count; i++)
		if (!has_pattern(e, args.rules.items[i], NULL))
			(void)knowledge_pattern_add(e, args.rules.items[i],
						    NULL);
}

static int take_out(struct knowledge_entry *e, const char *text,
		    struct err *err)
{
	struct knowledge_list *lists[] = {&e->keywords, &e->causes,
					  &e->services, &e->tags,
					  &e->examples, &e->counter_examples};
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		found |= knowledge_list_remove(lists[i], text);
	if (!found)
		return err_set(err, ERR_NO,
			       "%s: '%s' stands in none of its lists", e->id,
			       text);
	return 0;
}

/* "" takes a text away. */
static void set_text(char **member, const char *text)
{
	if (text)
		knowledge_set(member, text);
}

static int apply(void *arg, struct knowledge_entry *e, struct err *err)
{
	(void)arg;
	set_text(&e->title, args.title);
	set_text(&e->description, args.description);
	set_text(&e->category, args.category);
	set_text(&e->parent, args.parent);
	add_patterns(e);
	add_all(&e->keywords, &args.keywords);
	add_all(&e->causes, &args.causes);
	add_all(&e->services, &args.services);
	add_all(&e->tags, &args.tags);
	add_all(&e->examples, &args.examples);
	add_all(&e->counter_examples, &args.counter_examples);
	for (size_t i = 0; i < args.without.count; i++)
		if (take_out(e, args.without.items[i], err) < 0)
			return -1;
	return knowledge_check(e, err) < 0 ? -1 : 1;
}

static int parent_exists(struct kb *kb, const char *id, struct err *err)
{
	AUTO_ENTRY struct knowledge_entry e = {.id = NULL};

	if (!id || !*id)
		return 0;
	return kb_load(kb, id, &e, err) < 0 ? err_prefix(err, "--parent") : 0;
}

static int apply_new(void *arg, struct knowledge_entry *e, struct err *err)
{
	knowledge_set(&e->origin, "person");
	return apply(arg, e, err);
}

int add_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	AUTO_BUF struct buf id = BUF_INIT;
	const struct kb_edit edit = {
		.what = "added", .edit = apply_new, .create = true};

	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0 ||
	    parent_exists(c.kb, args.parent, err) < 0)
		return -1;
	if (!args.title || !*args.title)
		return err_set(err, ERR_USAGE,
			       "an entry needs a title: --title TEXT");
	if (argc)
		buf_add_str(&id, argv[0]);
	else
		knowledge_make_id(&id, args.title);
	if (kb_edit(c.kb, buf_str(&id), &edit, err) < 0)
		return -1;
	diag_info("added %s", buf_str(&id));
	return 0;
}

int edit_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	const struct kb_edit edit = {
		.what = "edited", .cause = args.reason, .edit = apply};

	(void)argc;
	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0 ||
	    parent_exists(c.kb, args.parent, err) < 0)
		return -1;
	return kb_edit(c.kb, argv[0], &edit, err) < 0 ? -1 : 0;
}

static int on_each(int argc, char **argv,
		   int (*change)(struct kb *kb, const char *id,
				 struct err *err),
		   struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};

	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (change(c.kb, argv[i], err) < 0)
			return -1;
	return 0;
}

static int remove_one(struct kb *kb, const char *id, struct err *err)
{
	return kb_remove(kb, id, args.reason, err);
}

int remove_run(int argc, char **argv, struct err *err)
{
	return on_each(argc, argv, remove_one, err);
}

int undo_run(int argc, char **argv, struct err *err)
{
	return on_each(argc, argv, kb_undo, err);
}

static int apply_parent(void *arg, struct knowledge_entry *e, struct err *err)
{
	(void)err;
	knowledge_set(&e->parent, arg);
	return 1;
}

/* An entry that is above itself could never be shown. */
static int check_ancestors(struct kb *kb, const char *id, const char *parent,
			   struct err *err)
{
	AUTO_FREE char *above = mem_dup(parent);

	for (int depth = 0; above && *above; depth++) {
		AUTO_ENTRY struct knowledge_entry e = {.id = NULL};

		if (!strcmp(above, id) || depth > KNOWLEDGE_MAX_ITEMS)
			return err_set(err, ERR_USAGE,
				       "'%s' is itself part of '%s'", parent,
				       id);
		if (kb_load(kb, above, &e, err) < 0)
			return -1;
		free(above);
		above = TAKE_PTR(e.parent);
	}
	return 0;
}

int link_run(int argc, char **argv, struct err *err)
{
	AUTO_KB_CMD struct kb_cmd c = {.store = NULL};
	const struct kb_edit edit = {
		.what = "linked", .edit = apply_parent, .arg = argv[1]};

	(void)argc;
	if (kb_cmd_open(&c, KB_CMD_CHANGE, err) < 0 ||
	    check_ancestors(c.kb, argv[0], argv[1], err) < 0)
		return -1;
	return kb_edit(c.kb, argv[0], &edit, err) < 0 ? -1 : 0;
}
