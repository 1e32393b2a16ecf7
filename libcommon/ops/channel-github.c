/*
 * channel-github.c - an issue of GitHub for what belongs together: opened by
 * its first message, commented by the others, closed by the last one. The key
 * stands in a comment of HTML, which nobody sees, and is looked for there.
 */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <oncall/clock.h>
#include <oncall/jscan.h>
#include <oncall/when.h>

#define API	   "https://api.github.com"
#define TITLE_MAX  256
#define BODY_MAX   60000 /* characters, of 65536 */
#define PAGE	   100
#define PAUSE_MS   (60 * WHEN_SECOND) /* when a limit names no time */
#define CLOCK_SKEW (5 * WHEN_MINUTE)

static void make_url(const struct channel *ch, struct channel_call *call,
		     const char *what)
{
	AUTO_FREE char *base = channel_base(ch, "url", API);

	call->url = mem_printf("%s/repos/%s%s", base,
			       channel_str(ch, "repository"), what);
	channel_header(call, "Accept", "application/vnd.github+json");
	channel_header(call, "X-GitHub-Api-Version", "2022-11-28");
	channel_authorize(call, ch, "Bearer", CHANNEL_TOKEN);
}

static void write_labels(const struct channel *ch, struct buf *out)
{
	const char *label;

	jwrite_open(out, "labels", '[');
	for (size_t i = 0; (label = channel_item(ch, "labels", i)); i++)
		jwrite_str(out, NULL, label);
	jwrite_close(out, ']');
}

static char *mark_of(const struct channel_job *job)
{
	return mem_printf("<!-- oncall:%s -->", job->key);
}

static int write_body(const struct channel *ch, const struct channel_job *job,
		      struct buf *out, struct err *err)
{
	unsigned parts = CHANNEL_ALL;
	AUTO_FREE char *mark = mark_of(job);
	AUTO_BUF struct buf text = BUF_INIT;

	if (!job->root)
		parts &= ~(unsigned)CHANNEL_TITLE;
	if (channel_short(ch, &text, job->note, parts,
			  (struct channel_limit){MARKUP_CHARS, BODY_MAX},
			  err) < 0)
		return -1;
	buf_addf(&text, "\n\n%s\n", mark);
	jwrite_text(out, "body", buf_slice(&text));
	return 0;
}

static int build(struct channel *ch, const struct channel_job *job,
		 struct channel_call *call, struct err *err)
{
	AUTO_FREE char *what =
		job->root ? mem_printf("/issues/%s/comments", job->root)
			  : mem_dup("/issues");
	AUTO_BUF struct buf title = BUF_INIT;
	struct buf *out = &call->body;

	make_url(ch, call, what);
	channel_json_header(call);
	jwrite_open(out, NULL, '{');
	if (!job->root) {
		channel_title(&title, job->note, MARKUP_PLAIN);
		channel_member(out, "title", buf_str(&title), TITLE_MAX);
		write_labels(ch, out);
	}
	if (write_body(ch, job, out, err) < 0)
		return -1;
	jwrite_close(out, '}');
	return 0;
}

static int64_t header_number(const struct http_reply *reply, const char *name)
{
	struct slice s = http_header(reply, name);
	int64_t n;

	return s.ptr && jscan_int(s, &n) == 0 ? n : -1;
}

/* A limit comes as 403 or 429. */
static void judge(struct channel *ch, const struct channel_job *job,
		  const struct http_reply *reply, struct channel_result *ret)
{
	json_t *answer = channel_answer(reply);
	int64_t reset = header_number(reply, "x-ratelimit-reset");
	bool limited =
		reply->status == 429 ||
		(reply->status == 403 &&
		 (ret->retry_after || http_header(reply, "retry-after").ptr ||
		  header_number(reply, "x-ratelimit-remaining") == 0));

	(void)ch;
	channel_judge(reply, ret);
	if (ret->outcome == CHANNEL_DELIVERED)
		channel_keep_id(
			ret,
			json_object_get(answer, job->root ? "id" : "number"));
	if (limited) {
		int64_t wait = reset * WHEN_SECOND - clock_now();

		channel_outcome(ret, CHANNEL_LATER, "it is rate limited");
		if (!ret->retry_after)
			ret->retry_after =
				reset > 0 && wait > 0 ? wait : PAUSE_MS;
	}
	json_decref(answer);
}

/* What is over is closed before that is said: to close it again does nothing,
 * and the comment would come twice. */
static int prepare(struct channel *ch, const struct channel_job *job,
		   struct channel_result *ret)
{
	AUTO_CALL struct channel_call call = {.method = "PATCH",
					      .idempotent = true};
	AUTO_FREE char *what = NULL;
	struct http_reply reply = {.status = 0};
	int rc = -1;

	if (!job->root || !job->note->over)
		return 0;
	what = mem_printf("/issues/%s", job->root);
	make_url(ch, &call, what);
	channel_json_header(&call);
	buf_add_str(&call.body,
		    "{\"state\":\"closed\",\"state_reason\":\"completed\"}");
	if (channel_perform(ch, &call, &reply, ret) == 0) {
		judge(ch, job, &reply, ret);
		rc = ret->outcome == CHANNEL_DELIVERED ? 0 : -1;
	}
	if (rc < 0 && ret->outcome == CHANNEL_UNKNOWN)
		ret->outcome = CHANNEL_LATER;
	free(ret->remote_id);
	ret->remote_id = NULL;
	http_reply_done(&reply);
	return rc;
}

static void find(const json_t *list, const struct channel_job *job,
		 struct channel_result *ret)
{
	AUTO_FREE char *mark = mark_of(job);
	size_t i;
	const json_t *item;

	channel_outcome(ret, CHANNEL_LATER, "it is not there");
	json_array_foreach(list, i, item)
	{
		const char *body =
			json_string_value(json_object_get(item, "body"));

		if (!body || !strstr(body, mark))
			continue;
		channel_outcome(ret, CHANNEL_DELIVERED, "%s", "");
		channel_keep_id(
			ret,
			json_object_get(item, job->root ? "id" : "number"));
		return;
	}
	if (json_array_size(list) >= PAGE)
		channel_outcome(ret, CHANNEL_UNKNOWN,
				"there is too much to look through");
}

static void look(struct channel *ch, const struct channel_job *job,
		 struct channel_result *ret)
{
	AUTO_CALL struct channel_call call = {.method = "GET"};
	AUTO_BUF struct buf what = BUF_INIT;
	char since[WHEN_TEXT];
	json_t *answer;

	when_format(since, job->since - CLOCK_SKEW);
	since[19] = '\0'; /* without milliseconds */
	if (job->root)
		buf_addf(&what, "/issues/%s/comments?per_page=%d", job->root,
			 PAGE);
	else
		buf_addf(&what, "/issues?state=all&per_page=%d", PAGE);
	buf_addf(&what, "&since=%sZ", since);
	make_url(ch, &call, buf_str(&what));
	answer = channel_fetch(ch, &call, ret);
	if (json_is_array(answer))
		find(answer, job, ret);
	else
		ret->outcome = CHANNEL_UNKNOWN;
	json_decref(answer);
}

static int check(struct channel *ch, struct buf *out, struct err *err)
{
	AUTO_CALL struct channel_call call = {.method = "GET"};
	json_t *answer;
	const json_t *may;

	make_url(ch, &call, "");
	answer = channel_ask_json(ch, &call, err);
	if (!answer)
		return -1;
	may = json_object_get(answer, "has_issues");
	if (json_is_false(may))
		(void)err_set(err, ERR_REFUSED, "issues are switched off in %s",
			      channel_str(ch, "repository"));
	else
		buf_addf(out, "%s can be read", channel_str(ch, "repository"));
	json_decref(answer);
	return err->kind == ERR_NONE ? 0 : -1;
}

static int open_github(struct channel *ch, struct err *err)
{
	const char *name = channel_str(ch, "repository");
	const char *slash = strchr(name, '/');

	if (slash && slash != name && slash[1] && !strchr(slash + 1, '/') &&
	    !name[strcspn(name, " ?#%\\")])
		return 0;
	return err_set(err, ERR_USAGE, "repository '%s' is not OWNER/NAME",
		       name);
}

const struct channel_kind channel_github = {
	.name = "github",
	.required = {"repository", "token"},
	.traits = {.read_back = true,
		   .threads = true,
		   .every = 1000,
		   .burst = 5},
	.markup = MARKUP_MARKDOWN,
	.open = open_github,
	.prepare = prepare,
	.build = build,
	.judge = judge,
	.look = look,
	.check = check,
};
