#include "unit.h"

#include <errno.h>
#include <sys/random.h>

#include <oncall/buf.h>
#include <oncall/hash.h>
#include <oncall/mem.h>

static int asked;

/*
 * Stands in for the system's, so that the key is known: interrupted the first
 * time, then nothing but zero bytes.
 */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
ssize_t getrandom(void *out, size_t n, unsigned int flags)
{
	(void)flags;
	memset(out, asked ? 0 : 0xFF, n);
	if (asked++ == 0) {
		errno = EINTR;
		return -1;
	}
	return (ssize_t)n;
}

/* The bytes 0, 1, 2 ... 255, 0 ... */
static char *rising(size_t n)
{
	char *p = mem_alloc(n);
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (char)i;
	return p;
}

static void assert_sum(const void *p, size_t n, const char *want)
{
	char out[HASH_HEX];

	hash_sha256_hex(p, n, out, HASH_HEX - 1);
	assert_string_equal(out, want);
}

static void sha256_of_the_standards_examples(void **state)
{
	(void)state;
	assert_sum("", 0,
		   "e3b0c44298fc1c149afbf4c8996fb924"
		   "27ae41e4649b934ca495991b7852b855");
	assert_sum("abc", 3,
		   "ba7816bf8f01cfea414140de5dae2223"
		   "b00361a396177a9cb410ff61f20015ad");
	assert_sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		   56,
		   "248d6a61d20638b8e5c026930c3e6039"
		   "a33ce45964ff2167f6ecedd419db06c1");
	assert_sum("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		   "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		   112,
		   "cf5b16a778af8380036ce59e7b049237"
		   "0b249b11e8f07a51afac45037afee9d1");
}

static void sha256_of_a_million_letters(void **state)
{
	char *text = mem_alloc(1000000);

	(void)state;
	memset(text, 'a', 1000000);
	assert_sum(text, 1000000,
		   "cdc76e5c9914fb9281a1c7e284d73e67"
		   "f1809a48a497200e046d39ccc7112cd0");
	free(text);
}

/* Around the borders of blocks and of the length that stands in the last. */
static void sha256_at_the_borders_of_blocks(void **state)
{
	static const struct {
		size_t n;
		const char *sum;
	} rows[] = {
		{55, "463eb28e72f82e0a96c0a4cc53690c57"
		     "1281131f672aa229e0d45ae59b598b59"},
		{56, "da2ae4d6b36748f2a318f23e7ab1dfdf"
		     "45acdc9d049bd80e59de82a60895f562"},
		{63, "29af2686fd53374a36b0846694cc3421"
		     "77e428d1647515f078784d69cdb9e488"},
		{64, "fdeab9acf3710362bd2658cdc9a29e8f"
		     "9c757fcf9811603a8c447cd1d9151108"},
		{65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2"
		     "694182027e6d0fc075074f2fabb31781"},
		{119, "da18797ed7c3a777f0847f429724a2d8"
		      "cd5138e6ed2895c3fa1a6d39d18f7ec6"},
		{120, "f52b23db1fbb6ded89ef42a23ce0c892"
		      "2c45f25c50b568a93bf1c075420bbb7c"},
		{128, "471fb943aa23c511f6f72f8d1652d9c8"
		      "80cfa392ad80503120547703e56a2be5"},
		{1000, "a8af099bf2e878609558dbf69d8f88f4"
		       "a31040a8cf84b549a0cfa912f12ffc3f"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = rising(rows[i].n);

		assert_sum(text, rows[i].n, rows[i].sum);
		free(text);
	}
}

static void sha256_in_pieces_is_the_same(void **state)
{
	unsigned char whole[HASH_SHA256_SIZE];
	unsigned char pieces[HASH_SHA256_SIZE];
	struct hash_sha256 h;
	char *text = rising(300);
	size_t size;
	size_t at;

	(void)state;
	hash_sha256_start(&h);
	hash_sha256_add(&h, text, 300);
	hash_sha256_end(&h, whole);
	for (size = 1; size < 300; size++) {
		hash_sha256_start(&h);
		for (at = 0; at + size < 300; at += size)
			hash_sha256_add(&h, text + at, size);
		hash_sha256_add(&h, NULL, 0);
		hash_sha256_add(&h, text + at, 300 - at);
		hash_sha256_end(&h, pieces);
		assert_memory_equal(pieces, whole, sizeof(whole));
	}
	free(text);
}

/* As if that many bytes, whole blocks, had gone in and changed nothing. */
static void sha256_counts_bits_beyond_32(void **state)
{
	static const unsigned char want[] = {0x17, 0x1a, 0x79, 0x94};
	unsigned char sum[HASH_SHA256_SIZE];
	struct hash_sha256 h;

	(void)state;
	hash_sha256_start(&h);
	h.bytes = 0x123456789AC0;
	hash_sha256_end(&h, sum);
	assert_memory_equal(sum, want, sizeof(want));
}

static void hex_has_the_digits_asked_for(void **state)
{
	char out[HASH_HEX + 1];

	(void)state;
	hash_sha256_hex("abc", 3, out, 7);
	assert_string_equal(out, "ba7816b");
	hash_sha256_hex("abc", 3, out, 0);
	assert_string_equal(out, "");
	out[HASH_HEX] = '!';
	hash_sha256_hex("abc", 3, out, 1000);
	assert_int_equal(strlen(out), HASH_HEX - 1);
	assert_int_equal(out[HASH_HEX], '!');
}

static void key_is_siphash_1_3(void **state)
{
	/* Of the bytes 0, then 0 and 1, then 0 to 2 ... with a key of zeros. */
	static const uint64_t want[] = {
		UINT64_C(0x68a914128e01e473), UINT64_C(0x010bac45c41e3669),
		UINT64_C(0x4d4c9a4a8ef6e0ad), UINT64_C(0x7cc43f98813e4dbd),
		UINT64_C(0x5abe2169dff36275), UINT64_C(0xe3c25f87624f1cdb),
		UINT64_C(0x2f098ab0c751325a), UINT64_C(0xead411e67ebe2eea),
		UINT64_C(0x75927f9d95124362), UINT64_C(0xaf9f77a65ab51a1d),
		UINT64_C(0xfe64ce8b6617fcff), UINT64_C(0xa6baf4fb0f9fe1c2),
		UINT64_C(0xa0cf3211850f8e0d), UINT64_C(0x7f86049379fbfe67),
		UINT64_C(0xf30eb725bb91c9ea), UINT64_C(0x8972188433a5c5b7),
		UINT64_C(0x4883c49a2c009c1d), UINT64_C(0xadc2c0b63044067d),
		UINT64_C(0x091f4a3329f87d19), UINT64_C(0x639e355ae68c0100),
		UINT64_C(0xb17bef2cb5213239), UINT64_C(0xf8aeb1066236ccfe),
		UINT64_C(0x37332b1389daa4ff), UINT64_C(0x31185a47af932f3a),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(want); i++) {
		char *text = rising(i + 1);

		assert_true(hash_key(text, i + 1) == want[i]);
		free(text);
	}
	assert_true(hash_key(NULL, 0) == hash_key("x", 0));
	/* Interrupted once, then taken once for all. */
	assert_int_equal(asked, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_the_standards_examples),
		cmocka_unit_test(sha256_of_a_million_letters),
		cmocka_unit_test(sha256_at_the_borders_of_blocks),
		cmocka_unit_test(sha256_in_pieces_is_the_same),
		cmocka_unit_test(sha256_counts_bits_beyond_32),
		cmocka_unit_test(hex_has_the_digits_asked_for),
		cmocka_unit_test(key_is_siphash_1_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
