/* report.c - report records. */
#include <oncall/report.h>

#include <oncall/jwrite.h>

void report_open(struct buf *out, const char *metric)
{
	jwrite_new(out, "report");
	jwrite_str(out, "metric", metric);
}

void report_close(struct buf *out)
{
	jwrite_close(out, '}');
	buf_add_char(out, '\n');
}
