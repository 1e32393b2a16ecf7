/* config-schema.c - every key that exists. */
#include "config-internal.h"

/*
 * Keys of one group stand together, a map before the keys of its members. Each
 * .def file holds the rows of one subject.
 */
const struct config_key config_schema[] = {
	{
		.path = "store",
		.type = CONFIG_STRING,
		.example = "/var/lib/oncall/oncall.db",
		.help = "database file or postgresql://... address; without "
			"it, a file in the user's state directory",
	},
	{
		.path = "environment",
		.type = CONFIG_STRING,
		.fallback = "production",
		.help = "what this installation watches over",
	},
	{
		.path = "timezone",
		.type = CONFIG_STRING,
		.fallback = "UTC",
		.example = "Europe/Berlin",
		.help = "zone of windows of time that name none",
	},
#include "config-watch.def"

#include "config-act.def"
	{
		.path = "learning.auto",
		.type = CONFIG_BOOL,
		.fallback = "false",
		.help = "what was learned is used without a person's accept",
	},
	{
		.path = "learning.half_life",
		.type = CONFIG_DURATION,
		.fallback = "30d",
		.help = "after that time an outcome counts half",
	},
	{
		.path = "learning.prior_strength",
		.type = CONFIG_INT,
		.fallback = "4",
		.min = 1,
		.max = 1000,
		.help = "how many outcomes the stated confidence of a solution "
			"weighs",
	},
	{
		.path = "learning.margin",
		.type = CONFIG_INT,
		.fallback = "10",
		.max = 100,
		.help = "hundredths that the best entry's score must be above "
			"the next one for automation",
	},
	{
		.path = "learning.track_record",
		.type = CONFIG_INT,
		.fallback = "50",
		.max = 100,
		.help = "hundredths that the lower bound of a solution's "
			"confidence must reach for automation",
	},
	{
		.path = "learning.max_new_patterns_per_day",
		.type = CONFIG_INT,
		.fallback = "5",
		.max = 1000000,
		.help = "entries that are proposed in a day at most",
	},
#include "config-mute.def"

#include "config-pager.def"

#include "config-escalation.def"

#include "config-targets.def"

#include "config-send.def"
	{
		.path = "postmortem.template",
		.type = CONFIG_STRING,
		.example = "/etc/oncall/postmortem.md",
		.help = "what 'oncall-incident postmortem' writes, and in "
			"which order; without it, what is built in",
	},
	{
		.path = "relays",
		.type = CONFIG_LIST,
		.example = "[oncall-bot]",
		.help = "users who may act for somebody else with --as",
	},
	{
		.path = "retention.incidents",
		.type = CONFIG_DURATION,
		.fallback = "forever",
		.min = -1,
		.max = INT64_MAX,
		.help = "age at which 'oncall-incident purge' removes "
			"incidents "
			"that are over",
	},
	{.path = NULL},
};
