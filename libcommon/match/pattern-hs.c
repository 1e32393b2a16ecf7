/*
 * pattern-hs.c - the engine that lets Hyperscan or Vectorscan find lines.
 *
 * It gets the approximation of each expression and reports where a match ends;
 * which line that is in is found here, and whether it matches is PCRE2's to
 * say. Expressions that it does not take are looked for as by engine literal.
 */
#include "pattern-hs-cache.h"

#ifdef HAVE_HS

#include "pattern-hs.h"
#include "pattern-needle.h"

#include <oncall/hash.h>
#include <oncall/mem.h>

/* Expressions that a database may turn out not to take one by one. */
#define REFUSED_MAX 32
#define KEY_DIGITS  32

struct hs_db {
	const struct pattern_hs *hs;
	hs_database_t *db;	     /* NULL: it took no expression */
	struct pattern_filter *rest; /* of what it did not take; or NULL */
	uint32_t rest_base; /* references from here on are the filter's */
	uint8_t *taken;	    /* by expression */
};

/* The line on which an expression was reported last. */
struct hs_span {
	uint64_t window;
	uint32_t from;
	uint32_t to;
};

struct hs_find {
	hs_scratch_t *scratch;
	struct hs_span *spans;
	uint64_t window; /* serial number */
	/* Of the scan at hand. */
	struct pattern_scratch *s;
	struct slice text;
	bool sorted;
};

static int hs_check(struct err *err)
{
	return pattern_hs_load(err) ? 0 : -1;
}

/* Which approximations does the library understand at all? */
static void ask_each(struct pattern_set *s, struct hs_db *d)
{
	for (size_t i = 0; i < s->expr_count; i++) {
		hs_expr_info_t *info = NULL;
		hs_compile_error_t *error = NULL;

		pattern_set_look_approx(s, i);
		if (!s->exprs[i].approx)
			continue;
		d->taken[i] = d->hs->expression_info(s->exprs[i].approx,
						     HS_FLAG_MULTILINE, &info,
						     &error) == HS_SUCCESS;
		free(info);
		if (error)
			(void)d->hs->free_compile_error(error);
	}
}

/* 0, or -1 with the number of the expression that it stumbles over, or with
 * SIZE_MAX when it is none. */
static int compile_taken(const struct pattern_set *s, struct hs_db *d,
			 size_t *ret_bad)
{
	const char **texts = mem_zero(s->expr_count + 1, sizeof(*texts));
	unsigned *flags = mem_zero(s->expr_count + 1, sizeof(*flags));
	unsigned *ids = mem_zero(s->expr_count + 1, sizeof(*ids));
	hs_compile_error_t *error = NULL;
	hs_error_t rc = HS_SUCCESS;
	unsigned n = 0;

	for (size_t i = 0; i < s->expr_count; i++) {
		if (!d->taken[i])
			continue;
		texts[n] = s->exprs[i].approx;
		flags[n] = HS_FLAG_MULTILINE;
		ids[n++] = (unsigned)i;
	}
	if (n > 0)
		rc = d->hs->compile_multi(texts, flags, ids, n, HS_MODE_BLOCK,
					  NULL, &d->db, &error);
	*ret_bad = SIZE_MAX;
	if (rc != HS_SUCCESS) {
		d->db = NULL;
		if (error && error->expression >= 0)
			*ret_bad = ids[error->expression];
	}
	if (error)
		(void)d->hs->free_compile_error(error);
	free(texts);
	free(flags);
	free(ids);
	return rc == HS_SUCCESS ? 0 : -1;
}

/* Without the expressions that it refuses; without any when it refuses the set
 * as a whole, or too many. */
static void compile(struct pattern_set *s, struct hs_db *d)
{
	size_t bad;

	ask_each(s, d);
	for (size_t tries = 0; tries < REFUSED_MAX; tries++) {
		if (compile_taken(s, d, &bad) == 0)
			return;
		if (bad == SIZE_MAX)
			break;
		d->taken[bad] = 0;
	}
	memset(d->taken, 0, s->expr_count);
}

/* The file of a set: another library, processor or set has another one, and so
 * has another version of ours, which may write approximations differently. */
static char *cache_path(const struct pattern_set *s, const struct hs_db *d,
			const char *dir)
{
	AUTO_BUF struct buf text = BUF_INIT;
	char hex[KEY_DIGITS + 1];
	hs_platform_info_t cpu;

	memset(&cpu, 0, sizeof(cpu));
	(void)d->hs->populate_platform(&cpu);
	buf_addf(&text, "%s\n%s\n%u %llx\n", ONCALL_VERSION, d->hs->version(),
		 cpu.tune, cpu.cpu_features);
	for (size_t i = 0; i < s->expr_count; i++) {
		const struct pattern_expr *e = &s->exprs[i];

		buf_addf(&text, "%zu %d %d ", e->len, e->caseless, e->re.utf);
		buf_add(&text, e->bytes, e->len);
	}
	if (text.over)
		return NULL;
	hash_sha256_hex(text.data, text.len, hex, KEY_DIGITS);
	return mem_printf("%s/hs-%s.db", dir, hex);
}

static bool load(const struct pattern_set *s, struct hs_db *d, const char *path)
{
	AUTO_BUF struct buf bytes = BUF_INIT;

	if (!path ||
	    !pattern_hs_cache_read(path, d->taken, s->expr_count, &bytes))
		return false;
	return d->hs->deserialize_database(buf_str(&bytes), bytes.len,
					   &d->db) == HS_SUCCESS;
}

static void save(const struct pattern_set *s, const struct hs_db *d,
		 const char *path)
{
	char *bytes = NULL;
	size_t len = 0;

	if (!path || !d->db ||
	    d->hs->serialize_database(d->db, &bytes, &len) != HS_SUCCESS)
		return;
	pattern_hs_cache_write(path, d->taken, s->expr_count,
			       (struct slice){bytes, len});
	free(bytes);
}

static void hs_free(void *db)
{
	struct hs_db *d = db;

	if (d->db)
		(void)d->hs->free_database(d->db);
	pattern_filter_free(d->rest);
	free(d->taken);
	free(d);
}

/* What Hyperscan did not take. */
static void build_rest(struct pattern_set *s, struct hs_db *d)
{
	bool any = false;

	d->rest_base = (uint32_t)s->expr_count;
	for (size_t i = 0; i < s->expr_count; i++) {
		if (d->taken[i])
			continue;
		pattern_set_look(s, i, PATTERN_PLAIN);
		any = true;
	}
	if (!any)
		return;
	d->rest = pattern_filter_new(s, PATTERN_PLAIN, d->taken);
	s->always = d->rest->always;
	s->always_count = d->rest->always_count;
}

static int build(struct pattern_set *s, const char *cache_dir, bool test,
		 struct err *err)
{
	struct hs_db *d = mem_zero(1, sizeof(*d));
	AUTO_FREE char *path = NULL;

	s->db = d;
	d->taken = mem_zero(s->expr_count + 1, 1);
	d->hs = pattern_hs_load(err);
	if (!d->hs)
		return -1;
	if (cache_dir)
		path = cache_path(s, d, cache_dir);
	if (!load(s, d, path)) {
		/* A database in the cache is of a library that was tested. */
		if (test && pattern_hs_test(err) < 0)
			return -1;
		memset(d->taken, 0, s->expr_count);
		compile(s, d);
		save(s, d, path);
	}
	build_rest(s, d);
	return 0;
}

static int hs_build(struct pattern_set *s, const char *cache_dir,
		    struct err *err)
{
	return build(s, cache_dir, true, err);
}

static int hs_build_untested(struct pattern_set *s, const char *cache_dir,
			     struct err *err)
{
	return build(s, cache_dir, false, err);
}

static void *hs_scratch_new(const struct pattern_set *s)
{
	const struct hs_db *d = s->db;
	struct hs_find *f = mem_zero(1, sizeof(*f));

	f->spans = mem_zero(s->expr_count + 1, sizeof(*f->spans));
	if (d->db && d->hs->alloc_scratch(d->db, &f->scratch) != HS_SUCCESS)
		mem_die();
	return f;
}

static void hs_scratch_free(void *scratch)
{
	struct hs_find *f = scratch;

	/* It is loaded, or there would be no scratch. */
	if (f->scratch)
		(void)pattern_hs_load(NULL)->free_scratch(f->scratch);
	free(f->spans);
	free(f);
}

static void add_place(struct hs_find *f, size_t at, uint32_t ref)
{
	struct pattern_places *places = &f->s->places;

	if (places->count && places->list[places->count - 1].at > at)
		f->sorted = false;
	pattern_places_add(places, at, ref);
}

/* The end of a match. One on a line on which the expression was reported
 * already is nothing new, and there are many of these. */
static int on_match(unsigned id, unsigned long long from, unsigned long long to,
		    unsigned flags, void *arg)
{
	struct hs_find *f = arg;
	struct hs_span *span = &f->spans[id];
	const char *text = f->text.ptr, *begin, *end;
	size_t at = to ? (size_t)to - 1 : 0;

	(void)from;
	(void)flags;
	if (span->window == f->window && at >= span->from && at < span->to)
		return 0;
	begin = memrchr(text, '\n', at);
	end = memchr(text + at, '\n', f->text.len - at);
	span->window = f->window;
	span->from = begin ? (uint32_t)(begin - text) + 1 : 0;
	span->to = end ? (uint32_t)(end - text) + 1 : (uint32_t)f->text.len;
	add_place(f, at, id);
	return 0;
}

/* Every expression on every line: when the library cannot say. */
static void add_all(struct hs_find *f, const struct hs_db *d, size_t count)
{
	const char *p = f->text.ptr, *end = p + f->text.len, *next;

	for (; p < end; p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		for (size_t i = 0; i < count; i++)
			if (d->taken[i])
				add_place(f, (size_t)(p - f->text.ptr),
					  (uint32_t)i);
		if (!next)
			break;
	}
}

static void hs_find(struct pattern_scratch *s, struct slice window)
{
	const struct hs_db *d = s->set->db;
	struct hs_find *f = s->engine;
	struct pattern_places *places = &s->places;

	f->s = s;
	f->text = window;
	f->sorted = true;
	f->window++;
	if (d->rest)
		pattern_filter_find(d->rest, places, window);
	for (size_t i = 0; i < places->count; i++)
		places->list[i].ref += d->rest_base;
	if (d->db && (window.len > UINT32_MAX ||
		      d->hs->scan(d->db, window.ptr, (unsigned)window.len, 0,
				  f->scratch, on_match, f) != HS_SUCCESS))
		add_all(f, d, s->set->expr_count);
	if (!f->sorted)
		pattern_places_sort(places);
}

static void hs_resolve(struct pattern_scratch *s, uint32_t ref)
{
	const struct hs_db *d = s->set->db;

	if (ref < d->rest_base)
		pattern_mark(s, ref, NULL);
	else
		pattern_filter_resolve(d->rest, s, ref - d->rest_base, NULL);
}

#else

static int hs_check(struct err *err)
{
	return err_set(err, ERR_SYSTEM,
		       "engine hs was left out when this was built "
		       "(libhyperscan-dev was not there)");
}

static int hs_build(struct pattern_set *s, const char *cache_dir,
		    struct err *err)
{
	(void)s;
	(void)cache_dir;
	return hs_check(err);
}

#define hs_build_untested hs_build
#define hs_free		  NULL
#define hs_scratch_new	  NULL
#define hs_scratch_free	  NULL
#define hs_find		  NULL
#define hs_resolve	  NULL

#endif

const struct pattern_engine pattern_engine_hs = {.name = "hs",
						 .check = hs_check,
						 .build = hs_build,
						 .free = hs_free,
						 .scratch_new = hs_scratch_new,
						 .scratch_free =
							 hs_scratch_free,
						 .find = hs_find,
						 .resolve = hs_resolve,
						 .whole = true};

const struct pattern_engine pattern_engine_hs_untested = {
	.name = "hs-untested",
	.check = hs_check,
	.build = hs_build_untested,
	.free = hs_free,
	.scratch_new = hs_scratch_new,
	.scratch_free = hs_scratch_free,
	.find = hs_find,
	.resolve = hs_resolve,
	.whole = true};
