/* lines.c - counts newlines, many bytes a step. */
#include <oncall/lines.h>

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

static size_t count_run(const char *p, size_t rounds)
{
	lanes a = {0}, b = {0};
	size_t count = 0;

	for (const char *end = p + rounds * STEP; p < end; p += STEP) {
		a -= newlines_at(p);
		b -= newlines_at(p + sizeof(lanes));
	}
	for (size_t i = 0; i < sizeof(lanes); i++)
		count += (size_t)a[i] + b[i];
	return count;
}

size_t lines_count(const char *p, size_t n)
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
