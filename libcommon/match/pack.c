/* pack.c - rules, and the packs and files that they come from. */
#include "pack-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/config.h>
#include <oncall/fd.h>
#include <oncall/map.h>
#include <oncall/mem.h>

#define STDIN_NAME "standard input"

bool pack_id_valid(const char *id)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = strlen(id);

	return n && n <= PACK_ID_MAX && strspn(id, good) == n;
}

void pack_list_add(struct pack_list *list, const char *text, size_t len,
		   size_t line)
{
	list->items =
		mem_resize(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count].text = mem_dup_bytes(text, len);
	list->items[list->count++].line = line;
}

void pack_list_done(struct pack_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].text);
	free(list->items);
	*list = (struct pack_list){NULL, 0};
}

void pack_rule_done(struct pack_rule *r)
{
	struct pack_list *lists[] = {&r->match,	   &r->except,
				     &r->key,	   &r->tags,
				     &r->examples, &r->counter_examples};
	char *texts[] = {r->id,	     r->pack,	       r->file,
			 r->when,    r->severity_from, r->category,
			 r->service, r->title};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		pack_list_done(lists[i]);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(texts[i]);
	*r = (struct pack_rule){.id = NULL};
}

void pack_done(struct packs *p)
{
	for (size_t i = 0; i < p->rule_count; i++)
		pack_rule_done(&p->rules[i]);
	for (size_t i = 0; i < p->pack_count; i++) {
		free(p->packs[i].name);
		free(p->packs[i].version);
		free(p->packs[i].description);
		free(p->packs[i].file);
	}
	free(p->rules);
	free(p->packs);
	map_done(&p->by_id, NULL);
	*p = (struct packs)PACKS_INIT;
}

struct pack_rule *pack_find(const struct packs *p, const char *id)
{
	size_t at = (size_t)(uintptr_t)map_get(&p->by_id, slice_of(id));

	return at ? &p->rules[at - 1] : NULL;
}

void pack_add(struct packs *p, struct pack_rule *rule)
{
	void **at = map_put(&p->by_id, slice_of(rule->id));

	if (*at) {
		struct pack_rule *old = &p->rules[(uintptr_t)*at - 1];

		pack_rule_done(old);
		*old = *rule;
	} else {
		if (p->rule_count == p->rule_cap) {
			p->rule_cap = p->rule_cap ? 2 * p->rule_cap : 64;
			p->rules = mem_resize(p->rules, p->rule_cap,
					      sizeof(*p->rules));
		}
		p->rules[p->rule_count++] = *rule;
		*at = (void *)(uintptr_t)p->rule_count;
	}
	*rule = (struct pack_rule){.id = NULL};
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

/* A file's rules come in all or not at all. */
static int add_text(struct packs *p, struct slice text, const char *name,
		    bool yaml, struct err *err)
{
	AUTO_PACKS struct packs fresh = PACKS_INIT;
	int failed = yaml ? pack_read_yaml(&fresh, text, name, err)
			  : pack_read_tsv(&fresh, text, name, err);

	if (failed)
		return -1;
	if (p->rule_count + fresh.rule_count > PACK_MAX_RULES)
		return err_set(err, ERR_USAGE, "%s: more than %d patterns",
			       name, PACK_MAX_RULES);
	for (size_t i = 0; i < fresh.rule_count; i++)
		pack_add(p, &fresh.rules[i]);
	if (fresh.pack_count) {
		p->packs = mem_resize(p->packs, p->pack_count + 1,
				      sizeof(*p->packs));
		p->packs[p->pack_count++] = fresh.packs[0];
		fresh.packs[0] = (struct pack){.name = NULL};
	}
	return 0;
}

int pack_load_text(struct packs *p, struct slice text, const char *name,
		   struct err *err)
{
	return add_text(p, text, name, true, err);
}

/* <(command) of a shell, or /dev/null. A pipe that others can write into is no
 * better than a file that they can. */
static int read_pipe(const char *path, struct buf *out, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot open '%s'", path);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (!S_ISCHR(st.st_mode) && st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(err, ERR_REFUSED,
			       "others can write into '%s', which says what is "
			       "detected",
			       path);
	return fd_read_all(fd, out, PACK_MAX_BYTES, ERR_USAGE, path, err);
}

static int read_file(const char *path, struct buf *out, struct err *err)
{
	struct stat st;

	/* What is piped in comes from who runs the program. */
	if (!strcmp(path, "-"))
		return fd_read_all(STDIN_FILENO, out, PACK_MAX_BYTES, ERR_USAGE,
				   STDIN_NAME, err);
	if (stat(path, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return read_pipe(path, out, err);
	return config_safe_read(path, PACK_MAX_BYTES, NULL, out, err);
}

int pack_load(struct packs *p, const char *path, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(2 * PACK_MAX_BYTES);
	bool yaml = ends_in(path, ".yaml") || ends_in(path, ".yml");

	if (read_file(path, &text, err) < 0)
		return -1;
	return add_text(p, buf_slice(&text),
			strcmp(path, "-") != 0 ? path : STDIN_NAME, yaml, err);
}
