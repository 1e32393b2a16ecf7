/*
 * fields-syslog.c - RFC 3164 and RFC 5424, in files, where mostly no priority
 * stands, and on sockets, where programs of the same host leave its name out.
 */
#include "fields-internal.h"

#define PRI_MAX	   191
#define PRI_LEVELS 8
#define TAG_MAX	   64
#define HOST_MAX   255

struct tag {
	struct slice name, pid;
	const char *blank;  /* none stands before this */
	const char *behind; /* NULL: there is none */
};

/* Behind "<PRI>"; NULL when none stands at p. */
static const char *read_pri(const char *p, const char *end, unsigned *ret)
{
	const char *start = p + 1;

	*ret = 0;
	if (p == end || *p != '<')
		return NULL;
	for (p = start; p < end && p - start < 3 && fields_digit(*p); p++)
		*ret = *ret * 10 + (unsigned)(*p - '0');
	if (p == start || p == end || *p != '>' || *ret > PRI_MAX)
		return NULL;
	return p + 1;
}

static void set_pri(struct fields *f, unsigned pri)
{
	f->has_severity = severity_of_number(
		pri % PRI_LEVELS, SEVERITY_SCALE_SYSLOG, &f->severity);
}

/* "sshd[17]:", "kernel:", "postfix/smtpd[17]:" */
static inline struct tag read_tag(const char *p, const char *end)
{
	struct tag t = {.behind = NULL};
	const char *start = p;
	const char *pid;

	if (end - p > TAG_MAX)
		end = p + TAG_MAX;
	p = fields_skip_until(p, end, FIELDS_TAG_END);
	t.blank = p;
	if (p == end || p == start)
		return t;
	t.name = fields_between(start, p);
	if (*p == '[') {
		pid = ++p;
		while (p < end && *p != ']' && *p != ' ')
			p++;
		if (p == end || *p != ']')
			return t;
		t.pid = fields_between(pid, p++);
	}
	/* The colons of an address do not end a tag. */
	if (p < end && *p == ':' &&
	    (t.pid.len || p + 1 == end || p[1] == ' ' || p[1] == '\t'))
		t.behind = p + 1;
	else if (t.pid.len && p < end && *p == ' ')
		t.behind = p; /* some leave the colon out behind the number */
	return t;
}

/* The format that rsyslog calls RSYSLOG_FileFormat and others write as well:
 * 2026-11-20T10:11:12.123456+01:00 db1 sshd[17]: msg */
static bool is_iso_syslog(struct slice line, const struct when *w,
			  struct slice host, const struct tag *t)
{
	if (w->zone_assumed || !t->behind || *host.ptr == '[' ||
	    host.ptr[host.len - 1] == ':')
		return false;
	return t->pid.len || (w->used == 32 && line.ptr[19] == '.');
}

/* Behind the time: [HOST] TAG: message. Without a priority a line needs more to
 * be known by. */
static bool read_body(struct fields_reader *r, const char *p, bool pri,
		      const struct when *when)
{
	struct fields *f = r->f;
	const char *end = r->line.ptr + r->line.len;
	bool iso = !pri && fields_digit(*r->line.ptr);
	struct slice host = {NULL, 0};
	enum severity ignored;
	struct tag tag;

	p = fields_skip_blanks(p, end);
	if (p < end && *p == ':') /* Cisco; no host follows */
		p = fields_skip_blanks(p + 1, end);
	tag = read_tag(p, end);
	if (!tag.behind || iso) {
		host = fields_between(p, fields_skip_word(tag.blank, end));
		if (host.len > HOST_MAX)
			host.len = 0;
		p = fields_skip_blanks(p + host.len, end);
		tag = read_tag(p, end);
	}
	if (iso && (!host.len || !is_iso_syslog(r->line, when, host, &tag)))
		return false;
	if (!pri && severity_of_level(host, &ignored))
		return false;
	f->host = host;
	if (tag.behind) {
		f->service = tag.name;
		f->pid = tag.pid;
		p = tag.behind;
	}
	f->message = fields_rest(r, p);
	return true;
}

/* A cheap look: "Nov 20 10:", "Nov 9 10:", "Nov 20 2026 ". */
static bool has_month(const char *p, const char *end)
{
	return end - p > 15 && fields_letter(*p) && fields_letter(p[2]) &&
	       p[3] == ' ' && (p[9] == ':' || p[8] == ':' || p[11] == ' ');
}

static bool has_iso(const char *p, const char *end)
{
	return end - p > 20 && fields_digit(*p) && p[10] == 'T';
}

static bool begins_with_time(const char *p, const char *end)
{
	return has_iso(p, end) || has_month(p, end);
}

static bool read_timed(struct fields_reader *r, const char *p, bool pri)
{
	struct fields *f = r->f;
	struct when when;
	size_t used = fields_time_at(r, p, &when);

	if (!used || !read_body(r, p + used, pri, &when))
		return false;
	f->when = when;
	f->has_time = true;
	f->format = &fields_format_list[FIELDS_AS_SYSLOG];
	return true;
}

static bool read_with_pri(struct fields_reader *r)
{
	struct fields *f = r->f;
	const char *end = r->line.ptr + r->line.len;
	const char *p;
	unsigned pri;

	p = read_pri(r->line.ptr, end, &pri);
	if (!p)
		return false;
	f->bad_time = begins_with_time(p, end) && !read_timed(r, p, true);
	if (!f->has_time)
		f->message = fields_rest(r, p);
	f->format = &fields_format_list[FIELDS_AS_SYSLOG];
	set_pri(f, pri);
	return true;
}

bool fields_read_syslog(struct fields_reader *r)
{
	const char *p = r->line.ptr, *end = p + r->line.len;

	if (p < end && *p == '<')
		return read_with_pri(r);
	if (!begins_with_time(p, end) || !read_timed(r, p, false))
		return false;
	fields_head_level(r, r->f->message);
	return true;
}

/* The next of the fields that blanks part; "-" gives an empty one. */
static struct slice next_field(const char **p, const char *end)
{
	const char *start = *p;
	struct slice field;

	*p = fields_skip_word(start, end);
	field = fields_between(start, *p);
	if (*p < end)
		(*p)++;
	return slice_is(field, "-") ? (struct slice){NULL, 0} : field;
}

/* Behind "-" or "[id name=\"value\"]...", in which \" and \] may stand. */
static const char *skip_data(const char *p, const char *end)
{
	bool quoted = false, open = false;

	if (p < end && *p == '-')
		return p + 1;
	for (; p < end; p++) {
		if (quoted && *p == '\\')
			p++;
		else if (open && *p == '"')
			quoted = !quoted;
		else if (!quoted && *p == '[')
			open = true;
		else if (!quoted && *p == ']')
			open = false;
		else if (!quoted && !open)
			return p;
	}
	return end;
}

/* <PRI>1 TIME HOST APP PROCID MSGID DATA MSG */
bool fields_read_syslog5424(struct fields_reader *r)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct fields *f = r->f;
	const char *end = r->line.ptr + r->line.len;
	const char *p = r->line.ptr;
	const char *behind;
	struct slice time;
	struct when when;
	unsigned pri;

	behind = read_pri(p, end, &pri);
	if (behind)
		p = behind;
	if (end - p < 3 || p[0] != '1' || p[1] != ' ')
		return false;
	p += 2;
	time = next_field(&p, end);
	/* Without a priority there must be a time to know it by. */
	if (time.len && fields_time_at(r, time.ptr, &when) == time.len) {
		f->when = when;
		f->has_time = true;
	} else if (!behind) {
		return false;
	}
	f->bad_time = time.len && !f->has_time;
	f->host = next_field(&p, end);
	f->service = next_field(&p, end);
	f->pid = next_field(&p, end);
	(void)next_field(&p, end);
	p = skip_data(p, end);
	p = fields_skip_blanks(p, end);
	if ((size_t)(end - p) >= sizeof(bom) - 1 &&
	    !memcmp(p, bom, sizeof(bom) - 1))
		p += sizeof(bom) - 1;
	f->message = fields_rest(r, p);
	f->format = &fields_format_list[FIELDS_AS_SYSLOG5424];
	if (behind)
		set_pri(f, pri);
	return true;
}
