/* tick.c - oncall-incident tick: what people are to hear now. */
#include "incident.h"

#include <poll.h>
#include <signal.h>

#include <oncall/actor.h>
#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/heartbeat.h>
#include <oncall/pager.h>
#include <oncall/record.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#define LOOK_MS	   1000	       /* between two looks at the store */
#define TICK_LEAST WHEN_MINUTE /* a sign of life comes so often */

static bool follow, dry_run;

/* clang-format off */
const struct cli_opt tick_opts[] = {
	CLI_FLAG('f', "follow", &follow, "go on until stopped; HUP reads configuration and roster again"),
	CLI_FLAG('n', "dry-run", &dry_run, "write what would be written, and change nothing"),
	CLI_LAST,
};
/* clang-format on */

struct tick {
	struct store *store;
	struct config *config; /* of a reload; NULL: that of the program */
	struct pager *pager;
	char *actor;
	struct record_writer out;
};

static void tick_done(struct tick *t)
{
	pager_free(t->pager);
	config_free(t->config);
	store_close(t->store);
	free(t->actor);
	record_writer_done(&t->out);
}

static int tick_open(struct tick *t, struct err *err)
{
	const struct config *c = cli_config();

	if (actor_name(c, NULL, &t->actor, err) < 0 ||
	    open_store(&t->store, STORE_WRITE, err) < 0)
		return -1;
	return pager_new(&t->pager,
			 &(struct pager_options){.store = t->store,
						 .config = c,
						 .actor = t->actor},
			 err);
}

static int tick_once(struct tick *t, int64_t *next, struct err *err)
{
	return pager_tick(t->pager, &t->out, next, err) < 0 ? -1 : 0;
}

/* Signs of life that cannot be looked for must not keep people from hearing of
 * the rest. */
static void check_heartbeats(struct tick *t, int64_t *next)
{
	struct heartbeat_options o = {.store = t->store,
				      .config = t->config ? t->config
							  : cli_config(),
				      .actor = t->actor,
				      .now = clock_now()};
	struct err err = ERR_INIT;

	*next = WHEN_NONE;
	if (heartbeat_check(&o, next, &err) < 0)
		diag_error("%s; heartbeats are not looked for", err.text);
}

static int tick_all(struct tick *t, int64_t *next, struct err *err)
{
	int64_t beat;

	/* Commands of heartbeats may take their time: first what is due. */
	if (tick_once(t, next, err) < 0)
		return -1;
	check_heartbeats(t, &beat);
	if (tick_once(t, next, err) < 0)
		return -1;
	if (beat != WHEN_NONE && (*next == WHEN_NONE || beat < *next))
		*next = beat;
	return 0;
}

/* Everything is done, and then undone. */
static int tick_dry(struct tick *t, struct err *err)
{
	int64_t next;
	int rc;

	if (store_begin(t->store, err) < 0)
		return -1;
	rc = tick_once(t, &next, err);
	store_rollback(t->store);
	return rc;
}

/* ---- --follow ---- */

/* What is wrong is told, and the old one stays. */
static void reload(struct tick *t)
{
	AUTO_CONFIG struct config *c = NULL;
	AUTO_PAGER struct pager *p = NULL;
	struct err err = ERR_INIT;

	if (cli_config_again(&c, &err) < 0 ||
	    pager_new(&p,
		      &(struct pager_options){.store = t->store,
					      .config = c,
					      .actor = t->actor},
		      &err) < 0) {
		diag_error("%s; the configuration before is kept", err.text);
		return;
	}
	pager_free(t->pager);
	t->pager = TAKE_PTR(p);
	config_free(t->config);
	t->config = TAKE_PTR(c);
}

/* Until there is something to do: a timer is due, the store has another version
 * than before, a signal came. 1 when nobody reads what is written any more. */
static int wait_for(struct tick *t, int64_t until, int64_t before,
		    struct err *err)
{
	int64_t now;

	while (!signals_stop() && clock_now() < until) {
		int64_t left = until - clock_now();
		int ms = left < LOOK_MS ? (int)left : LOOK_MS;
		int got = signals_poll(STDOUT_FILENO, 0, ms);

		if (got != 0)
			return got > 0;
		if (store_data_version(t->store, &now, err) < 0)
			return -1;
		if (now != before)
			break;
	}
	return 0;
}

static int tick_follow(struct tick *t, struct err *err)
{
	while (!signals_stop()) {
		int64_t next, latest = clock_now() + TICK_LEAST, version;
		int rc;

		if (signals_reload())
			reload(t);
		/* What comes while it ticks is for the next one. */
		if (store_data_version(t->store, &version, err) < 0 ||
		    tick_all(t, &next, err) < 0)
			return -1;
		if (next == WHEN_NONE || next > latest)
			next = latest;
		rc = wait_for(t, next, version, err);
		if (rc != 0)
			return rc < 0 ? -1 : 128 + SIGPIPE;
	}
	return 128 + signals_stop();
}

int tick_run(int argc, char **argv, struct err *err)
{
	CLEANUP(tick_done)
	struct tick t = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	int64_t next;

	(void)argc;
	(void)argv;
	if (follow && dry_run)
		return err_set(err, ERR_USAGE,
			       "--follow and --dry-run exclude each other");
	if (follow)
		signals_install();
	if (tick_open(&t, err) < 0)
		return -1;
	if (follow)
		return tick_follow(&t, err);
	return dry_run ? tick_dry(&t, err) : tick_all(&t, &next, err);
}
