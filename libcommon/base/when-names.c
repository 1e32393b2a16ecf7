/* when-names.c - months and days of the week, by their first three letters. */
#include <oncall/when.h>

#include "when-internal.h"

/* Three small letters as a number. */
#define NAME(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))
#define NAME_FOLD     UINT32_C(0x202020)
/* The sum of the letters behind the first tells the months apart. */
#define SLOT(b, c) (((b) + (c)) % 32)

static uint32_t name_at(const char *p)
{
	return NAME((uint8_t)p[0], (uint8_t)p[1], (uint8_t)p[2]) | NAME_FOLD;
}

unsigned when_month(const char *p)
{
	static const struct {
		uint32_t name;
		unsigned month;
	} months[32] = {
		[SLOT('a', 'n')] = {NAME('j', 'a', 'n'), 1},
		[SLOT('e', 'b')] = {NAME('f', 'e', 'b'), 2},
		[SLOT('a', 'r')] = {NAME('m', 'a', 'r'), 3},
		[SLOT('p', 'r')] = {NAME('a', 'p', 'r'), 4},
		[SLOT('a', 'y')] = {NAME('m', 'a', 'y'), 5},
		[SLOT('u', 'n')] = {NAME('j', 'u', 'n'), 6},
		[SLOT('u', 'l')] = {NAME('j', 'u', 'l'), 7},
		[SLOT('u', 'g')] = {NAME('a', 'u', 'g'), 8},
		[SLOT('e', 'p')] = {NAME('s', 'e', 'p'), 9},
		[SLOT('c', 't')] = {NAME('o', 'c', 't'), 10},
		[SLOT('o', 'v')] = {NAME('n', 'o', 'v'), 11},
		[SLOT('e', 'c')] = {NAME('d', 'e', 'c'), 12},
	};
	uint32_t name = name_at(p);
	size_t slot = SLOT(name >> 8 & 0xff, name & 0xff);

	return months[slot].name == name ? months[slot].month : 0;
}

bool when_is_weekday(const char *p)
{
	static const uint32_t names[] = {
		NAME('m', 'o', 'n'), NAME('t', 'u', 'e'), NAME('w', 'e', 'd'),
		NAME('t', 'h', 'u'), NAME('f', 'r', 'i'), NAME('s', 'a', 't'),
		NAME('s', 'u', 'n')};
	uint32_t name = name_at(p);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i] == name)
			return true;
	return false;
}
