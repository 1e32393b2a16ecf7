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
	if (!strcmp(path, "time"))
		return SLICE_LIT("2026-11-20T10:11:12.345Z");
	if (!strcmp(path, "seconds"))
		return SLICE_LIT("3661.5");
	if (!strcmp(path, "star"))
		return SLICE_LIT("*x");
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

static size_t count(void *arg, const char *list)
{
	(void)arg;
	if (!strcmp(list, "items"))
		return 2;
	return strcmp(list, "many") == 0 ? 1000000 : 0;
}

static struct slice item(void *arg, const char *list, size_t i,
			 const char *path)
{
	(void)arg;
	assert_string_not_equal(list, "none");
	if (!strcmp(path, "name"))
		return i ? SLICE_LIT("b&") : SLICE_LIT("a");
	return (struct slice){NULL, 0};
}

static const struct template_source source = {
	.lookup = values, .count = count, .item = item};

static void fills_file(const char *text, const char *want)
{
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	if (template_new_file(&t, "f", text, &err) < 0)
		fail_msg("unexpected: %s", err.text);
	template_fill_from(t, &out, &source, NULL);
	assert_string_equal(buf_str(&out), want);
}

static void blocks_are_chosen(void **state)
{
	(void)state;
	fills_file("${#if host}yes${/if}", "yes");
	fills_file("[${#if nothing}yes${/if}]", "[]");
	fills_file("${#if empty}yes${#else}no${/if}", "no");
	fills_file("${#if host}${#if empty}a${#else}b${/if}${#else}c${/if}d",
		   "bd");
	fills_file("${#if items}list${/if}${#if none}none${/if}", "list");
	fills_file("$${#if host}", "${#if host}");
}

static void items_are_walked_over(void **state)
{
	(void)state;
	fills_file("${#each items}${name|html}@${host};${/each}.",
		   "a@db-1;b&amp;@db-1;.");
	fills_file("[${#each none}x${/each}]", "[]");
	fills_file("${#each items}${#if name}${name}${#else}?${/if}"
		   "${#if nothing}!${/if}${/each}",
		   "ab&");
	fills_file("${#each items}a${/each}${#each items}b${/each}", "aabb");
	fills_file("${#if host}${#each items}x${/each}${/if}", "xx");
}

static void blocks_leave_no_empty_lines(void **state)
{
	(void)state;
	fills_file("a\n${#if host}\nb\n${/if}\nc\n", "a\nb\nc\n");
	fills_file("${#each items}\n  ${name}\n  ${/each}\nend",
		   "  a\n  b&\nend");
	fills_file("a ${#if host}\nb${/if}", "a \nb");
}

static void filters_of_files(void **state)
{
	(void)state;
	fills_file("${bad|html}", "x\xff&quot;");
	fills_file("${source.file|url}", "%2Fvar%2Flog%2Fa");
	fills_file("${time|time} ${host|time}", "2026-11-20 10:11:12 UTC db-1");
	fills_file("${seconds|duration} ${host|duration}", "1h 1m db-1");
	fills_file("${host|code:html}", "<pre><code>db-1</code></pre>");
	fills_file("${host|code:markdown}", "```\ndb-1\n```");
	fills_file("${star|markdown} ${star|mrkdwn|html}",
		   "\\*x *\xe2\x80\x8bx");
	fills_file("${nothing|html|default:-}", "-");
}

static void refuses_file(const char *text, const char *part)
{
	struct template *t = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(template_new_file(&t, "a/f", text, &err), -1);
	assert_null(t);
	assert_err(&err, ERR_USAGE, part);
}

static void what_is_wrong_has_file_line_and_column(void **state)
{
	(void)state;
	refuses_file("x\ny ${host", "a/f:2:3: '${' without '}'");
	refuses_file("\n\n ${ho st}", "a/f:3:6: ' ' cannot stand");
	refuses_file("${host|uper}", "a/f:1:8: no filter 'uper'; there are");
	refuses_file("${host|code:x}", "a/f:1:8: no filter 'code:x'");
	refuses_file("a\n${#if host}\n", "a/f:3:1: a block is still open");
	refuses_file("${/if}", "a/f:1:3: no block is open here");
	refuses_file("${#if a}${/each}", "'/each' does not belong to '#if a'");
	refuses_file("${#each a}${#else}${/each}",
		     "'#else' does not belong to '#each a'");
	refuses_file("${#if a}${#else}${#else}${/if}",
		     "'#else' does not belong to '#if a'");
	refuses_file("${#each a}${#each b}", "cannot stand within another");
	refuses_file("${#if a|html}${/if}", "a block has no filters");
	refuses_file("${#for a}", "a/f:1:3: no block '#for a'; there are #if");
	refuses_file("${#if a}${#if a}${#if a}${#if a}${#if a}${#if a}${#if a}"
		     "${#if a}${#if a}",
		     "more than 8 blocks");
	refuses("${#if host}x${/if}", "column 3: the name of a field");
	refuses("${host|html}", "column 8: no filter 'html'");
}

static void a_full_buffer_ends_the_walk(void **state)
{
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf out = BUF_INIT_MAX(100);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(template_new_file(&t, "f",
					   "${#each many}0123456789${/each}",
					   &err),
			 0);
	template_fill_from(t, &out, &source, NULL);
	assert_true(out.over);
	assert_true(out.len <= 100);
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
		cmocka_unit_test(blocks_are_chosen),
		cmocka_unit_test(items_are_walked_over),
		cmocka_unit_test(blocks_leave_no_empty_lines),
		cmocka_unit_test(filters_of_files),
		cmocka_unit_test(what_is_wrong_has_file_line_and_column),
		cmocka_unit_test(a_full_buffer_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
