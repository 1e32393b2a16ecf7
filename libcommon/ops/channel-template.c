/* channel-template.c - how a note looks by a file that the user wrote. */
#include "channel-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/fd.h>
#include <oncall/utf8.h>
#include <oncall/when.h>

#define TEMPLATE_FILE_MAX ((size_t)256 * 1024)
#define NUMBER_TEXT	  24

static int read_file(const char *path, struct buf *out, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, ERR_USAGE, "cannot open '%s': %s", path,
			       strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "'%s' is no file", path);
	return fd_read_all(fd, out, TEMPLATE_FILE_MAX, ERR_USAGE, path, err);
}

int channel_template_open(struct channel *ch, struct err *err)
{
	const char *path = channel_str(ch, "template");
	AUTO_BUF struct buf text = BUF_INIT;

	if (!path)
		return 0;
	if (read_file(path, &text, err) < 0)
		return err_prefix(err, "target '%s'", ch->name);
	if (strlen(buf_str(&text)) != text.len ||
	    !utf8_valid(buf_str(&text), text.len))
		return err_set(err, ERR_USAGE, "target '%s': '%s' is no text",
			       ch->name, path);
	return template_new_file(&ch->template, path, buf_str(&text), err);
}

/* ---- the values ---- */

struct words {
	const struct note *n;
	const struct channel *ch;
	char time[WHEN_TEXT], count[NUMBER_TEXT], color[NUMBER_TEXT];
};

static struct slice of(const char *text)
{
	return text ? slice_of(text) : (struct slice){NULL, 0};
}

static struct slice field(const struct note *n, const char *name)
{
	for (size_t i = 0; i < n->field_count; i++)
		if (!strcmp(n->fields[i].name, name))
			return of(n->fields[i].value);
	return (struct slice){NULL, 0};
}

static struct slice look_up(void *arg, const char *path)
{
	const struct words *w = arg;
	const struct note *n = w->n;
	const struct {
		const char *path, *value;
	} table[] = {
		{"title", n->title},
		{"text", n->text},
		{"code", n->code},
		{"severity",
		 n->has_severity ? severity_name(n->severity) : NULL},
		{"emoji", channel_emoji(n)},
		{"color", w->color},
		{"over", n->over ? "true" : NULL},
		{"service", n->service},
		{"incident", n->incident},
		{"thread", n->thread},
		{"reason", n->reason},
		{"room", n->room},
		{"time", w->time},
		{"count", n->count > 1 ? w->count : NULL},
		{"key", n->key},
		{"type", n->type},
		{"target", w->ch->name},
	};

	if (!strncmp(path, "fields.", 7))
		return field(n, path + 7);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (!strcmp(path, table[i].path))
			return of(table[i].value);
	return (struct slice){NULL, 0};
}

static size_t count_tags(const struct note *n)
{
	size_t count = 0;

	while (n->tags && n->tags[count])
		count++;
	return count;
}

static size_t count_items(void *arg, const char *list)
{
	const struct note *n = ((const struct words *)arg)->n;

	if (!strcmp(list, "fields"))
		return n->field_count;
	if (!strcmp(list, "links"))
		return n->link_count;
	if (!strcmp(list, "buttons"))
		return n->button_count;
	return strcmp(list, "tags") == 0 ? count_tags(n) : 0;
}

static struct slice pair(const struct note_pair *p, const char *path,
			 const char *name, const char *value)
{
	if (!strcmp(path, name))
		return of(p->name);
	return of(!strcmp(path, value) ? p->value : NULL);
}

static struct slice button(const struct note_button *b, const char *path)
{
	if (!strcmp(path, "id"))
		return of(b->id);
	if (!strcmp(path, "label"))
		return of(b->label);
	return of(!strcmp(path, "command") ? b->command : NULL);
}

static struct slice item_of(void *arg, const char *list, size_t i,
			    const char *path)
{
	const struct note *n = ((const struct words *)arg)->n;

	if (!strcmp(list, "fields"))
		return pair(&n->fields[i], path, "name", "value");
	if (!strcmp(list, "links"))
		return pair(&n->links[i], path, "text", "url");
	if (!strcmp(list, "buttons"))
		return button(&n->buttons[i], path);
	return of(!strcmp(path, "tag") ? n->tags[i] : NULL);
}

int channel_words(const struct channel *ch, struct buf *out,
		  const struct note *n, unsigned parts, struct err *err)
{
	static const struct template_source source = {
		.lookup = look_up, .count = count_items, .item = item_of};
	struct words w = {.n = n, .ch = ch};

	if (!ch->template) {
		channel_text(out, n, ch->kind->markup, parts);
		return buf_check(out, "the message", err);
	}
	when_format(w.time, n->time);
	(void)snprintf(w.count, sizeof(w.count), "%lld", (long long)n->count);
	(void)snprintf(w.color, sizeof(w.color), "#%06x", channel_color(n));
	template_fill_from(ch->template, out, &source, &w);
	return buf_check(out, "the message", err);
}
