#include "unit-when.h"

#include <stdio.h>

#include <oncall/fields.h>

static struct fields_scratch scratch;

static void zone(const char *name)
{
	struct err err = ERR_INIT;

	if (when_set_zone(name, &err) < 0)
		fail_msg("%s", err.text);
}

/* What a case leaves out is absent; but message, said and text are the line
 * then. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
struct line_case {
	const char *line;
	const char *format, *time, *level, *severity;
	const char *service, *host, *pid;
	const char *message, *said, *text;
};

static void check_text(const struct line_case *c, const char *what,
		       struct slice got, const char *want)
{
	if (!slice_is(got, want ? want : ""))
		fail_msg("%s\n%s is '%.*s' and not '%s'", c->line, what,
			 (int)got.len, got.ptr ? got.ptr : "",
			 want ? want : "");
}

static void check_line(const struct line_case *c, const char *format)
{
	const char *time = NULL, *severity = NULL;
	char at[WHEN_TEXT];
	struct fields f;

	fields_read(&f, slice_of(c->line),
		    format ? fields_format_find(format) : NULL, NOW, &scratch);
	if (f.has_time) {
		when_format(at, f.when.ms);
		time = at;
	}
	if (f.has_severity)
		severity = severity_name(f.severity);
	check_text(c, "format", slice_of(fields_format_name(f.format)),
		   c->format);
	check_text(c, "time", slice_of(f.bad_time ? "bad" : time), c->time);
	check_text(c, "level", f.level, c->level);
	check_text(c, "severity", slice_of(severity), c->severity);
	check_text(c, "service", f.service, c->service);
	check_text(c, "host", f.host, c->host);
	check_text(c, "pid", f.pid, c->pid);
	check_text(c, "message", f.message, c->message ? c->message : c->line);
	check_text(c, "said", f.said, c->said ? c->said : c->line);
	check_text(c, "text", f.text,
		   c->text   ? c->text
		   : c->said ? c->said
			     : c->line);
}

static void check_lines(const struct line_case *c, size_t count)
{
	zone("UTC");
	for (size_t i = 0; i < count; i++, c++) {
		check_line(c, NULL);
		check_line(c, "auto");
		/* The quick look leaves none out. */
		if (c->said && !fields_wraps(slice_of(c->line), NULL))
			fail_msg("%s", c->line);
	}
}

#define AT  "2026-11-20T10:11:12.000Z"
#define MS  "2026-11-20T10:11:12.123Z"
#define CET "2026-11-20T09:11:12.000Z"

static void plain_lines(void **state)
{
	static const struct line_case cases[] = {
		{"", "plain"},
		{"no space left on device", "plain"},
		{"\tat com.shop.Cart.add(Cart.java:17)", "plain"},
		{"Out of memory: Killed process 4711 (java)", "plain"},
		{"[foo] bar", "plain"},
		{"17 items", "plain"},
		{"foo - bar - baz", "plain"},
		{"Error while reading", "plain"},
		{"(ERROR", "plain"},
		{"error/x", "plain"},
		{"shop:error", "plain"},
		{"ERROR/17 lost", "plain", NULL, "ERROR", "high",
		 .message = "lost"},
		{"[", "plain"},
		{"type=AVC msg=audit(1795169472.123:17): avc: denied", "plain"},
		{"ERROR disk full", "plain", NULL, "ERROR", "high",
		 .message = "disk full"},
		{"ERROR: failed: disk full", "plain", NULL, "ERROR", "high",
		 .message = "failed: disk full"},
		{"error: pathspec 'x' did not match", "plain", NULL, "error",
		 "high", .message = "pathspec 'x' did not match"},
		{"Error: cannot open", "plain", NULL, "Error", "high",
		 .message = "cannot open"},
		{"panic: runtime error: index out of range", "plain", NULL,
		 "panic", "critical",
		 .message = "runtime error: index out of range"},
		{"[WARN ] low on space", "plain", NULL, "WARN", "medium",
		 .message = "low on space"},
		{"[error]: x", "plain", NULL, "error", "high", .message = "x"},
		{"2026-11-20 10:11:12 disk full", "plain", AT,
		 .message = "disk full"},
		{"2026-11-20T10:11:12.123Z worker: done: 17", "plain", MS,
		 .message = "worker: done: 17"},
		{"2026-11-20 10:11:12 - item", "plain", AT, .message = "item"},
		{"2026-11-20 10:11:12 42 connections refused", "plain", AT,
		 .message = "42 connections refused"},
		{"2026-11-20 10:11:12 Error while reading", "plain", AT,
		 .message = "Error while reading"},
		{"2026-11-20 10:11:12 error while reading", "plain", AT,
		 "error", "high", .message = "while reading"},
		{"2026-11-20 10:11:12 JSON is broken", "plain", AT,
		 .message = "JSON is broken"},
		{"2026-11-20 10:11:12 config reloaded", "plain", AT,
		 .message = "config reloaded"},
		{"2026-11-20 10:11:12 ERROR timeout: waiting", "plain", AT,
		 "ERROR", "high", .message = "timeout: waiting"},
		{"1795169472.123 ERROR x\r", "plain", MS, "ERROR", "high",
		 .message = "x"},
		{"2026-13-20 10:11:12 x", "plain", "bad"},
		{"[2026-02-30T10:11:12Z] x", "plain", "bad"},
		{"2026-11-20 10:11:12 level=error err=x", "plain", AT, "error",
		 "high", .message = "level=error err=x"},
		{"2026-11-20 10:11:12", "plain", AT, .message = ""},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static void lines_of_libraries(void **state)
{
	static const struct line_case cases[] = {
		/* Log4j, Logback, Spring */
		{"2026-11-20 10:11:12,123 ERROR [http-1] com.shop.Cart - lost",
		 "plain", MS, "ERROR", "high", .message = "lost"},
		{"2026-11-20 10:11:12.123 ERROR 4711 --- [           main] "
		 "c.shop.Cart            : lost: 17",
		 "plain", MS, "ERROR", "high", .pid = "4711",
		 .message = "lost: 17"},
		{"[2026-11-20T10:11:12,123][WARN ][o.e.c.r.a.Disk] [node-1] "
		 "high watermark",
		 "plain", MS, "WARN", "medium", .message = "high watermark"},
		{"[2026-11-20 10:11:12,123] ERROR [Broker id=0] lost it "
		 "(kafka.server.Broker)",
		 "plain", MS, "ERROR", "high",
		 .message = "lost it (kafka.server.Broker)"},
		{"ERROR [2026-11-20 10:11:12,123] com.shop.App: boom", "plain",
		 MS, "ERROR", "high", .message = "boom"},
		{"26/11/20 10:11:12 ERROR TaskSetManager: Task 3 failed",
		 "spark", AT, "ERROR", "high", .message = "Task 3 failed"},
		{"26/11/20 10:11:12 tea", "plain", AT, .message = "tea"},
		/* Python */
		{"ERROR:root:lost it", "python", NULL, "ERROR", "high",
		 .message = "lost it"},
		{"CRITICAL:shop.cart:a: b", "python", NULL, "CRITICAL",
		 "critical", .message = "a: b"},
		{"2026-11-20 10:11:12,123 - shop - ERROR - lost it", "plain",
		 MS, "ERROR", "high", .message = "lost it"},
		{"2026-11-20 10:11:12.123 | ERROR    | shop.cart:add:17 - lost",
		 "plain", MS, "ERROR", "high", .message = "lost"},
		{"[2026-11-20 10:11:12,123: ERROR/MainProcess] Task lost",
		 "plain", MS, "ERROR", "high", .message = "Task lost"},
		{"[2026-11-20 10:11:12 +0100] [4711] [CRITICAL] WORKER TIMEOUT",
		 "plain", CET, "CRITICAL", "critical", .pid = "4711",
		 .message = "WORKER TIMEOUT"},
		{"[2026-11-20, 10:11:12 UTC] {taskinstance.py:1345} ERROR - "
		 "Task failed",
		 "airflow", AT, "ERROR", "high", .message = "Task failed"},
		{"[2026-11-20T10:11:12.123+0000] {local_task.py:17} INFO - "
		 "Task exited with return code 1",
		 "airflow", MS, "INFO", "info",
		 .message = "Task exited with return code 1"},
		/* Go, Rust, C++ */
		{"E1120 10:11:12.123456   4711 file.go:12] lost it", "klog", MS,
		 "E", "high", .pid = "4711", .message = "lost it"},
		{"W20261120 10:11:12.123456 4711 a_file.cc:12] lost it", "klog",
		 MS, "W", "medium", .pid = "4711", .message = "lost it"},
		{"E1320 10:11:12.123456   4711 file.go:12] lost it", "plain"},
		{"2026/11/20 10:11:12 main.go:17: lost it", "plain", AT,
		 .message = "main.go:17: lost it"},
		{"2026-11-20T10:11:12.123456Z ERROR shop::cart: lost it",
		 "plain", MS, "ERROR", "high", .message = "lost it"},
		{"2026-11-20T10:11:12.123Z\tERROR\tcart\tcart/add.go:17\tlost",
		 "plain", MS, "ERROR", "high",
		 .message = "cart\tcart/add.go:17\tlost"},
		{"2026-11-20 10:11:12.123456 E | etcdserver: lost it", "plain",
		 MS, "E", "high", .message = "etcdserver: lost it"},
		/* Ruby, PHP */
		{"E, [2026-11-20T10:11:12.123456 #4711] ERROR -- : lost it",
		 "plain", MS, "E", "high", .pid = "4711",
		 .message = "ERROR -- : lost it"},
		{"[2026-11-20T10:11:12.123456+00:00] app.ERROR: lost it {} []",
		 "plain", MS, "ERROR", "high", .message = "lost it {} []"},
		{"[20-Nov-2026 10:11:12 UTC] PHP Fatal error:  lost it",
		 "plain", AT, .message = "PHP Fatal error:  lost it"},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static void lines_of_servers(void **state)
{
	static const struct line_case cases[] = {
		{"2026-11-20 10:11:12 UTC [4711] FATAL:  too many connections",
		 "plain", AT, "FATAL", "critical", .pid = "4711",
		 .message = "too many connections"},
		{"2026-11-20 10:11:12.123 UTC [4711] shop@cart ERROR:  lost",
		 "plain", MS, "ERROR", "high", .pid = "4711",
		 .message = "lost"},
		{"2026-11-20 10:11:12 CET [4711] LOG:  started", "plain", AT,
		 "LOG", "info", .pid = "4711", .message = "started"},
		{"2026-11-20 10:11:12 UTC [4711-3] PANIC:  lost", "plain", AT,
		 "PANIC", "critical", .message = "lost"},
		{"2026-11-20T10:11:12.123456Z 0 [ERROR] [MY-010119] [Server] "
		 "Aborting",
		 "plain", MS, "ERROR", "high", .message = "Aborting"},
		{"2026-11-20 10:11:12 140 [Warning] Aborted connection",
		 "plain", AT, "Warning", "medium",
		 .message = "Aborted connection"},
		{"2026/11/20 10:11:12 [error] 4711#17: *3 upstream timed out",
		 "plain", AT, "error", "high", .pid = "4711",
		 .message = "*3 upstream timed out"},
		{"[Fri Nov 20 10:11:12.123456 2026] [core:error] [pid 4711:tid "
		 "17] [client 127.0.0.1:17] AH00124: Request exceeded",
		 "plain", MS, "error", "high", .pid = "4711",
		 .message = "AH00124: Request exceeded"},
		{"2026.11.20 10:11:12.123456 [ 4711 ] {a-b.c} <Error> tcp: "
		 "lost",
		 "plain", MS, "Error", "high", .pid = "4711",
		 .message = "tcp: lost"},
		{"4711:M 20 Nov 2026 10:11:12.123 # Out Of Memory", "redis", MS,
		 "#", "medium", .pid = "4711", .message = "Out Of Memory"},
		{"4711:S 20 Nov 2026 10:11:12.123 * Connecting", "redis", MS,
		 "*", "low", .pid = "4711", .message = "Connecting"},
		{"[12345.678901] Out of memory: Killed process", "dmesg",
		 .message = "Out of memory: Killed process"},
		{"[    0.000000] Linux version", "dmesg",
		 .message = "Linux version"},
		{"127.0.0.1 - - [20/Nov/2026:10:11:12 +0100] \"GET /a\\\"b "
		 "HTTP/1.1\" 503 17 \"-\" \"curl/7.1\"",
		 "combined", CET, "503", "high",
		 .message =
			 "\"GET /a\\\"b HTTP/1.1\" 503 17 \"-\" \"curl/7.1\""},
		{"shop:443 ::1 - bob [20/Nov/2026:10:11:12 +0000] \"GET / "
		 "HTTP/2\" 404 -",
		 "combined", AT, "404", "medium",
		 .message = "\"GET / HTTP/2\" 404 -"},
		{"::1 - - [20/Nov/2026:10:11:12 +0000] \"-\" 200 0", "combined",
		 AT, "200", "info", .message = "\"-\" 200 0"},
		{"::1 - - [20/Nov/2026:10:11:12 +0000] \"GET / 200 0", "plain"},
		{"::1 - - [20/Nov/2026:10:11:12 +0000] \"GET /\"", "plain"},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static void syslog_lines(void **state)
{
	static const struct line_case cases[] = {
		{"Nov 20 10:11:12 db1 sshd[4711]: Failed password", "syslog",
		 AT, NULL, NULL, "sshd", "db1", "4711", "Failed password"},
		{"Nov 20 10:11:12 db1 postfix/smtpd[4711]: lost: it", "syslog",
		 AT, NULL, NULL, "postfix/smtpd", "db1", "4711", "lost: it"},
		{"Nov 20 10:11:12 db1 kernel: [12.345678] oom-killer", "syslog",
		 AT, NULL, NULL, "kernel", "db1", NULL,
		 "[12.345678] oom-killer"},
		{"Nov 20 10:11:12 db1 app[17]: ERROR lost it", "syslog", AT,
		 "ERROR", "high", "app", "db1", "17", "ERROR lost it"},
		{"Nov 20 10:11:12 db1 app[17]: level=warn msg=lost", "syslog",
		 AT, "warn", "medium", "app", "db1", "17",
		 "level=warn msg=lost"},
		{"Nov 20 10:11:12 db1 last message repeated 3 times", "syslog",
		 AT, NULL, NULL, NULL, "db1", NULL,
		 "last message repeated 3 times"},
		{"Nov 20 10:11:12 ERROR lost it", "plain", AT, "ERROR", "high",
		 .message = "lost it"},
		{"Nov  9 10:11:12 fe80::1 app: x", "syslog",
		 "2026-11-09T10:11:12.000Z", NULL, NULL, "app", "fe80::1", NULL,
		 "x"},
		{"<11>Nov 20 10:11:12 db1 app[17]: lost it", "syslog", AT, NULL,
		 "high", "app", "db1", "17", "lost it"},
		{"<14>Nov 20 10:11:12 app[17]: ERROR it", "syslog", AT, NULL,
		 "info", "app", NULL, "17", "ERROR it"},
		{"<0>lost it", "syslog", NULL, NULL, "critical",
		 .message = "lost it"},
		{"<13>Nov 31 10:11:12 db1 app: x", "syslog", "bad", NULL, "low",
		 .message = "Nov 31 10:11:12 db1 app: x"},
		{"<192>x", "plain"},
		{"<>x", "plain"},
		{"<1", "plain"},
		{"<189>Nov 20 2026 10:11:12: %ASA-5-111008: User", "syslog", AT,
		 NULL, "low", "%ASA-5-111008", NULL, NULL, "User"},
		{"2026-11-20T10:11:12.123456+00:00 db1 sshd[4711]: Failed",
		 "syslog", MS, NULL, NULL, "sshd", "db1", "4711", "Failed"},
		{"2026-11-20T10:11:12.123456+00:00 db1 kernel: oom", "syslog",
		 MS, NULL, NULL, "kernel", "db1", NULL, "oom"},
		{"2026-11-20T10:11:12Z worker started: x", "plain", AT,
		 .message = "worker started: x"},
		{"<165>1 2026-11-20T10:11:12.123Z db1 app 17 ID47 [a@1 "
		 "k=\"]\\\""
		 "\"][b@1] \xef\xbb\xbflost it",
		 "syslog5424", MS, NULL, "low", "app", "db1", "17", "lost it"},
		{"<11>1 2026-11-20T10:11:12Z db1 app - - - lost it",
		 "syslog5424", AT, NULL, "high", "app", "db1", NULL, "lost it"},
		{"<11>1 - - - - - -", "syslog5424", NULL, NULL, "high",
		 .message = ""},
		{"<11>1 yesterday db1 app - - - x", "syslog5424", "bad", NULL,
		 "high", "app", "db1", NULL, "x"},
		{"<11>1 2026-11-20T10:11:12Z db1", "syslog5424", AT, NULL,
		 "high", NULL, "db1", NULL, ""},
		{"<11>1 2026-11-20T10:11:12Z db1 app - - [a \"", "syslog5424",
		 AT, NULL, "high", "app", "db1", NULL, ""},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static void json_lines(void **state)
{
	static const struct line_case cases[] = {
		/* ECS, dotted and nested */
		{"{\"@timestamp\":\"2026-11-20T10:11:12.123Z\",\"log.level\":"
		 "\"ERROR\",\"message\":\"lost it\",\"service.name\":\"cart\","
		 "\"host.name\":\"db1\",\"process.pid\":17,\"error.type\":"
		 "\"Lost\",\"error.stack_trace\":\"a\\n\\tb\"}",
		 "json", MS, "ERROR", "high", "cart", "db1", "17", "lost it",
		 "lost it\nLost\na\n\tb"},
		{"{\"@timestamp\":\"2026-11-20T10:11:12.123Z\",\"log\":{"
		 "\"level\":\"warn\"},\"message\":\"lost\\u0020it\","
		 "\"service\":"
		 "{\"name\":\"cart\"},\"host\":{\"name\":\"db1\",\"ip\":[]},"
		 "\"process\":{\"pid\":17},\"error\":{\"message\":\"gone\"}}",
		 "json", MS, "warn", "medium", "cart", "db1", "17", "lost it",
		 "lost it\ngone"},
		{"{\"event\":{\"original\":\"raw\"}}", "json", .message = "raw",
		 .said = "raw"},
		/* Pino, bunyan, zap, zerolog, logrus, GELF, Python, mongod */
		{"{\"level\":50,\"time\":1795169472123,\"pid\":17,\"hostname\":"
		 "\"db1\",\"err\":{\"type\":\"Error\",\"message\":\"gone\","
		 "\"stack\":\"at x\"},\"msg\":\"lost it\"}",
		 "json", MS, "50", "high", NULL, "db1", "17", "lost it",
		 "lost it\nError\ngone\nat x"},
		{"{\"name\":\"cart\",\"hostname\":\"db1\",\"pid\":17,\"level\":"
		 "40,\"msg\":\"x\",\"time\":\"2026-11-20T10:11:12.123Z\",\"v\":"
		 "0}",
		 "json", MS, "40", "medium", "cart", "db1", "17", "x", "x"},
		{"{\"level\":\"error\",\"ts\":1795169472.1234567,\"logger\":"
		 "\"a\",\"msg\":\"x\",\"error\":\"gone\"}",
		 "json", MS, "error", "high", .message = "x",
		 .said = "x\ngone"},
		{"{\"version\":\"1.1\",\"host\":\"db1\",\"short_message\":"
		 "\"x\","
		 "\"full_message\":\"x y\",\"timestamp\":1795169472.123,"
		 "\"level\":3}",
		 "json", MS, "3", "high", NULL, "db1", NULL, "x", "x\nx y"},
		{"{\"asctime\":\"2026-11-20 10:11:12,123\",\"name\":\"root\","
		 "\"levelname\":\"ERROR\",\"message\":\"x\",\"exc_info\":"
		 "\"Traceback\"}",
		 "json", MS, "ERROR", "high", .message = "x",
		 .said = "x\nTraceback"},
		{"{\"t\":{\"$date\":\"2026-11-20T10:11:12.123+00:00\"},\"s\":"
		 "\"E\",\"c\":\"NETWORK\",\"id\":17,\"ctx\":\"conn1\",\"msg\":"
		 "\"x\",\"attr\":{\"error\":{\"errmsg\":\"gone\"}}}",
		 "json", MS, "E", "high", .message = "x", .said = "x\ngone"},
		{"{\"@t\":\"2026-11-20T10:11:12.123Z\",\"@mt\":\"x "
		 "{A}\",\"@l\":"
		 "\"Fatal\",\"@x\":\"Gone\"}",
		 "json", MS, "Fatal", "critical", .message = "x {A}",
		 .said = "x {A}\nGone"},
		/* OpenTelemetry */
		{"{\"Timestamp\":\"1795169472123000000\",\"SeverityText\":"
		 "\"WARN\",\"SeverityNumber\":13,\"Body\":\"x\",\"Resource\":{"
		 "\"service.name\":\"cart\",\"host.name\":\"db1\"},"
		 "\"Attributes\":{\"exception.message\":\"gone\"}}",
		 "json", MS, "WARN", "medium", "cart", "db1", NULL, "x",
		 "x\ngone"},
		{"{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":"
		 "\"service.name\",\"value\":{\"stringValue\":\"cart\"}},{"
		 "\"key\":\"process.pid\",\"value\":{\"intValue\":\"17\"}}]},"
		 "\"scopeLogs\":[{\"scope\":{\"name\":\"n\"},\"logRecords\":[{"
		 "\"timeUnixNano\":\"0\",\"observedTimeUnixNano\":"
		 "\"1795169472123456789\",\"severityNumber\":17,\"body\":{"
		 "\"stringValue\":\"x\"},\"attributes\":[{\"key\":"
		 "\"exception.stacktrace\",\"value\":{\"stringValue\":\"a b\"}}"
		 "]},{\"body\":{\"stringValue\":\"next\"}}]}]}]}",
		 "json", MS, "17", "high", "cart", NULL, "17", "x", "x\na b"},
		/* Google, Kubernetes */
		{"{\"severity\":\"CRITICAL\",\"timestamp\":"
		 "\"2026-11-20T10:11:12.123Z\",\"jsonPayload\":{\"message\":"
		 "\"x\"},\"labels\":{\"app\":\"cart\"}}",
		 "json", MS, "CRITICAL", "critical", "cart", .message = "x",
		 .said = "x"},
		{"{\"message\":\"x\",\"kubernetes\":{\"host\":\"n1\","
		 "\"labels\":"
		 "{\"app\":\"cart\"},\"container_name\":\"c\"}}",
		 "json", NULL, NULL, NULL, "cart", "n1", .message = "x",
		 .said = "x"},
		/* Oddities */
		{"{}", "json"},
		{" {\"a\":1} ", "json"},
		{"{\"a\":1", "plain"},
		{"{\"msg\":\"a\xff\"}", "plain"},
		{"{\"msg\":null,\"n\":1}", "json"},
		{"{\"msg\":17}", "json", .message = "17", .said = "17"},
		{"{\"msg\":{\"a\":1},\"text\":\"t\"}", "json", .message = "t",
		 .said = "t"},
		{"{\"\\u006ds\\u0067\":\"x\"}", "json", .message = "x",
		 .said = "x"},
		{"{\"msg\":\"\"}", "json", .message = "", .said = ""},
		{"{\"msg\":\"x\",\"msg\":\"y\"}", "json", .message = "x",
		 .said = "x"},
		{"{\"message\":\"x\",\"error\":false,\"err\":17}", "json",
		 .message = "x", .said = "x"},
		{"{\"error\":\"gone\",\"stack\":\"a\"}", "json",
		 .message = "gone", .said = "gone\na"},
		{"{\"msg\":\"x\",\"time\":\"soon\"}", "json", "bad",
		 .message = "x", .said = "x"},
		{"{\"msg\":\"x\",\"time\":0.25,\"ts\":1795169472}", "json", AT,
		 .message = "x", .said = "x"},
		{"{\"msg\":\"x\",\"time\":1795169472123.75}", "json", MS,
		 .message = "x", .said = "x"},
		{"{\"msg\":\"x\",\"level\":\"odd\"}", "json", NULL, "odd",
		 .message = "x", .said = "x"},
		{"{\"msg\":\"x\",\"level\":\"odd\",\"severity\":\"low\"}",
		 "json", NULL, "low", "low", .message = "x", .said = "x"},
		{"{\"msg\":\"x\",\"s\":\"odd\"}", "json", .message = "x",
		 .said = "x"},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static void journal_lines(void **state)
{
	static const struct line_case cases[] = {
		{"{\"__CURSOR\":\"s=1\",\"__REALTIME_TIMESTAMP\":"
		 "\"1795169472123456\",\"_SOURCE_REALTIME_TIMESTAMP\":"
		 "\"1795169472000000\",\"PRIORITY\":\"3\","
		 "\"SYSLOG_IDENTIFIER\":\"sshd\",\"_SYSTEMD_UNIT\":"
		 "\"ssh.service\",\"_HOSTNAME\":\"db1\",\"_PID\":\"17\","
		 "\"MESSAGE\":\"lost it\"}",
		 "journal", AT, "3", "high", "sshd", "db1", "17", "lost it",
		 "lost it"},
		{"{\"__REALTIME_TIMESTAMP\":\"1795169472123456\","
		 "\"_SYSTEMD_UNIT\":\"ssh.service\",\"SYSLOG_PID\":\"17\","
		 "\"MESSAGE\":[108,195,182,10]}",
		 "journal", MS, NULL, NULL, "ssh", NULL, "17", "l\xc3\xb6\n",
		 "l\xc3\xb6\n"},
		{"{\"__REALTIME_TIMESTAMP\":\"1795169472123456\",\"MESSAGE\":"
		 "[\"a\",\"b\\t\"]}",
		 "journal", MS, .message = "a\nb\t", .said = "a\nb\t"},
		{"{\"__REALTIME_TIMESTAMP\":\"1795169472123456\",\"MESSAGE\":"
		 "null}",
		 "journal", MS},
		{"{\"__REALTIME_TIMESTAMP\":\"-1\",\"MESSAGE\":[-1,256,65,1e9]"
		 "}",
		 "journal", "bad", .message = "A", .said = "A"},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static void logfmt_lines(void **state)
{
	static const struct line_case cases[] = {
		{"time=2026-11-20T10:11:12.123Z level=error msg=\"lost \\\"it"
		 "\\\"\" err=gone service=cart host=db1 pid=17",
		 "logfmt", MS, "error", "high", "cart", "db1", "17",
		 "lost \"it\"", "lost \"it\"\ngone",
		 "lost \"it\"\ngone\n"
		 "time=2026-11-20T10:11:12.123Z level=error msg=\"lost \\\"it"
		 "\\\"\" err=gone service=cart host=db1 pid=17"},
		{"ts=1795169472.123 caller=a.go:17 level=warn msg=lost it",
		 "logfmt", MS, "warn", "medium", .message = "lost",
		 .said = "lost",
		 .text = "lost\nts=1795169472.123 caller=a.go:17 level=warn "
			 "msg=lost it"},
		{"t=2026-11-20T10:11:12+0000 lvl=eror msg=\"a b\" n=", "logfmt",
		 AT, "eror", "high", .message = "a b", .said = "a b",
		 .text = "a b\nt=2026-11-20T10:11:12+0000 lvl=eror "
			 "msg=\"a b\" n="},
		{"level=info ts=never caller=x", "logfmt", "bad", "info",
		 "info"},
		{"foo=bar level=error something else happened here too",
		 "plain", NULL, "error", "high"},
		{"level=error msg=\"lost", "plain", NULL, "error", "high"},
		{"at=info method=GET path=/ status=200", "plain"},
		{"a=b", "plain"},
		{"level=error", "plain", NULL, "error", "high"},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static void wrapped_lines(void **state)
{
	static const struct line_case cases[] = {
		{"{\"log\":\"lost it\\n\",\"stream\":\"stderr\",\"time\":"
		 "\"2026-11-20T10:11:12.123456789Z\"}",
		 "docker", MS, .message = "lost it", .said = "lost it"},
		{"{\"log\":\"ERROR:root:a\\tb\\n\",\"stream\":\"stderr\","
		 "\"time\":\"2026-11-20T10:11:12.123456789Z\"}",
		 "docker", MS, "ERROR", "high", .message = "a\tb",
		 .said = "ERROR:root:a\tb"},
		{"{\"log\":\"{\\\"level\\\":\\\"error\\\",\\\"msg\\\":\\\"a\\\\"
		 "tb\\\",\\\"service\\\":\\\"cart\\\",\\\"err\\\":\\\"x\\\"}\\n"
		 "\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:11:12."
		 "123Z\""
		 ",\"kubernetes\":{\"host\":\"n\\t1\"}}",
		 "docker", MS, "error", "high", "cart", "n\t1", NULL, "a\tb",
		 "a\tb\nx"},
		{"{\"log\":\"level=error ts=1795169472 msg=\\\"a b\\\"\\n\","
		 "\"stream\":\"stdout\",\"time\":\"2026-11-21T10:11:12.123Z\"}",
		 "docker", AT, "error", "high", .message = "a b", .said = "a b",
		 .text = "a b\nlevel=error ts=1795169472 msg=\"a b\""},
		/* A time without a zone gives way to one that has it. */
		{"{\"log\":\"2026-11-20 12:11:12 ERROR x\\n\",\"stream\":"
		 "\"stdout\",\"time\":\"2026-11-20T10:11:12.123Z\"}",
		 "docker", MS, "ERROR", "high", .message = "x",
		 .said = "2026-11-20 12:11:12 ERROR x"},
		{"{\"log\":\"x\",\"level\":\"info\"}", "json", NULL, "info",
		 "info", .message = "x", .said = "x"},
		{"{\"log\":\"{\\\"log\\\":\\\"y\\\\n\\\",\\\"stream\\\":\\\"s"
		 "\\\"}\\n\",\"stream\":\"s\"}",
		 "docker", .message = "y\n", .said = "y\n"},
		{"2026-11-20T10:11:12.123456789Z stdout F lost it", "cri", MS,
		 .message = "lost it", .said = "lost it"},
		{"2026-11-20T10:11:12.123456789+00:00 stderr F {\"msg\":"
		 "\"x\",\"level\":\"warn\"}",
		 "cri", MS, "warn", "medium", .message = "x", .said = "x"},
		{"2026-11-20T10:11:12.123Z stderr F:a E1120 10:11:12.0 17 f:1] "
		 "x",
		 "cri", MS, "E", "high", NULL, NULL, "17", "x",
		 "E1120 10:11:12.0 17 f:1] x"},
		{"2026-11-20T10:11:12.123Z stdout F ", "cri", MS, .message = "",
		 .said = ""},
		{"2026-11-20T10:11:12.123Z stdout F", "cri", MS, .message = "",
		 .said = ""},
		{"2026-13-20T10:11:12.123Z stdout F x", "cri", "bad",
		 .message = "x", .said = "x"},
		{"2026-11-20T10:11:12.123Z stdout X x", "plain", MS,
		 .message = "stdout X x"},
	};

	(void)state;
	check_lines(cases, ARRAY_LEN(cases));
}

static bool is_partial(const char *line)
{
	struct fields f;

	fields_read(&f, slice_of(line), NULL, NOW, &scratch);
	return f.partial;
}

static void parts_of_lines_are_marked(void **state)
{
	(void)state;
	assert_true(is_partial("2026-11-20T10:11:12Z stdout P x"));
	assert_false(is_partial("2026-11-20T10:11:12Z stdout F x"));
	assert_true(is_partial("{\"log\":\"x\",\"stream\":\"stdout\"}"));
	assert_true(is_partial("{\"log\":\"\",\"stream\":\"stdout\"}"));
	assert_true(is_partial("{\"log\":\"a\\n\\tb\",\"stream\":\"a\"}"));
	assert_false(is_partial("{\"log\":\"x\\n\",\"stream\":\"stdout\"}"));
	assert_false(is_partial("{\"log\":\"\\n\",\"stream\":\"stdout\"}"));
	/* Collectors cut the line end off. */
	assert_false(is_partial("{\"log\":\"x\",\"stream\":\"stdout\",\"a\":1,"
				"\"b\":2,\"c\":3}"));
}

static void a_given_format_is_kept(void **state)
{
	static const struct {
		const char *format;
		struct line_case line;
	} cases[] = {
		{"plain", {"{\"msg\":\"x\"}", "plain"}},
		{"plain",
		 {"Nov 20 10:11:12 db1 app: x", "plain", AT,
		  .message = "db1 app: x"}},
		{"syslog",
		 {"Nov 20 10:11:12 db1 app: x", "syslog", AT, NULL, NULL, "app",
		  "db1", NULL, "x"}},
		{"syslog", {"\tat x", "plain"}},
		{"syslog5424",
		 {"1 2026-11-20T10:11:12Z db1 app 17 - - x", "syslog5424", AT,
		  NULL, NULL, "app", "db1", "17", "x"}},
		{"syslog5424", {"1 never db1 app 17 - - x", "plain"}},
		{"spark",
		 {"26/11/20 10:11:12 ERROR TaskSetManager: x", "spark", AT,
		  "ERROR", "high", .message = "x"}},
		{"json",
		 {"{\"log\":\"x\\n\",\"stream\":\"s\"}", "docker",
		  .message = "x", .said = "x"}},
		{"docker",
		 {"{\"msg\":\"x\"}", "json", .message = "x", .said = "x"}},
		{"klog", {"x", "plain"}},
	};

	(void)state;
	zone("UTC");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_line(&cases[i].line, cases[i].format);
}

static void formats_have_names(void **state)
{
	(void)state;
	for (size_t i = 0; fields_formats[i]; i++) {
		const struct fields_format *f =
			fields_format_find(fields_formats[i]);

		assert_non_null(f);
		assert_string_equal(fields_format_name(f), fields_formats[i]);
	}
	assert_null(fields_format_find("odd"));
	assert_null(fields_format_find(""));
}

static void assumptions_are_told(void **state)
{
	struct fields f;

	(void)state;
	zone("Europe/Berlin");
	fields_read(&f, SLICE_LIT("Nov 20 10:11:12 db1 app: x"), NULL, NOW,
		    &scratch);
	assert_string_equal(TEXT(f.when.ms), CET);
	assert_true(f.when.zone_assumed && f.when.year_assumed);
	fields_read(&f, SLICE_LIT("{\"time\":\"2026-11-20 10:11:12\"}"), NULL,
		    NOW, &scratch);
	assert_string_equal(TEXT(f.when.ms), CET);
	assert_true(f.when.zone_assumed);
	fields_read(&f, SLICE_LIT("{\"time\":1795169472}"), NULL, NOW,
		    &scratch);
	assert_string_equal(TEXT(f.when.ms), AT);
	assert_false(f.when.zone_assumed);
	zone("UTC");
}

static void the_quick_look_knows_beginnings(void **state)
{
	static const struct {
		const char *line;
		bool wraps;
	} cases[] = {
		{"", false},
		{"{", true},
		{" \t{\"a\":1}", true},
		{"a=1", true},
		{"a b=1", false},
		{"\"a\"=1", false},
		{"=1", false},
		{"Nov 20 10:11:12 h p: a=1", false},
		{"2026-11-20T10:11:12Z stderr F x", true},
		{"2026-11-20T10:11:12Z stop", false},
		{"2026-11-20T10:11:12Z", false},
		{"[1] {", false},
		{"<11>1 {", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (fields_wraps(slice_of(cases[i].line), NULL) !=
		    cases[i].wraps)
			fail_msg("%s", cases[i].line);
	assert_false(fields_wraps((struct slice){NULL, 0}, NULL));
	assert_true(fields_wraps(SLICE_LIT("x"), fields_format_find("cri")));
	assert_false(
		fields_wraps(SLICE_LIT("{}"), fields_format_find("syslog")));
	assert_true(fields_wraps(SLICE_LIT("{}"), fields_format_find("auto")));
}

/* Lines of a megabyte are read, and quickly: nothing here goes on for ever. */
static void long_lines_are_read(void **state)
{
	static const struct {
		const char *start, *repeat, *end;
		const char *format;
	} cases[] = {
		{"2026-11-20 10:11:12 ERROR ", "x", "", "plain"},
		{"", "[a] ", "", "plain"},
		{"", "a - ", "", "plain"},
		{"", " ", "", "plain"},
		{"{\"a\":\"", "x", "\",\"msg\":\"y\"}", "json"},
		{"{\"msg\":\"", "\\u00e9\\n", "\",\"err\":\"x\"}", "json"},
		{"{\"msg\":[", "65,", "66]}", "json"},
		{"{\"msg\":[", "\"a\",", "\"b\"]}", "json"},
		{"{\"err\":\"x\"", ",\"err\":{\"stack\":\"y\"}", "}", "json"},
		{"{\"error\":", "[", "", "plain"},
		{"{\"attributes\":[",
		 "{\"key\":\"host\",\"value\":{\"stringValue\":\"a\"}},",
		 "{}]}", "json"},
		{"<11>1 - - - - - [", "\\\"", "", "syslog5424"},
		{"", "a=b ", "level=error msg=x", "plain"},
		{"level=error msg=x ", "a=b ", "", "logfmt"},
		{"level=error msg=\"", "\\\"", "\" a=b", "logfmt"},
	};
	const size_t size = (size_t)1024 * 1024;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf line = BUF_INIT;
		struct fields f;

		buf_add_str(&line, cases[i].start);
		while (line.len < size)
			buf_add_str(&line, cases[i].repeat);
		buf_add_str(&line, cases[i].end);
		fields_read(&f, buf_slice(&line), NULL, NOW, &scratch);
		if (strcmp(fields_format_name(f.format), cases[i].format) != 0)
			fail_msg("case %zu is %s", i,
				 fields_format_name(f.format));
	}
}

/* Objects in objects, each of a name that is looked into. */
static void deep_objects_end(void **state)
{
	AUTO_BUF struct buf line = BUF_INIT;
	struct fields f;

	(void)state;
	for (int i = 0; i < JSCAN_MAX_DEPTH - 1; i++)
		buf_add_str(&line, "{\"attributes\":");
	buf_add_str(&line, "{\"msg\":\"x\"}");
	for (int i = 0; i < JSCAN_MAX_DEPTH - 1; i++)
		buf_add_char(&line, '}');
	fields_read(&f, buf_slice(&line), NULL, NOW, &scratch);
	assert_string_equal(fields_format_name(f.format), "json");
	assert_true(slice_eq(f.text, buf_slice(&line)));
}

static int done(void **state)
{
	(void)state;
	fields_scratch_done(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lines),
		cmocka_unit_test(lines_of_libraries),
		cmocka_unit_test(lines_of_servers),
		cmocka_unit_test(syslog_lines),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(journal_lines),
		cmocka_unit_test(logfmt_lines),
		cmocka_unit_test(wrapped_lines),
		cmocka_unit_test(parts_of_lines_are_marked),
		cmocka_unit_test(a_given_format_is_kept),
		cmocka_unit_test(formats_have_names),
		cmocka_unit_test(assumptions_are_told),
		cmocka_unit_test(the_quick_look_knows_beginnings),
		cmocka_unit_test(long_lines_are_read),
		cmocka_unit_test(deep_objects_end),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
