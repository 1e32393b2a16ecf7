/* incident.c - the members of an incident: rows, records, ids. */
#include <oncall/incident.h>
#include <oncall/timeline.h>

#include <ctype.h>
#include <stdio.h>

#include <oncall/counter.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#include "incident-keep.h"

#define COUNTER "change" /* transactions that changed incidents */

const char *const incident_status_names[] = {
	[INCIDENT_OPEN] = "open",
	[INCIDENT_ACKNOWLEDGED] = "acknowledged",
	[INCIDENT_INVESTIGATING] = "investigating",
	[INCIDENT_MITIGATED] = "mitigated",
	[INCIDENT_RESOLVED] = "resolved",
	[INCIDENT_CLOSED] = "closed",
	NULL,
};

#define FIELD(n, c, k, m, a)                                          \
	{                                                             \
		.name = (n), .column = (c), .kind = (k),              \
		.offset = offsetof(struct incident, m), .always = (a) \
	}

/* The order of INCIDENT_COLUMNS between num, and change and changed. */
const struct incident_field incident_fields[] = {
	FIELD("revision", "revision", INCIDENT_NUMBER, revision, true),
	FIELD("status", "status", INCIDENT_STATUS, status, true),
	FIELD("severity", "severity", INCIDENT_SEVERITY, severity, true),
	FIELD("severity_raw", "severity_raw", INCIDENT_TEXT, severity_raw, 0),
	FIELD("title", "title", INCIDENT_TEXT, title, true),
	FIELD("service", "service", INCIDENT_TEXT, service, true),
	FIELD("host", "host", INCIDENT_TEXT, host, true),
	FIELD("category", "category", INCIDENT_TEXT, category, true),
	FIELD("pattern", "pattern", INCIDENT_TEXT, pattern, true),
	FIELD("fingerprint", "fingerprint", INCIDENT_TEXT, fingerprint, true),
	FIELD("opened", "opened", INCIDENT_TIME, opened, true),
	FIELD("updated", "updated", INCIDENT_TIME, updated, true),
	FIELD("first", "first_seen", INCIDENT_TIME, first, true),
	FIELD("last", "last_seen", INCIDENT_TIME, last, true),
	FIELD("acknowledged", "acknowledged", INCIDENT_TIME, acknowledged, 0),
	FIELD("mitigated", "mitigated", INCIDENT_TIME, mitigated, 0),
	FIELD("resolved", "resolved", INCIDENT_TIME, resolved, 0),
	FIELD("closed", "closed", INCIDENT_TIME, closed, 0),
	FIELD("count", "count", INCIDENT_NUMBER, count, true),
	FIELD("seen", "detections", INCIDENT_NUMBER, detections, true),
	FIELD("assignee", "assignee", INCIDENT_TEXT, assignee, 0),
	FIELD("tags", "tags", INCIDENT_JSON, tags, true),
	FIELD("labels", "labels", INCIDENT_JSON, labels, true),
	FIELD("links", "links", INCIDENT_JSON, links, true),
	FIELD("previous", "previous", INCIDENT_TEXT, previous, 0),
	FIELD("merged_into", "merged_into", INCIDENT_TEXT, merged_into, 0),
	FIELD("simulated", "simulated", INCIDENT_FLAG, simulated, 0),
	FIELD("auto_resolved", "auto_resolved", INCIDENT_FLAG, auto_resolved,
	      0),
	FIELD("false_positive", "false_positive", INCIDENT_FLAG, false_positive,
	      0),
	FIELD("solution", "solution", INCIDENT_TEXT, solution, 0),
	FIELD("took", "took", INCIDENT_PERIOD, took, 0),
	FIELD("known", "known", INCIDENT_NUMBER, known, 0),
	FIELD("triaged", "triaged", INCIDENT_NUMBER, triaged, 0),
	FIELD("acted", "acted", INCIDENT_NUMBER, acted, 0),
	{.name = NULL},
};

_Static_assert(ARRAY_LEN(incident_fields) - 1 + 3 == INCIDENT_COLUMN_COUNT,
	       "num, change and changed stand around the fields");

/* The casts are safe: the kind of a field says the type of its member. */
struct slice *incident_text(struct incident *inc,
			    const struct incident_field *f)
{
	return (struct slice *)(void *)((char *)inc + f->offset);
}

int64_t *incident_number(struct incident *inc, const struct incident_field *f)
{
	return (int64_t *)(void *)((char *)inc + f->offset);
}

bool *incident_flag(struct incident *inc, const struct incident_field *f)
{
	return (bool *)((char *)inc + f->offset);
}

static const struct slice *text_of(const struct incident *inc,
				   const struct incident_field *f)
{
	return (const struct slice *)(const void *)((const char *)inc +
						    f->offset);
}

static int64_t number_of(const struct incident *inc,
			 const struct incident_field *f)
{
	return *(const int64_t *)(const void *)((const char *)inc + f->offset);
}

static bool flag_of(const struct incident *inc, const struct incident_field *f)
{
	return *(const bool *)((const char *)inc + f->offset);
}

void incident_done(struct incident *inc)
{
	for (size_t i = 0; i < inc->owned_count; i++)
		free(inc->owned[i]);
	free(inc->owned);
	*inc = (struct incident){0};
}

static void own_block(struct incident *inc, char *block)
{
	inc->owned =
		mem_resize(inc->owned, inc->owned_count + 1, sizeof(char *));
	inc->owned[inc->owned_count++] = block;
}

void incident_set(struct incident *inc, struct slice *member, struct slice text)
{
	char *copy = mem_dup_bytes(text.ptr, text.len);
	size_t i = 0;

	while (i < inc->owned_count && inc->owned[i] != member->ptr)
		i++;
	if (i < inc->owned_count) {
		free(inc->owned[i]); /* what was set before */
		inc->owned[i] = copy;
	} else {
		own_block(inc, copy);
	}
	*member = (struct slice){copy, text.len};
}

/* The place of text member i; the change comes last. NULL behind it. */
static struct slice *nth_text(struct incident *inc, size_t i)
{
	for (const struct incident_field *f = incident_fields; f->name; f++) {
		if (f->kind != INCIDENT_TEXT && f->kind != INCIDENT_JSON)
			continue;
		if (i-- == 0)
			return incident_text(inc, f);
	}
	return i == 0 ? &inc->change : NULL;
}

void incident_own(struct incident *inc)
{
	struct slice *text;
	size_t total = 1;
	char *block;

	for (size_t i = 0; (text = nth_text(inc, i)); i++)
		total += text->len + 1;
	block = mem_alloc(total);
	own_block(inc, block++); /* no text is the whole block */
	for (size_t i = 0; (text = nth_text(inc, i)); i++) {
		if (!text->ptr)
			continue;
		memcpy(block, text->ptr, text->len);
		text->ptr = block;
		block += text->len;
		*block++ = '\0';
	}
}

void incident_id(char out[INCIDENT_ID], int64_t num)
{
	(void)snprintf(out, INCIDENT_ID, "INC-%08lld-%04lld",
		       (long long)(num / INCIDENT_PER_DAY),
		       (long long)(num % INCIDENT_PER_DAY));
}

/* Digits up to something else; -1 when there are none or too many. */
static int64_t read_digits(const char **p, size_t most)
{
	int64_t value = 0;
	size_t n;

	for (n = 0; isdigit((unsigned char)(*p)[n]) && n <= most; n++)
		value = value * 10 + ((*p)[n] - '0');
	if (n == 0 || n > most)
		return -1;
	*p += n;
	return value;
}

int incident_parse_id(const char *text, int64_t *ret_num, struct err *err)
{
	const char *p = text;
	int64_t day, number;

	if (strncasecmp(p, "INC-", 4) == 0)
		p += 4;
	day = read_digits(&p, 8);
	if (day < 0 || *p++ != '-')
		return err_set(err, ERR_USAGE,
			       "'%s' is not an incident, such as "
			       "INC-20261120-0001",
			       text);
	number = read_digits(&p, 7);
	if (number < 1 || *p)
		return err_set(err, ERR_USAGE,
			       "'%s' is not an incident, such as "
			       "INC-20261120-0001",
			       text);
	*ret_num = day * INCIDENT_PER_DAY + number;
	return 0;
}

static enum incident_status parse_status(struct slice text)
{
	for (unsigned i = 0; incident_status_names[i]; i++)
		if (slice_is(text, incident_status_names[i]))
			return (enum incident_status)i;
	return INCIDENT_OPEN;
}

static void field_from_row(struct incident *inc, const struct incident_field *f,
			   struct store_rows *rows, int column)
{
	switch (f->kind) {
	case INCIDENT_TEXT:
	case INCIDENT_JSON:
		*incident_text(inc, f) = store_text(rows, column);
		break;
	case INCIDENT_TIME:
	case INCIDENT_NUMBER:
	case INCIDENT_PERIOD:
		*incident_number(inc, f) = store_time(rows, column);
		break;
	case INCIDENT_FLAG:
		*incident_flag(inc, f) = store_int(rows, column) != 0;
		break;
	case INCIDENT_SEVERITY:
		inc->severity = (enum severity)(store_int(rows, column) % 5);
		break;
	case INCIDENT_STATUS:
		inc->status = parse_status(store_text(rows, column));
		break;
	}
}

void incident_from_row(struct incident *inc, struct store_rows *rows, int first)
{
	int column = first;

	*inc = (struct incident){.num = store_int(rows, column++)};
	for (const struct incident_field *f = incident_fields; f->name; f++)
		field_from_row(inc, f, rows, column++);
	inc->change = store_text(rows, column++);
	inc->changed = store_int(rows, column);
}

int incident_load(struct store *s, int64_t num, struct incident *inc,
		  struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err,
		"SELECT " INCIDENT_COLUMNS " FROM incidents i WHERE i.num = $1",
		S_INT(num));
	char id[INCIDENT_ID];
	int got;

	if (!rows)
		return -1;
	got = store_next(rows, err);
	if (got < 0)
		return -1;
	if (!got) {
		incident_id(id, num);
		return err_set(err, ERR_NO, "there is no incident '%s'", id);
	}
	incident_from_row(inc, rows, 0);
	incident_own(inc);
	return 0;
}

static struct store_value field_value(const struct incident *inc,
				      const struct incident_field *f)
{
	switch (f->kind) {
	case INCIDENT_TEXT:
	case INCIDENT_JSON:
		return S_OPT(*text_of(inc, f));
	case INCIDENT_TIME:
	case INCIDENT_NUMBER:
	case INCIDENT_PERIOD:
		return S_TIME(number_of(inc, f));
	case INCIDENT_FLAG:
		return S_INT(flag_of(inc, f));
	case INCIDENT_SEVERITY:
		return S_INT(inc->severity);
	case INCIDENT_STATUS:
		return S_TEXT(incident_status_names[inc->status]);
	}
	return S_NULL;
}

static void all_values(const struct incident *inc,
		       struct store_value values[INCIDENT_COLUMN_COUNT])
{
	size_t n = 0;

	values[n++] = S_INT(inc->num);
	for (const struct incident_field *f = incident_fields; f->name; f++)
		values[n++] = field_value(inc, f);
	values[n++] = S_SLICE(inc->change);
	values[n] = S_INT(inc->changed);
}

int incident_insert(struct store *s, const struct incident *inc,
		    struct err *err)
{
	struct store_value values[INCIDENT_COLUMN_COUNT];

	all_values(inc, values);
	return store_queue(
		s, err,
		"INSERT INTO incidents (num, revision, status, severity, "
		"severity_raw, title, service, host, category, pattern, "
		"fingerprint, opened, updated, first_seen, last_seen, "
		"acknowledged, mitigated, resolved, closed, count, detections, "
		"assignee, tags, labels, links, previous, merged_into, "
		"simulated, auto_resolved, false_positive, solution, took, "
		"known, triaged, acted, change, changed) VALUES ($1, $2, $3, "
		"$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
		"$17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, "
		"$29, $30, $31, $32, $33, $34, $35, $36, $37)",
		values, ARRAY_LEN(values));
}

int incident_update(struct store *s, const struct incident *inc,
		    struct err *err)
{
	struct store_value values[INCIDENT_COLUMN_COUNT];

	all_values(inc, values);
	return store_queue(
		s, err,
		"UPDATE incidents SET revision = $2, status = $3, "
		"severity = $4, severity_raw = $5, title = $6, service = $7, "
		"host = $8, category = $9, pattern = $10, fingerprint = $11, "
		"opened = $12, updated = $13, first_seen = $14, "
		"last_seen = $15, acknowledged = $16, mitigated = $17, "
		"resolved = $18, closed = $19, count = $20, detections = $21, "
		"assignee = $22, tags = $23, labels = $24, links = $25, "
		"previous = $26, merged_into = $27, simulated = $28, "
		"auto_resolved = $29, false_positive = $30, solution = $31, "
		"took = $32, known = $33, triaged = $34, acted = $35, "
		"change = $36, changed = $37 WHERE num = $1",
		values, ARRAY_LEN(values));
}

int incident_remove(struct store *s, int64_t num, struct err *err)
{
	static const char *const sql[] = {
		"DELETE FROM fingerprints WHERE incident = $1",
		"DELETE FROM first_detections WHERE incident = $1",
		"DELETE FROM latest_detections WHERE incident = $1",
		"DELETE FROM timeline WHERE incident = $1",
		"DELETE FROM incident_knowledge WHERE incident = $1",
		"DELETE FROM incident_triage WHERE incident = $1",
		"DELETE FROM pager_urgent WHERE incident = $1",
		"DELETE FROM pager_causes WHERE incident = $1",
		"DELETE FROM incidents WHERE num = $1",
	};

	if (STORE_QUEUE(s, err,
			"UPDATE pager_groups SET due = 0 WHERE key IN (SELECT "
			"group_key FROM pager_incidents WHERE incident = $1)",
			S_INT(num)) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		if (STORE_QUEUE(s, err, sql[i], S_INT(num)) < 0)
			return -1;
	return 0;
}

int incident_lock(struct store *s, int64_t *ret_changed, struct err *err)
{
	if (store_lock(s, "incidents", err) < 0)
		return -1;
	return counter_next(s, COUNTER, ret_changed, err);
}

int incident_last_change(struct store *s, int64_t *ret, struct err *err)
{
	return counter_get(s, COUNTER, ret, err);
}

static void write_number(struct buf *out, const char *key, int64_t value,
			 bool seconds)
{
	if (value == WHEN_NONE)
		jwrite_raw(out, key, SLICE_LIT("null"));
	else if (seconds && value % WHEN_SECOND)
		jwrite_real(out, key, (double)value / (double)WHEN_SECOND);
	else
		jwrite_int(out, key, seconds ? value / WHEN_SECOND : value);
}

static void write_field(struct buf *out, const struct incident *inc,
			const struct incident_field *f)
{
	const struct slice *text;

	switch (f->kind) {
	case INCIDENT_TEXT:
		text = text_of(inc, f);
		if (text->ptr || f->always)
			jwrite_text(out, f->name, *text);
		break;
	case INCIDENT_JSON:
		jwrite_raw(out, f->name, *text_of(inc, f));
		break;
	case INCIDENT_TIME:
		jwrite_time_opt(out, f->name, number_of(inc, f));
		break;
	case INCIDENT_NUMBER:
	case INCIDENT_PERIOD:
		if (f->always || number_of(inc, f) != WHEN_NONE)
			write_number(out, f->name, number_of(inc, f),
				     f->kind == INCIDENT_PERIOD);
		break;
	case INCIDENT_FLAG:
		if (flag_of(inc, f))
			jwrite_bool(out, f->name, true);
		break;
	case INCIDENT_SEVERITY:
		jwrite_str(out, f->name, severity_name(inc->severity));
		break;
	case INCIDENT_STATUS:
		jwrite_str(out, f->name, incident_status_names[inc->status]);
		break;
	}
}

void incident_write(struct buf *out, const struct incident *inc)
{
	char id[INCIDENT_ID];

	incident_id(id, inc->num);
	jwrite_str(out, "type", "incident");
	jwrite_str(out, "id", id);
	jwrite_time(out, "time", inc->updated);
	for (const struct incident_field *f = incident_fields; f->name; f++)
		write_field(out, inc, f);
}

/* The first and the latest detections, as one array. */
static int write_detections(struct store *s, int64_t num, struct buf *out,
			    struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	jwrite_open(out, "detections", '[');
	for (int part = 0; part < KEEP_PARTS; part++) {
		struct keep_list list;

		buf_reset(&text);
		if (keep_load(s, num, part, &list, &text, err) < 0)
			return -1;
		for (size_t i = 0; i < list.count; i++)
			jwrite_raw(out, NULL, list.lines[i]);
	}
	jwrite_close(out, ']');
	return 0;
}

int incident_record(struct store *s, const struct incident *inc, unsigned parts,
		    struct buf *out, struct err *err)
{
	jwrite_open(out, NULL, '{');
	incident_write(out, inc);
	if (parts & INCIDENT_WITH_CHANGE)
		jwrite_text(out, "change", inc->change);
	if ((parts & INCIDENT_WITH_DETECTIONS) &&
	    write_detections(s, inc->num, out, err) < 0)
		return -1;
	if ((parts & INCIDENT_WITH_TIMELINE) &&
	    timeline_write(s, inc->num, out, err) < 0)
		return -1;
	jwrite_close(out, '}');
	return buf_check(out, "the record of an incident", err);
}
