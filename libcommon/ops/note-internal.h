/* note-internal.h - what the parts of note share. */
#ifndef ONCALL_NOTE_INTERNAL_H
#define ONCALL_NOTE_INTERNAL_H

#include <jansson.h>

#include <oncall/note.h>

#define NOTE_TITLE_MAX ((size_t)1024) /* bytes; the rest is cut, "..." */
#define NOTE_NAME_MAX  ((size_t)256)  /* of a field, an id, a label */
/* Bytes of a link; more is no address that services take. */
#define NOTE_URL_MAX	((size_t)2000)
#define NOTE_FIELDS_MAX ((size_t)100) /* fields, links or buttons */
#define NOTE_NAMES_MAX	((size_t)10000)

/* One line, safe to show, of at most max bytes; NULL when nothing is left. */
char *note_line(struct slice text, size_t max);
/* Several lines: "\n" and tabs stay; NULL when nothing is left. */
char *note_lines(struct slice text);

/* Of a member: text, or NULL where there is none; numbers and truth values
 * become text, lists and objects JSON. */
char *note_member_line(const json_t *o, const char *key, size_t max);
char *note_member_lines(const json_t *o, const char *key);

/* Adds a field unless value is NULL, which it takes over. */
void note_add_field(struct note *n, const char *name, char *value);
void note_add_member(struct note *n, const json_t *o, const char *key);
void note_add_object(struct note *n, const json_t *fields);

/* note-record.c: fills in what the record of that type says; false: none of
 * these. */
bool note_of_record(struct note *n, const char *type, const json_t *o);

#endif
