/* chatops-send - delivers messages to chats, mail, pagers and tickets. */
#include "send-cmd.h"

#include <oncall/hash.h>
#include <oncall/mem.h>
#include <oncall/when.h>

#define KEY_HEX 32

struct send_args send_args = {.wait = 2 * WHEN_SECOND};

/* clang-format off */
static const struct cli_opt opts[] = {
	CLI_GROUP("Messages"),
	CLI_STR('t', "to", "NAME[,NAME]", &send_args.to, "to these targets or groups, whatever else is said"),
	CLI_STR('e', "each", "TYPE[,TYPE]", &send_args.each, "send records of these types, too"),
	CLI_FLAG('x', "text", &send_args.text, "standard input is the text of one message"),
	CLI_DURATION('w', "wait", "DURATION", &send_args.wait, "how long to wait without progress (default: 2s)"),
	CLI_GROUP("Instead"),
	CLI_STR('r', "render", "TARGET", &send_args.render, "print what would be sent there"),
	CLI_FLAG('c', "check", &send_args.check, "ask targets (all) whether they would take messages"),
	CLI_FLAG('f', "flush", &send_args.flush, "send what is due in the outbox"),
	CLI_FLAG('d', "daemon", &send_args.daemon, "do that until stopped; HUP reads the configuration again"),
	CLI_MANUAL("With --text"),
	CLI_STR('T', "title", "TEXT", &send_args.title, "its title (default: its first line)"),
	CLI_CHOICE('s', "severity", "SEVERITY", &send_args.severity, severity_names, "its severity"),
	CLI_STR('k', "key", "KEY", &send_args.key, "its identity; the same is sent once"),
	CLI_MANUAL("With outbox"),
	CLI_STR(0, "target", "TARGET", &send_args.target, "of that target"),
	CLI_STR(0, "status", "STATUS", &send_args.status, "list those that are so: open, queued, failed, unknown..."),
	CLI_INT('n', "limit", "N", &send_args.limit, 1, INT64_MAX, "list that many at most (table: 50)"),
	CLI_FLAG(0, "all", &send_args.all, "retry or drop all of them"),
	CLI_LAST,
};
/* clang-format on */

static int send_main(int argc, char **argv, struct err *err)
{
	int ways = send_args.text + send_args.check + send_args.flush +
		   send_args.daemon + (send_args.render != NULL);

	if (ways > 1)
		return err_set(err, ERR_USAGE,
			       "--text, --render, --check, --flush and "
			       "--daemon exclude each other");
	if (argc && !strcmp(argv[0], "outbox"))
		return outbox_run(argc - 1, argv + 1, err);
	if (send_args.check)
		return check_targets(argc, argv, err);
	if (argc && (send_args.text || send_args.flush || send_args.daemon))
		return err_set(err, ERR_USAGE, "'%s' is one argument too many",
			       argv[0]);
	if (send_args.render)
		return render_messages(argc, argv, err);
	if (send_args.text)
		return send_text(err);
	if (send_args.flush)
		return flush_outbox(err);
	return send_args.daemon ? drain_outbox(err)
				: filter_messages(argc, argv, err);
}

/* clang-format off */
static const struct cli_command commands[] = {
	{NULL, "[FILE...] | outbox list|show|retry|drop [KEY...]", "deliver messages to chats, mail, pagers and tickets",
	 opts, CLI_CONFIG | CLI_STORE | CLI_FILTER | CLI_LISTS, 0, -1, send_main, false},
	{.name = NULL},
};

static const struct cli_exit exits[] = {
	{0, "all was delivered"},
	{1, "something could not be delivered, and will not be"},
	{2, "wrong usage or configuration, such as a target that is not there"},
	{3, "some records were bad; the others were sent"},
	{4, "the system or the store failed"},
	{75, "something is queued, or nobody knows whether it arrived"},
	{0, NULL},
};

static const struct cli_example examples[] = {
	{"oncall-incident tick | chatops-send", "tell people of incidents"},
	{"chatops-send --flush", "send what is due; from cron"},
	{"df -h / | chatops-send --text --title 'disk of web1' --to ops", "say something"},
	{"oncall-incident list --json | chatops-send --render ops", "what would it look like?"},
	{"chatops-send --check", "would all targets take messages?"},
	{"chatops-send outbox list --status open", "what waits, and why"},
	{NULL, NULL},
};
/* clang-format on */

/* ---- what several parts need ---- */

char **split_names(const char *names)
{
	size_t n = 0;
	char **out = mem_zero(strlen(names) + 2, sizeof(*out));

	for (const char *at = names; *at;) {
		size_t len = strcspn(at, ",");

		if (len)
			out[n++] = mem_dup_bytes(at, len);
		at += len + (at[len] == ',');
	}
	return out;
}

void free_names(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

static bool add_member(const struct jscan *scan, const char *name,
		       const char *sep, struct buf *out)
{
	const struct jscan_member *m = jscan_get(scan, name);

	if (!m || (m->type != JSCAN_STRING && m->type != JSCAN_NUMBER))
		return false;
	buf_add_str(out, sep);
	if (m->type == JSCAN_STRING)
		jscan_unquote(out, m->value);
	else
		buf_add_slice(out, m->value);
	return true;
}

void message_key(const struct filter_record *rec, struct buf *out)
{
	char hash[HASH_HEX];

	if (slice_is(rec->type, "message")) {
		if (add_member(rec->scan, "key", "", out) && out->len &&
		    out->len <= KEY_MAX)
			return;
		buf_reset(out);
		if (add_member(rec->scan, "id", "", out) && out->len &&
		    out->len <= KEY_MAX)
			return;
	} else {
		buf_add_slice(out, rec->type);
		if (add_member(rec->scan, "id", ".", out)) {
			(void)add_member(rec->scan, "revision", ".", out);
			(void)add_member(rec->scan, "status", ".", out);
			if (out->len <= KEY_MAX)
				return;
		}
	}
	/* It has no identity but what it says. */
	hash_sha256_hex(rec->line.ptr, rec->line.len, hash, KEY_HEX);
	buf_reset(out);
	buf_add_str(out, hash);
}

int main(int argc, char **argv)
{
	static const struct cli_tool tool = {
		.name = "chatops-send",
		.summary = "delivers messages to chats, mail, pagers and "
			   "tickets",
		.commands = commands,
		.exits = exits,
		.examples = examples,
	};

	return cli_main(&tool, argc, argv);
}
