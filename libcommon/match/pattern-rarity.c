/*
 * pattern-rarity.c - how often a string may stand in a log.
 *
 * This is a guess that only decides which literal is looked for; a bad guess
 * costs time. It adds the bits that each byte tells, fewer for letters within a
 * word, since they follow from each other, and knows the words of ordinary
 * lines, which letters alone would make look rare.
 */
#include "pattern-literals.h"

#include <math.h>

/* Words that stand in many lines which nobody wants to see. One text, since
 * looking through many would take longer than it is worth. */
static const char common_words[] =
	" from \n blk_\n user \n error: \n [info] "
	"\naddress\nafter\nandroid\napache\napplication\n"
	"authentication\nblock\ncannot\nclient\ncode\ncom.\ncommand\n"
	"connect\nconnected\nconnection\ncould not\ndebug\ndefault\n"
	"dest: /\ndevice\nerror\nerror: \nexception\nexception: \n"
	"failed\nfailure\nfile\nfor user \nfrom \nfrom user\n"
	"fs.fsnamesystem\nhadoop\nhost\nhttp\nhttps://\ninfo\n"
	"info  \ninstance\ninvalid user \njava.lang.\nkernel: \n"
	"level=\nlocalhost\nlog\nmanager\nmemory\nmessage\nnetwork\n"
	"node\nnot \nnull\norg.apache.\npacket\npassword\nport \n"
	"process\nreceived\nrequest\nresponse\nroot\nserver\n"
	"service\nsession\nsize\nsource\nsshd[\nstart\nstarting\n"
	"state\nstatus\nsystem\ntask \nterminating\nthread\ntime\n"
	"timeout\ntoken\ntype\nunable to \nunknown\nuser \nuser=\n"
	"value\nversion\nwarn\nwarning\nwith \n";

/* Of what a byte would tell alone: as part of four that stand in such a word,
 * and as a letter after a letter. */
#define COMMON_SHARE 0.3
#define WORD_SHARE   0.55
#define GRAM	     4

/* Bits that one byte of a log tells: a to z, then the rest by kind. */
static const double letter_bits[26] = {
	4.3, 6.0, 5.0, 4.9, 3.8, 5.8, 6.0, 5.6, 4.4, 8.0, 6.5, 5.0, 5.5,
	4.5, 4.3, 5.5, 8.5, 4.5, 4.4, 4.2, 5.6, 6.6, 6.6, 7.0, 6.5, 8.0};

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static double byte_bits(char c)
{
	if (is_letter(c))
		return letter_bits[c - 'a'];
	if (c >= '0' && c <= '9')
		return 4.2;
	if (c == ' ')
		return 3.0;
	if (c && strchr(".:-/,=[]_()", c))
		return 5.0;
	return 7.5;
}

static size_t gram_slot(const char *bytes)
{
	uint32_t gram;

	memcpy(&gram, bytes, sizeof(gram));
	return (gram * UINT32_C(2654435761)) >> (32 - PATTERN_GRAM_BITS);
}

void pattern_rarity_init(struct pattern_rarity *r)
{
	memset(r, 0, sizeof(*r));
	for (unsigned c = 0; c < 256; c++)
		r->share[c] = exp2(-byte_bits(
			(char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c)));
	for (size_t i = 0; i + GRAM < sizeof(common_words); i++) {
		size_t slot = gram_slot(common_words + i);

		r->common[slot / 64] |= (uint64_t)1 << slot % 64;
	}
}

static bool is_common(const struct pattern_rarity *r, const char *bytes)
{
	size_t slot = gram_slot(bytes);

	return r->common[slot / 64] >> slot % 64 & 1;
}

void pattern_weigh(const struct pattern_rarity *r, const char *bytes,
		   size_t len, double *bits)
{
	for (size_t i = 0; i < len; i++) {
		bool inside =
			i > 0 && is_letter(bytes[i]) && is_letter(bytes[i - 1]);

		bits[i] = byte_bits(bytes[i]) * (inside ? WORD_SHARE : 1);
	}
	for (size_t i = 0; i + GRAM <= len; i++) {
		if (!is_common(r, bytes + i))
			continue;
		for (size_t k = i; k < i + GRAM; k++)
			if (bits[k] > byte_bits(bytes[k]) * COMMON_SHARE)
				bits[k] = byte_bits(bytes[k]) * COMMON_SHARE;
	}
}

double pattern_rarity(const struct pattern_rarity *r, const char *bytes,
		      size_t len, size_t *ret_at)
{
	size_t part = len < PATTERN_LITERAL_BYTES ? len : PATTERN_LITERAL_BYTES;
	double bits[PATTERN_STRING_BYTES], sum = 0, best;

	pattern_weigh(r, bytes, len, bits);
	for (size_t i = 0; i < part; i++)
		sum += bits[i];
	best = sum;
	*ret_at = 0;
	for (size_t at = 1; at + part <= len; at++) {
		sum += bits[at + part - 1] - bits[at - 1];
		if (sum > best) {
			best = sum;
			*ret_at = at;
		}
	}
	return exp2(-best);
}
