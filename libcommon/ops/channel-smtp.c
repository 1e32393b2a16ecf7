/*
 * channel-smtp.c - mail of text and HTML. Its Message-ID is made of the key, so
 * a mail that came twice is one to most programs; those of one thread refer to
 * its first one.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <strings.h>

#include <oncall/mime.h>
#include <oncall/smtp.h>

#define SUBJECT_MAX 200 /* characters */
#define TEXT_MAX    ((size_t)256 * 1024)
#define TO_MAX	    100

struct mail {
	struct smtp *smtp;
	char *from;	      /* bare addresses */
	char *to[TO_MAX + 1]; /* ended by NULL */
	char *domain;	      /* of Message-ID */
};

static void close_smtp(struct channel *ch)
{
	struct mail *m = ch->own;

	if (!m)
		return;
	smtp_free(m->smtp);
	free(m->from);
	free(m->domain);
	for (size_t i = 0; m->to[i]; i++)
		free(m->to[i]);
	free(m);
}

static int check_headers(const struct channel *ch, struct err *err)
{
	const char *name;

	for (size_t i = 0; (name = channel_item(ch, "headers", i)); i++)
		if (!*name ||
		    name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				      "mnopqrstuvwxyz0123456789-")])
			return err_set(err, ERR_USAGE,
				       "'%s' is no name of a header", name);
	return 0;
}

static int read_addresses(const struct channel *ch, struct mail *m,
			  struct err *err)
{
	const char *to;

	if (mime_address(&m->from, channel_str(ch, "from"), err) < 0)
		return -1;
	m->domain = mem_dup(strrchr(m->from, '@') + 1);
	for (size_t i = 0; (to = channel_item(ch, "to", i)); i++) {
		if (i == TO_MAX)
			return err_set(err, ERR_USAGE,
				       "more than %d addresses; a mailing "
				       "list serves better",
				       TO_MAX);
		if (mime_address(&m->to[i], to, err) < 0)
			return -1;
	}
	return 0;
}

static int open_smtp(struct channel *ch, struct err *err)
{
	struct mail *m = ch->own = mem_zero(1, sizeof(*m));
	struct smtp_options o = {
		.server = channel_str(ch, "server"),
		.tls = !strcmp(channel_str(ch, "tls"), "tls"),
		.user = channel_str(ch, "user"),
		.password = ch->secrets[CHANNEL_PASSWORD],
		.ca_file = channel_str(ch, "ca_file"),
		.timeout_ms = channel_duration(ch, "timeout"),
	};

	if (read_addresses(ch, m, err) < 0 || check_headers(ch, err) < 0)
		return -1;
	if (o.user && !o.password)
		return err_set(err, ERR_USAGE, "user needs password");
	m->smtp = smtp_new(&o, err);
	return m->smtp ? 0 : -1;
}

/* ---- the mail ---- */

static char *id_of(const struct mail *m, const char *key)
{
	return mem_printf("<%s@%s>", key, m->domain);
}

static void add_subject(struct buf *out, const struct note *n)
{
	AUTO_BUF struct buf text = BUF_INIT, cut = BUF_INIT;

	if (n->over)
		buf_add_str(&text, "[over] ");
	else if (n->has_severity)
		buf_addf(&text, "[%s] ", severity_name(n->severity));
	buf_add_str(&text, n->title);
	if (n->count > 1)
		buf_addf(&text, " (%lld times)", (long long)n->count);
	(void)markup_shorten(&cut, MARKUP_PLAIN, buf_slice(&text), MARKUP_CHARS,
			     SUBJECT_MAX);
	mime_header(out, "Subject", buf_str(&cut));
}

static void add_people(const struct channel *ch, struct buf *out)
{
	const char *to;

	buf_add_str(out, "From: ");
	mime_mailbox(out, channel_str(ch, "from"));
	buf_add_str(out, "\r\nTo: ");
	for (size_t i = 0; (to = channel_item(ch, "to", i)); i++) {
		if (i)
			buf_add_str(out, ",\r\n ");
		mime_mailbox(out, to);
	}
	buf_add_str(out, "\r\n");
}

static void add_thread(const struct channel_job *job, struct buf *out)
{
	const char *last = job->last ? job->last : job->root;

	if (!job->root)
		return;
	buf_addf(out, "In-Reply-To: %s\r\nReferences: %s", last, job->root);
	if (strcmp(last, job->root) != 0)
		buf_addf(out, "\r\n %s", last);
	buf_add_str(out, "\r\n");
}

static void add_own(const struct channel *ch, struct buf *out)
{
	const char *name;

	for (size_t i = 0; (name = channel_item(ch, "headers", i)); i++) {
		AUTO_FREE char *key = mem_printf("headers.%s", name);
		const char *value = channel_str(ch, key);

		mime_header(out, name, value ? value : "");
	}
}

static void add_headers(const struct channel *ch, const struct channel_job *job,
			struct buf *out)
{
	const struct note *n = job->note;
	AUTO_FREE char *id = id_of(ch->own, job->key);

	buf_add_str(out, "Date: ");
	mime_date(out, n->time);
	buf_add_str(out, "\r\n");
	add_people(ch, out);
	add_subject(out, n);
	buf_addf(out, "Message-ID: %s\r\n", id);
	add_thread(job, out);
	buf_add_str(out, "Auto-Submitted: auto-generated\r\n");
	if (!n->over && n->has_severity && n->severity >= SEVERITY_HIGH)
		buf_add_str(out, "Importance: high\r\n");
	if (n->incident)
		mime_header(out, "X-Oncall-Incident", n->incident);
	add_own(ch, out);
	buf_add_str(out, "MIME-Version: 1.0\r\n");
}

static void shorten(struct buf *text)
{
	AUTO_BUF struct buf cut = BUF_INIT;

	if (text->len <= TEXT_MAX)
		return;
	(void)markup_shorten(&cut, MARKUP_PLAIN, buf_slice(text), MARKUP_BYTES,
			     TEXT_MAX);
	buf_reset(text);
	buf_add_slice(text, buf_slice(&cut));
}

/* An '=' never stands before a '_' in quoted printable, nor in base64. */
static void add_boundary(struct buf *out, const char *key, const char *end)
{
	buf_addf(out, "--=_%s%s\r\n", key, end);
}

static void add_html(const struct note *n, struct buf *out)
{
	AUTO_BUF struct buf html = BUF_INIT;

	buf_addf(&html,
		 "<!DOCTYPE html>\n<html><body><div style=\"border-left:6px "
		 "solid #%06x;padding-left:12px\">\n",
		 channel_color(n));
	channel_text(&html, n, MARKUP_HTML, CHANNEL_ALL);
	buf_add_str(&html, "</div></body></html>\n");
	mime_text(out, "html", buf_slice(&html));
}

/* What is too long for a mail has no part of HTML, which cannot be cut. */
static bool wants_html(const struct channel *ch, const struct note *n)
{
	size_t length = (n->text ? strlen(n->text) : 0) +
			(n->code ? strlen(n->code) : 0);

	return !ch->template && length <= TEXT_MAX;
}

static int make_mail(struct channel *ch, const struct channel_job *job,
		     struct buf *out, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (channel_words(ch, &text, job->note, CHANNEL_ALL, err) < 0)
		return -1;
	shorten(&text);
	add_headers(ch, job, out);
	if (!wants_html(ch, job->note)) {
		mime_text(out, "plain", buf_slice(&text));
		return buf_check(out, "the mail", err);
	}
	buf_addf(out,
		 "Content-Type: multipart/alternative;\r\n"
		 " boundary=\"=_%s\"\r\n\r\n",
		 job->key);
	add_boundary(out, job->key, "");
	mime_text(out, "plain", buf_slice(&text));
	add_boundary(out, job->key, "");
	add_html(job->note, out);
	add_boundary(out, job->key, "--");
	return buf_check(out, "the mail", err);
}

static int render(struct channel *ch, const struct channel_job *job,
		  struct buf *out, struct err *err)
{
	const struct mail *m = ch->own;

	buf_addf(out, "MAIL FROM:<%s>\n", m->from);
	for (size_t i = 0; m->to[i]; i++)
		buf_addf(out, "RCPT TO:<%s>\n", m->to[i]);
	buf_add_str(out, "DATA\n");
	return make_mail(ch, job, out, err);
}

static void send_mail(struct channel *ch, const struct channel_job *job,
		      struct channel_result *ret)
{
	static const enum channel_outcome outcomes[] = {
		[SMTP_TAKEN] = CHANNEL_DELIVERED,
		[SMTP_REFUSED] = CHANNEL_FAILED,
		[SMTP_LATER] = CHANNEL_LATER,
		[SMTP_UNKNOWN] = CHANNEL_UNKNOWN,
	};
	const struct mail *m = ch->own;
	AUTO_BUF struct buf mail = BUF_INIT;
	struct err err = ERR_INIT;
	enum channel_outcome o;

	if (make_mail(ch, job, &mail, &err) < 0) {
		channel_outcome(ret, CHANNEL_FAILED, "%s", err.text);
		return;
	}
	o = outcomes[smtp_send(m->smtp, m->from, (const char *const *)m->to,
			       buf_slice(&mail), &err)];
	channel_outcome(ret, o, "%s", err.text);
	if (o == CHANNEL_DELIVERED || o == CHANNEL_UNKNOWN)
		ret->remote_id = id_of(m, job->key);
}

static int check(struct channel *ch, struct buf *out, struct err *err)
{
	const struct mail *m = ch->own;
	enum smtp_outcome o = smtp_check(m->smtp, err);

	if (o == SMTP_REFUSED)
		err->kind = ERR_REFUSED;
	if (o != SMTP_TAKEN)
		return -1;
	buf_addf(out, "%s answers%s%s", channel_str(ch, "server"),
		 channel_str(ch, "user") ? ", logged in as " : "",
		 channel_str(ch, "user") ? channel_str(ch, "user") : "");
	return 0;
}

/* A repetition has the Message-ID of the first, by which mail programs and
 * many servers drop it; a mail twice is better than none. */
const struct channel_kind channel_smtp = {
	.name = "smtp",
	.required = {"server", "from", "to"},
	.traits = {.safe_again = true, .threads = true},
	.markup = MARKUP_PLAIN,
	.open = open_smtp,
	.close = close_smtp,
	.render = render,
	.send = send_mail,
	.check = check,
};
