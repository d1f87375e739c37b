/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

int report_make(const char *name, const struct json *record, struct report *out)
{
	int r;

	*out = (struct report){.name = name, .record = record};
	r = verdict_record_read(record, &out->read);
	if (r < 0)
		return r;
	verdicts_find(&out->read.facts, &out->verdicts);
	verdict_choose(&out->read.facts, &out->choice);
	return 0;
}

void report_free(struct report *report)
{
	verdict_record_free(&report->read);
}

const struct verdict *report_lead(const struct report *report)
{
	return report->verdicts.len ? &report->verdicts.items[0] : NULL;
}

const char *report_title(const struct report *report)
{
	const struct verdict *lead = report_lead(report);

	return lead ? lead->title : "The record does not tell why memory ran out";
}

const char *report_advice(const struct report *report)
{
	const struct verdict *lead = report_lead(report);

	return lead ? lead->advice
		    : "Look at the figures below. With evidence.budget above 0 the next record "
		      "holds more of them.";
}

const char *report_string(const struct json *object, const char *key)
{
	const char *text = json_get_string(object, key);

	return text ? text : "";
}

uint64_t report_number(const struct json *object, const char *key, uint64_t otherwise)
{
	uint64_t value;

	return json_uint64(json_get(object, key), &value) < 0 ? otherwise : value;
}

const char *report_size_text(const struct json *object, const char *key, char *buf, size_t cap)
{
	uint64_t bytes;

	if (json_uint64(json_get(object, key), &bytes) == 0)
		return size_text(bytes, buf, cap);
	snprintf(buf, cap, "%s", json_get_typed(object, key, JSON_NULL) ? "none" : "not known");
	return buf;
}

struct figure report_footprint(const struct json *process)
{
	static const char *const keys[] = {"rssAnon", "rssShmem", "swap"};
	struct figure sum = {0};
	uint64_t bytes;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_uint64(json_get(process, keys[i]), &bytes) == 0)
			sum = FIGURE(sum.n + bytes);
	return sum;
}

const char *report_time_text(const struct json *record, char *buf, size_t cap)
{
	const char *time = report_string(record, "time");
	size_t len = strlen(time);

	if (len == strlen("2026-11-25T10:11:12.345Z") && time[10] == 'T')
		snprintf(buf, cap, "%.10s %.12s UTC", time, time + 11);
	else
		snprintf(buf, cap, "%s", time);
	return buf;
}

const char *report_us_text(uint64_t us, char *buf, size_t cap)
{
	if (us < 1000)
		snprintf(buf, cap, "%" PRIu64 " µs", us);
	else if (us < 100000)
		snprintf(buf, cap, "%.1f ms", (double)us / 1000);
	else
		span_text(us / 1000, buf, cap);
	return buf;
}

const char *report_container_text(const struct json *record, char *buf, size_t cap)
{
	const char *space = report_string(record, "namespace"), *pod = report_string(record, "pod");
	const char *name = report_string(record, "container");

	if (pod[0] || name[0])
		snprintf(buf, cap, "%s%s%s%s%s", space, space[0] ? "/" : "", pod,
			 pod[0] && name[0] ? "/" : "", name);
	else
		snprintf(buf, cap, "%s", report_string(record, "id"));
	return buf;
}

/* The first rung that helped; NULL: none did. */
static const struct json *rung_that_helped(const struct json *record)
{
	const struct json *rungs = json_get_typed(record, "rungs", JSON_ARRAY);

	for (size_t i = 0; rungs && i < rungs->array.len; i++) {
		const struct json *helped =
		    json_get_typed(rungs->array.items[i], "helped", JSON_BOOL);

		if (helped && helped->boolean)
			return rungs->array.items[i];
	}
	return NULL;
}

static const char *result_words(const char *result)
{
	static const struct {
		const char *result, *words;
	} table[] = {
	    {"reported", "nothing but this record"},
	    {"killed", "the container was killed"},
	    {"restarted", "the container was killed and started again"},
	    {"restart-failed", "the container was killed, and starting it again failed"},
	    {"gave-up", "given up"},
	    {"kill-incomplete", "the container was killed, but not all of it is gone"},
	    {"cancelled", "the container was killed; its restart was cancelled"},
	    {"pending", "it was still being done when this was written"},
	    {"freed", "the container was freed and runs on"},
	    {"stalled", "nothing that was tried helped"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].result, result))
			return table[i].words;
	return result;
}

const char *report_done_text(const struct json *record, char *buf, size_t cap)
{
	const char *words = result_words(report_string(record, "result"));
	const char *reason = report_string(record, "reason");
	const struct json *rung = rung_that_helped(record);
	char took[32];

	if (rung)
		snprintf(buf, cap, "%s: %s helped within %s", words, report_string(rung, "rung"),
			 report_us_text(report_number(rung, "tookUs", 0), took, sizeof(took)));
	else
		snprintf(buf, cap, "%s%s%s", words, reason[0] ? ": " : "", reason);
	return buf;
}

static const char *whose_word(enum verdict_whose whose)
{
	static const char *const words[] = {
	    [WHOSE_UNKNOWN] = NULL, [WHOSE_OWN] = "own",     [WHOSE_ANCESTOR] = "ancestor",
	    [WHOSE_HOST] = "host",  [WHOSE_NODES] = "nodes",
	};

	return words[whose];
}

static void put_figure(struct jsonw *w, const char *key, struct figure figure)
{
	jsonw_kv_known_uint(w, key, figure.known && figure.n != FIGURE_NO_LIMIT, figure.n);
}

static void write_choice(struct jsonw *w, const struct verdict_choice *choice)
{
	char text[512];
	bool process = choice->kind == CHOICE_PROCESS;

	jsonw_key(w, "shouldHaveBeen");
	jsonw_object(w);
	jsonw_kv_known_int(w, "pid", process, choice->pid);
	jsonw_kv_string(w, "comm", process ? choice->comm : NULL);
	put_figure(w, "bytes", choice->bytes);
	jsonw_key(w, "wasKilled");
	if (process)
		jsonw_bool(w, choice->was_killed);
	else
		jsonw_null(w);
	jsonw_kv_string(w, "text", verdict_choice_text(choice, text, sizeof(text)));
	jsonw_object_end(w);
}

static void write_answers(struct jsonw *w, const struct report *report)
{
	const struct verdict_facts *facts = &report->read.facts;
	char text[512];

	jsonw_key(w, "answers");
	jsonw_object(w);
	jsonw_key(w, "limit");
	jsonw_object(w);
	jsonw_kv_string(w, "whose", whose_word(facts->whose));
	jsonw_kv_string(w, "cgroup", facts->hit_cgroup);
	put_figure(w, "bytes", facts->limit);
	jsonw_kv_string(w, "text", verdict_limit_text(facts, text, sizeof(text)));
	jsonw_object_end(w);
	jsonw_kv_string(w, "killed", verdict_killed_text(facts, text, sizeof(text)));
	write_choice(w, &report->choice);
	jsonw_kv_string(w, "done", report_done_text(report->record, text, sizeof(text)));
	jsonw_kv_string(w, "change", report_advice(report));
	jsonw_object_end(w);
}

static void fill(struct jsonw *w, const void *context)
{
	const struct report *report = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	write_answers(w, report);
	verdicts_write(w, "verdicts", &report->verdicts);
	jsonw_key(w, "incident");
	jsonw_tree(w, report->record);
	jsonw_object_end(w);
}

int report_show_json(const struct report *report)
{
	return cli_json(fill, report);
}
