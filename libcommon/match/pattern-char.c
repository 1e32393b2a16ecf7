/* pattern-char.c - single characters of an expression, as sets of bytes. */
#include "pattern-parse.h"

#include <oncall/utf8.h>

void pattern_set_add(struct pattern_parse *ps, struct pattern_node *list,
		     struct pattern_bytes set)
{
	struct pattern_node *node =
		pattern_node_add(ps, list, PATTERN_NODE_BYTES);

	if (ps->utf)
		set.bits[2] = set.bits[3] = 0;
	if (node)
		node->set = set;
}

/* A character that UTF-8 writes in several bytes, as a list of them. */
static void add_wide(struct pattern_parse *ps, struct pattern_node *list,
		     uint32_t code)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct pattern_node *inner =
		pattern_node_add(ps, list, PATTERN_NODE_LIST);

	utf8_add(&bytes, code);
	for (size_t i = 0; inner && i < bytes.len; i++) {
		struct pattern_node *node =
			pattern_node_add(ps, inner, PATTERN_NODE_BYTES);

		if (node)
			pattern_bytes_add(&node->set,
					  (unsigned char)bytes.data[i]);
	}
}

/* Among characters, without regard to case, k and s are also U+212A and
 * U+017F; and what is outside ASCII may have its other case anywhere. */
void pattern_char_add(struct pattern_parse *ps, struct pattern_node *list,
		      struct pattern_mode mode, uint32_t code)
{
	struct pattern_bytes set = {.wide = false};

	if (code > (ps->utf ? 0x10ffffu : 0xffu)) {
		ps->failed = true;
	} else if (!ps->utf || code < 0x80) {
		pattern_bytes_add(&set, code);
		if (mode.caseless)
			pattern_bytes_fold(&set);
		set.wide = ps->utf && mode.caseless &&
			   (pattern_bytes_has(&set, 'k') ||
			    pattern_bytes_has(&set, 's'));
		pattern_set_add(ps, list, set);
	} else if (mode.caseless) {
		pattern_set_add(ps, list, pattern_bytes_any(ps));
	} else {
		add_wide(ps, list, code);
	}
}

uint32_t pattern_char_read(struct pattern_parse *ps)
{
	size_t n =
		ps->utf ? utf8_char_len(ps->p, (size_t)(ps->end - ps->p)) : 1;
	unsigned char lead = (unsigned char)*ps->p;
	uint32_t code = n > 1 ? lead & (0x7fu >> n) : lead;

	if (n == 0) {
		ps->failed = true;
		n = 1;
	}
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)ps->p[i] & 0x3f);
	ps->p += n;
	return code;
}
