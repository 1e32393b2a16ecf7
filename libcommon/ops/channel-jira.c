/*
 * channel-jira.c - an issue of Jira for what belongs together: opened by its
 * first message, commented by the others, closed by the last one through the
 * first transition to a status that is done. REST API v2, whose text is wiki
 * markup; all of ours stands in a block without markup. The key is a label of
 * the issue, and a property of a comment.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <oncall/when.h>

#define SUMMARY_MAX 255
#define BODY_MAX    30000 /* characters, of 32767 */
#define PAGE	    50
#define INDEX_LAG   (2 * WHEN_MINUTE) /* until a search finds an issue */
#define NO_FORMAT   "{noformat}"

static void make_url(const struct channel *ch, struct channel_call *call,
		     const char *what)
{
	AUTO_FREE char *base = channel_base(ch, "url", "");
	const char *user = channel_str(ch, "user");

	call->url = mem_printf("%s/rest/api/2/%s", base, what);
	channel_header(call, "Accept", "application/json");
	if (user)
		channel_basic(call, ch, user, CHANNEL_TOKEN);
	else
		channel_authorize(call, ch, "Bearer", CHANNEL_TOKEN);
}

/* Text that holds the end of the block would leave it. */
static void write_block(struct buf *out, const char *key, struct slice text)
{
	static const char apart[] = "{\xe2\x80\x8bnoformat}";
	AUTO_BUF struct buf body = BUF_INIT;
	size_t n = sizeof(NO_FORMAT) - 1;

	buf_add_str(&body, NO_FORMAT "\n");
	while (text.len) {
		const char *at = memmem(text.ptr, text.len, NO_FORMAT, n);
		size_t used = at ? (size_t)(at - text.ptr) : text.len;

		buf_add(&body, text.ptr, used);
		if (at)
			buf_add_str(&body, apart);
		used += at ? n : 0;
		text.ptr += used;
		text.len -= used;
	}
	buf_add_str(&body, "\n" NO_FORMAT);
	jwrite_text(out, key, buf_slice(&body));
}

static void write_issue(const struct channel *ch, const struct channel_job *job,
			struct buf *out, struct slice text)
{
	AUTO_FREE char *mark = mem_printf("oncall-%s", job->key);
	const char *label;

	jwrite_open(out, "fields", '{');
	jwrite_open(out, "project", '{');
	jwrite_str(out, "key", channel_str(ch, "project"));
	jwrite_close(out, '}');
	jwrite_open(out, "issuetype", '{');
	jwrite_str(out, "name", channel_str(ch, "issue_type"));
	jwrite_close(out, '}');
	channel_member(out, "summary", job->note->title, SUMMARY_MAX);
	write_block(out, "description", text);
	jwrite_open(out, "labels", '[');
	for (size_t i = 0; (label = channel_item(ch, "labels", i)); i++)
		jwrite_str(out, NULL, label);
	jwrite_str(out, NULL, mark);
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

static void write_comment(const struct channel_job *job, struct buf *out,
			  struct slice text)
{
	write_block(out, "body", text);
	jwrite_open(out, "properties", '[');
	jwrite_open(out, NULL, '{');
	jwrite_str(out, "key", "oncall");
	jwrite_open(out, "value", '{');
	jwrite_str(out, "key", job->key);
	jwrite_close(out, '}');
	jwrite_close(out, '}');
	jwrite_close(out, ']');
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	AUTO_FREE char *what =
		job->root ? mem_printf("issue/%s/comment", job->root)
			  : mem_dup("issue");
	AUTO_BUF struct buf text = BUF_INIT;

	if (channel_short(ch, &text, job->note, CHANNEL_ALL,
			  (struct channel_limit){MARKUP_UTF16, BODY_MAX},
			  err) < 0)
		return -1;
	make_url(ch, call, what);
	channel_json_header(call);
	jwrite_open(&call->body, NULL, '{');
	if (job->root)
		write_comment(job, &call->body, buf_slice(&text));
	else
		write_issue(ch, job, &call->body, buf_slice(&text));
	jwrite_close(&call->body, '}');
	return 0;
}

static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	(void)ch;
	channel_judge_id(reply, job->root ? "id" : "key", ret);
}

static bool is_done(const json_t *status)
{
	const char *key = json_string_value(json_object_get(
		json_object_get(status, "statusCategory"), "key"));

	return key && !strcmp(key, "done");
}

/* The id of a transition that ends the issue, or NULL. */
static const char *way_to_done(const json_t *issue)
{
	size_t i;
	const json_t *t;

	json_array_foreach(json_object_get(issue, "transitions"), i, t) if (
		is_done(json_object_get(
			t,
			"to"))) return json_string_value(json_object_get(t,
									 "id"));
	return NULL;
}

static int move(struct channel *ch, const struct channel_job *job,
		const char *way, struct channel_result *ret)
{
	AUTO_FREE char *what = mem_printf("issue/%s/transitions", job->root);
	AUTO_CALL struct channel_call call = {.method = "POST"};
	struct http_reply reply = {.status = 0};

	make_url(ch, &call, what);
	channel_json_header(&call);
	jwrite_open(&call.body, NULL, '{');
	jwrite_open(&call.body, "transition", '{');
	jwrite_str(&call.body, "id", way);
	jwrite_close(&call.body, '}');
	jwrite_close(&call.body, '}');
	if (channel_perform(ch, &call, &reply, ret) == 0)
		channel_judge(&reply, ret);
	http_reply_done(&reply);
	return ret->outcome == CHANNEL_DELIVERED ? 0 : -1;
}

/* What is over is ended before that is said; when it is done already, or there
 * is no way to it, it is only said. */
static int prepare(struct channel *ch, const struct channel_job *job,
		   struct channel_result *ret)
{
	AUTO_FREE char *what = NULL;
	AUTO_CALL struct channel_call call = {.method = "GET"};
	const char *way;
	json_t *issue;
	int rc = 0;

	if (!job->root || !job->note->over)
		return 0;
	what = mem_printf("issue/%s?fields=status&expand=transitions",
			  job->root);
	make_url(ch, &call, what);
	issue = channel_fetch(ch, &call, ret);
	way = way_to_done(issue);
	if (!issue)
		rc = -1;
	else if (way && !is_done(json_object_get(
				json_object_get(issue, "fields"), "status")))
		rc = move(ch, job, way, ret);
	/* It is asked again where it stands, so nothing is done twice. */
	if (rc < 0 && ret->outcome == CHANNEL_UNKNOWN)
		ret->outcome = CHANNEL_LATER;
	json_decref(issue);
	return rc;
}

static bool has_key(const json_t *comment, const char *key)
{
	size_t i;
	const json_t *p;

	json_array_foreach(json_object_get(comment, "properties"), i, p)
	{
		const char *got = json_string_value(
			json_object_get(json_object_get(p, "value"), "key"));

		if (got && !strcmp(got, key))
			return true;
	}
	return false;
}

static void look_comment(struct channel *ch, const struct channel_job *job,
			 struct channel_result *ret)
{
	AUTO_FREE char *what =
		mem_printf("issue/%s/comment?orderBy=-created&maxResults=%d"
			   "&expand=properties",
			   job->root, PAGE);
	AUTO_CALL struct channel_call call = {.method = "GET"};
	json_t *answer;
	size_t i;
	const json_t *c;

	make_url(ch, &call, what);
	answer = channel_fetch(ch, &call, ret);
	channel_outcome(ret, answer ? CHANNEL_LATER : CHANNEL_UNKNOWN,
			"it is not there");
	json_array_foreach(json_object_get(answer, "comments"), i, c)
	{
		if (!has_key(c, job->key))
			continue;
		channel_outcome(ret, CHANNEL_DELIVERED, "%s", "");
		channel_keep_id(ret, json_object_get(c, "id"));
		break;
	}
	json_decref(answer);
}

/* A search finds what was made some time ago only. Of servers one knows the
 * older address, of the cloud the newer. */
static json_t *search(struct channel *ch, const struct channel_job *job,
		      struct channel_result *ret)
{
	static const char *const places[] = {"rest/api/3/search/jql",
					     "rest/api/2/search"};
	AUTO_FREE char *base = channel_base(ch, "url", "");
	json_t *answer = NULL;

	for (size_t i = 0; i < ARRAY_LEN(places) && !answer; i++) {
		AUTO_CALL struct channel_call call = {.method = "GET"};

		make_url(ch, &call, "");
		free(call.url);
		call.url = mem_printf("%s/%s?jql=labels%%3D%%22oncall-%s%%22"
				      "&fields=key&maxResults=1",
				      base, places[i], job->key);
		answer = channel_fetch(ch, &call, ret);
		if (!answer && ret->outcome != CHANNEL_FAILED)
			break;
	}
	return answer;
}

static void look(struct channel *ch, const struct channel_job *job,
		 struct channel_result *ret)
{
	json_t *answer;
	const json_t *issue;

	if (job->root) {
		look_comment(ch, job, ret);
		return;
	}
	answer = search(ch, job, ret);
	issue = json_array_get(json_object_get(answer, "issues"), 0);
	if (issue) {
		channel_outcome(ret, CHANNEL_DELIVERED, "%s", "");
		channel_keep_id(ret, json_object_get(issue, "key"));
	} else if (answer) {
		channel_outcome(ret, CHANNEL_LATER, "it is not there");
	} else {
		channel_outcome(ret, CHANNEL_UNKNOWN,
				"it cannot be looked for");
	}
	json_decref(answer);
}

static int check(struct channel *ch, struct buf *out, struct err *err)
{
	AUTO_CALL struct channel_call call = {.method = "GET"};
	AUTO_BUF struct buf what = BUF_INIT;
	const char *project = channel_str(ch, "project");
	json_t *answer;

	buf_add_str(&what, "project/");
	channel_encode(&what, project);
	make_url(ch, &call, buf_str(&what));
	answer = channel_ask_json(ch, &call, err);
	if (!answer)
		return -1;
	buf_addf(out, "project %s can be read", project);
	json_decref(answer);
	return 0;
}

const struct channel_kind channel_jira = {
	.name = "jira",
	.required = {"url", "project", "token"},
	.traits = {.read_back = true,
		   .threads = true,
		   .lag = INDEX_LAG,
		   .every = 500,
		   .burst = 5},
	.markup = MARKUP_PLAIN,
	.prepare = prepare,
	.build = build,
	.judge = judge,
	.look = look,
	.check = check,
};
