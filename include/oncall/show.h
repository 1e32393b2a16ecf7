/*
 * show.h - untrusted text for people: control bytes, bad UTF-8, length,
 * tables; and the one escaper of JSON strings.
 */
#ifndef ONCALL_SHOW_H
#define ONCALL_SHOW_H

#include <oncall/buf.h>

/*
 * Appends p safe to print: white space (TAB, LF, VT, FF, CR) as a blank, the
 * other control characters (C0, DEL, C1, bidi controls) as '?', bad UTF-8 as
 * U+FFFD. What is longer than max bytes is cut and ends in "..." (0: no limit).
 */
void show_text(struct buf *out, const char *p, size_t n, size_t max);

/* Appends p as the inside of a JSON string, without the quotes: escaped where
 * JSON demands it, bad UTF-8 as U+FFFD, everything else as it is. */
void show_json(struct buf *out, const char *p, size_t n);
/* Appends p as a text of YAML, in quotes. */
void show_yaml(struct buf *out, const char *p, size_t n);

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

/*
 * A table for people: columns aligned by display width, two blanks apart. A
 * heading ending in '>' aligns its column right; one ending in '~' marks it as
 * the column that is shortened when the table is too wide (the last one so
 * marked, or simply the last column). The marks are not printed. Cells are made
 * safe by show_text(); they are filled row by row, a row begins by itself.
 */
struct show_table;
struct show_table *show_table_new(const char *const *headings, size_t columns);
void show_table_free(struct show_table *t);
void show_table_cell(struct show_table *t, struct slice text,
		     enum show_color color);
void show_table_cellf(struct show_table *t, enum show_color color,
		      const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Appends the table; width 0: never shorten. */
void show_table_print(struct show_table *t, struct buf *out, size_t width,
		      bool colors);

DEFINE_AUTO(struct show_table *, show_table_free, auto_show_table_)
#define AUTO_TABLE CLEANUP(auto_show_table_)

#endif
