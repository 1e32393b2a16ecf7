/* fuzz-config.c - configuration from any bytes. What was accepted must print as
 * YAML that is accepted again, and that prints the same. */
#include <stdio.h>

#include <oncall/mem.h>

#include "../../libcommon/conf/config-internal.h"
#include "fuzz.h"

static void must(bool good, const char *what, const struct err *err)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-config: %s: %s\n", what, err->text);
		abort();
	}
}

/* -1 when the text is no configuration; err then says why. */
static int load(struct config **ret, struct slice text, struct err *err)
{
	static const struct config_sources none = {.file = NULL};
	AUTO_TREE struct tree *root = NULL;
	AUTO_CONFIG struct config *c = NULL;

	(void)unsetenv("ONCALL_CONFIG");
	if (tree_parse(&root, "fuzz", text, err) < 0)
		return -1;
	if (config_load_with(&c, config_schema, &none, err) < 0 ||
	    config_layer_add(c, "fuzz", root, err) < 0)
		return -1;
	*ret = TAKE_PTR(c);
	return 0;
}

/* How much of a line is not its origin. */
static size_t value_len(const char *line, size_t n)
{
	static const char *const origins[] = {"# fuzz:", "# built-in"};

	for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
		const char *at =
			memmem(line, n, origins[i], strlen(origins[i]));

		if (at)
			return (size_t)(at - line);
	}
	return n;
}

static bool same_values(const char *a, const char *b)
{
	while (*a && *b) {
		size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
		struct slice x = {a, value_len(a, n)}, y = {b, value_len(b, m)};

		if (!slice_eq(x, y))
			return false;
		a += n + 1;
		b += m + 1;
	}
	return *a == *b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	AUTO_CONFIG struct config *c = NULL;
	AUTO_CONFIG struct config *again = NULL;
	AUTO_BUF struct buf first = BUF_INIT;
	AUTO_BUF struct buf second = BUF_INIT;
	struct err err = ERR_INIT;

	if (load(&c, text, &err) < 0) {
		must(err.kind == ERR_USAGE && !strncmp(err.text, "fuzz:", 5),
		     "an error without its place", &err);
		return 0;
	}
	config_print(c, &first);
	must(load(&again, buf_slice(&first), &err) == 0,
	     "what was printed is refused", &err);
	config_print(again, &second);
	must(same_values(buf_str(&first), buf_str(&second)),
	     "what was printed reads differently", &err);
	return 0;
}
