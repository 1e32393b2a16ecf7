/* outbox.c - messages that are to be sent. */
#include <oncall/outbox.h>

#include <oncall/counter.h>

#define COUNTER "messages"

int outbox_add(struct store *s, const struct outbox_message *m, struct err *err)
{
	int64_t num;

	if (counter_next(s, COUNTER, &num, err) < 0)
		return -1;
	return (int)STORE_RUN(
		s, err,
		"INSERT INTO messages (num, key, record, thread, call, "
		"until_ack, status, made) "
		"VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7) "
		"ON CONFLICT (key) DO NOTHING",
		S_INT(num), S_TEXT(m->key), S_SLICE(m->record),
		S_TEXT(m->thread), S_INT(m->call), S_INT(m->until_ack),
		S_INT(m->made));
}

int64_t outbox_cancel(struct store *s, const struct outbox_cancel *c,
		      struct err *err)
{
	return STORE_RUN(
		s, err,
		"UPDATE messages SET status = 'cancelled', reason = $2 "
		"WHERE thread = $1 AND status = 'queued' "
		"AND (call = 1 OR until_ack = $5) "
		"AND substr(key, 1, CAST($4 AS INTEGER)) = $3",
		S_TEXT(c->thread), S_TEXT(c->reason), S_TEXT(c->start),
		S_INT((int64_t)strlen(c->start)), S_INT(c->told_too ? 1 : 2));
}
