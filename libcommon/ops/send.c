/* send.c - sends what is in the outbox: a round, and what it needs. */
#include "send-internal.h"

#include <stdio.h>

#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/ulid.h>

#define ID_HEX 32

static const struct send_channels real = {
	.open = channel_open,
	.free = channel_free,
	.type = channel_type,
	.traits = channel_traits,
	.send = channel_send,
	.look = channel_look,
};

/* Types whose readers are programs, or that are kept as they are. */
static const char *const whole_types[] = {"webhook",   "file", "stdout",
					  "pagerduty", "jira", "github"};

void send_id(const char *key, char out[SEND_ID])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-.";
	size_t len = strlen(key);

	if (len && len < SEND_ID && strspn(key, plain) == len)
		memcpy(out, key, len + 1);
	else
		hash_sha256_hex(key, len, out, ID_HEX);
}

/* ---- opening ---- */

static void name_runner(struct send *s)
{
	char ulid[ULID_TEXT];

	ulid_make(ulid);
	(void)snprintf(s->runner, sizeof(s->runner), "send:%s", ulid);
}

int send_open(struct send **ret, const struct send_options *o, struct err *err)
{
	struct send *s = mem_zero(1, sizeof(*s));
	const struct config *c = o->config;

	s->store = o->store;
	s->config = c;
	s->via = o->channels ? o->channels : &real;
	s->told = o->told;
	s->arg = o->arg;
	s->quota = SEND_CLAIM_MAX;
	s->limit.attempts = config_int(c, "send.attempts");
	s->limit.retry_min = config_duration(c, "send.retry_min");
	s->limit.retry_max = config_duration(c, "send.retry_max");
	s->limit.give_up = config_duration(c, "send.give_up");
	s->limit.expire = config_duration(c, "send.expire");
	s->limit.collapse = config_duration(c, "send.collapse");
	s->limit.burst = config_int(c, "send.burst");
	s->limit.burst_window = config_duration(c, "send.burst_window");
	name_runner(s);
	if (send_routes_load(&s->routes, c, err) < 0) {
		send_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void send_job_done(struct send_job *j)
{
	free(j->key);
	free(j->target);
	free(j->room);
	free(j->thread);
	free(j->under);
	free(j->record);
	free(j->result.remote_id);
	free(j->result.reason);
	*j = (struct send_job){.message = 0};
}

static void in_free(struct send_in *in)
{
	for (size_t i = 0; in->to && in->to[i]; i++)
		free(in->to[i]);
	free(in->to);
	free(in->key);
	free(in->thread);
	buf_done(&in->record);
	free(in);
}

static void drop_jobs(struct send_jobs *jobs)
{
	for (size_t i = 0; i < jobs->count; i++)
		send_job_done(&jobs->items[i]);
	free(jobs->items);
	*jobs = (struct send_jobs){NULL, 0};
}

static void drop_in(struct send *s)
{
	for (size_t i = 0; i < s->in_count; i++)
		in_free(s->in[i]);
	free(s->in);
	s->in = NULL;
	s->in_count = 0;
}

static void drop_tellings(struct send *s)
{
	for (size_t i = 0; i < s->telling_count; i++) {
		union {
			const char *in;
			char *out;
		} texts[] = {{s->tellings[i].d.key},
			     {s->tellings[i].d.target},
			     {s->tellings[i].d.room},
			     {s->tellings[i].d.remote_id},
			     {s->tellings[i].d.reason}};

		for (size_t j = 0; j < ARRAY_LEN(texts); j++)
			free(texts[j].out);
	}
	free(s->tellings);
	s->tellings = NULL;
	s->telling_count = 0;
}

void send_free(struct send *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->targets.count; i++) {
		struct send_target *t = s->targets.entries[i].value;

		if (t->channel)
			s->via->free(t->channel);
		free(t->name);
		free(t);
	}
	map_done(&s->targets, NULL);
	map_done(&s->lines, NULL);
	drop_jobs(&s->jobs);
	drop_in(s);
	drop_tellings(s);
	send_routes_free(s->routes);
	free(s);
}

/* ---- targets ---- */

static bool is_whole(const struct send *s, const char *name, const char *type)
{
	const char *item;

	if (!strcmp(config_origin(s->config, "send.whole"), "built-in")) {
		for (size_t i = 0; i < ARRAY_LEN(whole_types); i++)
			if (!strcmp(type, whole_types[i]))
				return true;
		return false;
	}
	for (size_t i = 0; (item = config_item(s->config, "send.whole", i));
	     i++)
		if (!strcmp(item, name) || !strcmp(item, type))
			return true;
	return false;
}

struct send_target *send_target_get(struct send *s, const char *name)
{
	void **place = map_put(&s->targets, slice_of(name));
	struct send_target *t = *place;
	AUTO_FREE char *path = mem_printf("targets.%s.type", name);
	const char *type = config_str(s->config, path);

	if (t)
		return t;
	t = mem_zero(1, sizeof(*t));
	t->name = mem_dup(name);
	t->whole = is_whole(s, name, type ? type : "");
	*place = t;
	return t;
}

struct channel *send_target_channel(struct send *s, struct send_target *t,
				    struct err *err)
{
	if (!t->channel &&
	    s->via->open(&t->channel, s->config, t->name, err) < 0)
		t->channel = NULL;
	return t->channel;
}

struct channel_traits send_traits(struct send *s, const char *target)
{
	struct err ignored = ERR_INIT;
	struct channel *ch =
		send_target_channel(s, send_target_get(s, target), &ignored);

	return ch ? *s->via->traits(ch)
		  : (struct channel_traits){.safe_again = false};
}

/* ---- telling ---- */

void send_tell(struct send *s, const struct send_delivery *d)
{
	struct send_delivery copy = *d;

	if (!s->told)
		return;
	copy.key = mem_dup(d->key);
	copy.target = mem_dup(d->target);
	copy.room = mem_dup(d->room);
	copy.remote_id = d->remote_id ? mem_dup(d->remote_id) : NULL;
	copy.reason = d->reason ? mem_dup(d->reason) : NULL;
	s->tellings = mem_resize(s->tellings, s->telling_count + 1,
				 sizeof(*s->tellings));
	s->tellings[s->telling_count++].d = copy;
}

void send_due(struct send *s, int64_t when)
{
	if (when != WHEN_NONE && (s->next == WHEN_NONE || when < s->next))
		s->next = when;
}

void send_delivery_record(const struct send_delivery *d, struct buf *out)
{
	bool open = !strcmp(d->status, "queued") ||
		    !strcmp(d->status, "sending") ||
		    !strcmp(d->status, "held") || !strcmp(d->status, "joined");
	AUTO_BUF struct buf id = BUF_INIT;

	buf_addf(&id, "%s/%s", d->key, d->target);
	jwrite_record(out, "delivery", buf_slice(&id), d->due);
	jwrite_str(out, "key", d->key);
	jwrite_str(out, "target", d->target);
	if (*d->room)
		jwrite_str(out, "room", d->room);
	jwrite_str(out, "status", open ? "queued" : d->status);
	jwrite_int(out, "attempts", d->attempts);
	jwrite_str_opt(out, "remote_id", d->remote_id);
	jwrite_str_opt(out, "reason", d->reason);
	jwrite_close(out, '}');
}

/* ---- messages in ---- */

void send_add(struct send *s, const struct send_message *m)
{
	struct send_in *in = mem_zero(1, sizeof(*in));
	size_t n = 0;

	in->key = mem_dup(m->key);
	in->thread = m->thread ? mem_dup(m->thread) : NULL;
	in->call = m->call;
	in->record.max = SIZE_MAX / 2;
	buf_add_slice(&in->record, m->record);
	in->ret_num = m->ret_num;
	in->ret_open = m->ret_open;
	while (m->to && m->to[n])
		n++;
	if (n)
		in->to = mem_zero(n + 1, sizeof(*in->to));
	for (size_t i = 0; i < n; i++)
		in->to[i] = mem_dup(m->to[i]);
	s->in = mem_resize(s->in, s->in_count + 1, sizeof(struct send_in *));
	s->in[s->in_count++] = in;
}

size_t send_added(const struct send *s)
{
	return s->in_count;
}

/* ---- a round ---- */

struct work {
	struct send *s;
	struct send_jobs tried; /* in the round before */
};

/* As it was before a transaction that was taken back. */
static void begin_again(struct work *w)
{
	drop_tellings(w->s);
	map_clear(&w->s->lines, NULL);
	drop_jobs(&w->s->jobs);
}

static int round_work(void *arg, struct err *err)
{
	struct work *w = arg;
	struct send *s = w->s;

	begin_again(w);
	s->next = WHEN_NONE;
	if (send_hold(s, err) < 0 || store_lock(s->store, "send", err) < 0 ||
	    send_settle(s, &w->tried, err) < 0 || send_plan(s, err) < 0 ||
	    send_storm_tell(s, err) < 0)
		return -1;
	return signals_stop() ? 0 : send_claim(s, err);
}

static void tell_all(struct send *s)
{
	for (size_t i = 0; i < s->telling_count; i++)
		s->told(s->arg, &s->tellings[i].d);
	drop_tellings(s);
}

int send_round(struct send *s, struct send_round *ret, struct err *err)
{
	struct work w = {s, s->jobs};

	*ret = (struct send_round){.next = WHEN_NONE};
	s->jobs = (struct send_jobs){NULL, 0};
	if (store_transact(s->store, round_work, &w, err) < 0) {
		begin_again(&w);
		s->jobs = w.tried;
		return -1;
	}
	drop_jobs(&w.tried);
	drop_in(s);
	tell_all(s);
	send_try(s, ret);
	ret->next = s->next;
	ret->wrong = s->wrong;
	return 0;
}

int send_drain(struct send *s, struct send_round *ret, struct err *err)
{
	struct send_round all = {.next = WHEN_NONE};

	do {
		if (send_round(s, ret, err) < 0)
			return -1;
		all.tried += ret->tried;
		all.delivered += ret->delivered;
	} while (ret->tried || s->jobs.count);
	ret->tried = all.tried;
	ret->delivered = all.delivered;
	return 0;
}
