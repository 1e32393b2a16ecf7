/* approval.c - requests that wait for people, and their votes. */
#include <oncall/approval.h>

#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/ulid.h>
#include <oncall/when.h>

#define VOTES_MAX 1000

int approval_request(struct store *s, const struct approval_request *r,
		     char id[APPROVAL_ID], struct err *err)
{
	char ulid[ULID_TEXT];

	ulid_make(ulid);
	(void)snprintf(id, APPROVAL_ID, "APR-%s", ulid);
	return store_run(s, err,
			 "INSERT INTO approvals (id, subject, hash, status, "
			 "requester, approvers, quorum, votes, requested, "
			 "expires, others_only) VALUES ($1, $2, $3, 'waiting', "
			 "$4, $5, $6, '[]', $7, $8, $9)",
			 STORE_VALUES_(S_TEXT(id), S_SLICE(r->subject),
				       S_TEXT(r->hash), S_TEXT(r->requester),
				       S_SLICE(r->approvers), S_INT(r->quorum),
				       S_INT(clock_now()), S_INT(r->expires),
				       S_INT(r->others_only))) < 0
		       ? -1
		       : 0;
}

struct vote {
	struct store *store;
	const char *id, *actor, *reason;
	bool approve;
};

/* The approval as it is, with what the new vote makes of it. */
struct ballot {
	struct slice status, approvers, votes, requester;
	int64_t quorum, expires;
	bool others_only;
};

/* "ana" of "ana via oncall-bot": who counts is the person, by whatever way. */
static struct slice person_of(const char *actor)
{
	const char *via = strstr(actor, " via ");

	return (struct slice){actor,
			      via ? (size_t)(via - actor) : strlen(actor)};
}

static bool has_voted(struct slice votes, const char *actor, int64_t *yes)
{
	struct slice items[VOTES_MAX];
	size_t n = jlist_items(votes, items, VOTES_MAX);
	bool found = false;

	*yes = 0;
	for (size_t i = 0; i < n && i < VOTES_MAX; i++) {
		struct jscan scan = {0};
		struct err ignored = ERR_INIT;
		const struct jscan_member *who, *vote;
		AUTO_BUF struct buf name = BUF_INIT;

		if (jscan_object(&scan, items[i].ptr, items[i].len, &ignored) ==
		    0) {
			who = jscan_get(&scan, "actor");
			vote = jscan_get(&scan, "approve");
			if (who)
				jscan_unquote(&name, who->value);
			*yes += vote && vote->type == JSCAN_TRUE;
			found |= slice_eq(person_of(buf_str(&name)),
					  person_of(actor));
		}
		jscan_done(&scan);
	}
	return found;
}

static bool is_approver(const struct ballot *b, const char *actor)
{
	AUTO_BUF struct buf name = BUF_INIT;

	jwrite_text(&name, NULL, person_of(actor));
	return slice_is(b->approvers, "[]") ||
	       jlist_has(b->approvers, buf_slice(&name));
}

static bool is_requester(const struct ballot *b, const char *actor)
{
	AUTO_BUF struct buf asked = BUF_INIT;

	buf_add_slice(&asked, b->requester);
	return slice_eq(person_of(buf_str(&asked)), person_of(actor));
}

static int check_ballot(const struct vote *v, const struct ballot *b,
			struct err *err)
{
	if (!slice_is(b->status, "waiting"))
		return err_set(err, ERR_REFUSED, "'%s' is %.*s already", v->id,
			       (int)b->status.len, b->status.ptr);
	if (b->expires <= clock_now())
		return err_set(err, ERR_REFUSED, "'%s' has expired", v->id);
	if (!is_approver(b, v->actor))
		return err_set(err, ERR_REFUSED,
			       "'%s' is not among the approvers of '%s'",
			       v->actor, v->id);
	if (b->others_only && is_requester(b, v->actor))
		return err_set(err, ERR_REFUSED,
			       "'%s' asked for '%s', and somebody else has to "
			       "agree",
			       v->actor, v->id);
	return 0;
}

static int save_vote(const struct vote *v, const struct ballot *b, int64_t yes,
		     struct err *err)
{
	AUTO_BUF struct buf vote = BUF_INIT, votes = BUF_INIT;
	const char *status = !v->approve	    ? "denied"
			     : yes + 1 >= b->quorum ? "approved"
						    : "waiting";
	bool settled = strcmp(status, "waiting") != 0;

	jwrite_open(&vote, NULL, '{');
	jwrite_str(&vote, "actor", v->actor);
	jwrite_bool(&vote, "approve", v->approve);
	jwrite_time(&vote, "time", clock_now());
	jwrite_str_opt(&vote, "reason", v->reason);
	jwrite_close(&vote, '}');
	(void)jlist_add(&votes, b->votes, buf_slice(&vote));
	return STORE_QUEUE(v->store, err,
			   "UPDATE approvals SET status = $2, votes = $3, "
			   "settled = $4 WHERE id = $1",
			   S_TEXT(v->id), S_TEXT(status),
			   S_SLICE(buf_slice(&votes)),
			   S_TIME(settled ? clock_now() : WHEN_NONE));
}

/* Its texts are those of the row. */
static struct store_rows *find_ballot(const struct vote *v, struct ballot *ret,
				      struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (store_lock(v->store, "approvals", err) < 0)
		return NULL;
	rows = STORE_ASK(v->store, err,
			 "SELECT status, approvers, votes, quorum, expires, "
			 "requester, others_only FROM approvals WHERE id = $1",
			 S_TEXT(v->id));
	if (!rows || (got = store_next(rows, err)) < 0)
		return NULL;
	if (!got) {
		(void)err_set(err, ERR_NO, "there is no approval '%s'", v->id);
		return NULL;
	}
	*ret = (struct ballot){.status = store_text(rows, 0),
			       .approvers = store_text(rows, 1),
			       .votes = store_text(rows, 2),
			       .quorum = store_int(rows, 3),
			       .expires = store_int(rows, 4),
			       .requester = store_text(rows, 5),
			       .others_only = store_int(rows, 6) != 0};
	return TAKE_PTR(rows);
}

static int vote_work(void *arg, struct err *err)
{
	const struct vote *v = arg;
	struct ballot b;
	int64_t yes;
	AUTO_ROWS struct store_rows *rows = find_ballot(v, &b, err);

	if (!rows || check_ballot(v, &b, err) < 0)
		return -1;
	if (has_voted(b.votes, v->actor, &yes))
		return err_set(err, ERR_REFUSED, "'%s' has voted on '%s'",
			       v->actor, v->id);
	return save_vote(v, &b, yes, err);
}

int approval_vote(struct store *s, const char *id, const char *actor,
		  bool approve, const char *reason, struct err *err)
{
	struct vote v = {.store = s,
			 .id = id,
			 .actor = actor,
			 .reason = reason,
			 .approve = approve};

	return store_transact(s, vote_work, &v, err);
}

static int revoke_work(void *arg, struct err *err)
{
	const struct vote *v = arg;
	struct ballot b;
	AUTO_ROWS struct store_rows *rows = find_ballot(v, &b, err);

	if (!rows)
		return -1;
	if (!slice_is(b.status, "approved") && !slice_is(b.status, "waiting"))
		return err_set(err, ERR_REFUSED, "'%s' is %.*s already", v->id,
			       (int)b.status.len, b.status.ptr);
	if (!is_approver(&b, v->actor) && !is_requester(&b, v->actor))
		return err_set(err, ERR_REFUSED,
			       "'%s' neither asked for '%s' nor is among its "
			       "approvers",
			       v->actor, v->id);
	return STORE_QUEUE(v->store, err,
			   "UPDATE approvals SET status = 'cancelled', "
			   "settled = $2 WHERE id = $1",
			   S_TEXT(v->id), S_INT(clock_now()));
}

int approval_revoke(struct store *s, const char *id, const char *actor,
		    struct err *err)
{
	struct vote v = {.store = s, .id = id, .actor = actor};

	return store_transact(s, revoke_work, &v, err);
}

/* What still waits behind its time is expired, although nobody came by. */
static struct slice status_now(struct slice status, int64_t expires)
{
	return slice_is(status, "waiting") && expires <= clock_now()
		       ? SLICE_LIT("expired")
		       : status;
}

int approval_record(struct store *s, const char *id, struct buf *out,
		    struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT requested, subject, hash, status, requester, "
			  "approvers, quorum, votes, expires, settled "
			  "FROM approvals WHERE id = $1",
			  S_TEXT(id));
	int got;

	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (!got)
		return err_set(err, ERR_NO, "there is no approval '%s'", id);
	jwrite_record(out, "approval", slice_of(id), store_time(rows, 0));
	jwrite_raw(out, "subject", store_text(rows, 1));
	jwrite_text(out, "hash", store_text(rows, 2));
	jwrite_text(out, "status",
		    status_now(store_text(rows, 3), store_time(rows, 8)));
	jwrite_text(out, "requester", store_text(rows, 4));
	jwrite_raw(out, "approvers", store_text(rows, 5));
	jwrite_int(out, "quorum", store_int(rows, 6));
	jwrite_raw(out, "votes", store_text(rows, 7));
	jwrite_time(out, "expires", store_time(rows, 8));
	jwrite_time_opt(out, "settled", store_time(rows, 9));
	jwrite_close(out, '}');
	return 0;
}

int approval_waiting(struct store *s, int64_t *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err,
			  "SELECT COUNT(*) FROM approvals "
			  "WHERE status = 'waiting' AND expires > $1",
			  S_INT(clock_now()));

	if (!rows || store_next(rows, err) < 0)
		return -1;
	*ret = store_int(rows, 0);
	return 0;
}
