/* http-reply.c - looks into a reply. */
#include <oncall/http.h>

#include <strings.h>

void http_reply_done(struct http_reply *r)
{
	buf_done(&r->body);
	buf_done(&r->headers);
	*r = (struct http_reply){.status = 0};
}

static struct slice trim(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && strchr(" \t\r", end[-1]))
		end--;
	return (struct slice){p, (size_t)(end - p)};
}

struct slice http_header(const struct http_reply *r, const char *name)
{
	size_t n = strlen(name);
	const char *p = buf_str(&r->headers);
	const char *last = p + r->headers.len;
	const char *end;

	for (; p < last; p = end + 1) {
		end = memchr(p, '\n', (size_t)(last - p));
		if (!end)
			end = last;
		if ((size_t)(end - p) > n && p[n] == ':' &&
		    !strncasecmp(p, name, n))
			return trim(p + n + 1, end);
	}
	return (struct slice){NULL, 0};
}
