/* doctor.c - oncall doctor: looks for what is wrong with the installation. */
#include "oncall.h"

#include <stdarg.h>
#include <stdio.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/record.h>
#include <oncall/redact.h>
#include <oncall/report.h>
#include <oncall/when.h>

/* 2024-01-01 and 2100-01-01: what lies outside is a clock that was never set.
 */
#define CLOCK_FIRST INT64_C(1704067200000)
#define CLOCK_LAST  INT64_C(4102444800000)

struct findings {
	struct show_table *table; /* NULL: write records */
	struct buf *out;
	int status;
};

const struct cli_opt doctor_opts[] = {
	CLI_STR(0, "config", "FILE", &config_option,
		"read FILE instead of the usual files"),
	CLI_STR(0, "store", "ADDRESS", &store_option,
		"a database file, or postgresql://..."),
	CLI_LAST,
};

static const char *const finding_names[] = {"ok", "warn", "fail"};

static void add_record(struct buf *out, enum finding finding, const char *what,
		       struct slice detail)
{
	report_open(out, "doctor");
	jwrite_str(out, "value", finding_names[finding]);
	jwrite_open(out, "labels", '{');
	jwrite_str(out, "what", what);
	jwrite_text(out, "detail", detail);
	jwrite_close(out, '}');
	report_close(out);
}

static void add_finding(struct findings *f, enum finding finding,
			const char *what, const char *text)
{
	static const enum show_color colors[] = {SHOW_GREEN, SHOW_YELLOW,
						 SHOW_RED};
	AUTO_BUF struct buf detail = BUF_INIT;

	(void)redact_text(&detail, text, strlen(text));
	if (!f->table) {
		add_record(f->out, finding, what, buf_slice(&detail));
		return;
	}
	show_table_cell(f->table, slice_of(finding_names[finding]),
			colors[finding]);
	show_table_cell(f->table, slice_of(what), SHOW_PLAIN);
	show_table_cell(f->table, buf_slice(&detail), SHOW_PLAIN);
}

void found(struct findings *f, enum finding finding, const char *what,
	   const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	add_finding(f, finding, what, text);
}

void found_error(struct findings *f, const char *what, struct err *err)
{
	add_finding(f, FINDING_FAIL, what, err->text);
	f->status = err_worse_status(f->status, err_exit_status(err->kind));
	err_clear(err);
}

static void look_at_config(struct findings *f, const struct config *c)
{
	AUTO_BUF struct buf files = BUF_INIT;

	for (size_t i = 0; config_file(c, i); i++)
		buf_addf(&files, "%s%s", i ? ", " : "", config_file(c, i));
	if (files.len)
		found(f, FINDING_OK, "configuration", "%s", buf_str(&files));
	else
		found(f, FINDING_OK, "configuration",
		      "no file: what is built in holds");
}

static void look_at_clock(struct findings *f)
{
	int64_t now = clock_now();
	struct err err = ERR_INIT;
	char text[WHEN_TEXT];

	when_format(text, now);
	if (now >= CLOCK_FIRST && now < CLOCK_LAST) {
		found(f, FINDING_OK, "clock", "%s", text);
		return;
	}
	(void)err_set(&err, ERR_SYSTEM, "it is not %s: set the clock", text);
	found_error(f, "clock", &err);
}

static void look_at_zone(struct findings *f, const char *zone)
{
	struct err err = ERR_INIT;
	int offset;

	if (when_set_zone(zone, &err) < 0) {
		found_error(f, "time zone", &err);
		return;
	}
	offset = when_zone_offset(clock_now());
	found(f, FINDING_OK, "time zone", "%s, now UTC%c%02d:%02d", zone,
	      offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
}

static void examine(struct findings *f)
{
	AUTO_CONFIG struct config *c = NULL;
	struct err err = ERR_INIT;

	if (load_config(&c, &err) < 0)
		found_error(f, "configuration", &err);
	else
		look_at_config(f, c);
	if (c) {
		doctor_store(f, c);
		doctor_calls(f, c);
		doctor_secrets(f, c);
		look_at_zone(f, config_str(c, "timezone"));
	}
	look_at_clock(f);
	doctor_libraries(f);
}

int doctor_run(int argc, char **argv, struct err *err)
{
	static const char *const headings[] = {"RESULT", "WHAT", "DETAIL"};
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_TABLE struct show_table *t = NULL;
	struct findings f = {.out = &out.out};
	int rc;

	(void)argc;
	(void)argv;
	if (!cli_records())
		f.table = t = show_table_new(headings, ARRAY_LEN(headings));
	examine(&f);
	/* Never shortened: the end of a message says what helps. */
	if (t)
		show_table_print(t, &out.out, 0, show_colors(STDOUT_FILENO));
	rc = record_flush(&out, err);
	record_writer_done(&out);
	return rc < 0 ? rc : f.status;
}
