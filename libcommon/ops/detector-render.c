/*
 * detector-render.c - a record, written at the speed of copying: most of what
 * stands in one is the same as in the one before, or needs no escapes. Room
 * for the longest it can become is made once; behind that nothing is checked.
 */
#include "detector-internal.h"

#include <endian.h>

#include <oncall/hash.h>
#include <oncall/mem.h>

#define FIXED 1024 /* keys, times and numbers of a record, a step more */

#define EIGHT UINT64_C(100000000) /* digits, that are put at once */
/* A value in each so many bits of a number. */
#define EACH(bits, value) (UINT64_MAX / ((UINT64_C(1) << (bits)) - 1) * (value))

/* Whose text is kept; a power of two, here as bits. */
#define DAYS	   64
#define TIMES_BITS 4
/* Its upper bits after a multiplication depend on all bits of a time. */
#define TIMES_PRIME UINT64_C(0x9e3779b97f4a7c15)

/* What every 64-bit processor looks at in one step. */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define STEP sizeof(lanes)

/* The same, with signs: what is not ASCII is less than any that is. */
typedef signed char signed_lanes __attribute__((vector_size(16)));

/* Where one of the bytes is more than JSON and UTF-8 let stand as it is: a
 * control, not ASCII, or DEL, which with one more is not ASCII either; a quote,
 * a backslash. */
static inline lanes specials(lanes v)
{
	return (lanes)((signed_lanes)(v + 1) <= 0x20) | (lanes)(v == '"') |
	       (lanes)(v == '\\');
}

static inline bool any(lanes found)
{
	uint64_t halves[2];

	memcpy(halves, &found, sizeof(halves));
	return halves[0] | halves[1];
}

static char *put(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

#define PUT(p, literal) put((p), (literal), sizeof(literal) - 1)

/* Less than a step, some of it twice. */
static char *put_short(char *p, struct slice s)
{
	size_t n = s.len;

	if (n >= sizeof(uint64_t)) {
		memcpy(p, s.ptr, sizeof(uint64_t));
		memcpy(p + n - sizeof(uint64_t), s.ptr + n - sizeof(uint64_t),
		       sizeof(uint64_t));
	} else if (n >= sizeof(uint32_t)) {
		memcpy(p, s.ptr, sizeof(uint32_t));
		memcpy(p + n - sizeof(uint32_t), s.ptr + n - sizeof(uint32_t),
		       sizeof(uint32_t));
	} else if (n) {
		p[0] = s.ptr[0];
		p[n / 2] = s.ptr[n / 2];
		p[n - 1] = s.ptr[n - 1];
	}
	return p + n;
}

static char *put_slice(char *p, struct slice s)
{
	return s.len < STEP ? put_short(p, s) : put(p, s.ptr, s.len);
}

/* From the first byte on that is not copied as it stands. Few texts have one.
 */
static __attribute__((noinline, cold)) char *put_escaped(char *p,
							 struct slice s,
							 bool *escaped)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(SIZE_MAX / 2);

	if (escaped)
		*escaped = true;
	show_json(&text, s.ptr, s.len);
	return put(p, buf_str(&text), text.len);
}

/* A text of less than a step, some of it twice: to read at once what was just
 * written in pieces would mean to wait for it. */
static lanes load_short(struct slice s)
{
	uint64_t halves[2] = {0, 0};
	lanes v;

	if (s.len >= sizeof(uint64_t)) {
		memcpy(&halves[0], s.ptr, sizeof(uint64_t));
		memcpy(&halves[1], s.ptr + s.len - sizeof(uint64_t),
		       sizeof(uint64_t));
	} else if (s.len >= sizeof(uint32_t)) {
		uint32_t first, last;

		memcpy(&first, s.ptr, sizeof(first));
		memcpy(&last, s.ptr + s.len - sizeof(last), sizeof(last));
		halves[0] = halves[1] = (uint64_t)last << 32 | first;
	} else {
		uint64_t blanks = UINT64_C(0x2020202020000000);

		halves[0] = blanks | (uint64_t)(uint8_t)s.ptr[0] << 16 |
			    (uint64_t)(uint8_t)s.ptr[s.len / 2] << 8 |
			    (uint8_t)s.ptr[s.len - 1];
		halves[1] = halves[0];
	}
	memcpy(&v, halves, sizeof(v));
	return v;
}

/* Escaped where it has to be, which is told; copied two steps at a time, then
 * one, until one is special. The last step goes back to what the one before it
 * has seen. */
static char *put_telling(char *p, struct slice s, bool *escaped)
{
	size_t i = 0;
	lanes v, w;

	if (s.len < STEP) {
		if (s.len && any(specials(load_short(s))))
			return put_escaped(p, s, escaped);
		return put_short(p, s);
	}
	for (; i + 2 * STEP <= s.len; i += 2 * STEP) {
		memcpy(&v, s.ptr + i, STEP);
		memcpy(&w, s.ptr + i + STEP, STEP);
		if (any(specials(v) | specials(w)))
			break;
		memcpy(p + i, &v, STEP);
		memcpy(p + i + STEP, &w, STEP);
	}
	for (; i < s.len; i += STEP) {
		if (i + STEP > s.len)
			i = s.len - STEP;
		memcpy(&v, s.ptr + i, STEP);
		if (any(specials(v)))
			return put_escaped(p + i,
					   (struct slice){s.ptr + i, s.len - i},
					   escaped);
		memcpy(p + i, &v, STEP);
	}
	return p + s.len;
}

static char *put_text(char *p, struct slice s)
{
	return put_telling(p, s, NULL);
}

/* Eight digits, the first one in the lowest byte: halves and quarters of the
 * number are divided side by side. */
static uint64_t eight_digits(uint64_t n)
{
	uint64_t halves = n / 10000 | n % 10000 << 32;
	uint64_t high = halves * 10486 >> 20 & EACH(32, 0x7f);
	uint64_t quarters = high | (halves - high * 100) << 16;
	uint64_t tens = quarters * 103 >> 10 & EACH(16, 0xf);

	return tens | (quarters - tens * 10) << 8;
}

static char *put_eight(char *p, uint64_t n)
{
	uint64_t text = htole64(eight_digits(n) + EACH(8, '0'));

	return put(p, (const char *)&text, sizeof(text));
}

/* Not 0, and without zeros before it; there is room for eight digits. */
static char *put_first(char *p, uint64_t n)
{
	uint64_t digits = eight_digits(n);
	int zeros = __builtin_ctzll(digits) / 8;
	uint64_t text = htole64((digits + EACH(8, '0')) >> 8 * zeros);

	return put(p, (const char *)&text, sizeof(text)) - zeros;
}

static char *put_number(char *p, uint64_t n)
{
	if (n < 10) {
		*p = (char)('0' + n);
		return p + 1;
	}
	if (n < EIGHT)
		return put_first(p, n);
	if (n < EIGHT * EIGHT)
		p = put_first(p, n / EIGHT);
	else
		p = put_eight(put_first(p, n / EIGHT / EIGHT),
			      n / EIGHT % EIGHT);
	return put_eight(p, n % EIGHT);
}

/* Four bits of each byte as a digit, all at once. */
static uint64_t hex_digits(uint64_t nibbles)
{
	uint64_t letters = (nibbles + EACH(8, 6)) >> 4 & EACH(8, 1);

	return nibbles + EACH(8, '0') + ('a' - '0' - 10) * letters;
}

/* The bytes of half a number, its upper ones first, with four bits each. */
static uint64_t spread(uint64_t n)
{
	n = (n | n << 16) & UINT64_C(0x0000ffff0000ffff);
	n = (n | n << 8) & UINT64_C(0x00ff00ff00ff00ff);
	n = (n | n << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return htobe64(n);
}

static char *put_hex(char *p, uint64_t n)
{
	uint64_t upper = hex_digits(spread(n >> 32));
	uint64_t lower = hex_digits(spread(n & UINT32_MAX));

	p = put(p, (const char *)&upper, sizeof(upper));
	return put(p, (const char *)&lower, sizeof(lower));
}

/* "00" to "99" */
static const char pairs[] = "0001020304050607080910111213141516171819"
			    "2021222324252627282930313233343536373839"
			    "4041424344454647484950515253545556575859"
			    "6061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

static void put_pair(char *p, size_t n)
{
	memcpy(p, &pairs[2 * n], 2);
}

static void put_clock(char *p, uint32_t ms)
{
	put_pair(p + 11, ms / 3600000);
	put_pair(p + 14, ms / 60000 % 60);
	put_pair(p + 17, ms / 1000 % 60);
	put_pair(p + 20, ms / 10 % 100);
	p[22] = (char)('0' + ms % 10);
}

/* Neighbours share their day: the last text of each day is kept. */
static void write_time(char text[WHEN_TEXT - 1], int64_t ms)
{
	static _Thread_local struct {
		uint64_t day; /* and one, so that none is 0 */
		char text[WHEN_TEXT];
	} days[DAYS];
	uint64_t since, day;
	size_t i;

	ms = ms < WHEN_MIN ? WHEN_MIN : ms > WHEN_MAX ? WHEN_MAX : ms;
	since = (uint64_t)ms - (uint64_t)WHEN_MIN;
	day = since / WHEN_DAY;
	i = day % DAYS;
	if (days[i].day != day + 1)
		when_format(days[i].text, ms);
	days[i].day = day + 1;
	memcpy(text, days[i].text, WHEN_TEXT - 1);
	put_clock(text, (uint32_t)(since % WHEN_DAY));
}

/* A record has one time at several places, and that at which it is written is
 * the same in all of a block: what was just written is copied. */
static char *put_time(char *p, int64_t ms)
{
	static _Thread_local struct {
		int64_t ms;
		char text[WHEN_TEXT - 1];
	} times[1 << TIMES_BITS];
	size_t i = (size_t)(((uint64_t)ms * TIMES_PRIME) >> (64 - TIMES_BITS));

	if (times[i].ms != ms || !*times[i].text)
		write_time(times[i].text, ms);
	times[i].ms = ms;
	return put(p, times[i].text, sizeof(times[i].text));
}

/* A member whose value is a text of the line, when there is one. */
#define PUT_MEMBER(p, key, value)                                          \
	((value).len ? put_member((p), ",\"" key "\":\"", sizeof(key) + 4, \
				  (value))                                 \
		     : (p))

static char *put_member(char *p, const char *key, size_t n, struct slice value)
{
	p = put_text(put(p, key, n), value);
	*p++ = '"';
	return p;
}

/* Stream, position, rule: the same on every reading, and in their order. */
static char *put_id(char *p, const struct facts *f, const struct head *h)
{
	char *start = p;
	char hex[HASH_HEX];

	p = put_text(p, f->stream);
	if (f->positioned) {
		*p++ = ':';
		p = put_hex(p, f->offset);
	} else if (f->id.len) {
		*p++ = ':';
		p = put_text(p, f->id);
	}
	*p++ = ':';
	p = f->rule ? put_slice(p, f->rule->id) : PUT(p, "event");
	p = put_slice(p, h->suffix);
	if (p - start <= DETECTION_KEY_MAX)
		return p;
	hash_sha256_hex(start, (size_t)(p - start), hex, 64);
	return put(start, hex, 64);
}

static char *put_head(char *p, const struct facts *f, const struct head *h)
{
	p = f->rule ? PUT(p, "{\"type\":\"detection\",\"id\":\"")
		    : PUT(p, "{\"type\":\"event\",\"id\":\"");
	p = put_id(p, f, h);
	p = put_time(PUT(p, "\",\"time\":\""), h->now);
	p = put_slice(PUT(p, "\",\"source\":{"), f->source);
	if (f->positioned) {
		/* What is told late has a place that later ones have passed;
		 * as "offset" it would be taken for seen. */
		p = h->rises ? PUT(p, ",\"offset\":") : PUT(p, ",\"at\":");
		p = put_number(p, f->offset);
		p = put_number(PUT(p, ",\"line\":"), f->line);
	}
	*p++ = '}';
	if (h->time != WHEN_NONE) {
		p = put_time(PUT(p, ",\"event_time\":\""), h->time);
		*p++ = '"';
	}
	return p;
}

static struct slice first_line(const struct facts *f)
{
	struct slice text = f->message;
	const char *end;

	if (text.len > DETECTOR_TITLE)
		text.len = utf8_cut(text.ptr, text.len, DETECTOR_TITLE);
	if (f->one_line || !text.len)
		return text;
	end = memchr(text.ptr, '\n', text.len);
	if (end)
		text.len = (size_t)(end - text.ptr);
	return text;
}

/* What the rule says, or the first line, or at least the rule's name. */
static struct slice title_of(const struct facts *f, struct buf *scratch)
{
	struct slice title;

	buf_reset(scratch);
	if (f->rule->title)
		template_fill(f->rule->title, scratch, facts_lookup,
			      (void *)(uintptr_t)f);
	title = scratch->len ? facts_cut(buf_slice(scratch), DETECTOR_TITLE_MAX)
			     : first_line(f);
	return title.len ? title : f->rule->id;
}

static char *put_fields(char *p, const struct facts *f)
{
	bool pid = f->pid.len > 0;

	if (!f->capture_count && !pid)
		return p;
	p = PUT(p, ",\"fields\":{");
	for (size_t i = 0; i < f->capture_count; i++) {
		struct slice name = f->captures[i].name;

		*p++ = '"';
		p = put_slice(p, name);
		p = put_text(PUT(p, "\":\""), facts_cut(f->captures[i].value,
							DETECTOR_CAPTURE_MAX));
		p = PUT(p, "\",");
		pid = pid && !slice_is(name, "pid");
	}
	if (pid)
		p = PUT(put_text(PUT(p, "\"pid\":\""), f->pid), "\",");
	p[-1] = '}';
	return p;
}

static char *put_severity(char *p, const struct facts *f)
{
	struct slice raw =
		facts_cut(facts_severity_raw(f), DETECTOR_CAPTURE_MAX);
	struct slice name = f->rule->severity;

	if (f->rule->pack->severity_from)
		name = slice_of(severity_name(facts_severity(f)));
	p = put_slice(PUT(p, "\",\"severity\":\""), name);
	*p++ = '"';
	return PUT_MEMBER(p, "severity_raw", raw);
}

/* What stands in the record as it does in the message is good UTF-8. */
static char *put_marks(char *p, const struct facts *f, bool escaped)
{
	if (f->lossy ||
	    (escaped && !utf8_valid(f->message.ptr, f->message.len)))
		p = PUT(p, ",\"lossy\":true");
	if (f->truncated)
		p = PUT(p, ",\"truncated\":true");
	if (!f->zone_assumed)
		return p;
	p = PUT(p, ",\"zone_assumed\":");
	if (f->zone_minutes < 0)
		*p++ = '-';
	return put_number(p, (uint64_t)abs(f->zone_minutes));
}

static char *put_body(char *p, const struct facts *f, const struct head *h,
		      struct slice title)
{
	char *copy = NULL;
	bool escaped = false;

	if (f->rule) {
		copy = put_slice(PUT(p, ","), buf_slice(&f->rule->opening));
		p = put_telling(copy, title, &escaped);
		/* The beginning of the message is copied from a title that
		 * it was made from and that needed no escapes. */
		if (title.ptr != f->message.ptr || escaped)
			title.len = 0;
		escaped = false;
		p = put_severity(p, f);
	} else {
		p = PUT_MEMBER(p, "level", f->level);
	}
	p = PUT_MEMBER(p, "service", facts_service(f));
	p = PUT_MEMBER(p, "host", f->host);
	p = PUT(p, ",\"message\":\"");
	if (title.len)
		p = put(p, copy, title.len);
	p = put_telling(p,
			(struct slice){f->message.ptr + title.len,
				       f->message.len - title.len},
			&escaped);
	p = put_marks(PUT(p, "\""), f, escaped);
	p = put_fields(p, f);
	if (f->rule) {
		p = put(PUT(p, ",\"fingerprint\":\""), h->fingerprint,
			DETECTION_FINGERPRINT - 1);
		*p++ = '"';
	}
	return p;
}

static size_t room_for(const struct facts *f, const struct head *h,
		       struct slice title)
{
	size_t texts = f->stream.len + f->id.len + title.len + f->message.len +
		       f->service.len + f->host.len + f->level.len + f->pid.len;
	size_t plain = FIXED + f->source.len + h->suffix.len;

	/* One of the captures may be the word for the severity, too. */
	texts += DETECTOR_CAPTURE_MAX;

	for (size_t i = 0; i < f->capture_count; i++) {
		texts += facts_cut(f->captures[i].value, DETECTOR_CAPTURE_MAX)
				 .len;
		plain += f->captures[i].name.len + 8;
	}
	if (f->rule) {
		texts += facts_service(f).len;
		plain += f->rule->opening.len + f->rule->id.len;
	}
	return plain + FACTS_ESCAPED * texts;
}

static void make_room(struct buf *out, size_t n)
{
	if (out->cap - out->len <= n && !buf_reserve(out, n))
		mem_die(); /* out has no ceiling */
}

void render_record(const struct facts *f, const struct head *h,
		   struct buf *scratch, struct buf *out)
{
	struct slice title = {NULL, 0};
	char *start, *p;

	if (f->rule)
		title = title_of(f, scratch);
	make_room(out, room_for(f, h, title));
	start = p = out->data + out->len;
	p = put_body(put_head(p, f, h), f, h, title);
	out->len += (size_t)(p - start);
	out->data[out->len] = '\0';
}

void render_end(const struct head *h, bool detection, struct buf *out)
{
	char *start, *first, *p;

	make_room(out, FIXED);
	start = p = out->data + out->len;
	if (detection)
		p = put_number(PUT(p, ",\"count\":"), (uint64_t)h->count);
	if (detection && h->first != WHEN_NONE) {
		first = PUT(p, ",\"first\":\"");
		p = PUT(put_time(first, h->first), "\",\"last\":\"");
		p = h->last == h->first ? put(p, first, WHEN_TEXT - 1)
					: put_time(p, h->last);
		*p++ = '"';
	}
	p = PUT(p, "}\n");
	out->len += (size_t)(p - start);
	out->data[out->len] = '\0';
}
