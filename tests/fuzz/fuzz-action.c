/* fuzz-action.c - declarations of actions from any bytes, and calls of what was
 * read with any values: each argument stays one, whatever stands in it. */
#include <stdio.h>

#include <oncall/jwrite.h>
#include <oncall/mem.h>

#include "../../libcommon/ops/action-internal.h"
#include "fuzz.h"

#define VALUE_MAX 200 /* bytes of the input that become a value */

static void must(bool good, const char *what, const char *text)
{
	if (!good) {
		(void)fprintf(stderr, "fuzz-action: %s: %s\n", what, text);
		abort();
	}
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void compare_steps(const struct action_steps *declared,
			  const struct action_steps *filled)
{
	must(declared->count == filled->count, "another number of steps", "");
	for (size_t i = 0; i < filled->count; i++) {
		const struct action_step *from = &declared->items[i];
		const struct action_step *to = &filled->items[i];

		must(from->kind == to->kind && from->shell == to->shell,
		     "another kind of step", "");
		must(count(from->argv) == count(to->argv),
		     "another number of arguments", "");
		must(count(from->headers) == count(to->headers),
		     "another number of headers", "");
		for (size_t k = 0; k < count(to->headers); k++)
			must(!strpbrk(to->headers[k], "\r\n"),
			     "a header of two lines", to->headers[k]);
		must(!to->shell || !strcmp(from->argv[0], to->argv[0]),
		     "another text for a shell", "");
	}
}

static void call_with(const struct action_set *set, const struct action *a,
		      struct slice value)
{
	static const struct action_about about = {"INC-1", "api", "web",
						  "prod"};
	AUTO_BUF struct buf params = BUF_INIT;
	AUTO_ACTION_CALL struct action_call c = {.action = NULL};
	struct err err = ERR_INIT;

	jwrite_open(&params, NULL, '{');
	for (size_t i = 0; i < a->param_count; i++)
		if (a->params[i].type != ACTION_SECRET)
			jwrite_text(&params, a->params[i].name, value);
	jwrite_close(&params, '}');
	if (action_prepare(&c, set, a, buf_slice(&params), SLICE_LIT("[]"),
			   &about, &err) < 0) {
		must(err.kind != ERR_NONE && *err.text, "a silent error",
		     a->id);
		return;
	}
	compare_steps(&c.variant->run, &c.run);
	compare_steps(&c.variant->rollback, &c.rollback);
	compare_steps(&c.variant->after.steps, &c.after.steps);
	must(strlen(c.hash) == 64, "a hash that is none", c.hash);
}

static void on_finding(void *arg, const char *text, bool error)
{
	(void)error;
	must(!strncmp(text, "fuzz:", 5), "a finding without its place", text);
	++*(size_t *)arg;
}

static void judge_all(struct slice all, bool good)
{
	size_t findings = 0;
	struct action_reading r = {
		.name = "fuzz", .found = on_finding, .arg = &findings};
	struct action_list list = {.items = NULL};

	action_read_file(&r, all, &list);
	must((r.faults == 0) == good, "two opinions of one file", "");
	must(findings >= r.faults, "a fault that nobody hears of", "");
	action_list_done(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = {(const char *)data, size};
	size_t length = size < VALUE_MAX ? size : VALUE_MAX;
	const struct slice tail = {all.ptr + size - length, length};
	AUTO_ACTION_SET struct action_set *set = NULL;
	struct err err = ERR_INIT;
	const struct action *a;

	if (action_set_read(&set, all, "fuzz", &err) < 0)
		must(err.kind == ERR_USAGE && !strncmp(err.text, "fuzz:", 5),
		     "an error without its place", err.text);
	judge_all(all, set != NULL);
	for (size_t i = 0; set && (a = action_at(set, i)); i++) {
		call_with(set, a, tail);
		call_with(set, a, SLICE_LIT("word"));
		call_with(set, a, SLICE_LIT("12"));
		call_with(set, a, SLICE_LIT("/usr/share"));
		call_with(set, a, SLICE_LIT("http://localhost/"));
	}
	return 0;
}
