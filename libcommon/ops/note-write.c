/* note-write.c - parts of a note as members of JSON, as note_read() takes them.
 */
#include <oncall/note.h>

#include <oncall/jwrite.h>

static void write_pairs(struct buf *out, const char *key, const char *name,
			const char *value, const struct note_pair *list,
			size_t count)
{
	jwrite_open(out, key, '[');
	for (size_t i = 0; i < count; i++) {
		jwrite_open(out, NULL, '{');
		jwrite_str(out, name, list[i].name);
		jwrite_str(out, value, list[i].value);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

static void write_buttons(struct buf *out, const struct note *n)
{
	jwrite_open(out, "buttons", '[');
	for (size_t i = 0; i < n->button_count; i++) {
		jwrite_open(out, NULL, '{');
		jwrite_str(out, "id", n->buttons[i].id);
		jwrite_str(out, "label", n->buttons[i].label);
		jwrite_str_opt(out, "command", n->buttons[i].command);
		jwrite_close(out, '}');
	}
	jwrite_close(out, ']');
}

void note_write_lists(const struct note *n, struct buf *out)
{
	write_pairs(out, "fields", "name", "value", n->fields, n->field_count);
	write_pairs(out, "links", "text", "url", n->links, n->link_count);
	write_buttons(out, n);
}
