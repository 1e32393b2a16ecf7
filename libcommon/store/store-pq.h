/* store-pq.h - libpq, loaded when a store asks for it. */
#ifndef ONCALL_STORE_PQ_H
#define ONCALL_STORE_PQ_H

#include <libpq-fe.h>

#include <oncall/library.h>

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

struct store_pq {
	STORE_PQ_FUNCTIONS(LIBRARY_MEMBER)
};
/* clang-format on */

/* Loads libpq once; NULL when it is not there. */
const struct store_pq *store_pq_load(struct err *err) MUST_CHECK;

#endif
