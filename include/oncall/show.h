/* show.h - untrusted text for people: control bytes, bad UTF-8, length. */
#ifndef ONCALL_SHOW_H
#define ONCALL_SHOW_H

#include <oncall/buf.h>

/* Appends p with control characters (C0, DEL, C1, bidi overrides) replaced by
 * '?' or blanks and bad UTF-8 by U+FFFD; cut with "..." at max bytes (0: no
 * limit). */
void show_text(struct buf *out, const char *p, size_t n, size_t max);

enum show_color {
	SHOW_PLAIN,
	SHOW_BOLD,
	SHOW_DIM,
	SHOW_RED,
	SHOW_YELLOW,
	SHOW_GREEN,
	SHOW_BLUE,
};

/* Whether fd is a terminal and NO_COLOR is not set. */
bool show_colors(int fd);
/* Columns of the terminal fd, COLUMNS, or 80. */
size_t show_width(int fd);

/* A table for people: columns aligned by display width, the last one that is
 * marked flexible shortened to fit. Cells are made safe by show_text(). */
struct show_table;
struct show_table *show_table_new(const char *const *headings, size_t columns);
void show_table_free(struct show_table *t);
void show_table_cell(struct show_table *t, struct slice text,
		     enum show_color color);
void show_table_cellf(struct show_table *t, enum show_color color,
		      const char *fmt, ...) PRINTF_LIKE(3, 4);
/* width 0: never shorten; columns whose heading ends in '>' align right. */
void show_table_print(struct show_table *t, struct buf *out, size_t width,
		      bool colors);

DEFINE_AUTO(struct show_table *, show_table_free, auto_show_table_)
#define AUTO_TABLE CLEANUP(auto_show_table_)

#endif
