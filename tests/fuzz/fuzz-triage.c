/*
 * What a record or a model says: both are read as JSON that anybody may have
 * written. Values that are filled in, and what an adviser's answer becomes, are
 * JSON again; a value that took text from the record is named as untrusted.
 */
#include "fuzz.h"

#include <oncall/adviser.h>
#include <oncall/config.h>
#include <oncall/kb.h>

#include "../../libcommon/ops/triage-gather.h"

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void expect_json(const char *text)
{
	struct err err = ERR_INIT;

	expect(jscan_array(slice_of(text), NULL, NULL, &err) == 0);
}

static void advise(struct slice input)
{
	static const char *const actions[] = {"mend", "restart_service", NULL};
	AUTO_ADVICE struct advice a = {.action = NULL};
	struct err err = ERR_INIT;

	if (adviser_read(input, actions, &a, &err) < 0) {
		expect(err.kind == ERR_INPUT && !a.action && !a.cause_count);
		return;
	}
	if (a.action)
		expect_json(a.params);
	for (size_t i = 0; i < a.cause_count; i++)
		expect(a.causes[i].score >= 0 && a.causes[i].score <= 1);
}

static void fill(const struct triage_input *in, const struct jscan *record)
{
	const struct jscan_member *m = jscan_get(record, "params");
	struct triage_action a = {.name = NULL};
	AUTO_FREE char *why = NULL;
	int rc;

	if (!m)
		return;
	rc = triage_fill(in, "test", m->value, false, &a, &why);
	expect((rc == 1) == (why != NULL));
	expect_json(a.untrusted);
	if (rc == 0)
		expect_json(a.params);
	if (rc == 0 && strstr(a.params, "tainted"))
		expect(memmem(m->value.ptr, m->value.len, "tainted", 7) ||
		       strcmp(a.untrusted, "[]") != 0);
	free(a.params);
	free(a.untrusted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct triager t;
	AUTO_INPUT struct triage_input in = {.record = NULL};
	struct slice input = {(const char *)data, size};
	struct jscan scan = {0};
	struct err err = ERR_INIT;

	if (!t.kb)
		t.kb = kb_new(&(struct kb_options){.no_default_packs = true});
	advise(input);
	if (jscan_object(&scan, input.ptr, input.len, &err) == 0) {
		expect(triage_read(&t, &scan, &in, &err) == 0);
		for (size_t i = 0; i < in.known_count; i++)
			expect(in.known[i].score >= 0 &&
			       in.known[i].score <= 1);
		fill(&in, &scan);
	}
	jscan_done(&scan);
	return 0;
}
