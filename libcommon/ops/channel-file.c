/* channel-file.c - a line, or a text, added to a file or to standard output. */
#include "channel-kinds.h"

#include "channel-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#define FILE_MODE    0640
#define OUT_FD	     1
#define FULL_WAIT_MS 10000 /* for somebody to read from a pipe */

static int render(struct channel *ch, const struct channel_job *job,
		  struct buf *out, struct err *err)
{
	if (ch->template || !strcmp(channel_str(ch, "format"), "text")) {
		if (channel_words(ch, out, job->note, CHANNEL_ALL, err) < 0)
			return -1;
	} else {
		channel_note_json(out, job->note, ch->name, job->key);
	}
	if (!out->len || out->data[out->len - 1] != '\n')
		buf_add_char(out, '\n');
	return buf_check(out, "the message", err);
}

/* 0 or an errno; *ret_done: how much was written. */
static int write_all(int fd, struct slice text, size_t *ret_done)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	for (*ret_done = 0; *ret_done < text.len;) {
		ssize_t n =
			write(fd, text.ptr + *ret_done, text.len - *ret_done);

		if (n >= 0)
			*ret_done += (size_t)n;
		else if (errno == EAGAIN && poll(&p, 1, FULL_WAIT_MS) > 0)
			continue;
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

static void write_out(int fd, const char *name, struct slice text,
		      struct channel_result *ret)
{
	size_t done;
	int error = write_all(fd, text, &done);

	if (!error)
		channel_outcome(ret, CHANNEL_DELIVERED, "%s", "");
	else
		channel_outcome(ret, done ? CHANNEL_UNKNOWN : CHANNEL_LATER,
				"cannot write to '%s': %s", name,
				strerrordesc_np(error));
}

static void send_to(struct channel *ch, const struct channel_job *job,
		    const char *path, struct channel_result *ret)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	AUTO_FD int fd = -1;

	if (render(ch, job, &text, &err) < 0) {
		channel_outcome(ret, CHANNEL_FAILED, "%s", err.text);
		return;
	}
	if (!path) {
		write_out(OUT_FD, "standard output", buf_slice(&text), ret);
		return;
	}
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
		  FILE_MODE);
	if (fd < 0)
		channel_outcome(ret, CHANNEL_LATER, "cannot open '%s': %s",
				path, strerrordesc_np(errno));
	else
		write_out(fd, path, buf_slice(&text), ret);
}

static void send_file(struct channel *ch, const struct channel_job *job,
		      struct channel_result *ret)
{
	send_to(ch, job, channel_str(ch, "path"), ret);
}

static void send_stdout(struct channel *ch, const struct channel_job *job,
			struct channel_result *ret)
{
	send_to(ch, job, NULL, ret);
}

static int check_file(struct channel *ch, struct buf *out, struct err *err)
{
	const char *path = channel_str(ch, "path");
	AUTO_FD int fd = open(
		path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
		FILE_MODE);

	if (fd < 0)
		return err_set(err, ERR_REFUSED, "cannot open '%s': %s", path,
			       strerrordesc_np(errno));
	buf_addf(out, "%s can be written", path);
	return 0;
}

const struct channel_kind channel_file = {
	.name = "file",
	.required = {"path"},
	.render = render,
	.send = send_file,
	.check = check_file,
};

const struct channel_kind channel_stdout = {
	.name = "stdout",
	.render = render,
	.send = send_stdout,
};
