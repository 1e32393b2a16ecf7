/* lines.c - looks at newlines, many bytes a step. */
#include <oncall/lines.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* What every 64-bit processor adds in one step; a wider vector would be taken
 * apart by the compiler, badly. */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define STEP   (2 * sizeof(lanes)) /* two sums, so that none waits */
#define ROUNDS 255		   /* until a lane is full */

static lanes newlines_at(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return (lanes)(v == '\n'); /* 255 where it is one: to subtract is + 1 */
}

/* Of what each of eight bytes holds. */
static size_t sum(uint64_t bytes)
{
	const uint64_t even = UINT64_C(0x00ff00ff00ff00ff);

	bytes = (bytes & even) + (bytes >> 8 & even);
	return bytes * UINT64_C(0x0001000100010001) >> 48;
}

static size_t count_run(const char *p, size_t rounds)
{
	lanes a = {0}, b = {0};
	uint64_t halves[4];

	for (const char *end = p + rounds * STEP; p < end; p += STEP) {
		a -= newlines_at(p);
		b -= newlines_at(p + sizeof(lanes));
	}
	memcpy(halves, &a, sizeof(a));
	memcpy(halves + 2, &b, sizeof(b));
	return sum(halves[0]) + sum(halves[1]) + sum(halves[2]) +
	       sum(halves[3]);
}

static size_t count_any(const char *p, size_t n)
{
	size_t count = 0;

	while (n >= STEP) {
		size_t rounds = n / STEP;

		if (rounds > ROUNDS)
			rounds = ROUNDS;
		count += count_run(p, rounds);
		p += rounds * STEP;
		n -= rounds * STEP;
	}
	while (n--)
		count += *p++ == '\n';
	return count;
}

#if defined(__x86_64__)

#define WIDE ((size_t)64) /* bytes of a step, one bit each */

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define AVX2	      __attribute__((target("avx2,popcnt")))
#define AVX512	      __attribute__((target("avx512bw,popcnt")))

/* Which bytes of a step are newlines. */
typedef uint64_t bits_fn(const char *p);

/* Of WIDE bytes or more; the last step goes back over some of what the one
 * before it has counted, which leaves its bits. */
static ALWAYS_INLINE size_t count_by(bits_fn *bits, const char *p, size_t n)
{
	const char *end = p + n;
	int64_t count = 0;

	for (; n >= WIDE; n -= WIDE, p += WIDE)
		count += __builtin_popcountll(bits(p));
	if (n)
		count += __builtin_popcountll(bits(end - WIDE) >> (WIDE - n));
	return (size_t)count;
}

static AVX2 ALWAYS_INLINE uint64_t bits_avx2(const char *p)
{
	__m256i same = _mm256_set1_epi8('\n');
	__m256i low = _mm256_loadu_si256((const void *)p);
	__m256i high = _mm256_loadu_si256((const void *)(p + WIDE / 2));

	low = _mm256_cmpeq_epi8(low, same);
	high = _mm256_cmpeq_epi8(high, same);
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32 |
	       (uint32_t)_mm256_movemask_epi8(low);
}

static AVX2 size_t count_avx2(const char *p, size_t n)
{
	return count_by(bits_avx2, p, n);
}

static AVX512 ALWAYS_INLINE uint64_t bits_avx512(const char *p)
{
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p),
				      _mm512_set1_epi8('\n'));
}

static AVX512 size_t count_avx512(const char *p, size_t n)
{
	return count_by(bits_avx512, p, n);
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("popcnt");
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("popcnt");
}

size_t lines_count(const char *p, size_t n)
{
	if (n >= WIDE && has_avx512())
		return count_avx512(p, n);
	if (n >= WIDE && has_avx2())
		return count_avx2(p, n);
	return count_any(p, n);
}

#else

size_t lines_count(const char *p, size_t n)
{
	return count_any(p, n);
}

#endif
