/* examine.c - what doctor looks at: the store, who is called, and the
 * libraries. */
#include "oncall.h"

#include <errno.h>
#include <libgen.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <oncall/built.h>
#include <oncall/clock.h>
#include <oncall/escalation.h>
#include <oncall/heartbeat.h>
#include <oncall/http.h>
#include <oncall/mem.h>
#include <oncall/status.h>
#include <oncall/when.h>

#define STALL_MS  3000 /* that others may keep the store from us */
#define MIB	  (UINT64_C(1024) * 1024)
#define SPACE_LOW (256 * MIB)
#define SPACE_OUT (16 * MIB)
#define GAP_DAYS  30 /* that are searched for times without anybody */

/* ---- the store ---- */

static void look_at_space(struct findings *f, const char *path)
{
	struct err err = ERR_INIT;
	struct statvfs fs;
	uint64_t bytes;

	if (statvfs(path, &fs) < 0) {
		(void)err_sys(&err, errno, "cannot look at '%s'", path);
		found_error(f, "disk space", &err);
		return;
	}
	bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (bytes < SPACE_OUT) {
		(void)err_set(&err, ERR_SYSTEM,
			      "only %llu KiB are left for '%s'",
			      (unsigned long long)(bytes / 1024), path);
		found_error(f, "disk space", &err);
		return;
	}
	found(f, bytes < SPACE_LOW ? FINDING_WARN : FINDING_OK, "disk space",
	      "%llu MiB are free", (unsigned long long)(bytes / MIB));
}

/* What makes the store unsafe was refused when it was opened; it also holds
 * pieces of logs, which are not for everybody. */
static void look_at_modes(struct findings *f, const char *path)
{
	AUTO_FREE char *copy = mem_dup(path);
	const char *folder = dirname(copy);
	struct stat file, above;

	if (stat(path, &file) < 0 || stat(folder, &above) < 0)
		return;
	if (file.st_mode & S_IROTH)
		found(f, FINDING_WARN, "permissions",
		      "'%s' can be read by everybody (mode %04o); chmod o-r "
		      "'%s' helps",
		      path, (unsigned)file.st_mode & 07777U, path);
	else if ((above.st_mode & S_IWGRP) && !(above.st_mode & S_ISVTX))
		found(f, FINDING_WARN, "permissions",
		      "a group can replace '%s': its folder has mode %04o; "
		      "chmod g-w '%s' helps",
		      path, (unsigned)above.st_mode & 07777U, folder);
	else
		found(f, FINDING_OK, "permissions",
		      "'%s' has mode %04o, its folder %04o", path,
		      (unsigned)file.st_mode & 07777U,
		      (unsigned)above.st_mode & 07777U);
}

static void look_whether_writable(struct findings *f, const char *address)
{
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;
	int rc = store_open(&s, address, STORE_WRITE, &err);

	if (rc == 0) {
		store_set_stall(s, STALL_MS);
		rc = status_try_write(s, &err);
	}
	if (rc < 0)
		found_error(f, "writing", &err);
	else
		found(f, FINDING_OK, "writing", "the store takes changes");
}

static void look_at_tick(struct findings *f, struct store *s)
{
	struct err err = ERR_INIT;
	char text[32];
	int64_t age;
	int late = status_tick_late(s, clock_now(), &age, &err);

	if (late < 0) {
		found_error(f, "last tick", &err);
		return;
	}
	if (age == WHEN_NONE) {
		found(f, FINDING_OK, "last tick", "there was none yet");
		return;
	}
	when_format_age(text, age);
	found(f, late ? FINDING_WARN : FINDING_OK, "last tick", "%s ago%s",
	      text,
	      late ? ": nobody is told until 'oncall-incident tick' runs again"
		   : "");
}

void doctor_store(struct findings *f, const struct config *c)
{
	const char *address = config_str(c, "store");
	AUTO_STORE struct store *s = NULL;
	struct err err = ERR_INIT;

	if (store_open(&s, address, STORE_READ, &err) < 0) {
		found_error(f, "store", &err);
		return;
	}
	found(f, FINDING_OK, "store", "%s %s, schema %d", store_driver(s),
	      store_name(s), store_schema_version(s));
	if (store_verify(s, &err) < 0)
		found_error(f, "integrity", &err);
	else
		found(f, FINDING_OK, "integrity", "nothing is damaged");
	look_at_tick(f, s);
	look_whether_writable(f, address);
	if (strcmp(store_driver(s), "sqlite") == 0) {
		look_at_modes(f, store_name(s));
		look_at_space(f, store_name(s));
	}
}

/* ---- who is called ---- */

static void on_roster_warning(void *arg, const char *text)
{
	found(arg, FINDING_WARN, "roster", "%s", text);
}

struct gaps {
	struct findings *findings;
	size_t count;
};

/* The first one is told; 'oncall-incident who --check' lists them. */
static void on_gap(void *arg, const char *team, int64_t from, int64_t to)
{
	struct gaps *g = arg;
	char begin[WHEN_TEXT], end[WHEN_TEXT];

	if (g->count++)
		return;
	when_format(begin, from);
	when_format(end, to);
	found(g->findings, FINDING_WARN, "roster",
	      "nobody%s%s is on call from %s to %s", team ? " of team " : "",
	      team ? team : "", begin, end);
}

static void look_at_roster(struct findings *f, const char *path,
			   struct roster **ret)
{
	struct gaps gaps = {.findings = f};
	struct err err = ERR_INIT;
	int64_t now = clock_now();

	if (roster_load(ret, path, on_roster_warning, f, &err) < 0) {
		found_error(f, "roster", &err);
		return;
	}
	roster_gaps(*ret, now, now + GAP_DAYS * WHEN_DAY, on_gap, &gaps);
	if (!gaps.count)
		found(f, FINDING_OK, "roster", "%s", path);
}

static void on_step_over(void *arg, const struct escalation_policy *p,
			 size_t step)
{
	found(arg, FINDING_WARN, "escalation",
	      "policy '%s' never does its step '%s' again: the window is over",
	      escalation_name(p), escalation_text(p, step));
}

static void look_at_policies(struct findings *f, const struct config *c,
			     const struct roster *roster)
{
	AUTO_ESCALATION struct escalation *e = NULL;
	struct err err = ERR_INIT;
	size_t count = 0;

	while (config_item(c, "escalation", count))
		count++;
	if (escalation_load(&e, c, roster, &err) < 0) {
		found_error(f, "escalation", &err);
		return;
	}
	found(f, FINDING_OK, "escalation", "%zu policies", count);
	escalation_over(e, clock_now(), on_step_over, f);
}

/* Who has no target would be called in vain. */
static void look_at_people(struct findings *f, const struct config *c,
			   const struct roster *roster)
{
	const char *name;

	if (!config_item(c, "targets", 0))
		return; /* somebody else sends */
	for (size_t i = 0; (name = roster_person(roster, i)); i++)
		if (!escalation_is_target(c, name))
			found(f, FINDING_WARN, "roster",
			      "messages to %s go nowhere: there is neither a "
			      "target nor a group of that name",
			      name);
}

void doctor_calls(struct findings *f, const struct config *c)
{
	AUTO_ROSTER struct roster *roster = NULL;
	const char *path = config_str(c, "roster");
	struct err err = ERR_INIT;
	int beats = heartbeat_count(c, &err);

	if (path)
		look_at_roster(f, path, &roster);
	/* A roster that cannot be read would make every name wrong. */
	if (!path || roster)
		look_at_policies(f, c, roster);
	if (roster)
		look_at_people(f, c, roster);
	if (beats < 0)
		found_error(f, "heartbeats", &err);
	else
		found(f, FINDING_OK, "heartbeats", "%d", beats);
}

/* ---- secrets ---- */

struct secrets {
	struct findings *f;
	size_t sound;
};

/* "token: x" would be taken for one: the file comes first. */
static void look_at_secret(void *arg, const char *path, const char *file)
{
	struct secrets *s = arg;
	struct err err = ERR_INIT;
	struct stat st;

	if (stat(file, &st) < 0) {
		(void)err_sys(&err, errno, "cannot look at '%s' of %s", file,
			      path);
		found_error(s->f, "secrets", &err);
	} else if (st.st_mode & S_IROTH) {
		found(s->f, FINDING_WARN, "secrets",
		      "'%s' of %s can be read by everybody (mode %04o); "
		      "chmod o-r '%s' helps",
		      file, path, (unsigned)st.st_mode & 07777U, file);
	} else {
		s->sound++;
	}
}

void doctor_secrets(struct findings *f, const struct config *c)
{
	struct secrets s = {.f = f};

	config_secret_files(c, look_at_secret, &s);
	if (s.sound)
		found(f, FINDING_OK, "secrets",
		      "%zu in files that not everybody can read", s.sound);
}

/* ---- libraries ---- */

static void look_at_libpq(struct findings *f)
{
	struct err err = ERR_INIT;
	int version;

	if (store_postgres_ready(&version, &err) < 0)
		found(f, FINDING_WARN, "libpq", "%s", err.text);
	else
		found(f, FINDING_OK, "libpq", "%d.%d", version / 10000,
		      version % 10000);
}

static void look_at_libcurl(struct findings *f)
{
	struct err err = ERR_INIT;
	const char *version;

	if (http_ready(&version, &err) < 0)
		found(f, FINDING_WARN, "libcurl", "%s", err.text);
	else
		found(f, FINDING_OK, "libcurl", "%s", version);
}

void doctor_libraries(struct findings *f)
{
	found(f, FINDING_OK, "SQLite", "%s", store_sqlite_version());
	look_at_libpq(f);
	look_at_libcurl(f);
	for (const struct built *b = built_with(); b->name; b++)
		found(f, FINDING_OK, b->name, "%s", b->version);
}
