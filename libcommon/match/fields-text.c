/* fields-text.c - formats with a fixed shape. */
#include "fields-internal.h"

#define PYTHON_NAME 128 /* bytes of the name of a logger */

static void take_when(struct fields *f, const struct when *when)
{
	f->when = *when;
	f->has_time = true;
}

const char *fields_cri_stream(struct slice line)
{
	const char *p = line.ptr, *end = p + line.len;

	if (line.len < sizeof("2026-11-20T10:11:12Z") || p[10] != 'T')
		return NULL;
	p = fields_skip_word(p + 11, end);
	return end - p > 8 && !memcmp(p, " std", 4) ? p : NULL;
}

static bool read_cri(struct fields_reader *r, const char *p)
{
	const char *end = r->line.ptr + r->line.len;
	struct when when;

	if (memcmp(p, " stdout ", 8) != 0 && memcmp(p, " stderr ", 8) != 0)
		return false;
	if ((p[8] != 'P' && p[8] != 'F') ||
	    (p + 9 < end && p[9] != ' ' && p[9] != ':'))
		return false;
	r->f->format = &fields_format_list[FIELDS_AS_CRI];
	r->f->partial = p[8] == 'P';
	if (fields_time_at(r, r->line.ptr, &when) == (size_t)(p - r->line.ptr))
		take_when(r->f, &when);
	else
		r->f->bad_time = true;
	/* Tags may follow the letter. */
	p = fields_skip_word(p + 8, end);
	r->inner = fields_between(p < end ? p + 1 : end, end);
	r->wraps = true;
	return true;
}

/* "2026-11-20T10:11:12.123456789Z stderr F what the container wrote" */
bool fields_read_cri(struct fields_reader *r)
{
	const char *stream = r->inside ? NULL : fields_cri_stream(r->line);

	return stream && read_cri(r, stream);
}

/* Behind the closing quote of a text that p stands in; NULL: none. */
static const char *skip_quoted(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* 127.0.0.1 - - [20/Nov/2026:10:11:12 +0100] "GET / HTTP/1.1" 503 17 ... */
bool fields_read_combined(struct fields_reader *r)
{
	struct fields *f = r->f;
	const char *p = r->line.ptr;
	const char *end = p + r->line.len;
	const char *status;
	struct when when;
	size_t used;

	p = memchr(p, '[',
		   r->line.len < FIELDS_HEAD ? r->line.len : FIELDS_HEAD);
	if (!p || p == r->line.ptr || p[-1] != ' ' || end - p < 28 ||
	    p[3] != '/' || p[7] != '/')
		return false;
	used = fields_time_at(r, p, &when);
	p += used;
	if (!used || end - p < 3 || p[-1] != ']' || memcmp(p, " \"", 2) != 0)
		return false;
	status = skip_quoted(p + 2, end);
	if (!status || end - status < 4 || *status != ' ' ||
	    fields_skip_digits(status + 1, end) != status + 4)
		return false;
	take_when(f, &when);
	f->format = &fields_format_list[FIELDS_AS_COMBINED];
	f->message = fields_rest(r, p);
	f->level = (struct slice){status + 1, 3};
	f->has_severity = true;
	f->severity = SEVERITY_INFO;
	if (status[1] == '5')
		f->severity = SEVERITY_HIGH;
	else if (status[1] == '4')
		f->severity = SEVERITY_MEDIUM;
	return true;
}

static bool has_klog(struct slice line)
{
	return line.len >= sizeof("E1120 10:11:12 1 f:1]") - 1 &&
	       fields_digit(line.ptr[1]) && fields_digit(line.ptr[4]) &&
	       fields_any_of(*line.ptr, "IWEF");
}

static bool read_klog(struct fields_reader *r)
{
	struct fields *f = r->f;
	const char *p = r->line.ptr;
	const char *end = p + r->line.len;
	const char *pid, *pid_end;
	struct when when;
	size_t used;

	used = fields_time_at(r, p + 1, &when);
	if (!used)
		return false;
	pid = fields_skip_blanks(p + 1 + used, end);
	pid_end = fields_skip_digits(pid, end);
	if (pid_end == pid || pid_end == end || *pid_end != ' ')
		return false;
	p = fields_skip_word(fields_skip_blanks(pid_end, end), end);
	if (p[-1] != ']')
		return false;
	take_when(f, &when);
	f->format = &fields_format_list[FIELDS_AS_KLOG];
	fields_set_level(f, fields_between(r->line.ptr, r->line.ptr + 1));
	f->pid = fields_between(pid, pid_end);
	f->message = fields_rest(r, p);
	return true;
}

/* E1120 10:11:12.123456   12345 file.go:12] msg */
bool fields_read_klog(struct fields_reader *r)
{
	return has_klog(r->line) && read_klog(r);
}

static bool read_python(struct fields_reader *r)
{
	static const char *const levels[] = {
		"ERROR:", "WARNING:", "INFO:", "CRITICAL:", "DEBUG:"};
	const char *end = r->line.ptr + r->line.len;
	const char *name = NULL, *p;

	for (size_t i = 0; i < ARRAY_LEN(levels) && !name; i++)
		if (r->line.len > strlen(levels[i]) &&
		    !memcmp(r->line.ptr, levels[i], strlen(levels[i])))
			name = r->line.ptr + strlen(levels[i]);
	if (!name)
		return false;
	p = memchr(name, ':',
		   end - name < PYTHON_NAME ? (size_t)(end - name)
					    : PYTHON_NAME);
	if (!p || p == name || fields_skip_word(name, p) != p)
		return false;
	r->f->format = &fields_format_list[FIELDS_AS_PYTHON];
	fields_set_level(r->f, fields_between(r->line.ptr, name - 1));
	r->f->message = fields_rest(r, p + 1);
	return true;
}

/* ERROR:root:msg; months begin with one of the letters of a level, too. */
bool fields_read_python(struct fields_reader *r)
{
	const char *p = r->line.ptr;

	return r->line.len > 1 && p[1] >= 'A' && p[1] <= 'Z' &&
	       fields_any_of(*p, "EWICD") && read_python(r);
}

static bool read_redis(struct fields_reader *r, const char *p)
{
	static const char marks[] = ".-*#";
	static const enum severity severities[] = {
		SEVERITY_INFO, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM};
	struct fields *f = r->f;
	const char *end = r->line.ptr + r->line.len;
	const char *pid_end = p;
	const char *mark;
	struct when when;
	size_t used;

	p += 3;
	used = fields_time_at(r, p, &when);
	p += used;
	if (!used || end - p < 3 || p[0] != ' ' || p[2] != ' ')
		return false;
	mark = memchr(marks, p[1], sizeof(marks) - 1);
	if (!mark)
		return false;
	take_when(f, &when);
	f->format = &fields_format_list[FIELDS_AS_REDIS];
	f->pid = fields_between(r->line.ptr, pid_end);
	f->level = (struct slice){p + 1, 1};
	f->has_severity = true;
	f->severity = severities[mark - marks];
	f->message = fields_rest(r, p + 2);
	return true;
}

/* 123:M 20 Nov 2026 10:11:12.123 # msg */
bool fields_read_redis(struct fields_reader *r)
{
	const char *end = r->line.ptr + r->line.len;
	const char *p = fields_skip_digits(r->line.ptr, end);

	return end - p > 3 && p > r->line.ptr && *p == ':' &&
	       fields_letter(p[1]) && p[2] == ' ' && read_redis(r, p);
}

/* [12345.678901] msg: seconds since the start, so there is no time. */
bool fields_read_dmesg(struct fields_reader *r)
{
	const char *p = r->line.ptr;
	const char *end = p + r->line.len;
	const char *digits;

	if (r->line.len < 6 || *p != '[')
		return false;
	digits = fields_skip_blanks(p + 1, end);
	p = fields_skip_digits(digits, end);
	if (p == digits || end - p < 3 || *p != '.' || !fields_digit(p[1]))
		return false;
	p = fields_skip_digits(p + 1, end);
	if (p == end || *p != ']' || (p + 1 < end && p[1] != ' ') ||
	    p - digits > 20)
		return false;
	/* An epoch is no time since the start. */
	if (memchr(digits, '.', (size_t)(p - digits)) == digits + 10)
		return false;
	r->f->format = &fields_format_list[FIELDS_AS_DMESG];
	r->f->message = fields_rest(r, p + 1);
	return true;
}
