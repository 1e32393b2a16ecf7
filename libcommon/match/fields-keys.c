/*
 * fields-keys.c - the names that members of log lines go by: those of ECS, of
 * OpenTelemetry, of the journal, of GELF and of common logging libraries.
 */
#include "fields-internal.h"

#define NAME_MAX_LEN 40
#define SAME_LEN     16

/* By length, so that few names are compared. */
/* clang-format off */
static const struct fields_key keys[NAME_MAX_LEN + 1][SAME_LEN] = {
	[1] = {
		{"t", FIELDS_TIME, 8, FIELDS_IN_OTHER},
		{"s", FIELDS_LEVEL, 5, FIELDS_IF_KNOWN},
	},
	[2] = {
		{"@m", FIELDS_MESSAGE, 3, 0},
		{"@x", FIELDS_ERROR, 0, 0},
		{"ts", FIELDS_TIME, 3, 0},
		{"@t", FIELDS_TIME, 8, 0},
		{"@l", FIELDS_LEVEL, 2, 0},
	},
	[3] = {
		{"msg", FIELDS_MESSAGE, 1, 0},
		{"@mt", FIELDS_MESSAGE, 6, 0},
		{"log", FIELDS_MESSAGE, 7, FIELDS_DOCKER | FIELDS_IN_OTHER},
		{"err", FIELDS_ERROR, 0, FIELDS_IN_TEXT},
		{"lvl", FIELDS_LEVEL, 2, FIELDS_TENS},
		{"app", FIELDS_SERVICE, 2, 0},
		{"pid", FIELDS_PID, 0, 0},
	},
	[4] = {
		{"body", FIELDS_MESSAGE, 4, FIELDS_IN_TEXT},
		{"Body", FIELDS_MESSAGE, 4, FIELDS_IN_TEXT},
		{"text", FIELDS_MESSAGE, 10, 0},
		{"attr", FIELDS_NOTHING, 0, FIELDS_IN_TEXT},
		{"time", FIELDS_TIME, 2, 0},
		{"date", FIELDS_TIME, 10, 0},
		{"name", FIELDS_SERVICE, 7, FIELDS_NUMBERED},
		{"host", FIELDS_HOST, 0, FIELDS_IN_OTHER},
		{"_PID", FIELDS_PID, 0, 0},
	},
	[5] = {
		{"event", FIELDS_MESSAGE, 9, FIELDS_IN_TEXT},
		{"error", FIELDS_ERROR, 0, FIELDS_IN_TEXT},
		{"stack", FIELDS_ERROR, 0, 0},
		{"level", FIELDS_LEVEL, 0, FIELDS_TENS},
		{"Level", FIELDS_LEVEL, 2, FIELDS_TENS},
		{"LEVEL", FIELDS_LEVEL, 2, FIELDS_TENS},
		{"_COMM", FIELDS_SERVICE, 4, 0},
		{"agent", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
	},
	[6] = {
		{"thrown", FIELDS_NOTHING, 0, FIELDS_IN_TEXT},
		{"labels", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
		{"stream", FIELDS_STREAM, 0, 0},
	},
	[7] = {
		{"message", FIELDS_MESSAGE, 0, 0},
		{"MESSAGE", FIELDS_MESSAGE, 2, 0},
		{"Message", FIELDS_MESSAGE, 3, 0},
		{"t.$date", FIELDS_TIME, 8, 0},
		{"asctime", FIELDS_TIME, 9, 0},
		{"levelno", FIELDS_LEVEL, 4, FIELDS_PYTHONIC},
		{"service", FIELDS_SERVICE, 0, FIELDS_IN_OTHER},
		{"appname", FIELDS_SERVICE, 3, 0},
		{"appName", FIELDS_SERVICE, 3, 0},
		{"program", FIELDS_SERVICE, 4, 0},
		{"process", FIELDS_PID, 2, FIELDS_IN_OTHER},
	},
	[8] = {
		{"@message", FIELDS_MESSAGE, 3, 0},
		{"err.type", FIELDS_ERROR, 0, 0},
		{"exc_info", FIELDS_ERROR, 0, 0},
		{"exc_text", FIELDS_ERROR, 0, 0},
		{"datetime", FIELDS_TIME, 9, 0},
		{"dateTime", FIELDS_TIME, 9, 0},
		{"severity", FIELDS_LEVEL, 1, FIELDS_TENS},
		{"loglevel", FIELDS_LEVEL, 2, FIELDS_TENS},
		{"logLevel", FIELDS_LEVEL, 2, FIELDS_TENS},
		{"PRIORITY", FIELDS_LEVEL, 3, FIELDS_TENS},
		{"priority", FIELDS_LEVEL, 4, FIELDS_TENS},
		{"app_name", FIELDS_SERVICE, 3, 0},
		{"hostname", FIELDS_HOST, 1, 0},
		{"resource", FIELDS_NOTHING, 0, FIELDS_IN_OTHER | FIELDS_FLAT},
		{"Resource", FIELDS_NOTHING, 0, FIELDS_IN_OTHER | FIELDS_FLAT},
	},
	[9] = {
		{"err.stack", FIELDS_ERROR, 0, 0},
		{"Exception", FIELDS_ERROR, 0, 0},
		{"exception", FIELDS_ERROR, 0, FIELDS_IN_TEXT},
		{"traceback", FIELDS_ERROR, 0, 0},
		{"timestamp", FIELDS_TIME, 1, 0},
		{"Timestamp", FIELDS_TIME, 1, 0},
		{"eventTime", FIELDS_TIME, 10, 0},
		{"log.level", FIELDS_LEVEL, 0, FIELDS_TENS},
		{"levelname", FIELDS_LEVEL, 2, 0},
		{"log_level", FIELDS_LEVEL, 2, FIELDS_TENS},
		{"host.name", FIELDS_HOST, 0, 0},
		{"_HOSTNAME", FIELDS_HOST, 1, 0},
		{"scopeLogs", FIELDS_NOTHING, 0, FIELDS_BOTH | FIELDS_FLAT},
	},
	[10] = {
		{"error.type", FIELDS_ERROR, 0, 0},
		{"error.kind", FIELDS_ERROR, 0, 0},
		{"stacktrace", FIELDS_ERROR, 0, 0},
		{"stackTrace", FIELDS_ERROR, 0, 0},
		{"attr.error", FIELDS_ERROR, 0, FIELDS_IN_TEXT},
		{"@timestamp", FIELDS_TIME, 0, 0},
		{"level_name", FIELDS_LEVEL, 2, 0},
		{"labels.app", FIELDS_SERVICE, 4, 0},
		{"kubernetes", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
		{"SYSLOG_PID", FIELDS_PID, 1, 0},
		{"process_id", FIELDS_PID, 1, 0},
		{"log.syslog", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
		{"attributes", FIELDS_NOTHING, 0, FIELDS_BOTH | FIELDS_FLAT | FIELDS_PAIRS},
		{"Attributes", FIELDS_NOTHING, 0, FIELDS_BOTH | FIELDS_FLAT | FIELDS_PAIRS},
		{"logRecords", FIELDS_NOTHING, 0, FIELDS_BOTH | FIELDS_FLAT},
	},
	[11] = {
		{"textPayload", FIELDS_MESSAGE, 5, 0},
		{"jsonPayload", FIELDS_NOTHING, 0, FIELDS_BOTH | FIELDS_FLAT},
		{"error.stack", FIELDS_ERROR, 0, 0},
		{"err.message", FIELDS_ERROR, 0, 0},
		{"stack_trace", FIELDS_ERROR, 0, 0},
		{"thrown.name", FIELDS_ERROR, 0, 0},
		{"serviceName", FIELDS_SERVICE, 1, 0},
		{"application", FIELDS_SERVICE, 3, 0},
		{"process.pid", FIELDS_PID, 0, 0},
	},
	[12] = {
		{"full_message", FIELDS_ERROR, 0, 0},
		{"error.errmsg", FIELDS_ERROR, 0, 0},
		{"errorMessage", FIELDS_ERROR, 0, 0},
		{"timeUnixNano", FIELDS_TIME, 6, FIELDS_NANO},
		{"severityText", FIELDS_LEVEL, 1, 0},
		{"SeverityText", FIELDS_LEVEL, 1, 0},
		{"service.name", FIELDS_SERVICE, 0, 0},
		{"service_name", FIELDS_SERVICE, 1, 0},
		{"resourceLogs", FIELDS_NOTHING, 0, FIELDS_BOTH | FIELDS_FLAT},
	},
	[13] = {
		{"short_message", FIELDS_MESSAGE, 5, 0},
		{"error.message", FIELDS_ERROR, 0, 0},
		{"error_message", FIELDS_ERROR, 0, 0},
		{"event.created", FIELDS_TIME, 11, 0},
		{"severity_text", FIELDS_LEVEL, 1, 0},
		{"_SYSTEMD_UNIT", FIELDS_SERVICE, 3, FIELDS_UNIT},
		{"host.hostname", FIELDS_HOST, 1, 0},
		{"k8s.node.name", FIELDS_HOST, 3, 0},
	},
	[14] = {
		{"event.original", FIELDS_MESSAGE, 8, 0},
		{"exception.type", FIELDS_ERROR, 0, 0},
		{"thrown.message", FIELDS_ERROR, 0, 0},
		{"severityNumber", FIELDS_LEVEL, 3, FIELDS_OTEL},
		{"SeverityNumber", FIELDS_LEVEL, 3, FIELDS_OTEL},
		{"container_name", FIELDS_SERVICE, 6, 0},
		{"agent.hostname", FIELDS_HOST, 4, 0},
	},
	[15] = {
		{"RenderedMessage", FIELDS_MESSAGE, 5, 0},
		{"severity_number", FIELDS_LEVEL, 3, FIELDS_OTEL},
		{"kubernetes.host", FIELDS_HOST, 3, 0},
		{"kubernetes.node", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
	},
	[16] = {
		{"body.stringValue", FIELDS_MESSAGE, 4, 0},
		{"Body.stringValue", FIELDS_MESSAGE, 4, 0},
	},
	[17] = {
		{"error.stack_trace", FIELDS_ERROR, 0, 0},
		{"exception.message", FIELDS_ERROR, 0, 0},
		{"attr.error.errmsg", FIELDS_ERROR, 0, 0},
		{"ObservedTimestamp", FIELDS_TIME, 7, 0},
		{"SYSLOG_IDENTIFIER", FIELDS_SERVICE, 2, 0},
		{"kubernetes.labels", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
		{"log.syslog.procid", FIELDS_PID, 1, 0},
	},
	[18] = {
		{"k8s.container.name", FIELDS_SERVICE, 5, 0},
		{"log.syslog.appname", FIELDS_SERVICE, 4, 0},
	},
	[19] = {
		{"log.syslog.hostname", FIELDS_HOST, 2, 0},
		{"log.syslog.severity", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
	},
	[20] = {
		{"exception.stacktrace", FIELDS_ERROR, 0, 0},
		{"__REALTIME_TIMESTAMP", FIELDS_TIME, 5, FIELDS_MICRO},
		{"observedTimeUnixNano", FIELDS_TIME, 7, FIELDS_NANO},
		{"kubernetes.container", FIELDS_NOTHING, 0, FIELDS_IN_OTHER},
		{"kubernetes.node.name", FIELDS_HOST, 3, 0},
	},
	[21] = {
		{"kubernetes.labels.app", FIELDS_SERVICE, 3, 0},
	},
	[24] = {
		{"log.syslog.severity.code", FIELDS_LEVEL, 4, FIELDS_TENS},
	},
	[25] = {
		{"exception.exception_class", FIELDS_ERROR, 0, 0},
		{"thrown.extendedStackTrace", FIELDS_ERROR, 0, 0},
		{"kubernetes.container_name", FIELDS_SERVICE, 5, 0},
		{"kubernetes.container.name", FIELDS_SERVICE, 5, 0},
	},
	[26] = {
		{"_SOURCE_REALTIME_TIMESTAMP", FIELDS_TIME, 4, FIELDS_MICRO},
	},
	[27] = {
		{"exception.exception_message", FIELDS_ERROR, 0, 0},
	},
	[40] = {
		{"kubernetes.labels.app.kubernetes.io/name", FIELDS_SERVICE, 3, 0},
		{"kubernetes.labels.app_kubernetes_io/name", FIELDS_SERVICE, 3, 0},
	},
};
/* clang-format on */

const struct fields_key *fields_key_find(struct slice name)
{
	if (name.len == 0 || name.len > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < SAME_LEN; i++) {
		const struct fields_key *k = &keys[name.len][i];

		if (!k->name)
			break;
		if (*k->name == *name.ptr &&
		    memcmp(k->name, name.ptr, name.len) == 0)
			return k;
	}
	return NULL;
}

static bool fits(enum fields_role role, enum jscan_type type)
{
	bool text = role == FIELDS_MESSAGE || role == FIELDS_ERROR;

	switch (type) {
	case JSCAN_STRING:
		return true;
	case JSCAN_NUMBER:
		return role != FIELDS_ERROR;
	case JSCAN_ARRAY:
		return text;
	case JSCAN_TRUE:
	case JSCAN_FALSE:
	case JSCAN_NULL:
	case JSCAN_OBJECT:
		break;
	}
	return false;
}

void fields_members_add(struct fields_members *m,
			const struct fields_member *member)
{
	enum fields_role role = member->key->role;

	if (m->counts[role] == FIELDS_SAME_ROLE || !fits(role, member->type))
		return;
	m->counts[role]++;
	m->list[m->count++] = *member;
}

const struct fields_member *fields_members_next(
	const struct fields_members *m, enum fields_role role,
	const struct fields_member *last)
{
	const struct fields_member *best = NULL;

	if (!m->counts[role])
		return NULL;
	for (size_t i = 0; i < m->count; i++) {
		const struct fields_member *at = &m->list[i];

		if (at->key->role != role)
			continue;
		/* Those of one rank come in the order of the line. */
		if (last && (at->key->rank < last->key->rank ||
			     (at->key->rank == last->key->rank && at <= last)))
			continue;
		if (!best || at->key->rank < best->key->rank)
			best = at;
	}
	return best;
}
