/* heartbeat-load.c - heartbeats of the configuration. */
#include <oncall/mem.h>
#include <oncall/when.h>

#include "heartbeat-internal.h"

const char *const heartbeat_kind_names[] = {"file", "command", "tick", "beat"};

void heartbeat_set_done(struct heartbeat_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->items[i].argv);
		buf_done(&set->items[i].why);
	}
	free(set->items);
	*set = (struct heartbeat_set){.count = 0};
}

struct heartbeat *heartbeat_find(const struct heartbeat_set *set,
				 struct slice name)
{
	for (size_t i = 0; i < set->count; i++)
		if (slice_is(name, set->items[i].name))
			return &set->items[i];
	return NULL;
}

static char *key(const struct heartbeat *h, const char *member)
{
	return mem_printf("heartbeats.%s.%s", h->name, member);
}

static const char *text_of(const struct config *c, const struct heartbeat *h,
			   const char *member)
{
	AUTO_FREE char *path = key(h, member);

	return config_str(c, path);
}

static int64_t duration_of(const struct config *c, const struct heartbeat *h,
			   const char *member)
{
	AUTO_FREE char *path = key(h, member);

	return config_duration(c, path);
}

static void read_command(struct heartbeat *h, const struct config *c)
{
	AUTO_FREE char *path = key(h, "command");
	size_t n = 0;

	while (config_item(c, path, n))
		n++;
	h->argv = mem_zero(n + 1, sizeof(*h->argv));
	for (size_t i = 0; i < n; i++)
		h->argv[i] = config_item(c, path, i);
}

static int read_kind(struct heartbeat *h, const struct config *c,
		     struct err *err)
{
	AUTO_FREE char *tick = key(h, "tick");
	size_t ways = 0;

	h->kind = HEARTBEAT_BEAT;
	h->file = text_of(c, h, "file");
	read_command(h, c);
	if (h->file) {
		h->kind = HEARTBEAT_FILE;
		ways++;
	}
	if (h->argv[0]) {
		h->kind = HEARTBEAT_COMMAND;
		ways++;
	}
	if (config_bool(c, tick)) {
		h->kind = HEARTBEAT_TICK;
		ways++;
	}
	if (ways > 1)
		return err_set(err, ERR_USAGE,
			       "only one of file, command and tick says that "
			       "it lives");
	if (h->file && *h->file != '/')
		return err_set(err, ERR_USAGE,
			       "'%s' is no absolute path: write it from '/' on",
			       h->file);
	return 0;
}

static int read_one(struct heartbeat *h, const struct config *c,
		    struct err *err)
{
	if (strlen(h->name) > HEARTBEAT_NAME_MAX)
		return err_set(err, ERR_USAGE,
			       "the name is longer than %d bytes",
			       HEARTBEAT_NAME_MAX);
	if (read_kind(h, c, err) < 0)
		return -1;
	h->every = duration_of(c, h, "every");
	h->grace = duration_of(c, h, "grace");
	h->timeout = duration_of(c, h, "timeout");
	if (h->every < WHEN_SECOND)
		return err_set(err, ERR_USAGE,
			       "how often is there to be a sign of life? Write "
			       "such as 'every: 5m'");
	if (h->timeout < 1)
		return err_set(err, ERR_USAGE,
			       "its command has no time to run: write such as "
			       "'timeout: 10s'");
	h->severity = text_of(c, h, "severity");
	h->service = text_of(c, h, "service");
	h->host = text_of(c, h, "host");
	return 0;
}

int heartbeat_count(const struct config *c, struct err *err)
{
	AUTO_HEARTBEAT_SET struct heartbeat_set set = {.count = 0};

	return heartbeat_load(&set, c, err) < 0 ? -1 : (int)set.count;
}

int heartbeat_load(struct heartbeat_set *set, const struct config *c,
		   struct err *err)
{
	const char *name;

	while ((name = config_item(c, "heartbeats", set->count))) {
		struct heartbeat *h;

		set->items = mem_resize(set->items, set->count + 1,
					sizeof(*set->items));
		h = &set->items[set->count++];
		*h = (struct heartbeat){.name = name,
					.seen = WHEN_NONE,
					.since = WHEN_NONE,
					.looked = WHEN_NONE,
					.failed = WHEN_NONE,
					.missed = WHEN_NONE,
					.sign = WHEN_NONE};
		if (read_one(h, c, err) < 0)
			return err_prefix(err, "%s: heartbeats.%s",
					  config_origin(c, "heartbeats"), name);
	}
	return 0;
}
