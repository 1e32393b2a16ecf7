/* channel-kinds.h - one row a kind; each in the file of its name. */
#ifndef ONCALL_CHANNEL_KINDS_H
#define ONCALL_CHANNEL_KINDS_H

struct channel_kind;

extern const struct channel_kind channel_webhook, channel_file, channel_stdout,
	channel_smtp, channel_matrix, channel_slack, channel_teams,
	channel_discord, channel_pagerduty, channel_ntfy, channel_sms,
	channel_jira, channel_github;

#endif
