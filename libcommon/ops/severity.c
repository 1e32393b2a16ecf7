/* severity.c - the names of the severities. */
#include <oncall/severity.h>

const char *const severity_names[] = {
	[SEVERITY_INFO] = "info",	  [SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",	  [SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical", NULL,
};

const char *severity_name(enum severity s)
{
	return severity_names[s];
}

bool severity_parse(struct slice text, enum severity *ret)
{
	for (unsigned i = 0; severity_names[i]; i++) {
		if (slice_is(text, severity_names[i])) {
			*ret = (enum severity)i;
			return true;
		}
	}
	return false;
}
