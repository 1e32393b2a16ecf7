/* built.c - names and versions of libraries. */
#include <oncall/built.h>

#include <jansson.h>
#include <yaml.h>

const struct built *built_with(void)
{
	static struct built libraries[] = {
		{"Jansson", NULL},
		{"libyaml", NULL},
		{NULL, NULL},
	};

	libraries[0].version = jansson_version_str();
	libraries[1].version = yaml_get_version_string();
	return libraries;
}
