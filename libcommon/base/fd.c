/* fd.c - read() and write() until all is done. */
#include <oncall/fd.h>

#include <errno.h>
#include <unistd.h>

#define READ_BYTES 16384

int fd_read_all(int fd, struct buf *out, size_t max, enum err_kind kind,
		const char *name, struct err *err)
{
	size_t before = out->len;
	char part[READ_BYTES];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read '%s'", name);
		buf_add(out, part, (size_t)n);
		if (out->over || out->len - before > max)
			return err_set(err, kind,
				       "'%s' has more than %zu bytes", name,
				       max);
	}
	return 0;
}

int fd_write_all(int fd, struct slice text)
{
	while (text.len) {
		ssize_t n = write(fd, text.ptr, text.len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			text.ptr += n;
			text.len -= (size_t)n;
		}
	}
	return 0;
}
