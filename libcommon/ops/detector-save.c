/* detector-save.c - the state of a detector, so that a restart goes on. */
#include "detector-internal.h"

#include <oncall/jwrite.h>

static void save_rate(const struct detector_rule *r, struct buf *out)
{
	jwrite_open(out, r->pack->id, '{');
	jwrite_int(out, "start", r->rate_start);
	jwrite_int(out, "written", r->rate_written);
	jwrite_int(out, "folded", r->folded_count);
	jwrite_int(out, "first", r->folded_first);
	jwrite_int(out, "last", r->folded_last);
	jwrite_text(out, "record", buf_slice(&r->folded));
	jwrite_close(out, '}');
}

void detector_save(const struct detector *d, struct buf *out)
{
	AUTO_BUF struct buf conditions = BUF_INIT_MAX(SIZE_MAX / 2);

	conditions_save(d->conditions, &conditions);
	jwrite_open(out, NULL, '{');
	jwrite_raw(out, "conditions", buf_slice(&conditions));
	jwrite_open(out, "rates", '{');
	for (size_t i = 0; i < d->rule_count; i++)
		if (d->rules[i].rate_written)
			save_rate(&d->rules[i], out);
	jwrite_close(out, '}');
	jwrite_close(out, '}');
}

static struct detector_rule *rule_named(struct detector *d, struct slice id)
{
	for (size_t i = 0; i < d->rule_count; i++)
		if (slice_is(id, d->rules[i].pack->id))
			return &d->rules[i];
	return NULL;
}

static void load_rate(struct detector_rule *r, const struct jscan *scan)
{
	const struct {
		const char *key;
		int64_t *to;
	} numbers[] = {
		{"start", &r->rate_start},    {"written", &r->rate_written},
		{"folded", &r->folded_count}, {"first", &r->folded_first},
		{"last", &r->folded_last},
	};
	const struct jscan_member *record = jscan_get(scan, "record");

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		const struct jscan_member *m = jscan_get(scan, numbers[i].key);

		if (!m || jscan_int(m->value, numbers[i].to) < 0)
			*numbers[i].to = 0;
	}
	buf_reset(&r->folded);
	if (record && record->type == JSCAN_STRING)
		jscan_unquote(&r->folded, record->value);
	if (!r->folded.len)
		r->folded_count = 0;
}

static int load_rates(struct detector *d, struct slice json, struct err *err)
{
	struct jscan rates = {.members = NULL}, one = {.members = NULL};
	int failed = jscan_object(&rates, json.ptr, json.len, err);

	for (size_t i = 0; i < rates.count && !failed; i++) {
		const struct jscan_member *m = &rates.members[i];
		struct detector_rule *r = rule_named(d, m->key);

		if (!r || m->type != JSCAN_OBJECT)
			continue; /* a rule that is gone has nothing to tell */
		failed = jscan_object(&one, m->value.ptr, m->value.len, err);
		if (!failed)
			load_rate(r, &one);
	}
	jscan_done(&rates);
	jscan_done(&one);
	return failed;
}

int detector_load(struct detector *d, struct slice json, struct err *err)
{
	struct jscan scan = {.members = NULL};
	const struct jscan_member *m;
	int failed = jscan_object(&scan, json.ptr, json.len, err);

	m = failed ? NULL : jscan_get(&scan, "conditions");
	if (m)
		failed = conditions_load(d->conditions, m->value, err);
	m = failed ? NULL : jscan_get(&scan, "rates");
	if (m)
		failed = load_rates(d, m->value, err);
	jscan_done(&scan);
	return failed;
}

int detector_take_over(struct detector *d, struct detector *from,
		       struct err *err)
{
	AUTO_BUF struct buf state = BUF_INIT_MAX(SIZE_MAX / 2);

	detector_save(from, &state);
	if (detector_load(d, buf_slice(&state), err) < 0)
		return -1;
	for (size_t i = 0; i < d->rule_count; i++) {
		struct detector_rule *r = &d->rules[i];
		const struct pack_rule *was =
			pack_find(from->packs, r->pack->id);
		const struct detector_rule *old;

		if (!was)
			continue;
		old = &from->rules[was - from->packs->rules];
		r->stats = old->stats;
		r->stats.id = r->pack->id;
	}
	d->stats = from->stats;
	free(d->streams);
	d->streams = TAKE_PTR(from->streams);
	d->stream_count = from->stream_count;
	from->stream_count = 0;
	return 0;
}
