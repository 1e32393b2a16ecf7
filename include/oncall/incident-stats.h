/*
 * incident-stats.h - figures of the incidents that were opened within a time.
 *
 * Counted is every incident but those that were merged into another (that one
 * stands for them) and the simulated ones, unless these are asked for. Times
 * and rates leave false positives out as well: nothing was wrong there.
 *
 *   detect       first sign to opened, of all
 *   acknowledge  opened to acknowledged, of those that somebody acknowledged
 *   resolve      opened to resolved, of those that are over
 *
 * What was reopened has its latest times. A time that would be below zero, as
 * other tools' clocks may give it, is zero. A percentile is the nearest rank:
 * of n values in rising order the one at place ceil(p / 100 * n).
 */
#ifndef ONCALL_INCIDENT_STATS_H
#define ONCALL_INCIDENT_STATS_H

#include <oncall/incident.h>

/* A percentile needs all values: 48 bytes an incident. */
#define INCIDENT_STATS_MOST 2000000

extern const char *const incident_stats_keys[]; /* "day" ..., NULL */

struct incident_stats_query {
	int64_t from, to; /* opened at from or later, and before to */
	const char *by;	  /* one of incident_stats_keys, or NULL; days are
			   * those of the zone that when_set_zone() set */
	bool simulated;	  /* count simulated ones, too */
};

/* Milliseconds. With a count of 0 there is nothing else. */
struct incident_stats_time {
	int64_t count;
	double mean;
	int64_t p50, p90, p95, max;
};

enum incident_stats_what { STATS_DETECT, STATS_ACKNOWLEDGE, STATS_RESOLVE };
#define INCIDENT_STATS_TIMES 3
extern const char *const incident_stats_names[]; /* "time_to_detect" ... */

struct incident_stats_group {
	char *name; /* value of the key, "" for none; of the whole: NULL */
	int64_t incidents;
	int64_t status[INCIDENT_CLOSED + 1];
	int64_t severity[SEVERITY_CRITICAL + 1];
	int64_t false_positives;
	int64_t resolved; /* over, and no false positives */
	int64_t ended;	  /* over now, or before they were reopened */
	int64_t reopened; /* of these, at least once */
	/* Of those resolved: what an action that needed no approval verified as
	 * fixed, that nobody acknowledged, and that ended by itself. */
	int64_t automated;
	struct incident_stats_time times[INCIDENT_STATS_TIMES];
};

struct incident_stats {
	struct incident_stats_group all;
	struct incident_stats_group *groups; /* by name; worst severity first */
	size_t count;
};

/* ERR_USAGE: there are more than INCIDENT_STATS_MOST. */
int incident_stats(struct store *s, const struct incident_stats_query *q,
		   struct incident_stats *ret, struct err *err) MUST_CHECK;
void incident_stats_done(struct incident_stats *st);
#define AUTO_STATS CLEANUP(incident_stats_done)

/* Shares, from 0 to 1; below 0 where there is nothing to share. */
double incident_stats_reopen_rate(const struct incident_stats_group *g);
double incident_stats_automation_rate(const struct incident_stats_group *g);

#endif
