/* drain.c - chatops-send --flush and --daemon: what is due in the outbox. */
#include "send-cmd.h"

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#include <signal.h>

/* How often a store is asked whether somebody has changed it. */
#define LOOK_MS 500
/* The longest that --flush takes when something is due all the time. */
#define FLUSH_MS (45 * WHEN_SECOND)
#define PURGE_MS WHEN_HOUR
/* How long a store that fails is left alone. */
#define REST_MS (5 * WHEN_SECOND)

struct draining {
	struct store *store;
	struct config *config; /* of a reload; NULL: that of the program */
	struct send *send;
	struct record_writer out;
	int status;
	size_t reported;
	int64_t purged; /* when, on the monotonic clock */
};

static void on_told(void *arg, const struct send_delivery *d)
{
	struct draining *dr = arg;

	if (!strcmp(d->status, "queued"))
		return; /* at a fallback; its end will be told */
	send_delivery_record(d, &dr->out.out);
	record_write_end(&dr->out);
	run_note(&dr->status, &dr->reported, d);
}

static int open_send(struct draining *d, const struct config *c,
		     struct send **ret, struct err *err)
{
	struct send_options o = {
		.store = d->store, .config = c, .told = on_told, .arg = d};

	return send_open(ret, &o, err);
}

static int open_outbox(struct draining *d, struct err *err)
{
	signals_install();
	(void)signal(SIGPIPE, SIG_IGN);
	if (store_open(&d->store, cli_store_address(), STORE_WRITE, err) < 0)
		return -1;
	return open_send(d, cli_config(), &d->send, err);
}

static void close_outbox(struct draining *d)
{
	send_free(d->send);
	config_free(d->config);
	store_close(d->store);
	record_writer_done(&d->out);
}

static int drain_once(struct draining *d, struct send_round *round,
		      struct err *err)
{
	do {
		if (send_round(d->send, round, err) < 0 ||
		    record_flush(&d->out, err) < 0)
			return -1;
		if (round->wrong)
			d->status = err_worse_status(
				d->status, err_exit_status(ERR_USAGE));
	} while (round->tried);
	return 0;
}

/* What is over and old enough goes, now and then. */
static int purge(struct draining *d, struct err *err)
{
	const struct config *c = d->config ? d->config : cli_config();
	int64_t keep = config_duration(c, "send.keep");
	int64_t n = SEND_PURGE_MAX;

	d->purged = clock_mono();
	while (keep >= 0 && n == SEND_PURGE_MAX && !signals_stop())
		n = send_purge(d->store, clock_now() - keep, err);
	return n < 0 ? -1 : 0;
}

/* A rate that lets through one a second must not mean one a run. */
static bool goes_on(const struct send_round *round, int64_t end)
{
	int64_t ms;

	if (round->next == WHEN_NONE || signals_stop())
		return false;
	ms = round->next - clock_now();
	if (ms > send_args.wait || clock_mono() + ms > end)
		return false;
	return ms <= 0 || signals_sleep(ms);
}

static int flush(struct draining *d, struct err *err)
{
	int64_t end = clock_mono() + FLUSH_MS;
	struct send_round round;
	int64_t open = 0;

	if (open_outbox(d, err) < 0)
		return -1;
	do {
		if (drain_once(d, &round, err) < 0)
			return -1;
	} while (goes_on(&round, end));
	if (purge(d, err) < 0 || send_open_count(d->store, &open, err) < 0)
		return -1;
	if (open)
		d->status = err_worse_status(d->status,
					     err_exit_status(ERR_REMOTE));
	if (signals_stop())
		d->status = err_worse_status(d->status, 128 + signals_stop());
	return d->status;
}

int flush_outbox(struct err *err)
{
	struct draining d = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	int rc = flush(&d, err);

	close_outbox(&d);
	return rc;
}

/* What is wrong is told, and the old one stays. All that was tried is settled
 * by now. */
static void reload(struct draining *d)
{
	AUTO_CONFIG struct config *c = NULL;
	struct send *s = NULL;
	struct err err = ERR_INIT;

	if (cli_config_again(&c, &err) < 0 || open_send(d, c, &s, &err) < 0) {
		diag_error("%s; the configuration before is kept", err.text);
		return;
	}
	send_free(d->send);
	d->send = s;
	config_free(d->config);
	d->config = TAKE_PTR(c);
}

/* Until the time has come, somebody has changed the store, or the configuration
 * is to be read again. */
static int rest(struct draining *d, int64_t next, int64_t before,
		struct err *err)
{
	int64_t now;

	do {
		int64_t ms = next == WHEN_NONE ? LOOK_MS : next - clock_now();

		if (signals_reload()) {
			reload(d);
			return 0;
		}
		if (ms > 0)
			(void)signals_sleep(ms < LOOK_MS ? ms : LOOK_MS);
		if (store_data_version(d->store, &now, err) < 0)
			return -1;
	} while (!signals_stop() && now == before &&
		 (next == WHEN_NONE || clock_now() < next));
	return 0;
}

static int drain(struct draining *d, struct err *err)
{
	struct send_round round;
	int64_t version;

	if (open_outbox(d, err) < 0)
		return -1;
	d->purged = clock_mono() - PURGE_MS;
	while (!signals_stop()) {
		/* A daemon outlives a store that is away for a while. What
		 * comes while it sends is for the next time. */
		if (store_data_version(d->store, &version, err) == 0 &&
		    drain_once(d, &round, err) == 0 &&
		    (clock_mono() - d->purged < PURGE_MS ||
		     purge(d, err) == 0) &&
		    rest(d, round.next, version, err) == 0)
			continue;
		if (err->kind != ERR_SYSTEM || d->out.error)
			return -1;
		diag_error("%s", err->text);
		err_clear(err);
		(void)signals_sleep(REST_MS);
	}
	/* What was tried last is to be settled. */
	if (send_round(d->send, &round, err) < 0 ||
	    record_flush(&d->out, err) < 0)
		return -1;
	return 128 + signals_stop();
}

int drain_outbox(struct err *err)
{
	struct draining d = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	int rc = drain(&d, err);

	close_outbox(&d);
	return rc;
}
