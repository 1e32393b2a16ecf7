#include "unit.h"

#include <oncall/mem.h>
#include <oncall/mime.h>

static void header(const char *text, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT;

	mime_header(&out, "Subject", text);
	assert_string_equal(buf_str(&out), want);
}

static void headers_are_one_line_of_ascii(void **state)
{
	(void)state;
	header("plain", "Subject: plain\r\n");
	header("a\r\nBcc: x", "Subject: a  Bcc: x\r\n");
	header("\xc3\xa9", "Subject: =?UTF-8?B?w6k=?=\r\n");
	header("=?x", "Subject: =?UTF-8?B?PT94?=\r\n");
	header("\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"
	       "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"
	       "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0",
	       "Subject: =?UTF-8?B?5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g"
	       "5L2g5L2g5L2g?=\r\n =?UTF-8?B?5L2g?=\r\n");
}

static void mailbox(const char *text, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT;

	mime_mailbox(&out, text);
	assert_string_equal(buf_str(&out), want);
}

static void mailboxes_have_names(void **state)
{
	(void)state;
	mailbox("a@b.org", "a@b.org");
	mailbox("<a@b.org>", "a@b.org");
	mailbox("On call <a@b.org>", "\"On call\" <a@b.org>");
	mailbox("\"On, call\" <a@b.org>", "\"On, call\" <a@b.org>");
	mailbox("\xc3\xa9 <a@b.org>", "=?UTF-8?B?w6k=?= <a@b.org>");
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = {"",	   "a",	      "a@",
					  "@b",	   "a b@c",   "a@b>,<c@d",
					  "a\r@b", "<a@b\n>", "x <a;b@c>"};
	AUTO_FREE char *address = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mime_address(&address, "On <a+b@c.org>", &err), 0);
	assert_string_equal(address, "a+b@c.org");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *none = NULL;

		err = (struct err)ERR_INIT;
		assert_int_equal(mime_address(&none, bad[i], &err), -1);
		assert_null(none);
		assert_err(&err, ERR_USAGE, "is no address of mail");
	}
}

static void body(const char *text, const char *encoding, const char *want)
{
	AUTO_BUF struct buf out = BUF_INIT;
	AUTO_FREE char *all =
		mem_printf("Content-Type: text/plain; charset=utf-8\r\n"
			   "Content-Transfer-Encoding: %s\r\n\r\n%s",
			   encoding, want);

	mime_text(&out, "plain", slice_of(text));
	assert_string_equal(buf_str(&out), all);
}

static void bodies_are_lines_of_ascii(void **state)
{
	(void)state;
	body("a = b\nend ", "quoted-printable", "a =3D b\r\nend=20\r\n");
	body("blank \nabcdefghijkl\xc3\xa9", "quoted-printable",
	     "blank=20\r\nabcdefghijkl=C3=A9\r\n");
	body("0123456789012345678901234567890123456789"
	     "01234567890123456789012345678901234567890",
	     "quoted-printable",
	     "0123456789012345678901234567890123456789"
	     "01234567890123456789012345678901234=\r\n567890\r\n");
	body("\xe4\xbd\xa0\n", "base64", "5L2gDQo=\r\n");
	body("", "quoted-printable", "");
}

static void dates_are_those_of_mail(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	mime_date(&out, INT64_C(1795169472123));
	assert_string_equal(buf_str(&out), "Fri, 20 Nov 2026 10:11:12 +0000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_one_line_of_ascii),
		cmocka_unit_test(mailboxes_have_names),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(bodies_are_lines_of_ascii),
		cmocka_unit_test(dates_are_those_of_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
