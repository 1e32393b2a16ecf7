/*
 * action-code.c - arguments that another program reads as a program: what
 * follows "sh -c" or "psql -c". No value that could be more than a word may
 * stand there. These are the well-known ones; authors know their own.
 */
#include "action-internal.h"

#include <oncall/mem.h>

enum code_where {
	CODE_CLUSTER, /* behind "-c", "-ec", before the first operand */
	CODE_OPTION,  /* behind one of the options */
	CODE_FIRST,   /* the first operand */
	CODE_ALL,     /* all that follows the first operand */
};

struct interpreter {
	const char *name;
	enum code_where where;
	const char *options;
};

static const struct interpreter interpreters[] = {
	{"sh", CODE_CLUSTER, NULL},
	{"bash", CODE_CLUSTER, NULL},
	{"dash", CODE_CLUSTER, NULL},
	{"ash", CODE_CLUSTER, NULL},
	{"ksh", CODE_CLUSTER, NULL},
	{"zsh", CODE_CLUSTER, NULL},
	{"fish", CODE_CLUSTER, NULL},
	{"su", CODE_OPTION, " -c --command "},
	{"runuser", CODE_OPTION, " -c --command "},
	{"python", CODE_OPTION, " -c "},
	{"perl", CODE_OPTION, " -e -E -ne -pe "},
	{"ruby", CODE_OPTION, " -e "},
	{"node", CODE_OPTION, " -e --eval -p --print "},
	{"php", CODE_OPTION, " -r "},
	{"lua", CODE_OPTION, " -e "},
	{"sed", CODE_FIRST, " -e --expression "},
	{"awk", CODE_FIRST, " "},
	{"gawk", CODE_FIRST, " "},
	{"mawk", CODE_FIRST, " "},
	{"jq", CODE_FIRST, " "},
	{"psql", CODE_OPTION, " -c --command "},
	{"mysql", CODE_OPTION, " -e --execute "},
	{"mariadb", CODE_OPTION, " -e --execute "},
	{"mongosh", CODE_OPTION, " --eval "},
	{"mongo", CODE_OPTION, " --eval "},
	{"clickhouse-client", CODE_OPTION, " -q --query "},
	{"ssh", CODE_ALL, NULL},
	{"sqlite3", CODE_ALL, NULL},
	{"eval", CODE_ALL, NULL},
};

static const struct interpreter *interpreter_of(const char *arg)
{
	const char *slash = strrchr(arg, '/');
	const char *name = slash ? slash + 1 : arg;

	for (size_t i = 0; i < ARRAY_LEN(interpreters); i++) {
		size_t n = strlen(interpreters[i].name);

		/* "python3.11" */
		if (!strncmp(interpreters[i].name, name, n) &&
		    !name[n + strspn(name + n, "0123456789.")])
			return &interpreters[i];
	}
	return NULL;
}

static bool has_option(const char *options, const char *arg, size_t n)
{
	AUTO_FREE char *word = mem_printf(" %.*s ", (int)n, arg);

	return *arg == '-' && strstr(options, word);
}

static bool follows_option(const struct interpreter *in, char *const *argv,
			   size_t from, size_t at)
{
	if (at > from + 1 &&
	    has_option(in->options, argv[at - 1], strlen(argv[at - 1])))
		return true;
	return strchr(argv[at], '=') &&
	       has_option(in->options, argv[at], strcspn(argv[at], "="));
}

/* Whether argument at is read as a program by the one that in, which stands
 * at index from, names. */
static bool is_code_for(const struct interpreter *in, char *const *argv,
			size_t from, size_t at)
{
	size_t operands = 0;

	for (size_t i = from + 1; i < at; i++)
		operands += *argv[i] != '-';
	switch (in->where) {
	case CODE_CLUSTER:
		return operands == 0 && at > from + 1 &&
		       argv[at - 1][1] != '-' && strchr(argv[at - 1], 'c');
	case CODE_OPTION:
		return follows_option(in, argv, from, at);
	case CODE_FIRST:
		return follows_option(in, argv, from, at) ||
		       (operands == 0 && *argv[at] != '-' &&
			(at == from + 1 || *argv[at - 1] != '-'));
	case CODE_ALL:
		return operands > 0;
	}
	return false;
}

bool action_is_code(char *const *argv, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		const struct interpreter *in = interpreter_of(argv[i]);

		/* Behind other programs these are names, as of a unit. */
		if (in && in->where == CODE_ALL && i > 0)
			continue;
		if (in && is_code_for(in, argv, i, at))
			return true;
	}
	return false;
}
