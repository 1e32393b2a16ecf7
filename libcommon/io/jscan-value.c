/* What is done with the members that the scanner found. */
#include <oncall/jscan.h>

#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

#include "jscan-internal.h"

#define SMALL_SLOTS  256 /* of the table on the stack */
#define REPLACEMENT  0xfffd
#define EXPONENT_MAX INT64_C(1000000000) /* a larger one counts as this */

void jscan_done(struct jscan *s)
{
	free(s->members);
	*s = (struct jscan){.members = NULL};
}

bool jscan_plain(struct slice value, struct slice *ret_text)
{
	if (value.len < 2 || value.ptr[0] != '"' ||
	    memchr(value.ptr, '\\', value.len))
		return false;
	*ret_text = (struct slice){value.ptr + 1, value.len - 2};
	return true;
}

static uint32_t hex4(const char *p)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char b = (unsigned char)p[i];

		/* A letter, of either case, has bit 6 set and stands 9 off. */
		code = code << 4 | ((b & 15U) + (b >> 6) * 9U);
	}
	return code;
}

/* p stands at "\u" with four digits; yields the bytes used. */
static size_t unescape_code(struct buf *out, const char *p, const char *end)
{
	uint32_t code = hex4(p + 2);
	uint32_t low;

	if (code < 0xd800 || code > 0xdfff) {
		utf8_add(out, code);
		return 6;
	}
	if (code < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
		low = hex4(p + 8);
		if (low >= 0xdc00 && low <= 0xdfff) {
			utf8_add(out, 0x10000 + ((code - 0xd800) << 10) +
					      (low - 0xdc00));
			return 12;
		}
	}
	utf8_add(out, REPLACEMENT);
	return 6;
}

/* Text between quotes that the scanner has accepted. */
static void unescape(struct buf *out, struct slice text)
{
	static const char from[] = "bfnrt";
	static const char to[] = "\b\f\n\r\t";
	const char *p = text.ptr;
	const char *end = p + text.len;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		const char *found;

		if (!slash || slash + 1 == end) {
			buf_add(out, p, (size_t)(end - p));
			return;
		}
		buf_add(out, p, (size_t)(slash - p));
		p = slash;
		if (p[1] == 'u' && end - p >= 6) {
			p += unescape_code(out, p, end);
			continue;
		}
		found = memchr(from, p[1], sizeof(from) - 1);
		buf_add_char(out, found ? to[found - from] : p[1]);
		p += 2;
	}
}

void jscan_unquote(struct buf *out, struct slice value)
{
	if (value.len < 2 || value.ptr[0] != '"')
		return;
	unescape(out, (struct slice){value.ptr + 1, value.len - 2});
}

struct slice jscan_key_text(const struct jscan_member *m, struct buf *scratch)
{
	if (!m->key_escaped)
		return m->key;
	buf_reset(scratch);
	unescape(scratch, m->key);
	return buf_slice(scratch);
}

static bool escaped_key_is(const struct jscan_member *m, struct slice key)
{
	AUTO_BUF struct buf scratch = BUF_INIT;

	return slice_eq(jscan_key_text(m, &scratch), key);
}

static inline bool key_is(const struct jscan_member *m, struct slice key)
{
	return m->key_escaped ? escaped_key_is(m, key) : slice_eq(m->key, key);
}

static const struct jscan_member *find(const struct jscan *s, size_t from,
				       struct slice key)
{
	for (size_t i = from; i < s->count; i++)
		if (key_is(&s->members[i], key))
			return &s->members[i];
	return NULL;
}

const struct jscan_member *jscan_get(const struct jscan *s, const char *key)
{
	return find(s, 0, slice_of(key));
}

const struct jscan_member *jscan_get_again(const struct jscan *s,
					   const struct jscan_member *first,
					   const char *key)
{
	return find(s, (size_t)(first - s->members) + 1, slice_of(key));
}

/*
 * Few keys get a hash of their length and ends, which costs next to nothing
 * and can at worst make all of them collide; many get the keyed one, which
 * nobody outside can play with.
 */
static uint64_t key_hash(struct slice key, bool few)
{
	uint32_t head = 0, tail = 0;

	if (!few)
		return hash_key(key.ptr, key.len);
	if (key.len >= sizeof(head)) {
		memcpy(&head, key.ptr, sizeof(head));
		memcpy(&tail, key.ptr + key.len - sizeof(tail), sizeof(tail));
	} else if (key.len) {
		head = (unsigned char)key.ptr[0];
		tail = (unsigned char)key.ptr[key.len - 1];
	}
	head = (head ^ tail * 31 ^ (uint32_t)key.len) * UINT32_C(0x9e3779b1);
	return head >> 16;
}

static const struct jscan_member *find_twice(const struct jscan *s,
					     uint32_t *slots, size_t mask)
{
	AUTO_BUF struct buf scratch = BUF_INIT;

	for (size_t i = 0; i < s->count; i++) {
		struct slice key = jscan_key_text(&s->members[i], &scratch);
		size_t at = key_hash(key, mask < SMALL_SLOTS) & mask;

		for (; slots[at]; at = (at + 1) & mask)
			if (key_is(&s->members[slots[at] - 1], key))
				return &s->members[i];
		slots[at] = (uint32_t)i + 1;
	}
	return NULL;
}

const struct jscan_member *jscan_duplicate(const struct jscan *s)
{
	AUTO_FREE uint32_t *slots = NULL;
	uint32_t small[SMALL_SLOTS];
	size_t size = SMALL_SLOTS / 2;

	while (size < s->count * 2)
		size *= 2;
	if (size <= SMALL_SLOTS) {
		memset(small, 0, size * sizeof(small[0]));
		return find_twice(s, small, size - 1);
	}
	slots = mem_zero(size, sizeof(*slots));
	return find_twice(s, slots, size - 1);
}

static inline const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

const char *jscan_number_end(const char *p, const char *end,
			     const char **ret_bad)
{
	const char *digits;

	*ret_bad = p;
	if (p < end && *p == '-')
		p++;
	digits = p;
	p = skip_digits(p, end);
	*ret_bad = digits;
	if (p == digits)
		return NULL;
	if (*digits == '0' && p - digits > 1) {
		*ret_bad = digits + 1;
		return NULL;
	}
	if (p < end && *p == '.') {
		digits = ++p;
		p = skip_digits(p, end);
		*ret_bad = p;
		if (p == digits)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		p = skip_digits(p, end);
		*ret_bad = p;
		if (p == digits)
			return NULL;
	}
	return p;
}

/* Times 10 and plus digit; false when that passes limit. */
static bool shift_in(uint64_t *value, unsigned digit, uint64_t limit)
{
	if (*value > (limit - digit) / 10)
		return false;
	*value = *value * 10 + digit;
	return true;
}

/*
 * The digits before the exponent as a whole number; *ret_power is the power of
 * ten that belongs to it. Zeros at the end only count in the power, so that
 * "1.0" and "100e-2" are as whole as "1".
 */
static bool read_digits(const char **pp, const char *end, uint64_t limit,
			uint64_t *ret_value, int64_t *ret_power)
{
	const char *p = *pp;
	int64_t zeros = 0, fraction = 0;
	uint64_t value = 0;
	bool behind_point = false;

	for (; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			behind_point = true;
			continue;
		}
		fraction += behind_point;
		if (*p == '0') {
			zeros++;
			continue;
		}
		for (; zeros && value; zeros--)
			if (!shift_in(&value, 0, limit))
				return false;
		zeros = 0;
		if (!shift_in(&value, (unsigned)(*p - '0'), limit))
			return false;
	}
	*pp = p;
	*ret_value = value;
	*ret_power = zeros - fraction;
	return true;
}

static int64_t read_exponent(const char *p, const char *end)
{
	bool minus = p < end && *p == '-';
	int64_t value = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && value < EXPONENT_MAX; p++)
		value = value * 10 + (*p - '0');
	return minus ? -value : value;
}

int jscan_int(struct slice value, int64_t *ret)
{
	const char *p = value.ptr;
	const char *end, *bad;
	bool minus;
	uint64_t limit, whole;
	int64_t power;

	if (!value.len)
		return -1;
	end = p + value.len;
	if (jscan_number_end(p, end, &bad) != end)
		return -1;
	minus = *p == '-';
	p += minus;
	limit = (uint64_t)INT64_MAX + minus;
	if (!read_digits(&p, end, limit, &whole, &power))
		return -1;
	if (p < end)
		power += read_exponent(p + 1, end);
	if (!whole)
		power = 0;
	if (power < 0)
		return -1;
	for (; power; power--)
		if (!shift_in(&whole, 0, limit))
			return -1;
	*ret = minus ? (int64_t)(0 - whole) : (int64_t)whole;
	return 0;
}

int jscan_put(struct buf *out, struct slice object, const struct jscan *s,
	      const char *key, struct slice value, struct err *err)
{
	const struct jscan_member *m = jscan_get(s, key);
	const char *end = object.ptr + object.len;
	const char *at = end;

	if (m) {
		if (jscan_get_again(s, m, key))
			return err_set(err, ERR_INPUT, "'%s' stands twice",
				       key);
		buf_add(out, object.ptr, (size_t)(m->value.ptr - object.ptr));
		buf_add_slice(out, value);
		at = m->value.ptr + m->value.len;
		buf_add(out, at, (size_t)(end - at));
		return 0;
	}
	while (*--at != '}')
		;
	buf_add(out, object.ptr, (size_t)(at - object.ptr));
	buf_add_str(out, s->count ? ",\"" : "\"");
	buf_add_str(out, key);
	buf_add_str(out, "\":");
	buf_add_slice(out, value);
	buf_add(out, at, (size_t)(end - at));
	return 0;
}

int jscan_splice(struct buf *out, const char *p, size_t n, const char *key,
		 struct slice value, struct err *err)
{
	struct jscan s = {.members = NULL};
	int done = jscan_object(&s, p, n, err);

	if (done == 0)
		done = jscan_put(out, (struct slice){p, n}, &s, key, value,
				 err);
	jscan_done(&s);
	return done;
}
