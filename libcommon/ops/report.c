/* report.c - report records. */
#include <oncall/report.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/ulid.h>

void report_open(struct buf *out, const char *metric)
{
	char id[ULID_TEXT];

	ulid_make(id);
	jwrite_record(out, "report", slice_of(id), clock_now());
	jwrite_str(out, "metric", metric);
}

void report_close(struct buf *out)
{
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
}
