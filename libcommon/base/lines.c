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

static lanes begins_at(const char *p, char c)
{
	lanes ends, begins;

	memcpy(&ends, p, sizeof(ends));
	memcpy(&begins, p + 1, sizeof(begins));
	return (lanes)(ends == '\n') & (lanes)(begins == (unsigned char)c);
}

static bool any_begins(const char *p, size_t rounds, char c)
{
	lanes found = {0};
	uint64_t halves[2];

	for (const char *end = p + rounds * STEP; p < end; p += STEP)
		found |= begins_at(p, c) | begins_at(p + sizeof(lanes), c);
	memcpy(halves, &found, sizeof(halves));
	return halves[0] | halves[1];
}

static bool begin_any(const char *p, size_t n, char c)
{
	if (n && *p == c)
		return true;
	while (n > STEP) {
		size_t rounds = (n - 1) / STEP;

		if (rounds > ROUNDS)
			rounds = ROUNDS;
		if (any_begins(p, rounds, c))
			return true;
		p += rounds * STEP;
		n -= rounds * STEP;
	}
	for (; n > 1; p++, n--)
		if (p[0] == '\n' && p[1] == c)
			return true;
	return false;
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,popcnt")))
#define WIDE ((size_t)64) /* bytes of a step, one bit each */

static AVX2 inline uint64_t bits_of(const char *p, char c)
{
	__m256i same = _mm256_set1_epi8(c);
	__m256i low = _mm256_loadu_si256((const void *)p);
	__m256i high = _mm256_loadu_si256((const void *)(p + WIDE / 2));

	low = _mm256_cmpeq_epi8(low, same);
	high = _mm256_cmpeq_epi8(high, same);
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32 |
	       (uint32_t)_mm256_movemask_epi8(low);
}

/* Of WIDE bytes or more; the last step goes back over some of what the one
 * before it has counted, which leaves its bits. */
static AVX2 size_t count_wide(const char *p, size_t n)
{
	const char *end = p + n;
	uint64_t count = 0;

	for (; n >= WIDE; n -= WIDE, p += WIDE)
		count += (uint64_t)__builtin_popcountll(bits_of(p, '\n'));
	if (n)
		count += (uint64_t)__builtin_popcountll(
			bits_of(end - WIDE, '\n') >> (WIDE - n));
	return count;
}

/* More than WIDE bytes, of which the first is known not to begin a line. */
static AVX2 bool begin_wide(const char *p, size_t n, char c)
{
	const char *last = p + n - WIDE - 1;

	for (; p < last; p += WIDE)
		if (bits_of(p, '\n') & bits_of(p + 1, c))
			return true;
	return bits_of(last, '\n') & bits_of(last + 1, c);
}

static bool has_wide(void)
{
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("popcnt");
}

#else

#define WIDE SIZE_MAX /* no text is so long */

static size_t count_wide(const char *p, size_t n)
{
	return count_any(p, n);
}

static bool begin_wide(const char *p, size_t n, char c)
{
	return begin_any(p, n, c);
}

static bool has_wide(void)
{
	return false;
}

#endif

size_t lines_count(const char *p, size_t n)
{
	return n >= WIDE && has_wide() ? count_wide(p, n) : count_any(p, n);
}

bool lines_begin(const char *p, size_t n, char c)
{
	if (n <= WIDE || !has_wide())
		return begin_any(p, n, c);
	return *p == c || begin_wide(p, n, c);
}
