/* probe-internal.h - what the parts of probe.h share. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include <oncall/pattern.h>
#include <oncall/probe.h>

enum probe_kind { PROBE_HTTP, PROBE_TCP, PROBE_TLS, PROBE_COMMAND };

struct probe {
	char *name;
	enum probe_kind kind;
	const char *target; /* URL or HOST:PORT; the configuration owns it */
	char **argv;	    /* of a command, ended by NULL */
	const char *service, *host, *ca_file, *body;
	struct pattern_set *body_set; /* what body is compiled to, or NULL */
	bool wanted;	    /* of the others only the results are kept */
	int64_t status;	    /* that is expected; 0: 200 to 399 */
	int64_t latency_ms; /* slower is a failure; 0: no limit */
	int64_t timeout_ms, every_ms;
	int64_t failures, of;
	enum severity severity;

	/* How it went, the last time. */
	bool ok;
	int64_t took_ms;
	int64_t expires;     /* of a certificate, or WHEN_NONE */
	enum severity found; /* how bad it is now */
	struct buf why;	     /* what is wrong, or what was seen */
	int64_t ran_at,
		due_at;	  /* by clock_now(); by clock_mono(), 0: at once */
	uint64_t history; /* of the last times; bit 0 the newest, 1 failed */
};

/* Looks once: sets ok, took_ms, expires, found and why. */
void probe_look(struct probe *p, int64_t now);

#endif
