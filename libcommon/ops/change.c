/* change.c - what was done to services: deployments, configuration. */
#include <oncall/change.h>

#include <stdio.h>

#include <oncall/ulid.h>
#include <oncall/when.h>

int change_add(struct store *s, struct change *c, struct err *err)
{
	int64_t added;

	if (!c->id[0]) {
		char ulid[ULID_TEXT];

		ulid_make(ulid);
		(void)snprintf(c->id, sizeof(c->id), "CHG-%s", ulid);
	}
	added = STORE_RUN(s, err,
			  "INSERT INTO changes (id, time, service, what, kind, "
			  "who, version, link, host) VALUES ($1, $2, $3, $4, "
			  "$5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
			  S_TEXT(c->id), S_INT(c->time), S_TEXT(c->service),
			  S_TEXT(c->what), S_TEXT(c->kind), S_TEXT(c->who),
			  S_TEXT(c->version), S_TEXT(c->link), S_TEXT(c->host));
	return added < 0 ? -1 : added > 0;
}

#define SELECT_CHANGES                                                         \
	"SELECT id, time, service, what, kind, who, version, link, host FROM " \
	"changes WHERE time >= $1 AND time < $2 "
#define NEWEST_FIRST "ORDER BY time DESC, id DESC"

struct store_rows *change_ask(struct store *s, const char *service,
			      int64_t from, int64_t to, struct err *err)
{
	if (!service)
		return STORE_ASK(s, err, SELECT_CHANGES NEWEST_FIRST,
				 S_INT(from), S_INT(to));
	return STORE_ASK(s, err,
			 SELECT_CHANGES "AND service = $3 " NEWEST_FIRST,
			 S_INT(from), S_INT(to), S_TEXT(service));
}

/* Offsets into text hold while it grows, pointers do not. */
static size_t keep(struct buf *text, struct slice value)
{
	size_t at = text->len;

	buf_add_slice(text, value);
	buf_add_char(text, '\0');
	return at;
}

void change_row(struct store_rows *rows, struct change *ret, struct buf *text)
{
	const char **const members[] = {
		&ret->service, &ret->what, &ret->kind, &ret->who,
		&ret->version, &ret->link, &ret->host};
	size_t at[ARRAY_LEN(members)];
	struct slice id = store_text(rows, 0);

	buf_reset(text);
	*ret = (struct change){.time = store_int(rows, 1)};
	(void)snprintf(ret->id, sizeof(ret->id), "%.*s", (int)id.len, id.ptr);
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		at[i] = keep(text, store_text(rows, (int)i + 2));
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		*members[i] = store_is_null(rows, (int)i + 2)
				      ? NULL
				      : text->data + at[i];
}
