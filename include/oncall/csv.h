/*
 * csv.h - comma-separated values as RFC 4180 has them: fields in quotes may
 * hold commas, line ends and doubled quotes. An empty field without quotes is
 * nothing (a NULL ptr), "" is an empty text.
 */
#ifndef ONCALL_CSV_H
#define ONCALL_CSV_H

#include <oncall/record.h>

#define CSV_MAX_FIELDS 512
#define CSV_MAX_ROW    RECORD_MAX_LINE

struct csv_row {
	struct slice fields[CSV_MAX_FIELDS];
	size_t count;
};

/* An empty row, to be freed. */
struct csv_row *csv_row_new(void) MUST_CHECK;
/* Copies the fields into text, so that they outlive the next row. */
void csv_row_keep(struct csv_row *row, struct buf *text);

struct csv_reader;

/* Does not close fd; name appears in messages. */
struct csv_reader *csv_reader_new(int fd, const char *name);
void csv_reader_free(struct csv_reader *r);
/* 1 with the next row, whose fields are valid until the next call; 0 at the
 * end; -1 on error. After ERR_INPUT the bad row has been consumed. */
int csv_read(struct csv_reader *r, struct csv_row *row, struct err *err)
	MUST_CHECK;
size_t csv_reader_line(const struct csv_reader *r); /* where the row began */

DEFINE_AUTO(struct csv_reader *, csv_reader_free, auto_csv_reader_)
#define AUTO_CSV CLEANUP(auto_csv_reader_)

/* Appends a field, and before it a comma unless it is the first one. */
void csv_add(struct buf *out, struct slice text, bool first);

#endif
