/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "oomlog_path.h"
#include "units.h"
#include "verdict_answers.h"
#include "verdict_oomlog.h"

#define BAR_COLUMNS 30
#define BARS_MAX 8
#define VICTIMS_SHOWN 6
#define NO_LIMIT_KB (UINT64_MAX / 2 / 1024 / 4096 * 4096) /* PAGE_COUNTER_MAX, about */

/* "  Label       text": a hostile text is escaped by the caller. */
static void __attribute__((format(printf, 3, 4)))
line(const struct cli *cli, const char *label, const char *format, ...)
{
	va_list args;

	printf("  %s%-11s%s", cli_color(cli, CLI_DIM), label, cli_color(cli, CLI_PLAIN));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *size_kb(uint64_t kb, char *buf, size_t cap)
{
	if (kb > UINT64_MAX / 1024)
		snprintf(buf, cap, "no limit");
	else
		size_text(kb * 1024, buf, cap);
	return buf;
}

static const char *limit_kb(uint64_t kb, char *buf, size_t cap)
{
	if (kb >= NO_LIMIT_KB)
		return "no limit";
	return size_kb(kb, buf, cap);
}

/* Whose limit: as a person would call the cgroup. */
static const char *kind_of_cgroup(const char *path)
{
	char id[CGROUP_CONTAINER_ID], uid[CGROUP_POD_UID];
	const char *name = strrchr(path, '/');
	size_t len = strlen(path);

	if (!path[0])
		return "a memory cgroup that the log does not name";
	if (cgroup_container_id(path, id))
		return "the container";
	if (cgroup_pod_uid(path, uid))
		return "the pod";
	if (name && (!strcmp(name, "/kubepods") || !strcmp(name, "/kubepods.slice")))
		return "all pods together";
	if (strstr(path, "kubepods"))
		return "a class of pods";
	if (len > 6 && !strcmp(path + len - 6, ".slice"))
		return "the slice";
	if (len > 8 && !strcmp(path + len - 8, ".service"))
		return "the service";
	if (len > 6 && !strcmp(path + len - 6, ".scope"))
		return "the scope";
	if (!strncmp(path, "/lxc", 4))
		return "the LXC container";
	return "the cgroup";
}

static void show_title(const struct cli *cli, const struct oomlog_report *report,
		       const char *source, unsigned long number)
{
	static const char *const titles[] = {
	    [OOMLOG_UNKNOWN] = "Out of memory, whose limit is not said",
	    [OOMLOG_MEMCG] = "A memory limit was hit",
	    [OOMLOG_GLOBAL] = "The host ran out of memory",
	    [OOMLOG_CPUSET_NODES] = "The memory nodes of a cpuset are full",
	    [OOMLOG_MEMPOLICY] = "The memory nodes of a memory policy are full",
	};
	char text[512];

	printf(
	    "%s%s%lu. %s%s  %s, line %llu", number > 1 ? "\n" : "", cli_color(cli, CLI_BOLD),
	    number, titles[report->constraint], cli_color(cli, CLI_PLAIN),
	    escape_terminal(!strcmp(source, "-") ? "standard input" : source, text, sizeof(text)),
	    (unsigned long long)report->line);
	if (report->kernel[0])
		printf(", Linux %s", escape_terminal(report->kernel, text, sizeof(text)));
	putchar('\n');
	if (report->basis == OOMLOG_TRACED)
		line(cli, "", "(only the call trace says so)");
	else if (report->basis == OOMLOG_INFERRED)
		line(cli, "", "(no line says so, but only then the kernel prints what is there)");
}

static void show_asker(const struct cli *cli, const struct oomlog_report *report)
{
	char comm[256], pid[32] = "", order[64] = "";

	if (!report->has_invoker) {
		line(cli, "Asked", "not in the log");
		return;
	}
	if (report->has_invoker_pid)
		snprintf(pid, sizeof(pid), " (%d)", report->invoker_pid);
	if (report->has_invoker_order && report->invoker_order > 0 && report->invoker_order < 30)
		snprintf(order, sizeof(order), ", for %lu pages in one piece",
			 1UL << report->invoker_order);
	else if (report->has_invoker_order && report->invoker_order < 0)
		snprintf(order, sizeof(order), ", asked by SysRq");
	line(cli, "Asked", "%s%s%s", escape_terminal(report->invoker_comm, comm, sizeof(comm)), pid,
	     order);
}

static void show_usage(const struct cli *cli, const char *label, const struct oomlog_usage *usage)
{
	char used[32], limit[32], refused[64] = "";

	if (!usage->known)
		return;
	size_kb(usage->usage_kb, used, sizeof(used));
	if (usage->failcnt)
		snprintf(refused, sizeof(refused), ", refused %llu time%s",
			 (unsigned long long)usage->failcnt, usage->failcnt == 1 ? "" : "s");
	line(cli, label, "%s of %s%s", used, limit_kb(usage->limit_kb, limit, sizeof(limit)),
	     refused);
}

/* What the cgroup at its limit was full of. */
static void show_stats(const struct cli *cli, const struct oomlog_report *report)
{
	static const struct {
		enum oomlog_stat stat;
		const char *name;
	} shown[] = {{OOMLOG_STAT_ANON, "anonymous"}, {OOMLOG_STAT_FILE, "files"},
		     {OOMLOG_STAT_SHMEM, "shared"},   {OOMLOG_STAT_KERNEL, "kernel"},
		     {OOMLOG_STAT_SLAB, "slab"},      {OOMLOG_STAT_SWAP, "swapped out"}};
	char text[256] = "", size[32];

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		size_t len = strlen(text);

		if (!report->stat[shown[i].stat])
			continue;
		size_text(report->stat[shown[i].stat], size, sizeof(size));
		snprintf(text + len, sizeof(text) - len, "%s%s %s", len ? ", " : "", shown[i].name,
			 size);
	}
	/* In v1 a cgroup with children may show its own figures only, all of them zero. */
	if (text[0])
		line(cli, "Full of", "%s", text);
}

static void show_limit(const struct cli *cli, const struct oomlog_report *report)
{
	char path[2048], total[32], left[32];

	if (report->constraint == OOMLOG_MEMCG) {
		line(cli, "Limit of", "%s", kind_of_cgroup(report->oom_cgroup));
		if (report->oom_cgroup[0])
			line(cli, "", "%s",
			     escape_terminal(report->oom_cgroup, path, sizeof(path)));
		show_usage(cli, "Memory", &report->memory);
		/* It is 0 where swap is not accounted for. */
		if (report->memsw.usage_kb >= report->memory.usage_kb)
			show_usage(cli, "With swap", &report->memsw);
		show_usage(cli, "Swap", &report->swap);
		show_stats(cli, report);
	} else if (report->has_swap_total && !report->swap_total_kb) {
		line(cli, "Swap", "the host has none");
	} else if (report->has_swap_total && report->has_swap_free) {
		size_kb(report->swap_total_kb, total, sizeof(total));
		size_kb(report->swap_free_kb, left, sizeof(left));
		line(cli, "Swap", "%s of %s left", left, total);
	}
}

static void show_place(const struct cli *cli, const struct oomlog_report *report)
{
	char text[2048];

	if (report->container_id[0])
		line(cli, "Container", "%s", report->container_id);
	if (report->pod_uid[0])
		line(cli, "Pod uid", "%s", report->pod_uid);
	if (report->task_cgroup[0] && strcmp(report->task_cgroup, report->oom_cgroup))
		line(cli, "Victim in", "%s",
		     escape_terminal(report->task_cgroup, text, sizeof(text)));
	if (report->cpuset[0] && !report->task_cgroup[0])
		line(cli, "Cpuset", "%s (the asker's)",
		     escape_terminal(report->cpuset, text, sizeof(text)));
}

static void show_victim(const struct cli *cli, const struct oomlog_victim *victim, bool first)
{
	char comm[256], size[32], text[256];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), " (%d)", victim->pid);
	if (victim->has_anon_rss)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", anonymous %s",
					size_kb(victim->anon_rss_kb, size, sizeof(size)));
	if (victim->has_file_rss)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", files %s",
					size_kb(victim->file_rss_kb, size, sizeof(size)));
	if (victim->has_shmem_rss && victim->shmem_rss_kb)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", shared %s",
					size_kb(victim->shmem_rss_kb, size, sizeof(size)));
	if (victim->has_uid)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", uid %u", victim->uid);
	if (victim->has_score)
		snprintf(text + len, sizeof(text) - len, ", oom_score_adj %d",
			 victim->oom_score_adj);
	line(cli, first ? "Killed" : "", "%s%s%s%s", cli_color(cli, CLI_RED),
	     escape_terminal(victim->comm, comm, sizeof(comm)), cli_color(cli, CLI_PLAIN), text);
}

static bool is_victim(const struct oomlog_report *report, int32_t pid)
{
	for (size_t i = 0; i < report->victims_len; i++)
		if (report->victims[i].pid == pid)
			return true;
	return false;
}

static const char *size_pages(const struct oomlog_report *report, uint64_t pages, char *buf,
			      size_t cap)
{
	if (report->page_kb && pages <= UINT64_MAX / 1024 / report->page_kb)
		size_text(pages * report->page_kb * 1024, buf, cap);
	else
		snprintf(buf, cap, "%llu pages", (unsigned long long)pages);
	return buf;
}

static void show_killed(const struct cli *cli, const struct oomlog_report *report)
{
	size_t shown = report->victims_len < VICTIMS_SHOWN ? report->victims_len : VICTIMS_SHOWN;

	for (size_t i = 0; i < shown; i++)
		show_victim(cli, &report->victims[i], i == 0);
	if (report->victims_len > shown || report->victims_more)
		line(cli, "", "and %llu more",
		     (unsigned long long)(report->victims_len - shown + report->victims_more));
	if (!report->victims_len)
		line(cli, "Killed", "%s",
		     report->no_victim	? "nothing could be"
		     : report->exiting	? "nothing: the one chosen was exiting already"
		     : report->panicked ? "nothing: the kernel panicked, as vm.panic_on_oom says"
					: "not in the log");
	if (report->oom_group)
		line(cli, "", "the whole cgroup, as memory.oom.group says");
}

/* A bar in eighths of a column. */
static void print_bar(uint64_t value, uint64_t most)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned long parts =
	    most ? (unsigned long)((double)value / (double)most * BAR_COLUMNS * 8 + 0.5) : 0;

	if (value && !parts)
		parts = 1;
	for (; parts >= 8; parts -= 8)
		fputs("█", stdout);
	fputs(eighths[parts], stdout);
}

static void show_tasks(const struct cli *cli, const struct oomlog_report *report)
{
	size_t shown = report->top_len < BARS_MAX ? report->top_len : BARS_MAX;
	char name[128], size[32];

	if (!shown)
		return;
	line(cli, "Largest", "of %llu process%s, by memory in use",
	     (unsigned long long)report->tasks, report->tasks == 1 ? "" : "es");
	for (size_t i = 0; i < shown; i++) {
		const struct oomlog_task *task = &report->top[i];
		bool killed = is_victim(report, task->pid);
		size_t columns;

		escape_terminal(task->name, name, sizeof(name));
		columns = escape_columns(name);
		printf("    %s%s%*s%s %8d %12s  ", killed ? cli_color(cli, CLI_RED) : "", name,
		       columns < 16 ? (int)(16 - columns) : 0, "",
		       killed ? cli_color(cli, CLI_PLAIN) : "", task->pid,
		       size_pages(report, task->rss_pages, size, sizeof(size)));
		print_bar(task->rss_pages, report->top[0].rss_pages);
		puts(killed ? " killed" : "");
	}
}

/* Whom a kill should have taken can be told where all processes and their sizes are known. */
static void show_choice(const struct cli *cli, const struct oomlog_report *report,
			const struct verdict_facts *facts)
{
	struct verdict_choice choice;
	char text[512], escaped[1024];

	if (!report->table_whole || !report->page_kb)
		return;
	verdict_choose(facts, &choice);
	line(cli, "Should be", "%s",
	     escape_terminal(verdict_choice_text(&choice, text, sizeof(text)), escaped,
			     sizeof(escaped)));
}

static void show_verdict(const struct cli *cli, const char *label, const struct verdict *verdict)
{
	char text[1024], escaped[2048];

	line(cli, label, "%s%s%s (%s, %s)", cli_color(cli, CLI_BOLD),
	     escape_terminal(verdict->title, escaped, sizeof(escaped)), cli_color(cli, CLI_PLAIN),
	     verdict->name, verdict_confidence_name(verdict->confidence));
	line(cli, "", "To do: %s", escape_terminal(verdict->advice, escaped, sizeof(escaped)));
	for (size_t i = 0; i < verdict->figures_len; i++) {
		verdict_figure_text(&verdict->figures[i], text, sizeof(text));
		line(cli, "", "· %s", escape_terminal(text, escaped, sizeof(escaped)));
	}
	line(cli, "", "Wrong if: %s", escape_terminal(verdict->disproof, escaped, sizeof(escaped)));
}

void explain_show(const struct cli *cli, const struct oomlog_report *report, const char *source,
		  unsigned long number)
{
	char notes[1024], escaped[2048];
	struct verdict_log known;
	struct verdicts verdicts;

	verdict_log_read(report, &known);
	verdicts_find(&known.facts, &verdicts);
	show_title(cli, report, source, number);
	if (verdicts.len)
		show_verdict(cli, "Verdict", &verdicts.items[0]);
	show_asker(cli, report);
	show_limit(cli, report);
	show_place(cli, report);
	show_killed(cli, report);
	show_choice(cli, report, &known.facts);
	show_tasks(cli, report);
	for (size_t i = 1; i < verdicts.len; i++)
		show_verdict(cli, "Also", &verdicts.items[i]);
	if (explain_notes(report, notes, sizeof(notes))[0])
		line(cli, "Mind", "%s", escape_terminal(notes, escaped, sizeof(escaped)));
}
