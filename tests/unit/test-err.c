#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include <oncall/utf8.h>

static void set_keeps_kind_and_text(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, ERR_INPUT, "line %d: bad", 7), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, "line 7: bad");
}

static void first_error_wins(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	(void)err_set(&err, ERR_USAGE, "first");
	assert_int_equal(err_set(&err, ERR_INPUT, "second"), -1);
	assert_int_equal(err_sys(&err, ENOENT, "third"), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, "first");
}

static void sys_adds_the_reason(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&err, ENOENT, "cannot open '%s'", "x"), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_string_equal(err.text,
			    "cannot open 'x': No such file or directory");
}

static void prefix_goes_before_what_is_there(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	(void)err_set(&err, ERR_REFUSED, "inner");
	assert_int_equal(err_prefix(&err, "file %d", 1), -1);
	assert_int_equal(err_prefix(&err, "%s", "outer"), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, "outer: file 1: inner");
}

static void clear_makes_room_for_the_next(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	(void)err_set(&err, ERR_USAGE, "first");
	err_clear(&err);
	assert_int_equal(err.kind, ERR_NONE);
	assert_string_equal(err.text, "");
	(void)err_set(&err, ERR_INPUT, "second");
	assert_err(&err, ERR_INPUT, "second");
}

/* Text of lead ASCII bytes and then only characters of size bytes. */
static void fill(char *out, size_t size, size_t lead, const char *character)
{
	struct buf text = BUF_INIT;

	while (text.len < lead)
		buf_add_char(&text, 'x');
	while (text.len + strlen(character) < size)
		buf_add_str(&text, character);
	memcpy(out, text.data, text.len + 1);
	buf_done(&text);
}

static void assert_cut_well(const struct err *err, size_t widest)
{
	size_t len = strlen(err->text);

	assert_true(utf8_valid(err->text, len));
	assert_in_range(len, ERR_TEXT_MAX - widest, ERR_TEXT_MAX - 1);
}

static void cut_text_keeps_characters_whole(void **state)
{
	static const char *const characters[] = {
		"y", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x94\xA5"};
	char text[2 * ERR_TEXT_MAX];
	size_t i;
	size_t lead;

	(void)state;
	for (i = 0; i < ARRAY_LEN(characters); i++) {
		for (lead = 0; lead < 4; lead++) {
			struct err err = ERR_INIT;

			fill(text, sizeof(text), lead, characters[i]);
			(void)err_set(&err, ERR_INPUT, "%s", text);
			assert_cut_well(&err, strlen(characters[i]));
			(void)err_prefix(&err, "a");
			assert_cut_well(&err, strlen(characters[i]));
			err_clear(&err);
			(void)err_sys(&err, EIO, "%s", text);
			assert_cut_well(&err, strlen(characters[i]));
			(void)err_prefix(&err, "%s", text);
			assert_cut_well(&err, strlen(characters[i]));
		}
	}
}

static void longest_text_fits_whole(void **state)
{
	char text[ERR_TEXT_MAX];
	struct err err = ERR_INIT;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, ERR_INPUT, "%s", text);
	assert_string_equal(err.text, text);
}

static void kinds_have_status_and_name(void **state)
{
	static const struct {
		enum err_kind kind;
		int status;
		const char *name;
	} rows[] = {
		{ERR_NONE, 0, "none"},	    {ERR_NO, 1, "no"},
		{ERR_USAGE, 2, "usage"},    {ERR_INPUT, 3, "input"},
		{ERR_SYSTEM, 4, "system"},  {ERR_REFUSED, 5, "refused"},
		{ERR_REMOTE, 75, "remote"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(err_exit_status(rows[i].kind), rows[i].status);
		assert_string_equal(err_kind_name(rows[i].kind), rows[i].name);
	}
}

static void worse_status_follows_the_order(void **state)
{
	static const int order[] = {4, 143, 2, 5, 3, 75, 1, 0};
	size_t i;
	size_t j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(order); i++) {
		for (j = i; j < ARRAY_LEN(order); j++) {
			assert_int_equal(err_worse_status(order[i], order[j]),
					 order[i]);
			assert_int_equal(err_worse_status(order[j], order[i]),
					 order[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_keeps_kind_and_text),
		cmocka_unit_test(first_error_wins),
		cmocka_unit_test(sys_adds_the_reason),
		cmocka_unit_test(prefix_goes_before_what_is_there),
		cmocka_unit_test(clear_makes_room_for_the_next),
		cmocka_unit_test(cut_text_keeps_characters_whole),
		cmocka_unit_test(longest_text_fits_whole),
		cmocka_unit_test(kinds_have_status_and_name),
		cmocka_unit_test(worse_status_follows_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
