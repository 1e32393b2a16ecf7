/* mime.h - text in mail: headers (RFC 2047) and bodies (RFC 2045). Lines end in
 * "\r\n". */
#ifndef ONCALL_MIME_H
#define ONCALL_MIME_H

#include <oncall/buf.h>

/* Appends "NAME: text\r\n", folded; encoded where it is not plain ASCII. What
 * could end the line is left out. */
void mime_header(struct buf *out, const char *name, const char *text);
/* Appends an address, "a@b" or "Name <a@b>", as it stands in a header. */
void mime_mailbox(struct buf *out, const char *mailbox);
/* The address in it, which the caller frees; ERR_USAGE: there is none, or it
 * has bytes that no address has. */
int mime_address(char **ret, const char *mailbox, struct err *err) MUST_CHECK;
/* Appends the header and body of a part: text/SUBTYPE in UTF-8, in quoted
 * printable or base64, whichever is shorter. */
void mime_text(struct buf *out, const char *subtype, struct slice text);
/* "Fri, 20 Nov 2026 10:11:12 +0000". */
void mime_date(struct buf *out, int64_t ms);

#endif
