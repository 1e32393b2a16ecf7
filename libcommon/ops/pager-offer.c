/* pager-offer.c - what people can do about it: commands. */
#include "pager-telling.h"

#include <oncall/jlist.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>

/* As one word of a shell. */
static void add_quoted(struct buf *out, struct slice text)
{
	buf_add_char(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_char(out, text.ptr[i]);
	}
	buf_add_char(out, '\'');
}

static void add_params(struct slice params, struct buf *out)
{
	struct jscan scan = {0};
	struct err unused = ERR_INIT;

	if (jscan_object(&scan, params.ptr, params.len, &unused) < 0)
		scan.count = 0;
	for (size_t i = 0; i < scan.count; i++) {
		const struct jscan_member *m = &scan.members[i];
		AUTO_BUF struct buf word = BUF_INIT;

		buf_add_slice(&word, m->key);
		buf_add_char(&word, '=');
		if (m->type == JSCAN_STRING)
			jscan_unquote(&word, m->value);
		else
			buf_add_slice(&word, m->value);
		buf_add_char(out, ' ');
		add_quoted(out, buf_slice(&word));
	}
	jscan_done(&scan);
}

/* The command that a person would type to have it done. */
static void write_action(const struct pager_telling *t, struct slice action,
			 struct buf *out)
{
	struct jscan scan = {0};
	struct err unused = ERR_INIT;
	const struct jscan_member *name, *params;
	AUTO_BUF struct buf code = BUF_INIT, text = BUF_INIT;
	char id[INCIDENT_ID];

	if (jscan_object(&scan, action.ptr, action.len, &unused) == 0 &&
	    !jscan_get(&scan, "advised") && (name = jscan_get(&scan, "name")) &&
	    (params = jscan_get(&scan, "params"))) {
		incident_id(id, t->main.num);
		jscan_unquote(&text, name->value);
		buf_addf(&code, "oncall-act run %s --incident %s",
			 buf_str(&text), id);
		add_params(params->value, &code);
		jwrite_text(out, "code", buf_slice(&code));
	}
	jscan_done(&scan);
}

void pager_write_code(const struct pager_telling *t, struct buf *out)
{
	const struct jscan_member *decision = jscan_get(&t->scan, "decision");
	const struct jscan_member *actions = jscan_get(&t->scan, "actions");
	struct slice first;

	if (pager_is_over(t) || !decision || !actions ||
	    (!slice_is(decision->value, "\"suggest\"") &&
	     !slice_is(decision->value, "\"approve\"")))
		return;
	if (jlist_items(actions->value, &first, 1) > 0)
		write_action(t, first, out);
}

static void write_button(struct buf *out, const char *id, const char *label,
			 const char *command)
{
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "id", id);
	jwrite_str(out, "label", label);
	jwrite_str(out, "command", command);
	jwrite_close(out, '}');
}

/* The names of those that wait for somebody; false when there are none. */
static bool add_open(const struct pager_telling *t, struct buf *out,
		     const char *before)
{
	char id[INCIDENT_ID];
	size_t found = 0;

	for (size_t i = 0; i < t->count && found < PAGER_LISTED; i++) {
		if (!pager_needs(t->members[i]))
			continue;
		found++;
		incident_id(id, t->members[i]->num);
		buf_addf(out, "%s %s", before, id);
	}
	return found > 0;
}

static int write_approval(const struct pager_telling *t, struct buf *out,
			  struct err *err)
{
	AUTO_ROWS struct store_rows *rows =
		STORE_ASK(t->p->store, err,
			  "SELECT p.id, a.name FROM actions a JOIN approvals p "
			  "ON p.id = a.approval WHERE a.incident = $1 "
			  "AND a.status = 'waiting' AND p.status = 'waiting' "
			  "AND p.expires > $2 ORDER BY p.expires, p.id LIMIT 1",
			  S_INT(t->main.num), S_INT(t->p->now));
	int got = rows ? store_next(rows, err) : -1;
	AUTO_FREE char *command = NULL, *label = NULL;
	struct slice id, name;

	if (got <= 0)
		return got;
	id = store_text(rows, 0);
	name = store_text(rows, 1);
	command = mem_printf("oncall approve %.*s", (int)id.len, id.ptr);
	label = mem_printf("Approve %.*s", (int)name.len, name.ptr);
	write_button(out, "approve", label, command);
	return 0;
}

int pager_write_buttons(const struct pager_telling *t, struct buf *out,
			struct err *err)
{
	AUTO_BUF struct buf ack = BUF_INIT, silence = BUF_INIT;

	if (pager_is_over(t))
		return 0;
	jwrite_open(out, "buttons", '[');
	buf_add_str(&ack, "oncall-incident ack");
	if (add_open(t, &ack, ""))
		write_button(out, "ack", "Acknowledge", buf_str(&ack));
	if (write_approval(t, out, err) < 0)
		return -1;
	buf_add_str(&silence, "oncall-incident silence add");
	if (add_open(t, &silence, " --incident")) {
		buf_add_str(&silence, " --for 1h");
		write_button(out, "silence", "Silence for 1h",
			     buf_str(&silence));
	}
	jwrite_close(out, ']');
	return 0;
}
