/* incident-match.c - the fields of an incident, for selectors. */
#include <oncall/incident-match.h>

#include <oncall/cli.h>
#include <oncall/jscan.h>
#include <oncall/map.h>
#include <oncall/mem.h>

#define LABEL	 "labels."
#define TAGS_MAX 200 /* of an incident; more are not looked at */
#define NEAR_MIN 5   /* shorter names are like too many others */

#define EMPTY SLICE_LIT("")

struct incident_match {
	const struct config *config;
	const struct incident *inc;
	char id[INCIDENT_ID];
	struct jscan labels;
	struct map texts; /* labels as they are written, to what they say */
	struct buf tags[TAGS_MAX];
	size_t tag_count;
	bool labels_read, tags_read;
};

struct incident_match *incident_match_new(const struct config *c,
					  const struct incident *inc)
{
	struct incident_match *m = mem_zero(1, sizeof(*m));

	m->config = c;
	m->inc = inc;
	incident_id(m->id, inc->num);
	return m;
}

static void free_text(void *p)
{
	struct buf *text = p;

	buf_done(text);
	free(text);
}

void incident_match_free(struct incident_match *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->tag_count; i++)
		buf_done(&m->tags[i]);
	map_done(&m->texts, free_text);
	jscan_done(&m->labels);
	free(m);
}

/* ---- labels and tags ---- */

/* What a label says; of what is no text, as it is written. */
static struct slice label_text(struct incident_match *m,
			       const struct jscan_member *label)
{
	struct slice text;
	struct buf *copy;

	if (label->type == JSCAN_NULL)
		return EMPTY;
	if (label->type != JSCAN_STRING)
		return label->value;
	if (jscan_plain(label->value, &text))
		return text.ptr ? text : EMPTY;
	copy = map_get(&m->texts, label->value);
	if (!copy) {
		copy = mem_zero(1, sizeof(*copy));
		jscan_unquote(copy, label->value);
		*map_put(&m->texts, label->value) = copy;
	}
	return (struct slice){buf_str(copy), copy->len};
}

static struct slice label_of(struct incident_match *m, const char *name)
{
	struct slice all = m->inc->labels;
	const struct jscan_member *label;
	struct err unused = ERR_INIT;

	if (!m->labels_read && all.len &&
	    jscan_object(&m->labels, all.ptr, all.len, &unused) < 0)
		m->labels.count = 0;
	m->labels_read = true;
	label = m->labels.count ? jscan_get(&m->labels, name) : NULL;
	return label ? label_text(m, label) : EMPTY;
}

static int read_tag(void *arg, struct slice value, enum jscan_type type,
		    struct err *err)
{
	struct incident_match *m = arg;

	(void)err;
	if (type == JSCAN_STRING && m->tag_count < TAGS_MAX)
		jscan_unquote(&m->tags[m->tag_count++], value);
	return 0;
}

/* One that has no tags has an empty one, as all that is missing is empty. */
static struct slice tag_of(struct incident_match *m, size_t i)
{
	struct err unused = ERR_INIT;

	if (!m->tags_read && m->inc->tags.len)
		(void)!jscan_array(m->inc->tags, read_tag, m, &unused);
	m->tags_read = true;
	if (i < m->tag_count)
		return (struct slice){buf_str(&m->tags[i]), m->tags[i].len};
	return i ? (struct slice){NULL, 0} : EMPTY;
}

/* ---- fields ---- */

static struct slice get_environment(const struct incident_match *m)
{
	return slice_of(config_str(m->config, "environment"));
}

static struct slice service_key(const struct incident_match *m, const char *key)
{
	struct slice name = m->inc->service;
	AUTO_FREE char *path = NULL;

	if (name.len == 0)
		return EMPTY;
	path = mem_printf("services.%.*s.%s", (int)name.len, name.ptr, key);
	return slice_of(config_str(m->config, path));
}

static struct slice get_criticality(const struct incident_match *m)
{
	return service_key(m, "criticality");
}

static struct slice get_owner(const struct incident_match *m)
{
	return service_key(m, "owner");
}

static struct slice get_id(const struct incident_match *m)
{
	return slice_of(m->id);
}

static struct slice get_status(const struct incident_match *m)
{
	return slice_of(incident_status_names[m->inc->status]);
}

static struct slice get_severity(const struct incident_match *m)
{
	return slice_of(severity_name(m->inc->severity));
}

#define TEXT(member)                                                   \
	{                                                              \
#member, NULL, offsetof(struct incident, member), NULL \
	}

static const char *const criticality_names[] = {"low", "medium", "high",
						"critical", NULL};

/* Tags have several values, and labels are found by their names. */
static const struct field {
	const char *name;
	struct slice (*get)(const struct incident_match *m); /* or */
	size_t offset;
	const char *const *values; /* NULL: any */
} fields[] = {
	{"severity", get_severity, 0, severity_names},
	{"status", get_status, 0, incident_status_names},
	TEXT(service),
	TEXT(host),
	TEXT(category),
	TEXT(title),
	TEXT(pattern),
	TEXT(fingerprint),
	TEXT(assignee),
	{"id", get_id, 0, NULL},
	{"environment", get_environment, 0, NULL},
	{"criticality", get_criticality, 0, criticality_names},
	{"owner", get_owner, 0, NULL},
	{"tags", NULL, 0, NULL},
};

#define TAGS (&fields[ARRAY_LEN(fields) - 1])

static const struct field *field_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

static struct slice field_text(const struct incident_match *m,
			       const struct field *f)
{
	struct slice text;

	if (f->get)
		text = f->get(m);
	else /* the member at the offset is a slice */
		memcpy(&text, (const char *)m->inc + f->offset, sizeof(text));
	return text.ptr ? text : EMPTY;
}

static struct slice look_up(void *arg, const char *name, size_t i)
{
	struct incident_match *m = arg;
	const struct field *f = field_named(name);

	if (f == TAGS)
		return tag_of(m, i);
	if (i)
		return (struct slice){NULL, 0};
	if (f)
		return field_text(m, f);
	if (!strncmp(name, LABEL, strlen(LABEL)))
		name += strlen(LABEL);
	return label_of(m, name);
}

const char *incident_match_failed(struct incident_match *m,
				  const struct selector *s)
{
	return selector_failed(s, look_up, m);
}

struct slice incident_match_value(struct incident_match *m, const char *field)
{
	return look_up(m, field, 0);
}

/* ---- what may be asked for ---- */

/* A slip of the pen rather than a label. */
static const char *meant_field(const char *name)
{
	const char *names[ARRAY_LEN(fields) + 1] = {NULL};
	size_t n = strlen(name), m;
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		names[i] = fields[i].name;
	near = n < NEAR_MIN ? NULL : cli_nearest(name, names);
	m = near ? strlen(near) : 0;
	return near && *near == *name && n <= m + 1 && m <= n + 1 ? near : NULL;
}

static int no_such_field(const char *name, struct err *err)
{
	AUTO_BUF struct buf known = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		buf_addf(&known, "%s%s", i ? ", " : "", fields[i].name);
	return err_set(err, ERR_USAGE,
		       "incidents are not found by '%s'; there are %s, and "
		       "labels by name",
		       name, buf_str(&known));
}

int incident_match_field(const char *name, struct err *err)
{
	const char *near;

	if (field_named(name))
		return 0;
	if (!strncmp(name, LABEL, strlen(LABEL)) && name[strlen(LABEL)])
		return 0;
	if (!*name || !strcmp(name, LABEL))
		return no_such_field(name, err);
	for (const struct incident_field *f = incident_fields; f->name; f++)
		if (!strcmp(f->name, name))
			return no_such_field(name, err);
	near = meant_field(name);
	if (near)
		return err_set(err, ERR_USAGE,
			       "there is no field '%s', did you mean '%s'? A "
			       "label of that name is '" LABEL "%s'",
			       name, near, name);
	return 0;
}

static int check_value(const struct field *f, const char *value,
		       struct err *err)
{
	const char *text = value + (*value == '!');
	AUTO_BUF struct buf known = BUF_INIT;

	if (!f || !f->values || *text == '/')
		return 0;
	for (size_t i = 0; f->values[i]; i++) {
		if (!strcmp(f->values[i], text))
			return 0;
		buf_addf(&known, "%s%s", i ? ", " : "", f->values[i]);
	}
	return err_set(err, ERR_USAGE, "'%s' is no %s; there are %s", text,
		       f->name, buf_str(&known));
}

int incident_match_add(struct selector *s, const char *field, const char *value,
		       struct err *err)
{
	if (incident_match_field(field, err) < 0 ||
	    check_value(field_named(field), value, err) < 0)
		return -1;
	return selector_add(s, field, value, err);
}

/* Values of one field; none at all would match everything. */
static int add_values(struct selector *s, const struct config *c,
		      const char *path, const char *field, struct err *err)
{
	const char *value;
	size_t i = 0;

	for (; (value = config_item(c, path, i)); i++)
		if (incident_match_add(s, field, value, err) < 0)
			return -1;
	return i ? 0 : err_set(err, ERR_USAGE, "this needs a value");
}

int incident_match_config(struct selector **ret, const struct config *c,
			  const char *path, struct err *err)
{
	AUTO_SELECTOR struct selector *s = NULL;
	const char *field;

	for (size_t i = 0; (field = config_item(c, path, i)); i++) {
		AUTO_FREE char *at = mem_printf("%s.%s", path, field);

		if (!s)
			s = selector_new();
		if (add_values(s, c, at, field, err) < 0)
			return err_prefix(err, "%s: %s", config_origin(c, at),
					  at);
	}
	*ret = TAKE_PTR(s);
	return 0;
}
