/* policy-internal.h - a policy as policy-load.c reads it. */
#ifndef ONCALL_POLICY_INTERNAL_H
#define ONCALL_POLICY_INTERNAL_H

#include <oncall/map.h>
#include <oncall/policy.h>
#include <oncall/selector.h>
#include <oncall/window.h>

#define POLICY_VERSION_DIGITS 16

struct policy_windows {
	struct window **items;
	size_t count;
};

struct policy_rule {
	char *name;
	struct selector *match;
	struct policy_windows during;
	int autonomy;			  /* -1: it says nothing of it */
	double auto_from, escalate_below; /* NAN, too */
	char *approvers;		  /* NULL */
	int64_t quorum, expires;	  /* 0 */
	int self;			  /* -1 */
	bool in_freeze, on_criticality, on_risk;
};

struct policy {
	struct policy_rule *rules; /* in the order of their names */
	size_t rule_count;
	struct policy_rule general; /* says something of everything */
	struct policy_windows freeze;
	struct policy_limits limits;
	struct map services;	 /* to what criticality they have */
	const char *criticality; /* of the others */
	char *environment;
	char version[POLICY_VERSION_DIGITS + 1];
};

#endif
