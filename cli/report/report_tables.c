/* SPDX-License-Identifier: Apache-2.0 */
/* The page's tables: memory, processes, their insides, limits, actions, identity. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "html.h"
#include "report_page.h"
#include "units.h"

#define PROCESSES_SHOWN 200

static const struct json *list_of(const struct report *report, const char *key)
{
	const struct json *list = json_get_typed(report->record, key, JSON_ARRAY);

	return list && list->array.len ? list : NULL;
}

static bool is_true(const struct json *object, const char *key)
{
	const struct json *value = json_get_typed(object, key, JSON_BOOL);

	return value && value->boolean;
}

static uint64_t own_limit(const struct report *report)
{
	return report_number(json_get(report->record, "memory"), "limit", 0);
}

static void begin(FILE *page, const char *title)
{
	fprintf(page, "<section><h2>%s</h2>", title);
}

/* A bar with its share in words for those who do not see it. */
static void bar(FILE *page, uint64_t part, uint64_t whole)
{
	double percent = whole ? (double)part * 100 / (double)whole : 0;

	fprintf(page, "<span class=\"bar\" title=\"%.0f %%\"><i style=\"width:%.1f%%\"></i></span>",
		percent, percent > 100 ? 100 : percent);
}

/* A number that may be null. */
static void known_cell(FILE *page, const struct json *object, const char *key)
{
	char text[32];

	fprintf(page, "<td class=\"num\">%s</td>",
		report_size_text(object, key, text, sizeof(text)));
}

/* A size with its share of the limit as a bar. */
static void meter_cell(FILE *page, struct figure bytes, uint64_t limit)
{
	char text[32] = "–";

	if (bytes.known)
		size_text(bytes.n, text, sizeof(text));
	fprintf(page, "<td class=\"num\"><div class=\"meter\"><span>%s</span>", text);
	if (limit && bytes.known)
		bar(page, bytes.n, limit);
	fputs("</div></td>", page);
}

static void memory_row(FILE *page, const char *label, uint64_t bytes, uint64_t limit)
{
	fprintf(page, "<tr><td>%s</td>", label);
	meter_cell(page, FIGURE(bytes), limit);
	if (limit)
		fprintf(page, "<td class=\"num\">%.0f %%</td></tr>",
			(double)bytes * 100 / (double)limit);
	else
		fputs("<td class=\"num\">–</td></tr>", page);
}

void page_memory(FILE *page, const struct report *report)
{
	static const struct {
		const char *key, *label;
	} rows[] = {
	    {"usage", "<b>Usage</b>, all that is charged"},
	    {"workingSet", "Working set: usage without inactive page cache"},
	    {"reclaimable", "Could be taken back"},
	    {"anon", "Anonymous: heap and stacks"},
	    {"shmem", "Shared memory and tmpfs"},
	    {"inactiveFile", "Page cache, inactive"},
	    {"activeFile", "Page cache, active"},
	    {"kernel", "Kernel memory"},
	    {"slabReclaimable", "· slab that can be reclaimed"},
	    {"slabUnreclaimable", "· slab that cannot"},
	    {"kernelStack", "· kernel stacks"},
	    {"pageTables", "· page tables"},
	    {"sock", "Network buffers"},
	    {"swapUsage", "In swap, beside the limit"},
	    {"peak", "Highest usage ever"},
	};
	const struct json *memory = json_get(report->record, "memory");
	uint64_t limit = own_limit(report), bytes;
	char text[32];

	begin(page, "Memory at the event");
	if (limit)
		fprintf(page, "<p class=\"soft\">Shares are of the container's limit, %s.</p>",
			size_text(limit, text, sizeof(text)));
	fputs("<div class=\"scroll\"><table><tr><th>What</th><th class=\"num\">Size</th>"
	      "<th class=\"num\">Share</th></tr>",
	      page);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bytes = report_number(memory, rows[i].key, UINT64_MAX);
		if (bytes != UINT64_MAX && (bytes > 0 || i == 0))
			memory_row(page, rows[i].label, bytes, limit);
	}
	fputs("</table></div></section>", page);
}

static bool was_killed(const struct report *report, int64_t pid)
{
	const struct json *victims = list_of(report, "victims");
	int64_t victim;

	for (size_t i = 0; victims && i < victims->array.len; i++)
		if (json_int64(json_get(victims->array.items[i], "pid"), &victim) == 0 &&
		    victim == pid)
			return true;
	return false;
}

static void process_name(FILE *page, const struct report *report, const struct json *process)
{
	const char *wchan = report_string(process, "wchan");
	int64_t pid = 0, inside = 0;

	json_int64(json_get(process, "pid"), &pid);
	fputs("<td><b>", page);
	html_text(page, report_string(process, "comm"));
	fprintf(page, "</b> <span class=\"soft\">pid %" PRId64, pid);
	if (json_int64(json_get(process, "nsPid"), &inside) == 0 && inside != pid)
		fprintf(page, ", inside %" PRId64, inside);
	fputs("</span>", page);
	if (is_true(process, "init"))
		fputs(" <span class=\"badge\">init</span>", page);
	if (was_killed(report, pid))
		fputs(" <span class=\"flag\">killed</span>", page);
	if (wchan[0])
		html_textf(page, " sleeps in %s", wchan);
	fputs("</td>", page);
}

static void process_row(FILE *page, const struct report *report, const struct json *process)
{
	const char *cmdline = report_string(process, "cmdline");
	int64_t score;

	fprintf(page, "<tr%s>", cmdline[0] ? " class=\"joined\"" : "");
	process_name(page, report, process);
	meter_cell(page, report_footprint(process), own_limit(report));
	fputs("<td class=\"num\">", page);
	if (json_int64(json_get(process, "oomScoreAdj"), &score) == 0)
		fprintf(page, "%" PRId64, score);
	else
		fputs("–", page);
	fputs("</td><td class=\"num\">", page);
	html_text(page, report_string(process, "state"));
	fprintf(page, "</td><td class=\"num wider\">%" PRIu64 "</td></tr>",
		report_number(process, "threads", 0));
	if (!cmdline[0])
		return;
	fputs("<tr><td colspan=\"5\"><code class=\"small soft\">", page);
	html_textf(page, "%.300s", cmdline);
	fputs("</code></td></tr>", page);
}

static void process_counts(FILE *page, const struct json *processes)
{
	const struct json *states = json_get_typed(processes, "byState", JSON_OBJECT);
	const struct json *zombies = json_get_typed(processes, "zombies", JSON_ARRAY);

	fprintf(page, "<p class=\"soft\">%" PRIu64 " processes in the container",
		report_number(processes, "count", 0));
	for (size_t i = 0; states && i < states->object.len; i++) {
		fputs(i ? ", " : ": ", page);
		fprintf(page, "%" PRIu64 " in ",
			report_number(states, states->object.members[i].key, 0));
		html_text(page, states->object.members[i].key);
	}
	fputs(". Memory is anonymous, shared and swapped; R runs, S sleeps, D waits in the kernel, "
	      "Z is a zombie.</p>",
	      page);
	for (size_t i = 0; zombies && i < zombies->array.len; i++) {
		const struct json *item = zombies->array.items[i];

		fputs("<p>", page);
		html_textf(page, "%" PRIu64 " zombies of %s, pid %" PRIu64,
			   report_number(item, "count", 0), report_string(item, "comm"),
			   report_number(item, "ppid", 0));
		fputs("</p>", page);
	}
}

void page_processes(FILE *page, const struct report *report)
{
	const struct json *processes = json_get_typed(report->record, "processes", JSON_OBJECT);
	const struct json *list = json_get_typed(processes, "list", JSON_ARRAY);
	uint64_t more = report_number(processes, "more", 0);

	if (!list || list->array.len == 0)
		return;
	begin(page, "Processes");
	process_counts(page, processes);
	fputs("<div class=\"scroll\"><table><tr><th>Process</th><th class=\"num\">Memory</th>"
	      "<th class=\"num\">Score</th>"
	      "<th class=\"num\">State</th><th class=\"num wider\">Threads</th></tr>",
	      page);
	for (size_t i = 0; i < list->array.len && i < PROCESSES_SHOWN; i++)
		process_row(page, report, list->array.items[i]);
	fputs("</table></div>", page);
	if (list->array.len > PROCESSES_SHOWN)
		more += list->array.len - PROCESSES_SHOWN;
	if (more > 0)
		fprintf(page, "<p class=\"soft\">and %" PRIu64 " more</p>", more);
	fputs("</section>", page);
}

static void mappings(FILE *page, const struct json *detail)
{
	const struct json *list = json_get_typed(detail, "mappings", JSON_ARRAY);

	if (!list || list->array.len == 0)
		return;
	fputs(
	    "<div class=\"scroll\"><table><tr><th>Largest mappings</th><th class=\"num\">In memory"
	    "</th><th class=\"num\">Address space</th></tr>",
	    page);
	for (size_t i = 0; i < list->array.len; i++) {
		const struct json *item = list->array.items[i];
		const char *name = report_string(item, "name");

		fputs("<tr><td>", page);
		html_textf(page, "%s%s%s", report_string(item, "kind"), name[0] ? ": " : "", name);
		fputs("</td>", page);
		known_cell(page, item, "rss");
		known_cell(page, item, "size");
		fputs("</tr>", page);
	}
	fputs("</table></div>", page);
}

void page_details(FILE *page, const struct report *report)
{
	const struct json *list = list_of(report, "details");
	char rss[32], pss[32], arenas[32];

	if (!list)
		return;
	begin(page, "Inside the largest processes");
	for (size_t i = 0; i < list->array.len; i++) {
		const struct json *item = list->array.items[i];

		fputs("<details", page);
		fputs(i == 0 ? " open><summary>" : "><summary>", page);
		html_textf(page, "%s, pid %" PRIu64 ": %s in memory, its fair share %s",
			   report_string(item, "comm"), report_number(item, "pid", 0),
			   report_size_text(item, "rss", rss, sizeof(rss)),
			   report_size_text(item, "pss", pss, sizeof(pss)));
		fputs("</summary>", page);
		if (report_number(item, "arenas", 0) > 0) {
			fputs("<p>", page);
			html_textf(page, "%" PRIu64 " malloc arenas of threads with %s in memory",
				   report_number(item, "arenas", 0),
				   report_size_text(item, "arenaBytes", arenas, sizeof(arenas)));
			fputs("</p>", page);
		}
		mappings(page, item);
		fputs("</details>", page);
	}
	fputs("</section>", page);
}

static void limit_row(FILE *page, const struct json *item)
{
	uint64_t limit = report_number(item, "limit", 0), failed;

	fputs("<tr><td><code>", page);
	html_text(page, report_string(item, "cgroup"));
	fputs("</code>", page);
	if (is_true(item, "hit"))
		fputs(" <span class=\"flag\">hit</span>", page);
	fputs("</td>", page);
	meter_cell(page, FIGURE(report_number(item, "usage", 0)), limit);
	known_cell(page, item, "limit");
	fputs("<td class=\"num\">", page);
	failed = report_number(item, "failcnt", UINT64_MAX);
	if (failed == UINT64_MAX)
		fputs("–</td></tr>", page);
	else
		fprintf(page, "%" PRIu64 " times</td></tr>", failed);
}

void page_limits(FILE *page, const struct report *report)
{
	const struct json *list = list_of(report, "limits");

	if (!list)
		return;
	begin(page, "Limits, from the container up to the host");
	fputs("<div class=\"scroll\"><table><tr><th>Cgroup</th><th class=\"num\">Usage</th>"
	      "<th class=\"num\">Limit</th><th class=\"num\">Met</th></tr>",
	      page);
	for (size_t i = 0; i < list->array.len; i++)
		limit_row(page, list->array.items[i]);
	fputs("</table></div></section>", page);
}

void page_actions(FILE *page, const struct report *report)
{
	const struct json *list = list_of(report, "actions");
	char text[32];

	if (!list)
		return;
	begin(page, "What was done, and when");
	fputs("<p class=\"soft\">Times are from the moment oomguard woke up.</p>"
	      "<div class=\"scroll\"><table><tr><th class=\"num\">After</th><th>Action</th>"
	      "<th>Result</th><th>Detail</th></tr>",
	      page);
	for (size_t i = 0; i < list->array.len; i++) {
		const struct json *item = list->array.items[i];

		fprintf(page, "<tr><td class=\"num\">%s</td><td>",
			report_us_text(report_number(item, "atUs", 0), text, sizeof(text)));
		html_text(page, report_string(item, "action"));
		fputs("</td><td>", page);
		html_text(page, report_string(item, "result"));
		fputs("</td><td>", page);
		html_text(page, report_string(item, "detail"));
		fputs("</td></tr>", page);
	}
	fputs("</table></div></section>", page);
}

void page_identity(FILE *page, const struct report *report)
{
	static const struct {
		const char *key, *label;
	} rows[] = {
	    {"id", "Id"},	    {"image", "Image"},	    {"namespace", "Namespace"},
	    {"pod", "Pod"},	    {"podUid", "Pod uid"},  {"container", "Container"},
	    {"manager", "Manager"}, {"runtime", "Runtime"}, {"bundle", "Bundle"},
	    {"cgroup", "Cgroup"},   {"profile", "Profile"}, {"basis", "Told by"},
	    {"name", "Incident"},
	};
	const char *value;

	begin(page, "Which container");
	fputs("<dl>", page);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		value = report_string(report->record, rows[i].key);
		if (!value[0])
			continue;
		fprintf(page, "<dt>%s</dt><dd>", rows[i].label);
		html_text(page, value);
		fputs("</dd>", page);
	}
	fputs("</dl></section>", page);
}
