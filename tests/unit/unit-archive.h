/* unit-archive.h - gzip and zstd data that is only wrapped, not made smaller:
 * so tests need no compressor. */
#ifndef ONCALL_UNIT_ARCHIVE_H
#define ONCALL_UNIT_ARCHIVE_H

#include <oncall/buf.h>

static inline void archive_number(struct buf *out, uint32_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_add_char(out, (char)(value >> 8 * i & 0xff));
}

static inline uint32_t archive_crc(const char *p, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static inline void archive_gzip(struct buf *out, const char *p, size_t n)
{
	size_t done = 0;

	buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	do {
		size_t part = n - done < 0xffff ? n - done : 0xffff;

		buf_add_char(out, done + part == n);
		archive_number(out, (uint32_t)part, 2);
		archive_number(out, ~(uint32_t)part, 2);
		buf_add(out, p + done, part);
		done += part;
	} while (done < n);
	archive_number(out, archive_crc(p, n), 4);
	archive_number(out, (uint32_t)n, 4);
}

static inline void archive_zstd(struct buf *out, const char *p, size_t n)
{
	const size_t block = (size_t)128 * 1024;
	size_t done = 0;

	buf_add(out, "\x28\xb5\x2f\xfd\0\x38", 6); /* a window of 128 KiB */
	do {
		size_t part = n - done < block ? n - done : block;

		archive_number(out, (uint32_t)part << 3 | (done + part == n),
			       3);
		buf_add(out, p + done, part);
		done += part;
	} while (done < n);
}

#endif
