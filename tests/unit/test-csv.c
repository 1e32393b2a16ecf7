/* test-csv.c - rows as RFC 4180 has them, and what is wrong with others. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <oncall/csv.h>

/* A file without a name that holds the text, at its beginning. */
static int file_of(const char *text, size_t len)
{
	int fd = memfd_create("csv", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Everything that is read: fields joined by |, "-" for none, rows ended by ;
 * and errors as !LINE. */
static void read_all(struct buf *out, const char *text, size_t len)
{
	int fd = file_of(text, len);
	AUTO_CSV struct csv_reader *r = csv_reader_new(fd, "x.csv");
	struct csv_row *row = csv_row_new();
	struct err err = ERR_INIT;
	int got;

	while ((got = csv_read(r, row, &err)) != 0) {
		if (got < 0) {
			assert_int_equal(err.kind, ERR_INPUT);
			err_clear(&err);
			buf_addf(out, "!%zu", csv_reader_line(r));
			continue;
		}
		for (size_t i = 0; i < row->count; i++) {
			if (i > 0)
				buf_add_char(out, '|');
			if (row->fields[i].ptr)
				buf_add_slice(out, row->fields[i]);
			else
				buf_add_char(out, '-');
		}
		buf_add_char(out, ';');
	}
	free(row);
	assert_int_equal(close(fd), 0);
}

static void reads(const char *text, const char *wanted)
{
	AUTO_BUF struct buf out = BUF_INIT;

	read_all(&out, text, strlen(text));
	assert_string_equal(buf_str(&out), wanted);
}

static void fields_and_rows(void **state)
{
	(void)state;
	reads("", "");
	reads("\n\r\n\n", "");
	reads("a", "a;");
	reads("a,b\nc,d\n", "a|b;c|d;");
	reads("a,b\r\nc,d\r\n", "a|b;c|d;");
	reads("a\n\n\nb", "a;b;");
	reads(" a , b ", " a | b ;");
}

static void nothing_and_an_empty_text_differ(void **state)
{
	(void)state;
	reads(",", "-|-;");
	reads("a,,b", "a|-|b;");
	reads("\"\",,\"\"", "|-|;");
	reads("a,", "a|-;");
}

static void quotes(void **state)
{
	(void)state;
	reads("\"a,b\",c", "a,b|c;");
	reads("\"a\"\"b\"", "a\"b;");
	reads("\"\"\"\"", "\";");
	reads("\"a\nb\r\nc\",d\ne", "a\nb\r\nc|d;e;");
	reads("a\"b,c", "a\"b|c;");
	reads("\"a\"\r\nb", "a;b;");
}

static void bad_rows_are_consumed_and_named(void **state)
{
	(void)state;
	reads("a\n\"b\"c\nd\n", "a;!2d;");
	reads("a\n\"b\n\"c\nd\n", "a;!2d;");
	reads("a\n\"b", "a;!2");
	reads("\"a\nb\"\n\"c\"x\nd", "a\nb;!3d;");
}

static void a_mark_in_front_is_skipped(void **state)
{
	(void)state;
	reads("\xef\xbb\xbf"
	      "a,b\n",
	      "a|b;");
	reads("\xef\xbb\xbf\"a\"\n", "a;");
	reads("a\n\xef\xbb\xbf"
	      "b\n",
	      "a;\xef\xbb\xbf"
	      "b;");
	reads("\xef\xbb\xbf", "");
}

static void too_many_fields_are_bad(void **state)
{
	AUTO_BUF struct buf in = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (int i = 0; i < CSV_MAX_FIELDS - 1; i++)
		buf_add_char(&in, ',');
	buf_add_char(&in, '\n');
	for (int i = 0; i < CSV_MAX_FIELDS; i++)
		buf_add_char(&in, ',');
	buf_add_str(&in, "\nb\n");
	read_all(&out, in.data, in.len);
	assert_string_equal(buf_str(&out) + out.len - 5, ";!2b;");
}

static void a_row_that_is_too_long_takes_no_other_along(void **state)
{
	AUTO_BUF struct buf in = BUF_INIT, out = BUF_INIT;

	(void)state;
	buf_add_str(&in, "a\n");
	assert_true(buf_reserve(&in, CSV_MAX_ROW + 100));
	memset(in.data + in.len, 'x', CSV_MAX_ROW + 1);
	in.len += CSV_MAX_ROW + 1;
	buf_add_str(&in, "\nb\nc\n");
	read_all(&out, in.data, in.len);
	assert_string_equal(buf_str(&out), "a;!2b;c;");
}

static void bytes_that_are_no_text_are_kept(void **state)
{
	static const char text[] = "a\0b,\"\0\"\n\xff";
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	read_all(&out, text, sizeof(text) - 1);
	assert_int_equal(out.len, 8);
	assert_memory_equal(out.data, "a\0b|\0;\xff;", 8);
}

static void a_row_may_be_kept(void **state)
{
	int fd = file_of("a,,\"\"\nx,y,z\n", 12);
	AUTO_CSV struct csv_reader *r = csv_reader_new(fd, "x.csv");
	struct csv_row *first = csv_row_new(), *second = csv_row_new();
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(csv_read(r, first, &err), 1);
	csv_row_keep(first, &text);
	assert_int_equal(csv_read(r, second, &err), 1);
	assert_true(slice_is(first->fields[0], "a"));
	assert_null(first->fields[1].ptr);
	assert_non_null(first->fields[2].ptr);
	assert_int_equal(first->fields[2].len, 0);
	assert_true(slice_is(second->fields[2], "z"));
	free(first);
	free(second);
	assert_int_equal(close(fd), 0);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);
	AUTO_CSV struct csv_reader *r = csv_reader_new(fd, "the root");
	struct csv_row *row = csv_row_new();
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(csv_read(r, row, &err), -1);
	assert_err(&err, ERR_SYSTEM, "cannot read 'the root'");
	free(row);
	assert_int_equal(close(fd), 0);
}

/* Texts that are written and read come back. */
static void what_is_written_is_read_again(void **state)
{
	static const char *const texts[] = {
		"",  "a",    "a,b",  "\"",   "\"\"", "\n", "\r", "\r\n",
		" ", "\ta ", "a\"b", "-1+2", "=x",   ",",  NULL};
	AUTO_BUF struct buf line = BUF_INIT, out = BUF_INIT, wanted = BUF_INIT;

	(void)state;
	for (size_t i = 0; texts[i]; i++) {
		csv_add(&line, slice_of(texts[i]), i == 0);
		buf_addf(&wanted, "%s%s", i ? "|" : "", texts[i]);
	}
	csv_add(&line, (struct slice){NULL, 0}, false);
	buf_add_str(&wanted, "|-;");
	buf_add_char(&line, '\n');
	read_all(&out, line.data, line.len);
	assert_string_equal(buf_str(&out), buf_str(&wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_and_rows),
		cmocka_unit_test(nothing_and_an_empty_text_differ),
		cmocka_unit_test(quotes),
		cmocka_unit_test(bad_rows_are_consumed_and_named),
		cmocka_unit_test(a_mark_in_front_is_skipped),
		cmocka_unit_test(too_many_fields_are_bad),
		cmocka_unit_test(a_row_that_is_too_long_takes_no_other_along),
		cmocka_unit_test(bytes_that_are_no_text_are_kept),
		cmocka_unit_test(a_row_may_be_kept),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(what_is_written_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
