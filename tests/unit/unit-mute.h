/* unit-mute.h - what tests of silences and of causes share. */
#ifndef ONCALL_UNIT_MUTE_H
#define ONCALL_UNIT_MUTE_H

#include "unit-config.h"
#include "unit-incident.h"

#include <oncall/jwrite.h>
#include <oncall/mute.h>
#include <oncall/silence.h>
#include <oncall/timeline.h>

static struct config *config;

static inline void configure(const char *text)
{
	struct err err = ERR_INIT;

	config_free(config);
	config = NULL;
	if (load_text(&config, config_schema, text, &err) < 0)
		fail_msg("%s", err.text);
}

static inline int set_up(void **state)
{
	configure("{}\n");
	return ops_set_up(state);
}

static inline int tear_down(void **state)
{
	static const char *const sql[] = {
		"DELETE FROM incidents",       "DELETE FROM timeline",
		"DELETE FROM silences",	       "DELETE FROM pager_causes",
		"DELETE FROM pager_incidents", "DELETE FROM pager_groups",
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		(void)store_run(store, &err, sql[i], NULL, 0);
	assert_no_err(&err);
	config_free(config);
	config = NULL;
	return ops_tear_down(state);
}

/* ---- what tests are made of ---- */

static inline struct mute *load(void)
{
	struct mute *m = NULL;
	struct err err = ERR_INIT;

	if (mute_load(&m, store, config, &err) < 0)
		fail_msg("%s", err.text);
	return m;
}

static inline void note_at(struct mute *m, const struct incident *inc,
			   int64_t now)
{
	struct err err = ERR_INIT;

	if (store_begin(store, &err) < 0 || mute_note(m, inc, now, &err) < 0 ||
	    store_commit(store, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void note(struct mute *m, const struct incident *inc)
{
	note_at(m, inc, NOW);
}

/* Stores it as it is now, and shows it to mute. */
static inline void update(struct mute *m, const struct incident *inc)
{
	struct err err = ERR_INIT;

	if (incident_update(store, inc, &err) < 0)
		fail_msg("%s", err.text);
	note(m, inc);
}

static inline struct mute_answer ask_at(struct mute *m,
					const struct incident *inc, int64_t now)
{
	struct mute_answer a;
	struct err err = ERR_INIT;

	if (mute_ask(m, inc, now, &a, &err) < 0)
		fail_msg("%s", err.text);
	return a;
}

static inline bool is_muted(struct mute *m, const struct incident *inc)
{
	return ask_at(m, inc, NOW).muted;
}

/* A new one of that category and host; 0: no host. */
static inline struct incident make(int64_t num, const char *category,
				   const char *host)
{
	struct incident inc = incident_sample(num);

	inc.category = slice_of(category);
	inc.host = slice_of(host);
	put_incident(&inc);
	return inc;
}

#define WORDS(...)                                           \
	(const char *const[]){__VA_ARGS__},                  \
		sizeof((const char *const[]){__VA_ARGS__}) / \
			sizeof(const char *)

static inline void silence(struct silence *s, int64_t starts, int64_t ends,
			   const char *const *words, size_t count)
{
	struct silence_edit e = {.store = store, .actor = "ana", .now = NOW};
	AUTO_BUF struct buf match = BUF_INIT;
	struct err err = ERR_INIT;

	if (silence_match(&match, words, count, &err) < 0)
		fail_msg("%s", err.text);
	free(s->match);
	s->match = buf_take(&match);
	s->starts = starts;
	s->ends = ends;
	s->note = s->note ? s->note : mem_dup("works");
	if (silence_add(&e, s, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void name(struct silence *s, int64_t incident)
{
	struct err err = ERR_INIT;

	if (silence_name(s, incident, &err) < 0)
		fail_msg("%s", err.text);
}

static inline int64_t ask_number(const char *sql)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows =
		store_ask(store, &err, sql, NULL, 0);
	int64_t n = -1;

	assert_no_err(&err);
	if (store_next(rows, &err) > 0)
		n = store_time(rows, 0);
	assert_no_err(&err);
	return n;
}

/* The incident is in a group that is muted by that, with nothing to do. */
static inline void put_group(int64_t incident, const char *by)
{
	AUTO_FREE char *key = mem_printf("[\"%lld\"]", (long long)incident);
	struct err err = ERR_INIT;

	(void)STORE_RUN(store, &err,
			"INSERT INTO pager_groups (key, thread, seq, due, "
			"called) VALUES ($1, 'INC-1', 0, NULL, '[]')",
			S_TEXT(key));
	(void)STORE_RUN(store, &err,
			"INSERT INTO pager_incidents (incident, group_key, "
			"muted) VALUES ($1, $2, $3)",
			S_INT(incident), S_TEXT(key), S_TEXT(by));
	assert_no_err(&err);
}

static inline int64_t due_groups(void)
{
	return ask_number("SELECT COUNT(*) FROM pager_groups "
			  "WHERE due IS NOT NULL");
}

static inline int64_t entries(const char *what)
{
	struct err err = ERR_INIT;
	AUTO_ROWS struct store_rows *rows = STORE_ASK(
		store, &err, "SELECT COUNT(*) FROM timeline WHERE what = $1",
		S_TEXT(what));

	assert_int_equal(store_next(rows, &err), 1);
	return store_int(rows, 0);
}

#define mute_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
