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

struct tail_name {
	char *text;
	ino_t ino;
};

/* What a directory held, sorted. */
struct tail_list {
	char *dir;
	int64_t mtime; /* of the directory */
	int64_t read;  /* when */
	struct tail_name *names;
	size_t count;
	bool changed; /* a name was no longer what it said */
};

struct tail_sibling {
	char *path;
	struct tail_inode inode;
	bool rotated; /* the name is one that a rotation gives */
	bool archive; /* so says the name */
};

struct tail_siblings {
	struct tail_sibling *items;
	size_t count;
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
	struct tail_list list;
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

#endif
