/* heartbeat-look.c - looks for one sign of life. */
#include <errno.h>
#include <sys/stat.h>

#include <oncall/counter.h>
#include <oncall/proc.h>
#include <oncall/show.h>
#include <oncall/status.h>
#include <oncall/when.h>

#include "heartbeat-internal.h"

#define SAID_MAX 200 /* bytes of what a command says */

/* A file's time may be that of another machine's clock. */
#define CLOCKS_DIFFER (2 * WHEN_MINUTE)

int64_t heartbeat_due(const struct heartbeat *h)
{
	int64_t from = h->seen == WHEN_NONE ? h->since : h->seen;

	return from + h->every + h->grace;
}

static void look_at_file(struct heartbeat *h, int64_t now)
{
	struct stat st;
	int64_t changed;

	if (stat(h->file, &st) < 0) {
		if (errno == ENOENT)
			buf_addf(&h->why, "'%s' is not there", h->file);
		else
			buf_addf(&h->why, "cannot look at '%s': %s", h->file,
				 strerror(errno));
		return;
	}
	changed = (int64_t)st.st_mtim.tv_sec * WHEN_SECOND +
		  st.st_mtim.tv_nsec / 1000000;
	if (changed > now + CLOCKS_DIFFER) {
		/* It would be alive for as long as that is ahead. */
		buf_addf(&h->why, "the time of '%s' lies in the future",
			 h->file);
		return;
	}
	h->sign = changed < now ? changed : now;
	buf_addf(&h->why, "'%s' was not changed", h->file);
}

static void look_at_result(struct heartbeat *h, const struct proc_result *r,
			   int64_t now)
{
	const struct proc_output *said = r->errors.len ? &r->errors : &r->out;

	if (r->timed_out) {
		buf_addf(&h->why, "'%s' takes too long", h->argv[0]);
		return;
	}
	if (r->status == 0) {
		h->sign = now;
		return;
	}
	buf_addf(&h->why, "'%s' ends with status %d%s", h->argv[0], r->status,
		 said->len ? ": " : "");
	if (said->len)
		show_text(&h->why, said->text, strcspn(said->text, "\n"),
			  SAID_MAX);
}

static void look_at_command(struct heartbeat *h, int64_t now)
{
	const struct proc_options opt = {.argv = h->argv,
					 .timeout_ms = h->timeout};
	struct proc_result result = {.status = 0};
	struct err why = ERR_INIT;

	if (!h->due) {
		buf_addf(&h->why, "'%s' did not end well", h->argv[0]);
		return;
	}
	if (proc_run(&opt, &result, &why) < 0)
		buf_add_str(&h->why, why.text);
	else
		look_at_result(h, &result, now);
	if (result.stopped)
		h->due = false; /* it says nothing */
	proc_result_done(&result);
}

static int look_at_tick(struct heartbeat *h, struct store *s, struct err *err)
{
	int64_t last;

	if (counter_get(s, STATUS_LAST_TICK, &last, err) < 0)
		return -1;
	if (last)
		h->sign = last;
	buf_add_str(&h->why, "'oncall-incident tick' did not run");
	return 0;
}

int heartbeat_look(struct heartbeat *h, struct store *s, int64_t now,
		   struct err *err)
{
	switch (h->kind) {
	case HEARTBEAT_FILE:
		look_at_file(h, now);
		return 0;
	case HEARTBEAT_COMMAND:
		look_at_command(h, now);
		return 0;
	case HEARTBEAT_TICK:
		return look_at_tick(h, s, err);
	case HEARTBEAT_BEAT:
		buf_addf(&h->why,
			 "'oncall-incident heartbeat beat %s' did not "
			 "come",
			 h->name);
		return 0;
	}
	return 0;
}
