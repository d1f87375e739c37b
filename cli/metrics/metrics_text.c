/* SPDX-License-Identifier: Apache-2.0 */
/* Counters in Prometheus' text format, version 0.0.4: prometheus.io/docs, "Exposition formats". */
#include <stdio.h>

#include "metrics_page.h"

static const struct {
	const char *name, *help;
} counters[METRICS_COUNTERS] = {
    [METRICS_OOM_KILLS] = {"oomguard_oom_kills_total",
			   "Processes that the kernel killed for want of memory."},
    [METRICS_STALLS] = {"oomguard_stalls_total",
			"How often the container stood still for want of memory."},
    [METRICS_DRIFT_REPAIRS] = {"oomguard_drift_repairs_total",
			       "Settings that somebody else changed and that were put back."},
    [METRICS_RESTARTS] = {"oomguard_restarts_total",
			  "Restarts done, by oomguard or by the engine after oomguard's kill."},
    [METRICS_REFUSED_ANNOTATIONS] = {"oomguard_refused_annotations_total",
				     "Annotations that the policy did not let through."},
};

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Labels hold no control character; a backslash and a quote are left to be escaped. */
static void label(FILE *out, const char *name, const char *value, const char *before)
{
	fprintf(out, "%s%s=\"", before, name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putc('\\', out);
		putc(*value, out);
	}
	putc('"', out);
}

static void labels(FILE *out, const struct metrics_labels *labels)
{
	label(out, "container", labels->container, "{");
	label(out, "pod", labels->pod, ",");
	label(out, "namespace", labels->namespace, ",");
}

static void print_counter(FILE *out, const struct metrics_page *page, enum metrics_counter counter)
{
	head(out, counters[counter].name, "counter", counters[counter].help);
	for (size_t i = 0; i < page->len; i++) {
		fputs(counters[counter].name, out);
		labels(out, &page->series[i].labels);
		fprintf(out, "} %llu\n",
			(unsigned long long)page->series[i].counts.counter[counter]);
	}
}

/* Shown at zero too: an alert needs to see the first one come. */
static bool worth_waiting_for(size_t action, size_t result)
{
	static const struct {
		enum metrics_action action;
		enum metrics_result result;
	} pairs[] = {
	    {METRICS_KILL, METRICS_KILLED},	  {METRICS_KILL, METRICS_KILL_INCOMPLETE},
	    {METRICS_RESTART, METRICS_RESTARTED}, {METRICS_RESTART, METRICS_RESTART_FAILED},
	    {METRICS_GIVE_UP, METRICS_GAVE_UP},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (action == pairs[i].action && result == pairs[i].result)
			return true;
	return false;
}

static void print_actions_of(FILE *out, const struct metrics_series *series)
{
	for (size_t a = 0; a < METRICS_ACTIONS; a++) {
		for (size_t r = 0; r < METRICS_RESULTS; r++) {
			if (series->counts.action[a][r] == 0 && !worth_waiting_for(a, r))
				continue;
			fputs("oomguard_actions_total", out);
			labels(out, &series->labels);
			label(out, "action", metrics_action_name((enum metrics_action)a), ",");
			label(out, "result", metrics_result_name((enum metrics_result)r), ",");
			fprintf(out, "} %u\n", (unsigned)series->counts.action[a][r]);
		}
	}
}

/* Seconds without a trailing zero, as their labels are compared as text. */
static void print_bucket(FILE *out, const char *stage, const char *bound, uint64_t runs)
{
	fputs("oomguard_hook_duration_seconds_bucket", out);
	label(out, "stage", stage, "{");
	label(out, "le", bound, ",");
	fprintf(out, "} %llu\n", (unsigned long long)runs);
}

static void print_histogram(FILE *out, const char *stage, const struct metrics_histogram *histogram)
{
	uint64_t runs = 0;
	char bound[32];

	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		runs += histogram->bucket[i];
		snprintf(bound, sizeof(bound), "%g", (double)metrics_bucket_us[i] / 1e6);
		print_bucket(out, stage, bound, runs);
	}
	runs += histogram->bucket[METRICS_BUCKETS];
	print_bucket(out, stage, "+Inf", runs);
	fputs("oomguard_hook_duration_seconds_sum", out);
	label(out, "stage", stage, "{");
	fprintf(out, "} %.6f\n", (double)histogram->sum_us / 1e6);
	fputs("oomguard_hook_duration_seconds_count", out);
	label(out, "stage", stage, "{");
	fprintf(out, "} %llu\n", (unsigned long long)runs);
}

static void print_durations(FILE *out, const struct metrics_durations *durations)
{
	head(out, "oomguard_hook_duration_seconds", "histogram",
	     "How long a run of oomguard-hook took, which the start of the container waits for.");
	for (size_t i = 0; i < METRICS_STAGES; i++) {
		/* Most hosts have nothing at prestart. */
		if (metrics_runs(&durations->stage[i]) || i == SPEC_STAGE_CREATE_RUNTIME)
			print_histogram(out, metrics_stage_name((enum spec_stage)i),
					&durations->stage[i]);
	}
}

void metrics_text(FILE *out, const struct metrics_page *page)
{
	head(out, "oomguard_containers", "gauge",
	     "Containers that have state, by the state of their guard.");
	for (size_t i = 0; i < page->states_len; i++) {
		fputs("oomguard_containers", out);
		label(out, "state", page->states[i].name, "{");
		fprintf(out, "} %llu\n", (unsigned long long)page->states[i].containers);
	}
	for (int i = 0; i < METRICS_COUNTERS; i++)
		print_counter(out, page, (enum metrics_counter)i);
	head(out, "oomguard_actions_total", "counter", "What was done, and what came of it.");
	for (size_t i = 0; i < page->len; i++)
		print_actions_of(out, &page->series[i]);
	print_durations(out, &page->durations);
}
