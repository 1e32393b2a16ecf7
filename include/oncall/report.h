/* report.h - report records: one figure, or one row of a table, a line. */
#ifndef ONCALL_REPORT_H
#define ONCALL_REPORT_H

#include <oncall/buf.h>

/* Begins the record; the caller adds "value", "unit" and "labels". */
void report_open(struct buf *out, const char *metric);
/* Ends the record and its line. */
void report_close(struct buf *out);

#endif
