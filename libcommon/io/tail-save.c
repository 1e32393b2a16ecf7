/*
 * tail-save.c - the state, from which reading goes on where it ended:
 *
 *	{"operands":{HASH:NS...},"streams":[{"path":...,"id":...,...}...]}
 *
 * Streams of one path stand in their order, oldest first. The operands tell
 * what appeared while nobody looked from what was never followed.
 */
#include "tail-parts.h"

#include <oncall/clock.h>
#include <oncall/hash.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/utf8.h>

/* A path that JSON would not give back, or only at length, is told by a hash
 * that no other path can look like. */
static void path_key(struct buf *out, const char *path)
{
	size_t n = strlen(path);
	bool plain = n <= TAIL_PATH_MAX && utf8_valid(path, n) && *path != '#';
	char hash[HASH_HEX];

	for (size_t i = 0; i < n && plain; i++)
		plain = (unsigned char)path[i] >= ' ' && path[i] != '\x7f';
	buf_reset(out);
	if (plain) {
		buf_add(out, path, n);
		return;
	}
	hash_sha256_hex(path, n, hash, sizeof(hash) - 1);
	buf_addf(out, "#%s", hash);
}

static void write_mark(struct buf *out, const char *key, struct tail_mark *m)
{
	jwrite_open(out, key, '[');
	jwrite_int(out, NULL, (int64_t)m->len);
	jwrite_str(out, NULL, tail_mark_hash(m));
	jwrite_close(out, ']');
}

static void write_stream(struct buf *out, struct tail_stream *s)
{
	AUTO_BUF struct buf path = BUF_INIT;

	path_key(&path, s->file->path);
	jwrite_open(out, NULL, '{');
	jwrite_text(out, "path", buf_slice(&path));
	jwrite_str_opt(out, "id", s->id);
	jwrite_int(out, "dev", (int64_t)s->inode.dev);
	jwrite_int(out, "ino", (int64_t)s->inode.ino);
	jwrite_int(out, "born", s->inode.born);
	jwrite_int(out, "mtime", s->inode.mtime);
	jwrite_int(out, "size", (int64_t)s->inode.size);
	jwrite_int(out, "position", (int64_t)s->position);
	jwrite_int(out, "lines", (int64_t)s->line);
	if (s->head.len)
		write_mark(out, "head", &s->head);
	if (s->before.len)
		write_mark(out, "before", &s->before);
	if (s->moved)
		jwrite_bool(out, "moved", true);
	if (s->elsewhere)
		jwrite_bool(out, "elsewhere", true);
	if (s->done && (s->moved || s->copy || s->packed))
		jwrite_bool(out, "done", true);
	if (s->copy)
		jwrite_bool(out, "copy", true);
	if (s->packed)
		jwrite_bool(out, "packed", true);
	if (s->skipping)
		jwrite_bool(out, "skipping", true);
	jwrite_close(out, '}');
}

void tail_save(const struct input *in, struct buf *out)
{
	struct tail *t = tail_of(in);
	char hash[TAIL_DIGITS + 1];

	if (t->opt.follow && t->starting)
		tail_look_around(t);
	jwrite_open(out, NULL, '{');
	jwrite_open(out, "operands", '{');
	for (size_t i = 0; i < t->operand_count; i++) {
		hash_sha256_hex(t->operands[i].path,
				strlen(t->operands[i].path), hash, TAIL_DIGITS);
		jwrite_int(out, hash, t->operands[i].begun);
	}
	jwrite_close(out, '}');
	jwrite_open(out, "streams", '[');
	for (size_t i = 0; i < t->file_count; i++) {
		const struct tail_file *f = t->files[i];

		for (size_t k = 0; k < f->count; k++)
			if (!f->streams[k]->pipe &&
			    !tail_look_past(f, f->streams[k]))
				write_stream(out, f->streams[k]);
	}
	jwrite_close(out, ']');
	jwrite_close(out, '}');
}

static int64_t number(const struct jscan *s, const char *key)
{
	const struct jscan_member *m = jscan_get(s, key);
	int64_t value = 0;

	return m && jscan_int(m->value, &value) == 0 ? value : 0;
}

static bool flag(const struct jscan *s, const char *key)
{
	const struct jscan_member *m = jscan_get(s, key);

	return m && m->type == JSCAN_TRUE;
}

static char *text(const struct jscan *s, const char *key)
{
	const struct jscan_member *m = jscan_get(s, key);
	AUTO_BUF struct buf b = BUF_INIT;

	if (!m || m->type != JSCAN_STRING)
		return NULL;
	jscan_unquote(&b, m->value);
	return buf_take(&b);
}

static int mark_part(void *arg, struct slice value, enum jscan_type type,
		     struct err *err)
{
	struct tail_mark *m = arg;
	int64_t len = 0;

	(void)err;
	if (type == JSCAN_NUMBER && jscan_int(value, &len) == 0 && len >= 0 &&
	    len <= (int64_t)TAIL_MARK) {
		m->len = (size_t)len;
	} else if (type == JSCAN_STRING && value.len == TAIL_HASH + 1) {
		memcpy(m->hash, value.ptr + 1, TAIL_HASH - 1);
		m->hash[TAIL_HASH - 1] = '\0';
	}
	return 0;
}

static int read_mark(struct tail_mark *m, const struct jscan *s,
		     const char *key, struct err *err)
{
	const struct jscan_member *found = jscan_get(s, key);

	if (!found)
		return 0;
	if (jscan_array(found->value, mark_part, m, err) < 0)
		return -1;
	if (!m->len || !m->hash[0])
		return err_set(err, ERR_INPUT, "'%s' is not whole", key);
	return 0;
}

/* A hashed path is one of the files that are there. */
static struct tail_file *file_of(struct tail *t, const char *key)
{
	struct tail_operand *o = tail_names_wanted(t, key);

	if (*key != '#')
		return o ? tail_names_file(t, key, o) : NULL;
	for (size_t i = 0; i < t->operand_count && !t->all_added; i++)
		tail_names_add(t, &t->operands[i]);
	t->all_added = true;
	for (size_t i = 0; i < t->file_count; i++) {
		AUTO_BUF struct buf other = BUF_INIT;

		path_key(&other, t->files[i]->path);
		if (!strcmp(buf_str(&other), key))
			return t->files[i];
	}
	return NULL;
}

static int read_stream(struct tail *t, const struct jscan *scan,
		       struct err *err)
{
	AUTO_FREE char *path = text(scan, "path");
	struct tail_inode inode = {
		.dev = (dev_t)number(scan, "dev"),
		.ino = (ino_t)number(scan, "ino"),
		.born = number(scan, "born"),
		.mtime = number(scan, "mtime"),
		.size = (uint64_t)number(scan, "size"),
	};
	struct tail_file *f;
	struct tail_stream *s, *other;

	if (!path || !*path || number(scan, "position") < 0)
		return err_set(err, ERR_INPUT, "a stream has no path");
	f = file_of(t, path);
	if (!f)
		return 0; /* no longer asked for */
	other = tail_stream_known(t, &inode);
	s = tail_stream_new(t, f, &inode);
	s->looked = inode;
	s->id = text(scan, "id");
	s->position = (uint64_t)number(scan, "position");
	s->line = (uint64_t)number(scan, "lines");
	s->moved = flag(scan, "moved");
	s->elsewhere = flag(scan, "elsewhere");
	if (s->elsewhere && other)
		tail_stream_index(t, other, &inode);
	s->done = s->dry = flag(scan, "done");
	s->copy = flag(scan, "copy");
	s->packed = flag(scan, "packed");
	s->skipping = flag(scan, "skipping");
	s->loaded = true;
	s->quiet = clock_mono();
	f->seen = true;
	f->absent = 0;
	f->newest = inode.mtime;
	if (read_mark(&s->head, scan, "head", err) < 0 ||
	    read_mark(&s->before, scan, "before", err) < 0)
		return -1;
	if (s->position &&
	    (!s->head.len || !s->before.len || s->before.len > s->position))
		return err_set(err, ERR_INPUT, "'position' has no bytes");
	return 0;
}

static int stream_element(void *arg, struct slice value, enum jscan_type type,
			  struct err *err)
{
	struct jscan scan = {.members = NULL};
	int failed = -1;

	if (type != JSCAN_OBJECT)
		(void)err_set(err, ERR_INPUT, "a stream is not an object");
	else if (jscan_object(&scan, value.ptr, value.len, err) == 0)
		failed = read_stream(arg, &scan, err);
	jscan_done(&scan);
	return failed;
}

static int read_operands(struct tail *t, const struct jscan *scan,
			 struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, "operands");
	struct jscan members = {.members = NULL};
	int failed = -1;

	if (!m || m->type != JSCAN_OBJECT)
		(void)err_set(err, ERR_INPUT, "'operands' is missing");
	else
		failed =
			jscan_object(&members, m->value.ptr, m->value.len, err);
	for (size_t i = 0; i < t->operand_count && !failed; i++) {
		struct tail_operand *o = &t->operands[i];
		char hash[TAIL_DIGITS + 1];

		hash_sha256_hex(o->path, strlen(o->path), hash, TAIL_DIGITS);
		o->begun = number(&members, hash);
	}
	jscan_done(&members);
	return failed;
}

static int read_streams(struct tail *t, const struct jscan *scan,
			struct err *err)
{
	const struct jscan_member *m = jscan_get(scan, "streams");

	if (!m || m->type != JSCAN_ARRAY)
		return err_set(err, ERR_INPUT, "'streams' is missing");
	return jscan_array(m->value, stream_element, t, err);
}

int tail_load(struct input *in, struct slice json, struct err *err)
{
	struct tail *t = tail_of(in);
	struct jscan scan = {.members = NULL};
	int failed = jscan_object(&scan, json.ptr, json.len, err);

	if (!failed)
		failed = read_operands(t, &scan, err);
	if (!failed)
		failed = read_streams(t, &scan, err);
	jscan_done(&scan);
	return failed ? err_prefix(err, "saved positions of files") : 0;
}
