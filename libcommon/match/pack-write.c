/* pack-write.c - a rule as a pack of its own. */
#include <oncall/pack.h>

#include <oncall/show.h>
#include <oncall/when.h>

static void add_text(struct buf *out, const char *key, const char *text)
{
	if (!text)
		return;
	buf_addf(out, "    %s: ", key);
	show_yaml(out, text, strlen(text));
	buf_add_char(out, '\n');
}

static void add_list(struct buf *out, const char *key,
		     const struct pack_list *list)
{
	if (!list->count)
		return;
	buf_addf(out, "    %s: [", key);
	for (size_t i = 0; i < list->count; i++) {
		buf_add_str(out, i ? ", " : "");
		show_yaml(out, list->items[i].text,
			  strlen(list->items[i].text));
	}
	buf_add_str(out, "]\n");
}

void pack_write(const struct pack_rule *r, struct buf *out)
{
	char duration[32];

	if (r->pack) {
		buf_add_str(out, "pack: ");
		show_yaml(out, r->pack, strlen(r->pack));
		buf_add_char(out, '\n');
	}
	buf_add_str(out, "patterns:\n  - id: ");
	show_yaml(out, r->id, strlen(r->id));
	buf_add_char(out, '\n');
	add_list(out, "match", &r->match);
	add_list(out, "except", &r->except);
	add_text(out, "when", r->when);
	add_list(out, "key", &r->key);
	if (r->severity_from)
		buf_addf(out, "    severity: \"${%s}\"\n", r->severity_from);
	else
		add_text(out, "severity", severity_name(r->severity));
	add_text(out, "category", r->category);
	add_text(out, "service", r->service);
	add_list(out, "tags", &r->tags);
	add_text(out, "title", r->title);
	if (r->cool_down_ms) {
		when_format_duration(duration, r->cool_down_ms);
		add_text(out, "cool_down", duration);
	}
	if (r->case_sensitive)
		buf_add_str(out, "    case_sensitive: true\n");
	if (r->silent)
		buf_add_str(out, "    detect: false\n");
	add_list(out, "examples", &r->examples);
	add_list(out, "counter_examples", &r->counter_examples);
}
