/*
 * channel-internal.h - what the kinds of channel share. A kind is one file and
 * one row of the table in channel-kinds.c. Most of them make one HTTP request
 * of a note and judge the answer; they give build, and judge where the status
 * alone does not tell. Others give render and send.
 */
#ifndef ONCALL_CHANNEL_INTERNAL_H
#define ONCALL_CHANNEL_INTERNAL_H

#include <jansson.h>

#include <oncall/channel.h>
#include <oncall/http.h>
#include <oncall/jwrite.h>
#include <oncall/markup.h>
#include <oncall/mem.h>
#include <oncall/template.h>

/* Secrets of a target, by the key that says where they are. */
enum channel_secret {
	CHANNEL_WEBHOOK,
	CHANNEL_TOKEN,
	CHANNEL_PASSWORD,
	CHANNEL_ROUTING_KEY,
	CHANNEL_SIGNING_KEY,
	CHANNEL_SECRETS,
};

#define CHANNEL_KEYS_MAX 8

struct channel_call;

struct channel_kind {
	const char *name;
	/* Keys that it cannot do without; "a|b": one of them. */
	const char *required[CHANNEL_KEYS_MAX];
	struct channel_traits traits;
	enum markup markup; /* of its template */
	/* Looks at the configuration; may be NULL. What it keeps in own is
	 * released with close. */
	int (*open)(struct channel *ch, struct err *err);
	void (*close)(struct channel *ch);
	/* What has to be asked or done before; -1: ret says what came of it,
	 * and nothing is sent. May be NULL. */
	int (*prepare)(struct channel *ch, const struct channel_job *job,
		       struct channel_result *ret);
	/* The request; NULL where render and send are given. */
	int (*build)(struct channel *ch, const struct channel_job *job,
		     struct channel_call *call, struct err *err);
	/* Of an answer that came: NULL: by its status. */
	void (*judge)(struct channel *ch, const struct channel_job *job,
		      const struct http_reply *reply,
		      struct channel_result *ret);
	int (*render)(struct channel *ch, const struct channel_job *job,
		      struct buf *out, struct err *err);
	void (*send)(struct channel *ch, const struct channel_job *job,
		     struct channel_result *ret);
	void (*look)(struct channel *ch, const struct channel_job *job,
		     struct channel_result *ret);
	int (*check)(struct channel *ch, struct buf *out, struct err *err);
};

extern const struct channel_kind *const channel_kinds[]; /* ended by NULL */

struct channel {
	const struct config *config;
	char *name;
	const struct channel_kind *kind;
	struct channel_traits traits;
	struct http *http; /* made when it is first needed */
	struct template *template;
	char *secrets[CHANNEL_SECRETS];
	bool hide; /* secrets are "***" in what is made */
	void *own; /* of the kind */
};

/* Of targets.NAME.KEY; NULL where it is not set. */
const char *channel_str(const struct channel *ch, const char *key);
const char *channel_item(const struct channel *ch, const char *key, size_t i);
bool channel_bool(const struct channel *ch, const char *key);
int64_t channel_duration(const struct channel *ch, const char *key);
/* The secret, "***" while it is to be hidden, or NULL. */
const char *channel_secret(const struct channel *ch, enum channel_secret s);
/* The address in key without slashes at its end, or fallback; the caller
 * frees it. */
char *channel_base(const struct channel *ch, const char *key,
		   const char *fallback);
/* Where within the target: as the note says, or as configured in key. */
const char *channel_room(const struct channel *ch, const struct note *n);

/* ---- requests ---- */

#define CHANNEL_HEADERS_MAX 64

struct channel_call {
	const char *method;
	char *url;
	char *headers[CHANNEL_HEADERS_MAX + 1];
	size_t header_count;
	struct buf body;
	bool idempotent; /* the far side knows a repetition */
};

void channel_call_done(struct channel_call *c);
#define AUTO_CALL CLEANUP(channel_call_done)
void channel_header(struct channel_call *c, const char *name,
		    const char *value);
/* "Authorization: SCHEME SECRET", unless there is no such secret. */
void channel_authorize(struct channel_call *c, const struct channel *ch,
		       const char *scheme, enum channel_secret s);
/* "Authorization: Basic ..." of user and secret. */
void channel_basic(struct channel_call *c, const struct channel *ch,
		   const char *user, enum channel_secret s);
void channel_json_header(struct channel_call *c);
/* Appends text percent-encoded as a segment of a path or a value. */
void channel_encode(struct buf *out, const char *text);

/* One request; what came of it goes to ret, reply gets the answer, which is
 * there when it says 0. */
int channel_perform(struct channel *ch, const struct channel_call *call,
		    struct http_reply *reply, struct channel_result *ret);
/* By the status alone, with what about answers says. */
void channel_judge(const struct http_reply *reply, struct channel_result *ret);
/* The same, and what the member of the answer says is the remote id. */
void channel_judge_id(const struct http_reply *reply, const char *member,
		      struct channel_result *ret);
/* Sets outcome and reason; what they were is released. */
void channel_outcome(struct channel_result *ret, enum channel_outcome o,
		     const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The body of an answer as JSON, or NULL; the caller decrefs it. */
json_t *channel_answer(const struct http_reply *reply);
/* Asks; the JSON of an answer 2xx, or NULL with ret set. */
json_t *channel_fetch(struct channel *ch, const struct channel_call *call,
		      struct channel_result *ret);
/* The text or number of a member becomes the remote id. */
void channel_keep_id(struct channel_result *ret, const json_t *value);
/* For check: the JSON of the answer, or NULL and err is set. */
json_t *channel_ask_json(struct channel *ch, const struct channel_call *call,
			 struct err *err);
/* For check: 0 when the answer is 2xx; ERR_REFUSED for 401, 403 and 404,
 * ERR_REMOTE for the rest. */
int channel_ask(struct channel *ch, const struct channel_call *call,
		struct http_reply *reply, struct err *err);

/* ---- what a note says ---- */

enum channel_part {
	CHANNEL_TITLE = 1,
	CHANNEL_TEXT = 2,
	CHANNEL_FIELDS = 4,
	CHANNEL_CODE = 8,
	CHANNEL_LINKS = 16,
	CHANNEL_COMMANDS = 32, /* of the buttons, for people to type */
	CHANNEL_ALL = 63,
};

/* Appends these parts in the language of the service. */
void channel_text(struct buf *out, const struct note *n, enum markup m,
		  unsigned parts);
/* The same, or what the target's template makes of the note. */
int channel_words(const struct channel *ch, struct buf *out,
		  const struct note *n, unsigned parts, struct err *err);
struct channel_limit {
	enum markup_unit unit;
	size_t max;
};

/* These parts without blank lines at the end, cut at the limit. */
int channel_short(const struct channel *ch, struct buf *out,
		  const struct note *n, unsigned parts,
		  struct channel_limit limit, struct err *err);
/* Appends a member of JSON, shortened to max UTF-16 units. */
void channel_member(struct buf *out, const char *key, const char *text,
		    size_t max);
/* The same, shortened to max bytes of JSON. */
void channel_member_json(struct buf *out, const char *key, struct slice text,
			 enum markup m, size_t max);
/* "🔴 title (3 times)": escaped, without marks of its own. */
void channel_title(struct buf *out, const struct note *n, enum markup m);
const char *channel_emoji(const struct note *n);
uint32_t channel_color(const struct note *n); /* 0xRRGGBB */
/* The note as an object of JSON; its type is "note". */
void channel_note_json(struct buf *out, const struct note *n,
		       const char *target, const char *key);
/* Makes ch->template of targets.NAME.template, where there is one. */
int channel_template_open(struct channel *ch, struct err *err);

#endif
