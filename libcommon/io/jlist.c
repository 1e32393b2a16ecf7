/* jlist.c - JSON arrays as small sets. */
#include <oncall/jlist.h>

#include <oncall/jwrite.h>
#include <oncall/map.h>

struct walk {
	struct slice item; /* what is looked for */
	struct buf *out;   /* gets the elements that are kept, or NULL */
	struct slice *items;
	size_t max, count;
	int found;
	struct map seen; /* elements that are not taken again */
};

/* The arrays come from the store or from a checked record. */
static void each(struct slice array, struct walk *w,
		 int (*element)(void *, struct slice, enum jscan_type,
				struct err *))
{
	struct err err = ERR_INIT;

	if (array.ptr)
		(void)!jscan_array(array, element, w, &err);
}

static int look(void *arg, struct slice value, enum jscan_type type,
		struct err *err)
{
	struct walk *w = arg;

	(void)type;
	(void)err;
	if (slice_eq(value, w->item))
		w->found++;
	else if (w->out)
		jwrite_raw(w->out, NULL, value);
	return 0;
}

static int take_missing(void *arg, struct slice value, enum jscan_type type,
			struct err *err)
{
	struct walk *w = arg;

	(void)type;
	if (map_get(&w->seen, value))
		return 0;
	*map_put(&w->seen, value) = w;
	jwrite_raw(w->out, NULL, value);
	w->found++;
	return buf_check(w->out, "the list", err);
}

static int take_text(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT, item = BUF_INIT;
	struct walk *w = arg;

	if (type != JSCAN_STRING)
		return 0;
	jscan_unquote(&text, value);
	jwrite_text(&item, NULL, buf_slice(&text));
	if (text.len == 0 || map_get(&w->seen, buf_slice(&item)))
		return 0;
	jwrite_raw(w->out, NULL, buf_slice(&item));
	*map_put(&w->seen, buf_slice(&item)) = w;
	return buf_check(w->out, "the list", err);
}

static int note_item(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct walk *w = arg;

	(void)type;
	(void)err;
	if (w->count < w->max)
		w->items[w->count] = value;
	w->count++;
	return 0;
}

bool jlist_has(struct slice array, struct slice item)
{
	struct walk w = {.item = item};

	each(array, &w, look);
	return w.found > 0;
}

int jlist_add(struct buf *out, struct slice array, struct slice item)
{
	int added = !jlist_has(array, item);
	struct walk w = {.out = out};

	jwrite_open(out, NULL, '[');
	each(array, &w, look);
	if (added)
		jwrite_raw(out, NULL, item);
	jwrite_close(out, ']');
	return added;
}

int jlist_remove(struct buf *out, struct slice array, struct slice item)
{
	struct walk w = {.item = item, .out = out};

	jwrite_open(out, NULL, '[');
	each(array, &w, look);
	jwrite_close(out, ']');
	return w.found > 0;
}

int jlist_union(struct buf *out, struct slice array, struct slice more)
{
	struct walk w = {.out = out};

	jwrite_open(out, NULL, '[');
	each(array, &w, take_missing);
	w.found = 0;
	each(more, &w, take_missing);
	jwrite_close(out, ']');
	map_done(&w.seen, NULL);
	return w.found;
}

void jlist_texts(struct buf *out, struct slice array)
{
	struct walk w = {.out = out};

	jwrite_open(out, NULL, '[');
	each(array, &w, take_text);
	jwrite_close(out, ']');
	map_done(&w.seen, NULL);
}

size_t jlist_items(struct slice array, struct slice *items, size_t max)
{
	struct walk w = {.items = items, .max = max};

	each(array, &w, note_item);
	return w.count;
}
