/* built.c - names and versions of libraries. */
#include <oncall/built.h>

#include <jansson.h>
#include <yaml.h>

/* As it was when this was built: asking the library itself would load it, and
 * the dozen behind it, at every start. */
#ifdef HAVE_CURL
#include <curl/curlver.h>
#define CURL_BUILT LIBCURL_VERSION
#else
#define CURL_BUILT NULL
#endif

const struct built *built_with(void)
{
	static struct built libraries[] = {
		{"Jansson", NULL, "read and write JSON"},
		{"libyaml", NULL, "read configuration"},
		{"libcurl", CURL_BUILT, "send anything by HTTP or mail"},
		{NULL, NULL, NULL},
	};

	libraries[0].version = jansson_version_str();
	libraries[1].version = yaml_get_version_string();
	return libraries;
}
