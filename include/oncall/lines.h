/* lines.h - what is asked of large blocks of lines, at the speed of memory. */
#ifndef ONCALL_LINES_H
#define ONCALL_LINES_H

#include <oncall/base.h>

/* The number of "\n". */
size_t lines_count(const char *p, size_t n);

#endif
