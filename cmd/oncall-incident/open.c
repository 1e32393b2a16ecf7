/* open.c - oncall-incident open: detections in, incident records out. */
#include "incident.h"

#include <oncall/actor.h>
#include <oncall/clock.h>
#include <oncall/detection.h>
#include <oncall/diag.h>
#include <oncall/incident-open.h>
#include <oncall/jwrite.h>
#include <oncall/severity.h>
#include <oncall/status.h>
#include <oncall/when.h>

/* How long a stream is silent before a batch is committed: longer than a busy
 * pipe needs to be filled again, shorter than anybody notices. */
#define DRY_MS 3

static struct {
	const char *title, *service, *severity, *host, *category, *message;
	const char *from;
	int64_t status;
	struct cli_list tags;
	bool simulate;
} args = {.status = -1};

const struct cli_opt open_opts[] = {
	CLI_GROUP("By hand"),
	CLI_STR(0, "title", "TEXT", &args.title,
		"open one incident with this title"),
	CLI_STR(0, "service", "NAME", &args.service,
		"service that it is about"),
	CLI_CHOICE(0, "severity", "LEVEL", &args.severity, severity_names,
		   "severity (default: medium)"),
	CLI_STR(0, "host", "NAME", &args.host, "host that it is about"),
	CLI_STR(0, "category", "NAME", &args.category,
		"category that it belongs to"),
	CLI_STR(0, "message", "TEXT", &args.message, "what was seen"),
	CLI_LIST(0, "tag", "TAG", &args.tags, "add a tag"),
	CLI_FLAG(0, "simulate", &args.simulate,
		 "mark it as simulated: nothing is wrong"),
	CLI_GROUP("From other tools"),
	CLI_CHOICE(0, "from", "FORM", &args.from, payload_form_names,
		   "read what another tool sends"),
	CLI_INT(0, "status", "N", &args.status, 0, 3,
		"exit status of the Nagios plugin"),
	CLI_LAST,
};

static int on_record(struct filter *f, const struct filter_record *rec,
		     struct err *err)
{
	struct incident_open *open = filter_arg(f);

	if ((!incident_open_room(open, rec->line.len) ||
	     incident_open_due(open)) &&
	    incident_open_commit(open, filter_out(f), err) < 0)
		return -1;
	if (slice_is(rec->type, "cursor"))
		return incident_open_cursor(open, rec->line, rec->scan, err);
	return incident_open_add(open, rec->line, rec->scan, err);
}

static int on_pass(struct filter *f, struct slice line, struct err *err)
{
	struct incident_open *open = filter_arg(f);

	if (!incident_open_room(open, line.len) &&
	    incident_open_commit(open, filter_out(f), err) < 0)
		return -1;
	incident_open_pass(open, line);
	return 0;
}

static int on_pause(struct filter *f, struct err *err)
{
	return incident_open_commit(filter_arg(f), filter_out(f), err);
}

static const struct filter_ops ops = {
	.types = (const char *const[]){"detection", "cursor", NULL},
	.record = on_record,
	.pass = on_pass,
	.idle = on_pause,
	.finish = on_pause,
	.dry_wait_ms = DRY_MS,
};

/* The detection that stands for what a person says. */
static void write_detection(struct buf *out)
{
	char fingerprint[DETECTION_FINGERPRINT];
	const struct slice identity[] = {
		SLICE_LIT("by hand"),
		slice_of(args.service ? args.service : ""),
		slice_of(args.title),
		args.simulate ? SLICE_LIT("simulated") : SLICE_LIT("")};

	detection_fingerprint(fingerprint, identity, ARRAY_LEN(identity));
	jwrite_new(out, "detection");
	jwrite_str(out, "title", args.title);
	jwrite_str(out, "severity",
		   args.severity ? args.severity
				 : severity_name(SEVERITY_MEDIUM));
	jwrite_str_opt(out, "service", args.service);
	jwrite_str_opt(out, "host", args.host);
	jwrite_str_opt(out, "category", args.category);
	jwrite_str_opt(out, "message", args.message);
	jwrite_str(out, "fingerprint", fingerprint);
	jwrite_open(out, "tags", '[');
	for (size_t i = 0; i < args.tags.count; i++)
		jwrite_str(out, NULL, args.tags.items[i]);
	jwrite_close(out, ']');
	if (args.simulate)
		jwrite_bool(out, "simulated", true);
	jwrite_close(out, '}');
}

static int open_by_hand(struct incident_open *open, struct err *err)
{
	struct record_writer out = RECORD_WRITER_INIT(STDOUT_FILENO);
	AUTO_BUF struct buf line = BUF_INIT;
	struct jscan scan = {0};
	int rc;

	write_detection(&line);
	rc = jscan_object(&scan, line.data, line.len, err);
	if (rc == 0)
		rc = incident_open_add(open, buf_slice(&line), &scan, err);
	if (rc == 0)
		rc = incident_open_commit(open, &out, err);
	if (rc == 0)
		rc = record_flush(&out, err);
	jscan_done(&scan);
	record_writer_done(&out);
	return rc;
}

static enum payload_form form(void)
{
	unsigned i = 0;

	while (strcmp(payload_form_names[i], args.from) != 0)
		i++;
	return (enum payload_form)i;
}

/* Service and host stand in for what a payload does not name; nothing else of
 * what is said by hand goes with one. */
static int check_from(int argc, struct err *err)
{
	if (args.title || args.severity || args.category || args.message ||
	    args.tags.count || args.simulate)
		return err_set(err, ERR_USAGE,
			       "of what describes an incident, only --service "
			       "and --host go with --from");
	if (form() != PAYLOAD_NAGIOS)
		return args.status < 0 ? 0
				       : err_set(err, ERR_USAGE,
						 "--status needs --from "
						 "nagios");
	if (argc > 1)
		return err_set(err, ERR_USAGE,
			       "--from nagios reads what one plugin said");
	if (!args.service && !args.host)
		return err_set(err, ERR_USAGE,
			       "say by --service or --host what the plugin "
			       "looked at");
	return 0;
}

static int check_args(int argc, struct err *err)
{
	if (args.title && argc > 0)
		return err_set(err, ERR_USAGE,
			       "--title opens one incident by hand and reads "
			       "no file");
	if (args.title && !*args.title)
		return err_set(err, ERR_USAGE, "the title is empty");
	if (args.from)
		return check_from(argc, err);
	if (args.status >= 0)
		return err_set(err, ERR_USAGE, "--status needs --from nagios");
	if (!args.title &&
	    (args.service || args.severity || args.host || args.category ||
	     args.message || args.tags.count || args.simulate))
		return err_set(
			err, ERR_USAGE,
			"to open an incident by hand, give it a --title");
	return 0;
}

static int open_from(struct store *store, struct incident_open *open,
		     const char *actor, int argc, char **argv, struct err *err)
{
	struct open_from o = {
		.src = {.form = form(),
			.service = args.service,
			.host = args.host,
			.status = (int)args.status},
		.store = {.store = store, .open = open, .actor = actor},
		.text = BUF_INIT_MAX(PAYLOAD_MAX)};
	int rc = open_from_run(&o, argc, argv, err);

	buf_done(&o.text);
	return rc;
}

/* What is opened here is told by the pager, which may be dead. */
static int look_at_tick(struct store *store, struct err *err)
{
	char text[32];
	int64_t age;
	int late = status_tick_late(store, clock_now(), &age, err);

	if (late > 0) {
		when_format_age(text, age);
		diag_warn("the pager's last tick was %s ago: nobody is told "
			  "until 'oncall-incident tick' runs again",
			  text);
	}
	return late < 0 ? -1 : 0;
}

int open_run(int argc, char **argv, struct err *err)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_FREE char *actor = NULL;
	struct incident_open *open;
	int rc;

	if (check_args(argc, err) < 0 ||
	    actor_name(cli_config(), cli_as(), &actor, err) < 0 ||
	    open_store(&store, STORE_WRITE, err) < 0 ||
	    (!cli_replay() && look_at_tick(store, err) < 0))
		return -1;
	open = incident_open_new(
		&(struct incident_open_options){.store = store,
						.config = cli_config(),
						.actor = actor,
						.replay = cli_replay()});
	if (args.from)
		rc = open_from(store, open, actor, argc, argv, err);
	else if (args.title)
		rc = open_by_hand(open, err);
	else
		rc = filter_run(&ops, cli_filter_options(), open, argc, argv,
				err);
	if (incident_open_repeats(open))
		diag_info("seen before: %lld",
			  (long long)incident_open_repeats(open));
	incident_open_free(open);
	return rc;
}
