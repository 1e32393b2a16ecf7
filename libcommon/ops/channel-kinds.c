/* channel-kinds.c - the services that there are. */
#include "channel-kinds.h"

#include "channel-internal.h"

const struct channel_kind *const channel_kinds[] = {
	&channel_webhook,   &channel_file,
	&channel_stdout,    &channel_smtp,
	&channel_matrix,    &channel_slack,
	&channel_teams,	    &channel_discord,
	&channel_pagerduty, &channel_ntfy,
	&channel_sms,	    &channel_jira,
	&channel_github,    NULL};
