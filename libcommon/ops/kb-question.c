/* kb-question.c - what an incident, a detection or a message asks. */
#include <oncall/kb-match.h>

#include <oncall/jlist.h>
#include <oncall/mem.h>

/* Detections of an incident that are read. */
#define QUESTION_DETECTIONS 16
#define QUESTION_TEXT	    ((size_t)64 * 1024)

void kb_question_done(struct kb_question *q)
{
	buf_done(&q->title);
	buf_done(&q->text);
	buf_done(&q->service);
	buf_done(&q->category);
	buf_done(&q->tags);
	while (q->rules.count)
		knowledge_list_remove(&q->rules, q->rules.items[0]);
	free(q->rules.items);
	q->rules.items = NULL;
}

void kb_question_reset(struct kb_question *q)
{
	kb_question_done(q);
	*q = (struct kb_question){.text = BUF_INIT};
}

static void add_text(struct buf *to, const struct jscan *scan, const char *name)
{
	const struct jscan_member *m = jscan_get(scan, name);

	if (m && m->type == JSCAN_STRING)
		jscan_unquote(to, m->value);
}

/* A message that is there already tells nothing more. */
static void add_line(struct kb_question *q, const struct jscan *scan,
		     const char *name)
{
	AUTO_BUF struct buf line = BUF_INIT;

	add_text(&line, scan, name);
	if (!line.len || line.len + q->text.len > QUESTION_TEXT ||
	    (q->text.len &&
	     memmem(q->text.data, q->text.len, line.data, line.len)))
		return;
	if (q->text.len)
		buf_add_char(&q->text, '\n');
	buf_add_slice(&q->text, buf_slice(&line));
}

static void add_rule(struct kb_question *q, const struct jscan *scan)
{
	AUTO_BUF struct buf rule = BUF_INIT;

	add_text(&rule, scan, "pattern");
	if (rule.len)
		knowledge_list_add(&q->rules, buf_str(&rule));
}

static void read_detections(struct kb_question *q, struct slice list)
{
	struct slice items[QUESTION_DETECTIONS];
	struct err ignored = ERR_INIT;
	struct jscan scan = {0};
	size_t count = jlist_items(list, items, ARRAY_LEN(items));

	if (count > ARRAY_LEN(items))
		count = ARRAY_LEN(items);
	for (size_t i = 0; i < count; i++) {
		if (jscan_object(&scan, items[i].ptr, items[i].len, &ignored) <
		    0)
			continue;
		add_line(q, &scan, "message");
		add_line(q, &scan, "title");
		add_rule(q, &scan);
	}
	jscan_done(&scan);
}

void kb_question_read(struct kb_question *q, const struct jscan *record)
{
	const struct jscan_member *m;

	kb_question_reset(q);
	add_text(&q->title, record, "title");
	add_line(q, record, "message");
	add_line(q, record, "text");
	add_text(&q->service, record, "service");
	add_text(&q->category, record, "category");
	add_rule(q, record);
	m = jscan_get(record, "tags");
	if (m && m->type == JSCAN_ARRAY)
		buf_add_slice(&q->tags, m->value);
	m = jscan_get(record, "detections");
	if (m && m->type == JSCAN_ARRAY)
		read_detections(q, m->value);
}
