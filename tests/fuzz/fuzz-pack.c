/* fuzz-pack.c - packs, lines of rules and templates from any bytes. A rule that
 * was read is written, and then reads and writes the same. */
#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/template.h>
#include <oncall/utf8.h>

#include "../../libcommon/match/pack-internal.h"
#include "fuzz.h"

/* Checking compiles each expression, which is slow to fuzz. */
#define CHECKED_RULES 3

static void must(bool good, const char *what, const char *text)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-pack: %s: %s\n", what, text);
		abort();
	}
}

static struct slice lookup(void *arg, const char *path)
{
	return strlen(path) % 2 ? *(const struct slice *)arg
				: (struct slice){NULL, 0};
}

static void fuzz_template(const char *text, struct slice all)
{
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf out = BUF_INIT_MAX(4096);
	struct err err = ERR_INIT;

	if (template_new(&t, text, &err) < 0) {
		must(err.kind == ERR_USAGE && *err.text, "a silent error",
		     text);
		return;
	}
	for (size_t i = 0; template_path(t, i); i++)
		must(*template_path(t, i), "a path without a name", text);
	template_fill(t, &out, lookup, &all);
	must(out.len <= 4096, "more than the ceiling", text);
}

static bool same_list(const struct pack_list *a, const struct pack_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = !strcmp(a->items[i].text, b->items[i].text);
	return same;
}

/* Bytes that are no UTF-8 cannot stand in YAML. */
static bool is_text(const struct pack_rule *r)
{
	bool good = true;

	for (size_t i = 0; i < r->match.count; i++)
		good &= utf8_valid(r->match.items[i].text,
				   strlen(r->match.items[i].text));
	return good;
}

static void check_rule(const struct pack_rule *r)
{
	AUTO_PACKS struct packs again = PACKS_INIT;
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_BUF struct buf second = BUF_INIT;
	struct err err = ERR_INIT;
	const struct pack_rule *same;

	must(pack_id_valid(r->id), "an id that is none", r->id);
	pack_write(r, &out);
	if (pack_load_text(&again, buf_slice(&out), "again", &err) < 0)
		must(false, buf_str(&out), err.text);
	same = pack_find(&again, r->id);
	must(same, "a rule is lost", buf_str(&out));
	must(same_list(&r->match, &same->match) || !is_text(r), "other match",
	     buf_str(&out));
	must(same->cool_down_ms == r->cool_down_ms &&
		     same->severity == r->severity && same->silent == r->silent,
	     "other values", buf_str(&out));
	pack_write(same, &second);
	must(!strcmp(buf_str(&out), buf_str(&second)) || !is_text(r),
	     "other words", buf_str(&out));
}

static void on_finding(void *arg, const struct pack_finding *f)
{
	(void)arg;
	must(f->rule->id && *f->text, "a finding about nothing", f->text);
}

static void check_rules(struct packs *p, int failed, const struct err *err)
{
	if (failed) {
		must(err->kind == ERR_USAGE && !strncmp(err->text, "fuzz:", 5),
		     "an error without its place", err->text);
		return;
	}
	for (size_t i = 0; i < p->rule_count; i++)
		check_rule(&p->rules[i]);
	if (p->rule_count <= CHECKED_RULES)
		(void)pack_check(p, on_finding, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = {(const char *)data, size};
	AUTO_PACKS struct packs yaml = PACKS_INIT;
	AUTO_PACKS struct packs lines = PACKS_INIT;
	AUTO_FREE char *text = mem_dup_bytes(all.ptr, all.len);
	struct err err = ERR_INIT, other = ERR_INIT;
	int failed;

	fuzz_template(text, all);
	failed = pack_load_text(&yaml, all, "fuzz", &err);
	must(!failed || (!yaml.rule_count && !yaml.pack_count),
	     "half a file was added", text);
	check_rules(&yaml, failed, &err);
	failed = pack_read_tsv(&lines, all, "fuzz", &other);
	check_rules(&lines, failed, &other);
	return 0;
}
