/* stored-rules.c - rules in the store. */
#include <oncall/stored-rules.h>

#include <oncall/cli.h>
#include <oncall/clock.h>
#include <oncall/mem.h>

int stored_rules_load(struct store *s, struct packs *p, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = store_ask(
		s, err, "SELECT id, rule FROM patterns ORDER BY id", NULL, 0);
	int got;

	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		AUTO_BUF struct buf name = BUF_INIT;
		struct slice id = store_text(rows, 0);

		buf_addf(&name, "stored pattern %.*s", (int)id.len, id.ptr);
		if (pack_load_text(p, store_text(rows, 1), buf_str(&name),
				   err) < 0)
			return -1;
	}
	return got;
}

int stored_rules_put(struct store *s, const struct pack_rule *rule,
		     const char *actor, struct err *err)
{
	AUTO_PACKS struct packs proof = PACKS_INIT;
	AUTO_BUF struct buf text = BUF_INIT;
	int64_t changed;

	pack_write(rule, &text);
	if (pack_load_text(&proof, buf_slice(&text), rule->id, err) < 0)
		return -1;
	changed = STORE_RUN(s, err,
			    "UPDATE patterns SET rule = $2, actor = $3, "
			    "updated = $4 WHERE id = $1",
			    S_TEXT(rule->id), S_SLICE(buf_slice(&text)),
			    S_TEXT(actor), S_INT(clock_now()));
	if (changed)
		return changed < 0 ? -1 : 0;
	return STORE_RUN(s, err,
			 "INSERT INTO patterns (id, rule, actor, updated) "
			 "VALUES ($1, $2, $3, $4)",
			 S_TEXT(rule->id), S_SLICE(buf_slice(&text)),
			 S_TEXT(actor), S_INT(clock_now())) < 0
		       ? -1
		       : 1;
}

static int no_such(struct store *s, const char *id, struct err *err)
{
	AUTO_PACKS struct packs all = PACKS_INIT;
	AUTO_FREE const char **ids = NULL;
	const char *near;

	if (stored_rules_load(s, &all, err) < 0)
		return -1;
	ids = mem_zero(all.rule_count + 1, sizeof(*ids));
	for (size_t i = 0; i < all.rule_count; i++)
		ids[i] = all.rules[i].id;
	near = cli_nearest(id, ids);
	return err_set(err, ERR_NO, "no pattern '%s' is stored%s%s%s", id,
		       near ? "; did you mean '" : "", near ? near : "",
		       near ? "'" : "");
}

int stored_rules_remove(struct store *s, const char *id, struct err *err)
{
	int64_t removed = STORE_RUN(
		s, err, "DELETE FROM patterns WHERE id = $1", S_TEXT(id));

	if (removed == 0)
		return no_such(s, id, err);
	return removed < 0 ? -1 : 0;
}
