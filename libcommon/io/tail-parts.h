/* tail-parts.h - what the parts of tail.c do for each other. */
#ifndef ONCALL_TAIL_PARTS_H
#define ONCALL_TAIL_PARTS_H

#include "tail-internal.h"

/* tail.c */
void tail_tell(struct tail *t, const struct err *err);
/* Once, until the file could be read again. */
void tail_tell_once(struct tail *t, struct tail_file *f, const struct err *err);
void tail_queue(struct tail *t, struct tail_file *f);
/* At everything, whatever was or was not told by the system. */
void tail_look_around(struct tail *t);

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

/* tail-holds.c */
/* Does the regular file hold what was handed on of the stream. */
bool tail_holds(struct tail_stream *s, int fd);
/* The archive stands at the position then, when it is the same stream. */
bool tail_holds_packed(struct tail_stream *s, struct unpack *u,
		       struct err *err);

/* tail-find.c */
int tail_open_fd(struct tail *t, const struct tail_file *f, const char *path);
/* Opens where the stream stands now. TAIL_GOT: it is open; TAIL_DRY: not now,
 * and that was told; TAIL_OVER: it is nowhere; TAIL_CHANGED: its file has
 * another one now. */
enum tail_state tail_find_source(struct tail *t, struct tail_stream *s);
/* Adds the streams that stood at the path of f and were moved on between two
 * looks; now is what stands there, NULL for nothing. */
void tail_find_missed(struct tail *t, struct tail_file *f,
		      const struct tail_inode *now);
bool tail_find_inode(struct tail *t, const struct tail_file *f,
		     const struct tail_inode *inode);
/* Is there a file that f is named after. */
bool tail_find_kin(const struct tail *t, const struct tail_file *f);
/* Is the file a copy of a stream of a file that it is named after. */
bool tail_find_is_copy(struct tail *t, struct tail_file *f);

/* tail-siblings.c */
/* Those whose names are related; with an inode, those that have it. */
void tail_siblings_find(struct tail_siblings *l, struct tail *t,
			const struct tail_file *f,
			const struct tail_inode *inode);
void tail_siblings_done(struct tail_siblings *l);
void tail_siblings_forget(struct tail_list *l);
bool tail_siblings_archive(const char *name);
#define AUTO_TAIL_SIBLINGS CLEANUP(tail_siblings_done)

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
