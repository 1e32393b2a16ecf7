/* kb-learn-facts.c - what the store says of an incident that is over. */
#include "kb-learn-internal.h"

#include <jansson.h>

#include <oncall/generalise.h>
#include <oncall/mem.h>
#include <oncall/timeline.h>

#define OTHERS_MAX 2000 /* messages of other incidents that are looked at */

void kb_learn_list_done(struct knowledge_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct knowledge_list){NULL, 0};
}

void kb_learn_facts_done(struct kb_learn_facts *f)
{
	incident_done(&f->inc);
	free(f->solution);
	free(f->actor);
	kb_learn_list_done(&f->messages);
}

void kb_learn_messages(struct knowledge_list *to, struct slice records)
{
	json_t *all =
		json_loadb(records.len ? records.ptr : "[]",
			   records.len ? records.len : 2, JSON_ALLOW_NUL, NULL);
	const json_t *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		const json_t *text = json_object_get(one, "message");

		/* A text with a NUL in it is cut there: no entry can hold it.
		 */
		if (text && *json_string_value(text) &&
		    json_string_length(text) <= KNOWLEDGE_MAX_TEXT)
			(void)knowledge_list_add(to, json_string_value(text));
	}
	json_decref(all);
}

static int read_messages(struct store *s, int64_t num,
			 struct knowledge_list *to, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err,
		"SELECT records FROM first_detections WHERE incident = $1 "
		"UNION ALL "
		"SELECT records FROM latest_detections WHERE incident = $1",
		S_INT(num));
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0)
		kb_learn_messages(to, store_text(rows, 0));
	return got;
}

static char *copy(struct slice text)
{
	return mem_dup_bytes(text.ptr, text.len);
}

static void set_word(char **word, struct slice text)
{
	free(*word);
	*word = text.len ? copy(text) : NULL;
}

/* The last word about a solution counts, but one that helped is more than one
 * that did not, and what was said before it came back is void. */
static int read_solution(struct store *s, struct kb_learn_facts *f,
			 bool *ret_again, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = timeline_ask(s, f->inc.num, err);
	struct timeline_row row;
	int got;

	*ret_again = false;
	if (!rows)
		return -1;
	while ((got = timeline_next(rows, &row, err)) > 0) {
		bool failed = slice_is(row.what, "solution_failed");

		if (slice_is(row.what, "resolved")) {
			set_word(&f->actor, row.actor);
		} else if (slice_is(row.what, "reopened")) {
			set_word(&f->solution, (struct slice){NULL, 0});
			*ret_again = true;
		} else if (slice_is(row.what, "solution") ||
			   (failed && (f->failed || !f->solution))) {
			set_word(&f->actor, row.actor);
			set_word(&f->solution, row.after);
			f->failed = failed;
		}
	}
	return got;
}

int kb_learn_facts(struct store *s, int64_t num, struct kb_learn_facts *ret,
		   struct err *err)
{
	bool again;

	if (incident_load(s, num, &ret->inc, err) < 0)
		return -1;
	incident_id(ret->id, num);
	if (read_solution(s, ret, &again, err) < 0 ||
	    read_messages(s, num, &ret->messages, err) < 0)
		return -1;
	if (!ret->solution && !again && ret->inc.solution.len)
		ret->solution = copy(ret->inc.solution);
	if (!ret->solution)
		ret->failed = false;
	if (!ret->actor)
		ret->actor = mem_dup("oncall");
	ret->machine =
		ret->inc.auto_resolved || strncmp(ret->actor, "oncall", 6) == 0;
	return 0;
}

static char *template_of(const char *text)
{
	AUTO_BUF struct buf out = BUF_INIT;

	generalise_template(&out, slice_of(text));
	return buf_take(&out);
}

static void add_templates(struct knowledge_list *to,
			  const struct knowledge_list *messages)
{
	for (size_t i = 0; i < messages->count; i++) {
		AUTO_FREE char *text = template_of(messages->items[i]);

		(void)knowledge_list_add(to, text);
	}
}

int kb_learn_others(struct store *s, const struct kb_learn_facts *f,
		    struct knowledge_list *ret, struct err *err)
{
	CLEANUP(kb_learn_list_done) struct knowledge_list ours = {NULL, 0};
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		s, err,
		"SELECT d.records FROM incidents i JOIN first_detections d ON "
		"d.incident = i.num WHERE i.fingerprint <> $1 "
		"AND i.false_positive = 0 ORDER BY i.num DESC LIMIT 2000",
		S_SLICE(f->inc.fingerprint));
	int got = 0;

	if (!rows)
		return -1;
	add_templates(&ours, &f->messages);
	while (ret->count < OTHERS_MAX && (got = store_next(rows, err)) > 0) {
		CLEANUP(kb_learn_list_done)
		struct knowledge_list all = {NULL, 0};

		kb_learn_messages(&all, store_text(rows, 0));
		for (size_t i = 0; i < all.count; i++) {
			AUTO_FREE char *text = template_of(all.items[i]);

			if (!knowledge_list_has(&ours, text))
				(void)knowledge_list_add(ret, all.items[i]);
		}
	}
	return ret->count < OTHERS_MAX ? got : 0;
}
