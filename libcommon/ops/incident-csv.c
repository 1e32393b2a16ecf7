/*
 * incident-csv.c - incidents as rows. The columns are the members of a record;
 * a cell holds a string as its text, and everything else as JSON.
 */

#include <oncall/incident-exchange.h>

#include <oncall/jscan.h>
#include <oncall/jwrite.h>

static const char *const before_fields[] = {"id", "time"};
static const char *const behind_fields[] = {"detections", "timeline"};

/* Column i, or NULL behind the last. */
static const char *column_name(size_t i)
{
	if (i < ARRAY_LEN(before_fields))
		return before_fields[i];
	i -= ARRAY_LEN(before_fields);
	for (const struct incident_field *f = incident_fields; f->name; f++)
		if (i-- == 0)
			return f->name;
	return i < ARRAY_LEN(behind_fields) ? behind_fields[i] : NULL;
}

void incident_csv_heading(struct buf *out)
{
	const char *name;

	for (size_t i = 0; (name = column_name(i)); i++)
		csv_add(out, slice_of(name), i == 0);
	buf_add_char(out, '\n');
}

static void add_cell(struct buf *out, const struct jscan_member *m, bool first)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (!m || m->type == JSCAN_NULL) {
		csv_add(out, (struct slice){0}, first);
	} else if (m->type == JSCAN_STRING) {
		jscan_unquote(&text, m->value);
		csv_add(out, (struct slice){buf_str(&text), text.len}, first);
	} else {
		csv_add(out, m->value, first);
	}
}

int incident_csv_row(struct buf *out, struct slice record, struct err *err)
{
	struct jscan scan = {0};
	const char *name;
	int rc = jscan_object(&scan, record.ptr, record.len, err);

	for (size_t i = 0; rc == 0 && (name = column_name(i)); i++)
		add_cell(out, jscan_get(&scan, name), i == 0);
	if (rc == 0)
		buf_add_char(out, '\n');
	jscan_done(&scan);
	return rc;
}

static const struct incident_field *find_field(const char *name)
{
	for (const struct incident_field *f = incident_fields; f->name; f++)
		if (strcmp(name, f->name) == 0)
			return f;
	return NULL; /* id, time, detections, timeline */
}

/* Whether the member of that name is a string in records. */
static bool is_string(const char *name)
{
	const struct incident_field *f = find_field(name);

	if (!f)
		return strcmp(name, "id") == 0 || strcmp(name, "time") == 0;
	return f->kind == INCIDENT_TEXT || f->kind == INCIDENT_TIME ||
	       f->kind == INCIDENT_SEVERITY || f->kind == INCIDENT_STATUS;
}

/* Nothing: left out, as in records, or null where a text always stands. */
static void add_nothing(struct buf *out, const char *name)
{
	const struct incident_field *f = find_field(name);

	if (f && f->always && f->kind == INCIDENT_TEXT)
		jwrite_raw(out, name, SLICE_LIT("null"));
}

static struct slice cell(const struct csv_row *heading,
			 const struct csv_row *row, const char *name)
{
	for (size_t i = 0; i < heading->count && i < row->count; i++)
		if (slice_is(heading->fields[i], name))
			return row->fields[i];
	return (struct slice){0};
}

int incident_csv_record(struct buf *out, const struct csv_row *heading,
			const struct csv_row *row, struct err *err)
{
	const char *name;

	if (row->count != heading->count)
		return err_set(err, ERR_INPUT,
			       "%zu fields where the heading has %zu",
			       row->count, heading->count);
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "type", "incident");
	for (size_t i = 0; (name = column_name(i)); i++) {
		struct slice text = cell(heading, row, name);

		if (!text.ptr)
			add_nothing(out, name);
		else if (is_string(name))
			jwrite_text(out, name, text);
		else if (memchr(text.ptr, '\n', text.len))
			return err_set(err, ERR_INPUT,
				       "'%s' has a line end, which no record "
				       "may have",
				       name);
		else
			jwrite_raw(out, name, text);
	}
	jwrite_close(out, '}');
	return 0;
}
