/* join-rules.c - which lines belong together, as options and presets say. */
#include "join-internal.h"

#include <oncall/mem.h>

const char *const join_presets[] = {"java",	  "python", "go", "node",
				    "postgresql", "indent", NULL};

static const struct join_preset presets[] = {
	{"java", join_java, NULL},
	{"python", join_python, NULL},
	{"go", join_go, NULL},
	{"node", join_node, NULL},
	{"postgresql", join_postgresql, join_postgresql_session},
	{"indent", NULL, NULL},
};

const struct join_preset *join_preset_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (!strcmp(presets[i].name, name))
			return &presets[i];
	return NULL;
}

static int expression(struct pattern_code *re, const char *name,
		      const char *text, struct err *err)
{
	if (!text)
		return 0;
	if (pattern_code_compile(re, slice_of(text), false, err))
		return err_prefix(err, "%s: '%s'", name, text);
	/* Without a compiler for this processor it is only slower. */
	(void)pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);
	return 0;
}

static int check_session(const struct join_rules *r, struct err *err)
{
	uint32_t groups = 0;

	if (!r->session.code)
		return 0;
	(void)pcre2_pattern_info(r->session.code, PCRE2_INFO_CAPTURECOUNT,
				 &groups);
	if (groups)
		return 0;
	return err_set(err, ERR_USAGE,
		       "session: no group: put what names the event into "
		       "( and )");
}

static int find_preset(struct join_rules *r, const char *name, struct err *err)
{
	if (!name)
		return 0;
	r->preset = join_preset_find(name);
	if (!r->preset)
		return err_set(err, ERR_USAGE,
			       "no preset '%s' to join lines: java, python, "
			       "go, node, postgresql or indent",
			       name);
	if (!r->preset->goes_on) {
		r->indent = true;
		r->preset = NULL;
	}
	return 0;
}

int join_rules_init(struct join_rules *r, const struct join_options *opt,
		    struct err *err)
{
	*r = (struct join_rules){.indent = opt->indent};
	if (find_preset(r, opt->preset, err) ||
	    expression(&r->start, "event-start", opt->start, err) ||
	    expression(&r->go_on, "event-continues", opt->go_on, err) ||
	    expression(&r->end, "event-end", opt->end, err) ||
	    expression(&r->session, "session", opt->session, err) ||
	    check_session(r, err))
		return -1;
	if (!r->preset && !r->indent && !r->start.code && !r->go_on.code &&
	    !r->end.code && !r->session.code)
		return err_set(err, ERR_USAGE,
			       "nothing says which lines belong together");
	r->sessions = r->session.code || (r->preset && r->preset->session);
	r->data = pcre2_match_data_create(2, NULL);
	r->context = pcre2_match_context_create(NULL);
	if (!r->data || !r->context)
		mem_die();
	(void)pcre2_set_match_limit(r->context, PATTERN_MATCH_LIMIT);
	(void)pcre2_set_heap_limit(r->context, PATTERN_HEAP_LIMIT);
	return 0;
}

void join_rules_done(struct join_rules *r)
{
	pattern_code_done(&r->start);
	pattern_code_done(&r->go_on);
	pattern_code_done(&r->end);
	pattern_code_done(&r->session);
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->context);
}

/* What passes the match limit does not match: a line is then only joined with
 * too few others. */
static bool matches(const struct join_rules *r, const struct pattern_code *re,
		    struct slice line)
{
	if (!re->code)
		return false;
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return pcre2_match(re->code, (PCRE2_SPTR)(line.ptr ? line.ptr : ""),
			   line.len, 0, 0, r->data, r->context) >= 0;
}

bool join_rules_session(const struct join_rules *r, struct slice line,
			struct slice *ret)
{
	const size_t *at;

	if (!r->session.code)
		return r->preset && r->preset->session &&
		       r->preset->session(line, ret);
	if (!matches(r, &r->session, line))
		return false;
	at = pcre2_get_ovector_pointer(r->data);
	if (at[2] == PCRE2_UNSET || at[3] < at[2])
		return false;
	*ret = (struct slice){line.ptr + at[2], at[3] - at[2]};
	return true;
}

static bool begins_blank(struct slice line)
{
	return line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
}

struct join_answer join_rules_judge(const struct join_rules *r,
				    struct slice line, bool keyed,
				    const struct join_open *open)
{
	/* A preset knows best which lines may begin something. */
	enum join_verdict other =
		r->start.code && !r->preset ? JOIN_ALONE : JOIN_BEGINS;
	bool told = r->go_on.code || r->indent || r->preset;
	struct join_answer a = {.verdict = other};
	bool goes_on = matches(r, &r->go_on, line) ||
		       (r->indent && begins_blank(line));

	bool begins = matches(r, &r->start, line);

	if (r->preset)
		goes_on |= r->preset->goes_on(line, begins ? NULL : open,
					      &a.state);
	if (begins)
		a.verdict = JOIN_BEGINS;
	else if (open && (told ? goes_on : keyed))
		a.verdict = JOIN_GOES_ON;
	else if (!keyed && !told)
		a.verdict = JOIN_ALONE;
	if (a.verdict != JOIN_ALONE)
		a.ends = matches(r, &r->end, line);
	return a;
}
