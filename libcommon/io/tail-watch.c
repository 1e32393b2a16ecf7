/*
 * tail-watch.c - what wakes the reader: changes in the directories of its
 * files, by inotify, and bytes in pipes. It only makes things quick: every file
 * is looked at now and then in any case, because network file systems, links
 * and full queues tell nothing.
 */
#include "tail-parts.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include <oncall/mem.h>

#define EVENTS                                                             \
	(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | \
	 IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define EVENT_BUFFER ((size_t)64 * 1024)

void tail_watch_pipe(struct tail *t, int fd)
{
	struct epoll_event ready = {.events = EPOLLIN};

	/* What refuses has no waiting: /dev/null, a file as standard input. */
	if (t->epoll >= 0)
		(void)epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ready);
}

void tail_watch_start(struct tail *t)
{
	t->inotify = -1;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!t->opt.follow || t->opt.no_inotify)
		return;
	t->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (t->inotify >= 0)
		tail_watch_pipe(t, t->inotify);
}

static void tell_limit(struct tail *t)
{
	struct err err = ERR_INIT;

	if (t->limit_told)
		return;
	t->limit_told = true;
	(void)err_sys(&err, errno,
		      "cannot watch more directories, so files are looked at "
		      "every second (see fs.inotify.max_user_watches)");
	if (t->opt.trouble)
		t->opt.trouble(t->opt.arg, &err);
}

static struct slice watch_key(const int *watch)
{
	return (struct slice){(const char *)watch, sizeof(*watch)};
}

static void add_watch(struct tail *t, struct tail_dir *d)
{
	void **first;

	d->watch = inotify_add_watch(t->inotify, *d->prefix ? d->prefix : ".",
				     EVENTS);
	if (d->watch < 0 && (errno == ENOSPC || errno == ENOMEM))
		tell_limit(t);
	if (d->watch < 0)
		return;
	first = map_put(&t->watches, watch_key(&d->watch));
	d->same = *first;
	*first = d;
}

void tail_watch_dir(struct tail *t, const char *path, size_t prefix)
{
	struct slice text = {path, prefix};
	struct tail_dir *d;

	if (t->inotify < 0 || map_get(&t->dirs, text))
		return;
	d = mem_zero(1, sizeof(*d));
	d->prefix = mem_dup_bytes(path, prefix);
	d->watch = -1;
	*map_put(&t->dirs, text) = d;
	add_watch(t, d);
}

void tail_watch_all(struct tail *t)
{
	for (size_t i = 0; i < t->dirs.count; i++) {
		struct tail_dir *d = t->dirs.entries[i].value;

		if (d->watch < 0)
			add_watch(t, d);
	}
}

static void name_changed(struct tail *t, const struct tail_dir *d,
			 const struct inotify_event *e)
{
	AUTO_FREE char *path = mem_printf("%s%s", d->prefix, e->name);
	struct tail_file *f = map_get(&t->by_path, slice_of(path));

	if (f) {
		f->look = true;
		tail_queue(t, f);
	} else if (e->mask & (IN_CREATE | IN_MOVED_TO)) {
		tail_names_new(t, path);
	}
}

static void event(struct tail *t, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		t->next_poll = INT64_MIN;
	/* One directory may have several names. */
	for (struct tail_dir *d = map_get(&t->watches, watch_key(&e->wd)),
			     *next;
	     d; d = next) {
		next = d->same;
		if (e->len)
			name_changed(t, d, e);
		if (e->mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT))
			d->watch = -1; /* until the next look at everything */
	}
	if (e->mask & IN_MOVE_SELF)
		(void)inotify_rm_watch(t->inotify, e->wd);
	if (e->mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT))
		*map_put(&t->watches, watch_key(&e->wd)) = NULL;
}

void tail_watch_events(struct tail *t)
{
	/* The kernel writes its structures into it. */
	union {
		char bytes[EVENT_BUFFER];
		struct inotify_event first;
	} buf;
	ssize_t got;

	if (t->inotify < 0)
		return;
	got = read(t->inotify, buf.bytes, sizeof(buf.bytes));
	for (ssize_t at = 0; at < got;) {
		struct inotify_event e;
		const char *p = buf.bytes + at;

		memcpy(&e, p, sizeof(e));
		event(t, (const struct inotify_event *)(const void *)p);
		at += (ssize_t)(sizeof(e) + e.len);
	}
}

static void free_dir(void *p)
{
	struct tail_dir *d = p;

	free(d->prefix);
	free(d);
}

void tail_watch_done(struct tail *t)
{
	map_done(&t->watches, NULL);
	map_done(&t->dirs, free_dir);
	if (t->inotify >= 0)
		(void)close(t->inotify);
	if (t->epoll >= 0)
		(void)close(t->epoll);
}
