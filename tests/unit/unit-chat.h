/* unit-chat.h - the services of tests/lib/chat-server.py, and a configuration
 * with a target for each of them. */
#ifndef UNIT_CHAT_H
#define UNIT_CHAT_H

#include "unit-config.h"

#include <poll.h>
#include <sys/wait.h>

#include <oncall/channel.h>
#include <oncall/http.h>

#define CHAT_SERVER   "tests/lib/chat-server.py"
#define CHAT_START_MS 10000

static pid_t chat_pid;
static int chat_stdin = -1; /* closed, it ends the server */
static int chat_port;
static struct config *chat_config;
static struct http *chat_http;

static inline void chat_start(void)
{
	char text[16] = "";
	struct pollfd p = {.events = POLLIN};
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	chat_pid = fork();
	assert_true(chat_pid >= 0);
	if (!chat_pid) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)execl(CHAT_SERVER, CHAT_SERVER, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	chat_stdin = in[1];
	p.fd = out[0];
	if (poll(&p, 1, CHAT_START_MS) > 0 &&
	    read(p.fd, text, sizeof(text) - 1) > 0)
		for (const char *c = text; *c >= '0' && *c <= '9'; c++)
			chat_port = chat_port * 10 + (*c - '0');
	(void)close(out[0]);
	assert_true(chat_port > 0);
}

/* "PORT" in text stands for the server's. */
static inline struct config *chat_load(const char *text)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct config *c = NULL;
	struct err err = ERR_INIT;
	const char *at;

	for (; (at = strstr(text, "PORT")); text = at + 4) {
		buf_add(&out, text, (size_t)(at - text));
		buf_addf(&out, "%d", chat_port);
	}
	buf_add_str(&out, text);
	(void)load_text(&c, config_schema, buf_str(&out), &err);
	assert_no_err(&err);
	return c;
}

static const char chat_targets[] =
	"targets:\n"
	"  hook: {type: webhook, url: 'http://127.0.0.1:PORT/webhook/hook',\n"
	"         signing_key: {env: T_SIGN}, timeout: 2s}\n"
	"  matrix: {type: matrix, homeserver: "
	"'http://127.0.0.1:PORT/matrix/',\n"
	"           room: '!abc:example.org', token: {env: T_MATRIX},\n"
	"           timeout: 2s}\n"
	"  slack: {type: slack, url: 'http://127.0.0.1:PORT/slack', room: "
	"'#ops',\n"
	"          token: {env: T_SLACK}, timeout: 2s}\n"
	"  slackhook: {type: slack, webhook: {env: T_SLACK_HOOK}}\n"
	"  teams: {type: teams, webhook: {env: T_TEAMS}}\n"
	"  discord: {type: discord, webhook: {env: T_DISCORD}}\n"
	"  page: {type: pagerduty, url: 'http://127.0.0.1:PORT/pagerduty',\n"
	"         routing_key: {env: T_PAGE}}\n"
	"  ntfy: {type: ntfy, url: 'http://127.0.0.1:PORT/ntfy', room: "
	"oncall,\n"
	"         token: {env: T_NTFY}}\n"
	"  sms: {type: sms, url: 'http://127.0.0.1:PORT/sms', from: "
	"'+15005550006',\n"
	"        to: '+491701234567', token: {env: T_SMS},\n"
	"        account: AC0123456789abcdef0123456789abcdef}\n"
	"  jira: {type: jira, url: 'http://127.0.0.1:PORT/jira', project: "
	"OPS,\n"
	"         user: oncall@example.org, token: {env: T_JIRA}}\n"
	"  github: {type: github, url: 'http://127.0.0.1:PORT/github',\n"
	"           repository: example/web, labels: [incident],\n"
	"           token: {env: T_GITHUB}}\n";

static const char *const chat_names[] = {
	"hook", "matrix", "slack", "slackhook", "teams", "discord",
	"page", "ntfy",	  "sms",   "jira",	"github"};

static inline void chat_secret(const char *name, const char *value)
{
	AUTO_BUF struct buf out = BUF_INIT;
	const char *at = strstr(value, "PORT");

	if (at) {
		buf_add(&out, value, (size_t)(at - value));
		buf_addf(&out, "%d%s", chat_port, at + 4);
	} else {
		buf_add_str(&out, value);
	}
	assert_int_equal(setenv(name, buf_str(&out), 1), 0);
}

static inline int chat_setup(void **state)
{
	struct err err = ERR_INIT;

	if (make_test_dir(state) < 0)
		return -1;
	chat_start();
	chat_secret("T_SIGN", "signing key");
	chat_secret("T_MATRIX", "matrix-token");
	chat_secret("T_SLACK", "xoxb-slack-token");
	chat_secret("T_SLACK_HOOK",
		    "http://127.0.0.1:PORT/slack/services/T/B/hook");
	chat_secret("T_TEAMS",
		    "http://127.0.0.1:PORT/teams/workflows/1/triggers/manual/"
		    "paths/invoke?api-version=1&sig=teams-secret");
	chat_secret("T_DISCORD", "http://127.0.0.1:PORT/discord/api/webhooks/1/"
				 "discord-token");
	chat_secret("T_PAGE", "0123456789abcdef0123456789abcdef");
	chat_secret("T_NTFY", "tk_ntfy");
	chat_secret("T_SMS", "twilio-token");
	chat_secret("T_JIRA", "jira-token");
	chat_secret("T_GITHUB", "ghp_token");
	chat_config = chat_load(chat_targets);
	chat_http = http_new(&(struct http_options){.ca_file = NULL}, &err);
	return chat_http ? 0 : -1;
}

static inline int chat_teardown(void **state)
{
	http_free(chat_http);
	config_free(chat_config);
	if (chat_pid > 0) {
		(void)close(chat_stdin);
		(void)waitpid(chat_pid, NULL, 0);
	}
	return remove_test_dir(state);
}

/* Asks the server itself; the caller frees the answer. */
static inline char *chat_ask(const char *path, const char *body)
{
	AUTO_FREE char *url =
		mem_printf("http://127.0.0.1:%d%s", chat_port, path);
	struct http_request req = {.url = url, .body = slice_of(body)};
	struct http_reply reply;
	struct err err = ERR_INIT;
	char *text;

	if (http_send(chat_http, &req, &reply, &err) < 0)
		fail_msg("unexpected: %s", err.text);
	assert_int_equal(reply.status, 200);
	text = mem_dup(buf_str(&reply.body));
	http_reply_done(&reply);
	return text;
}

/* The next requests to that service are treated so. */
static inline void chat_plan(const char *service, const char *how, int times)
{
	AUTO_FREE char *order =
		mem_printf("{\"service\":\"%s\",\"how\":\"%s\",\"times\":%d}",
			   service, how, times);

	free(chat_ask("/control", order));
}

static inline struct channel *chat_open(const struct config *c,
					const char *name)
{
	struct channel *ch = NULL;
	struct err err = ERR_INIT;

	if (channel_open(&ch, c, name, &err) < 0)
		fail_msg("unexpected: %s", err.text);
	return ch;
}

static inline void chat_note(struct note *n, const char *record)
{
	struct err err = ERR_INIT;

	if (note_read(n, slice_of(record), &err) < 0)
		fail_msg("unexpected: %s", err.text);
}

#endif
