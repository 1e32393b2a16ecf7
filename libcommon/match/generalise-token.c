/*
 * generalise-token.c - a line as words, blanks, marks and classes of values.
 * Classes are found by one expression that tries them in order at the start of
 * each token; what PCRE2 marks is the number of the class.
 */
#include "generalise-internal.h"

#include <pthread.h>
#include <strings.h>

#include <oncall/buf.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MONTH "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
#define DAY   "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
#define CLOCK "\\d\\d:\\d\\d:\\d\\d"
#define ZONE  "(?:Z|UTC|GMT|[+-]\\d\\d:?\\d\\d)"
#define HEX   "[0-9A-Fa-f]"
#define END   "(?!\\w)"
#define UNIT  "(?:ns|us|ms|s|m|h|d|w|sec|secs|min|mins)"
#define NAMED "[^\\s\"'`<>|,;:()\\[\\]{}=]"

/* clang-format off */
#define QUOTED(q) \
	"(?<!\\w)" q "[^" q "\\s]{0,200}" q "(?!\\w| ?:)", q "[^" q "]{0,400}" q
/* Text that stands for a key's value is prose, unless it is one word. */
#define WORDS(q) \
	"(?<![=:\\w])" q "[^" q "\\s]{1,99}(?: [^" q "\\s]{1,99}){1,2}" q "(?!\\w| ?:)", \
	q "[^" q "]{0,400}" q

const struct token_class token_classes[] = {
	{"time", TOKEN_TIME, "\\d{4}[-/]\\d\\d[-/]\\d\\d(?:[T ]\\d\\d:\\d\\d"
		"(?::\\d\\d(?:[.,]\\d{1,9})?)?(?: ?" ZONE ")?)?" END,
		"\\d{4}[-/]\\d\\d[-/]\\d\\d[\\d:.,+ TZUCGM-]{0,40}"},
	{"time", TOKEN_TIME, "(?:" DAY ",? )?" MONTH " {1,2}\\d{1,2} " CLOCK
		"(?:\\.\\d{1,9})?(?: \\d{4})?" END,
		"(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} {1,2}\\d{1,2} [\\d:. ]{8,24}"},
	{"time", TOKEN_TIME, "(?:" DAY ", )?\\d\\d?[/ ]" MONTH "[/ ]\\d{4}[: ]" CLOCK
		"(?: " ZONE ")?" END,
		"(?:[A-Z][a-z]{2}, )?\\d\\d?[/ ][A-Z][a-z]{2}[/ ]\\d{4}[\\d:+ ZUTCGM-]{9,20}"},
	{"time", TOKEN_TIME, "\\d{1,2}:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?" ZONE "?" END,
		"\\d{1,2}:\\d\\d:\\d\\d[\\d:.,+ZUTCGM-]{0,18}"},
	{"uuid", TOKEN_NUMBER, HEX "{8}-" HEX "{4}-" HEX "{4}-" HEX "{4}-" HEX "{12}" END,
		HEX "{8}-[0-9A-Fa-f-]{14}-" HEX "{12}"},
	{"ip", TOKEN_NAME, "\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}"
		"(?:[:/]\\d{1,5})?(?!\\w|\\.\\d)",
		"\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(?:[:/]\\d{1,5})?"},
	{"ip", TOKEN_NAME, "(?<![\\w:])(?=" HEX "{0,4}:)(?=[0-9A-Fa-f:]{0,37}::|(?:" HEX "{1,4}:){7})"
		"(?=:{0,2}" HEX "|::/)[0-9A-Fa-f:]{2,39}(?:\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})?(?:%[\\w.-]{1,15})?"
		"(?:/\\d{1,3})?(?![\\w:])",
		"[0-9A-Fa-f:.]{2,50}(?:%[\\w.-]{1,15})?(?:/\\d{1,3})?"},
	{"mail", TOKEN_NAME, "[\\w.+-]{1,64}@[A-Za-z0-9-]{1,63}\\.[A-Za-z0-9.-]{0,200}[A-Za-z0-9]" END,
		"[\\w.+-]{1,64}@[\\w.-]{3,265}"},
	{"url", TOKEN_NAME, "[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\\s\"'`<>]{0,400}[^\\s\"'`<>.,;:)\\]}]",
		"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\\s\"'`<>]{1,401}"},
	{"path", TOKEN_NAME, "(?<![\\w.])(?:[A-Za-z]:|~|\\.{1,2})?[/\\\\](?:" NAMED "{0,400}(?!\\.)" NAMED ")?",
		"(?:[A-Za-z]:|~|\\.{1,2})?[/\\\\]" NAMED "{0,401}"},
	{"path", TOKEN_NAME, "[\\w.@+-]{1,100}/[\\w.@+~-]{1,100}/[\\w.@+~/-]{0,300}\\w",
		"[\\w.@+-]{1,100}/[\\w.@+~/-]{3,402}"},
	{"quoted", TOKEN_NAME, QUOTED("\"")},
	{"quoted", TOKEN_NAME, WORDS("\"")},
	{"quoted", TOKEN_NAME, QUOTED("'")},
	{"quoted", TOKEN_NAME, WORDS("'")},
	{"quoted", TOKEN_NAME, QUOTED("`")},
	{"hex", TOKEN_NUMBER, "0[xX]" HEX "{1,64}" END, "0[xX]" HEX "{1,64}"},
	{"hex", TOKEN_NUMBER, "(?<![\\w.])(?=\\d{0,128}[A-Fa-f])(?=[A-Fa-f]{0,128}\\d)" HEX "{6,128}(?![\\w-])",
		HEX "{6,128}"},
	{"duration", TOKEN_NUMBER, "\\d{1,15}(?:\\.\\d{1,9})? ?" UNIT "(?:\\d{1,15}(?:\\.\\d{1,9})?" UNIT "){0,4}" END,
		"\\d[\\d.]{0,24} ?[a-z]{1,4}[\\d.a-z]{0,116}"},
	{"size", TOKEN_NUMBER, "\\d{1,20}(?:\\.\\d{1,9})?(?:[KMGTPkmgtp]i?[Bb]?|B)" END,
		"\\d[\\d.]{0,29}[A-Za-z]{1,3}"},
	{"num", TOKEN_NUMBER, "(?:(?<![\\w.])[+-])?\\d{1,30}(?:[.,]\\d{1,15}){0,4}" END,
		"[+-]?\\d[\\d.,]{0,100}"},
	/* Lower case with a digit: a host, a pod, a device. */
	{"host", TOKEN_NAME, "(?=(?:[a-z_-]{1,62}\\.){0,8}[a-z_-]{1,62}\\d|\\d[\\d.-]{0,50}[a-z])"
		"[a-z0-9][a-z0-9_-]{0,62}(?:\\.[a-z0-9_-]{1,63}){0,8}" END, "[\\w.-]{1,640}"},
	{"id", TOKEN_NAME, "(?=[A-Za-z_]{0,100}\\d)\\w{2,100}" END, "\\w{2,100}"},
	{NULL, TOKEN_TIME, NULL, NULL},
};
/* clang-format on */

/* Stands before the classes. */
#define CODE "(?:[A-Z]{1,10}-\\d{3,6}|[A-Z]{1,4}\\d{3,6}[A-Z]?)" END

/* Names of techniques, which are not those of hosts. */
static const char *const known[] = {
	"amd64", "arm64",  "base64", "ec2",   "ext3",	"ext4",	  "http2",
	"i18n",	 "ipv4",   "ipv6",   "k8s",   "log4j",	"md5",	  "oauth2",
	"p12",	 "pkcs12", "s3",     "sha1",  "sha256", "sha512", "utf8",
	"utf16", "x509",   "x86",    "x86_64"};

/* Words that any message may have. */
static const char *const common[] = {
	"about",   "after",    "alert",	 "and",	      "any",	"are",
	"before",  "been",     "but",	 "can",	      "cannot", "code",
	"could",   "critical", "date",	 "debug",     "did",	"does",
	"err",	   "error",    "errors", "exception", "fail",	"failed",
	"failure", "false",    "fatal",	 "for",	      "from",	"had",
	"has",	   "have",     "host",	 "info",      "into",	"its",
	"level",   "log",      "main",	 "message",   "msg",	"name",
	"new",	   "not",      "notice", "null",      "off",	"one",
	"out",	   "pid",      "reason", "service",   "severe", "severity",
	"status",  "that",     "the",	 "then",      "this",	"thread",
	"time",	   "trace",    "true",	 "type",      "unable", "unknown",
	"user",	   "value",    "warn",	 "warning",   "was",	"were",
	"when",	   "while",    "will",	 "with",      "you"};

static pcre2_code *finder;

static void make_finder(void)
{
	AUTO_BUF struct buf expr = BUF_INIT;
	PCRE2_SIZE where;
	int code;

	buf_addf(&expr, "%s(*:%d)", CODE, TOKEN_CODE);
	for (int i = 0; token_classes[i].name; i++)
		buf_addf(&expr, "|(?:%s)(*:%d)", token_classes[i].find,
			 TOKEN_CLASS + i);
	finder = pcre2_compile((PCRE2_SPTR)buf_str(&expr), expr.len,
			       PCRE2_ANCHORED, &code, &where, NULL);
	if (!finder) /* the expression is right: only memory can be short */
		mem_die();
	(void)pcre2_jit_compile(finder, PCRE2_JIT_COMPLETE);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_listed(struct slice word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == word.len &&
		    strncasecmp(list[i], word.ptr, word.len) == 0)
			return true;
	return false;
}

/* The length of the value at a place, 0 when none begins there. */
static size_t find_class(pcre2_match_data *match, struct slice line, size_t at,
			 unsigned *ret_kind)
{
	PCRE2_SPTR mark;
	size_t len;

	if (pcre2_match(finder, (PCRE2_SPTR)line.ptr, line.len, at, 0, match,
			NULL) < 0)
		return 0;
	mark = pcre2_get_mark(match);
	len = pcre2_get_ovector_pointer(match)[1] - at;
	if (!mark || !len)
		return 0;
	*ret_kind = 0;
	for (; is_digit((char)*mark); mark++)
		*ret_kind = *ret_kind * 10 + (unsigned)(*mark - '0');
	if (is_listed((struct slice){line.ptr + at, len}, known,
		      ARRAY_LEN(known)))
		*ret_kind = TOKEN_WORD;
	return len;
}

/* Bytes of letters, among them those of other scripts. */
static size_t word_len(struct slice line, size_t at, bool utf8)
{
	size_t i = at;

	while (i < line.len &&
	       (is_letter(line.ptr[i]) || (utf8 && (line.ptr[i] & 0x80)) ||
		(line.ptr[i] == '\'' && i > at && i + 1 < line.len &&
		 is_letter(line.ptr[i + 1]))))
		i++;
	return i - at;
}

static bool is_other(char c, bool utf8)
{
	return c == 0x7f || (c & 0x80 ? !utf8 : c >= 0 && c < ' ' && c != '\t');
}

static size_t run_len(struct slice line, size_t at, bool utf8, bool blank)
{
	size_t i = at;

	while (i < line.len &&
	       (blank ? line.ptr[i] == ' ' || line.ptr[i] == '\t'
		      : is_other(line.ptr[i], utf8)))
		i++;
	return i - at;
}

static struct token next_token(pcre2_match_data *match, struct slice line,
			       size_t at, bool utf8)
{
	struct token t = {.text = {line.ptr + at, 0}};
	char c = line.ptr[at];

	t.text.len = run_len(line, at, utf8, true);
	t.kind = TOKEN_SPACE;
	if (t.text.len)
		return t;
	t.kind = TOKEN_OTHER;
	t.text.len = run_len(line, at, utf8, false);
	if (t.text.len)
		return t;
	t.text.len = find_class(match, line, at, &t.kind);
	if (t.text.len)
		return t;
	t.kind = TOKEN_WORD;
	t.text.len = word_len(line, at, utf8);
	if (t.text.len)
		return t;
	t.kind = is_digit(c) ? TOKEN_OTHER : TOKEN_PUNCT;
	t.text.len = 1;
	/* Digits that no class takes are too many for any. */
	while (is_digit(c) && at + t.text.len < line.len &&
	       is_digit(line.ptr[at + t.text.len]))
		t.text.len++;
	return t;
}

size_t token_read(struct slice line, bool utf8, struct token *ret, size_t max)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pcre2_match_data *match;
	size_t count = 0, at = 0;

	(void)pthread_once(&once, make_finder);
	match = pcre2_match_data_create(1, NULL);
	if (!match)
		mem_die();
	while (at < line.len && count < max) {
		ret[count] = next_token(match, line, at, utf8);
		at += ret[count++].text.len;
	}
	pcre2_match_data_free(match);
	return count;
}

bool token_is_long(const struct token *t)
{
	switch (t->kind) {
	case TOKEN_WORD:
		return t->text.len > TOKEN_MAX_WORD;
	case TOKEN_SPACE:
		return t->text.len > TOKEN_MAX_SPACE;
	case TOKEN_OTHER:
		return t->text.len > TOKEN_MAX_OTHER;
	default:
		return false;
	}
}

bool token_is_specific(const struct token *t)
{
	if (t->kind != TOKEN_WORD)
		return t->kind == TOKEN_CODE;
	return t->text.len >= 3 &&
	       !is_listed(t->text, common, ARRAY_LEN(common));
}
