/* severity.c - the names of the severities, and what others call them. */
#include <oncall/severity.h>

#define WORD_MAX 16 /* with a NUL behind it */

const char *const severity_names[] = {
	[SEVERITY_INFO] = "info",	  [SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",	  [SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical", NULL,
};

static const struct word {
	char text[WORD_MAX];
	enum severity severity;
} words[] = {
	{"info", SEVERITY_INFO},
	{"error", SEVERITY_HIGH},
	{"warn", SEVERITY_MEDIUM},
	{"warning", SEVERITY_MEDIUM},
	{"debug", SEVERITY_INFO},
	{"err", SEVERITY_HIGH},
	{"fatal", SEVERITY_CRITICAL},
	{"critical", SEVERITY_CRITICAL},
	{"crit", SEVERITY_CRITICAL},
	{"notice", SEVERITY_LOW},
	{"trace", SEVERITY_INFO},
	{"i", SEVERITY_INFO},
	{"e", SEVERITY_HIGH},
	{"w", SEVERITY_MEDIUM},
	{"f", SEVERITY_CRITICAL},
	{"d", SEVERITY_INFO},
	{"n", SEVERITY_LOW},
	{"c", SEVERITY_CRITICAL},
	{"emerg", SEVERITY_CRITICAL},
	{"emergency", SEVERITY_CRITICAL},
	{"alert", SEVERITY_CRITICAL},
	{"panic", SEVERITY_CRITICAL},
	{"dpanic", SEVERITY_CRITICAL}, /* zap */
	{"fault", SEVERITY_CRITICAL},  /* Apple */
	{"high", SEVERITY_HIGH},
	{"severe", SEVERITY_HIGH}, /* java.util.logging */
	{"failure", SEVERITY_HIGH},
	{"eror", SEVERITY_HIGH}, /* log15 and geth write four letters */
	{"medium", SEVERITY_MEDIUM},
	{"low", SEVERITY_LOW},
	{"note", SEVERITY_INFO}, /* MySQL */
	{"dbug", SEVERITY_INFO},
	{"fine", SEVERITY_INFO},
	{"finer", SEVERITY_INFO},
	{"finest", SEVERITY_INFO},
	{"config", SEVERITY_INFO},
	{"information", SEVERITY_INFO},
	{"informational", SEVERITY_INFO},
	{"verbose", SEVERITY_INFO},
	{"success", SEVERITY_INFO},
	{"log", SEVERITY_INFO}, /* PostgreSQL */
};

const char *severity_name(enum severity s)
{
	return severity_names[s];
}

bool severity_parse(struct slice text, enum severity *ret)
{
	for (unsigned i = 0; severity_names[i]; i++) {
		if (slice_is(text, severity_names[i])) {
			*ret = (enum severity)i;
			return true;
		}
	}
	return false;
}

_Static_assert(ARRAY_LEN(words) < 64, "a bit for each, and one more");

/* The words of each length that begin with each letter, a bit each: nearly all
 * text that is asked about is no level. */
static _Thread_local uint64_t words_like[WORD_MAX][32];

/* But for upper and lower case; the word has only letters. */
static bool is_word(struct slice text, const struct word *w)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.ptr[i] | 0x20) != w->text[i])
			return false;
	return true;
}

static __attribute__((noinline)) bool find_word(struct slice text,
						uint64_t like,
						enum severity *ret)
{
	for (; like; like &= like - 1) {
		const struct word *w = &words[__builtin_ctzll(like)];

		if (is_word(text, w)) {
			*ret = w->severity;
			return true;
		}
	}
	return false;
}

static __attribute__((noinline)) bool first_level(struct slice text,
						  enum severity *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words_like[strlen(words[i].text)][*words[i].text & 31] |=
			UINT64_C(1) << i;
	words_like[0][0] = 1; /* no word is empty */
	return severity_of_level(text, ret);
}

/* Each call is the last thing that is done, so that saying no takes little. */
bool severity_of_level(struct slice text, enum severity *ret)
{
	uint64_t like;

	if (text.len == 0 || text.len >= WORD_MAX)
		return false;
	if (text.len == 1 && *text.ptr >= '0' && *text.ptr <= '9')
		return severity_of_number(*text.ptr - '0',
					  SEVERITY_SCALE_SYSLOG, ret);
	if (!words_like[0][0])
		return first_level(text, ret);
	like = words_like[text.len][*text.ptr & 31];
	return like && find_word(text, like, ret);
}

/* The highest number of a range and what all of it means, in rising order. */
struct step {
	int64_t last;
	enum severity severity;
};

bool severity_of_number(int64_t number, enum severity_scale scale,
			enum severity *ret)
{
	static const struct step steps[][6] = {
		[SEVERITY_SCALE_SYSLOG] = {{2, SEVERITY_CRITICAL},
					   {3, SEVERITY_HIGH},
					   {4, SEVERITY_MEDIUM},
					   {5, SEVERITY_LOW},
					   {7, SEVERITY_INFO}},
		/* As OpenTelemetry places the levels of syslog in its own. */
		[SEVERITY_SCALE_OTEL] = {{9, SEVERITY_INFO},
					 {12, SEVERITY_LOW},
					 {16, SEVERITY_MEDIUM},
					 {17, SEVERITY_HIGH},
					 {24, SEVERITY_CRITICAL}},
		[SEVERITY_SCALE_PINO] = {{39, SEVERITY_INFO},
					 {49, SEVERITY_MEDIUM},
					 {59, SEVERITY_HIGH},
					 {69, SEVERITY_CRITICAL}},
		[SEVERITY_SCALE_PYTHON] = {{29, SEVERITY_INFO},
					   {39, SEVERITY_MEDIUM},
					   {49, SEVERITY_HIGH},
					   {59, SEVERITY_CRITICAL}},
	};
	static const int64_t first[] = {
		[SEVERITY_SCALE_SYSLOG] = 0,
		[SEVERITY_SCALE_OTEL] = 1,
		[SEVERITY_SCALE_PINO] = 10,
		[SEVERITY_SCALE_PYTHON] = 1,
	};

	if (number < first[scale])
		return false;
	for (const struct step *s = steps[scale]; s->last; s++) {
		if (number <= s->last) {
			*ret = s->severity;
			return true;
		}
	}
	return false;
}
