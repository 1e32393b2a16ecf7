/* actor.c - the user who runs the program, and relays who act for others. */

#include <oncall/actor.h>

#include <pwd.h>
#include <stdio.h>

#include <oncall/mem.h>
#include <oncall/show.h>

#define ACTOR_MAX 100 /* bytes of a name given with --as */

static char *own_name(void)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) == 0 &&
	    found)
		return mem_dup(found->pw_name);
	return mem_printf("uid %u", (unsigned)geteuid());
}

static bool is_relay(const struct config *c, const char *name)
{
	const char *relay;

	for (size_t i = 0; (relay = config_item(c, "relays", i)); i++)
		if (strcmp(relay, name) == 0)
			return true;
	return false;
}

int actor_name(const struct config *c, const char *as, char **ret,
	       struct err *err)
{
	AUTO_FREE char *own = own_name();
	AUTO_BUF struct buf safe = BUF_INIT;

	if (!as) {
		*ret = TAKE_PTR(own);
		return 0;
	}
	if (!is_relay(c, own))
		return err_set(err, ERR_REFUSED,
			       "'%s' may not act as somebody else: it is not "
			       "listed under 'relays'",
			       own);
	show_text(&safe, as, strlen(as), ACTOR_MAX);
	*ret = mem_printf("%s via %s", buf_str(&safe), own);
	return 0;
}
