/*
 * Any bytes as a payload of each form (the first byte says which): no alert is
 * handed on when something is wrong, what fires is a detection that can be
 * stored, and a second reading gives the same.
 */
#include "fuzz.h"

#include <stdlib.h>

#include <oncall/detection.h>
#include <oncall/payload.h>

#define NOW   INT64_C(1795176000000)
#define FORMS 5

struct seen {
	size_t count;
	struct buf all;
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_detection(const struct payload_alert *a)
{
	AUTO_BUF struct buf fingerprint = BUF_INIT, id = BUF_INIT;
	struct jscan scan = {.members = NULL}, scratch = {.members = NULL};
	struct err err = ERR_INIT;
	struct detection d;

	expect(jscan_object(&scan, a->detection.ptr, a->detection.len, &err) ==
	       0);
	expect(!jscan_duplicate(&scan));
	expect(detection_read(&d, a->detection, &scan, &scratch, 0, &err) == 0);
	expect(d.event_time == a->time && d.title.ptr);
	detection_identity(&fingerprint, &d);
	detection_id(&id, &d);
	expect(slice_is(buf_slice(&fingerprint), a->fingerprint));
	expect(slice_is(buf_slice(&id), a->id));
	jscan_done(&scan);
	jscan_done(&scratch);
}

static int on_alert(void *arg, const struct payload_alert *a, struct err *err)
{
	struct seen *seen = arg;

	(void)err;
	seen->count++;
	expect(a->time <= NOW && *a->fingerprint);
	expect(strlen(a->fingerprint) <= DETECTION_KEY_MAX);
	expect((a->event == PAYLOAD_FIRES) == (a->detection.len > 0));
	if (a->event == PAYLOAD_FIRES)
		check_detection(a);
	buf_add_str(&seen->all, a->fingerprint);
	buf_add_slice(&seen->all, a->detection);
	return 0;
}

static int read_once(const struct payload_source *src, struct slice text,
		     struct seen *seen)
{
	struct err err = ERR_INIT;
	int rc = payload_read(src, text, on_alert, seen, &err);

	expect(rc == 0 || (err.kind == ERR_INPUT && seen->count == 0));
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen one = {.all = BUF_INIT}, two = {.all = BUF_INIT};
	struct payload_source src = {.now = NOW, .status = -1};
	struct slice text;
	char *copy;

	if (size < 2)
		return 0;
	copy = malloc(size - 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	text = (struct slice){copy, size - 1};
	src.form = (enum payload_form)(data[0] % 16 % FORMS);
	src.service = src.form == PAYLOAD_NAGIOS ? "service" : NULL;
	expect(read_once(&src, text, &one) == read_once(&src, text, &two));
	expect(one.count == two.count &&
	       slice_eq(buf_slice(&one.all), buf_slice(&two.all)));
	(void)payload_left_out(text);
	(void)payload_whole(src.form, text);
	buf_done(&one.all);
	buf_done(&two.all);
	free(copy);
	return 0;
}
