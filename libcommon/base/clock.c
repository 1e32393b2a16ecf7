/* clock.c - the one place where time and randomness are read. */
#include <oncall/clock.h>

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static int64_t set_ms;
static bool is_set;

static uint64_t seed_state;
static bool is_seeded;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts = {0, 0};

	/* It fails for an unknown clock only, and these two always exist. */
	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
	return is_set ? set_ms : read_clock(CLOCK_REALTIME);
}

void clock_set(int64_t ms)
{
	set_ms = ms;
	is_set = true;
}

bool clock_is_set(void)
{
	return is_set;
}

int64_t clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* The next word of the seeded sequence (splitmix64). */
static uint64_t next_word(void)
{
	uint64_t z = seed_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t seeded_piece(unsigned char *out, size_t n)
{
	uint64_t word = next_word();

	n = n < sizeof(word) ? n : sizeof(word);
	memcpy(out, &word, n);
	return n;
}

static size_t system_piece(unsigned char *out, size_t n)
{
	ssize_t got = getrandom(out, n, 0);

	/* Without randomness no id could be trusted. */
	if (got < 0 && errno != EINTR)
		abort();
	return got > 0 ? (size_t)got : 0;
}

void clock_random(void *out, size_t n)
{
	unsigned char *p = out;

	while (n) {
		size_t got =
			is_seeded ? seeded_piece(p, n) : system_piece(p, n);

		p += got;
		n -= got;
	}
}

void clock_random_seed(uint64_t seed)
{
	seed_state = seed;
	is_seeded = true;
}
