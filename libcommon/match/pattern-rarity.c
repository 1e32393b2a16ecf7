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

/* Words of which four bytes are no good place to begin a comparison: they, or
 * parts of them, stand everywhere. */
static const char frequent_words[] =
	"\n from \n to \n for \n in \n on \n at \n is \n of \n the \n and "
	"\n with \n not \n by \n - \n: \n]: \n, \n) \n (\nblk_\n user "
	"\nerror: \n[info] \naddress\nafter\nandroid\napache\napplication"
	"\nattempt\nauth\nauthentication\navailable\nblock \nbytes\ncalled"
	"\ncannot\nclient\nclosed\ncode\ncom.\ncommand\ncomplete\nconfig"
	"\nconnect \nconnected\nconnection\ncontainer\ncore.\ncould not "
	"\ncreated\ndata\ndebug\ndefault\ndelete\ndest: /\ndevice\ndisk"
	"\ndispatcher\nend\nerror\nerrors\neuid=\nevent\nexception"
	"\nexception: \nexecute\nexecutor\nfailed \nfailure\nfalse\nfile"
	"\nfinish\nfor user \nfound\nfrom user \nfs.fsnamesystem\nget /"
	"\nhadoop\nhandle\nhash\nhost\nhttp\nhttps://\nid=\nindex\ninfo"
	"\ninfo  \ninformation\ninitialize\ninstance\ninterface\ninternal"
	"\ninvalid user \njava.lang.\njob\nkernel: \nlevel=\nlimit\nload"
	"\nlocal\nlocalhost\nlog\nlogger\nlogin\nmanager\nmemory\nmessage"
	"\nmethod\nmode\nmodule\nname\nname=\nnamespace\nnetwork\nnode"
	"\nnull\nobject\nopen\noperation\noption\norg.apache.\npacket"
	"\npassword\npath\nport \npower\nprocess\nproxy\nqueue\nread"
	"\nreceived\nreceiving\nrecord\nreduce\nregister\nrelease\nremote"
	"\nreplicat\nreport\nrequest\nresource\nresponse\nresult\nreturn"
	"\nrhost=\nroot\nruser=\nscheduler\nsend\nsent\nserver\nservice"
	"\nsession\nset \nshutdown\nsize\nsource\nsrc: /\nssh\nsshd[\nstage"
	"\nstart\nstarted\nstarting\nstate\nstatus\nstop\nstorage\nstring"
	"\nsuccess\nsystem\ntable\ntarget\ntask \nterminat\nthread\ntime"
	"\ntimeout\ntimestamp\nto /\ntoken\ntransaction\ntrue\ntty\ntype"
	"\nuid=\nunable to \nunix\nunknown\nupdate\nuser \nuser=\nvalue"
	"\nversion\nview\nvisit\nwarn\nwarning\nwith \nwork\nwrite\n\",\""
	"\n\":\"\n\":{\"\n{\"\n\"}\nlevel\":\"\ntimestamp\":\""
	"\nmessage\":\"\nlogger\":\"\nhost\":\"\ntrace_id\":\"\n";

/* Of what a byte would tell alone: as part of four that stand in such a word,
 * and as a letter after a letter. */
#define COMMON_SHARE 0.3
#define WORD_SHARE   0.55
#define GRAM	     4
/* What a digit tells; in a string less, since digits stand together. */
#define DIGIT_BITS    5.5
#define DIGIT_IN_BITS 3.7
/* What lines of JSON are full of. */
#define JSON_MARKS     "\":,{}\\"
#define JSON_MARK_BITS 2.5

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
		return DIGIT_IN_BITS;
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

static void add_words(uint64_t *set, const char *words, size_t size)
{
	for (size_t i = 0; i + GRAM < size; i++) {
		size_t slot = gram_slot(words + i);

		set[slot / 64] |= (uint64_t)1 << slot % 64;
	}
}

void pattern_rarity_init(struct pattern_rarity *r, enum pattern_form form)
{
	memset(r, 0, sizeof(*r));
	for (unsigned c = 0; c < 256; c++) {
		char lower = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);

		r->bits[c] = byte_bits(lower);
		if (form == PATTERN_JSON && lower && strchr(JSON_MARKS, lower))
			r->bits[c] = JSON_MARK_BITS;
		r->share[c] =
			exp2(c >= '0' && c <= '9' ? -DIGIT_BITS : -r->bits[c]);
	}
	add_words(r->common, common_words, sizeof(common_words));
	add_words(r->frequent, frequent_words, sizeof(frequent_words));
}

static bool has_gram(const uint64_t *set, const char *bytes)
{
	size_t slot = gram_slot(bytes);

	return set[slot / 64] >> slot % 64 & 1;
}

bool pattern_gram_frequent(const struct pattern_rarity *r, const char *bytes)
{
	return has_gram(r->frequent, bytes);
}

void pattern_weigh(const struct pattern_rarity *r, const char *bytes,
		   size_t len, double *bits)
{
	uint64_t common = 0; /* which of the bytes stand in common words */
	bool inside = false;

	for (size_t i = 0; i + GRAM <= len; i++)
		if (has_gram(r->common, bytes + i))
			common |= (uint64_t)0xf << i;
	for (size_t i = 0; i < len; i++, common >>= 1) {
		bool letter = is_letter(bytes[i]);

		bits[i] = r->bits[(unsigned char)bytes[i]] *
			  (common & 1	      ? COMMON_SHARE
			   : letter && inside ? WORD_SHARE
					      : 1);
		inside = letter;
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
