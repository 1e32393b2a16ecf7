/*
 * ulid.c - sortable unique ids: ten digits of milliseconds and sixteen of
 * randomness in Crockford's base 32, most significant first.
 */
#include <oncall/ulid.h>

#include <oncall/clock.h>

#define TIME_DIGITS 10
#define HALF_DIGITS 8 /* 40 bits, half of the randomness */
#define HALF_MASK   ((UINT64_C(1) << 40) - 1)
#define TIME_MASK   ((UINT64_C(1) << 48) - 1)

static const char digits32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct ulid {
	uint64_t time;
	uint64_t high; /* 40 bits */
	uint64_t low;  /* 40 bits */
};

static void draw(struct ulid *u, uint64_t time)
{
	uint64_t random[2];

	clock_random(random, sizeof(random));
	u->time = time;
	u->high = random[0] & HALF_MASK;
	u->low = random[1] & HALF_MASK;
}

/* The next larger id; after the last of a millisecond comes the next one. */
static void step(struct ulid *u)
{
	u->low = (u->low + 1) & HALF_MASK;
	if (u->low)
		return;
	u->high = (u->high + 1) & HALF_MASK;
	if (u->high == 0)
		draw(u, u->time + 1);
}

static void write_digits(char *out, uint64_t value, size_t count)
{
	while (count--) {
		out[count] = digits32[value & 31];
		value >>= 5;
	}
}

void ulid_make(char out[ULID_TEXT])
{
	static struct ulid last;
	static bool started;
	int64_t now = clock_now();
	uint64_t time = now > 0 ? (uint64_t)now & TIME_MASK : 0;

	/* A clock that was set back must not make an id that sorts before. */
	if (!started || time > last.time)
		draw(&last, time);
	else
		step(&last);
	started = true;
	write_digits(out, last.time, TIME_DIGITS);
	write_digits(out + TIME_DIGITS, last.high, HALF_DIGITS);
	write_digits(out + TIME_DIGITS + HALF_DIGITS, last.low, HALF_DIGITS);
	out[ULID_TEXT - 1] = '\0';
}

bool ulid_valid(const char *s)
{
	/* The first digit carries three bits: more would be 130 bits in all. */
	if (s[0] < '0' || s[0] > '7')
		return false;
	return strspn(s, digits32) == ULID_TEXT - 1 && !s[ULID_TEXT - 1];
}
