/* pattern-code.c - one expression, compiled by PCRE2 and matched by it. */
#include "pattern-code.h"

#include <oncall/mem.h>
#include <oncall/utf8.h>

#include "pattern-internal.h"

/* Bytes of a message of PCRE2. */
#define MESSAGE_MAX 160

static pcre2_code *compile(struct slice text, uint32_t options, int *ret_error,
			   size_t *ret_at)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	if (!context)
		mem_die();
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	(void)pcre2_set_max_pattern_length(context, PATTERN_MAX_EXPR);
	(void)pcre2_set_parens_nest_limit(context, 250);
	options |= PCRE2_MULTILINE;
	options |= PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES;
	code = pcre2_compile((PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len,
			     options, ret_error, ret_at, context);
	if (!code && *ret_error == PCRE2_ERROR_HEAP_FAILED)
		mem_die();
	pcre2_compile_context_free(context);
	return code;
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

/* Does it say itself that it wants characters, by (*UTF)? */
static bool wants_utf(const pcre2_code *code)
{
	uint32_t options = 0;

	(void)pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
	return options & PCRE2_UTF;
}

static void read_names(struct pattern_code *re)
{
	const unsigned char *entry = NULL;
	uint32_t size = 0;

	(void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT,
				 &re->name_count);
	(void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	(void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &entry);
	if (!re->name_count)
		return;
	re->names = mem_alloc(re->name_count * sizeof(*re->names));
	/* An entry is two bytes of number, the name, a NUL. */
	for (uint32_t i = 0; i < re->name_count; i++, entry += size) {
		re->names[i].group = (uint32_t)entry[0] << 8 | entry[1];
		re->names[i].text = slice_of((const char *)entry + 2);
		re->names[i].again =
			i && slice_eq(re->names[i].text, re->names[i - 1].text);
	}
}

/*
 * Bytes unless the text names a character that no byte is. Text that is not
 * ASCII, but no UTF-8 either, is meant as bytes.
 */
int pattern_code_compile(struct pattern_code *re, struct slice text,
			 uint32_t options, struct err *err)
{
	PCRE2_UCHAR message[MESSAGE_MAX];
	size_t at = 0;
	int error = 0;

	*re = (struct pattern_code){.code = NULL};
	atomic_init(&re->jit, PATTERN_JIT_NOT_YET);
	re->utf = !is_ascii(text) && utf8_valid(text.ptr, text.len);
	if (!re->utf) {
		re->code = compile(text, options, &error, &at);
		re->utf =
			re->code
				? wants_utf(re->code)
				: error == PCRE2_ERROR_CODE_POINT_TOO_BIG ||
					  error ==
						  PCRE2_ERROR_BACKSLASH_U_CODE_POINT_TOO_BIG ||
					  error ==
						  PCRE2_ERROR_SUPPORTED_ONLY_IN_UNICODE;
	}
	if (re->utf) {
		pattern_code_done(re);
		re->code = compile(
			text, options | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF,
			&error, &at);
	}
	if (re->code) {
		re->text = mem_dup_bytes(text.ptr, text.len);
		re->len = text.len;
		re->options = options;
		read_names(re);
		return 0;
	}
	(void)pcre2_get_error_message(error, message, sizeof(message));
	return err_set(err, ERR_USAGE, "at offset %zu: %s", at,
		       (const char *)message);
}

void pattern_code_done(struct pattern_code *re)
{
	pcre2_code_free(re->code);
	pcre2_code_free(atomic_load(&re->guarded));
	free(re->names);
	free(re->text);
	free(re->ways);
	re->code = NULL;
	atomic_store(&re->guarded, NULL);
	re->names = NULL;
	re->text = NULL;
	re->ways = NULL;
}

pcre2_code *pattern_code_again(const struct pattern_code *re, uint32_t more)
{
	uint32_t utf = re->utf ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : 0;
	size_t at;
	int error;

	return compile((struct slice){re->text, re->len},
		       re->options | utf | more, &error, &at);
}

/* What is never matched is never compiled for the processor, which takes as
 * long as a thousand lines; several threads may come here at once. */
static int make_jit(struct pattern_code *re, const struct pattern_set *set)
{
	/* The lock belongs to the set, which is otherwise only read here. */
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&set->lock;
	int state;

	(void)pthread_mutex_lock(lock);
	state = atomic_load(&re->jit);
	if (state == PATTERN_JIT_NOT_YET) {
		state = pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0
				? PATTERN_JIT_READY
				: PATTERN_JIT_NONE;
		re->ways =
			pattern_ways_new((struct slice){re->text, re->len},
					 re->options & PCRE2_CASELESS, re->utf);
		atomic_store_explicit(&re->jit, state, memory_order_release);
	}
	(void)pthread_mutex_unlock(lock);
	return state;
}

int pattern_code_match(struct pattern_code *re, struct slice line, size_t from,
		       struct pattern_scratch *s, pcre2_match_data *data)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(line.ptr ? line.ptr : "");
	int state = atomic_load_explicit(&re->jit, memory_order_acquire);
	int rc;

	if (state == PATTERN_JIT_NOT_YET)
		state = make_jit(re, s->set);
	if (line.len > re->ways->quick_len && !pattern_ways_few(re->ways, line))
		return pattern_guard_match(re, line, s, data);
	if (state == PATTERN_JIT_READY && !re->utf)
		rc = pcre2_jit_match(re->code, text, line.len, from, 0, data,
				     s->context);
	else
		rc = pcre2_match(re->code, text, line.len, from, 0, data,
				 s->context);
	/* The interpreter has its memory on the heap, with a limit. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(re->code, text, line.len, from, PCRE2_NO_JIT,
				 data, s->context);
	if (rc == PCRE2_ERROR_NOMEMORY)
		mem_die();
	return rc;
}
