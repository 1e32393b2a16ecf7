/*
 * proc-family.c - finds the descendants of a process in /proc.
 *
 * It allocates nothing and calls only what is safe after a fork, because the
 * keeper uses it. No table of processes is built: whether a process belongs to
 * the family is found by walking up its parents.
 */
#include "proc-internal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#define DIR_CHUNK     4096
#define STAT_MAX      1024 /* of a stat line; only its first fields are read */
#define ANCESTORS_MAX 4096
#define LOOK_AGAIN    3 /* when a parent ended during the walk */

/* What getdents64(2) writes. */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t size;
	uint8_t type;
	char name[];
};

struct stat_line {
	char state;
	pid_t parent;
	pid_t group;
	pid_t session;
};

struct family {
	int proc; /* the folder /proc */
	pid_t root;
	pid_t session;
};

/* The number at *p, which moves behind it and behind one blank. */
static pid_t read_number(const char **p)
{
	int64_t n = 0;

	while (**p >= '0' && **p <= '9' && n < INT32_MAX / 10)
		n = n * 10 + (*(*p)++ - '0');
	if (**p == ' ')
		(*p)++;
	return (pid_t)n;
}

static void stat_name(char out[32], pid_t pid)
{
	char digits[16];
	size_t n = 0;
	size_t at = 0;

	for (; pid > 0; pid /= 10)
		digits[n++] = (char)('0' + pid % 10);
	while (n)
		out[at++] = digits[--n];
	memcpy(out + at, "/stat", sizeof("/stat"));
}

/* False when the process is gone. */
static bool read_stat(int proc, pid_t pid, struct stat_line *ret)
{
	char name[32];
	char line[STAT_MAX];
	const char *p;
	ssize_t n;
	int fd;

	stat_name(name, pid);
	fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	(void)close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	/* The name of a program may hold blanks and parentheses. */
	p = strrchr(line, ')');
	if (!p || strlen(p) < sizeof(") S 1"))
		return false;
	ret->state = p[2];
	p += sizeof(") S ") - 1;
	ret->parent = read_number(&p);
	ret->group = read_number(&p);
	ret->session = read_number(&p);
	return true;
}

static bool is_dead(const struct stat_line *st)
{
	return st->state == 'Z' || st->state == 'X';
}

/* 1 yes, 0 no, -1 an ancestor ended while we looked: look again. */
static int climbs_to(int proc, pid_t pid, pid_t root)
{
	struct stat_line st;

	for (int i = 0; i < ANCESTORS_MAX; i++) {
		if (!read_stat(proc, pid, &st))
			return i ? -1 : 0;
		if (st.parent == root)
			return 1;
		if (st.parent <= 1)
			return 0;
		pid = st.parent;
	}
	return 0;
}

static bool is_member(const struct family *f, pid_t pid, pid_t session)
{
	int found = -1;

	if (f->session > 0 && session == f->session)
		return true;
	for (int i = 0; found < 0 && i < LOOK_AGAIN; i++)
		found = climbs_to(f->proc, pid, f->root);
	return found == 1;
}

static void send_to(pid_t pid, int signo)
{
	(void)kill(pid, signo);
	if (signo == SIGTERM) /* a stopped process would never see it */
		(void)kill(pid, SIGCONT);
}

/* One process; returns whether it is a live member. */
static bool signal_one(const struct family *f, pid_t pid, int signo,
		       bool *in_group)
{
	struct stat_line st;

	if (pid <= 1 || pid == f->root || !read_stat(f->proc, pid, &st))
		return false;
	if (!is_member(f, pid, st.session))
		return false;
	if (f->session > 0 && st.group == f->session)
		*in_group = true;
	send_to(pid, signo); /* a zombie may have threads that live on */
	return !is_dead(&st);
}

static int signal_listed(const struct family *f, int signo, bool *in_group)
{
	_Alignas(struct entry) char list[DIR_CHUNK];
	const struct entry *e;
	const char *name;
	int found = 0;
	long n;

	while ((n = syscall(SYS_getdents64, f->proc, list, sizeof(list))) > 0) {
		for (long at = 0; at < n; at += e->size) {
			e = (const void *)(list + at);
			name = e->name;
			if (*name < '1' || *name > '9')
				continue;
			if (signal_one(f, read_number(&name), signo, in_group))
				found++;
		}
	}
	return found;
}

int proc_family_signal(pid_t root, pid_t session, int signo)
{
	struct family f = {.root = root, .session = session};
	bool in_group = false;
	int found;

	f.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f.proc < 0) { /* without /proc the group is all we know */
		if (session <= 1 || kill(-session, signo))
			return 0;
		return 1;
	}
	found = signal_listed(&f, signo, &in_group);
	(void)close(f.proc);
	/* At one blow, for those that fork faster than we list. The group is
	 * there, because a member of it was seen: the number is not reused. */
	if (in_group && signo == SIGKILL)
		(void)kill(-session, SIGKILL);
	return found;
}
