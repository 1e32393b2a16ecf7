/* mem.c - allocation that cannot fail; the only exit in the library. */
#include <oncall/mem.h>

#include <errno.h>
#include <stdio.h>

#include <jansson.h>

#define OUT_OF_MEMORY ": out of memory\n"
#define NAME_MAX_LEN  64

/*
 * Jansson reports a failed allocation as bad input, which a filter would skip:
 * it has to die like everything else.
 */
void mem_init(void)
{
	json_set_alloc_funcs(mem_alloc, free);
}

void *mem_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		mem_die();
	return p;
}

void *mem_zero(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		mem_die();
	return p;
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(count, size, &total))
		mem_die();
	p = realloc(ptr, total ? total : 1);
	if (!p)
		mem_die();
	return p;
}

char *mem_dup(const char *s)
{
	return s ? mem_dup_bytes(s, strlen(s)) : NULL;
}

char *mem_dup_slice(struct slice s)
{
	return s.ptr ? mem_dup_bytes(s.ptr, s.len) : NULL;
}

char *mem_dup_bytes(const char *p, size_t len)
{
	char *copy = mem_alloc(len + 1);

	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

char *mem_vprintf(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		mem_die();
	return text;
}

char *mem_printf(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	return text;
}

void mem_die(void)
{
	char line[NAME_MAX_LEN + sizeof(OUT_OF_MEMORY)];
	size_t len = strnlen(program_invocation_short_name, NAME_MAX_LEN);

	memcpy(line, program_invocation_short_name, len);
	memcpy(line + len, OUT_OF_MEMORY, sizeof(OUT_OF_MEMORY) - 1);
	len += sizeof(OUT_OF_MEMORY) - 1;
	if (write(STDERR_FILENO, line, len) < 0)
		_exit(4); /* nobody is left to tell; the status is the same */
	_exit(4);
}
