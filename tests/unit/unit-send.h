/* unit-send.h - an engine over channels of the test's own, which note what they
 * were given and answer as they are told. */
#ifndef UNIT_SEND_H
#define UNIT_SEND_H

#include "unit-ops.h"

#include <oncall/counter.h>
#include <oncall/outbox.h>
#include <oncall/send.h>
#include <oncall/when.h>

#define SENT_MAX 4000

struct channel {
	char *name;
	struct channel_traits traits;
	/* What comes of the next attempts; then all are delivered. */
	enum channel_outcome outcomes[8];
	size_t outcome_count;
	enum channel_outcome looks;
	int64_t retry_after;
	size_t attempts, looked;
};

struct sent {
	char target[32], key[80], title[200], text[4000];
	char root[32], last[32], edit[32];
	int64_t count;
};

static char send_dir[] = "/tmp/test-send.XXXXXX";
static struct config *config;
static struct send *sender;
static struct channel channels[8];
static size_t channel_count;
static struct sent *sent;
static size_t sent_count;
static char told[4096]; /* "KEY TARGET STATUS\n" */

__attribute__((unused)) static struct channel *fake(const char *name)
{
	for (size_t i = 0; i < channel_count; i++)
		if (!strcmp(channels[i].name, name))
			return &channels[i];
	assert_true(channel_count < ARRAY_LEN(channels));
	channels[channel_count] = (struct channel){
		.name = mem_dup(name), .traits = {.safe_again = true}};
	return &channels[channel_count++];
}

static int fake_open(struct channel **ret, const struct config *c,
		     const char *name, struct err *err)
{
	(void)c;
	if (!strcmp(name, "broken"))
		return err_set(err, ERR_USAGE, "it cannot be opened");
	*ret = fake(name);
	return 0;
}

static void fake_free(struct channel *ch)
{
	(void)ch;
}

static const char *fake_type(const struct channel *ch)
{
	return ch->name;
}

static const struct channel_traits *fake_traits(const struct channel *ch)
{
	return &ch->traits;
}

static void put(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text ? text : "");
}

static void fake_send(struct channel *ch, const struct channel_job *job,
		      struct channel_result *ret)
{
	struct sent *s = &sent[sent_count];

	assert_true(sent_count < SENT_MAX);
	ch->attempts++;
	*ret = (struct channel_result){.outcome = CHANNEL_DELIVERED};
	if (ch->outcome_count) {
		ret->outcome = ch->outcomes[0];
		ch->outcome_count--;
		memmove(ch->outcomes, ch->outcomes + 1,
			ch->outcome_count * sizeof(*ch->outcomes));
	}
	ret->retry_after = ch->retry_after;
	if (ret->outcome == CHANNEL_DELIVERED)
		ret->remote_id = mem_printf("r%zu", sent_count + 1);
	else
		ret->reason = mem_dup("as the test says");
	put(s->target, sizeof(s->target), ch->name);
	put(s->key, sizeof(s->key), job->key);
	put(s->title, sizeof(s->title), job->note->title);
	put(s->text, sizeof(s->text), job->note->text);
	put(s->root, sizeof(s->root), job->root);
	put(s->last, sizeof(s->last), job->last);
	put(s->edit, sizeof(s->edit), job->edit);
	s->count = job->note->count;
	sent_count++;
}

static void fake_look(struct channel *ch, const struct channel_job *job,
		      struct channel_result *ret)
{
	(void)job;
	ch->looked++;
	*ret = (struct channel_result){.outcome = ch->looks};
}

static const struct send_channels fakes = {
	.open = fake_open,
	.free = fake_free,
	.type = fake_type,
	.traits = fake_traits,
	.send = fake_send,
	.look = fake_look,
};

static void on_told(void *arg, const struct send_delivery *d)
{
	size_t at = strlen(told);

	(void)arg;
	(void)snprintf(told + at, sizeof(told) - at, "%s %s %s\n", d->key,
		       d->target, d->status);
}

/* ---- before and after ---- */

__attribute__((unused)) static struct send *open_send(struct store *s)
{
	struct err err = ERR_INIT;
	struct send_options o = {.store = s,
				 .config = config,
				 .channels = &fakes,
				 .told = on_told};
	struct send *ret = NULL;

	if (send_open(&ret, &o, &err) < 0)
		fail_msg("%s", err.text);
	return ret;
}

/* Targets are a, b, c, quick (gets all), broken; text: routes and the like. */
__attribute__((unused)) static void configure(const char *text)
{
	AUTO_FREE char *path = mem_printf("%s/oncall.yaml", send_dir);
	AUTO_FREE char *all =
		mem_printf("targets:\n"
			   "  a: {type: matrix}\n  b: {type: matrix}\n"
			   "  c: {type: matrix}\n  quick: {type: webhook}\n"
			   "  broken: {type: matrix}\n"
			   "%s",
			   text);
	struct err err = ERR_INIT;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(all, f) >= 0);
	assert_int_equal(fclose(f), 0);
	send_free(sender);
	sender = NULL;
	config_free(config);
	config = NULL;
	if (config_load(&config, path, &err) < 0)
		fail_msg("%s", err.text);
	sender = open_send(store);
}

__attribute__((unused)) static int send_set_up(void **state)
{
	static bool made;

	(void)umask(077);
	if (!made && !mkdtemp(send_dir))
		return -1;
	made = true;
	sent = mem_zero(SENT_MAX, sizeof(*sent));
	sent_count = 0;
	*told = '\0';
	return ops_set_up(state);
}

__attribute__((unused)) static void run_sql(const char *sql)
{
	struct err err = ERR_INIT;

	(void)store_run(store, &err, sql, NULL, 0);
	assert_no_err(&err);
}

__attribute__((unused)) static int send_tear_down(void **state)
{
	AUTO_FREE char *path = mem_printf("%s/oncall.yaml", send_dir);

	send_free(sender);
	sender = NULL;
	config_free(config);
	config = NULL;
	for (size_t i = 0; i < channel_count; i++)
		free(channels[i].name);
	channel_count = 0;
	free(sent);
	sent = NULL;
	(void)unlink(path);
	run_sql("DELETE FROM deliveries");
	run_sql("DELETE FROM messages");
	run_sql("DELETE FROM send_lines");
	run_sql("DELETE FROM send_threads");
	run_sql("DELETE FROM send_alike");
	run_sql("DELETE FROM counters");
	return ops_tear_down(state);
}

#define send_test(name) \
	cmocka_unit_test_setup_teardown(name, send_set_up, send_tear_down)

__attribute__((unused)) static int send_run(int (*group)(void))
{
	int failed = ops_run(group);

	(void)rmdir(send_dir);
	return failed;
}

/* ---- what tests do ---- */

/* more: further members, with a comma before them. */
__attribute__((unused)) static void say(const char *key, const char *title,
					const char *more)
{
	static int64_t nums[SENT_MAX];
	static size_t opens[SENT_MAX];
	static size_t n;
	AUTO_FREE char *record = mem_printf(
		"{\"type\":\"message\",\"id\":\"%s\",\"time\":"
		"\"2026-11-20T10:00:00.000Z\",\"key\":\"%s\",\"title\":"
		"\"%s\"%s}",
		key, key, title, more);
	struct send_message m = {
		.key = key,
		.record = slice_of(record),
		.call = strstr(more, "\"escalation\"") != NULL,
		.ret_num = &nums[n % SENT_MAX],
		.ret_open = &opens[n % SENT_MAX],
	};

	n++;
	send_add(sender, &m);
}

__attribute__((unused)) static struct send_round drain_with(struct send *s)
{
	struct send_round r;
	struct err err = ERR_INIT;

	if (send_drain(s, &r, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}

__attribute__((unused)) static struct send_round drain(void)
{
	return drain_with(sender);
}

__attribute__((unused)) static void later(int64_t ms)
{
	clock_set(clock_now() + ms);
}

/* What was sent, "TARGET:TITLE" each; forgotten then. */
__attribute__((unused)) static void assert_sent(const char *want)
{
	AUTO_BUF struct buf all = BUF_INIT;

	for (size_t i = 0; i < sent_count; i++)
		buf_addf(&all, "%s%s:%s", i ? " " : "", sent[i].target,
			 sent[i].title);
	if (strcmp(buf_str(&all), want) != 0)
		fail_msg("sent '%s', not '%s'", buf_str(&all), want);
	sent_count = 0;
}

__attribute__((unused)) static void assert_told(const char *want)
{
	if (strcmp(told, want) != 0)
		fail_msg("told '%s', not '%s'", told, want);
	*told = '\0';
}

static void add_row(void *arg, const struct send_delivery *d)
{
	struct buf *all = arg;

	buf_addf(all, "%s%s/%s %s", all->len ? ", " : "", d->key, d->target,
		 d->status);
}

/* How the outbox stands: "KEY/TARGET STATUS, ..."; newest first. */
__attribute__((unused)) static void assert_outbox(const char *want)
{
	AUTO_BUF struct buf all = BUF_INIT;
	struct send_query q = {.key = NULL};
	struct err err = ERR_INIT;

	if (send_list(store, &q, add_row, &all, &err) < 0)
		fail_msg("%s", err.text);
	if (strcmp(buf_str(&all), want) != 0)
		fail_msg("outbox is '%s', not '%s'", buf_str(&all), want);
}

__attribute__((unused)) static void assert_text(const char *sql,
						const char *want)
{
	AUTO_FREE char *text = ask_text(sql);

	if (strcmp(text, want) != 0)
		fail_msg("%s\ngives '%s', not '%s'", sql, text, want);
}

#endif
