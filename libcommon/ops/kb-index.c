/* kb-index.c - the search index over all entries. */
#include <oncall/kb-index.h>

#include <stdio.h>

#include <oncall/cache.h>
#include <oncall/diag.h>
#include <oncall/hash.h>
#include <oncall/jscan.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/pack.h>
#include <oncall/stored-rules.h>

#include <sys/stat.h>

/* The file is built anew when so many entries, and one in so many, have
 * changed: until then they are read again at each start. */
#define CHANGED_MIN  200
#define CHANGED_PART 20

/* A document that says which version of the store the file was built from; no
 * entry can have its key. */
#define VERSION_KEY SLICE_LIT("\001version")

#define NAME_DIGITS 16 /* of the file's name */

struct kb_index {
	struct kb *kb;
	struct search *search;
	int64_t version;    /* of the store, that search knows */
	char *path, *tag;   /* of the file, or NULL */
	struct packs rules; /* that entries refer to; read when needed */
	bool rules_read;
};

/* An entry as a document, with what it borrows. */
struct document {
	struct search_doc doc;
	struct buf text, payload;
	struct slice labels[KNOWLEDGE_MAX_ITEMS];
	struct search_expr *exprs;
	struct slice **excepts; /* of each expression, or NULL */
	size_t expr_cap;
};

static void document_done(struct document *d)
{
	for (size_t i = 0; i < d->doc.expr_count; i++)
		free(d->excepts[i]);
	buf_done(&d->text);
	buf_done(&d->payload);
	free(d->exprs);
	free(d->excepts);
	*d = (struct document){.text = BUF_INIT};
}

/* ---- an entry becomes a document ---- */

static int read_rules(struct kb_index *i, struct err *err)
{
	struct store *store = kb_store(i->kb);

	if (i->rules_read)
		return 0;
	if (pack_load_all(&i->rules, err) < 0 ||
	    (store && stored_rules_load(store, &i->rules, err) < 0))
		return -1;
	i->rules_read = true;
	return 0;
}

static void add_list(struct buf *text, const struct knowledge_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		buf_add_str(text, l->items[i]);
		buf_add_char(text, '\n');
	}
}

/* Returns where its except-expressions go. */
static struct slice *add_expr(struct document *d, const char *text,
			      bool caseless, size_t excepts)
{
	size_t at = d->doc.expr_count++;

	if (at == d->expr_cap) {
		d->expr_cap = d->expr_cap ? 2 * d->expr_cap : 8;
		d->exprs = mem_resize(d->exprs, d->expr_cap, sizeof(*d->exprs));
		d->excepts = mem_resize(d->excepts, d->expr_cap,
					sizeof(*d->excepts));
	}
	d->excepts[at] =
		excepts ? mem_zero(excepts, sizeof(**d->excepts)) : NULL;
	d->exprs[at] = (struct search_expr){.text = slice_of(text),
					    .caseless = caseless,
					    .excepts = d->excepts[at],
					    .except_count = excepts};
	return d->excepts[at];
}

static void add_own(struct document *d, const struct knowledge_pattern *p)
{
	struct slice *excepts =
		add_expr(d, p->match, !p->case_sensitive, p->except.count);

	for (size_t i = 0; i < p->except.count; i++)
		excepts[i] = slice_of(p->except.items[i]);
}

static void add_rule(struct document *d, const struct pack_rule *r)
{
	for (size_t k = 0; k < r->match.count; k++) {
		struct slice *excepts =
			add_expr(d, r->match.items[k].text, !r->case_sensitive,
				 r->except.count);

		for (size_t i = 0; i < r->except.count; i++)
			excepts[i] = slice_of(r->except.items[i].text);
	}
}

/* A rule that no pack has is only a label; `oncall-kb check` tells of it. */
static int add_patterns(struct kb_index *i, struct document *d,
			const struct knowledge_entry *e, struct err *err)
{
	for (size_t k = 0; k < e->pattern_count; k++) {
		const struct knowledge_pattern *p = &e->patterns[k];
		const struct pack_rule *rule;

		if (!p->rule) {
			add_own(d, p);
			continue;
		}
		d->labels[d->doc.label_count++] = slice_of(p->rule);
		if (read_rules(i, err) < 0)
			return -1;
		rule = pack_find(&i->rules, p->rule);
		if (rule)
			add_rule(d, rule);
	}
	d->doc.exprs = d->exprs;
	d->doc.labels = d->labels;
	return 0;
}

static int fill(struct kb_index *i, struct document *d,
		const struct knowledge_entry *e, struct err *err)
{
	document_done(d);
	if (e->description)
		buf_addf(&d->text, "%s\n", e->description);
	add_list(&d->text, &e->keywords);
	add_list(&d->text, &e->causes);
	add_list(&d->text, &e->examples);
	jwrite_open(&d->payload, NULL, '{');
	knowledge_write(&d->payload, e);
	jwrite_close(&d->payload, '}');
	d->doc.key = slice_of(e->id);
	d->doc.title = slice_of(e->title);
	d->doc.text = buf_slice(&d->text);
	d->doc.payload = buf_slice(&d->payload);
	return add_patterns(i, d, e, err);
}

/* ---- the file ---- */

static void add_stat(struct buf *out, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	buf_addf(out, "%s %lld %lld %lld %lld.%09ld\n", path,
		 (long long)st.st_dev, (long long)st.st_ino,
		 (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		 st.st_mtim.tv_nsec);
}

/* Where the file lies, and the tag that says from which packs and store it was
 * made: a file with another one is not used. */
static int name_file(struct kb_index *i, struct err *err)
{
	const struct knowledge_list *files;
	AUTO_BUF struct buf path = BUF_INIT, made_of = BUF_INIT;
	char name[NAME_DIGITS + 1], tag[HASH_HEX];
	struct store *store = kb_store(i->kb);
	struct stat st;

	if (kb_pack_files(i->kb, &files, err) < 0)
		return -1;
	if (!cache_folder(&path))
		return 0;
	buf_addf(&made_of, "%s\n", store ? store_name(store) : "");
	for (size_t k = 0; k < files->count; k++)
		buf_addf(&made_of, "%s\n", files->items[k]);
	hash_sha256_hex(made_of.data, made_of.len, name, NAME_DIGITS);
	for (size_t k = 0; k < files->count; k++)
		add_stat(&made_of, files->items[k]);
	if (store && stat(store_name(store), &st) == 0)
		buf_addf(&made_of, "%lld %lld\n", (long long)st.st_dev,
			 (long long)st.st_ino);
	hash_sha256_hex(made_of.data, made_of.len, tag, HASH_HEX - 1);
	buf_addf(&path, "/kb-%s.idx", name);
	i->path = buf_take(&path);
	i->tag = mem_dup(tag);
	return 0;
}

struct build {
	struct kb_index *index;
	struct kb_walk *walk;
	struct knowledge_entry entry;
	struct document document;
	int64_t version;
	bool versioned;
	char number[24];
};

static int build_next(void *arg, struct search_doc *ret, struct err *err)
{
	struct build *b = arg;
	int got;

	if (!b->versioned) {
		b->versioned = true;
		(void)snprintf(b->number, sizeof(b->number), "%lld",
			       (long long)b->version);
		*ret = (struct search_doc){.key = VERSION_KEY,
					   .payload = slice_of(b->number)};
		return 1;
	}
	/* What is only proposed is found by nobody. */
	do {
		knowledge_done(&b->entry);
		got = kb_walk_next(b->walk, &b->entry, err);
	} while (got > 0 && b->entry.status == KNOWLEDGE_PROPOSED);
	if (got <= 0)
		return got;
	if (fill(b->index, &b->document, &b->entry, err) < 0)
		return -1;
	*ret = b->document.doc;
	return 1;
}

/* Into the file, or into memory when there is no place for a file. */
static int build(struct kb_index *i, struct err *err)
{
	struct build b = {.index = i};
	struct search_doc doc;
	int rc = kb_version(i->kb, &b.version, err);

	if (rc == 0)
		rc = kb_walk_new(&b.walk, i->kb, err);
	if (rc == 0 && i->path) {
		rc = search_build(i->path, slice_of(i->tag), build_next, &b,
				  err);
	} else if (rc == 0) {
		search_new(&i->search);
		while ((rc = build_next(&b, &doc, err)) > 0)
			search_put(i->search, &doc);
		i->version = b.version;
	}
	kb_walk_free(b.walk);
	knowledge_done(&b.entry);
	document_done(&b.document);
	return rc;
}

/* ERR_NO when the file must be built first. */
static int open_file(struct kb_index *i, struct err *err)
{
	struct slice version;
	int64_t now;

	if (search_open(&i->search, i->path, slice_of(i->tag), err) < 0 ||
	    kb_version(i->kb, &now, err) < 0)
		return -1;
	if (!search_get(i->search, VERSION_KEY, &version) ||
	    jscan_int(version, &i->version) < 0 || i->version > now)
		return err_set(err, ERR_NO, "index of another store");
	return 0;
}

static int on_change(void *arg, const char *id, const struct knowledge_entry *e,
		     struct err *err)
{
	struct kb_index *i = arg;
	struct document d = {.text = BUF_INIT};
	int rc = 0;

	if (!e || e->status == KNOWLEDGE_PROPOSED) {
		search_remove(i->search, slice_of(id));
		return 0;
	}
	rc = fill(i, &d, e, err);
	if (rc == 0)
		search_put(i->search, &d.doc);
	document_done(&d);
	return rc;
}

int kb_index_refresh(struct kb_index *i, struct err *err)
{
	int64_t now;

	if (kb_version(i->kb, &now, err) < 0)
		return -1;
	if (now == i->version)
		return 0;
	if (kb_changes(i->kb, i->version, on_change, i, err) < 0)
		return -1;
	i->version = now;
	return 0;
}

static bool is_stale(const struct kb_index *i)
{
	size_t changed = search_changed(i->search);

	return i->path && changed > CHANGED_MIN &&
	       changed > search_count(i->search) / CHANGED_PART;
}

/* The folder may be full or read-only: memory will do. */
static int build_and_open(struct kb_index *i, struct err *err)
{
	struct err why = ERR_INIT;

	search_free(i->search);
	i->search = NULL;
	if (build(i, &why) == 0 && open_file(i, &why) == 0)
		return 0;
	if (why.kind != ERR_SYSTEM && why.kind != ERR_NO)
		return err_set(err, why.kind, "%s", why.text);
	diag_debug("index in memory: %s", why.text);
	free(TAKE_PTR(i->path));
	search_free(i->search);
	i->search = NULL;
	return build(i, err);
}

static int open_any(struct kb_index *i, struct err *err)
{
	struct err why = ERR_INIT;

	if (name_file(i, err) < 0)
		return -1;
	if (!i->path)
		return build(i, err);
	if (open_file(i, &why) < 0) {
		if (why.kind != ERR_NO)
			return err_set(err, why.kind, "%s", why.text);
		if (build_and_open(i, err) < 0)
			return -1;
	}
	if (kb_index_refresh(i, err) < 0)
		return -1;
	return is_stale(i) ? build_and_open(i, err) : 0;
}

int kb_index_open(struct kb_index **ret, struct kb *kb, struct err *err)
{
	struct kb_index *i = mem_zero(1, sizeof(*i));

	i->kb = kb;
	if (open_any(i, err) < 0) {
		kb_index_free(i);
		return -1;
	}
	*ret = i;
	return 0;
}

void kb_index_free(struct kb_index *i)
{
	if (!i)
		return;
	search_free(i->search);
	pack_done(&i->rules);
	free(i->path);
	free(i->tag);
	free(i);
}

struct search *kb_index_search(const struct kb_index *i)
{
	return i->search;
}

size_t kb_index_count(const struct kb_index *i)
{
	return search_count(i->search) - 1; /* without the version's */
}
