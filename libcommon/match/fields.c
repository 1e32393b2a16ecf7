/* fields.c - which format a line has, and lines inside of lines. */
#include "fields-internal.h"

const char *const fields_formats[] = {
	"auto",	  "plain",  "syslog",  "syslog5424", "json",	"logfmt",
	"docker", "cri",    "journal", "combined",   "airflow", "spark",
	"klog",	  "python", "redis",   "dmesg",	     NULL,
};

/* Docker and the journal write JSON whose members tell; Airflow and Spark
 * write what is read in other lines, too. */
const struct fields_format fields_format_list[FIELDS_AS_END] = {
	[FIELDS_AS_AUTO] = {"auto", NULL},
	[FIELDS_AS_PLAIN] = {"plain", fields_read_plain},
	[FIELDS_AS_SYSLOG] = {"syslog", fields_read_syslog},
	[FIELDS_AS_SYSLOG5424] = {"syslog5424", fields_read_syslog5424},
	[FIELDS_AS_JSON] = {"json", fields_read_json},
	[FIELDS_AS_LOGFMT] = {"logfmt", fields_read_logfmt},
	[FIELDS_AS_DOCKER] = {"docker", fields_read_json},
	[FIELDS_AS_CRI] = {"cri", fields_read_cri},
	[FIELDS_AS_JOURNAL] = {"journal", fields_read_json},
	[FIELDS_AS_COMBINED] = {"combined", fields_read_combined},
	[FIELDS_AS_AIRFLOW] = {"airflow", fields_read_plain},
	[FIELDS_AS_SPARK] = {"spark", fields_read_plain},
	[FIELDS_AS_KLOG] = {"klog", fields_read_klog},
	[FIELDS_AS_PYTHON] = {"python", fields_read_python},
	[FIELDS_AS_REDIS] = {"redis", fields_read_redis},
	[FIELDS_AS_DMESG] = {"dmesg", fields_read_dmesg},
};

#define HEAD  FIELDS_HEAD_END
#define WORD  (FIELDS_WORD_END | HEAD)
#define TAG   FIELDS_TAG_END
#define TEXT  (TAG | FIELDS_KEY_END) /* neither of them goes on */
#define BLANK (FIELDS_BLANK | WORD | TEXT)

/* Ranges are what gcc and clang know beyond C. */
__extension__ const uint8_t fields_ends[256] = {
	[0 ... '\t' - 1] = TEXT,
	['\t'] = BLANK,
	['\t' + 1 ... ' ' - 1] = TEXT,
	[' '] = BLANK,
	['|'] = WORD,
	[']'] = WORD | TAG,
	['['] = TAG,
	[':'] = TAG | FIELDS_NAMES,
	['.'] = FIELDS_NAMES,
	['_'] = FIELDS_NAMES,
	['/'] = FIELDS_NAMES,
	['@'] = FIELDS_NAMES,
	['{'] = TAG,
	['"'] = TEXT,
	['='] = TEXT | HEAD,
	['A' ... 'Z'] = HEAD | FIELDS_NAMES,
	['a' ... 'z'] = FIELDS_SMALL,
	[0x80 ... 0xff] = TEXT,
};

const struct fields_format *fields_format_find(const char *name)
{
	for (size_t i = 0; i < FIELDS_AS_END; i++)
		if (!strcmp(fields_format_list[i].name, name))
			return &fields_format_list[i];
	return NULL;
}

const char *fields_format_name(const struct fields_format *f)
{
	return f->name;
}

void fields_scratch_done(struct fields_scratch *s)
{
	jscan_done(&s->scan);
	buf_done(&s->text);
	buf_done(&s->nested);
}

size_t fields_time_at(const struct fields_reader *r, const char *p,
		      struct when *ret)
{
	size_t n = (size_t)(r->line.ptr + r->line.len - p);

	if (when_parse_log(p, n < FIELDS_HEAD ? n : FIELDS_HEAD, r->now_ms,
			   ret) < 0)
		return 0;
	return ret->used;
}

struct slice fields_rest(const struct fields_reader *r, const char *p)
{
	const char *end = r->line.ptr + r->line.len;

	p = fields_skip_blanks(p, end);
	while (end > p && (end[-1] == ' ' || end[-1] == '\t' ||
			   end[-1] == '\r' || end[-1] == '\n'))
		end--;
	return fields_between(p, end);
}

/* Line ends may stand before it, too. */
static bool begins_with_brace(const char *p, const char *end)
{
	while (p < end && fields_any_of(*p, " \t\r\n"))
		p++;
	return p < end && *p == '{';
}

/* As it looks: the first byte leaves few formats. */
static bool read_auto(struct fields_reader *r)
{
	const char *p = r->line.ptr, *end = p + r->line.len;

	if (p == end)
		return false;
	if (fields_letter(*p))
		return fields_read_syslog(r) || fields_read_klog(r) ||
		       fields_read_python(r) || fields_read_logfmt(r) ||
		       fields_read_combined(r);
	if (fields_digit(*p))
		return fields_read_cri(r) || fields_read_redis(r) ||
		       fields_read_syslog(r) || fields_read_combined(r);
	if (*p == '[')
		return fields_read_dmesg(r);
	if (*p == '<')
		return fields_read_syslog5424(r) || fields_read_syslog(r);
	return begins_with_brace(p, end) ? fields_read_json(r)
					 : fields_read_combined(r);
}

/* A pair comes first in any line of pairs. */
static bool begins_with_pair(const char *p, const char *end)
{
	const char *behind = fields_skip_key(p, end);

	return behind < end && *behind == '=' && behind > p;
}

bool fields_wraps(struct slice line, const struct fields_format *format)
{
	const char *p = line.ptr, *end = p + line.len;

	if (format && format->read)
		return format->read == fields_read_json ||
		       format->read == fields_read_logfmt ||
		       format->read == fields_read_cri;
	if (p < end && fields_digit(*p))
		return fields_cri_stream(line) != NULL;
	if (p < end && fields_letter(*p))
		return begins_with_pair(p, end);
	return begins_with_brace(p, end);
}

static void read_line(struct fields_reader *r,
		      const struct fields_format *format)
{
	struct fields *f = r->f;
	bool found;

	*f = (struct fields){
		.text = r->line, .said = r->line, .message = r->line};
	if (!format || !format->read) {
		found = read_auto(r);
	} else {
		f->format = format;
		found = format->read(r);
	}
	if (!found) {
		f->format = &fields_format_list[FIELDS_AS_PLAIN];
		(void)fields_read_plain(r);
	}
}

static void keep(struct slice *inner, struct slice outer)
{
	if (!inner->len)
		*inner = outer;
}

/* What the line inside says counts, but a time of the outer one is never
 * guessed, and what the inner one leaves open the outer one may know. */
static void read_inner(struct fields_reader *outer)
{
	struct fields *f = outer->f;
	struct fields in;
	struct fields_reader r = *outer;

	r.f = &in;
	r.line = outer->inner;
	r.inside = true;
	r.wraps = false;
	read_line(&r, NULL);
	keep(&in.service, f->service);
	keep(&in.host, f->host);
	keep(&in.pid, f->pid);
	if (f->has_time && (!in.has_time || in.when.zone_assumed)) {
		in.has_time = true;
		in.when = f->when;
	}
	in.bad_time = !in.has_time && (in.bad_time || f->bad_time);
	if (!in.level.len && !in.has_severity) {
		in.level = f->level;
		in.has_severity = f->has_severity;
		in.severity = f->severity;
	}
	in.format = f->format;
	in.partial = f->partial;
	*f = in;
}

void fields_read(struct fields *f, struct slice line,
		 const struct fields_format *format, int64_t now_ms,
		 struct fields_scratch *scratch)
{
	struct fields_reader r = {
		.f = f,
		.line = line,
		.now_ms = now_ms,
		.scratch = scratch,
	};

	buf_reset(&scratch->text);
	read_line(&r, format);
	if (r.wraps)
		read_inner(&r);
}
