/*
 * action-hash.c - one number for all that a call runs. Each text is preceded by
 * its length, so that no two calls have the same bytes.
 */
#include "action-call-internal.h"

#include <sys/stat.h>

#include <oncall/hash.h>

#define PROGRAM_MAX ((size_t)64 * 1024 * 1024)

static void add_number(struct hash_sha256 *h, uint64_t n)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(n >> (8 * i));
	hash_sha256_add(h, bytes, sizeof(bytes));
}

static void add_text(struct hash_sha256 *h, const char *text)
{
	add_number(h, text ? strlen(text) : UINT64_MAX);
	if (text)
		hash_sha256_add(h, text, strlen(text));
}

static void add_list(struct hash_sha256 *h, char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	add_number(h, n);
	for (size_t i = 0; i < n; i++)
		add_text(h, list[i]);
}

static void add_codes(struct hash_sha256 *h, const int *codes, size_t n)
{
	add_number(h, n);
	for (size_t i = 0; i < n; i++)
		add_number(h, (uint64_t)codes[i]);
}

static int add_program(struct hash_sha256 *h, const char *path, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(2 * PROGRAM_MAX);
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (config_safe_read(path, PROGRAM_MAX, NULL, &text, err) < 0)
		return -1;
	add_number(h, text.len);
	if (text.len)
		hash_sha256_add(h, text.data, text.len);
	return 0;
}

static int add_programs(struct hash_sha256 *h, const struct action *a,
			char *const *argv, struct err *err)
{
	size_t n = strlen(a->pack_dir);

	for (size_t i = 0; argv && argv[i] && n > 1; i++)
		if (!strncmp(argv[i], a->pack_dir, n) && argv[i][n] == '/' &&
		    add_program(h, argv[i], err) < 0)
			return -1;
	return 0;
}

static int add_steps(struct hash_sha256 *h, const struct action *a,
		     const struct action_steps *steps, struct err *err)
{
	add_number(h, steps->count);
	for (size_t i = 0; i < steps->count; i++) {
		const struct action_step *s = &steps->items[i];

		add_number(h, (uint64_t)s->kind);
		add_number(h, s->shell);
		add_list(h, s->argv);
		add_text(h, s->input);
		add_text(h, s->method);
		add_text(h, s->url);
		add_list(h, s->headers);
		add_text(h, s->body);
		add_text(h, s->expect);
		add_codes(h, s->statuses, s->status_count);
		add_codes(h, s->exits, s->exit_count);
		add_number(h, (uint64_t)s->wait_ms);
		if (add_programs(h, a, s->argv, err) < 0)
			return -1;
	}
	return 0;
}

static int add_check(struct hash_sha256 *h, const struct action *a,
		     const struct action_check *c, struct err *err)
{
	add_number(h, (uint64_t)c->within_ms);
	add_number(h, (uint64_t)c->every_ms);
	return add_steps(h, a, &c->steps, err);
}

int action_call_hash(const struct action_call *c, char ret[65], struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	const struct action *a = c->action;
	unsigned char sum[HASH_SHA256_SIZE];
	struct hash_sha256 h;

	hash_sha256_start(&h);
	add_text(&h, a->id);
	add_text(&h, c->variant->name);
	add_text(&h, c->params);
	add_text(&h, c->target);
	add_list(&h, c->env);
	add_text(&h, a->dir);
	add_text(&h, a->run_as);
	add_number(&h, (uint64_t)a->timeout_ms);
	add_number(&h, (uint64_t)a->grace_ms);
	add_number(&h, (uint64_t)a->settle_ms);
	add_number(&h, a->cpu_seconds);
	add_number(&h, a->memory_bytes);
	add_number(&h, a->file_bytes);
	add_number(&h, a->open_files);
	if (add_steps(&h, a, &c->run, err) < 0 ||
	    add_steps(&h, a, &c->rollback, err) < 0 ||
	    add_check(&h, a, &c->before, err) < 0 ||
	    add_check(&h, a, &c->after, err) < 0)
		return -1;
	hash_sha256_end(&h, sum);
	for (size_t i = 0; i < sizeof(sum); i++) {
		ret[2 * i] = digits[sum[i] >> 4];
		ret[2 * i + 1] = digits[sum[i] & 15];
	}
	ret[64] = '\0';
	return 0;
}
