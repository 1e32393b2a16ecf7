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

#define ALWAYS_INLINE inline __attribute__((always_inline))

static uint32_t load_gram(const uint8_t *p)
{
	uint32_t gram;

	memcpy(&gram, p, sizeof(gram));
	return gram;
}

/* The looks from a number on. */
static size_t look_from(const struct pattern_filter *f,
			const struct pattern_looks *k, size_t i, uint16_t *ret)
{
	const uint8_t *text = k->text + k->from;
	const uint32_t *bits = f->bits;
	size_t stride = f->stride, found = 0;

	for (; i < k->count; i++) {
		size_t at = i * stride;
		uint32_t gram = load_gram(text + at);
		uint32_t hash = pattern_gram_hash(gram) >> f->bits_shift;

		ret[found] = (uint16_t)at;
		found += bits[hash / 32] >> hash % 32 & 1;
	}
	return found;
}

typedef bool fits_fn(const struct pattern_context *c, const uint8_t *at);

/* Leaves those of the looks of which the bytes around may be right, too. */
static ALWAYS_INLINE size_t narrow(const struct pattern_filter *f,
				   const struct pattern_looks *k, fits_fn *fits,
				   uint16_t *found, size_t count)
{
	const uint8_t *text = k->text + k->from;
	const struct pattern_context *contexts = f->contexts;
	const uint32_t *begin = f->begin;
	unsigned shift = f->begin_shift;
	size_t left = 0;

	if (!contexts)
		return count;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = text + found[i];
		uint32_t hash = pattern_gram_hash(load_gram(at)) >> shift;

		found[left] = found[i];
		left += fits(&contexts[begin[hash]], at);
	}
	return left;
}

static ALWAYS_INLINE bool fits_each(const struct pattern_context *c,
				    const uint8_t *at)
{
	const uint8_t *before = at - PATTERN_GRAM, *behind = at + PATTERN_GRAM;
	uint32_t all = 1;

	for (size_t i = 0; i < PATTERN_GRAM; i++) {
		all &= c->kinds[i] >> pattern_kind(before[i]);
		all &= c->kinds[PATTERN_GRAM + i] >> pattern_kind(behind[i]);
	}
	return all;
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

static AVX2 ALWAYS_INLINE __m256i load_grams(const uint8_t *p, size_t stride,
					     __m256i order)
{
	__m128i low, high;

	if (stride == PATTERN_GRAM)
		return _mm256_loadu_si256((const void *)p);
	low = _mm_loadu_si128((const void *)p);
	high = _mm_loadu_si128((const void *)(p + HALF * stride));
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

static AVX2 ALWAYS_INLINE size_t look_steps_avx2(const struct pattern_filter *f,
						 const uint8_t *p, size_t count,
						 size_t stride, uint16_t *ret)
{
	const uint32_t *bits = f->bits;
	const uint8_t *end = p + count * stride;
	__m128i shift = _mm_cvtsi32_si128((int)f->bits_shift);
	__m128i step = _mm_set1_epi16((short)(PATTERN_LANES * stride));
	__m128i far = _mm_setzero_si128();
	__m256i order = order_of_bytes(stride);
	size_t found = 0;

	for (; p < end; p += PATTERN_LANES * stride) {
		unsigned some =
			look_lanes(bits, shift, load_grams(p, stride, order));
		__m128i lanes = _mm_cvtepu8_epi16(
			_mm_loadl_epi64((const void *)&f->lanes[some]));

		_mm_storeu_si128((void *)(ret + found),
				 _mm_add_epi16(lanes, far));
		far = _mm_add_epi16(far, step);
		found += (size_t)__builtin_popcount(some);
	}
	return found;
}

/* The first of them, as many as were asked for. */
static AVX2 size_t look_all_avx2(const struct pattern_filter *f,
				 const uint8_t *p, size_t count, uint16_t *ret)
{
	/* Without gaps the text is in order as it stands. */
	if (f->stride == PATTERN_GRAM)
		return look_steps_avx2(f, p, count, PATTERN_GRAM, ret);
	return look_steps_avx2(f, p, count, f->stride, ret);
}

static AVX2 ALWAYS_INLINE bool fits_avx2(const struct pattern_context *c,
					 const uint8_t *at)
{
	__m128i before = _mm_cvtsi32_si128((int)load_gram(at - PATTERN_GRAM));
	__m128i around =
		_mm_insert_epi32(before, (int)load_gram(at + PATTERN_GRAM), 1);
	__m256i far = _mm256_and_si256(_mm256_cvtepu8_epi32(around),
				       _mm256_set1_epi32(PATTERN_KINDS - 1));
	__m256i all = _mm256_srlv_epi32(
		_mm256_loadu_si256((const void *)c->kinds), far);

	return _mm256_testc_si256(all, _mm256_set1_epi32(1));
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

static AVX512 ALWAYS_INLINE size_t
look_steps_512(const struct pattern_filter *f, const uint8_t *p, size_t count,
	       size_t stride, uint16_t *ret)
{
	const uint32_t *bits = f->bits;
	const uint8_t *end = p + count * stride;
	__m128i shift = _mm_cvtsi32_si128((int)f->bits_shift);
	__m512i order = order_of_bytes_512(stride);
	__m256i step = _mm256_set1_epi16((short)(LANES_512 * stride));
	__m256i far =
		_mm256_mullo_epi16(_mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8,
						     9, 10, 11, 12, 13, 14, 15),
				   _mm256_set1_epi16((short)stride));
	size_t found = 0;

	for (; p < end; p += LANES_512 * stride) {
		__m512i grams = _mm512_loadu_si512(p);
		__mmask16 some;

		if (stride != PATTERN_GRAM)
			grams = _mm512_permutexvar_epi8(order, grams);
		some = look_lanes_512(bits, shift, grams);
		_mm256_storeu_si256((void *)(ret + found),
				    _mm256_maskz_compress_epi16(some, far));
		far = _mm256_add_epi16(far, step);
		found += (size_t)__builtin_popcount(some);
	}
	return found;
}

static AVX512 size_t look_all_avx512(const struct pattern_filter *f,
				     const uint8_t *p, size_t count,
				     uint16_t *ret)
{
	if (f->stride == PATTERN_GRAM)
		return look_steps_512(f, p, count, PATTERN_GRAM, ret);
	return look_steps_512(f, p, count, f->stride, ret);
}

static AVX512 size_t look_avx512(const struct pattern_filter *f,
				 const struct pattern_looks *k, uint16_t *ret)
{
	size_t whole = whole_looks(f, k, LANES_512, sizeof(__m512i));
	size_t found = look_all_avx512(f, k->text + k->from, whole, ret);

	found += look_from(f, k, whole, ret + found);
	return narrow(f, k, fits_avx2, ret, found);
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
				f->lanes[some] |= (uint64_t)i * f->stride
						  << 8 * count++;
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
