/*
 * smtp.h - hands mail to a server, over libcurl. The connection is always
 * encrypted and the certificate checked; it stays open for the next mail.
 */
#ifndef ONCALL_SMTP_H
#define ONCALL_SMTP_H

#include <oncall/buf.h>

struct smtp_options {
	const char *server; /* HOST:PORT */
	bool tls;	    /* from the start; else STARTTLS, which must work */
	const char *user, *password; /* NULL: without */
	const char *ca_file;	     /* NULL: the system's */
	int64_t timeout_ms;
};

struct smtp;

/* Copies what it is given; libcurl is loaded with the first mail. */
struct smtp *smtp_new(const struct smtp_options *o, struct err *err);
void smtp_free(struct smtp *s);

enum smtp_outcome {
	SMTP_TAKEN,
	SMTP_REFUSED, /* and will be */
	SMTP_LATER,
	SMTP_UNKNOWN, /* all of it was sent, and no answer came */
};

/* from and to are bare addresses; to ends with NULL. Mail is taken when at
 * least one of them is. err says what else came of it. */
enum smtp_outcome smtp_send(struct smtp *s, const char *from,
			    const char *const *to, struct slice mail,
			    struct err *err);
/* Connects, logs in, and says NOOP. */
enum smtp_outcome smtp_check(struct smtp *s, struct err *err);

DEFINE_AUTO(struct smtp *, smtp_free, auto_smtp_)
#define AUTO_SMTP CLEANUP(auto_smtp_)

#endif
