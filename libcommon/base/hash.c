/* hash.c - SHA-256 (FIPS 180-4) and SipHash-1-3. */
#include <oncall/hash.h>

#include <errno.h>
#include <sys/random.h>

#define BLOCK_SIZE 64
/* Where the count of bits stands in the last block. */
#define LENGTH_OFFSET 56

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr32(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void store_be32(unsigned char *p, uint32_t x)
{
	p[0] = (unsigned char)(x >> 24);
	p[1] = (unsigned char)(x >> 16);
	p[2] = (unsigned char)(x >> 8);
	p[3] = (unsigned char)x;
}

static void make_schedule(uint32_t w[64], const unsigned char *block)
{
	size_t i;

	for (i = 0; i < 16; i++)
		w[i] = load_be32(block + 4 * i);
	for (; i < 64; i++) {
		uint32_t x = w[i - 15];
		uint32_t y = w[i - 2];

		x = rotr32(x, 7) ^ rotr32(x, 18) ^ x >> 3;
		y = rotr32(y, 17) ^ rotr32(y, 19) ^ y >> 10;
		w[i] = w[i - 16] + x + w[i - 7] + y;
	}
}

static void add_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[64];
	uint32_t s[8];
	size_t i;

	make_schedule(w, block);
	memcpy(s, state, sizeof(s));
	for (i = 0; i < 64; i++) {
		uint32_t t1;
		uint32_t t2;

		t1 = rotr32(s[4], 6) ^ rotr32(s[4], 11) ^ rotr32(s[4], 25);
		t1 += (s[4] & s[5]) ^ (~s[4] & s[6]);
		t1 += s[7] + round_constants[i] + w[i];
		t2 = rotr32(s[0], 2) ^ rotr32(s[0], 13) ^ rotr32(s[0], 22);
		t2 += (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
		s[7] = s[6];
		s[6] = s[5];
		s[5] = s[4];
		s[4] = s[3] + t1;
		s[3] = s[2];
		s[2] = s[1];
		s[1] = s[0];
		s[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		state[i] += s[i];
}

void hash_sha256_start(struct hash_sha256 *h)
{
	static const uint32_t start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(h->state, start, sizeof(start));
	h->bytes = 0;
}

void hash_sha256_add(struct hash_sha256 *h, const void *p, size_t n)
{
	const unsigned char *in = p;
	size_t held = h->bytes % BLOCK_SIZE;

	if (n == 0)
		return;
	h->bytes += n;
	if (held) {
		size_t part = BLOCK_SIZE - held < n ? BLOCK_SIZE - held : n;

		memcpy(h->block + held, in, part);
		in += part;
		n -= part;
		if (held + part < BLOCK_SIZE)
			return;
		add_block(h->state, h->block);
	}
	for (; n >= BLOCK_SIZE; in += BLOCK_SIZE, n -= BLOCK_SIZE)
		add_block(h->state, in);
	memcpy(h->block, in, n);
}

void hash_sha256_end(struct hash_sha256 *h, unsigned char out[HASH_SHA256_SIZE])
{
	size_t held = h->bytes % BLOCK_SIZE;
	uint64_t bits = h->bytes * 8;
	size_t i;

	h->block[held++] = 0x80;
	if (held > LENGTH_OFFSET) {
		memset(h->block + held, 0, BLOCK_SIZE - held);
		add_block(h->state, h->block);
		held = 0;
	}
	memset(h->block + held, 0, LENGTH_OFFSET - held);
	store_be32(h->block + LENGTH_OFFSET, (uint32_t)(bits >> 32));
	store_be32(h->block + LENGTH_OFFSET + 4, (uint32_t)bits);
	add_block(h->state, h->block);
	for (i = 0; i < 8; i++)
		store_be32(out + 4 * i, h->state[i]);
}

void hash_sha256_hex(const void *p, size_t n, char *out, size_t digits)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[HASH_SHA256_SIZE];
	struct hash_sha256 h;
	size_t i;

	hash_sha256_start(&h);
	hash_sha256_add(&h, p, n);
	hash_sha256_end(&h, sum);
	if (digits > HASH_HEX - 1)
		digits = HASH_HEX - 1;
	for (i = 0; i < digits; i++)
		out[i] = hex[i % 2 ? sum[i / 2] & 15 : sum[i / 2] >> 4];
	out[digits] = '\0';
}

void hash_hmac_sha256(struct slice key, struct slice text,
		      unsigned char out[HASH_SHA256_SIZE])
{
	unsigned char block[BLOCK_SIZE] = {0}, pad[BLOCK_SIZE];
	struct hash_sha256 h;

	if (key.len > BLOCK_SIZE) {
		hash_sha256_start(&h);
		hash_sha256_add(&h, key.ptr, key.len);
		hash_sha256_end(&h, block);
	} else if (key.len) {
		memcpy(block, key.ptr, key.len);
	}
	for (size_t i = 0; i < BLOCK_SIZE; i++)
		pad[i] = block[i] ^ 0x36;
	hash_sha256_start(&h);
	hash_sha256_add(&h, pad, sizeof(pad));
	if (text.len)
		hash_sha256_add(&h, text.ptr, text.len);
	hash_sha256_end(&h, out);
	for (size_t i = 0; i < BLOCK_SIZE; i++)
		pad[i] = block[i] ^ 0x5c;
	hash_sha256_start(&h);
	hash_sha256_add(&h, pad, sizeof(pad));
	hash_sha256_add(&h, out, HASH_SHA256_SIZE);
	hash_sha256_end(&h, out);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotl64(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl64(s->v1, 13) ^ s->v0;
	s->v3 = rotl64(s->v3, 16) ^ s->v2;
	s->v0 = rotl64(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl64(s->v1, 17) ^ s->v2;
	s->v3 = rotl64(s->v3, 21) ^ s->v0;
	s->v2 = rotl64(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

static uint64_t sip13(const uint64_t key[2], const unsigned char *p, size_t n)
{
	struct sip s = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)n << 56;
	uint64_t word;
	size_t i;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sip_word(&s, word);
	}
	for (i = 0; i < n; i++)
		last |= (uint64_t)p[i] << (8 * i);
	sip_word(&s, last);
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_key(const void *p, size_t n)
{
	static uint64_t key[2];
	static bool chosen;

	if (!chosen) {
		/* Not from clock.h: a seed must not make the key known. */
		while (getrandom(key, sizeof(key), 0) != sizeof(key)) {
			if (errno != EINTR)
				abort();
		}
		chosen = true;
	}
	return sip13(key, p, n);
}
