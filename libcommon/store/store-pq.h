/*
 * store-pq.h - libpq through a table of pointers. Linking it would load it and
 * the dozen libraries behind it into every program at every start.
 */
#ifndef ONCALL_STORE_PQ_H
#define ONCALL_STORE_PQ_H

#include <libpq-fe.h>

#include <oncall/err.h>

/* clang-format off */
#define STORE_PQ_FUNCTIONS(X) \
	X(PQlibVersion) X(PQconninfoParse) X(PQconninfoFree) X(PQfreemem) \
	X(PQconnectdbParams) X(PQfinish) X(PQstatus) X(PQserverVersion) \
	X(PQparameterStatus) \
	X(PQerrorMessage) X(PQsocket) X(PQsetnonblocking) \
	X(PQsetNoticeProcessor) X(PQtransactionStatus) \
	X(PQenterPipelineMode) X(PQexitPipelineMode) X(PQpipelineSync) \
	X(PQsendPrepare) X(PQsendQueryPrepared) X(PQexec) \
	X(PQflush) X(PQconsumeInput) X(PQisBusy) X(PQgetResult) X(PQclear) \
	X(PQgetCancel) X(PQcancel) X(PQfreeCancel) \
	X(PQresultStatus) X(PQresultErrorField) X(PQcmdTuples) X(PQcmdStatus) \
	X(PQntuples) X(PQnfields) X(PQftype) \
	X(PQgetvalue) X(PQgetlength) X(PQgetisnull)
/* clang-format on */

struct store_pq {
#define STORE_PQ_MEMBER(f) __typeof__(f) *f;
	STORE_PQ_FUNCTIONS(STORE_PQ_MEMBER)
#undef STORE_PQ_MEMBER
};

/* Loads libpq once; NULL when it is not there. */
const struct store_pq *store_pq_load(struct err *err) MUST_CHECK;

#endif
