/* incident-explain.c - why an incident is as it is, and what comes next. */
#include <oncall/incident-query.h>
#include <oncall/timeline.h>

#include <stdarg.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/pager.h>
#include <oncall/show.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define REASON_MAX 1000 /* bytes of one sentence */
#define UTF8_MAX   5	/* room to see the character that is cut */

/* Where the sentences go. */
struct explain {
	struct buf *out;
	bool json;
};

static void say(struct explain *x, const char *what, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void say(struct explain *x, const char *what, const char *fmt, ...)
{
	char text[REASON_MAX + UTF8_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[utf8_cut(text, strlen(text), REASON_MAX)] = '\0';
	if (x->json) {
		jwrite_open(x->out, NULL, '{');
		jwrite_str(x->out, "what", what);
		jwrite_str(x->out, "why", text);
		jwrite_close(x->out, '}');
		return;
	}
	buf_addf(x->out, "%-9s ", what);
	show_text(x->out, text, strlen(text), 0);
	buf_add_char(x->out, '\n');
}

#define TEXT(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static void say_identity(struct explain *x, const struct incident *inc)
{
	char first[WHEN_TEXT], last[WHEN_TEXT];

	when_format(first, inc->first);
	when_format(last, inc->last);
	if (inc->pattern.len)
		say(x, "identity",
		    "fingerprint %.*s, of pattern '%.*s' in service '%.*s'",
		    TEXT(inc->fingerprint), TEXT(inc->pattern),
		    TEXT(inc->service));
	else
		say(x, "identity", "fingerprint %.*s, of title and service",
		    TEXT(inc->fingerprint));
	say(x, "grouped",
	    "%lld occurrence%s in %lld detection%s between %s and %s joined it",
	    (long long)inc->count, inc->count == 1 ? "" : "s",
	    (long long)inc->detections, inc->detections == 1 ? "" : "s", first,
	    last);
}

/* Whether a timeline entry says why the incident is as it is. */
static bool tells_why(struct slice what)
{
	static const char *const words[] = {
		"opened", "reopened", "raised",	       "assigned",
		"merged", "severity", "false_positive"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is(what, words[i]))
			return true;
	return false;
}

static int say_history(struct explain *x, struct store *s, int64_t num,
		       struct err *err)
{
	AUTO_ROWS struct store_rows *rows = timeline_ask(s, num, err);
	struct timeline_row e;
	int got;

	if (!rows)
		return -1;
	while ((got = timeline_next(rows, &e, err)) > 0) {
		char time[WHEN_TEXT], word[32];

		if (!tells_why(e.what))
			continue;
		when_format(time, e.time);
		(void)snprintf(word, sizeof(word), "%.*s", TEXT(e.what));
		say(x, word, "%s %.*s%s%.*s by %.*s%s%.*s", time,
		    TEXT(e.before), e.before.len && e.after.len ? " -> " : "",
		    TEXT(e.after), TEXT(e.actor), e.note.len ? ": " : "",
		    TEXT(e.note));
	}
	return got;
}

/* What a detection with this fingerprint would do now. */
static void say_next(struct explain *x, const struct incident *inc,
		     const struct config *c)
{
	int64_t within = config_duration(c, "incidents.reopen_within");
	int64_t ended =
		inc->resolved != WHEN_NONE ? inc->resolved : inc->closed;
	char until[WHEN_TEXT], window[32];

	if (inc->merged_into.len) {
		say(x, "next", "a detection like these joins %.*s",
		    TEXT(inc->merged_into));
		return;
	}
	if (incident_live(inc)) {
		say(x, "next",
		    "a detection like these joins it; the severity can only "
		    "rise by that");
		return;
	}
	when_format_duration(window, within);
	when_format(until, ended + within);
	if (clock_now() <= ended + within)
		say(x, "next",
		    "a detection like these reopens it until %s, %s after it "
		    "was %s (%s), and opens a new one after that",
		    until, window, incident_status_names[inc->status],
		    config_origin(c, "incidents.reopen_within"));
	else
		say(x, "next",
		    "a detection like these opens a new incident, linked to "
		    "this one: the %s for reopening ended %s",
		    window, until);
}

static void say_links(struct explain *x, const struct incident *inc)
{
	if (inc->previous.len)
		say(x, "follows", "%.*s had the same fingerprint and was over",
		    TEXT(inc->previous));
	if (inc->simulated)
		say(x, "simulated", "opened with --simulate: nothing is wrong");
}

static void say_pager(void *arg, const char *what, const char *text)
{
	say(arg, what, "%s", text);
}

int incident_explain(struct store *s, const struct config *c, int64_t num,
		     bool json, struct buf *out, struct err *err)
{
	AUTO_INCIDENT struct incident inc = {0};
	struct explain x = {.out = out, .json = json};
	char id[INCIDENT_ID];

	if (incident_load(s, num, &inc, err) < 0)
		return -1;
	if (json) {
		jwrite_open(out, NULL, '{');
		incident_write(out, &inc);
		jwrite_open(out, "explain", '[');
	} else {
		incident_id(id, num);
		buf_addf(out, "%s  %s  %s\n", id, severity_name(inc.severity),
			 incident_status_names[inc.status]);
		show_text(out, inc.title.ptr, inc.title.len, 0);
		buf_add_str(out, "\n\n");
	}
	say_identity(&x, &inc);
	if (say_history(&x, s, num, err) < 0)
		return -1;
	say_links(&x, &inc);
	if (pager_explain(s, c, &inc, say_pager, &x, err) < 0)
		return -1;
	say_next(&x, &inc, c);
	if (json) {
		jwrite_close(out, ']');
		jwrite_close(out, '}');
		buf_add_char(out, '\n');
	}
	return 0;
}
