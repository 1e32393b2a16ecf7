/*
 * store-postgres-pipe.c - libpq's pipeline: waiting for the server, and what
 * its answers mean.
 *
 * The connection does not block, and whoever waits for room to send also
 * reads, so that server and program never wait for each other.
 */
#include <oncall/base.h>

#ifdef HAVE_PQ

#include "store-postgres.h"

#include <errno.h>
#include <poll.h>

#include <oncall/clock.h>
#include <oncall/signals.h>

#define POLL_MS	      1000
#define STOP_GRACE_MS 5000
/* More ends of results than this in a row come from a dead connection. */
#define ENDS_MAX 8

static bool is_one_of(const char *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (strncmp(code, *codes, strlen(*codes)) == 0)
			return true;
	return false;
}

int postgres_fail(struct store *s, const PGresult *result, struct err *err)
{
	static const char *const conflict[] = {"40001", "40P01", NULL};
	static const char *const lost[] = {"08",    "57P01", "57P02",
					   "57P03", "57P05", NULL};
	struct postgres *p = s->own;
	const char *code = p->pq->PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *said =
		p->pq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	/* What did not come from the server is about the connection. */
	if (!code || !said)
		return postgres_lost(s, err);
	if (err->kind != ERR_NONE)
		return -1;
	if (is_one_of(code, lost)) {
		p->lost = true;
		s->trouble = STORE_TROUBLE_LOST;
	} else if (is_one_of(code, conflict)) {
		s->trouble = STORE_TROUBLE_CONFLICT;
	}
	if (strcmp(code, "55P03") == 0)
		return err_set(err, ERR_SYSTEM,
			       "store '%s' is locked: another program holds "
			       "what this one needs for more than %d s",
			       s->name, STORE_STALL_MS / 1000);
	return err_set(err, ERR_SYSTEM, "store '%s': %s", s->name, said);
}

static void cancel(const struct postgres *p)
{
	char said[256];
	PGcancel *request = p->pq->PQgetCancel(p->conn);

	if (request)
		(void)p->pq->PQcancel(request, said, sizeof(said));
	p->pq->PQfreeCancel(request);
}

/* Waits until the socket is ready. A stop that was asked for leaves the
 * command at hand its time, and then cancels it. */
static bool wait_for(const struct postgres *p, short events)
{
	struct pollfd fd = {p->pq->PQsocket(p->conn), events, 0};
	int64_t started = clock_mono();

	for (;;) {
		int n = poll(&fd, 1, POLL_MS);

		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (signals_stop() && clock_mono() - started >= STOP_GRACE_MS) {
			cancel(p);
			started = clock_mono();
		}
	}
}

static int flush(struct store *s, struct err *err)
{
	const struct postgres *p = s->own;

	for (;;) {
		int left = p->pq->PQflush(p->conn);

		if (left == 0)
			return 0;
		if (left < 0 || !wait_for(p, POLLIN | POLLOUT) ||
		    !p->pq->PQconsumeInput(p->conn))
			return postgres_lost(s, err);
	}
}

int postgres_sync(struct store *s, struct err *err)
{
	struct postgres *p = s->own;

	if (!p->pq->PQpipelineSync(p->conn))
		return postgres_lost(s, err);
	p->syncs++;
	p->queued = 0;
	p->queued_bytes = 0;
	return flush(s, err);
}

/* 1 with a result, 0 at the end of one command's results. */
static int next_result(struct store *s, PGresult **ret, struct err *err)
{
	const struct postgres *p = s->own;

	while (p->pq->PQisBusy(p->conn)) {
		if (!wait_for(p, POLLIN) || !p->pq->PQconsumeInput(p->conn))
			return postgres_lost(s, err);
	}
	*ret = p->pq->PQgetResult(p->conn);
	return *ret != NULL;
}

/* One result: keeps it in *last, or says what is wrong with it. */
static int take_result(struct store *s, PGresult *result, PGresult **last,
		       struct err *err)
{
	struct postgres *p = s->own;
	int failed = 0;

	switch (p->pq->PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		p->pq->PQclear(*last);
		*last = result;
		return 0;
	case PGRES_PIPELINE_SYNC:
		p->syncs--;
		break;
	case PGRES_PIPELINE_ABORTED:
		failed = -1;
		break;
	default:
		failed = postgres_fail(s, result, err);
		break;
	}
	p->pq->PQclear(result);
	return failed;
}

int postgres_read(struct store *s, size_t open_syncs, PGresult **ret_last,
		  struct err *err)
{
	struct postgres *p = s->own;
	PGresult *last = NULL;
	int failed = 0, ends = 0;

	/* Nothing good can follow a failure, so then everything is read. */
	while (!p->lost && p->syncs > (failed ? 0 : open_syncs)) {
		PGresult *result = NULL;
		int got = next_result(s, &result, err);

		ends = got == 0 ? ends + 1 : 0;
		if (ends > ENDS_MAX)
			got = postgres_lost(s, err);
		if (got < 0)
			failed = -1;
		if (got > 0 && take_result(s, result, &last, err) < 0)
			failed = -1;
	}
	if (failed || !ret_last) {
		p->pq->PQclear(last);
		last = NULL;
	}
	if (ret_last)
		*ret_last = last;
	return failed;
}

#endif
