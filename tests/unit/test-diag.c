#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <jansson.h>

#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/redact.h>

#define SHOWN_MAX 8192

/* Standard error is one end of a socket that keeps writes apart. */
static int ends[2] = {-1, -1};
static int real_stderr = -1;

static int capture(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) ||
	       dup2(ends[1], STDERR_FILENO) < 0;
}

static int release(void **state)
{
	(void)state;
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

/* What the next write was; "" when there was none. */
static const char *shown(void)
{
	static char text[SHOWN_MAX];
	ssize_t len = recv(ends[0], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void levels_have_names(void **state)
{
	(void)state;
	diag_setup("oncall-incident", DIAG_DEBUG, false);
	assert_string_equal(diag_tool(), "oncall-incident");
	diag_error("cannot open '%s'", "x");
	assert_string_equal(shown(), "oncall-incident: error: cannot open 'x'"
				     "\n");
	diag_warn("late");
	assert_string_equal(shown(), "oncall-incident: warning: late\n");
	diag_info("%d", 7);
	assert_string_equal(shown(), "oncall-incident: info: 7\n");
	diag_debug("x");
	assert_string_equal(shown(), "oncall-incident: debug: x\n");
	assert_string_equal(shown(), "");
}

static void less_important_ones_are_not_shown(void **state)
{
	static const enum diag_level all[] = {DIAG_ERROR, DIAG_WARN, DIAG_INFO,
					      DIAG_DEBUG};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		size_t count = 0;

		diag_setup("t", all[i], false);
		for (size_t k = 0; k < ARRAY_LEN(all); k++)
			assert_int_equal(diag_wants(all[k]), k <= i);
		diag_error("x");
		diag_warn("x");
		diag_info("x");
		diag_debug("x");
		while (*shown())
			count++;
		assert_int_equal(count, i + 1);
	}
}

static void foreign_bytes_are_harmless(void **state)
{
	(void)state;
	diag_setup("t", DIAG_WARN, false);
	diag_warn("bad '%s'", "\033[2J\nt: error: forged\xff\xe2\x80\xae");
	assert_string_equal(shown(), "t: warning: bad '?[2J t: error: forged"
				     "\xef\xbf\xbd?'\n");
	diag_warn("%s", "");
	assert_string_equal(shown(), "t: warning: \n");
}

static void secrets_are_not_shown(void **state)
{
	(void)state;
	redact_register("correct horse");
	diag_setup("t", DIAG_WARN, false);
	diag_warn("cannot reach 'postgresql://ana:hunter2@db/x'");
	assert_string_equal(shown(), "t: warning: cannot reach 'postgresql://"
				     "ana:[redacted]@db/x'\n");
	diag_warn("got 'correct horse' back");
	assert_string_equal(shown(), "t: warning: got '[redacted]' back\n");
}

static void a_long_message_is_one_short_write(void **state)
{
	char text[6000];

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	diag_setup("t", DIAG_WARN, true);
	diag_warn("%s", text);
	assert_in_range(strlen(shown()), 3000, 4096);
	assert_string_equal(shown(), "");
	memset(text, 'x', 2990); /* a secret across the cut is still seen */
	memcpy(text + 1890, " password=", 10);
	diag_warn("%s", text);
	assert_null(strstr(shown(), "=\""));
}

static void json_has_one_object_a_line(void **state)
{
	static const char *const messages[] = {
		"plain", "with \"quotes\" and \\", "\033[1m\nx\xff",
		"{\"password\":\"hunter2\"}"};

	(void)state;
	clock_set(INT64_C(1795169472123));
	diag_setup("on\"call", DIAG_INFO, true);
	diag_info("say \"%s\"", "hi");
	assert_string_equal(shown(),
			    "{\"time\":\"2026-11-20T10:11:12.123Z\","
			    "\"level\":\"info\",\"tool\":\"on\\\"call\","
			    "\"message\":\"say \\\"hi\\\"\"}\n");
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		const char *line;
		json_t *o;

		diag_error("%s", messages[i]);
		line = shown();
		o = json_loads(line, 0, NULL);
		if (!o)
			fail_msg("'%s' is not JSON", line);
		assert_int_equal(json_object_size(o), 4);
		assert_string_equal(
			json_string_value(json_object_get(o, "level")),
			"error");
		assert_int_equal(line[strlen(line) - 1], '\n');
		assert_null(strstr(line, "hunter2"));
		json_decref(o);
	}
}

static void errno_survives(void **state)
{
	(void)state;
	diag_setup("t", DIAG_WARN, false);
	errno = ENOENT;
	diag_warn("x");
	assert_int_equal(errno, ENOENT);
	diag_debug("x");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(shown(), "t: warning: x\n");
	(void)close(STDERR_FILENO); /* nowhere to write: not fatal */
	diag_warn("x");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	assert_string_equal(shown(), "");
}

static void a_terminal_gets_colors(void **state)
{
	AUTO_FD int fd = posix_openpt(O_RDWR | O_NOCTTY);
	char name[64], text[128] = "";

	(void)state;
	assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
	assert_int_equal(ptsname_r(fd, name, sizeof(name)), 0);
	(void)setenv("TERM", "xterm", 1);
	(void)unsetenv("NO_COLOR");
	for (int i = 0; i < 3; i++) {
		int terminal = open(name, O_RDWR | O_NOCTTY);
		ssize_t len;

		assert_int_equal(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
		if (i == 2)
			(void)setenv("NO_COLOR", "1", 1);
		diag_setup("t", DIAG_WARN, i == 1);
		diag_error("x");
		len = read(fd, text, sizeof(text) - 1);
		(void)dup2(ends[1], STDERR_FILENO);
		(void)close(terminal);
		assert_true(len > 0);
		text[len] = '\0';
		if (i == 0)
			assert_string_equal(text, "t: \033[1;31merror:\033[0m "
						  "x\r\n");
		else
			assert_null(strchr(text, '\033'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test(less_important_ones_are_not_shown),
		cmocka_unit_test(foreign_bytes_are_harmless),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(a_long_message_is_one_short_write),
		cmocka_unit_test(json_has_one_object_a_line),
		cmocka_unit_test(errno_survives),
		cmocka_unit_test(a_terminal_gets_colors),
	};

	return cmocka_run_group_tests(tests, capture, release);
}
