/*
 * hash.h - SHA-256 for identity (fingerprints, streams, approvals) and a
 * keyed hash for tables, whose key is random in each process so that nobody
 * outside can choose colliding keys.
 */
#ifndef ONCALL_HASH_H
#define ONCALL_HASH_H

#include <oncall/base.h>

#define HASH_SHA256_SIZE 32
#define HASH_HEX	 65

struct hash_sha256 {
	uint32_t state[8];
	uint64_t bytes;
	unsigned char block[64];
};

void hash_sha256_start(struct hash_sha256 *h);
void hash_sha256_add(struct hash_sha256 *h, const void *p, size_t n);
void hash_sha256_end(struct hash_sha256 *h,
		     unsigned char out[HASH_SHA256_SIZE]);
/* One call; digits (at most 64) hex digits and a NUL. */
void hash_sha256_hex(const void *p, size_t n, char *out, size_t digits);
/* HMAC of RFC 2104, by which those who share the key know each other's text. */
void hash_hmac_sha256(struct slice key, struct slice text,
		      unsigned char out[HASH_SHA256_SIZE]);

uint64_t hash_key(const void *p, size_t n); /* SipHash-1-3 */

#endif
