/* probes.c - looks at what the configuration names, once or again and again. */
#include "monitor.h"

#include <oncall/checkpoint.h>
#include <oncall/clock.h>
#include <oncall/probe.h>
#include <oncall/signals.h>
#include <oncall/when.h>

/* The results of the last times, for "2 failures of 3" from cron. */
#define KEPT_AS "probe:results" /* the name of no cursor */

static int load_results(struct probe_set *s, struct store *store,
			struct err *err)
{
	AUTO_BUF struct buf state = BUF_INIT;
	int got = checkpoint_kept(store, KEPT_AS, &state, err);

	return got > 0 ? probe_set_load(s, buf_slice(&state), err) : got;
}

struct keeping {
	struct probe_set *set;
	struct store *store;
};

/* Others may have looked at other probes meanwhile. */
static int keep(void *arg, struct err *err)
{
	const struct keeping *k = arg;
	AUTO_BUF struct buf state = BUF_INIT;

	if (load_results(k->set, k->store, err) < 0)
		return -1;
	probe_set_save(k->set, &state);
	return checkpoint_keep(k->store, KEPT_AS, buf_slice(&state), err);
}

/* A terminal is told how all of them went, anything else gets records. */
static int look(struct probe_set *s, struct store *store,
		struct record_writer *out, struct err *err)
{
	struct keeping k = {s, store};
	int failing =
		probe_set_run(s, clock_now(), cli_records() ? out : NULL, err);

	if (failing < 0 || store_transact(store, keep, &k, err) < 0)
		return -1;
	if (!cli_records()) {
		probe_set_print(s, &out->out);
		if (record_flush(out, err) < 0)
			return -1;
	}
	return failing;
}

static bool wait_for_next(const struct probe_set *s, int64_t stop_at)
{
	int64_t until = probe_set_next(s);
	int64_t left;

	if (stop_at != WHEN_NONE && stop_at < until)
		until = stop_at;
	while ((left = until - clock_mono()) > 0 && !signals_stop())
		(void)signals_sleep(left);
	return !signals_stop() && until != stop_at;
}

int probe_run(int argc, char **argv, struct err *err)
{
	AUTO_PROBE_SET struct probe_set *s = NULL;
	AUTO_STORE struct store *store = NULL;
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	int64_t stop_at =
		args.duration ? clock_mono() + args.duration : WHEN_NONE;
	int failing;
	bool any = false;

	signals_install();
	if (probe_set_new(&s, cli_config(), (const char *const *)argv,
			  (size_t)argc, err) < 0 ||
	    store_open(&store, cli_store_address(), STORE_WRITE, err) < 0 ||
	    load_results(s, store, err) < 0)
		return -1;
	do {
		failing = look(s, store, &out, err);
		if (failing < 0)
			return -1;
		any |= failing > 0;
	} while (args.follow && wait_for_next(s, stop_at));
	if (signals_stop())
		return 128 + signals_stop();
	return any ? 0 : 1;
}
