/* template-fill.c - values take the places of paths, blocks are chosen. */
#include "template-internal.h"

struct filling {
	const struct template *t;
	struct buf *out;
	const struct template_source *source;
	void *arg;
	const char *list; /* whose items are walked over, or NULL */
	size_t item;
};

static struct slice look_up(const struct filling *f, const char *path)
{
	struct slice found = {NULL, 0};

	if (f->list)
		found = f->source->item(f->arg, f->list, f->item, path);
	return found.ptr ? found : f->source->lookup(f->arg, path);
}

static void fill_path(const struct filling *f, const struct template_segment *s)
{
	size_t start = f->out->len;

	buf_add_slice(f->out, look_up(f, s->text));
	for (size_t k = 0; k < s->filter_count; k++)
		template_filter_apply(s->filters[k], s->arguments[k], f->out,
				      start);
}

static size_t count_of(const struct filling *f, const char *list)
{
	return f->source->count ? f->source->count(f->arg, list) : 0;
}

/* A list is true when it has items. */
static bool is_true(const struct filling *f, const char *path)
{
	struct slice value = look_up(f, path);

	if (value.len)
		return !slice_is(value, "false");
	return count_of(f, path) > 0;
}

/* Blocks of "if" need no walk of their own: what is not wanted is jumped
 * over. The items of an "each" are walked over by going back to its start. */
static void fill(struct filling *f)
{
	const struct template_segment *segments = f->t->segments;
	size_t first = 0, left = 0;

	for (size_t i = 0; i < f->t->count && !f->out->over; i++) {
		const struct template_segment *s = &segments[i];

		switch (s->kind) {
		case TEMPLATE_IS_TEXT:
			buf_add_str(f->out, s->text);
			break;
		case TEMPLATE_IS_PATH:
			fill_path(f, s);
			break;
		case TEMPLATE_IS_IF:
			if (!is_true(f, s->text))
				i = s->next;
			break;
		case TEMPLATE_IS_ELSE:
			i = s->next;
			break;
		case TEMPLATE_IS_EACH:
			left = count_of(f, s->text);
			f->list = left ? s->text : NULL;
			f->item = 0;
			first = i;
			if (!left)
				i = s->next;
			break;
		case TEMPLATE_IS_END:
			if (s->next != first || !f->list)
				break; /* of an "if" */
			f->item++;
			if (--left)
				i = first;
			else
				f->list = NULL;
			break;
		}
	}
}

void template_fill_from(const struct template *t, struct buf *out,
			const struct template_source *source, void *arg)
{
	struct filling f = {.t = t, .out = out, .source = source, .arg = arg};

	fill(&f);
}

void template_fill(const struct template *t, struct buf *out,
		   template_lookup *lookup, void *arg)
{
	const struct template_source source = {.lookup = lookup};

	template_fill_from(t, out, &source, arg);
}
