/* stored.c - patterns of the store, and what was detected. */
#include "monitor.h"

#include <oncall/actor.h>
#include <oncall/clock.h>
#include <oncall/diag.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/report.h>
#include <oncall/sightings.h>
#include <oncall/stored-rules.h>
#include <oncall/when.h>

#define LIMIT_DEFAULT 50

static void write_rule(const struct pack_rule *r, struct buf *out)
{
	jwrite_record(out, "pattern", slice_of(r->id), clock_now());
	jwrite_str_opt(out, "pack", r->pack);
	jwrite_str_opt(out, "file", r->file);
	jwrite_str(out, "severity", severity_name(r->severity));
	jwrite_str_opt(out, "category", r->category);
	jwrite_str_opt(out, "service", r->service);
	jwrite_str_opt(out, "title", r->title);
	jwrite_str_opt(out, "when", r->when);
	jwrite_open(out, "match", '[');
	for (size_t i = 0; i < r->match.count; i++)
		jwrite_str(out, NULL, r->match.items[i].text);
	jwrite_close(out, ']');
	jwrite_open(out, "except", '[');
	for (size_t i = 0; i < r->except.count; i++)
		jwrite_str(out, NULL, r->except.items[i].text);
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

static void add_rule_row(struct show_table *t, const struct pack_rule *r)
{
	show_table_cell(t, slice_of(r->id), SHOW_BOLD);
	show_table_cell(t, slice_of(severity_name(r->severity)), SHOW_PLAIN);
	show_table_cell(t, slice_of(r->category), SHOW_PLAIN);
	show_table_cell(t, slice_of(r->pack), SHOW_DIM);
	show_table_cell(
		t, slice_of(r->match.count ? r->match.items[0].text : r->when),
		SHOW_PLAIN);
}

int list_run(struct err *err)
{
	static const char *const headings[] = {
		"PATTERN", "SEVERITY", "CATEGORY", "PACK", "EXPRESSION~"};
	AUTO_TABLE struct show_table *t =
		show_table_new(headings, ARRAY_LEN(headings));
	AUTO_PACKS struct packs packs = PACKS_INIT;
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);

	if (rules_load(&packs, err) < 0)
		return -1;
	for (size_t i = 0; i < packs.rule_count; i++) {
		if (!cli_records()) {
			add_rule_row(t, &packs.rules[i]);
			continue;
		}
		write_rule(&packs.rules[i], &out.out);
		record_write_end(&out);
	}
	if (!cli_records())
		cli_table(t, &out.out);
	return record_flush(&out, err);
}

static struct pack_list copy_list(const struct cli_list *list)
{
	struct pack_list copy = {NULL, list->count};

	copy.items = mem_zero(list->count + 1, sizeof(*copy.items));
	for (size_t i = 0; i < list->count; i++)
		copy.items[i].text = mem_dup(list->items[i]);
	return copy;
}

static int read_rule(struct pack_rule *rule, struct err *err)
{
	*rule = (struct pack_rule){
		.id = mem_dup(args.add_pattern),
		.match = copy_list(&args.match),
		.except = copy_list(&args.except),
		.key = copy_list(&args.keys),
		.tags = copy_list(&args.tags),
		.category = mem_dup(args.category),
		.service = mem_dup(args.service),
		.title = mem_dup(args.title),
		.when = mem_dup(args.when),
		.severity = SEVERITY_MEDIUM,
	};
	if (args.severity)
		(void)severity_parse(slice_of(args.severity), &rule->severity);
	if (!args.match.count && !args.when)
		return err_set(err, ERR_USAGE,
			       "--add-pattern: what does '%s' match? Say "
			       "--match RE",
			       args.add_pattern);
	return 0;
}

/* Compiles it together with all others, whose ids its condition may name. */
static int prove(const struct pack_rule *rule, struct err *err)
{
	AUTO_PACKS struct packs packs = PACKS_INIT;
	AUTO_DETECTOR struct detector *d = NULL;
	AUTO_BUF struct buf text = BUF_INIT;
	struct detector_options opt = {.arg = NULL};

	pack_write(rule, &text);
	if (rules_options(&opt, err) < 0 || rules_load(&packs, err) < 0 ||
	    pack_load_text(&packs, buf_slice(&text), rule->id, err) < 0)
		return -1;
	return detector_new(&d, &packs, &opt, err);
}

int add_run(struct err *err)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_FREE char *actor = NULL;
	CLEANUP(pack_rule_done) struct pack_rule rule = {.id = NULL};
	int added;

	if (read_rule(&rule, err) < 0 || prove(&rule, err) < 0 ||
	    actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    store_open(&s, cli_store_address(), STORE_WRITE, err) < 0)
		return -1;
	added = stored_rules_put(s, &rule, actor, err);
	if (added < 0)
		return -1;
	diag_info("pattern '%s' %s", rule.id, added ? "added" : "replaced");
	return 0;
}

int remove_run(struct err *err)
{
	AUTO_STORE struct store *s = NULL;

	return store_open(&s, cli_store_address(), STORE_WRITE, err) < 0
		       ? -1
		       : stored_rules_remove(s, args.remove_pattern, err);
}

static void read_filter(struct sightings_filter *f)
{
	enum severity severity = SEVERITY_INFO;

	if (args.severity)
		(void)severity_parse(slice_of(args.severity), &severity);
	*f = (struct sightings_filter){
		.pattern = args.pattern,
		.service = args.service,
		.host = args.host,
		.category = args.category,
		.text = args.text,
		.severity = (int)severity,
		.since = args.since,
		.until = args.until,
		.limit = args.limit < 0 ? LIMIT_DEFAULT : (size_t)args.limit,
	};
}

struct listing {
	struct record_writer out;
	struct show_table *table;
	struct jscan scan;
	struct buf text;
	bool any;
};

static void listing_done(struct listing *l)
{
	record_writer_done(&l->out);
	show_table_free(l->table);
	jscan_done(&l->scan);
	buf_done(&l->text);
}

static void add_member(struct listing *l, const char *key,
		       enum show_color color)
{
	const struct jscan_member *m = jscan_get(&l->scan, key);

	buf_reset(&l->text);
	if (m && m->type == JSCAN_STRING)
		jscan_unquote(&l->text, m->value);
	show_table_cell(l->table, buf_slice(&l->text), color);
}

static int on_record(void *arg, struct slice record, struct err *err)
{
	struct listing *l = arg;

	l->any = true;
	if (cli_records()) {
		record_write(&l->out, record);
		return 0;
	}
	if (jscan_object(&l->scan, record.ptr, record.len, err) < 0)
		return -1;
	add_member(l, jscan_get(&l->scan, "event_time") ? "event_time" : "time",
		   SHOW_PLAIN);
	add_member(l, "severity", SHOW_PLAIN);
	add_member(l, "pattern", SHOW_BOLD);
	add_member(l, "service", SHOW_PLAIN);
	add_member(l, "host", SHOW_PLAIN);
	add_member(l, "title", SHOW_PLAIN);
	return 0;
}

static int finish(struct listing *l, struct err *err)
{
	if (!cli_records() && l->any)
		cli_table(l->table, &l->out.out);
	else if (!cli_records())
		buf_add_str(&l->out.out, "nothing was detected\n");
	if (record_flush(&l->out, err) < 0)
		return -1;
	return l->any ? 0 : 1;
}

int recent_run(struct err *err)
{
	static const char *const headings[] = {"TIME",	  "SEVERITY", "PATTERN",
					       "SERVICE", "HOST",     "TITLE~"};
	AUTO_STORE struct store *s = NULL;
	CLEANUP(listing_done)
	struct listing l = {
		.out = RECORD_WRITER_INIT(STDOUT_FILENO),
		.table = show_table_new(headings, ARRAY_LEN(headings)),
	};
	struct sightings_filter f;

	read_filter(&f);
	if (store_open(&s, cli_store_address(), STORE_READ, err) < 0 ||
	    sightings_recent(s, &f, on_record, &l, err) < 0)
		return -1;
	return finish(&l, err);
}

static int on_count(void *arg, const char *key, int64_t count, struct err *err)
{
	struct listing *l = arg;
	struct buf *out = &l->out.out;

	(void)err;
	l->any = true;
	if (!cli_records()) {
		show_table_cell(l->table, slice_of(*key ? key : "(none)"),
				SHOW_PLAIN);
		show_table_cellf(l->table, SHOW_PLAIN, "%lld",
				 (long long)count);
		return 0;
	}
	report_open(out, "detections");
	jwrite_int(out, "value", count);
	jwrite_open(out, "labels", '{');
	jwrite_str(out, args.by ? args.by : "pattern", key);
	jwrite_close(out, '}');
	report_close(out);
	return 0;
}

static enum sightings_by count_by(void)
{
	for (int i = 0; args.by && sightings_by_names[i]; i++)
		if (!strcmp(args.by, sightings_by_names[i]))
			return (enum sightings_by)i;
	return SIGHTINGS_BY_PATTERN;
}

int statistics_run(struct err *err)
{
	static const char *const titles[] = {"PATTERN", "SERVICE", "SEVERITY",
					     "HOUR"};
	const char *const headings[] = {titles[count_by()], "DETECTIONS>"};
	AUTO_STORE struct store *s = NULL;
	CLEANUP(listing_done)
	struct listing l = {
		.out = RECORD_WRITER_INIT(STDOUT_FILENO),
		.table = show_table_new(headings, ARRAY_LEN(headings)),
	};
	struct sightings_filter f;

	read_filter(&f);
	if (store_open(&s, cli_store_address(), STORE_READ, err) < 0 ||
	    sightings_count(s, &f, count_by(), on_count, &l, err) < 0)
		return -1;
	return finish(&l, err);
}
