/* diag.c - diagnostics: redacted, made safe, one write a message. */
#include <oncall/diag.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <oncall/buf.h>
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/show.h>
#include <oncall/when.h>

/* Escaped for JSON this still fits into one write to a pipe. */
#define DIAG_MESSAGE_MAX 1900

static const struct {
	const char *name;
	const char *color;
} levels[] = {
	[DIAG_ERROR] = {"error", "\033[1;31m"},
	[DIAG_WARN] = {"warning", "\033[1;33m"},
	[DIAG_INFO] = {"info", "\033[1m"},
	[DIAG_DEBUG] = {"debug", "\033[2m"},
};

static struct {
	const char *tool;
	enum diag_level most;
	bool json;
	bool colors;
} settings = {.tool = "oncall", .most = DIAG_WARN};

void diag_setup(const char *tool, enum diag_level most, bool json)
{
	settings.tool = tool;
	settings.most = most;
	settings.json = json;
	settings.colors = !json && show_colors(STDERR_FILENO);
}

const char *diag_tool(void)
{
	return settings.tool;
}

bool diag_wants(enum diag_level level)
{
	return level <= settings.most;
}

static void add_json(struct buf *out, enum diag_level level,
		     struct slice message)
{
	char now[WHEN_TEXT];

	when_format(now, clock_now());
	buf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"tool\":\"", now,
		 levels[level].name);
	show_json(out, settings.tool, strlen(settings.tool));
	buf_add_str(out, "\",\"message\":\"");
	show_json(out, message.ptr, message.len);
	buf_add_str(out, "\"}\n");
}

static void add_text(struct buf *out, enum diag_level level,
		     struct slice message)
{
	buf_addf(out, "%s: %s%s:%s ", settings.tool,
		 settings.colors ? levels[level].color : "", levels[level].name,
		 settings.colors ? "\033[0m" : "");
	buf_add_slice(out, message);
	buf_add_char(out, '\n');
}

static void say(enum diag_level level, const char *fmt, va_list ap)
	PRINTF_LIKE(2, 0);
static void say(enum diag_level level, const char *fmt, va_list ap)
{
	AUTO_BUF struct buf clean = BUF_INIT, safe = BUF_INIT, out = BUF_INIT;
	AUTO_FREE char *message = NULL;
	int saved = errno;

	if (!diag_wants(level))
		return;
	message = mem_vprintf(fmt, ap);
	(void)redact_text(&clean, message, strlen(message));
	show_text(&safe, buf_str(&clean), clean.len, DIAG_MESSAGE_MAX);
	if (settings.json)
		add_json(&out, level, buf_slice(&safe));
	else
		add_text(&out, level, buf_slice(&safe));
	/* Where this fails there is no place left to say so. */
	while (write(STDERR_FILENO, out.data, out.len) < 0 && errno == EINTR)
		;
	errno = saved;
}

void diag_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(DIAG_ERROR, fmt, ap);
	va_end(ap);
}

void diag_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(DIAG_WARN, fmt, ap);
	va_end(ap);
}

void diag_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(DIAG_INFO, fmt, ap);
	va_end(ap);
}

void diag_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(DIAG_DEBUG, fmt, ap);
	va_end(ap);
}
