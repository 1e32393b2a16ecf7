/* unit-action.h - calls made by hand, for the tests of what carries them out.
 * Each test stands in an empty folder of its own. */
#ifndef ONCALL_UNIT_ACTION_H
#define ONCALL_UNIT_ACTION_H

#include "unit-proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <oncall/action-run.h>
#include <oncall/clock.h>

static struct action action;
static struct action_call call;
static struct action_outcome outcome;
static char test_id[] = "test";
static char folder[] = "/tmp/oncall-action-XXXXXX";

static inline struct action_step *add_step(struct action_steps *list,
					   enum action_step_kind kind)
{
	list->items =
		mem_resize(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count] = (struct action_step){.kind = kind};
	return &list->items[list->count++];
}

static inline char **list_of(const char *const *from)
{
	char **to;
	size_t n = 0;

	while (from[n])
		n++;
	to = mem_zero(n + 1, sizeof(*to));
	for (size_t i = 0; i < n; i++)
		to[i] = mem_dup(from[i]);
	return to;
}

static inline struct action_step *command(struct action_steps *list,
					  const char *const *argv)
{
	struct action_step *s = add_step(list, ACTION_COMMAND);

	s->argv = list_of(argv);
	return s;
}

static inline struct action_step *script(struct action_steps *list,
					 const char *text)
{
	return command(list, SH(text));
}

static inline struct action_step *request(struct action_steps *list,
					  const char *method, const char *url)
{
	struct action_step *s = add_step(list, ACTION_HTTP);

	s->method = mem_dup(method);
	s->url = mem_dup(url);
	return s;
}

static inline void list_free(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

static inline void steps_free(struct action_steps *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct action_step *s = &list->items[i];

		list_free(s->argv);
		list_free(s->headers);
		free(s->input);
		free(s->method);
		free(s->url);
		free(s->body);
		free(s->expect);
	}
	free(list->items);
}

static inline void call_free(void)
{
	steps_free(&call.run);
	steps_free(&call.rollback);
	steps_free(&call.before.steps);
	steps_free(&call.after.steps);
	list_free(call.env);
	free(action.dir);
	free(action.run_as);
	call = (struct action_call){.action = &action};
	action = (struct action){
		.id = test_id, .timeout_ms = 10000, .grace_ms = GRACE_MS};
	action.dir = mem_dup(folder);
}

static inline int action_before(void **state)
{
	(void)memcpy(folder, "/tmp/oncall-action-XXXXXX", sizeof(folder));
	assert_non_null(mkdtemp(folder));
	call_free();
	return before(state);
}

static inline int action_after(void **state)
{
	action_outcome_done(&outcome);
	assert_int_equal(after(state), 0);
	assert_int_equal(run(PLAIN, ARGV("rm", "-r", folder)), 0);
	proc_result_done(&res);
	call_free();
	free(action.dir);
	action.dir = NULL;
	return 0;
}

#define ACTION_TEST(f) \
	cmocka_unit_test_setup_teardown(f, action_before, action_after)

/* A file of the test's folder; "" where there is none. Good until the next. */
static inline const char *file_text(const char *name)
{
	static char text[4096];
	AUTO_FREE char *path = mem_printf("%s/%s", folder, name);
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static inline pid_t next_pid(const char **p)
{
	pid_t pid = 0;

	while (**p && (**p < '0' || **p > '9'))
		(*p)++;
	for (; **p >= '0' && **p <= '9'; (*p)++)
		pid = pid * 10 + (**p - '0');
	return pid;
}

/* Whoever adopts an orphan may take a while to reap it. */
static inline bool is_dead(pid_t pid)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/stat", (int)pid);
	char line[256] = "";
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		return true;
	return strstr(line, ") Z ") != NULL;
}

/* All whose pids are in the text, which are count, end within five seconds. */
static inline void assert_dead_soon(const char *text, int count)
{
	pid_t pid;
	int n = 0;

	while ((pid = next_pid(&text))) {
		n++;
		for (int i = 0; i < 500 && !is_dead(pid); i++)
			nap(10);
		if (!is_dead(pid))
			fail_msg("process %d lives", (int)pid);
	}
	assert_int_equal(n, count);
}

/* Waits until the file has that many words. */
static inline const char *await_words(const char *name, int count)
{
	for (int i = 0; i < 500; i++) {
		const char *text = file_text(name);
		int n = 0;

		for (const char *p = text; *p; p++)
			n += *p == '\n' || *p == ' ';
		if (n >= count)
			return text;
		nap(10);
	}
	fail_msg("'%s' has not %d words", name, count);
	return "";
}

static inline void assert_has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("'%s' lacks '%s'", text ? text : "(null)", part);
}

#define assert_verdict(want)                                                \
	do {                                                                \
		if (outcome.verdict != (want))                              \
			fail_msg("%s, %s",                                  \
				 action_verdict_names[outcome.verdict],     \
				 outcome.reason ? outcome.reason : "fine"); \
	} while (0)

#endif
