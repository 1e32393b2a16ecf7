#include "unit.h"

#include <malloc.h>

#include <oncall/mem.h>
#include <oncall/template.h>

static struct slice values(void *arg, const char *path)
{
	static const char long_text[] =
		"0123456789012345678901234567890123456789"
		"01234567890123456789012345678901234567\xc3\xa9\xc3\xa9";

	(void)arg;
	if (!strcmp(path, "host"))
		return SLICE_LIT("db-1");
	if (!strcmp(path, "source.file"))
		return SLICE_LIT("/var/log/a");
	if (!strcmp(path, "message"))
		return SLICE_LIT("  Disk \"a\"\nis\x01 full \t");
	if (!strcmp(path, "long"))
		return SLICE_LIT(long_text);
	if (!strcmp(path, "bad"))
		return SLICE_LIT("x\xff\"");
	if (!strcmp(path, "empty"))
		return SLICE_LIT("");
	return (struct slice){NULL, 0};
}

static void fills(const char *text, const char *want)
{
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(template_new(&t, text, &err), 0);
	buf_add_str(&out, ">");
	template_fill(t, &out, values, NULL);
	assert_string_equal(buf_str(&out) + 1, want);
	/* What stood there before is nobody's to change. */
	assert_int_equal(buf_str(&out)[0], '>');
}

static void refuses(const char *text, const char *part)
{
	struct template *t = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(template_new(&t, text, &err), -1);
	assert_null(t);
	assert_err(&err, ERR_USAGE, part);
}

static void fields_stand_in_text(void **state)
{
	(void)state;
	fills("", "");
	fills("plain", "plain");
	fills("${host}", "db-1");
	fills("on ${host}, ${source.file}!", "on db-1, /var/log/a!");
	fills("${host}${host}", "db-1db-1");
	fills("[${nothing}${empty}]", "[]");
}

static void a_dollar_sign_is_one(void **state)
{
	(void)state;
	fills("$$", "$");
	fills("$${host}", "${host}");
	fills("$$${host}", "$db-1");
	fills("5$ and $HOME and $", "5$ and $HOME and $");
}

static void filters_change_the_value_only(void **state)
{
	(void)state;
	fills("a ${host|upper} b", "a DB-1 b");
	fills("A ${host|upper|lower} B", "A db-1 B");
	fills("[ ${message|trim} ]", "[ Disk \"a\"\nis\x01 full ]");
	fills("[${message|first}]", "[  Disk \"a\"]");
	fills("[${message|first|trim|upper}]", "[DISK \"A\"]");
	fills("${message|json}", "  Disk \\\"a\\\"\\nis\\u0001 full \\t");
	fills("${bad|json}", "x\xef\xbf\xbd\\\"");
	fills("${nothing|json|upper|trim|first|short}", "");
}

static void short_cuts_at_a_character(void **state)
{
	(void)state;
	fills("${long|short}",
	      "0123456789012345678901234567890123456789"
	      "01234567890123456789012345678901234567\xc3\xa9");
	fills("${host|short}", "db-1");
}

static void default_stands_for_nothing(void **state)
{
	(void)state;
	fills("${nothing|default:no host}", "no host");
	fills("${empty|default:none}", "none");
	fills("${host|default:none}", "db-1");
	fills("${nothing|default:none|upper}", "NONE");
	fills("${nothing|default:}", "");
	fills("${nothing|default:a:b}", "a:b");
}

static void what_is_wrong_has_a_column(void **state)
{
	(void)state;
	refuses("on ${host", "column 4: '${' without '}'");
	refuses("${}", "column 3: the name of a field is missing");
	refuses("${{ x }}", "column 3: the name of a field is missing");
	refuses("a ${ho st}", "column 7: ' ' cannot stand in the name");
	refuses("${h\xc3\xa9}", "column 4: '\xc3\xa9' cannot stand");
	refuses("${host|uper}", "column 8: no filter 'uper'; there are upper");
	refuses("${host|}", "column 8: no filter ''");
	refuses("${host|default}", "column 8: no filter 'default'");
	refuses("${host|upper:x}", "column 8: no filter 'upper:x'");
	refuses("${host|lower|lower|lower|lower|lower|lower|lower|lower|lower}",
		"more than 8 filters");
}

static void paths_are_told_in_order(void **state)
{
	AUTO_TEMPLATE struct template *t = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		template_new(&t, "x ${a.b|upper} $${c} ${d}${a.b}", &err), 0);
	assert_string_equal(template_path(t, 0), "a.b");
	assert_string_equal(template_path(t, 1), "d");
	assert_string_equal(template_path(t, 2), "a.b");
	assert_null(template_path(t, 3));
	template_free(NULL);
}

static void a_full_buffer_is_marked(void **state)
{
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf out = BUF_INIT_MAX(40);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(template_new(&t, "${message|json}${host}", &err), 0);
	template_fill(t, &out, values, NULL);
	assert_true(out.over);
	assert_string_equal(buf_str(&out), "");
	template_fill(t, &out, values, NULL);
	assert_string_equal(buf_str(&out), "");
}

static void filling_allocates_nothing(void **state)
{
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	const char *data;
	struct mallinfo2 before;

	(void)state;
	assert_int_equal(template_new(&t,
				      "${host|upper} ${message|first|short} "
				      "${bad|json} ${nothing|default:x}",
				      &err),
			 0);
	template_fill(t, &out, values, NULL);
	data = out.data;
	before = mallinfo2();
	for (int i = 0; i < 1000; i++) {
		buf_reset(&out);
		template_fill(t, &out, values, NULL);
	}
	assert_ptr_equal(out.data, data);
	assert_int_equal(mallinfo2().uordblks, before.uordblks);
	assert_string_equal(buf_str(&out),
			    "DB-1   Disk \"a\" x\xef\xbf\xbd\\\" x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_in_text),
		cmocka_unit_test(a_dollar_sign_is_one),
		cmocka_unit_test(filters_change_the_value_only),
		cmocka_unit_test(short_cuts_at_a_character),
		cmocka_unit_test(default_stands_for_nothing),
		cmocka_unit_test(what_is_wrong_has_a_column),
		cmocka_unit_test(paths_are_told_in_order),
		cmocka_unit_test(a_full_buffer_is_marked),
		cmocka_unit_test(filling_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
