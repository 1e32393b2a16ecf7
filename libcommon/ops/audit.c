/* audit.c - a chain of rows, each with the hash of the one before. */
#include <oncall/audit.h>

#include <stdio.h>

#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/when.h>

/* One row; hash is what stands in it. */
struct link {
	int64_t seq, time;
	struct slice actor, what, subject, data;
	char hash[HASH_HEX];
};

/* Lengths stand before the texts, so that no two rows are written alike. */
static void make_hash(const struct link *l, const char *before,
		      char out[HASH_HEX])
{
	const struct slice texts[] = {slice_of(before), l->actor, l->what,
				      l->subject, l->data};
	AUTO_BUF struct buf all = BUF_INIT_MAX(SIZE_MAX / 2);

	buf_addf(&all, "%lld %lld", (long long)l->seq, (long long)l->time);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		buf_addf(&all, " %zu:", texts[i].len);
		buf_add_slice(&all, texts[i]);
	}
	hash_sha256_hex(all.data, all.len, out, HASH_HEX - 1);
}

static void copy_hash(char out[HASH_HEX], struct slice text)
{
	(void)snprintf(out, HASH_HEX, "%.*s", (int)text.len, text.ptr);
}

/* The newest row; seq 0 when there is none. */
static int newest(struct store *s, struct link *ret, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(s, err,
			  "SELECT seq, hash FROM audit ORDER BY seq DESC "
			  "LIMIT 1",
			  NULL, 0);
	int got = rows ? store_next(rows, err) : -1;

	*ret = (struct link){.seq = 0};
	if (got > 0) {
		ret->seq = store_int(rows, 0);
		copy_hash(ret->hash, store_text(rows, 1));
	}
	return got < 0 ? -1 : 0;
}

int audit_add(struct store *s, const struct audit_entry *e, struct err *err)
{
	struct link last, row;

	if (store_lock(s, "audit", err) < 0 || newest(s, &last, err) < 0)
		return -1;
	row = (struct link){.seq = last.seq + 1,
			    .time = e->time,
			    .actor = slice_of(e->actor),
			    .what = slice_of(e->what),
			    .subject = slice_of(e->subject),
			    .data = e->data};
	make_hash(&row, last.hash, row.hash);
	return STORE_QUEUE(s, err,
			   "INSERT INTO audit (seq, time, actor, what, "
			   "subject, data, hash) VALUES ($1, $2, $3, $4, $5, "
			   "$6, $7)",
			   S_INT(row.seq), S_INT(row.time), S_SLICE(row.actor),
			   S_SLICE(row.what), S_SLICE(row.subject),
			   S_SLICE(row.data), S_TEXT(row.hash));
}

/* What a person noted elsewhere, "SEQ:HASH". */
struct noted {
	int64_t seq;
	const char *hash;
};

static int read_noted(struct noted *n, const char *head, struct err *err)
{
	size_t digits = strspn(head, "0123456789");

	*n = (struct noted){.hash = head + digits + 1};
	for (size_t i = 0; i < digits && n->seq < INT64_MAX / 10 - 9; i++)
		n->seq = n->seq * 10 + (head[i] - '0');
	if (!digits || head[digits] != ':' ||
	    (n->seq && strlen(n->hash) != HASH_HEX - 1))
		return err_set(err, ERR_USAGE,
			       "'%s' is not SEQ:HASH, as oncall-act audit head "
			       "prints it",
			       head);
	return 0;
}

static int tell_row(const struct link *l, struct err *err)
{
	char time[WHEN_TEXT];

	when_format(time, l->time);
	return err_set(err, ERR_NO,
		       "row %lld of the trail (%s, %.*s of %.*s) was changed, "
		       "or stands in another's place",
		       (long long)l->seq, time, (int)l->what.len, l->what.ptr,
		       (int)l->subject.len, l->subject.ptr);
}

/* hash: of the row before, then of this one. */
static int check_row(struct store_rows *rows, int64_t want,
		     const struct noted *n, char hash[HASH_HEX],
		     struct err *err)
{
	struct link row = {.seq = store_int(rows, 0),
			   .time = store_int(rows, 1),
			   .actor = store_text(rows, 2),
			   .what = store_text(rows, 3),
			   .subject = store_text(rows, 4),
			   .data = store_text(rows, 5)};
	char made[HASH_HEX];

	if (row.seq != want)
		return err_set(err, ERR_NO,
			       "row %lld of the trail is missing: %lld "
			       "follows %lld",
			       (long long)want, (long long)row.seq,
			       (long long)want - 1);
	copy_hash(row.hash, store_text(rows, 6));
	make_hash(&row, hash, made);
	if (strcmp(made, row.hash) != 0)
		return tell_row(&row, err);
	if (n->seq == row.seq && strcmp(n->hash, row.hash) != 0)
		return err_set(err, ERR_NO,
			       "row %lld of the trail is not the one that was "
			       "noted: it and what is before it were made anew",
			       (long long)row.seq);
	memcpy(hash, made, HASH_HEX);
	return 0;
}

int audit_verify(struct store *s, const char *head, int64_t *ret_rows,
		 struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	struct noted noted = {.hash = ""};
	char hash[HASH_HEX] = "";
	int got;

	*ret_rows = 0;
	if (head && read_noted(&noted, head, err) < 0)
		return -1;
	rows = store_ask(s, err,
			 "SELECT seq, time, actor, what, subject, data, hash "
			 "FROM audit ORDER BY seq",
			 NULL, 0);
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		if (check_row(rows, *ret_rows + 1, &noted, hash, err) < 0)
			return -1;
		++*ret_rows;
	}
	if (got == 0 && noted.seq > *ret_rows)
		return err_set(err, ERR_NO,
			       "the trail ends with row %lld, and row %lld "
			       "was noted: its end was cut off",
			       (long long)*ret_rows, (long long)noted.seq);
	return got;
}

int audit_head(struct store *s, char **ret, struct err *err)
{
	struct link last;

	if (newest(s, &last, err) < 0)
		return -1;
	*ret = mem_printf("%lld:%s", (long long)last.seq, last.hash);
	return 0;
}
