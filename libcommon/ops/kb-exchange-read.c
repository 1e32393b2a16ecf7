/* kb-exchange-read.c - which form a file has; records, JSON and packs. */
#include "kb-exchange-internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <oncall/fd.h>
#include <oncall/jscan.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

const char *const kb_format_names[] = {"json",	       "jsonl",
				       "yaml",	       "csv",
				       "runbook-md",   "prometheus-rules",
				       "patterns-csv", NULL};

/* ---- what readers need ---- */

int kb_source_slurp(const struct kb_source *src, struct buf *out,
		    struct err *err)
{
	out->max = 2 * KB_EXCHANGE_MAX;
	return fd_read_all(src->fd, out, KB_EXCHANGE_MAX, ERR_INPUT, src->name,
			   err);
}

void kb_source_words(struct buf *out, const char *name)
{
	for (const char *p = name; *p; p++) {
		bool first = isupper((unsigned char)*p) && p > name &&
			     (islower((unsigned char)p[-1]) ||
			      isdigit((unsigned char)p[-1]) ||
			      (isupper((unsigned char)p[-1]) &&
			       islower((unsigned char)p[1])));

		if (first)
			buf_add_char(out, ' ');
		buf_add_char(out, *p);
	}
}

void kb_source_id(struct kb_source *src, struct knowledge_entry *e,
		  const char *name)
{
	AUTO_BUF struct buf words = BUF_INIT;
	AUTO_BUF struct buf id = BUF_INIT;
	size_t len;

	kb_source_words(&words, name);
	knowledge_make_id(&id, buf_str(&words));
	len = id.len;
	for (size_t n = 2; map_get(&src->ids, buf_slice(&id)); n++) {
		AUTO_FREE char *number = mem_printf("-%zu", n);
		size_t room = KNOWLEDGE_MAX_ID - strlen(number);

		buf_truncate(&id, len < room ? len : room);
		buf_add_str(&id, number);
	}
	*map_put(&src->ids, buf_slice(&id)) = src;
	knowledge_set(&e->id, buf_str(&id));
}

void kb_source_text(char **member, struct slice text)
{
	AUTO_BUF struct buf good = BUF_INIT;
	AUTO_FREE char *copy = NULL;

	(void)utf8_repair(&good, text.ptr ? text.ptr : "", text.len);
	copy = mem_dup_bytes(buf_str(&good), utf8_cut(buf_str(&good), good.len,
						      KNOWLEDGE_MAX_TEXT));
	knowledge_set(member, copy);
}

/* ---- records ---- */

static int read_array(const struct jscan *scan, const char *name,
		      struct slice *ret, struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, name);

	*ret = (struct slice){0};
	if (!m || m->type == JSCAN_NULL)
		return 0;
	if (m->type != JSCAN_ARRAY)
		return err_set(err, ERR_INPUT, "'%s' must be a list", name);
	*ret = m->value;
	return 0;
}

/* What stands in for an entry that is no more needs no title. */
static int read_removed(struct kb_item *item, const struct jscan *scan,
			struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, "id");
	AUTO_BUF struct buf id = BUF_INIT;

	if (!m || m->type != JSCAN_STRING)
		return err_set(err, ERR_INPUT, "'id' is missing");
	jscan_unquote(&id, m->value);
	item->entry.id = mem_dup(buf_str(&id));
	item->entry.title = mem_dup(buf_str(&id));
	item->removed = true;
	return 0;
}

static int read_item(struct kb_item *item, struct jscan *scan,
		     struct slice record, struct err *err)
{
	const struct jscan_member *m;
	struct slice type;

	if (jscan_object(scan, record.ptr, record.len, err) < 0)
		return -1;
	m = jscan_get(scan, "type");
	if (m && (!jscan_plain(m->value, &type) || !slice_is(type, "entry")))
		return err_set(err, ERR_INPUT, "this is no record of an entry");
	m = jscan_get(scan, "removed");
	if (read_array(scan, "history", &item->history, err) < 0 ||
	    read_array(scan, "outcomes", &item->outcomes, err) < 0)
		return -1;
	return m && m->type == JSCAN_TRUE
		       ? read_removed(item, scan, err)
		       : knowledge_read(&item->entry, record, err);
}

static int take_record(const struct kb_source *src, size_t line,
		       struct slice record, struct err *err)
{
	struct kb_item item = {.removed = false};
	struct jscan scan = {0};
	int rc = read_item(&item, &scan, record, err);

	rc = rc < 0 ? kb_import_bad(src, line, err)
		    : kb_import_item(src, line, &item, err);
	knowledge_done(&item.entry);
	jscan_done(&scan);
	return rc;
}

int kb_read_records(struct kb_source *src, struct err *err)
{
	AUTO_READER struct record_reader *in =
		record_reader_new(src->fd, src->name, 0);
	struct slice line;
	int got;

	while ((got = record_read(in, &line, err)) != 0) {
		size_t number = record_reader_line(in);

		if ((got < 0 ? kb_import_bad(src, number, err)
			     : take_record(src, number, line, err)) < 0)
			return -1;
	}
	return 0;
}

/* ---- a JSON document ---- */

struct document {
	const struct kb_source *src;
	const char *at; /* up to where lines were counted */
	size_t line;
};

static size_t line_of(struct document *d, const char *place)
{
	for (; d->at < place; d->at++)
		d->line += *d->at == '\n';
	return d->line;
}

static int take_element(void *arg, struct slice value, enum jscan_type type,
			struct err *err)
{
	struct document *d = arg;
	size_t line = line_of(d, value.ptr);

	if (type == JSCAN_OBJECT)
		return take_record(d->src, line, value, err);
	(void)err_set(err, ERR_INPUT, "an entry must be an object");
	return kb_import_bad(d->src, line, err);
}

static struct slice trimmed(struct slice text)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (text.len >= 3 && !memcmp(text.ptr, mark, 3)) {
		text.ptr += 3;
		text.len -= 3;
	}
	while (text.len && isspace((unsigned char)*text.ptr)) {
		text.ptr++;
		text.len--;
	}
	return text;
}

/* An array of records, an object that has one as "entries", or one record. */
static int read_document(struct document *d, struct slice text, struct err *err)
{
	struct jscan scan = {0};
	const struct jscan_member *m;
	int rc;

	if (text.len && *text.ptr == '[')
		return jscan_array(text, take_element, d, err);
	rc = jscan_object(&scan, text.ptr, text.len, err);
	m = rc == 0 ? jscan_get(&scan, "entries") : NULL;
	if (m && m->type == JSCAN_ARRAY)
		rc = jscan_array(m->value, take_element, d, err);
	else if (rc == 0)
		rc = take_element(d, text, JSCAN_OBJECT, err);
	jscan_done(&scan);
	return rc;
}

int kb_read_document(struct kb_source *src, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct document d = {.src = src, .line = 1};

	if (kb_source_slurp(src, &text, err) < 0)
		return -1;
	d.at = buf_str(&text);
	if (read_document(&d, trimmed(buf_slice(&text)), err) < 0)
		return kb_import_bad(src, d.line, err);
	return 0;
}

/* ---- packs ---- */

int kb_read_pack(struct kb_source *src, struct err *err)
{
	AUTO_KNOWLEDGE struct knowledge k = {.entries = NULL};
	AUTO_BUF struct buf text = BUF_INIT;

	if (kb_source_slurp(src, &text, err) < 0)
		return -1;
	if (knowledge_load_text(&k, buf_slice(&text), src->name, err) < 0)
		return kb_import_bad(src, 0, err);
	for (size_t i = 0; i < k.count; i++)
		if (kb_import_entry(src, k.entries[i].line, &k.entries[i],
				    err) < 0)
			return -1;
	return 0;
}

/* ---- forms ---- */

static enum kb_format format_of_name(const char *name)
{
	static const struct {
		const char *end;
		enum kb_format format;
	} ends[] = {
		{".jsonl", KB_JSONL}, {".ndjson", KB_JSONL},
		{".yaml", KB_YAML},   {".yml", KB_YAML},
		{".csv", KB_CSV},     {".md", KB_RUNBOOK_MD},
	};
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t m = strlen(ends[i].end);

		if (n >= m && !strcasecmp(name + n - m, ends[i].end))
			return ends[i].format;
	}
	return KB_FORMAT_UNKNOWN;
}

/* One line that is an object is a record; an object over several lines is a
 * document. */
static enum kb_format format_of_json(struct slice text)
{
	const char *end = memchr(text.ptr, '\n', text.len);
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};
	int rc;

	if (*text.ptr == '[')
		return KB_JSON;
	rc = jscan_object(&scan, text.ptr,
			  end ? (size_t)(end - text.ptr) : text.len, &ignored);
	if (rc == 0 && jscan_get(&scan, "entries") &&
	    !jscan_get(&scan, "title"))
		rc = -1;
	jscan_done(&scan);
	return rc == 0 ? KB_JSONL : KB_JSON;
}

static bool line_begins(struct slice text, const char *with)
{
	size_t n = strlen(with);

	for (const char *p = text.ptr; (size_t)(p - text.ptr) + n <= text.len;
	     p++) {
		if (!memcmp(p, with, n))
			return true;
		p = memchr(p, '\n', text.len - (size_t)(p - text.ptr));
		if (!p)
			break;
	}
	return false;
}

static enum kb_format format_of_text(struct slice text)
{
	const char *end;

	text = trimmed(text);
	if (!text.len)
		return KB_JSONL; /* there is nothing to import */
	if (*text.ptr == '{' || *text.ptr == '[')
		return format_of_json(text);
	if (line_begins(text, "knowledge:") || line_begins(text, "pack:"))
		return KB_YAML;
	if (line_begins(text, "groups:"))
		return KB_PROMETHEUS_RULES;
	end = memchr(text.ptr, '\n', text.len);
	if (end && memchr(text.ptr, ',', (size_t)(end - text.ptr)))
		return KB_CSV;
	return KB_FORMAT_UNKNOWN;
}

static int read_as(struct kb_source *src, enum kb_format format,
		   struct err *err)
{
	switch (format) {
	case KB_JSON:
		return kb_read_document(src, err);
	case KB_JSONL:
		return kb_read_records(src, err);
	case KB_YAML:
		return kb_read_pack(src, err);
	case KB_CSV:
		return kb_read_csv(src, err);
	case KB_RUNBOOK_MD:
		return kb_read_runbook(src, err);
	case KB_PROMETHEUS_RULES:
		return kb_read_rules(src, err);
	case KB_PATTERNS_CSV:
		return kb_read_patterns(src, err);
	case KB_FORMAT_UNKNOWN:
		break;
	}
	return err_set(err, ERR_USAGE,
		       "cannot tell what form '%s' has; say --format",
		       src->name);
}

/* What has no telling name is copied, so that it can be read again; rules of
 * Prometheus are YAML, too. */
static int read_unknown(struct kb_source *src, enum kb_format named,
			struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_FD int copy = memfd_create("import", MFD_CLOEXEC);
	enum kb_format format;

	if (kb_source_slurp(src, &text, err) < 0)
		return -1;
	if (copy < 0 || fd_write_all(copy, buf_slice(&text)) < 0 ||
	    lseek(copy, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "cannot copy '%s'", src->name);
	src->fd = copy;
	format = format_of_text(buf_slice(&text));
	if (named == KB_YAML && format != KB_PROMETHEUS_RULES)
		format = named;
	return read_as(src, format, err);
}

int kb_import_read(struct kb_import *im, int fd, const char *name,
		   enum kb_format format, struct err *err)
{
	struct kb_source src = {.im = im, .name = name, .fd = fd};
	enum kb_format named = format_of_name(name);
	int rc;

	if (format == KB_FORMAT_UNKNOWN && named != KB_YAML)
		format = named;
	rc = format == KB_FORMAT_UNKNOWN ? read_unknown(&src, named, err)
					 : read_as(&src, format, err);
	map_done(&src.ids, NULL);
	return rc;
}
