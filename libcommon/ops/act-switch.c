/* act-switch.c - the emergency stop. */
#include "act-internal.h"

#include <errno.h>
#include <unistd.h>

#include <oncall/audit.h>
#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

struct pressing {
	struct act *a;
	const char *actor, *reason;
	bool stop;
};

static int press(void *arg, struct err *err)
{
	const struct pressing *p = arg;
	AUTO_BUF struct buf data = BUF_INIT;
	int64_t n;

	if (p->stop)
		n = STORE_RUN(p->a->store, err,
			      "INSERT INTO switches (name, actor, reason, "
			      "time) VALUES ('stop', $1, $2, $3) ON CONFLICT "
			      "(name) DO UPDATE SET actor = $1, reason = $2, "
			      "time = $3",
			      S_TEXT(p->actor), S_TEXT(p->reason),
			      S_INT(clock_now()));
	else
		n = store_run(p->a->store, err,
			      "DELETE FROM switches WHERE name = 'stop'", NULL,
			      0);
	if (n < 0)
		return -1;
	jwrite_open(&data, NULL, '{');
	jwrite_str_opt(&data, "reason", p->reason);
	jwrite_close(&data, '}');
	return audit_add(
		p->a->store,
		&(struct audit_entry){.time = clock_now(),
				      .actor = p->actor,
				      .what = p->stop ? "stopped" : "resumed",
				      .subject = "stop",
				      .data = buf_slice(&data)},
		err);
}

int act_stop(struct act *a, const char *actor, const char *reason,
	     struct err *err)
{
	struct pressing p = {a, actor, reason, true};

	return store_transact(a->store, press, &p, err);
}

int act_resume(struct act *a, const char *actor, const char *reason,
	       struct err *err)
{
	struct pressing p = {a, actor, reason, false};

	return store_transact(a->store, press, &p, err);
}

int act_stopped(struct act *a, char **ret_why, struct err *err)
{
	const char *file = config_str(a->config, "policy.stop_file");
	AUTO_ROWS struct store_rows *rows = NULL;
	char time[WHEN_TEXT];
	int got;

	*ret_why = NULL;
	/* A file that cannot be looked at is taken to be there. */
	if (file && *file &&
	    (access(file, F_OK) == 0 ||
	     (errno != ENOENT && errno != ENOTDIR))) {
		*ret_why = mem_printf("the file '%s' is there; nothing runs "
				      "until it is removed",
				      file);
		return 1;
	}
	rows = store_ask(a->store, err,
			 "SELECT actor, reason, time FROM switches WHERE name "
			 "= 'stop'",
			 NULL, 0);
	got = rows ? store_next(rows, err) : -1;
	if (got <= 0)
		return got;
	when_format(time, store_time(rows, 2));
	*ret_why = mem_printf(
		"%.*s stopped everything at %s%s%.*s; oncall-act "
		"resume lets it go on",
		(int)store_text(rows, 0).len, store_text(rows, 0).ptr, time,
		store_is_null(rows, 1) ? "" : ": ",
		(int)store_text(rows, 1).len,
		store_is_null(rows, 1) ? "" : store_text(rows, 1).ptr);
	return 1;
}
