/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as one page that needs nothing else: no script, no outside resource; a content
 * security policy forbids both. All text of the record goes through html_text().
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "html.h"
#include "report_kernel.h"
#include "report_page.h"
#include "report_tree.h"
#include "state.h"
#include "units.h"

#define TREE_SHOWN 200
#define KERNEL_LINES_SHOWN 400

static void head(FILE *page, const struct report *report)
{
	char name[512];

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	      "<meta name=\"color-scheme\" content=\"light dark\">"
	      "<meta name=\"referrer\" content=\"no-referrer\"><title>",
	      page);
	html_textf(page, "%s: %s", report_container_text(report->record, name, sizeof(name)),
		   report_title(report));
	fprintf(page, "</title><style>%s</style></head><body>", page_style);
	page_patterns(page);
	fputs("<main><header><span>oomguard report of <b>", page);
	html_text(page, name);
	fputs("</b></span><span>", page);
	html_text(page, report_time_text(report->record, name, sizeof(name)));
	fputs("</span></header>", page);
}

static void answer(FILE *page, const char *question, const char *text)
{
	fprintf(page, "<dt>%s</dt><dd>", question);
	html_text(page, text);
	fputs("</dd>", page);
}

static void page_lead(FILE *page, const struct report *report)
{
	const struct verdict *lead = report_lead(report);
	const struct verdict_facts *facts = &report->read.facts;
	char text[1024];

	fputs("<section class=\"lead\">", page);
	if (lead)
		fprintf(page, "<span class=\"badge\">%s</span><span class=\"badge\">%s</span>",
			verdict_confidence_name(lead->confidence), lead->name);
	fputs("<h1>", page);
	html_text(page, report_title(report));
	fputs("</h1><div class=\"remedy\"><b>What to do.</b> ", page);
	html_text(page, report_advice(report));
	fputs("</div></section><section><dl>", page);
	answer(page, "Limit that was hit", verdict_limit_text(facts, text, sizeof(text)));
	answer(page, "Killed", verdict_killed_text(facts, text, sizeof(text)));
	answer(page, "Should have been", verdict_choice_text(&report->choice, text, sizeof(text)));
	answer(page, "What was done", report_done_text(report->record, text, sizeof(text)));
	fputs("</dl></section>", page);
}

static void figures(FILE *page, const struct verdict *verdict)
{
	char text[256];

	fputs("<ul>", page);
	for (size_t i = 0; i < verdict->figures_len; i++) {
		fputs("<li>", page);
		html_text(page, verdict_figure_text(&verdict->figures[i], text, sizeof(text)));
		fputs("</li>", page);
	}
	fputs("</ul><p class=\"soft small\">It would be wrong if: ", page);
	html_text(page, verdict->disproof);
	fputs("</p>", page);
}

static void page_verdicts(FILE *page, const struct report *report)
{
	const struct verdicts *verdicts = &report->verdicts;

	if (verdicts->len == 0)
		return;
	fputs("<section><h2>What supports it</h2>", page);
	figures(page, &verdicts->items[0]);
	fputs("</section>", page);
	if (verdicts->len == 1)
		return;
	fputs("<section><h2>What else was found</h2>", page);
	for (size_t i = 1; i < verdicts->len; i++) {
		const struct verdict *verdict = &verdicts->items[i];

		fputs("<details><summary>", page);
		fprintf(page, "<span class=\"badge\">%s</span>",
			verdict_confidence_name(verdict->confidence));
		html_text(page, verdict->title);
		fputs("</summary>", page);
		figures(page, verdict);
		fputs("<p><b>What to do.</b> ", page);
		html_text(page, verdict->advice);
		fputs("</p></details>", page);
	}
	fputs("</section>", page);
}

static void page_timeline(FILE *page, const struct report *report)
{
	static const enum series shown[] = {SERIES_FILE, SERIES_KERNEL, SERIES_SHMEM, SERIES_ANON,
					    SERIES_SWAP};
	struct timeline timeline;
	char text[32];

	fputs("<section><h2>Memory before the event</h2>", page);
	if (!timeline_make(&report->read.facts, &timeline)) {
		fputs("<p class=\"soft\">The record holds no readings from before the event.</p>"
		      "</section>",
		      page);
		return;
	}
	page_plot(page, &timeline, false);
	page_plot(page, &timeline, true);
	fputs("<div class=\"legend\">", page);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		uint64_t most = 0;

		for (size_t s = 0; s < timeline.len; s++)
			most = series_value(&timeline.samples[s], shown[i]) > most
				   ? series_value(&timeline.samples[s], shown[i])
				   : most;
		if (most == 0)
			continue;
		fputs("<span>", page);
		page_swatch(page, shown[i]);
		fprintf(page, "%s, up to %s</span>", series_name(shown[i]),
			size_text(most, text, sizeof(text)));
	}
	fputs("</div></section>", page);
}

void page_tree(FILE *page, const struct report *report)
{
	cleanup_free struct tree_row *rows = NULL;
	char branch[TREE_DEPTH_MAX * 6];
	size_t len = 0;

	if (tree_make(json_path(report->record, "processes.list"), &rows, &len) < 0 || len < 2)
		return;
	fputs("<section><h2>Who started whom</h2><pre class=\"tree\">", page);
	for (size_t i = 0; i < len && i < TREE_SHOWN; i++) {
		fputs(tree_branch(&rows[i], branch, sizeof(branch)), page);
		html_text(page, report_string(rows[i].process, "comm"));
		fprintf(page, " <span class=\"soft\">%" PRIu64 "</span>\n",
			report_number(rows[i].process, "pid", 0));
	}
	fputs("</pre>", page);
	if (len > TREE_SHOWN)
		fprintf(page, "<p class=\"soft\">and %zu more</p>", len - TREE_SHOWN);
	fputs("</section>", page);
}

/* The line with its numbers marked, and below it what they mean. */
static void kernel_line(FILE *page, const char *line)
{
	struct kernel_note notes[KERNEL_NOTES_MAX];
	size_t len = kernel_notes(line, notes), at = 0;

	fputs("<p>", page);
	for (size_t i = 0; i < len; i++) {
		if (notes[i].at < at || notes[i].len == 0)
			continue;
		html_textf(page, "%.*s", (int)(notes[i].at - at), line + at);
		fputs("<mark>", page);
		html_textf(page, "%.*s", (int)notes[i].len, line + notes[i].at);
		fputs("</mark>", page);
		at = notes[i].at + notes[i].len;
	}
	html_text(page, line + at);
	if (len == 1) {
		fputs(" <span>", page);
		html_text(page, notes[0].text);
		fputs("</span>", page);
	}
	fputs("</p>", page);
	if (len < 2)
		return;
	fputs("<ul>", page);
	for (size_t i = 0; i < len; i++) {
		fputs("<li>", page);
		html_text(page, notes[i].text);
		fputs("</li>", page);
	}
	fputs("</ul>", page);
}

void page_kernel(FILE *page, const struct report *report)
{
	const struct json *lines = json_get_typed(report->record, "kernelReport", JSON_ARRAY);

	if (!lines || lines->array.len == 0)
		return;
	fputs("<section><h2>The kernel's own report, explained</h2><div class=\"kernel\">", page);
	for (size_t i = 0; i < lines->array.len && i < KERNEL_LINES_SHOWN; i++)
		if (lines->array.items[i]->type == JSON_STRING)
			kernel_line(page, lines->array.items[i]->text);
	if (lines->array.len > KERNEL_LINES_SHOWN)
		fprintf(page, "<p>and %zu more lines</p>", lines->array.len - KERNEL_LINES_SHOWN);
	fputs("</div></section>", page);
}

static void foot(FILE *page, const struct report *report)
{
	const struct json *evidence = json_get_typed(report->record, "evidence", JSON_OBJECT);
	const struct json *cut = json_get_typed(evidence, "cut", JSON_ARRAY);
	char took[32];

	fputs("<footer>", page);
	if (evidence)
		fprintf(page, "<p>Reading this evidence took %s.",
			report_us_text(report_number(evidence, "tookUs", 0), took, sizeof(took)));
	if (cut && cut->array.len > 0)
		fputs(" Cut short or left out: ", page);
	for (size_t i = 0; cut && i < cut->array.len; i++)
		if (cut->array.items[i]->type == JSON_STRING)
			html_textf(page, "%s%s", i ? ", " : "", cut->array.items[i]->text);
	fputs(evidence ? "</p>" : "", page);
	fputs("<p>Made by oomguard " OOMGUARD_VERSION ".</p></footer></main></body></html>\n",
	      page);
}

static void write_page(FILE *page, const struct report *report)
{
	head(page, report);
	page_lead(page, report);
	page_verdicts(page, report);
	page_timeline(page, report);
	page_memory(page, report);
	page_processes(page, report);
	page_tree(page, report);
	page_details(page, report);
	page_limits(page, report);
	page_actions(page, report);
	page_kernel(page, report);
	page_identity(page, report);
	foot(page, report);
}

/* Into the folder of `path`, under its last component. */
static int save(const char *path, const char *text, size_t len, struct error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_free char *folder =
	    slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	cleanup_close int dirfd = -1;
	int r;

	if (!folder)
		return error_set(err, ENOMEM, "cannot write %s", path);
	if (!name[0])
		return error_say(err, EISDIR, "cannot write %s: it names a folder", path);
	dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return error_set(err, errno, "cannot open the folder %s", folder);
	r = state_file_write(dirfd, name, text, len);
	return r < 0 ? error_set(err, -r, "cannot write %s", path) : 0;
}

int report_show_html(const struct report *report, const char *path)
{
	cleanup_free char *text = NULL;
	struct error err = {0};
	size_t len = 0;
	FILE *page = open_memstream(&text, &len);
	bool failed;

	if (page)
		write_page(page, report);
	failed = !page || ferror(page);
	if ((page && fclose(page) != 0) || failed) {
		error_set(&err, ENOMEM, "cannot make the page");
		return cli_failed(&err);
	}
	if (!strcmp(path, "-")) {
		fwrite(text, 1, len, stdout);
		return cli_finish(CLI_DONE);
	}
	return save(path, text, len, &err) < 0 ? cli_failed(&err) : CLI_DONE;
}
