/*
 * probe.h - looks whether something works, from outside: a web address, a
 * port, a certificate, a command. What fails often enough of the last times
 * becomes a detection.
 */
#ifndef ONCALL_PROBE_H
#define ONCALL_PROBE_H

#include <oncall/config.h>
#include <oncall/record.h>
#include <oncall/severity.h>

#define PROBE_TIMEOUT_MS 10000
#define PROBE_OF_MAX	 64 /* of failures "N of M" */
#define PROBE_THREADS	 8  /* looked at side by side */
#define PROBE_WARN_DAYS	 30 /* before a certificate ends: medium, ... */
#define PROBE_ALARM_DAYS 7  /* ... high */

struct probe_set;

/* The probes of the configuration: those named, or all. ERR_USAGE for one
 * that is not there, has not exactly one of url, tcp, tls and command, an
 * address that is none, or an expression that does not compile. */
int probe_set_new(struct probe_set **ret, const struct config *c,
		  const char *const *names, size_t count, struct err *err)
	MUST_CHECK;
void probe_set_free(struct probe_set *s);

/* Runs those that are due, and writes a detection, of the time now, for each
 * that fails (out NULL: for none); the number that failed, or -1. What a stop
 * cuts short does not count. */
int probe_set_run(struct probe_set *s, int64_t now, struct record_writer *out,
		  struct err *err) MUST_CHECK;
/* When the next one is due, by clock_mono(). */
int64_t probe_set_next(const struct probe_set *s);
/* Appends a line for each that the last run looked at: how it went. */
void probe_set_print(const struct probe_set *s, struct buf *out);

/* The results of the last times, of all that the configuration has, one JSON
 * object. Loading leaves alone what has been looked at since. */
void probe_set_save(const struct probe_set *s, struct buf *out);
int probe_set_load(struct probe_set *s, struct slice json, struct err *err)
	MUST_CHECK;

DEFINE_AUTO(struct probe_set *, probe_set_free, auto_probe_set_)
#define AUTO_PROBE_SET CLEANUP(auto_probe_set_)

#endif
