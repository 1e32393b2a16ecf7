/*
 * triage-risk.c - how much harm the action could do, here and now: a sum of
 * what its declaration says, how critical the service is, and what else goes
 * on. Nothing of it comes from the text of a record, but for a label "load".
 */
#include <oncall/when.h>

#include "triage-internal.h"

/* The declaration. */
#define UNDECLARED   0.50
#define RISK_LOW     0.05
#define RISK_MEDIUM  0.20
#define RISK_HIGH    0.45
#define ON_PROCESS   0.00
#define ON_HOST	     0.05
#define ON_SERVICE   0.10
#define ON_CLUSTER   0.25
#define IRREVERSIBLE 0.10
/* The service. */
#define OF_LOW	    0.00
#define OF_MEDIUM   0.05
#define OF_HIGH	    0.10
#define OF_CRITICAL 0.15
/* What goes on. */
#define IN_FREEZE   0.20
#define EACH_OPEN   0.03
#define MOST_OPEN   0.15
#define EACH_FAILED 0.10
#define MOST_FAILED 0.30
#define EACH_TRY    0.10
#define MOST_TRIES  0.30
#define FULL_LOAD   0.20 /* grows from FREE_LOAD on */
#define FREE_LOAD   0.50

#define MEDIUM_FROM   0.25
#define HIGH_FROM     TRIAGE_RISKY
#define CRITICAL_FROM 0.75

#define PERCENT	     100.0
#define ROUND	     1000.0
#define LATELY	     (7 * WHEN_DAY)
#define LOAD_MAX_LEN 16 /* bytes of a number */

static int look_at_incident(struct triager *t, const struct triage_subject *s,
			    struct triage_candidate *c, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (!s->num)
		return 0;
	rows = STORE_ASK(t->store, err,
			 "SELECT name, count(*) FROM actions WHERE "
			 "incident = $1 AND started <= $2 AND undo_of IS NULL "
			 "AND (verdict IS NULL OR verdict <> 'not_started') "
			 "GROUP BY name",
			 S_INT(s->num), S_INT(s->time));
	if (!rows)
		return -1;
	while ((got = store_next(rows, err)) > 0) {
		int64_t count = store_int(rows, 1);

		c->history.incident += count;
		if (c->action.name &&
		    slice_is(store_text(rows, 0), c->action.name))
			c->history.tried = count;
	}
	return got;
}

static int look_at_action(struct triager *t, const struct triage_subject *s,
			  struct triage_candidate *c, struct err *err)
{
	AUTO_ROWS struct store_rows *rows = NULL;
	int got;

	if (!c->action.name)
		return 0;
	rows = STORE_ASK(
		t->store, err,
		"SELECT count(*), count(CASE WHEN status = 'unknown' OR "
		"(verdict IN ('failed_before_change', 'failed_during_change', "
		"'ran_ineffective') AND (ended IS NULL OR ended <= $2)) "
		"THEN 1 END) FROM actions WHERE "
		"started > $1 AND started <= $2 AND name = $3 AND "
		"(service = $4 OR ($4 IS NULL AND host = $5)) AND "
		"undo_of IS NULL AND status IN ('done', 'unknown') AND "
		"(verdict IS NULL OR verdict <> 'not_started')",
		S_INT(s->time - LATELY), S_INT(s->time), S_TEXT(c->action.name),
		S_TEXT(s->service), S_TEXT(s->host));
	if (!rows)
		return -1;
	got = store_next(rows, err);
	if (got > 0) {
		c->history.ran = store_int(rows, 0);
		c->history.failed = store_int(rows, 1);
	}
	return got;
}

static int look_at_number(struct triager *t, int64_t *ret, struct err *err,
			  const char *sql, const struct store_value *values,
			  size_t n)
{
	AUTO_ROWS struct store_rows *rows =
		store_ask(t->store, err, sql, values, n);
	int got = rows ? store_next(rows, err) : -1;

	if (got > 0)
		*ret = store_int(rows, 0);
	return got < 0 ? -1 : 0;
}

/* Now, which has an index, and at a time in the past. */
static const char *const open_sql[] = {
	"SELECT count(*) FROM incidents WHERE "
	"status NOT IN ('resolved', 'closed') AND service = $1 "
	"AND num <> $2 AND opened <= $3 AND simulated = 0",
	"SELECT count(*) FROM incidents WHERE "
	"(resolved IS NULL OR resolved > $3) AND "
	"(closed IS NULL OR closed > $3) AND service = $1 "
	"AND num <> $2 AND opened <= $3 AND simulated = 0",
};

int triage_look_back(struct triager *t, const struct triage_subject *s,
		     struct triage_candidate *c, struct err *err)
{
	struct triage_history *h = &c->history;

	*h = (struct triage_history){.open = 0};
	if (!t->store)
		return 0;
	if (look_at_incident(t, s, c, err) < 0 ||
	    look_at_action(t, s, c, err) < 0)
		return -1;
	if (s->service &&
	    look_at_number(t, &h->open, err, open_sql[t->past],
			   STORE_VALUES_(S_TEXT(s->service), S_INT(s->num),
					 S_INT(s->time))) < 0)
		return -1;
	return look_at_number(
		t, &h->hour, err,
		"SELECT count(*) FROM actions WHERE "
		"started > $1 AND started <= $2 AND "
		"undo_of IS NULL AND "
		"(verdict IS NULL OR verdict <> 'not_started')",
		STORE_VALUES_(S_INT(s->time - WHEN_HOUR), S_INT(s->time)));
}

static void add(struct triage_candidate *c, double value, const char *name)
{
	triage_add_factor(&c->risk_factors, value, "%s", name);
	c->risk += value;
}

static void add_each(struct triage_candidate *c, int64_t n, double each,
		     double most, const char *name)
{
	double value = (double)n * each;

	if (!n)
		return;
	if (value > most)
		value = most;
	triage_add_factor(&c->risk_factors, value, "%s (%lld)", name,
			  (long long)n);
	c->risk += value;
}

static void add_declared(struct triage_candidate *c)
{
	static const struct {
		double value;
		const char *name;
	} risks[] =
		{
			{RISK_LOW, "the action is of low risk"},
			{RISK_MEDIUM, "the action is of medium risk"},
			{RISK_HIGH, "the action is of high risk"},
		},
	  radii[] = {
		  {ON_PROCESS, "it concerns a process"},
		  {ON_HOST, "it concerns a host"},
		  {ON_SERVICE, "it concerns a service"},
		  {ON_CLUSTER, "it concerns a cluster"},
	  };
	const struct action *a = c->declared;

	if (!c->action.name)
		return;
	if (!a) {
		add(c, UNDECLARED, "the action is not declared");
		return;
	}
	add(c, risks[a->risk].value, risks[a->risk].name);
	add(c, radii[a->radius].value, radii[a->radius].name);
	if (!a->reversible)
		add(c, IRREVERSIBLE, "it cannot be taken back");
}

static void add_service(const struct triager *t, const struct triage_subject *s,
			struct triage_candidate *c)
{
	static const struct {
		const char *criticality, *name;
		double value;
	} levels[] = {
		{"low", "the service is of low criticality", OF_LOW},
		{"medium", "the service is of medium criticality", OF_MEDIUM},
		{"high", "the service is of high criticality", OF_HIGH},
		{"critical", "the service is critical", OF_CRITICAL},
	};
	const char *is = policy_criticality(t->policy, s->service);

	for (size_t i = 0; is && i < ARRAY_LEN(levels); i++)
		if (!strcmp(levels[i].criticality, is))
			add(c, levels[i].value, levels[i].name);
}

/* The label "load" as a share: "0.93", 0.93 or "93%". */
static bool read_load(const struct triage_subject *s, double *ret)
{
	AUTO_BUF struct buf text = BUF_INIT_MAX(LOAD_MAX_LEN);
	const struct jscan_member *m = NULL;
	struct jscan labels = {.members = NULL};
	struct err unused = ERR_INIT;
	const char *number;
	char *end;

	if (s->labels.ptr &&
	    jscan_object(&labels, s->labels.ptr, s->labels.len, &unused) == 0)
		m = jscan_get(&labels, "load");
	if (m && m->type == JSCAN_STRING)
		jscan_unquote(&text, m->value);
	else if (m && m->type == JSCAN_NUMBER)
		buf_add_slice(&text, m->value);
	jscan_done(&labels);
	number = buf_str(&text);
	if (text.over || !text.len || number[strspn(number, "0123456789.%")])
		return false;
	*ret = strtod(number, &end);
	if (*end == '%') {
		*ret /= PERCENT;
		end++;
	}
	return end > number && !*end;
}

static void add_load(const struct triage_subject *s, struct triage_candidate *c)
{
	double load, over;

	if (!read_load(s, &load) || load <= FREE_LOAD)
		return;
	over = load < 1 ? (load - FREE_LOAD) / (1 - FREE_LOAD) : 1;
	triage_add_factor(&c->risk_factors, FULL_LOAD * over,
			  "the load is %.2f", load);
	c->risk += FULL_LOAD * over;
}

static const char *level_of(double risk)
{
	if (risk < MEDIUM_FROM)
		return "low";
	if (risk < HIGH_FROM)
		return "medium";
	return risk < CRITICAL_FROM ? "high" : "critical";
}

void triage_risk(const struct triager *t, const struct triage_subject *s,
		 struct triage_candidate *c)
{
	const struct triage_history *h = &c->history;

	triage_factors_done(&c->risk_factors);
	c->risk = 0;
	add_declared(c);
	add_service(t, s, c);
	if (c->policy.freeze)
		add(c, IN_FREEZE, "nothing is to be changed now");
	add_each(c, h->open, EACH_OPEN, MOST_OPEN,
		 "other incidents of the service are open");
	add_each(c, h->failed, EACH_FAILED, MOST_FAILED,
		 "it failed here lately");
	add_each(c, h->tried, EACH_TRY, MOST_TRIES,
		 "it was tried for this incident");
	add_load(s, c);
	if (c->risk > 1)
		c->risk = 1;
	/* So that what adds up to a level is that level. */
	c->risk = (double)(int)(c->risk * ROUND + 0.5) / ROUND;
	c->risk_level = level_of(c->risk);
}
