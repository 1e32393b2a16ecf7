/*
 * pattern-look.c - the looks of pattern-filter.c, which decide how fast all is.
 *
 * Each step of the text is asked whether the four bytes there are any of a
 * string; and the few where they are, whether the bytes around may stand around
 * them in one of the strings. Neither branches on an answer: a wrong guess of
 * the processor takes as long as many looks.
 */
#include "pattern-look.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Where what counts behind a place ends. */
#define CONTEXT_END ((size_t)2 * PATTERN_GRAM)

#define ALWAYS_INLINE inline __attribute__((always_inline))

static uint32_t load_gram(const uint8_t *p)
{
	uint32_t gram;

	memcpy(&gram, p, sizeof(gram));
	return gram;
}

/* The looks from a number on. */
static ALWAYS_INLINE size_t look_steps(const struct pattern_filter *f,
				       const struct pattern_looks *k, size_t i,
				       size_t stride, uint16_t *ret)
{
	const uint32_t *bits = f->bits;
	unsigned shift = f->bits_shift;
	size_t found = 0;

	for (; i < k->count; i++) {
		uint32_t gram = load_gram(k->text + k->from + i * stride);
		uint32_t hash = pattern_gram_hash(gram) >> shift;

		ret[found] = (uint16_t)i;
		found += bits[hash / 32] >> hash % 32 & 1;
	}
	return found;
}

/* The same, with steps that the compiler knows. */
static size_t look_from(const struct pattern_filter *f,
			const struct pattern_looks *k, size_t i, uint16_t *ret)
{
	switch (f->stride) {
	case 1:
		return look_steps(f, k, i, 1, ret);
	case 2:
		return look_steps(f, k, i, 2, ret);
	case 3:
		return look_steps(f, k, i, 3, ret);
	default:
		return look_steps(f, k, i, PATTERN_STRIDE_MAX, ret);
	}
}

/* The bytes around where some of them are not in the text: zeros. */
static __attribute__((noinline)) uint64_t load_edge(
	const struct pattern_looks *k, size_t p)
{
	size_t from = p < PATTERN_GRAM ? 0 : p - PATTERN_GRAM;
	size_t to = k->len - p < CONTEXT_END ? k->len : p + CONTEXT_END;
	uint8_t text[PATTERN_GRAM + CONTEXT_END] = {0};

	memcpy(text + PATTERN_GRAM - (p - from), k->text + from, to - from);
	return (uint64_t)load_gram(text + CONTEXT_END) << 32 | load_gram(text);
}

/* The four bytes before p and the four behind those at p. */
static ALWAYS_INLINE uint64_t load_context(const struct pattern_looks *k,
					   size_t p)
{
	const uint8_t *at = k->text + p;

	if (p < PATTERN_GRAM || k->len - p < CONTEXT_END)
		return load_edge(k, p);
	return (uint64_t)load_gram(at + PATTERN_GRAM) << 32 |
	       load_gram(at - PATTERN_GRAM);
}

typedef bool fits_fn(const struct pattern_context *c, uint64_t kinds);

/* Leaves those of the looks of which the bytes around may be right, too. */
static ALWAYS_INLINE size_t narrow(const struct pattern_filter *f,
				   const struct pattern_looks *k, fits_fn *fits,
				   uint16_t *found, size_t count)
{
	size_t left = 0;

	if (!f->contexts)
		return count;
	for (size_t i = 0; i < count; i++) {
		size_t p = k->from + found[i] * f->stride;
		uint32_t hash = pattern_gram_hash(load_gram(k->text + p)) >>
				f->begin_shift;
		uint64_t kinds = pattern_kinds(load_context(k, p));

		found[left] = found[i];
		left += fits(&f->contexts[f->begin[hash]], kinds);
	}
	return left;
}

static ALWAYS_INLINE bool fits_each(const struct pattern_context *c,
				    uint64_t kinds)
{
	uint64_t all = c->kinds[0] >> (kinds & 63);

	all &= c->kinds[1] >> (kinds >> 8 & 63);
	all &= c->kinds[2] >> (kinds >> 16 & 63);
	all &= c->kinds[3] >> (kinds >> 24 & 63);
	all &= c->kinds[4] >> (kinds >> 32 & 63);
	all &= c->kinds[5] >> (kinds >> 40 & 63);
	all &= c->kinds[6] >> (kinds >> 48 & 63);
	all &= c->kinds[7] >> (kinds >> 56 & 63);
	return all & 1;
}

size_t pattern_look(const struct pattern_filter *f,
		    const struct pattern_looks *k, uint16_t *ret)
{
	return narrow(f, k, fits_each, ret, look_from(f, k, 0, ret));
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,popcnt")))

/* Four looks from each half; the last byte of a half may be in none. */
#define HALF (PATTERN_LANES / 2)

/* Which bytes of a half are those of its four looks. */
static AVX2 __m256i order_of_bytes(size_t stride)
{
	char order[sizeof(__m128i)];

	for (size_t i = 0; i < sizeof(order); i++)
		order[i] = (char)(i / PATTERN_GRAM * stride + i % PATTERN_GRAM);
	return _mm256_broadcastsi128_si256(
		_mm_loadu_si128((const void *)order));
}

static AVX2 inline __m256i load_grams(const uint8_t *p, size_t stride,
				      __m256i order)
{
	__m128i low = _mm_loadu_si128((const void *)p);
	__m128i high = _mm_loadu_si128((const void *)(p + HALF * stride));

	return _mm256_shuffle_epi8(
		_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1),
		order);
}

/* The bits of the looks that were not in vain. */
static AVX2 inline unsigned look_lanes(const uint32_t *bits, __m128i shift,
				       __m256i grams)
{
	__m256i fold = _mm256_set1_epi32((int)PATTERN_GRAM_FOLD);
	__m256i prime = _mm256_set1_epi32((int)PATTERN_GRAM_PRIME);
	__m256i folded = _mm256_and_si256(grams, fold);
	__m256i hash =
		_mm256_srl_epi32(_mm256_mullo_epi32(folded, prime), shift);
	__m256i words = _mm256_i32gather_epi32((const void *)bits,
					       _mm256_srli_epi32(hash, 5), 4);
	/* As far as the bit has to go to stand where a sign does. */
	__m256i far = _mm256_andnot_si256(hash, _mm256_set1_epi32(31));
	__m256 signs = _mm256_castsi256_ps(_mm256_sllv_epi32(words, far));

	return (unsigned)_mm256_movemask_ps(signs);
}

/* So many looks from the first one on that none of their loads, the last of
 * which goes so far, leaves the text; a multiple of the lanes. */
static size_t whole_looks(const struct pattern_filter *f,
			  const struct pattern_looks *k, size_t lanes,
			  size_t load)
{
	size_t step = lanes * f->stride, left = k->len - k->from;
	size_t steps = left < load ? 0 : (left - load) / step + 1;

	return steps < k->count / lanes ? steps * lanes
					: k->count - k->count % lanes;
}

/* The first of them, as many as were asked for. */
static AVX2 size_t look_all_avx2(const struct pattern_filter *f,
				 const uint8_t *p, size_t count, uint16_t *ret)
{
	__m128i shift = _mm_cvtsi32_si128((int)f->bits_shift);
	__m256i order = order_of_bytes(f->stride);
	size_t found = 0;

	for (size_t i = 0; i < count; i += PATTERN_LANES) {
		unsigned some = look_lanes(f->bits, shift,
					   load_grams(p, f->stride, order));
		__m128i lanes = _mm_cvtepu8_epi16(
			_mm_loadl_epi64((const void *)&f->lanes[some]));

		_mm_storeu_si128(
			(void *)(ret + found),
			_mm_add_epi16(lanes, _mm_set1_epi16((short)i)));
		found += (size_t)__builtin_popcount(some);
		p += PATTERN_LANES * f->stride;
	}
	return found;
}

static AVX2 ALWAYS_INLINE bool fits_avx2(const struct pattern_context *c,
					 uint64_t kinds)
{
	__m128i all = _mm_cvtsi64_si128((long long)kinds);
	__m256i before =
		_mm256_srlv_epi64(_mm256_loadu_si256((const void *)c->kinds),
				  _mm256_cvtepu8_epi64(all));
	__m256i behind = _mm256_srlv_epi64(
		_mm256_loadu_si256((const void *)(c->kinds + PATTERN_GRAM)),
		_mm256_cvtepu8_epi64(_mm_srli_si128(all, PATTERN_GRAM)));

	return _mm256_testc_si256(_mm256_and_si256(before, behind),
				  _mm256_set1_epi64x(1));
}

static AVX2 size_t look_avx2(const struct pattern_filter *f,
			     const struct pattern_looks *k, uint16_t *ret)
{
	size_t load = HALF * f->stride + sizeof(__m128i);
	size_t whole = whole_looks(f, k, PATTERN_LANES, load);
	size_t found = look_all_avx2(f, k->text + k->from, whole, ret);

	found += look_from(f, k, whole, ret + found);
	return narrow(f, k, fits_avx2, ret, found);
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("popcnt");
}

#define AVX512                                             \
	__attribute__((target("avx512f,avx512bw,avx512vl," \
			      "avx512vbmi,avx512vbmi2,popcnt")))

#define LANES_512 ((size_t)2 * PATTERN_LANES)

/* The four bytes of each of the looks. */
static AVX512 __m512i order_of_bytes_512(size_t stride)
{
	char order[sizeof(__m512i)];

	for (size_t i = 0; i < sizeof(order); i++)
		order[i] = (char)(i / PATTERN_GRAM * stride + i % PATTERN_GRAM);
	return _mm512_loadu_si512(order);
}

/* The bits of the looks that were not in vain. */
static AVX512 inline __mmask16 look_lanes_512(const uint32_t *bits,
					      __m128i shift, __m512i grams)
{
	__m512i fold = _mm512_set1_epi32((int)PATTERN_GRAM_FOLD);
	__m512i prime = _mm512_set1_epi32((int)PATTERN_GRAM_PRIME);
	__m512i folded = _mm512_and_si512(grams, fold);
	__m512i hash =
		_mm512_srl_epi32(_mm512_mullo_epi32(folded, prime), shift);
	__m512i words;

	/* Without optimization gcc has a macro here that it warns of. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
	words = _mm512_i32gather_epi32(_mm512_srli_epi32(hash, 5), bits, 4);
#pragma GCC diagnostic pop

	/* Only the lower five bits of the hash say how far. */
	return _mm512_test_epi32_mask(
		words, _mm512_rolv_epi32(_mm512_set1_epi32(1), hash));
}

static AVX512 size_t look_all_avx512(const struct pattern_filter *f,
				     const uint8_t *p, size_t count,
				     uint16_t *ret)
{
	__m128i shift = _mm_cvtsi32_si128((int)f->bits_shift);
	__m512i order = order_of_bytes_512(f->stride);
	__m256i numbers = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
					    11, 12, 13, 14, 15);
	size_t found = 0;

	for (size_t i = 0; i < count; i += LANES_512) {
		__m512i text = _mm512_loadu_si512(p);
		__mmask16 some = look_lanes_512(
			f->bits, shift, _mm512_permutexvar_epi8(order, text));

		_mm256_storeu_si256((void *)(ret + found),
				    _mm256_maskz_compress_epi16(some, numbers));
		numbers = _mm256_add_epi16(numbers,
					   _mm256_set1_epi16((short)LANES_512));
		found += (size_t)__builtin_popcount(some);
		p += LANES_512 * f->stride;
	}
	return found;
}

static AVX512 ALWAYS_INLINE bool fits_avx512(const struct pattern_context *c,
					     uint64_t kinds)
{
	__m512i far = _mm512_cvtepu8_epi64(_mm_cvtsi64_si128((long long)kinds));
	__m512i all = _mm512_srlv_epi64(_mm512_loadu_si512(c->kinds), far);

	return _mm512_test_epi64_mask(all, _mm512_set1_epi64(1)) == 0xff;
}

static AVX512 size_t look_avx512(const struct pattern_filter *f,
				 const struct pattern_looks *k, uint16_t *ret)
{
	size_t whole = whole_looks(f, k, LANES_512, sizeof(__m512i));
	size_t found = look_all_avx512(f, k->text + k->from, whole, ret);

	found += look_from(f, k, whole, ret + found);
	return narrow(f, k, fits_avx512, ret, found);
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2") &&
	       __builtin_cpu_supports("popcnt");
}

static void fill_lanes(struct pattern_filter *f)
{
	for (unsigned some = 0; some < ARRAY_LEN(f->lanes); some++) {
		unsigned count = 0;

		f->lanes[some] = 0;
		for (unsigned i = 0; i < PATTERN_LANES; i++)
			if (some >> i & 1)
				f->lanes[some] |= (uint64_t)i << 8 * count++;
	}
}

#endif

size_t pattern_look_ways(pattern_look_fn *ret[PATTERN_LOOK_WAYS])
{
	size_t count = 0;

#if defined(__x86_64__)
	if (has_avx512())
		ret[count++] = look_avx512;
	if (has_avx2())
		ret[count++] = look_avx2;
#endif
	ret[count++] = pattern_look;
	return count;
}

void pattern_look_prepare(struct pattern_filter *f)
{
	pattern_look_fn *ways[PATTERN_LOOK_WAYS];

#if defined(__x86_64__)
	fill_lanes(f);
#endif
	(void)pattern_look_ways(ways);
	f->look = ways[0];
}
