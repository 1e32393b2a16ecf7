/* test.c - oncall-kb test: each example must find its own entry first. */
#include "kb-cmd.h"

#include <oncall/diag.h>
#include <oncall/jwrite.h>
#include <oncall/kb-match.h>

/* clang-format off */
const struct cli_opt test_opts[] = {KB_PACK_OPTS, CLI_LAST};
/* clang-format on */

#define LINE_SHOWN 160 /* bytes of an example that people see */

struct test {
	struct kb_cmd cmd;
	struct kb_index *index;
	struct record_writer out;
	const struct knowledge *only; /* entries of these files, or NULL: all */
	size_t entries, lines, failed;
};

static bool is_wanted(const struct test *t, const char *id)
{
	if (!t->only)
		return true;
	for (size_t i = 0; i < t->only->count; i++)
		if (!strcmp(t->only->entries[i].id, id))
			return true;
	return false;
}

static void tell(struct test *t, const struct knowledge_entry *e,
		 const char *line, const char *found, const char *what)
{
	struct buf *out = &t->out.out;

	t->failed++;
	if (!cli_records()) {
		buf_addf(out, "%s: %s", e->id, what);
		if (found)
			buf_addf(out, " (%s)", found);
		buf_add_str(out, ": ");
		show_text(out, line, strlen(line), LINE_SHOWN);
		buf_add_char(out, '\n');
		return;
	}
	jwrite_new(out, "finding");
	jwrite_str(out, "entry", e->id);
	jwrite_str(out, "what", what);
	jwrite_str_opt(out, "found", found);
	jwrite_str(out, "example", line);
	jwrite_close(out, '}');
	record_write_end(&t->out);
}

static int try_line(struct test *t, const struct knowledge_entry *e,
		    const char *line, bool wanted, struct err *err)
{
	const struct kb_match_options o = {.top = 1, .min_score = KB_MATCH_MIN};
	AUTO_QUESTION struct kb_question q = {.text = BUF_INIT};
	AUTO_MATCH struct kb_match found = {NULL, 0};
	bool own;

	t->lines++;
	buf_add_str(&q.text, line);
	if (kb_match(t->cmd.kb, t->index, &q, &o, &found, err) < 0)
		return -1;
	own = found.count && !strcmp(found.found[0].id, e->id);
	if (wanted && !own)
		tell(t, e, line, found.count ? found.found[0].id : NULL,
		     found.count ? "another entry is above it"
				 : "its example finds nothing");
	else if (wanted && e->pattern_count && !(found.found[0].pattern > 0))
		tell(t, e, line, NULL,
		     "none of its patterns matches its example");
	else if (!wanted && own && found.found[0].pattern > 0)
		tell(t, e, line, NULL, "a counter-example finds it");
	return 0;
}

static int test_entry(void *arg, const struct knowledge_entry *e,
		      struct err *err)
{
	struct test *t = arg;

	if (!is_wanted(t, e->id))
		return 0;
	t->entries++;
	for (size_t i = 0; i < e->examples.count; i++)
		if (try_line(t, e, e->examples.items[i], true, err) < 0)
			return -1;
	for (size_t i = 0; i < e->counter_examples.count; i++)
		if (try_line(t, e, e->counter_examples.items[i], false, err) <
		    0)
			return -1;
	return 0;
}

/* Packs are named by their file, or as those that were found. */
static int load_named(struct kb *kb, struct knowledge *to, const char *name,
		      struct err *err)
{
	const struct knowledge_list *files;
	size_t len = strlen(name);

	if (strchr(name, '/') || strchr(name, '.'))
		return knowledge_load(to, name, err);
	if (kb_pack_files(kb, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files->count; i++) {
		const char *slash = strrchr(files->items[i], '/');
		const char *base = slash ? slash + 1 : files->items[i];

		if (strncmp(base, name, len) != 0 || base[len] != '.')
			continue;
		if (knowledge_load(to, files->items[i], err) < 0)
			return -1;
	}
	return to->count ? 0
			 : err_set(err, ERR_NO, "no pack '%s' has knowledge",
				   name);
}

static int run(struct test *t, int argc, char **argv, struct err *err)
{
	AUTO_KNOWLEDGE struct knowledge only = {.count = 0};

	/* A file that is tested counts, wherever it lies. */
	for (int i = 0; i < argc; i++)
		if (strchr(argv[i], '/') || strchr(argv[i], '.')) {
			if (cmd_packs.files.count == CLI_LIST_MAX)
				return err_set(err, ERR_USAGE,
					       "too many files");
			cmd_packs.files.items[cmd_packs.files.count++] =
				argv[i];
		}
	if (kb_cmd_open(&t->cmd, KB_CMD_READ, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (load_named(t->cmd.kb, &only, argv[i], err) < 0)
			return -1;
	t->only = argc ? &only : NULL;
	if (kb_index_open(&t->index, t->cmd.kb, err) < 0 ||
	    kb_each(t->cmd.kb, test_entry, t, err) < 0)
		return -1;
	diag_info("%zu entries, %zu lines, %zu wrong", t->entries, t->lines,
		  t->failed);
	return record_flush(&t->out, err);
}

int test_run(int argc, char **argv, struct err *err)
{
	struct test t = {.out = RECORD_WRITER_INIT(STDOUT_FILENO)};
	int rc = run(&t, argc, argv, err);

	kb_index_free(t.index);
	record_writer_done(&t.out);
	kb_cmd_close(&t.cmd);
	if (rc < 0)
		return -1;
	return t.failed ? 1 : 0;
}
