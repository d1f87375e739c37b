/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"

#define JSON_FIRST_BYTES (64 * 1024)
#define JSON_LAST_BYTES (16 * 1024 * 1024)

static void text_or_null(struct jsonw *w, const char *key, const char *text)
{
	jsonw_kv_string(w, key, text[0] ? text : NULL);
}

static void write_invoker(struct jsonw *w, const struct oomlog_report *report)
{
	jsonw_key(w, "invoker");
	if (!report->has_invoker) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	text_or_null(w, "comm", report->invoker_comm);
	jsonw_kv_known_int(w, "pid", report->has_invoker_pid, report->invoker_pid);
	text_or_null(w, "gfp_mask", report->gfp_mask);
	jsonw_kv_known_int(w, "order", report->has_invoker_order, report->invoker_order);
	jsonw_kv_known_int(w, "oom_score_adj", report->has_invoker_score,
			   report->invoker_oom_score_adj);
	jsonw_object_end(w);
}

static void write_usage(struct jsonw *w, const char *key, const struct oomlog_usage *usage)
{
	jsonw_key(w, key);
	if (!usage->known) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	jsonw_kv_uint(w, "usage_kb", usage->usage_kb);
	jsonw_kv_uint(w, "limit_kb", usage->limit_kb);
	jsonw_kv_uint(w, "failcnt", usage->failcnt);
	jsonw_object_end(w);
}

static void write_tasks(struct jsonw *w, const struct oomlog_report *report)
{
	jsonw_kv_known_uint(w, "tasks", report->has_table, report->tasks);
	jsonw_key(w, "largest_task");
	if (!report->top_len) {
		jsonw_null(w);
	} else {
		jsonw_object(w);
		jsonw_kv_int(w, "pid", report->top[0].pid);
		jsonw_kv_string(w, "name", report->top[0].name);
		jsonw_kv_uint(w, "rss_pages", report->top[0].rss_pages);
		jsonw_object_end(w);
	}
	jsonw_key(w, "chosen");
	if (!report->has_chosen) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	jsonw_kv_int(w, "pid", report->chosen_pid);
	text_or_null(w, "comm", report->chosen_comm);
	jsonw_kv_known_int(w, "score", report->has_chosen_score, report->chosen_score);
	jsonw_object_end(w);
}

static void write_victims(struct jsonw *w, const struct oomlog_report *report)
{
	jsonw_key(w, "victims");
	jsonw_array(w);
	for (size_t i = 0; i < report->victims_len; i++) {
		const struct oomlog_victim *victim = &report->victims[i];

		jsonw_object(w);
		jsonw_kv_int(w, "pid", victim->pid);
		jsonw_kv_string(w, "comm", victim->comm);
		jsonw_kv_known_uint(w, "total_vm_kb", victim->has_total_vm, victim->total_vm_kb);
		jsonw_kv_known_uint(w, "anon_rss_kb", victim->has_anon_rss, victim->anon_rss_kb);
		jsonw_kv_known_uint(w, "file_rss_kb", victim->has_file_rss, victim->file_rss_kb);
		jsonw_kv_known_uint(w, "shmem_rss_kb", victim->has_shmem_rss, victim->shmem_rss_kb);
		jsonw_kv_known_uint(w, "uid", victim->has_uid, victim->uid);
		jsonw_kv_known_int(w, "oom_score_adj", victim->has_score, victim->oom_score_adj);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void write_report(struct jsonw *w, const struct oomlog_report *report, const char *source)
{
	char place[1024], notes[1024];

	snprintf(place, sizeof(place), "%.1000s:%llu", source, (unsigned long long)report->line);
	jsonw_object(w);
	jsonw_kv_string(w, "source", place);
	jsonw_kv_string(w, "prefix_style", oomlog_prefix_name(report->prefix));
	text_or_null(w, "kernel", report->kernel);
	jsonw_key(w, "kernel_in_log");
	if (report->kernel[0])
		jsonw_bool(w, true);
	else
		jsonw_null(w);
	jsonw_kv_string(w, "constraint", oomlog_constraint_name(report->constraint));
	jsonw_kv_string(w, "constraint_basis", oomlog_basis_name(report->basis));
	write_invoker(w, report);
	text_or_null(w, "oom_cgroup", report->oom_cgroup);
	text_or_null(w, "task_cgroup", report->task_cgroup);
	text_or_null(w, "container_id", report->container_id);
	text_or_null(w, "pod_uid", report->pod_uid);
	text_or_null(w, "cpuset", report->cpuset);
	write_usage(w, "memory", &report->memory);
	write_usage(w, "memsw", &report->memsw);
	write_usage(w, "swap", &report->swap);
	write_usage(w, "kmem", &report->kmem);
	write_tasks(w, report);
	write_victims(w, report);
	jsonw_kv_bool(w, "oom_group", report->oom_group);
	jsonw_kv_bool(w, "complete", report->complete);
	text_or_null(w, "notes", explain_notes(report, notes, sizeof(notes)));
	jsonw_object_end(w);
}

int explain_json(const struct oomlog_report *report, const char *source)
{
	for (size_t cap = JSON_FIRST_BYTES; cap <= JSON_LAST_BYTES; cap *= 4) {
		cleanup_free char *buf = malloc(cap);
		struct jsonw w;
		int len;

		if (!buf)
			return -ENOMEM;
		len = jsonw_init(&w, buf, cap, false);
		if (len < 0)
			return len;
		jsonw_start(&w);
		write_report(&w, report, source);
		len = jsonw_finish(&w);
		jsonw_close(&w);
		if (len == -ENOBUFS)
			continue;
		if (len > 0)
			fwrite(buf, 1, (size_t)len, stdout);
		return len < 0 ? len : 0;
	}
	return -ENOMEM;
}
