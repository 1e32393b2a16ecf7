/*
 * tail-internal.h - what the parts of tail.c share.
 *
 * A file is a name that is followed; its streams are the bytes that have stood
 * there, oldest first. The last stream is what stands there now, the others
 * have moved: they are read out first. A stream is found again by its inode,
 * and failing that by its bytes, in the directory of the file.
 */
#ifndef ONCALL_TAIL_INTERNAL_H
#define ONCALL_TAIL_INTERNAL_H

#include <oncall/map.h>
#include <oncall/tail.h>
#include <oncall/unpack.h>

#include <sys/types.h>

#define TAIL_MARK     ((size_t)1024) /* bytes by which a stream is known */
#define TAIL_HASH     33
#define TAIL_POLL     1000  /* ms between looks at every file */
#define TAIL_LINGER   60000 /* ms a moved file may still be written to */
#define TAIL_MISSING  2000  /* ms until a file that vanished is missed */
#define TAIL_SETTLE   1500  /* ms an archive must have been left alone */
#define TAIL_PATH_MAX 512   /* a longer path is saved as a hash */
#define TAIL_DIGITS   16
#define TAIL_ID_MAX   160

/* What the system knows a file by. */
struct tail_inode {
	dev_t dev;
	ino_t ino;
	int64_t born; /* ns, 0: not known here */
	int64_t mtime;
	int64_t ctime; /* renaming changes it, too */
	uint64_t size;
	mode_t mode;
	bool unlinked;
};

/* Some bytes of a stream: themselves while it is open, else their hash. */
struct tail_mark {
	size_t len;
	char *bytes;
	char hash[TAIL_HASH]; /* "" while not computed */
};

struct tail_stream {
	struct tail_file *file;
	struct input_stream *shown; /* NULL until something is handed on */
	char *id;
	/* Its time and size are those of the last look after which the bytes
	 * were found to be right. */
	struct tail_inode inode;
	struct tail_inode looked; /* of the last look */
	uint64_t position;
	uint64_t line;
	struct tail_mark head;
	struct tail_mark before; /* what ends at position */
	struct unpack *source;	 /* NULL: not open */
	struct buf carry; /* read behind position where nothing can be sought */
	char *where;	  /* NULL: at the path of the file, or to be found */
	bool pipe;	  /* comes once, cannot be found again */
	bool moved;	  /* no longer at the path of the file */
	bool elsewhere;	  /* its inode holds other bytes: only copies count */
	bool final;	  /* the end of what is read is the end of it */
	bool done;
	bool skipping; /* the rest of a line that was too long */
	bool fresh;    /* opened, not compared yet with what was handed on */
	bool copy;     /* of a stream of another file: nothing to read */
	bool loaded;   /* not seen yet since the state was loaded */
	bool gone;     /* nowhere to be found any more */
	bool dry;      /* read to its end after it was moved */
	bool packed;   /* an archive */
	bool broken;   /* reading failed, and that was told */
	int64_t quiet; /* since when it has not grown, on the monotonic clock */
	struct tail_stream *next_open,
		*prev_open; /* least recently used first */
};

struct tail_file {
	char *path;
	struct tail_operand *operand;
	size_t name; /* where the last component begins */
	struct tail_stream **streams;
	size_t count;
	bool named;    /* given as it is, not found in a directory */
	bool from_end; /* what stands there at the first look is old */
	bool look;     /* look before reading */
	bool told;     /* that it cannot be read */
	bool queued;
	bool begun;    /* batch: it has had its turn */
	bool seen;     /* something has stood there */
	uint64_t size; /* what is waited for to be written */
	int64_t quiet; /* since when it has that size, or is missing */
	bool missing;  /* nothing stands there */
	int64_t since; /* ctime of what stood there at the first look */
	/* Nothing of that name was there then, so that what was born later and
	 * stood there belongs to it. 0: that is not known. */
	int64_t absent;
	int64_t newest; /* mtime of its last stream when it stood there */
	struct tail_file *next_ready;
};

struct tail_operand {
	char *path;
	bool glob;
	/* Since when every file that it names has been followed: what is born
	 * later and not known is new. 0: not yet. */
	int64_t begun;
	bool told; /* that its directory cannot be listed */
	bool used; /* batch: its files have been put in the queue */
};

struct tail_dir {
	char *prefix; /* with its last slash, "" for the working directory */
	int watch;    /* -1: none */
	struct tail_dir *same; /* another name with the same watch */
};

struct tail {
	struct input base;
	struct tail_options opt;
	struct tail_operand *operands;
	size_t operand_count;
	struct tail_file **files;
	size_t file_count, file_cap;
	struct map by_path;
	struct map by_inode;
	size_t stale; /* entries of the two maps that mean nothing any more */
	struct tail_file *ready, *last_ready;
	struct input_stream **shown; /* live as long as the input */
	size_t shown_count, shown_cap;
	struct tail_stream *first_open, *last_open;
	size_t open_count, open_max;
	struct tail_inode out;
	bool has_out;
	bool others;	/* an operand is not standard input */
	bool all_added; /* the operands, for the loaded state */
	size_t pipes;	/* how many were opened */
	bool piping;	/* one of them has not ended */
	bool starting;	/* the first look at all files is not over */
	int epoll;
	int inotify;
	struct map dirs;    /* prefix: struct tail_dir */
	struct map watches; /* number: the first one that has it */
	bool limit_told;
	int64_t next_poll;
	int64_t next_names;

	bool names_due;
	uint64_t troubles;
};

enum tail_state {
	TAIL_GOT,     /* a block */
	TAIL_DRY,     /* nothing more for now */
	TAIL_OVER,    /* nor ever */
	TAIL_CHANGED, /* it is not what it was: look again */
};

/* tail.c */
void tail_tell(struct tail *t, const struct err *err);
/* Once, until the file could be read again. */
void tail_tell_once(struct tail *t, struct tail_file *f, const struct err *err);
void tail_queue(struct tail *t, struct tail_file *f);

/* tail-stream.c */
int tail_inode_at(const char *path, struct tail_inode *ret); /* -1: errno */
int tail_inode_of(int fd, struct tail_inode *ret);
int64_t tail_inode_clock(void); /* that of file systems, ns */
bool tail_inode_same(const struct tail_inode *a, const struct tail_inode *b);
/* The stream of an inode, whatever file it belongs to; NULL. */
struct tail_stream *tail_stream_known(const struct tail *t,
				      const struct tail_inode *inode);
struct tail_stream *tail_stream_new(struct tail *t, struct tail_file *f,
				    const struct tail_inode *inode);
/* It has that inode from now on. */
void tail_stream_index(struct tail *t, struct tail_stream *s,
		       const struct tail_inode *inode);
void tail_stream_move(struct tail *t, struct tail_stream *s,
		      struct tail_file *to);
void tail_stream_drop(struct tail *t, struct tail_stream *s);
void tail_stream_free(struct tail *t, struct tail_stream *s);
/* n more bytes have been handed on. */
void tail_stream_advance(struct tail_stream *s, const char *p, size_t n);
/* Gives it an id, text being its first bytes when nothing was handed on. */
void tail_stream_show(struct tail *t, struct tail_stream *s, struct slice text);
/* The same, as if the stream had that inode. */
void tail_stream_name(struct tail_stream *s, const struct tail_inode *inode,
		      struct slice text);
/* Closes what was not used for longest until another may be opened. */
void tail_stream_room(struct tail *t);
void tail_stream_attach(struct tail *t, struct tail_stream *s,
			struct unpack *source);
void tail_stream_close(struct tail *t, struct tail_stream *s);
void tail_stream_used(struct tail *t, struct tail_stream *s);
bool tail_stream_plain(const struct tail_stream *s);
const char *tail_mark_hash(struct tail_mark *m);
void tail_mark_set(struct tail_mark *m, const char *p, size_t n);
/* m->len bytes that are to be those of the mark. */
bool tail_mark_same(const struct tail_mark *m, const char *p);

/* tail-find.c */
int tail_open_fd(struct tail *t, const struct tail_file *f, const char *path);
/* Does the regular file hold what was handed on of the stream. */
bool tail_holds(struct tail_stream *s, int fd);
/* Opens where the stream stands now. TAIL_GOT: it is open; TAIL_DRY: not now,
 * and that was told; TAIL_OVER: it is nowhere; TAIL_CHANGED: its file has
 * another one now. */
enum tail_state tail_find_source(struct tail *t, struct tail_stream *s);
/* Adds the streams that stood at the path of f and were moved on between two
 * looks; now is what stands there, NULL for nothing. */
void tail_find_missed(struct tail *t, struct tail_file *f,
		      const struct tail_inode *now);
bool tail_find_inode(const struct tail_file *f, const struct tail_inode *inode);
/* Is there a file that f is named after. */
bool tail_find_kin(const struct tail *t, const struct tail_file *f);
/* Is the file a copy of a stream of a file that it is named after. */
bool tail_find_is_copy(struct tail *t, struct tail_file *f);

/* tail-look.c */
void tail_look(struct tail *t, struct tail_file *f);
/* The inode of s no longer holds its bytes. */
void tail_look_changed(struct tail *t, struct tail_stream *s);
/* Before the first bytes of s are handed on: true when others were found that
 * come before them. */
bool tail_look_first(struct tail *t, struct tail_stream *s);
/* Nothing can be taken for it any more. */
bool tail_look_past(const struct tail_file *f, const struct tail_stream *s);
/* Ends what has been quiet for long and forgets what is of no use. */
void tail_look_back(struct tail *t, struct tail_file *f);

/* tail-read.c */
enum tail_state tail_read(struct tail *t, struct tail_stream *s,
			  struct input_block *b);

/* tail-names.c */
int tail_names_check(struct tail_operand *o, struct err *err) MUST_CHECK;
/* A name has appeared in a directory. */
void tail_names_new(struct tail *t, const char *path);
/* Adds the files that operand o names now. */
void tail_names_add(struct tail *t, struct tail_operand *o);
/* Does an operand name the path; NULL: none. */
struct tail_operand *tail_names_wanted(const struct tail *t, const char *path);
/* That of the path, made when it is new; to be queued by the caller. */
struct tail_file *tail_names_file(struct tail *t, const char *path,
				  struct tail_operand *o);
void tail_names_drop(struct tail *t, struct tail_file *f);

/* tail-watch.c */
void tail_watch_start(struct tail *t);
void tail_watch_dir(struct tail *t, const char *path, size_t prefix);
void tail_watch_all(struct tail *t); /* again, what could not be watched */
void tail_watch_events(struct tail *t);
void tail_watch_pipe(struct tail *t, int fd);
void tail_watch_done(struct tail *t);

/* tail-save.c */
void tail_save(const struct input *in, struct buf *out);
int tail_load(struct input *in, struct slice json, struct err *err) MUST_CHECK;

static inline struct tail *tail_of(const struct input *in)
{
	return (struct tail *)(uintptr_t)in;
}

#endif
