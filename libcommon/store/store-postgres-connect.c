/* store-postgres-connect.c - connections to a PostgreSQL server. */
#include <oncall/base.h>

#ifdef HAVE_PQ

#include "store-postgres.h"

#include <oncall/mem.h>
#include <oncall/redact.h>

#define OLDEST_SERVER 130000
#define NAME_MAX_SIZE ((size_t)1024)

/* Settings of the administrator that would change what we store or read. */
#define SESSION                                         \
	"SET search_path TO oncall;"                    \
	"SET client_min_messages TO warning;"           \
	"SET standard_conforming_strings TO on;"        \
	"SET extra_float_digits TO 1;"                  \
	"SET statement_timeout TO 0;"                   \
	"SET idle_in_transaction_session_timeout TO 0;" \
	"SET lock_timeout TO " TEXT_OF(STORE_STALL_MS)

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val)
			return options->val;
	return "";
}

/* The address of what matters to people, and no secret among it. */
static char *public_name(const PQconninfoOption *options)
{
	struct buf name = BUF_INIT_MAX(NAME_MAX_SIZE);
	const char *user = option(options, "user");
	const char *host = option(options, "host");
	const char *port = option(options, "port");

	buf_add_str(&name, "postgresql://");
	if (*user)
		buf_addf(&name, "%s@", user);
	if (*host != '/')
		buf_add_str(&name, host);
	if (*port)
		buf_addf(&name, ":%s", port);
	buf_addf(&name, "/%s", option(options, "dbname"));
	if (*host == '/')
		buf_addf(&name, "?host=%s", host);
	return buf_take(&name);
}

/* A password with a '/' that is not written %2F makes libpq take its pieces for
 * port and database. */
static bool is_plausible(const PQconninfoOption *options)
{
	const char *port = option(options, "port");

	return port[strspn(port, "0123456789,")] == '\0' &&
	       !strchr(option(options, "dbname"), '@');
}

/* Sets the name. What libpq says about an address that it cannot read is not
 * passed on: it may quote a piece of a password. */
static int read_address(struct store *s, struct err *err)
{
	struct postgres *p = s->own;
	char *said = NULL;
	PQconninfoOption *options = p->pq->PQconninfoParse(s->address, &said);

	p->pq->PQfreemem(said);
	if (options && is_plausible(options)) {
		if (*option(options, "password"))
			redact_register(option(options, "password"));
		if (*option(options, "sslpassword"))
			redact_register(option(options, "sslpassword"));
		s->name = public_name(options);
	}
	p->pq->PQconninfoFree(options);
	if (s->name)
		return 0;
	return err_set(err, ERR_USAGE,
		       "the address of the store is not of the form "
		       "postgresql://user@host:port/database; in a password, "
		       "'/' is written %%2F and '@' is written %%40");
}

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static PGconn *connect_address(struct store *s)
{
	const struct postgres *p = s->own;
	/* The address may override what stands before it. */
	static const char *const keywords[] = {
		"connect_timeout",  "keepalives_idle",	"keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "application_name",
		"dbname",	    "client_encoding",	NULL,
	};
	const char *const values[] = {
		"10",	  "30",	      "10",   "3",  "60000",
		"oncall", s->address, "UTF8", NULL,
	};

	return p->pq->PQconnectdbParams(keywords, values, 1);
}

/* What libpq says, on one line. */
static char *connection_message(const struct postgres *p)
{
	char *text = mem_dup(p->pq->PQerrorMessage(p->conn));
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n' || text[i] == '\t')
			text[i] = ' ';
	return text;
}

int postgres_lost(struct store *s, struct err *err)
{
	struct postgres *p = s->own;
	AUTO_FREE char *said = connection_message(p);

	p->lost = true;
	s->trouble = STORE_TROUBLE_LOST;
	return err_set(err, ERR_SYSTEM, "store '%s' is not connected: %s",
		       s->name, *said ? said : "the server is gone");
}

/* In another encoding some text of a log could never be stored. */
static int check_server(struct store *s, struct err *err)
{
	const struct postgres *p = s->own;
	const char *encoding =
		p->pq->PQparameterStatus(p->conn, "server_encoding");

	if (p->pq->PQserverVersion(p->conn) < OLDEST_SERVER)
		return err_set(err, ERR_SYSTEM,
			       "store '%s': PostgreSQL %d or newer is needed",
			       s->name, OLDEST_SERVER / 10000);
	if (encoding && strcmp(encoding, "UTF8") != 0)
		return err_set(err, ERR_SYSTEM,
			       "store '%s' has the encoding %s, it must be "
			       "UTF8: createdb -E UTF8 -T template0",
			       s->name, encoding);
	return 0;
}

static int set_up(struct store *s, struct err *err)
{
	const struct postgres *p = s->own;
	PGresult *result = NULL;
	int failed = 0;

	if (check_server(s, err) < 0)
		return -1;
	(void)p->pq->PQsetNoticeProcessor(p->conn, ignore_notice, NULL);
	result = p->pq->PQexec(
		p->conn, s->mode == STORE_READ ? SESSION
				 ";SET default_transaction_read_only TO on"
					       : SESSION
				 ";SET default_transaction_read_only TO off");
	if (p->pq->PQresultStatus(result) != PGRES_COMMAND_OK)
		failed = postgres_fail(s, result, err);
	p->pq->PQclear(result);
	if (failed)
		return -1;
	if (!p->pq->PQenterPipelineMode(p->conn) ||
	    p->pq->PQsetnonblocking(p->conn, 1) != 0)
		return postgres_lost(s, err);
	return 0;
}

int postgres_reopen(struct store *s, struct err *err)
{
	struct postgres *p = s->own;

	p->pq->PQfinish(p->conn);
	p->conn = connect_address(s);
	if (!p->conn)
		mem_die();
	p->session++;
	p->queued = 0;
	p->queued_bytes = 0;
	p->syncs = 0;
	p->lost = false;
	if (p->pq->PQstatus(p->conn) != CONNECTION_OK)
		return postgres_lost(s, err);
	if (set_up(s, err) < 0) {
		p->lost = true;
		return -1;
	}
	return 0;
}

int postgres_open(struct store *s, struct err *err)
{
	struct postgres *p;
	const struct store_pq *pq = store_pq_load(err);

	if (!pq)
		return -1;
	p = mem_zero(1, sizeof(*p));
	s->own = p;
	p->pq = pq;
	if (read_address(s, err) < 0 || postgres_reopen(s, err) < 0)
		return -1;
	return s->driver->has_schema(s, err);
}

void postgres_close(struct store *s)
{
	struct postgres *p = s->own;

	p->pq->PQfinish(p->conn);
	buf_done(&p->parameters);
	free(p);
}

#endif
