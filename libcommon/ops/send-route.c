/* send-route.c - who gets a message: names, groups, and the routes of those
 * that name nobody. */
#include "send-internal.h"

#include <oncall/cli.h>
#include <oncall/clock.h>
#include <oncall/mem.h>
#include <oncall/selector.h>
#include <oncall/window.h>

#define GROUP_DEPTH_MAX 8 /* groups in groups */
#define PATH_MAX_BYTES	256

struct windows {
	struct window **items;
	size_t count;
};

struct route {
	struct selector *match;
	struct windows during, quiet;
	int64_t digest; /* 0: none */
	bool go_on;
	char *to; /* path of its list */
};

struct send_routes {
	const struct config *config;
	struct route *items;
	size_t count;
	const char **names; /* of targets and groups, ended by NULL */
};

/* ---- loading ---- */

static int fail_at(const struct config *c, const char *path, struct err *err)
{
	return err_prefix(err, "%s: %s", config_origin(c, path), path);
}

static int load_windows(const struct config *c, const char *path,
			struct windows *w, struct err *err)
{
	const char *zone = config_str(c, "timezone");
	const char *text;

	for (size_t i = 0; (text = config_item(c, path, i)); i++) {
		w->items = mem_resize(w->items, i + 1, sizeof(*w->items));
		if (window_new(&w->items[i], text, zone, err) < 0)
			return fail_at(c, path, err);
		w->count++;
	}
	return 0;
}

static int load_match(const struct config *c, const char *path,
		      struct selector *match, struct err *err)
{
	const char *field, *value;

	for (size_t i = 0; (field = config_item(c, path, i)); i++) {
		AUTO_FREE char *at = mem_printf("%s.%s", path, field);

		for (size_t j = 0; (value = config_item(c, at, j)); j++)
			if (selector_add(match, field, value, err) < 0)
				return fail_at(c, at, err);
	}
	return 0;
}

static int load_route(const struct config *c, const char *name, struct route *r,
		      struct err *err)
{
	AUTO_FREE char *match = mem_printf("routes.%s.match", name);
	AUTO_FREE char *during = mem_printf("routes.%s.during", name);
	AUTO_FREE char *quiet = mem_printf("routes.%s.quiet", name);
	AUTO_FREE char *digest = mem_printf("routes.%s.digest", name);
	AUTO_FREE char *go_on = mem_printf("routes.%s.continue", name);

	r->match = selector_new();
	r->to = mem_printf("routes.%s.to", name);
	r->go_on = config_bool(c, go_on);
	r->digest = config_duration(c, digest);
	return load_match(c, match, r->match, err) < 0 ||
			       load_windows(c, during, &r->during, err) < 0 ||
			       load_windows(c, quiet, &r->quiet, err) < 0
		       ? -1
		       : 0;
}

static size_t add_names(struct send_routes *r, const char *path, size_t n)
{
	const char *name;

	for (size_t i = 0; (name = config_item(r->config, path, i)); i++) {
		r->names = mem_resize(r->names, n + 2, sizeof(*r->names));
		r->names[n++] = name;
		r->names[n] = NULL;
	}
	return n;
}

/* A name of a route or group that is nothing is wrong, whoever uses it. */
static int check_names(const struct send_routes *r, const char *path,
		       struct err *err)
{
	const char *name;

	for (size_t i = 0; (name = config_item(r->config, path, i)); i++) {
		const char *near = NULL;
		size_t j = 0;

		while (r->names && r->names[j] &&
		       strcmp(r->names[j], name) != 0)
			j++;
		if (r->names && r->names[j])
			continue;
		near = r->names ? cli_nearest(name, r->names) : NULL;
		(void)err_set(err, ERR_USAGE,
			      "there is no target or group '%s'%s%s%s", name,
			      near ? "; did you mean '" : "", near ? near : "",
			      near ? "'?" : "");
		return fail_at(r->config, path, err);
	}
	return 0;
}

static int check_all(const struct send_routes *r, struct err *err)
{
	const char *name;

	for (size_t i = 0; i < r->count; i++)
		if (check_names(r, r->items[i].to, err) < 0)
			return -1;
	for (size_t i = 0; (name = config_item(r->config, "groups", i)); i++) {
		AUTO_FREE char *path = mem_printf("groups.%s", name);

		if (check_names(r, path, err) < 0)
			return -1;
	}
	return check_names(r, "send.fallback", err);
}

int send_routes_load(struct send_routes **ret, const struct config *c,
		     struct err *err)
{
	struct send_routes *r = mem_zero(1, sizeof(*r));
	const char *name;

	r->config = c;
	(void)add_names(r, "groups", add_names(r, "targets", 0));
	for (size_t i = 0; (name = config_item(c, "routes", i)); i++) {
		r->items = mem_resize(r->items, i + 1, sizeof(*r->items));
		r->items[i] = (struct route){.digest = 0};
		r->count++;
		if (load_route(c, name, &r->items[i], err) < 0) {
			send_routes_free(r);
			return -1;
		}
	}
	if (check_all(r, err) < 0) {
		send_routes_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

static void windows_done(struct windows *w)
{
	for (size_t i = 0; i < w->count; i++)
		window_free(w->items[i]);
	free(w->items);
}

void send_routes_free(struct send_routes *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		selector_free(r->items[i].match);
		windows_done(&r->items[i].during);
		windows_done(&r->items[i].quiet);
		free(r->items[i].to);
	}
	free(r->items);
	free(r->names);
	free(r);
}

/* ---- names ---- */

static bool has(const struct config *c, const char *map, const char *name)
{
	const char *item;

	for (size_t i = 0; (item = config_item(c, map, i)); i++)
		if (!strcmp(item, name))
			return true;
	return false;
}

static void add_choice(struct send_choices *to, const char *name, int64_t held,
		       bool unknown)
{
	struct send_choice *before = map_get(&to->seen, slice_of(name));
	size_t at;

	if (before) {
		/* Whoever is not to wait for a digest is told at once. */
		at = (size_t)(uintptr_t)before - 1;
		if (held == WHEN_NONE)
			to->items[at].held = held;
		return;
	}
	to->items = mem_resize(to->items, to->count + 1, sizeof(*to->items));
	*map_put(&to->seen, slice_of(name)) =
		(void *)(uintptr_t)(to->count + 1);
	to->items[to->count] = (struct send_choice){
		.target = to->seen.entries[to->seen.count - 1].key.ptr,
		.unknown = unknown,
		.held = held,
	};
	to->count++;
}

static void add_name(const struct send_routes *r, struct send_choices *to,
		     const char *name, int64_t held, int depth)
{
	AUTO_FREE char *path = NULL;
	const char *item;

	if (has(r->config, "targets", name)) {
		add_choice(to, name, held, false);
		return;
	}
	if (depth == GROUP_DEPTH_MAX || !has(r->config, "groups", name)) {
		add_choice(to, name, held, true);
		return;
	}
	path = mem_printf("groups.%s", name);
	for (size_t i = 0; (item = config_item(r->config, path, i)); i++)
		add_name(r, to, item, held, depth + 1);
}

void send_routes_name(const struct send_routes *r, struct send_choices *to,
		      const char *name, int64_t held)
{
	add_name(r, to, name, held, 0);
}

int send_known(const struct send *s, const char *name, struct err *err)
{
	const struct config *c = s->config;
	const char *near;

	if (has(c, "targets", name) || has(c, "groups", name))
		return 0;
	near = s->routes->names ? cli_nearest(name, s->routes->names) : NULL;
	return err_set(err, ERR_USAGE, "there is no target or group '%s'%s%s%s",
		       name, near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
}

void send_choices_done(struct send_choices *to)
{
	free(to->items);
	map_done(&to->seen, NULL);
	*to = (struct send_choices){.items = NULL};
}

/* ---- routes ---- */

/* What a field of a record says; numbers are written into text. */
struct looking {
	const json_t *record;
	const struct note *note;
	struct buf text;
};

static struct slice text_of(struct looking *l, const json_t *value)
{
	if (json_is_string(value))
		return (struct slice){json_string_value(value),
				      json_string_length(value)};
	buf_reset(&l->text);
	if (json_is_integer(value))
		buf_add_int(&l->text, json_integer_value(value));
	else if (json_is_boolean(value))
		buf_add_str(&l->text, json_is_true(value) ? "true" : "false");
	else
		return (struct slice){NULL, 0};
	return buf_slice(&l->text);
}

/* "fields.host": a member, and members of that. */
static const json_t *find_member(const json_t *record, const char *path)
{
	char name[PATH_MAX_BYTES];
	const json_t *at = json_object_get(record, path);

	while (!at && json_is_object(record)) {
		size_t len = strcspn(path, ".");

		if (!path[len] || len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		record = json_object_get(record, name);
		path += len + 1;
		at = json_object_get(record, path);
	}
	return at;
}

static struct slice look_up(void *arg, const char *field, size_t i)
{
	struct looking *l = arg;
	const json_t *value;

	if (!strcmp(field, "tag"))
		field = "tags";
	value = find_member(l->record, field);
	if (!value && !strcmp(field, "severity") && l->note->has_severity)
		return i ? (struct slice){NULL, 0}
			 : slice_of(severity_name(l->note->severity));
	/* What a message is about stands among its fields. */
	if (!value)
		value = json_object_get(json_object_get(l->record, "fields"),
					field);
	if (json_is_array(value))
		return text_of(l, json_array_get(value, i));
	return i || !value ? (struct slice){NULL, 0} : text_of(l, value);
}

static bool holds(const struct windows *w, int64_t now, int64_t *ret_end)
{
	for (size_t i = 0; i < w->count; i++)
		if (window_holds(w->items[i], now, ret_end))
			return true;
	return false;
}

static void take_route(const struct send_routes *r, const struct route *route,
		       bool urgent, struct send_choices *to)
{
	int64_t now = clock_now(), held = WHEN_NONE, end = WHEN_NONE;
	const char *name;

	if (!urgent && holds(&route->quiet, now, &end) && end != WHEN_NONE)
		held = end;
	else if (!urgent && route->digest)
		held = now + route->digest;
	for (size_t i = 0; (name = config_item(r->config, route->to, i)); i++)
		send_routes_name(r, to, name, held);
	if (!config_item(r->config, route->to, 0))
		to->dropped = true;
}

void send_routes_find(const struct send_routes *r, const json_t *record,
		      const struct note *n, bool urgent,
		      struct send_choices *to)
{
	struct looking l = {.record = record, .note = n};
	int64_t now = clock_now(), end;

	for (size_t i = 0; i < r->count; i++) {
		const struct route *route = &r->items[i];

		if ((route->during.count &&
		     !holds(&route->during, now, &end)) ||
		    selector_failed(route->match, look_up, &l))
			continue;
		take_route(r, route, urgent, to);
		if (!route->go_on)
			break;
	}
	buf_done(&l.text);
}
