/* pack-write.c - a rule as a pack of its own. JSON strings are YAML. */
#include <oncall/pack.h>

#include <oncall/show.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

/* Characters that JSON may hold as they are, but YAML refuses, or takes for the
 * end of a line: DEL, U+0080 to U+009F, U+2028, U+2029, U+FEFF, U+FFFE and
 * U+FFFF. Returns the bytes of the one at p, 0 for any other. */
static size_t yaml_special(const char *p, size_t n, unsigned *ret_code)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = utf8_char_len(p, n);
	unsigned c = 0;

	if (len == 1)
		c = u[0];
	else if (len == 2)
		c = (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU);
	else if (len == 3)
		c = (u[0] & 0xfU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU);
	*ret_code = c;
	if ((c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
	    c == 0xfeff || c == 0xfffe || c == 0xffff)
		return len;
	return 0;
}

static void add_quoted(struct buf *out, const char *text)
{
	size_t n = strlen(text), done = 0, i = 0;

	buf_add_char(out, '"');
	while (i < n) {
		unsigned code;
		size_t len = yaml_special(text + i, n - i, &code);

		if (len) {
			show_json(out, text + done, i - done);
			buf_addf(out, "\\u%04x", code);
			done = i + len;
		}
		i += len ? len : 1;
	}
	show_json(out, text + done, n - done);
	buf_add_char(out, '"');
}

static void add_text(struct buf *out, const char *key, const char *text)
{
	if (!text)
		return;
	buf_addf(out, "    %s: ", key);
	add_quoted(out, text);
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
		add_quoted(out, list->items[i].text);
	}
	buf_add_str(out, "]\n");
}

void pack_write(const struct pack_rule *r, struct buf *out)
{
	char duration[32];

	if (r->pack) {
		buf_add_str(out, "pack: ");
		add_quoted(out, r->pack);
		buf_add_char(out, '\n');
	}
	buf_add_str(out, "patterns:\n  - id: ");
	add_quoted(out, r->id);
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
