/*
 * note.h - what is said to people, in the one neutral form from which every
 * channel makes its own: read from a message record, or rendered from an
 * incident, action, run, detection or report.
 */
#ifndef ONCALL_NOTE_H
#define ONCALL_NOTE_H

#include <oncall/buf.h>
#include <oncall/err.h>
#include <oncall/severity.h>

struct note_pair {
	char *name, *value; /* of a link: its text, and the URL */
};

struct note_button {
	char *id; /* "ack", "approve", "silence" */
	char *label;
	char *command; /* what it stands for, for people to type */
};

struct note {
	char *type;		/* of the record */
	char *key;		/* identity of the message */
	char *thread;		/* what belongs together, or NULL */
	char *incident;		/* or NULL */
	char *service, *reason; /* or NULL */
	char *room;		/* where, within the target, or NULL */
	char *supersedes; /* key of the message that it stands in for, or NULL
			   */
	int64_t time;	  /* when it was written */
	bool has_severity;
	enum severity severity;
	bool over;	    /* what it is about is resolved */
	char *title, *text; /* text may have several lines, or be NULL */
	char *code; /* a command or an output, to be shown as it is, or NULL */
	struct note_pair *fields;
	size_t field_count;
	struct note_pair *links;
	size_t link_count;
	struct note_button *buttons;
	size_t button_count;
	char **to;     /* ended by NULL, or NULL: routes decide */
	char **tags;   /* the same */
	int64_t count; /* how many alike it stands for; 1 */
};

/* Reads a record of one of these types; the text is repaired, and bounded at
 * NOTE_TEXT_MAX a member. ERR_INPUT: it is none of them, or has no title and
 * no text. */
#define NOTE_TEXT_MAX ((size_t)16 * 1024 * 1024)
int note_read(struct note *ret, struct slice record, struct err *err)
	MUST_CHECK;
/* Of plain text: the first line is the title. */
void note_of_text(struct note *ret, struct slice text);
/* Appends the members fields, links and buttons. */
void note_write_lists(const struct note *n, struct buf *out);
void note_done(struct note *n);
#define AUTO_NOTE CLEANUP(note_done)

#endif
