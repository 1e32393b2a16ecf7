/* text.c - chatops-send --text: standard input is one message. */
#include "send-cmd.h"

#include <errno.h>

#include <oncall/clock.h>
#include <oncall/jwrite.h>
#include <oncall/mem.h>
#include <oncall/signals.h>
#include <oncall/ulid.h>

#define CHUNK ((size_t)65536)

static int read_all(struct buf *out, struct err *err)
{
	AUTO_FREE char *chunk = mem_alloc(CHUNK);

	while (!out->over && !signals_stop()) {
		ssize_t n = read(STDIN_FILENO, chunk, CHUNK);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return err_sys(err, errno,
				       "cannot read standard input");
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
	}
	return buf_check(out, "the text", err);
}

static bool is_blank(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\r\n", text.ptr[i]))
			return false;
	return true;
}

static void write_message(const struct note *n, const char *key,
			  struct buf *out)
{
	jwrite_record(out, "message", slice_of(key), clock_now());
	jwrite_str(out, "key", key);
	jwrite_str_opt(out, "severity", send_args.severity);
	jwrite_str_opt(out, "title",
		       send_args.title ? send_args.title : n->title);
	jwrite_str_opt(out, "text", n->text);
	jwrite_close(out, '}');
}

/* With a title of its own all of the input is the text. */
static void read_note(struct note *n, const struct buf *text)
{
	AUTO_BUF struct buf all = BUF_INIT_MAX(NOTE_TEXT_MAX * 2);

	if (send_args.title) {
		buf_addf(&all, "%s\n", "title");
		buf_add_slice(&all, buf_slice(text));
		note_of_text(n, buf_slice(&all));
	} else {
		note_of_text(n, buf_slice(text));
	}
}

static int send_note(struct record_writer *out, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(NOTE_TEXT_MAX);
	AUTO_BUF struct buf record = BUF_INIT_MAX(SIZE_MAX / 2);
	AUTO_NOTE struct note n = {.type = NULL};
	AUTO_RUN struct run *r = NULL;
	char ulid[ULID_TEXT];
	struct run_message m = {.key = send_args.key};

	if (run_open(&r, out, err) < 0 || read_all(&text, err) < 0)
		return -1;
	if (is_blank(buf_slice(&text)) && !send_args.title)
		return err_set(err, ERR_INPUT,
			       "there is nothing to send: standard input is "
			       "empty");
	read_note(&n, &text);
	if (!m.key) {
		ulid_make(ulid);
		m.key = ulid;
	}
	write_message(&n, m.key, &record);
	m.record = buf_slice(&record);
	if (run_add(r, &m, err) < 0 || run_settle(r, false, err) < 0)
		return -1;
	return run_status(r);
}

int send_text(struct err *err)
{
	CLEANUP(record_writer_done)
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	int rc;

	if (send_args.key && strlen(send_args.key) > KEY_MAX)
		return err_set(err, ERR_USAGE, "--key is longer than %d bytes",
			       KEY_MAX);
	signals_install();
	rc = send_note(&out, err);
	if (record_flush(&out, err) < 0)
		return -1;
	return rc;
}
