#include "unit.h"

#include <stdio.h>
#include <time.h>

#include <oncall/redact.h>

#define R	 "[redacted]"
#define KEY_BODY "MIIEowIBAAKCAQEA7yn3bRHQ5FHMQ+/9=="
#define JWT	 "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN"

struct pair {
	const char *in;
	const char *out;
};

static void check(const struct pair *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO_BUF struct buf out = BUF_INIT, again = BUF_INIT;
		bool found =
			redact_text(&out, cases[i].in, strlen(cases[i].in));

		if (strcmp(buf_str(&out), cases[i].out) != 0)
			fail_msg("'%s' became '%s', not '%s'", cases[i].in,
				 buf_str(&out), cases[i].out);
		assert_true(found);
		(void)redact_text(&again, out.data, out.len);
		assert_string_equal(buf_str(&again), cases[i].out);
	}
}

static void values_of_known_keys(void **state)
{
	static const struct pair cases[] = {
		{"password=hunter2", "password=" R},
		{"password: hunter2", "password: " R},
		{"password:hunter2", "password:" R},
		{"password = hunter2 user=ana", "password = " R " user=ana"},
		{"Password      : hunter2", "Password      : " R},
		{"PGPASSWORD=hunter2 psql", "PGPASSWORD=" R " psql"},
		{"user=ana,password=hunter2,db=x",
		 "user=ana,password=" R ",db=x"},
		{"password=ab,cd;ef&gh)ij rest", "password=" R " rest"},
		{"Server=db;Password=hunter2;Timeout=5",
		 "Server=db;Password=" R ";Timeout=5"},
		{"(password=hunter2)", "(password=" R ")"},
		{"{password=hunter2, user=ana}", "{password=" R ", user=ana}"},
		{"{Token:abc Secret:def}", "{Token:" R " Secret:" R "}"},
		{"password='two words' x", "password='" R "' x"},
		{"password=\"two words\" x", "password=\"" R "\" x"},
		{"passwd=x y", "passwd=" R " y"},
		{"passphrase: x", "passphrase: " R},
		{"client_secret=abc&grant=x", "client_secret=" R "&grant=x"},
		{"GET /cb?access_token=abc&state=1 HTTP/1.1",
		 "GET /cb?access_token=" R "&state=1 HTTP/1.1"},
		{"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG",
		 "AWS_SECRET_ACCESS_KEY=" R},
		{"apikey=abc", "apikey=" R},
		{"api_key=abc", "api_key=" R},
		{"API key: abc", "API key: " R},
		{"X-Api-Key: abc", "X-Api-Key: " R},
		{"apiKey: abc", "apiKey: " R},
		{"private_key=abc", "private_key=" R},
		{"spring.datasource.password=abc",
		 "spring.datasource.password=" R},
		{"token => abc", "token => " R},
		{"token := abc", "token := " R},
		{"--password hunter2 --verbose", "--password " R " --verbose"},
		{"--db-password hunter2", "--db-password " R},
		{"--api-key=abc run", "--api-key=" R " run"},
		{"ALTER ROLE ana PASSWORD 'x''y'",
		 "ALTER ROLE ana PASSWORD '" R "''"
		 "y'"},
		{"password=p\xc3\xa4ss x", "password=" R " x"},
		{"password=:abc", "password=" R},
		{"password: 'a\"b' x", "password: '" R "' x"},
		{"password: 'never closed", "password: '" R},
		{"password=a\npassword=b", "password=" R "\npassword=" R},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void values_inside_json(void **state)
{
	static const struct pair cases[] = {
		{"{\"password\":\"hunter2\",\"user\":\"ana\"}",
		 "{\"password\":\"" R "\",\"user\":\"ana\"}"},
		{"{\"token\" : \"a b\"}", "{\"token\" : \"" R "\"}"},
		{"{\"password\":\"a\\\"b\",\"x\":1}",
		 "{\"password\":\"" R "\",\"x\":1}"},
		{"{\"password\":\"a\\\\\",\"x\":1}",
		 "{\"password\":\"" R "\",\"x\":1}"},
		{"{\"password\":12345,\"x\":1}",
		 "{\"password\":\"" R "\",\"x\":1}"},
		{"{\"message\":\"password=hunter2\",\"x\":1}",
		 "{\"message\":\"password=" R "\",\"x\":1}"},
		{"{\"message\":\"password=hunter2\\nnext\"}",
		 "{\"message\":\"password=" R "\\nnext\"}"},
		{"{\"m\":\"{\\\"password\\\":\\\"a b\\\",\\\"x\\\":1}\"}",
		 "{\"m\":\"{\\\"password\\\":\\\"" R "\\\",\\\"x\\\":1}\"}"},
		{"{\"m\":\"{\\\"password\\\":\\\"a\\\\\\\"b\\\"}\"}",
		 "{\"m\":\"{\\\"password\\\":\\\"" R "\\\"}\"}"},
		{"{\"m\":\"{\\\"password\\\":12345}\"}",
		 "{\"m\":\"{\\\"password\\\":\\\"" R "\\\"}\"}"},
		{"{'password': 'hunter2', 'x': 1}",
		 "{'password': '" R "', 'x': 1}"},
		{"{\"Authorization\":\"Bearer abc\",\"x\":1}",
		 "{\"Authorization\":\"Bearer " R "\",\"x\":1}"},
		{"{\"m\":\"Authorization: Basic YW5hOng=\"}",
		 "{\"m\":\"Authorization: Basic " R "\"}"},
		{"{\"m\":\"Cookie: a=b; c=d\"}", "{\"m\":\"Cookie: " R "\"}"},
		{"{\"m\":\"password: 'tis\",\"n\":\"it's\"}",
		 "{\"m\":\"password: '" R "\",\"n\":\"it's\"}"},
		{"{\"m\":\"token: \\\"cut\",\"x\":1}",
		 "{\"m\":\"token: \\\"" R "\",\"x\":1}"},
		{"{\"password\":\",\",\"x\":1}",
		 "{\"password\":\"" R "\",\"x\":1}"},
		{"{\"k\":\"-----BEGIN PRIVATE KEY-----abc\\\"cut\"}",
		 "{\"k\":\"" R "\\\"cut\"}"},
		{"{\"url\":\"https:\\/\\/ana:hunter2@db\\/x\"}",
		 "{\"url\":\"https:\\/\\/ana:" R "@db\\/x\"}"},
		{"{\"m\":\"x\\nghp_0123456789abcdefghij\"}",
		 "{\"m\":\"x\\n" R "\"}"},
		{"{\"k\":\"-----BEGIN PRIVATE KEY-----\\n" KEY_BODY
		 "\\n-----END PRIVATE KEY-----\\n\",\"x\":1}",
		 "{\"k\":\"" R "\\n\",\"x\":1}"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void headers(void **state)
{
	static const struct pair cases[] = {
		{"Authorization: Bearer abc.def", "Authorization: Bearer " R},
		{"authorization: basic YW5hOmh1bnRlcjI=\r\nHost: x",
		 "authorization: basic " R "\r\nHost: x"},
		{"Authorization: abc", "Authorization: " R},
		{"Authorization: Token token=\"abc\"",
		 "Authorization: Token token=\"" R "\""},
		{"Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c"
		 "\nx",
		 "Authorization: AWS4-HMAC-SHA256 " R "\nx"},
		{"Proxy-Authorization: Basic abc",
		 "Proxy-Authorization: Basic " R},
		{"curl -H 'Authorization: Bearer abc' http://x",
		 "curl -H 'Authorization: Bearer " R "' http://x"},
		{"curl -H \"X-Auth-Token: abc\" http://x",
		 "curl -H \"X-Auth-Token: " R "\" http://x"},
		{"map[Authorization:[Bearer abcdefghijklmnop1]]",
		 "map[Authorization:[Bearer " R "]]"},
		{"sent Bearer abcdefghijklmnop1 to x",
		 "sent Bearer " R " to x"},
		{"Cookie: sid=abc; theme=dark", "Cookie: " R},
		{"Set-Cookie: sid=abc; Path=/\nx", "Set-Cookie: " R "\nx"},
		{"cookie=abc x", "cookie=" R " x"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void passwords_in_urls(void **state)
{
	static const struct pair cases[] = {
		{"postgresql://ana:hunter2@db:5432/x?a=b",
		 "postgresql://ana:" R "@db:5432/x?a=b"},
		{"redis://:hunter2@cache", "redis://:" R "@cache"},
		{"see https://ana:p@ss:w@host/a@b now",
		 "see https://ana:" R "@host/a@b now"},
		{"(amqp://ana:hunter2@mq)", "(amqp://ana:" R "@mq)"},
		{"a://b:c@d a://b:c@d", "a://b:" R "@d a://b:" R "@d"},
		{"https://\xc3\xa4:\xc3\xb6@host",
		 "https://\xc3\xa4:" R "@host"},
		{"https://ghp_0123456789abcdefghij@github.com/x",
		 "https://" R "@github.com/x"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void well_known_tokens(void **state)
{
	static const struct pair cases[] = {
		{"key AKIAIOSFODNN7EXAMPLE used", "key " R " used"},
		{"ASIAIOSFODNN7EXAMPLE", R},
		{"ghp_0123456789abcdefghijABCDEFGHIJ012345", R},
		{"gho_0123456789abcdefghijABCDEFGHIJ012345.", R "."},
		{"<github_pat_11ABCDEFG0abcdefghij_0123456789>", "<" R ">"},
		{"glpat-abcdefghij0123456789", R},
		{"xoxb-123456789012-abcdefABCDEF", R},
		{"xoxp-1234567890-a,", R ","},
		{"sk-abcdefghijklmnopqrstuvwxyz012345", R},
		{"sk-ant-api03-abc_def-0123456789", R},
		{"x=sk_live_0123456789abcdef", "x=" R},
		{"AIzaSyA-0123456789abcdefghijklmnopqrstu", R},
		{"npm_0123456789abcdefghijABCDEFGHIJ012345", R},
		{"got " JWT " back", "got " R " back"},
		{"eyJ." JWT, "eyJ." R},
		{"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.", R "."},
		{"TOKEN_ghp_0123456789abcdefghij", "TOKEN_" R},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void private_keys(void **state)
{
	static const struct pair cases[] = {
		{"a\n-----BEGIN RSA PRIVATE KEY-----\n" KEY_BODY "\n" KEY_BODY
		 "\n-----END RSA PRIVATE KEY-----\nb",
		 "a\n" R "\nb"},
		{"-----BEGIN PRIVATE KEY-----\r\n" KEY_BODY
		 "\r\n-----END PRIVATE KEY-----",
		 R},
		{"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
		 "DEK-Info: AES-128-CBC,0F\n\n" KEY_BODY
		 "\n-----END EC PRIVATE KEY-----\n",
		 R "\n"},
		{"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2 "
		 "(GNU/Linux)\n\n" KEY_BODY
		 "\n-----END PGP PRIVATE KEY BLOCK-----",
		 R},
		{"'-----BEGIN OPENSSH PRIVATE KEY-----\n" KEY_BODY "' cut",
		 "'" R "' cut"},
		{"-----BEGIN PRIVATE KEY-----\n" KEY_BODY, R},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void harmless_text_stays(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"=",
		":",
		"plain words",
		"password",
		"password=",
		"password:",
		"password = ",
		"password=\npassword:\n",
		"{\"password\":\"\",\"token\":null,\"secret\":false}",
		"{\"m\":\"enter password:\",\"user\":\"ana\"}",
		"{\"m\":\"password=\"}",
		"{\"m\":\"password: \",\"x\":[\"a\",\"b\"]}",
		"{\"m\":\"a\\npm_0123456789abcdefghijABCDEFGHIJ012345\"}",
		"{\"token\":{\"type\":\"x\"},\"secret\":[1,2]}",
		"Failed password for root from 10.0.0.1 port 22 ssh2",
		"Accepted password for ana from 10.0.0.1",
		"Access denied for user 'root'@'localhost' (using password: "
		"YES)",
		"invalid password: too short",
		"Authorization: denied.",
		"token: expired",
		"token: not found",
		"Unexpected token < in JSON at position 0",
		"syntax error: unexpected token '}', expecting ')'",
		"tokens: 17, max_tokens=4096, tokenizer=x",
		"secret \"db-creds\" not found",
		"mount /run/secrets/db failed",
		"secret://vault/path",
		"password_file=/run/x",
		"password-reset: done",
		"Token::parse at token.cc:12",
		"aws_access_key_id missing",
		"keyboard=us monkey: banana",
		"http://localhost:8080/path@1.2.3",
		"http://db:5432/x and mail to ana@example.org",
		"https://github.com/a/b@v1.2.3",
		"git@github.com:owner/repo.git",
		"ssh://git@host:22/x",
		"http://[::1]:80/",
		"ASIAPACIFICSOUTHEAST region",
		"BAKIAIOSFODNN7EXAMPLE",
		"AKIA is short",
		"task-force-of-people-2026-11-20-x",
		"sk-learn-ensemble-random-forest",
		"xoxb- is a prefix",
		"ghp_short",
		"npm_config_cache_lock_stale=60000",
		"eyJ is how they begin, eyJabc.def too",
		"hf_hub_download failed",
		"Bearer of bad news, authentication required",
		"the bearer authenticationmechanism failed",
		"-----BEGIN CERTIFICATE-----\n" KEY_BODY
		"\n-----END CERTIFICATE-----",
		"-----BEGIN PUBLIC KEY-----\n" KEY_BODY
		"\n-----END PUBLIC KEY-----",
		"--------------------------------------------------",
		"-----BEGIN PRIVATE KEY",
		"2026-11-20 10:11:12,123 ERROR [main] a.b.C - x=1 y: 2",
		"10.0.0.1 - - [20/Nov/2026:10:11:12 +0100] \"GET /?a=b&c=d "
		"HTTP/1.1\" 200",
		"commit 0123456789abcdef0123456789abcdef01234567",
		"SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg",
		"\xff\xfe\x80",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;

		if (redact_text(&out, cases[i], strlen(cases[i])) ||
		    strcmp(buf_str(&out), cases[i]) != 0)
			fail_msg("'%s' became '%s'", cases[i], buf_str(&out));
	}
}

static void registered_values_are_found_anywhere(void **state)
{
	static const struct pair cases[] = {
		{"s3cr3t!x", R},
		{"xs3cr3t!xy s3cr3t!x", "x" R "y " R},
		{"s3cr3t!x and longer", R},
		{"a \\\"quoted\\\" one", R},
		{"a \"quoted\" one", R},
		{"\xc3\xbc"
		 "bergang",
		 R},
		{"https://ana:s3cr3t!x@h", "https://ana:" R "@h"},
	};
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	redact_register(NULL);
	redact_register("");
	redact_register("abc");
	redact_register("s3cr3t!x");
	redact_register("s3cr3t!x");
	redact_register("s3cr3t!x and longer");
	redact_register("a \"quoted\" one");
	redact_register("\xc3\xbc"
			"bergang");
	for (int i = 0; i < 20; i++) {
		char value[32];

		(void)snprintf(value, sizeof(value), "value-%02d-of-many", i);
		redact_register(value);
	}
	check(cases, ARRAY_LEN(cases));
	assert_true(redact_text(&out, "value-19-of-many", 16));
	buf_reset(&out);
	assert_false(redact_text(&out, "abc s3cr3t! s3cr3t", 18));
	assert_string_equal(buf_str(&out), "abc s3cr3t! s3cr3t");
}

static void only_the_given_bytes_are_read(void **state)
{
	static const char *const cases[] = {
		"password=hunter2,x=1",
		"{\"token\":\"abc\"}",
		"https://ana:x@h",
		"Authorization: Bearer abc",
		"Cookie: a=b",
		"ghp_0123456789abcdefghij",
		JWT,
		"--password x",
		"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t n = 0; n <= strlen(cases[i]); n++) {
			/* a copy without a NUL, for the address sanitizer */
			AUTO_FREE char *copy = malloc(n ? n : 1);
			AUTO_BUF struct buf out = BUF_INIT;

			assert_non_null(copy);
			memcpy(copy, cases[i], n);
			(void)redact_text(&out, copy, n);
			assert_true(out.len <= n + 10);
		}
	}
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Texts made to send a careless scanner back over what it has seen. */
static void time_is_linear(void **state)
{
	static const char *const pieces[] = {
		"eyJ-",
		"eyJhbGciOiJI.",
		"sk-aaaa-",
		"-----BEGIN PRIVATE KEY-----",
		"://a:",
		"password=",
		"password=,a",
		"password=\\",
		"password= ",
		"\\",
		"token: \"",
		"-",
		" ",
		"Authorization: Digest ",
		"Cookie: a=",
		"Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"--api-key-",
		"\"",
		"xoxb-aaaaaaaa-",
		"AKIA",
	};
	const size_t size = 1 << 20;
	AUTO_FREE char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		AUTO_BUF struct buf out = BUF_INIT;
		double start = seconds();

		for (size_t k = 0; k < size; k++)
			text[k] = pieces[i][k % strlen(pieces[i])];
		(void)redact_text(&out, text, size);
		/* Milliseconds where it is linear, minutes where not. */
		if (seconds() - start > 5.0)
			fail_msg("slow on '%s'", pieces[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_known_keys),
		cmocka_unit_test(values_inside_json),
		cmocka_unit_test(headers),
		cmocka_unit_test(passwords_in_urls),
		cmocka_unit_test(well_known_tokens),
		cmocka_unit_test(private_keys),
		cmocka_unit_test(harmless_text_stays),
		cmocka_unit_test(only_the_given_bytes_are_read),
		cmocka_unit_test(time_is_linear),
		cmocka_unit_test(registered_values_are_found_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
