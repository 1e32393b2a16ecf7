/* incident-keep.c - the detections that are kept with an incident. */
#include "incident-keep.h"

#include <oncall/jlist.h>
#include <oncall/jwrite.h>

#define RECORD_LONG 16384 /* a longer detection is kept shortened */
#define MEMBER_LONG 2048  /* to its members that are not longer than this */

static const char *const load_sql[KEEP_PARTS] = {
	[KEEP_FIRST] =
		"SELECT records FROM first_detections WHERE incident = $1",
	[KEEP_LATEST] =
		"SELECT records FROM latest_detections WHERE incident = $1",
};

static const char *const save_sql[KEEP_PARTS] = {
	[KEEP_FIRST] = "INSERT INTO first_detections (incident, records) "
		       "VALUES ($1, $2) ON CONFLICT (incident) "
		       "DO UPDATE SET records = excluded.records",
	[KEEP_LATEST] = "INSERT INTO latest_detections (incident, records) "
			"VALUES ($1, $2) ON CONFLICT (incident) "
			"DO UPDATE SET records = excluded.records",
};

int keep_load(struct store *s, int64_t num, int part, struct keep_list *list,
	      struct buf *text, struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(s, err, load_sql[part], S_INT(num));
	int got;

	list->count = 0;
	if (!rows || (got = store_next(rows, err)) < 0)
		return -1;
	if (!got)
		return 0;
	buf_add_slice(text, store_text(rows, 0));
	list->count = jlist_items(buf_slice(text), list->lines, KEEP_MAX);
	if (list->count > KEEP_MAX)
		list->count = KEEP_MAX;
	return 0;
}

static void write_shortened(struct buf *out, struct slice line)
{
	struct err err = ERR_INIT;
	struct jscan scan = {0};
	size_t start;

	jwrite_open(out, NULL, '{');
	start = out->len;
	if (jscan_object(&scan, line.ptr, line.len, &err) < 0)
		scan.count = 0;
	for (size_t i = 0; i < scan.count; i++) {
		const struct jscan_member *m = &scan.members[i];

		if (m->key.len + m->value.len > MEMBER_LONG || m->key_escaped ||
		    slice_is(m->key, "truncated") ||
		    out->len - start > RECORD_LONG)
			continue;
		if (out->data[out->len - 1] != '{')
			buf_add_char(out, ',');
		buf_add_char(out, '"');
		buf_add_slice(out, m->key);
		buf_add_str(out, "\":");
		buf_add_slice(out, m->value);
	}
	jwrite_bool(out, "truncated", true);
	jwrite_close(out, '}');
	jscan_done(&scan);
}

void keep_write(struct buf *out, struct slice line)
{
	if (line.len <= RECORD_LONG)
		jwrite_raw(out, NULL, line);
	else
		write_shortened(out, line);
}

int keep_save(struct store *s, int64_t num, int part,
	      const struct keep_list *list, struct err *err)
{
	AUTO_BUF struct buf records = BUF_INIT;

	jwrite_open(&records, NULL, '[');
	for (size_t i = 0; i < list->count; i++)
		keep_write(&records, list->lines[i]);
	jwrite_close(&records, ']');
	return STORE_QUEUE(s, err, save_sql[part], S_INT(num),
			   S_SLICE(buf_slice(&records)));
}

void keep_push(struct keep_list *list, struct slice line, size_t most)
{
	if (list->count == most) {
		memmove(list->lines, list->lines + 1,
			(most - 1) * sizeof(list->lines[0]));
		list->count--;
	}
	list->lines[list->count++] = line;
}

int keep_append(struct store *s, int64_t num, const struct keep_list *fresh,
		int part, size_t most, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct keep_list all;

	if (keep_load(s, num, part, &all, &text, err) < 0)
		return -1;
	for (size_t i = 0; i < fresh->count; i++)
		keep_push(&all, fresh->lines[i], most);
	return keep_save(s, num, part, &all, err);
}
