/* unit.h - cmocka with the headers it needs before it, and struct err. */
#ifndef ONCALL_UNIT_H
#define ONCALL_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <oncall/err.h>

/* The err has this kind, and its text contains part. */
#define assert_err(err, want, part)                                     \
	do {                                                            \
		assert_int_equal((err)->kind, want);                    \
		if (!strstr((err)->text, part))                         \
			fail_msg("'%s' lacks '%s'", (err)->text, part); \
	} while (0)

/* Nothing failed; says what did. */
#define assert_no_err(err)                                       \
	do {                                                     \
		if ((err)->kind != ERR_NONE)                     \
			fail_msg("unexpected: %s", (err)->text); \
	} while (0)

#endif
