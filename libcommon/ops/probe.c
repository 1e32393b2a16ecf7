/* probe.c - probes of the configuration, their history, their detections. */
#include "probe-internal.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include <oncall/cli.h>
#include <oncall/clock.h>
#include <oncall/detection.h>
#include <oncall/http.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/redact.h>
#include <oncall/show.h>
#include <oncall/signals.h>
#include <oncall/when.h>

#define KEY_MAX 256

struct probe_set {
	struct probe *probes;
	size_t count;
	/* Of a run: the probes that are due, and the next to look at. */
	struct probe **due;
	size_t due_count, next;
	int64_t now;
	pthread_mutex_t lock;
};

void probe_set_free(struct probe_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		free(s->probes[i].name);
		free(s->probes[i].argv);
		pattern_set_free(s->probes[i].body_set);
		buf_done(&s->probes[i].why);
	}
	(void)pthread_mutex_destroy(&s->lock);
	free(s->probes);
	free(s->due);
	free(s);
}

static const char *key(char out[KEY_MAX], const char *name, const char *member)
{
	(void)snprintf(out, KEY_MAX, "probes.%s.%s", name, member);
	return out;
}

static void read_command(struct probe *p, const struct config *c)
{
	char k[KEY_MAX];
	size_t n = 0;

	(void)key(k, p->name, "command");
	while (config_item(c, k, n))
		n++;
	p->argv = mem_zero(n + 1, sizeof(*p->argv));
	for (size_t i = 0; i < n; i++)
		p->argv[i] = (char *)(uintptr_t)config_item(c, k, i);
}

/* libcurl would take what is not HOST:PORT for something else. */
static int check_address(const struct probe *p, struct err *err)
{
	const char *colon = strrchr(p->target, ':');
	struct err why = ERR_INIT;
	int64_t port;

	if (colon && colon > p->target && !strpbrk(p->target, "/@?#\\ ") &&
	    cli_parse_int(colon + 1, 1, UINT16_MAX, &port, &why) == 0)
		return 0;
	return err_set(err, ERR_USAGE, "probe '%s': '%s' is not HOST:PORT",
		       p->name, p->target);
}

static int read_body(struct probe *p, struct err *err)
{
	const struct slice expr = slice_of(p->body ? p->body : "");
	const struct pattern_rule rule = {
		.id = "body", .exprs = &expr, .expr_count = 1};

	if (!p->body)
		return 0;
	if (pattern_set_new(&p->body_set, &rule, 1, NULL, err) < 0)
		return err_prefix(err, "probe '%s'", p->name);
	return 0;
}

static int read_target(struct probe *p, const struct config *c, struct err *err)
{
	static const struct {
		const char *member;
		enum probe_kind kind;
	} kinds[] = {
		{"url", PROBE_HTTP}, {"tcp", PROBE_TCP}, {"tls", PROBE_TLS}};
	char k[KEY_MAX];
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *target =
			config_str(c, key(k, p->name, kinds[i].member));

		if (!target)
			continue;
		found++;
		p->kind = kinds[i].kind;
		p->target = target;
	}
	read_command(p, c);
	if (p->argv[0]) {
		found++;
		p->kind = PROBE_COMMAND;
		p->target = p->argv[0];
	}
	if (found != 1)
		return err_set(err, ERR_USAGE,
			       "probe '%s' must have one of url, tcp, tls and "
			       "command",
			       p->name);
	if ((p->kind == PROBE_TCP || p->kind == PROBE_TLS) &&
	    check_address(p, err) < 0)
		return -1;
	/* What is missing here says nothing of what is looked at. */
	return p->kind == PROBE_COMMAND ? 0 : http_ready(NULL, err);
}

static int read_probe(struct probe *p, const struct config *c, struct err *err)
{
	const char *name = p->name;
	char k[KEY_MAX];
	const char *severity;

	if (strlen(name) > KEY_MAX / 2)
		return err_set(err, ERR_USAGE, "'%s': too long for a name",
			       name);
	if (read_target(p, c, err) < 0)
		return -1;
	p->service = config_str(c, key(k, name, "service"));
	p->host = config_str(c, key(k, name, "host"));
	p->ca_file = config_str(c, key(k, name, "ca_file"));
	p->body = config_str(c, key(k, name, "body"));
	p->status = config_int(c, key(k, name, "status"));
	p->latency_ms = config_duration(c, key(k, name, "latency"));
	p->timeout_ms = config_duration(c, key(k, name, "timeout"));
	p->every_ms = config_duration(c, key(k, name, "every"));
	p->failures = config_int(c, key(k, name, "failures"));
	p->of = config_int(c, key(k, name, "of"));
	severity = config_str(c, key(k, name, "severity"));
	(void)severity_parse(slice_of(severity), &p->severity);
	if (p->of < p->failures)
		p->of = p->failures;
	return read_body(p, err);
}

static bool is_wanted(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return !count;
}

static int check_names(const struct config *c, const char *const *names,
		       size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *known;
		size_t k = 0;

		while ((known = config_item(c, "probes", k)) &&
		       strcmp(known, names[i]) != 0)
			k++;
		if (!known)
			return err_set(err, ERR_USAGE,
				       "the configuration has no probe '%s'",
				       names[i]);
	}
	return 0;
}

int probe_set_new(struct probe_set **ret, const struct config *c,
		  const char *const *names, size_t count, struct err *err)
{
	AUTO_PROBE_SET struct probe_set *s = mem_zero(1, sizeof(*s));
	const char *name;

	(void)pthread_mutex_init(&s->lock, NULL);
	if (check_names(c, names, count, err) < 0)
		return -1;
	while ((name = config_item(c, "probes", s->count))) {
		struct probe *p;

		s->probes =
			mem_resize(s->probes, s->count + 1, sizeof(*s->probes));
		p = &s->probes[s->count++];
		*p = (struct probe){.name = mem_dup(name),
				    .wanted = is_wanted(name, names, count),
				    .expires = WHEN_NONE,
				    .ran_at = WHEN_NONE};
		if (p->wanted && read_probe(p, c, err) < 0)
			return -1;
	}
	if (!s->count)
		return err_set(err, ERR_USAGE,
			       "the configuration has no probes");
	s->due = mem_zero(s->count, sizeof(struct probe *));
	*ret = TAKE_PTR(s);
	return 0;
}

int64_t probe_set_next(const struct probe_set *s)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < s->count; i++)
		if (s->probes[i].wanted && s->probes[i].due_at < next)
			next = s->probes[i].due_at;
	return next;
}

/* Commands are left to the first thread: they fork. */
static struct probe *take_due(struct probe_set *s, bool commands)
{
	struct probe *found = NULL;

	(void)pthread_mutex_lock(&s->lock);
	while (s->next < s->due_count && !found) {
		found = s->due[s->next++];
		if ((found->kind == PROBE_COMMAND) != commands)
			found = NULL;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return found;
}

static void *look_at_some(void *arg)
{
	struct probe_set *s = arg;
	struct probe *p;

	while ((p = take_due(s, false)))
		probe_look(p, s->now);
	return NULL;
}

static void look_at_due(struct probe_set *s)
{
	pthread_t threads[PROBE_THREADS];
	size_t started = 0;
	struct probe *p;

	s->next = 0;
	while ((p = take_due(s, true)))
		probe_look(p, s->now);
	s->next = 0;
	while (started + 1 < PROBE_THREADS && started + 1 < s->due_count &&
	       pthread_create(&threads[started], NULL, look_at_some, s) == 0)
		started++;
	(void)look_at_some(s);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
}

static void note_result(struct probe *p)
{
	uint64_t kept = p->of >= PROBE_OF_MAX
				? UINT64_MAX
				: (UINT64_C(1) << (unsigned)p->of) - 1;

	p->history = (p->history << 1 | !p->ok) & kept;
}

static bool is_failing(const struct probe *p)
{
	return !p->ok && __builtin_popcountll(p->history) >= p->failures;
}

/* An address may have a password in it, and so may what a command says. */
static void write_shown(struct buf *out, const char *key, struct slice text)
{
	AUTO_BUF struct buf shown = BUF_INIT;

	(void)redact_text(&shown, text.ptr, text.len);
	jwrite_text(out, key, buf_slice(&shown));
}

static void write_fields(const struct probe *p, struct buf *out)
{
	jwrite_open(out, "fields", '{');
	jwrite_int(out, "took_ms", p->took_ms);
	jwrite_int(out, "failed", __builtin_popcountll(p->history));
	jwrite_int(out, "of", p->of);
	jwrite_time_opt(out, "expires", p->expires);
	jwrite_close(out, '}');
}

static void write_detection(const struct probe *p, struct buf *out)
{
	const struct slice identity[] = {SLICE_LIT("probe"), slice_of(p->name)};
	char fingerprint[DETECTION_FINGERPRINT];
	AUTO_BUF struct buf text = BUF_INIT;

	detection_fingerprint(fingerprint, identity, ARRAY_LEN(identity));
	buf_addf(&text, "probe:%s:%" PRId64, p->name, p->ran_at);
	jwrite_record(out, "detection", buf_slice(&text), p->ran_at);
	jwrite_open(out, "source", '{');
	jwrite_str(out, "kind", "probe");
	write_shown(out, "path", slice_of(p->target));
	jwrite_close(out, '}');
	jwrite_time(out, "event_time", p->ran_at);
	jwrite_str(out, "kind", "probe");
	buf_reset(&text);
	buf_addf(&text, "probe-%s", p->name);
	jwrite_text(out, "pattern", buf_slice(&text));
	buf_reset(&text);
	buf_addf(&text, "%s: %s", p->name, buf_str(&p->why));
	write_shown(out, "title", buf_slice(&text));
	jwrite_str(out, "severity", severity_name(p->found));
	jwrite_str(out, "category", p->kind == PROBE_TLS ? "tls" : "probe");
	jwrite_str(out, "service", p->service ? p->service : p->name);
	jwrite_str_opt(out, "host", p->host);
	write_shown(out, "message", buf_slice(&p->why));
	write_fields(p, out);
	jwrite_int(out, "count", 1);
	jwrite_str(out, "fingerprint", fingerprint);
	jwrite_close(out, '}');
}

int probe_set_run(struct probe_set *s, int64_t now, struct record_writer *out,
		  struct err *err)
{
	int64_t mono = clock_mono();
	int failing = 0;

	s->now = now;
	s->due_count = 0;
	for (size_t i = 0; i < s->count; i++)
		if (s->probes[i].wanted && s->probes[i].due_at <= mono)
			s->due[s->due_count++] = &s->probes[i];
	look_at_due(s);
	/* A look that a stop cut short says nothing of what it looked at. */
	if (signals_stop())
		s->due_count = 0;
	for (size_t i = 0; i < s->due_count; i++) {
		struct probe *p = s->due[i];

		p->due_at = mono + p->every_ms;
		note_result(p);
		if (!is_failing(p))
			continue;
		failing++;
		if (!out)
			continue;
		write_detection(p, &out->out);
		record_write_end(out);
	}
	return out && record_flush(out, err) < 0 ? -1 : failing;
}

void probe_set_print(const struct probe_set *s, struct buf *out)
{
	for (size_t i = 0; i < s->due_count; i++) {
		const struct probe *p = s->due[i];
		AUTO_BUF struct buf why = BUF_INIT;

		(void)redact_text(&why, buf_str(&p->why), p->why.len);
		show_text(out, p->name, strlen(p->name), 0);
		buf_add_str(out, ": ");
		if (p->ok)
			buf_add_str(out, "good");
		else
			show_text(out, buf_str(&why), why.len, 0);
		buf_addf(out, " (%" PRId64 " ms)\n", p->took_ms);
	}
}

void probe_set_save(const struct probe_set *s, struct buf *out)
{
	jwrite_open(out, NULL, '{');
	for (size_t i = 0; i < s->count; i++) {
		const struct probe *p = &s->probes[i];

		jwrite_int(out, p->name, (int64_t)p->history);
	}
	jwrite_close(out, '}');
}

int probe_set_load(struct probe_set *s, struct slice json, struct err *err)
{
	struct jscan all = {.members = NULL};
	int failed = jscan_object(&all, json.ptr, json.len, err);

	for (size_t i = 0; i < s->count && !failed; i++) {
		const struct jscan_member *m =
			jscan_get(&all, s->probes[i].name);
		int64_t bits;

		if (s->probes[i].ran_at != WHEN_NONE)
			continue;
		if (m && jscan_int(m->value, &bits) == 0)
			s->probes[i].history = (uint64_t)bits;
	}
	jscan_done(&all);
	return failed;
}
