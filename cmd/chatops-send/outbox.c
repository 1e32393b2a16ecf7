/* outbox.c - chatops-send outbox: what is there, and changing it by hand. */
#include "send-cmd.h"

#include <oncall/when.h>

#define SHOWN 50 /* on a terminal, unless --limit says otherwise */

struct listing {
	struct show_table *table;
	struct record_writer *out;
	size_t count;
};

static enum show_color color_of(const char *status)
{
	if (!strcmp(status, "delivered") || !strcmp(status, "accepted"))
		return SHOW_GREEN;
	if (!strcmp(status, "failed") || !strcmp(status, "unknown"))
		return SHOW_RED;
	return strcmp(status, "cancelled") ? SHOW_YELLOW : SHOW_DIM;
}

static void on_row(void *arg, const struct send_delivery *d)
{
	struct listing *l = arg;
	char time[WHEN_TEXT];

	l->count++;
	if (cli_records()) {
		send_delivery_record(d, &l->out->out);
		record_write_end(l->out);
		return;
	}
	when_format(time, d->due);
	show_table_cell(l->table, slice_of(d->key), SHOW_BOLD);
	show_table_cell(l->table, slice_of(d->target), SHOW_PLAIN);
	show_table_cell(l->table, slice_of(d->room), SHOW_DIM);
	show_table_cell(l->table, slice_of(d->status), color_of(d->status));
	show_table_cellf(l->table, SHOW_PLAIN, "%lld", (long long)d->attempts);
	show_table_cell(l->table, slice_of(time), SHOW_PLAIN);
	show_table_cell(l->table, slice_of(d->reason), SHOW_DIM);
}

static int list(struct store *s, const struct send_query *q,
		struct record_writer *out, struct err *err)
{
	static const char *const headings[] = {
		"KEY", "TARGET", "ROOM", "STATUS", "TRIES>", "TIME", "REASON~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	struct listing l = {.table = t, .out = out};

	if (s && send_list(s, q, on_row, &l, err) < 0)
		return -1;
	if (!cli_records() && l.count)
		cli_table(t, &out->out);
	else if (!cli_records())
		buf_add_str(&out->out, "nothing is there\n");
	return 0;
}

static int check_status(struct err *err)
{
	static const char *const known[] = {"open",	 "queued", "sending",
					    "held",	 "joined", "delivered",
					    "accepted",	 "failed", "unknown",
					    "cancelled", NULL};
	const char *near;

	for (size_t i = 0; send_args.status && known[i]; i++)
		if (!strcmp(send_args.status, known[i]))
			return 0;
	if (!send_args.status)
		return 0;
	near = cli_nearest(send_args.status, known);
	return err_set(err, ERR_USAGE, "--status: no status '%s'%s%s%s",
		       send_args.status, near ? "; did you mean '" : "",
		       near ? near : "", near ? "'?" : "");
}

static int open_to_read(struct store **ret, struct err *err)
{
	if (!store_exists(cli_store_address()))
		return 0;
	return store_open(ret, cli_store_address(), STORE_READ, err);
}

static int list_all(int argc, char **argv, struct record_writer *out,
		    struct err *err)
{
	AUTO_STORE struct store *s = NULL;
	struct send_query q = {
		.target = send_args.target,
		.status = send_args.status,
		.limit = send_args.limit,
	};

	(void)argv;
	if (argc)
		return err_set(err, ERR_USAGE,
			       "outbox list takes no key; outbox show does");
	if (!q.limit && !cli_records())
		q.limit = SHOWN;
	if (check_status(err) < 0 || open_to_read(&s, err) < 0)
		return -1;
	return list(s, &q, out, err);
}

static int show_one(struct store *s, const char *key, struct record_writer *out,
		    struct err *err)
{
	AUTO_BUF struct buf record = BUF_INIT_MAX(SIZE_MAX / 2);
	struct send_query q = {.key = key, .target = send_args.target};

	if (!s)
		return err_set(err, ERR_NO,
			       "there is no message '%s': the store is empty",
			       key);
	if (send_record(s, key, &record, err) < 0)
		return -1;
	if (cli_records())
		record_write(out, buf_slice(&record));
	else
		show_text(&out->out, record.data, record.len, 0);
	if (!cli_records())
		buf_add_char(&out->out, '\n');
	return list(s, &q, out, err);
}

static int show_all(int argc, char **argv, struct record_writer *out,
		    struct err *err)
{
	AUTO_STORE struct store *s = NULL;

	if (!argc)
		return err_set(err, ERR_USAGE,
			       "which message? outbox list names them");
	if (open_to_read(&s, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (show_one(s, argv[i], out, err) < 0)
			return -1;
	return 0;
}

/* Retry or drop, which differ in one call. */
static int change(int argc, char **argv, bool drop, struct err *err)
{
	int64_t (*how)(struct store *, const char *, const char *,
		       struct err *) = drop ? send_drop : send_retry;
	AUTO_STORE struct store *s = NULL;
	int64_t total = 0;

	if (!argc && !send_args.all && !send_args.target)
		return err_set(err, ERR_USAGE,
			       "which message? name keys, or give --target, or "
			       "--all");
	if (store_open(&s, cli_store_address(), STORE_WRITE, err) < 0)
		return -1;
	for (int i = 0; i < (argc ? argc : 1); i++) {
		int64_t n =
			how(s, argc ? argv[i] : NULL, send_args.target, err);

		if (n < 0)
			return -1;
		if (n == 0 && argc)
			return err_set(err, ERR_NO,
				       "nothing of '%s' %s: see outbox show",
				       argv[i],
				       drop ? "waits to be sent"
					    : "failed or is unknown");
		total += n;
	}
	return total ? 0 : 1;
}

static int retry_all(int argc, char **argv, struct record_writer *out,
		     struct err *err)
{
	(void)out;
	return change(argc, argv, false, err);
}

static int drop_all(int argc, char **argv, struct record_writer *out,
		    struct err *err)
{
	(void)out;
	return change(argc, argv, true, err);
}

int outbox_run(int argc, char **argv, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv, struct record_writer *out,
			   struct err *err);
	} words[] = {{"list", list_all},
		     {"show", show_all},
		     {"retry", retry_all},
		     {"drop", drop_all}};
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);

	for (size_t i = 0; argc && i < ARRAY_LEN(words); i++) {
		int rc;

		if (strcmp(argv[0], words[i].name) != 0)
			continue;
		rc = words[i].run(argc - 1, argv + 1, &out, err);
		if (rc < 0 || record_flush(&out, err) < 0)
			return -1;
		return rc;
	}
	return err_set(err, ERR_USAGE,
		       "outbox is followed by list, show, retry or drop");
}
