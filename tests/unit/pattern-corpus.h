/* pattern-corpus.h - expressions over PCRE2's syntax, and lines for them. All
 * expressions are right; each is used with and without regard to case. */
#ifndef PATTERN_CORPUS_H
#define PATTERN_CORPUS_H

/* clang-format off */
static const char *const corpus_exprs[] = {
	/* plain text, and what must be escaped in it */
	"error", "ERROR", "Out of memory", "a.b", "a\\.b", "x", "", "\\[info\\]",
	"100%", "]", "}", "a{", "a{,3}", "a{x}", "{", "\\{\\}", "tab\there",
	"C:\\\\temp", "\\$HOME", "~!@#&=;:'\",<>/_-`",
	/* groups and alternatives */
	"(error)", "(?:error|warn)", "error|warn|fatal", "a|", "|a", "(|a)b",
	"(foo|bar)baz", "(?:foo|bar)+baz", "x(?:a|b|)y", "(a)(b)(c)", "((((deep))))",
	"(?|(foo)|(bar))x", "(?:(?:a|b)(?:c|d))(?:e|f)", "disk (?:is )?full",
	"(?:un|in)?reachable", "(?:a|bc|def){2}x", "(?:timed? ?out)",
	"(?:foo(?:bar|baz)?|quux) end", "read(?:ing)? timed out",
	"(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa)",
	"[abcdefgh][abcdefgh][abcdefgh]z", "(?:0|1|2|3|4)(?:5|6|7|8)(?:a|b|c|d)",
	/* names, in three spellings */
	"(?P<n>\\d+) errors", "(?<n>\\d+) errors", "(?'n'\\d+) errors",
	"(?<w>\\w+) \\k<w>", "(?<w>\\w+) \\k{w}", "(?<w>\\w+) \\k'w'",
	"(?P<w>\\w+) (?P=w)", "(?<w>\\w+) \\g{w}", "(?<a>x)|(?<a>y)",
	/* quantifiers */
	"ab*c", "ab+c", "ab?c", "ab{2}c", "ab{2,}c", "ab{2,3}c", "ab{0}c", "ab{0,1}c",
	"(foo){2}", "(foo){0}bar", "(?:foo){1,2}bar", "a{10}", "a{20}", "(?:ab){9,12}",
	"ab*?c", "ab+?c", "ab??c", "ab{1,2}?c", "ab*+c", "ab++c", "ab?+c", "ab{1,2}+c",
	"x.*y", "x.+y", "x.?y", "x.{3}y", "x.{1,80}", ".*error.*", "error.*", ".*error",
	"(?:a+b+)+c", "\\d{4}-\\d\\d-\\d\\d", "[0-9]+ms", "(?>a+)b", "(?>foo|foobar)x",
	"(a?){3}b", "(?:(?:ab)?c)+d", "(?:a{2}){3}",
	/* anchors and assertions */
	"^error", "error$", "^error$", "^$", "^", "$", "\\Aerror", "error\\z", "error\\Z",
	"\\Gerror", "\\berror\\b", "\\Brror", "(?m)^error$", "(^|x)error", "error($|x)",
	"^\\s*$", "(?=error)", "(?=.*foo)bar", "(?!foo)bar", "(?<=foo)bar", "(?<!foo)bar",
	"foo(?=bar)", "foo(?!bar)", "foo\\Kbar", "(?<=\\d{3})x", "^(?!.*debug).*error",
	"(?=.*foo)(?=.*bar)", "x(?=y)?z", "[[:<:]]foo[[:>:]]", "(?*foo)bar",
	/* references, recursion, conditions */
	"(a|b)\\1", "(\\w)\\1", "(a)(b)\\2\\1", "(a)\\g1", "(a)\\g{-1}", "\\((?:[^()]|(?R))*\\)",
	"(\\((?:[^()]|(?1))*\\))", "(?<p>\\[(?:x|(?&p))*\\])", "(?P<q><(?:x|(?P>q))*>)",
	"(a)?(?(1)b|c)d", "(?<c>a)?(?(<c>)b|c)e", "(?(DEFINE)(?<o>\\d{1,3}))(?&o)\\.(?&o)",
	"(a)(?+1)(b)", "(a)(?-1)x", "\\g<1>(foo)", "(?(?=foo)foobar|bar)x", "(?(R)x|foo)",
	/* classes */
	"[abc]", "[^abc]", "[a-c]x", "[a-cx-z]1", "[]a]b", "[^]a]b", "[a\\]]b", "[a-]b", "[-a]b",
	"[\\d]x", "[\\w.]+@", "[^\\w\\s]", "[^\\D]x", "[[:alpha:]]1", "[[:^digit:]]1", "[[:upper:]]x",
	"[^[:upper:]]x", "[[:xdigit:]]{8}", "[\\x41-\\x43]1", "[\\n]", "[^\\n]z", "[\\b]", "[.]b", "[$]",
	"[*+?{}()|^]", "[\\p{Lu}]x", "[^\\p{L}]x", "[\\h]b", "[a\\-z]b", "[\\Qa-]\\E]b", "[q\\p{L}]x", "[q[:upper:]]B", "[q[:^alpha:]]b", "[[a]b", "[[:a]b", "[\\e]",
	/* escapes */
	"\\d", "\\D", "\\w+\\W", "\\s", "\\S+\\s\\S+", "\\h", "\\H", "\\v", "\\V", "\\R", "\\N", "\\N{2}x", "\\X",
	"\\x41", "\\x{41}b", "\\x{e9}", "\\o{101}b", "\\0101", "\\101", "\\x00", "\\0", "\\e\\[31m", "\\cA", "\\a", "\\t",
	"\\r", "a\\nb", "\\f", "\\p{Lu}x", "\\pL1", "\\P{L}x", "\\Qa.b\\E", "\\Qa.b", "x\\Q\\E+y", "\\Qab\\E+c", "\\E", "\\<x\\>",
	/* flags and comments */
	"(?i)error", "(?-i)error", "(?i:err)or", "er(?i)ror", "(?:e(?i)r|w)x", "(a(?i)b|c)d", "(?i)err(?-i)or",
	"(?x) e r r o r", "(?x) err or # comment", "(?x) foo # x\n bar", "(?x)a +b", "(?x)a\\ b", "(?x)[a ]b", "(?xx)[a b]c",
	"(?x: a b )c d", "(?^)error", "(?s)x.y", "(?U)a+b", "(?#comment)error", "err(?#x)+or", "(?n)(a)b", "(?J)(?<z>a)|(?<z>b)",
	"(?x)a # b\\Qc", "(?x) \\Qa b\\E c", "(?ix-s:e r r)or", "(?-x)a b",
	/* callouts and verbs */
	"er(?C)ror", "er(?C1)ror", "(*COMMIT)error", "error(*ACCEPT)never", "(foo|bar(*ACCEPT))x", "foo(*F)|bar", "(*MARK:m)error",
	"(*:m)error", "a(*PRUNE)b", "a(*SKIP)b|c", "(*THEN)error", "(*NO_JIT)error", "(*NO_START_OPT)error", "(*LIMIT_MATCH=5000)error",
	"(*CRLF)error$", "(*ANY)^error", "(*BSR_ANYCRLF)a\\Rb", "(*UTF)error", "(*positive_lookahead:foo)foo", "(*nla:foo)bar", "(*NOTEMPTY)a*",
	/* how far before its string a match begins */
	".{0,3}error \\d", "(?:pre|e)?error[:;] (\\w+)", "(?:x.{0,9})?timed? out", "[^:]+: error", "(?:a|b+|.{3})error",
	"w.*(*SKIP)(*F)|error", "x(*PRUNE)x error|error", "(?:\\w\\K)+error", "(?<=pre)error.*(?<!x)$", "(?:(?:x?y){1,2}|z*)error",
	/* characters outside ASCII */
	"\xc3\xa9", "caf\xc3\xa9", "[\xc3\xa4\xc3\xb6]x", "\xc3\xa9+x", "\\x{2019}", "\\x{20ac}5", "\\N{U+e9}", "\\N{U+41}b", "(*UTF)\\w+k",
	"(*UTF)[^a]\xc3\xa9", "(*UTF)task", "(*UTF)\\x{17f}x", "(*UTF)\\x{212a}", "(*UTF)k\xc3\xa9", "(*UTF)..x", "\xff", "\xff\xfe.x",
	"(*UTF)[\\x{100}-\\x{200}]x", "(*UTF)[^\\x{100}]x", "(?x)\xc3\xa9 x", "(*UTF)\\Dx", "(*UTF)\\p{Greek}", "(*UTF)[q\\x{212a}]1", "(*UTF)[k-s]+\xc3\xa9",
	/* from rules */
	"java\\.lang\\.OutOfMemoryError(?:: (?P<kind>[\\w ]+))?", "\" (?P<status>50[0-9]) (?P<bytes>\\d+|-)(?: \"|$)",
	"^(?P<type>[A-Z]\\w*(?:Error|Exception)): (?P<msg>.+)$", "\\bstatus(?:_code)?[\"']?[=:] ?\"?(?P<status>50\\d)\\b",
	"md(?P<md>\\d+): (?:disk failure|raid\\d+: .*degraded)", "(?P<file>[\\w./-]+\\.(?:c|cc|cpp|h)):(?P<line>\\d+):",
	"replication (?:lag|delay)[^\\d]{1,20}(?P<s>\\d+)", "Failed (?P<m>password|publickey) for (?:invalid user )?(?P<u>\\S+) from",
	"\\d{1,3}(?:\\.\\d{1,3}){3}", "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "(?:connection )?pool (?:is )?exhausted",
};

/* A line that C cannot end at its NUL stands in corpus_bytes. */
static const char *const corpus_lines[] = {
	"", "error", "Error", "ERROR", "an error here", "error at the end", "ends with error", "terror", "errors", "xerror", "errr or",
	"errorx", "warn", "fatal: x", "foobaz", "barbaz", "foobarbaz", "foofoo", "foobar", "fooBAR", "bar", "foo bar", "bar foo", "FOO",
	"xay", "xby", "xy", "xcy", "abc", "abbc", "abbbc", "abbbbc", "ac", "aabbccd", "ab", "AB", "aB", "Ab", "a b", "a.b", "aXb", "a+b",
	"deep", "Out of memory: Kill process 12 (java)", "out of MEMORY", "disk full", "disk is full", "unreachable", "inreachable",
	"abcbcx", "aax", "defbcx", "timeout", "timed out", "time out", "read timed out", "reading timed out", "foobar end", "quux end",
	"5 errors", "word word", "one two", "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababab", "x1y", "x123y", "xxxyyy", "2026-11-21",
	"12ms", "aab", "aaab", "b", "cd", "abcabcd", "123x", "a1", "aa", "bb", "abba", "(a(b)c)", "((", "[x[x]x]", "<x<>x>", "abd", "cd",
	"ae", "abe", "ce", "10.0.0.1", "1.2", "aab", "aax", "foofoo", "foobarx", "barx", "axb", "bx1", "]b", "-b", "x@y", "$", "%100", "100%",
	"a1", "Z1", "k1", "K1", "deadbeef", "DEADBEEF", "\b", "\x1b[31mred\x1b[0m", "\x01", "\a", "tab\there", "a\tb", "\t", " ", "   ", "a\fb", "a\vb",
	"a\rb", "trailing cr\r", "\r", "error\r", "a{", "a{,3}", "a{x}", "aaa", "{}", "}", "C:\\temp", "$HOME", "[info]", "~!@#&=;:'\",<>/_-`",
	"err (x)", "a  b", "ab cd", "abcd", "a bc", "abc d", "err or", "Err", "ERRor", "errOR", "erROR", "wx", "Wx", "eRx", "abd", "aBd", "cd", "Cd",
	"caf\xc3\xa9", "CAF\xc3\x89", "\xc3\xa9\xc3\xa9x", "\xc3\xa4x", "\xe2\x80\x99", "\xe2\x82\xac" "5", "caf\xe9", "\xe9", "\xff", "\xff\xfe\x80x",
	"\xe2\x84\xaa", "\xc5\xbfx", "tas\xe2\x84\xaa", "ta\xc5\xbfk", "k\xc3\xa9", "K\xc3\x89", "\xe2\x84\xaa\xc3\xa9", "\xc4\x80x", "ba\xff" "foo error \xc3",
	"\xce\xb1\xce\xb2", "\xed\xa0\x80x", "\xf0\x9f\x98\x80x", "\xc0\x80", "mno\xc3\xa9", "alpha", "theta waves", "abcz", "05a", "48d",
	"java.lang.OutOfMemoryError: Java heap space", "java.lang.OutOfMemoryError", "GET / HTTP/1.1\" 503 12 \"-\"", "\" 500 -", "\" 500 -\r",
	"ValueError: bad", "a ValueError: bad", "status=503", "\"status\": 502,", "status_code: 500", "md0: raid1: array degraded", "md12: disk failure",
	"src/main.c:12:3: error: x", "replication lag is 30", "replication delay=4", "Failed password for invalid user x from 1.2.3.4",
	"an error: error 1, error: one; preerror; two", "xx error eerror; three", "xxx timed out, time out", "warn: error", "xyyerror zzzerror",
	"bbbbb error", "pre error preerror", "first error, error; last",
	"00:11:22:33:44:55", "pool is exhausted", "connection pool exhausted", "HikariPool-1 - not", "xx foo yy", "foo(bar)", "never",
};
/* clang-format on */

static const char corpus_bytes[] =
	"nul \0 error\nerror\0\n\0\n\0\0x\na\0b\nx\0\0y\n\r\r\n\n\r\n";

#endif
