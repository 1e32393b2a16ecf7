/*
 * when-zone.c - the zone of times that name none. The only place that sets TZ
 * and asks the C library about zones.
 */
#include <oncall/when.h>

#include <stdio.h>
#include <time.h>

#include <oncall/mem.h>

#include "when-internal.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_MAGIC  "TZif" /* the first bytes of a compiled zone */

/* Zones change their offset at full quarters of an hour, so that one look-up
 * serves all times of the same quarter. */
#define OFFSET_STEP (15 * WHEN_MINUTE)

static struct {
	bool fixed_utc;
	bool tz_saved;
	char *tz; /* what TZ was when the process began; NULL when unset */
} zone = {.fixed_utc = true};

/* The last quarter that was asked for. */
static _Thread_local struct {
	int64_t step;
	int offset;
} cached = {.step = INT64_MIN};

static bool is_zone_file(const char *name)
{
	const char *folder = getenv("TZDIR");
	char magic[sizeof(ZONE_MAGIC) - 1] = "";
	AUTO_FREE char *path = NULL;
	FILE *file;
	bool found;

	if (name[0] == '/' || name[0] == '.' || strstr(name, ".."))
		return false;
	path = mem_printf("%s/%s", folder ? folder : ZONE_FOLDER, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	found = fread(magic, sizeof(magic), 1, file) == 1 &&
		memcmp(magic, ZONE_MAGIC, sizeof(magic)) == 0;
	(void)fclose(file);
	return found;
}

/* The functions below move *p over one part of a POSIX TZ text. */

static bool posix_number(const char **p, unsigned most)
{
	unsigned value = 0;

	if (!when_digit(**p))
		return false;
	for (; when_digit(**p); (*p)++)
		if (value <= most)
			value = value * 10 + (unsigned)(**p - '0');
	return value <= most;
}

/* "[+-]hours[:minutes[:seconds]]" */
static bool posix_time(const char **p, unsigned most_hours)
{
	if (**p == '+' || **p == '-')
		(*p)++;
	if (!posix_number(p, most_hours))
		return false;
	for (int i = 0; i < 2 && **p == ':'; i++) {
		(*p)++;
		if (!posix_number(p, 59))
			return false;
	}
	return true;
}

/* "CET" or "<+03>" */
static bool posix_name(const char **p)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";
	bool quoted = **p == '<';
	const char *start = *p + quoted;

	*p = start + strspn(start, letters);
	while (quoted && (when_digit(**p) || **p == '+' || **p == '-' ||
			  strspn(*p, letters)))
		(*p)++;
	if (*p - start < 3 || (quoted && **p != '>'))
		return false;
	*p += quoted;
	return true;
}

/* ",M3.5.0[/time]", ",J60[/time]" or ",59[/time]" */
static bool posix_rule(const char **p)
{
	bool good;

	if (*(*p)++ != ',')
		return false;
	if (**p == 'M') {
		(*p)++;
		good = posix_number(p, 12) && *(*p)++ == '.' &&
		       posix_number(p, 5) && *(*p)++ == '.' &&
		       posix_number(p, 6);
	} else {
		*p += **p == 'J';
		good = posix_number(p, 365);
	}
	if (!good || **p != '/')
		return good;
	(*p)++;
	return posix_time(p, 167);
}

static bool is_posix_zone(const char *p)
{
	if (!posix_name(&p) || !posix_time(&p, 24))
		return false;
	if (!*p)
		return true;
	if (!posix_name(&p))
		return false;
	if (*p && *p != ',' && !posix_time(&p, 24))
		return false;
	for (int i = 0; i < 2 && (*p || i == 1); i++) /* start and end */
		if (!posix_rule(&p))
			return false;
	return !*p;
}

static void put_tz(const char *value)
{
	if (value ? setenv("TZ", value, 1) : unsetenv("TZ"))
		mem_die(); /* the only reason left for a good name */
	tzset();
}

static void set_tz(const char *value)
{
	put_tz(value);
	zone.fixed_utc = false;
	cached.step = INT64_MIN;
}

static void save_tz(void)
{
	if (zone.tz_saved)
		return;
	zone.tz = mem_dup(getenv("TZ"));
	zone.tz_saved = true;
}

int when_check_zone(const char *name, struct err *err)
{
	if (!strcmp(name, "local") || !strcmp(name, "UTC") ||
	    is_zone_file(name) || is_posix_zone(name))
		return 0;
	return err_set(err, ERR_USAGE,
		       "unknown time zone '%.80s': write UTC, local or a name "
		       "such as Europe/Berlin",
		       name);
}

int when_set_zone(const char *name, struct err *err)
{
	save_tz();
	if (when_check_zone(name, err) < 0)
		return -1;
	if (strcmp(name, "local") == 0) {
		set_tz(zone.tz);
		return 0;
	}
	if (strcmp(name, "UTC") == 0) {
		set_tz("UTC0");
		zone.fixed_utc = true;
		return 0;
	}
	set_tz(name);
	return 0;
}

void when_in_zone(const char *name, void (*work)(void *arg), void *arg)
{
	AUTO_FREE char *before = mem_dup(getenv("TZ"));

	save_tz();
	put_tz(strcmp(name, "local") ? name : zone.tz);
	work(arg);
	put_tz(before);
}

static int offset_at(int64_t ms)
{
	int64_t step = ms / OFFSET_STEP - (ms % OFFSET_STEP < 0);
	time_t seconds = (time_t)(step * (OFFSET_STEP / WHEN_SECOND));
	struct tm tm;

	if (step == cached.step)
		return cached.offset;
	cached.step = step;
	cached.offset =
		localtime_r(&seconds, &tm) ? (int)(tm.tm_gmtoff / 60) : 0;
	return cached.offset;
}

int when_zone_offset(int64_t ms)
{
	return zone.fixed_utc ? 0 : offset_at(ms);
}

/*
 * The second look-up settles on which side of a change of the clocks the time
 * lies. A time that exists twice is taken as the later one, a time that was
 * skipped is moved by the length of the change.
 */
int64_t when_local_ms(int64_t local_ms, int *ret_offset_minutes)
{
	int offset = when_zone_offset(local_ms);

	offset = when_zone_offset(local_ms - offset * WHEN_MINUTE);
	*ret_offset_minutes = offset;
	return local_ms - offset * WHEN_MINUTE;
}
