/*
 * generalise.h - a pattern from examples: numbers, ids, addresses, paths and
 * times become classes, the words that make a message specific stay.
 */
#ifndef ONCALL_GENERALISE_H
#define ONCALL_GENERALISE_H

#include <oncall/buf.h>

/*
 * Groups the messages by their structure and makes one expression (PCRE2,
 * anchored nowhere, one line, without unbounded repeats inside repeats) for
 * each group that has enough literal words to be specific; each is handed to
 * made with the indexes of the messages it covers, the group that covers most
 * first. An expression that matches one of the negatives is not made.
 * Returns how many were made. Same messages, same expressions.
 */
struct generalise_made {
	struct slice expr;
	const size_t *covers;
	size_t cover_count;
	size_t literal_words; /* that are not common English or log words */
};
size_t generalise(const struct slice *messages, size_t count,
		  const struct slice *negatives, size_t negative_count,
		  void (*made)(void *arg, const struct generalise_made *m),
		  void *arg);
/*
 * The same for an expression that takes messages away from a rule: names,
 * paths and addresses that a group has in common stay, and words need not be
 * many. Where it matches a negative, numbers that they have in common stay,
 * too, and it ends where the message ends.
 */
size_t generalise_narrow(const struct slice *messages, size_t count,
			 const struct slice *negatives, size_t negative_count,
			 void (*made)(void *arg,
				      const struct generalise_made *m),
			 void *arg);
/* Appends the message with its variable parts as <num>, <hex>, <uuid>, <ip>,
 * <path>, <time>, <quoted>, <host>, <id>, <mail>, <url>, <duration>, <size>:
 * what makes two messages the same. Of long ones the beginning counts. */
void generalise_template(struct buf *out, struct slice message);

#endif
