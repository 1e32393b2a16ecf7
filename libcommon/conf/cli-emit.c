/* cli-emit.c - the table of a program in forms for other programs. */
#include "cli-internal.h"

int cli_emit(struct buf *out, const struct cli_tool *tool, const char *form,
	     struct err *err)
{
	static const struct {
		const char *name;
		void (*emit)(struct buf *out, const struct cli_tool *tool);
	} forms[] = {
		{"text", cli_help_tool},
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (!strcmp(forms[i].name, form)) {
			forms[i].emit(out, tool);
			return 0;
		}
	return err_set(err, ERR_USAGE, "option '--help': there is no form '%s'",
		       form);
}
