/* pattern-filter-build.c - the tables of pattern-filter.c. */
#include "pattern-look.h"

#include <oncall/mem.h>

#include <math.h>

/* What four bytes of one string may be; with more, they are not looked for. */
#define GRAMS_MAX 8192
/* So many of them cost as much as one that stands in each line. */
#define COUNT_COST 6000.0
/* What a look costs, and comparing once with a string. */
#define LOOK_COST    1.0
#define COMPARE_COST 0.1
/* What a string costs that cannot be looked for. */
#define NEVER_COST 1000.0
/* How often a byte may stand in a log that is looked for alone: one in so many.
 */
#define RARE_SHARE (1.0 / 90)
/* Strings from which the steps are chosen. */
#define SAMPLES 256
/* How often four bytes of a frequent word stand there. */
#define FREQUENT_SHARE (1.0 / 128)
/* And of all strings together: 117 MB while the tables are made, of which the
 * entries, 50 MB, stay. */
#define GRAMS_ALL_MAX ((size_t)2 * 1024 * 1024)
/* Of more, the bytes around are not kept: 8 MB. */
#define CONTEXTS_MAX ((size_t)256 * 1024)
/* Bits of the table for each, so that few looks are in vain; and the
 * logarithm of how many there are. */
#define BITS_PER_GRAM 64
#define BITS_MIN      18
#define BITS_MAX      23
/* The same of the hashes by which entries are found. */
#define HASH_MIN 10
#define HASH_MAX 22

/* One byte of a string: what it may be, folded, and the share that this is of
 * the bytes of a log. */
struct spot {
	size_t count;
	uint8_t kinds[PATTERN_BYTE_KINDS];
	double share;
};

/* Places in a string, and before it. */
#define BEFORE (PATTERN_STRIDE_MAX - 1)
#define PLACES (BEFORE + PATTERN_LITERAL_BYTES)

struct gram {
	uint32_t hash;
	uint32_t context; /* in build.contexts */
	struct pattern_entry entry;
};

struct build {
	struct pattern_filter *f;
	const struct pattern_rarity *rarity;
	struct pattern_wishes wishes;
	size_t set_count;
	struct gram *grams;
	size_t gram_count;
	size_t gram_cap;
	struct pattern_context *contexts; /* of each string and place */
	size_t context_count;
	size_t context_cap;
	struct spot any;
	const struct pattern_literal *literal; /* at hand, or NULL */
	size_t len;
	struct spot spots[PATTERN_LITERAL_BYTES];
	double costs[PLACES]; /* of four bytes at each place, from -BEFORE on */
};

static void spot_from_set(struct spot *spot, const struct pattern_bytes *set,
			  const struct pattern_rarity *rarity)
{
	bool seen[256] = {false};
	double share = 0;

	spot->count = 0;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t kind = (uint8_t)(c & PATTERN_GRAM_FOLD);

		if (!pattern_bytes_has(set, c))
			continue;
		share += rarity->share[c];
		if (!seen[kind])
			spot->kinds[spot->count++] = kind;
		seen[kind] = true;
	}
	spot->share = share > 0 && share < 1 ? share : 1;
}

static void spots_from_literal(struct build *b, const struct pattern_literal *l)
{
	double bits[PATTERN_LITERAL_BYTES];

	b->literal = l;
	b->len = l->len;
	pattern_weigh(b->rarity, l->bytes, l->len, bits);
	for (size_t i = 0; i < l->len; i++) {
		b->spots[i].count = 1;
		b->spots[i].kinds[0] =
			(uint8_t)((uint8_t)l->bytes[i] & PATTERN_GRAM_FOLD);
		b->spots[i].share = exp2(-bits[i]);
	}
}

static void spots_from_sequence(struct build *b,
				const struct pattern_sequence *s)
{
	b->literal = NULL;
	b->len = s->len;
	for (size_t i = 0; i < s->len; i++)
		spot_from_set(&b->spots[i], &s->at[i], b->rarity);
}

static const struct spot *spot_at(const struct build *b, int at)
{
	return at >= 0 && at < (int)b->len ? &b->spots[at] : &b->any;
}

/* How often one comes to the four bytes at a place for nothing: since they are
 * there, or since they fill the table. More than 1: they are too many. */
static double gram_cost(const struct build *b, int at)
{
	double share = 1, count = 1;

	for (int i = at; i < at + PATTERN_GRAM; i++) {
		share *= spot_at(b, i)->share;
		count *= (double)spot_at(b, i)->count;
	}
	if (at >= 0 && at + PATTERN_GRAM <= (int)b->len && b->literal &&
	    share < FREQUENT_SHARE &&
	    pattern_gram_frequent(b->rarity, b->literal->bytes + at))
		share = FREQUENT_SHARE;
	return count > GRAMS_MAX ? 2 : share + count / COUNT_COST;
}

/* The cost of the best place of those that are met by the steps when the string
 * begins so many bytes behind one; 1 or more when there is none. */
static double choose_gram(const struct build *b, size_t stride, size_t behind,
			  int *ret)
{
	double least = 1;

	for (int at = -(int)behind; at < (int)b->len; at += (int)stride) {
		double cost = b->costs[BEFORE + at];

		if (cost < least) {
			least = cost;
			*ret = at;
		}
	}
	return least;
}

static uint32_t kinds_of(const struct spot *spot)
{
	uint32_t kinds = 0;

	if (spot->count == PATTERN_BYTE_KINDS)
		return UINT32_MAX;
	for (size_t i = 0; i < spot->count; i++)
		kinds |= UINT32_C(1) << pattern_kind(spot->kinds[i]);
	return kinds;
}

/* What may stand around the four bytes at a place. */
static void add_context(struct build *b, int at)
{
	struct pattern_context *c;

	if (b->context_count == b->context_cap) {
		b->context_cap = b->context_cap ? b->context_cap * 2 : 256;
		b->contexts = mem_resize(b->contexts, b->context_cap,
					 sizeof(*b->contexts));
	}
	c = &b->contexts[b->context_count++];
	for (int i = 0; i < PATTERN_CONTEXT; i++) {
		int k = i < PATTERN_GRAM ? i - PATTERN_GRAM : i;

		c->kinds[i] = kinds_of(spot_at(b, at + k));
	}
}

static void add_gram(struct build *b, uint32_t gram,
		     const struct pattern_entry *entry)
{
	if (b->gram_count == b->gram_cap) {
		b->gram_cap = b->gram_cap ? b->gram_cap * 2 : 1024;
		b->grams = mem_resize(b->grams, b->gram_cap, sizeof(*b->grams));
	}
	b->grams[b->gram_count++] =
		(struct gram){.hash = pattern_gram_hash(gram),
			      .context = (uint32_t)b->context_count - 1,
			      .entry = *entry};
}

/* Of a string what is around the four bytes at a place, too. */
static struct pattern_entry entry_at(const struct build *b, int at)
{
	uint8_t text[PATTERN_AROUND] = {0}, mask[PATTERN_AROUND] = {0};
	struct pattern_entry e = {.needle = (uint32_t)b->f->needle_count,
				  .at = at};

	for (int i = 0; b->literal && i < (int)PATTERN_AROUND; i++) {
		int k = at - PATTERN_GRAM + i;

		if (k < 0 || k >= (int)b->len)
			continue;
		mask[i] = PATTERN_FOLD & 0xff;
		text[i] = (uint8_t)b->literal->bytes[k] & mask[i];
	}
	e.around = pattern_around(text);
	e.mask = pattern_around(mask);
	return e;
}

/* All that the four bytes may be. */
static void add_grams(struct build *b, int at)
{
	const struct pattern_entry entry = entry_at(b, at);
	size_t i[PATTERN_GRAM] = {0};
	uint8_t bytes[PATTERN_GRAM];
	uint32_t gram;
	int k = 0;

	add_context(b, at);
	while (k >= 0) {
		for (k = 0; k < PATTERN_GRAM; k++)
			bytes[k] = spot_at(b, at + k)->kinds[i[k]];
		memcpy(&gram, bytes, sizeof(gram));
		add_gram(b, gram, &entry);
		for (k = PATTERN_GRAM - 1; k >= 0; k--) {
			if (++i[k] < spot_at(b, at + k)->count)
				break;
			i[k] = 0;
		}
	}
}

/* False, with nothing done, when the string at hand cannot be looked for. */
static bool add_spots(struct build *b)
{
	int at[PATTERN_STRIDE_MAX] = {0};
	size_t stride = b->f->stride;

	if (b->gram_count > GRAMS_ALL_MAX)
		return false;
	for (size_t i = 0; i < stride; i++)
		if (choose_gram(b, stride, i, &at[i]) >= 1)
			return false;
	for (size_t i = 0; i < stride; i++)
		add_grams(b, at[i]);
	return true;
}

/* The best byte to look for alone, when there is one. Only sequences are so
 * short of bytes that tell something. */
static bool add_rare(struct build *b, const struct pattern_wish *w)
{
	struct pattern_filter *f = b->f;
	const struct pattern_bytes *set;
	size_t best = 0, count;

	for (size_t i = 1; i < b->len; i++)
		if (b->spots[i].share < b->spots[best].share)
			best = i;
	if (w->literal || b->len == 0 || b->spots[best].share > RARE_SHARE)
		return false;
	set = &w->sequence->at[best];
	count = pattern_bytes_count(set);
	if (count > PATTERN_RARE_MAX - f->rare_count)
		return false;
	for (unsigned c = 0; c < 256; c++)
		if (pattern_bytes_has(set, c))
			f->rare[f->rare_count++] = (struct pattern_rare){
				.byte = (uint8_t)c,
				.at = (uint8_t)best,
				.needle = (uint32_t)f->needle_count};
	return true;
}

static void take_wish(struct build *b, const struct pattern_wish *w)
{
	if (w->literal)
		spots_from_literal(b, w->literal);
	else
		spots_from_sequence(b, w->sequence);
	for (int at = -BEFORE; at < (int)b->len; at++)
		b->costs[BEFORE + at] = gram_cost(b, at);
}

/* What a string costs with steps of each size, among those that it stands for.
 */
static void add_costs(struct build *b, const struct pattern_wish *w,
		      size_t stands_for, double *costs)
{
	int at;

	take_wish(b, w);
	for (size_t s = 1; s <= PATTERN_STRIDE_MAX; s++) {
		for (size_t i = 0; i < s; i++) {
			double cost = choose_gram(b, s, i, &at);

			costs[s] += (cost < 1 ? cost : NEVER_COST) / (double)s *
				    (double)stands_for;
		}
	}
}

static bool is_short(const struct pattern_wish *w)
{
	return !w->literal || w->literal->len < 2 * PATTERN_STRIDE_MAX;
}

/*
 * Larger steps need fewer looks, but four bytes of each string at more places,
 * some of which are frequent; and short strings do not have so many. Of the
 * longer ones some tell which of the two costs more.
 */
static void choose_stride(struct build *b)
{
	size_t every = b->wishes.count / SAMPLES + 1;
	double costs[PATTERN_STRIDE_MAX + 1] = {0};

	for (size_t i = 0; i < b->wishes.count; i++) {
		if (is_short(&b->wishes.list[i]))
			add_costs(b, &b->wishes.list[i], 1, costs);
		else if (i % every == 0)
			add_costs(b, &b->wishes.list[i], every, costs);
	}
	b->f->stride = 1;
	for (size_t s = 1; s <= PATTERN_STRIDE_MAX; s++) {
		costs[s] = costs[s] * COMPARE_COST + LOOK_COST / (double)s;
		if (costs[s] < costs[b->f->stride])
			b->f->stride = s;
	}
}

static struct pattern_needle needle_of(struct build *b,
				       const struct pattern_wish *w)
{
	struct pattern_needle n = {.sets = PATTERN_NO_SETS};
	uint8_t folded[PATTERN_LITERAL_BYTES] = {0};
	uint8_t mask[PATTERN_LITERAL_BYTES] = {0};

	n.len = (uint32_t)b->len;
	if (w->sequence) {
		n.sets = (uint32_t)b->set_count;
		memcpy(&b->f->sets[b->set_count], w->sequence->at,
		       b->len * sizeof(*b->f->sets));
		b->set_count += b->len;
		return n;
	}
	memset(mask, (int)(PATTERN_FOLD & 0xff), b->len);
	memcpy(folded, w->literal->bytes, b->len);
	for (size_t i = 0; i < b->len; i++)
		folded[i] &= mask[i];
	memcpy(n.mask, mask, sizeof(n.mask));
	memcpy(n.value, folded, sizeof(n.value));
	return n;
}

/* Adds a needle for the wishes from one up to another, which are the same. */
static void add_needle(struct build *b, size_t from, size_t to,
		       uint8_t *unfound)
{
	struct pattern_filter *f = b->f;
	const struct pattern_wish *w = &b->wishes.list[from];

	take_wish(b, w);
	if (!add_spots(b) && !add_rare(b, w)) {
		for (; from < to; from++)
			if (b->wishes.list[from].expr != PATTERN_NO_EXPR)
				unfound[b->wishes.list[from].expr] = 1;
		return;
	}
	f->needles[f->needle_count] = needle_of(b, w);
	f->needles[f->needle_count++].exprs = (uint32_t)from;
}

static void add_needles(struct build *b, uint8_t *unfound)
{
	struct pattern_filter *f = b->f;

	for (size_t from = 0, to; from < b->wishes.count; from = to) {
		for (to = from + 1; to < b->wishes.count; to++)
			if (!pattern_wish_same(&b->wishes.list[from],
					       &b->wishes.list[to]))
				break;
		add_needle(b, from, to, unfound);
	}
	for (size_t i = 0; i < b->wishes.count; i++)
		f->exprs[i] = b->wishes.list[i].expr;
	f->needles[f->needle_count].exprs = (uint32_t)b->wishes.count;
}

/* The shift that leaves a hash as many bits as n things need. */
static unsigned shift_for(size_t n, unsigned bits, unsigned bits_max)
{
	while (bits < bits_max && (size_t)1 << bits < n)
		bits++;
	return 32 - bits;
}

static void fill_bits(struct build *b)
{
	struct pattern_filter *f = b->f;

	f->bits_shift =
		shift_for(b->gram_count * BITS_PER_GRAM, BITS_MIN, BITS_MAX);
	f->bits = mem_zero(((size_t)1 << (32 - f->bits_shift)) / 32,
			   sizeof(*f->bits));
	for (size_t i = 0; i < b->gram_count; i++) {
		uint32_t hash = b->grams[i].hash >> f->bits_shift;

		f->bits[hash / 32] |= 1u << hash % 32;
	}
}

/* Before the beginnings have moved, those of a hash stand one behind it. */
static void fill_contexts(struct build *b)
{
	struct pattern_filter *f = b->f;

	if (b->gram_count > CONTEXTS_MAX)
		return;
	f->contexts = mem_zero(b->gram_count + 1, sizeof(*f->contexts));
	for (size_t i = 0; i < b->gram_count; i++) {
		const struct gram *g = &b->grams[i];
		uint32_t first = f->begin[(g->hash >> f->begin_shift) + 1];

		for (int k = 0; k < PATTERN_CONTEXT; k++)
			f->contexts[first].kinds[k] |=
				b->contexts[g->context].kinds[k];
	}
}

static void fill_entries(struct build *b)
{
	struct pattern_filter *f = b->f;
	unsigned shift = shift_for(b->gram_count * 4, HASH_MIN, HASH_MAX);
	size_t hashes = (size_t)1 << (32 - shift);

	f->begin_shift = shift;
	f->begin = mem_zero(hashes + 2, sizeof(*f->begin));
	f->entries = mem_alloc((b->gram_count + 1) * sizeof(*f->entries));
	for (size_t i = 0; i < b->gram_count; i++)
		f->begin[(b->grams[i].hash >> shift) + 2]++;
	for (size_t i = 2; i < hashes + 2; i++)
		f->begin[i] += f->begin[i - 1];
	fill_contexts(b);
	/* The beginning of each moves to its end, where the next one begins. */
	for (size_t i = 0; i < b->gram_count; i++)
		f->entries[f->begin[(b->grams[i].hash >> shift) + 1]++] =
			b->grams[i].entry;
}

struct pattern_filter *pattern_filter_new(const struct pattern_set *set,
					  enum pattern_form form,
					  const uint8_t *skip)
{
	struct pattern_filter *f = mem_zero(1, sizeof(*f));
	struct build *b = mem_zero(1, sizeof(*b));
	AUTO_FREE uint8_t *unfound = mem_zero(set->expr_count + 1, 1);

	b->f = f;
	b->rarity = &set->rarity[form];
	pattern_wishes_collect(&b->wishes, set, form, skip);
	f->needles = mem_alloc((b->wishes.count + 1) * sizeof(*f->needles));
	f->exprs = mem_alloc((b->wishes.count + 1) * sizeof(*f->exprs));
	f->sets = mem_alloc((b->wishes.sequence_count + 1) *
			    PATTERN_LITERAL_BYTES * sizeof(*f->sets));
	f->always = mem_alloc((set->expr_count + 1) * sizeof(*f->always));
	for (size_t i = 0; i < set->expr_count; i++)
		unfound[i] =
			!set->exprs[i].literals[form] && !(skip && skip[i]);
	for (unsigned i = 0; i < PATTERN_BYTE_KINDS; i++)
		b->any.kinds[i] = (uint8_t)((i & 0x1f) | (i & 0x20) << 1);
	b->any.count = PATTERN_BYTE_KINDS;
	b->any.share = 1;
	choose_stride(b);
	add_needles(b, unfound);
	f->has_grams = b->gram_count > 0;
	fill_bits(b);
	fill_entries(b);
	pattern_look_prepare(f);
	for (size_t i = 0; i < set->expr_count; i++)
		if (unfound[i])
			f->always[f->always_count++] = (uint32_t)i;
	free(b->wishes.list);
	free(b->grams);
	free(b->contexts);
	free(b);
	return f;
}
