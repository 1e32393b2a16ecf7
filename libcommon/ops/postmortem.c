/* postmortem.c - the document as a whole: a template, filled line by line. */
#include <oncall/postmortem.h>

#include "postmortem-internal.h"

#include <oncall/mem.h>
#include <oncall/template.h>

const char *const postmortem_sections[] = {
	"summary",   "figures",	  "timeline",  "detections",
	"messages",  "approvals", "actions",   "outcome",
	"knowledge", "links",	  "questions", NULL};

/* In the order of their names. */
static postmortem_section *const writers[] = {
	postmortem_summary,    postmortem_figures,   postmortem_timeline,
	postmortem_detections, postmortem_told,	     postmortem_approvals,
	postmortem_acts,       postmortem_outcome,   postmortem_knowledge,
	postmortem_links,      postmortem_questions,
};
_Static_assert(ARRAY_LEN(writers) + 1 == ARRAY_LEN(postmortem_sections),
	       "each section has a writer");

postmortem_section *postmortem_find(struct slice name)
{
	for (size_t i = 0; postmortem_sections[i]; i++)
		if (slice_is(name, postmortem_sections[i]))
			return writers[i];
	return NULL;
}

int postmortem_new(struct postmortem **ret, struct store *s, int64_t num,
		   struct err *err)
{
	AUTO_POSTMORTEM struct postmortem *p = mem_zero(1, sizeof(*p));

	p->store = s;
	incident_id(p->id, num);
	if (incident_load(s, num, &p->inc, err) < 0 ||
	    postmortem_load(p, err) < 0)
		return -1;
	*ret = TAKE_PTR(p);
	return 0;
}

void postmortem_free(struct postmortem *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		buf_done(&p->entries[i].who);
		buf_done(&p->entries[i].what);
	}
	free(p->entries);
	incident_done(&p->inc);
	free(p);
}

/* ---- fields ---- */

static const struct incident_field *find_field(const char *name)
{
	const struct incident_field *f = incident_fields;

	while (f->name && strcmp(f->name, name) != 0)
		f++;
	return f->name ? f : NULL;
}

static void write_number(struct buf *out, const struct incident_field *f,
			 int64_t n)
{
	if (n == WHEN_NONE)
		return;
	if (f->kind == INCIDENT_TIME)
		postmortem_time(out, n);
	else if (f->kind == INCIDENT_PERIOD)
		postmortem_span(out, n);
	else
		buf_add_int(out, n);
}

static void write_field(struct postmortem *p, const struct incident_field *f,
			struct buf *out)
{
	switch (f->kind) {
	case INCIDENT_TEXT:
	case INCIDENT_JSON:
		buf_add_slice(out, *incident_text(&p->inc, f));
		break;
	case INCIDENT_TIME:
	case INCIDENT_PERIOD:
	case INCIDENT_NUMBER:
		write_number(out, f, *incident_number(&p->inc, f));
		break;
	case INCIDENT_FLAG:
		buf_add_str(out, *incident_flag(&p->inc, f) ? "true" : "false");
		break;
	case INCIDENT_SEVERITY:
		buf_add_str(out, severity_name(p->inc.severity));
		break;
	case INCIDENT_STATUS:
		buf_add_str(out, incident_status_names[p->inc.status]);
		break;
	}
}

/* ---- lines of the template ---- */

struct filling {
	struct postmortem *p;
	struct buf value; /* of the field that was asked for last */
};

static void filling_done(struct filling *f)
{
	buf_done(&f->value);
}

static struct slice look_up(void *arg, const char *path)
{
	struct filling *f = arg;
	const struct incident_field *field = find_field(path);

	buf_reset(&f->value);
	if (!strcmp(path, "id"))
		buf_add_str(&f->value, f->p->id);
	else if (field)
		write_field(f->p, field, &f->value);
	return buf_slice(&f->value);
}

/* "${timeline}" and nothing else; name is what stands in it. */
static bool is_section(struct slice line, struct slice *name)
{
	while (line.len && strchr(" \t\r", line.ptr[line.len - 1]))
		line.len--;
	if (line.len < 4 || memcmp(line.ptr, "${", 2) != 0 ||
	    line.ptr[line.len - 1] != '}')
		return false;
	*name = (struct slice){line.ptr + 2, line.len - 3};
	return postmortem_find(*name) != NULL;
}

static int check_paths(const struct template *t, struct err *err)
{
	AUTO_BUF struct buf names = BUF_INIT;
	const char *path;

	for (size_t i = 0; (path = template_path(t, i)); i++) {
		if (postmortem_find(slice_of(path)))
			return err_set(err, ERR_USAGE,
				       "the section '${%s}' has to stand alone "
				       "on its line",
				       path);
		if (find_field(path) || !strcmp(path, "id"))
			continue;
		for (size_t k = 0; postmortem_sections[k]; k++)
			buf_addf(&names, "%s%s", k ? ", " : "",
				 postmortem_sections[k]);
		return err_set(
			err, ERR_USAGE,
			"no field '%s': there are those of an incident's "
			"record, and the sections %s",
			path, buf_str(&names));
	}
	return 0;
}

/* One "${field|filter}": filtered first, and then made safe. */
static int fill_field(struct filling *f, struct slice piece, struct buf *out,
		      struct err *err)
{
	AUTO_FREE char *text = mem_dup_bytes(piece.ptr, piece.len);
	AUTO_TEMPLATE struct template *t = NULL;
	AUTO_BUF struct buf value = BUF_INIT;

	if (template_new(&t, text, err) < 0 || check_paths(t, err) < 0)
		return -1;
	template_fill(t, &value, look_up, f);
	postmortem_text(out, buf_slice(&value));
	return 0;
}

static int fill_line(struct filling *f, const char *line, struct buf *out,
		     struct err *err)
{
	AUTO_TEMPLATE struct template *whole = NULL;

	/* The columns in its errors are those of the line. */
	if (template_new(&whole, line, err) < 0)
		return -1;
	while (*line) {
		size_t n = strcspn(line, "$");
		const char *end;

		buf_add(out, line, n);
		line += n;
		end = line[0] && line[1] == '{' ? strchr(line, '}') : NULL;
		if (end) {
			n = (size_t)(end + 1 - line);
			if (fill_field(f, (struct slice){line, n}, out, err) <
			    0)
				return -1;
			line += n;
		} else if (*line) {
			buf_add_char(out, '$');
			line += line[1] == '$' ? 2 : 1;
		}
	}
	return 0;
}

int postmortem_fill(struct postmortem *p, const struct postmortem_form *form,
		    struct buf *out, struct err *err)
{
	const char *text = form->text;
	CLEANUP(filling_done) struct filling f = {.p = p};

	for (size_t number = 1; *text; number++) {
		size_t n = strcspn(text, "\n");
		AUTO_FREE char *line = mem_dup_bytes(text, n);
		struct slice section;
		int rc;

		if (is_section((struct slice){text, n}, &section)) {
			rc = postmortem_marked(p, section, out, err);
		} else {
			rc = fill_line(&f, line, out, err);
			if (rc < 0)
				return err_prefix(err, "%s:%zu", form->name,
						  number);
			buf_add_char(out, '\n');
		}
		if (rc < 0)
			return -1;
		text += n + (text[n] == '\n');
	}
	return buf_check(out, "the postmortem", err);
}
