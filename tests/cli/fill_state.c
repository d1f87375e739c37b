/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills a state root as hook and shim would, then does what it is told on stdin, one word line a
 * command, and answers each with "done". It plays the shim of "web": it holds its lock and says
 * "told" when it gets SIGUSR1.
 *
 *   event KEY TEXT   one more event in that container's journal
 *   fill KEY         events until the journal has been rotated
 *   make ID          a new container
 *   remove KEY       the container's state goes away
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "incident.h"
#include "journal.h"
#include "metrics.h"
#include "plan.h"
#include "proc.h"
#include "status.h"
#include "utc.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "fill_state: line %d: %s\n", __LINE__, #condition);        \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static void tell(int signal)
{
	CHECK(write(STDOUT_FILENO, "told\n", 5) == 5);
}

static void put(int dirfd, const char *name, const char *text)
{
	CHECK(state_file_write(dirfd, name, text, strlen(text)) == 0);
}

/* Without the machine's log. */
static void open_journal(struct journal *journal, int dirfd, const char *id)
{
	journal_open(journal, dirfd, id);
	if (journal->socket >= 0)
		close(journal->socket);
	journal->socket = -1;
	CHECK(journal->fd >= 0);
}

static void identify(struct identity *id, const char *name, const char *runtime_root)
{
	memset(id, 0, sizeof(*id));
	id->id = strdup(name);
	id->bundle = strdup("/bundle");
	id->cgroup = strdup("/web");
	id->runtime = strdup("/usr/sbin/runc");
	id->runtime_root = strdup(runtime_root);
	id->image = strdup("example/web:1");
	id->namespace = strdup("prod");
	id->pod = strdup("php-\033[2J");
	id->pod_uid = strdup("");
	id->container = strdup("php");
	id->manager = "";
}

/* As plain runc knows it: an id and nothing else. */
static void nameless(struct identity *id)
{
	id->namespace[0] = id->pod[0] = id->container[0] = '\0';
}

static void plan_of(struct plan *plan, const char *id, const char *runtime_root)
{
	const struct policy_document none = {.host = host_policy_builtin};
	struct setting_result results[] = {
	    {"settings.oomKiller", "memory.oom_control", SETTING_APPLIED, "1", "0", ""},
	    {"settings.swap", "memory.swap.max", SETTING_REFUSED, "", "", "no swap here"},
	};

	memset(plan, 0, sizeof(*plan));
	identify(&plan->identity, id, runtime_root);
	plan->init_pid = 1;
	plan->init_start_ticks = 1;
	plan->cgroup_version = CGROUP_V2;
	plan->cgroup_dir = strdup("/nonexistent");
	plan->guarded = true;
	plan->restart.way = RESTART_MANAGER;
	plan->restart.why = strdup("podman restarts it");
	plan->settings = calloc(1, sizeof(*plan->settings));
	memcpy(plan->settings->item, results, sizeof(results));
	plan->settings->len = 2;
	plan->policy = effective_policy_new();
	CHECK(policy_effective(&none, &plan->identity, plan->policy, NULL) == 0);
	utc_text(UINT64_C(1795305912123), plan->created);
	CHECK(proc_boot_id(AT_FDCWD, plan->boot_id) < 0 || plan->boot_id[0]);
}

static void refuse(struct effective_policy *policy)
{
	policy->refused_len = 1;
	snprintf(policy->refused[0].key, sizeof(policy->refused[0].key), "oomguard.io/profile");
	snprintf(policy->refused[0].value, sizeof(policy->refused[0].value), "\033]0;x\a");
	snprintf(policy->refused[0].reason, sizeof(policy->refused[0].reason), "not allowed");
}

/* The directory of a new container with that plan. */
static int container(const struct state_root *root, const struct plan *plan)
{
	char key[STATE_KEY_MAX];
	int dirfd;

	state_key(plan->identity.id, plan->identity.runtime_root, key);
	dirfd = state_container_open(root, key, true, NULL);
	CHECK(dirfd >= 0 && plan_write(dirfd, plan, NULL) == 0);
	return dirfd;
}

static void simple(const struct state_root *root, const char *id, const char *runtime_root,
		   enum shim_phase phase)
{
	struct shim_status status = {.phase = phase, .last_event = "an event"};
	struct plan plan;
	int dirfd;

	plan_of(&plan, id, runtime_root);
	if (phase == SHIM_BACKOFF) {
		status.backoff_ends_ms = UINT64_C(1795305912123);
		nameless(&plan.identity);
	}
	dirfd = container(root, &plan);
	CHECK(status_write(dirfd, &status) == 0);
	plan_free(&plan);
	close(dirfd);
}

static void unguarded(const struct state_root *root)
{
	struct plan plan;

	plan_of(&plan, "plain", "/run/runc");
	plan.guarded = false;
	/* podman's name, and no pod. */
	plan.identity.namespace[0] = plan.identity.pod[0] = '\0';
	plan_problem(&plan, "the shim could not be started: \033[31mno such file");
	refuse(plan.policy);
	close(container(root, &plan));
	plan_free(&plan);
}

static void fake_cgroup(struct plan *plan, const char *base)
{
	int dirfd;

	free(plan->cgroup_dir);
	CHECK(asprintf(&plan->cgroup_dir, "%s/cgroup", base) > 0);
	CHECK(mkdir(plan->cgroup_dir, 0700) == 0);
	dirfd = open(plan->cgroup_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dirfd >= 0);
	put(dirfd, "memory.current", "12582912\n");
	put(dirfd, "memory.max", "67108864\n");
	put(dirfd, "memory.stat", "anon 1\nfile 2\n");
	put(dirfd, "memory.pressure",
	    "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\n"
	    "full avg10=0.50 avg60=0.00 avg300=0.00 total=1\n");
	close(dirfd);
}

/* One event of each kind, and one with every member that there is. */
static void events(int dirfd, const char *id)
{
	static const char *const names[] = {
	    "created", "setting", "armed",	"oom",	     "decision", "kill",
	    "killed",  "backoff", "restart",	"restarted", "gave-up",	 "cancelled",
	    "drift",   "problem", "incident",	"exit",	     "left",	 "stall",
	    "rung",    "freed",	  "near-limit", "zombies",   "emptied"};
	static const char *const texts[] = {"reason", "result",	    "comm",	"key",
					    "file",   "old",	    "new",	"profile",
					    "cgroup", "restartWhy", "incident", "decision"};
	static const char *const numbers[] = {
	    "kills", "killed", "remaining",  "restartNumber", "backoffMs",
	    "pid",   "signal", "exitCode",   "exitSignal",    "zombies",
	    "usage", "limit",  "workingSet", "freedBytes"};
	static struct journal journal;
	struct jsonw *w;

	open_journal(&journal, dirfd, id);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(journal_event(&journal, (enum journal_priority)(3 + i % 4), names[i],
				    "event \033[31m%s", names[i]) == 0);
	w = journal_begin(&journal, JOURNAL_WARNING, "oom", "all members");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		jsonw_kv_string(w, texts[i], "text \x80");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		jsonw_kv_uint(w, numbers[i], 7);
	jsonw_kv_string(w, "slot", oom_slot_name(OOM_SLOT_PROCESS));
	jsonw_kv_string(w, "basis", incident_basis_name(BASIS_KMSG));
	jsonw_kv_string(w, "asked", policy_action_name(POLICY_RESTART));
	jsonw_kv_string(w, "outcome", setting_outcome_name(SETTING_LATER));
	jsonw_kv_string(w, "restartVia", restart_way_name(RESTART_RUNTIME));
	jsonw_kv_string(w, "phase", shim_phase_name(SHIM_GAVE_UP));
	jsonw_kv_bool(w, "late", true);
	jsonw_kv_string(w, "stall", "pressure");
	jsonw_kv_string(w, "rung", ladder_rung_name(RUNG_KILL_LARGEST));
	jsonw_kv_bool(w, "helped", true);
	CHECK(journal_end(&journal) == 0);
	journal_close(&journal);
}

static void history_of(const struct state_root *root, const struct identity *id)
{
	struct restart_history history;
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	history_key(id, &history);
	history_add(&history, (uint64_t)now.tv_sec * 1000);
	history_add(&history, (uint64_t)now.tv_sec * 1000);
	CHECK(history_save(root, &history) == 0);
}

/* "web": guarded by this process. Returns the lock's fd. */
static int web(const struct state_root *root, const char *base)
{
	struct proc_stat self;
	struct shim_status status = {.phase = SHIM_WATCHING, .shim_pid = getpid(), .oom_kills = 3};
	struct plan plan;
	int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), dirfd, lock;

	CHECK(proc_stat_read(procfd, getpid(), &self) == 0);
	status.shim_start_ticks = self.start_ticks;
	snprintf(status.last_event, sizeof(status.last_event), "armed");
	plan_of(&plan, "web", "/run/runc");
	fake_cgroup(&plan, base);
	history_of(root, &plan.identity);
	dirfd = container(root, &plan);
	CHECK(status_write(dirfd, &status) == 0);
	events(dirfd, "web");
	lock = state_lock(dirfd, "shim.lock", 0);
	CHECK(lock >= 0);
	plan_free(&plan);
	close(procfd);
	close(dirfd);
	return lock;
}

static struct scene scene;

/* One of everything there can be. */
static void fill_scene(void)
{
	static struct scene_timeline timeline = {
	    .len = 2, .next = 2, .sample = {{.at_ms = 1, .pressure_centi = -1}, {.at_ms = 2}}};
	static struct scene_slow slow = {.cmdlines_len = 1,
					 .details_len = 1,
					 .cmdline = {1},
					 .text = "le\033[1mak --password=***"};

	slow.detail[0] = (struct scene_detail){
	    .pid = 42, .comm = "leak", .has_rollup = true, .has_maps = true, .mappings_len = 1};
	slow.detail[0].mapping[0] = (struct scene_mapping){MAPPING_FILE, 8192, 4096, "lib.so"};
	scene = (struct scene){.budget_ms = 100,
			       .cut = (1U << SCENE_CUTS) - 1,
			       .cgroup = "/pod/web",
			       .event_ms = 10,
			       .levels_len = 2,
			       .hit = 1,
			       .has_split = true,
			       .has_host = true,
			       .has_pressure = true,
			       .oom_group = 1,
			       .has_removed = true,
			       .has_processes = true,
			       .processes_len = 2,
			       .zombies = 3,
			       .parents_len = 1,
			       .slow = &slow,
			       .timeline = &timeline,
			       .has_report = true};
	scene.level[0] = (struct memcg_level){.limit = 67108864, .has_under_oom = true};
	scene.level[1] = (struct memcg_level){.limit = MEMCG_NO_LIMIT, .high = MEMCG_UNKNOWN};
	scene.process[0] = (struct scene_process){.pid = 42,
						  .ns_pid = 7,
						  .comm = "le\033[1mak",
						  .state = 'D',
						  .has_status = true,
						  .wchan = 1};
	scene.process[1] = (struct scene_process){.pid = 43,
						  .comm = "\xff",
						  .state = 't',
						  .oom_score = -1,
						  .oom_score_adj = SCENE_NO_SCORE};
	scene.wchans_len = 1;
	snprintf(scene.wchan[0], sizeof(scene.wchan[0]), "mem_cgroup_oom");
	scene.parent[0] = (struct scene_parent){42, "leak", 3};
	scene.report_len = (uint32_t)snprintf(scene.report, sizeof(scene.report),
					      "first line\nsecond \033[2J line\n");
}

static void incident(int dirfd, const char *id, uint64_t time_ms, enum oom_slot slot, bool full)
{
	static char buf[INCIDENT_BUFFER_BYTES];
	static struct incident record;
	struct identity identity;

	identify(&identity, id, "/run/runc");
	record = (struct incident){
	    .time_ms = time_ms,
	    .identity = &identity,
	    .profile_name = "default",
	    .slot = slot,
	    .kills = 4,
	    .asked = POLICY_RESTART,
	    .usage = {.limit = full ? 67108864 : MEMCG_NO_LIMIT, .swap_limit = MEMCG_NO_LIMIT},
	    .decision = "restart",
	    .reason = "a worker was killed while the init lives on",
	    .result = "restarted"};
	if (full) {
		fill_scene();
		record.scene = &scene;
		record.armed_ms = 1000;
		record.armed.known = true;
		record.may_restart = true;
		incident_act(&record, 0, "signal-init", "done", "signal 9");
		record.basis = BASIS_KMSG;
		record.before.known = record.after.known = true;
		record.victims_len = 2;
		record.victims[0] = (struct incident_victim){42, "le\033[1mak", 4096, false, 0};
		record.victims[1] =
		    (struct incident_victim){43, "\xff", 0, true, VICTIM_PROCESS_LIST};
		record.victims_more = 2;
		record.stall = "nothing-killable";
		record.rungs_len = 1;
		record.rungs[0] =
		    (struct incident_rung){RUNG_KILL_LARGEST, true, 12, "le\033[1mak (pid 42)"};
		record.sleepers_len = 1;
		record.sleepers[0] = (struct incident_left){45, "waits", 'D', "mem_cgroup"};
		record.sleepers_more = 3;
		record.left_len = 1;
		record.left[0] = (struct incident_left){44, "stuck", 'D', "nfs_wait"};
		record.decided_us = record.acted_us = record.empty_ms = 5;
	}
	incident_name(&record, dirfd);
	CHECK(incident_write(&record, dirfd, buf, sizeof(buf)) == 0);
	identity_free(&identity);
}

/* A record without a slot of onOom. */
static void stall(int dirfd)
{
	static char buf[INCIDENT_BUFFER_BYTES];
	static struct incident record;
	struct identity identity;

	identify(&identity, "stuck", "/run/runc");
	record = (struct incident){.kind = INCIDENT_STALL,
				   .time_ms = 400000,
				   .identity = &identity,
				   .profile_name = "default",
				   .stall = "oom-killer-off",
				   .usage = {.limit = 4096, .swap_limit = 0},
				   .decision = "ladder",
				   .reason = "out of memory with the OOM killer switched off",
				   .result = "freed"};
	incident_name(&record, dirfd);
	CHECK(incident_write(&record, dirfd, buf, sizeof(buf)) == 0);
	identity_free(&identity);
}

/* Counters: of the containers above, of one that is gone, and two runs of the hook. */
static void counters(const struct state_root *root)
{
	const struct identity gone = {.id = (char *)"go\"ne\\"};
	struct metrics_counts of_gone = {.counter = {[METRICS_REFUSED_ANNOTATIONS] = 4}};
	struct metrics_counts counts = {.counter = {[METRICS_OOM_KILLS] = 3, [METRICS_STALLS] = 1}};
	struct identity identity;

	identify(&identity, "web", "/run/runc");
	metrics_count_action(&counts, "kill-largest", "helped");
	metrics_count_action(&counts, "kill-largest", "helped");
	CHECK(metrics_add(root, &identity, &counts, 0) == 0);
	CHECK(metrics_add(root, &gone, &of_gone, 0) == 0);
	CHECK(metrics_add_duration(root, SPEC_STAGE_POSTSTOP, 2000, 0) == 0);
	CHECK(metrics_add_duration(root, SPEC_STAGE_POSTSTOP, 7000000, 0) == 0);
	identity_free(&identity);
}

static void fill_all(const struct state_root *root, const char *base)
{
	int dirfd;

	simple(root, "webhook", "/run/runc", SHIM_ACTING);
	simple(root, "left-1", "/run/runc", SHIM_LEFT);
	simple(root, "slow", "/run/runc", SHIM_BACKOFF);
	simple(root, "dup", "/run/runc", SHIM_LEFT);
	simple(root, "dup", "/run/crun", SHIM_LEFT);
	simple(root, HEX "a", "/run/runc", SHIM_LEFT);
	simple(root, "evil\033[31m\xe2\x80\xae", "/run/runc", SHIM_LEFT);
	unguarded(root);
	counters(root);
	dirfd = state_container_open(root, "broken-0", true, NULL);
	CHECK(dirfd >= 0);
	put(dirfd, STATE_PLAN, "{\"version\": 1, ");
	close(dirfd);
	dirfd = incidents_open(root->incidents_path, true, NULL);
	CHECK(dirfd >= 0);
	for (int slot = 0; slot < OOM_SLOT_COUNT; slot++)
		incident(dirfd, "web", 1000000 + (uint64_t)slot, (enum oom_slot)slot, slot == 1);
	incident(dirfd, "gone", 500000, OOM_SLOT_INIT, false);
	stall(dirfd);
	/* A name that is taken, and no record yet. */
	put(dirfd, "19700101T000001.000Z-empty-1.json", "");
	close(dirfd);
}

static void more_events(const struct state_root *root, const char *key, const char *text)
{
	static struct journal journal;
	int dirfd = state_container_open(root, key, false, NULL);
	struct stat before, after;

	CHECK(dirfd >= 0);
	open_journal(&journal, dirfd, key);
	CHECK(fstat(journal.fd, &before) == 0);
	do {
		CHECK(journal_event(&journal, JOURNAL_INFO, "oom", "%s %0200d", text, 1) == 0);
		CHECK(fstat(journal.fd, &after) == 0);
	} while (!strcmp(text, "fill") && before.st_ino == after.st_ino);
	journal_close(&journal);
	close(dirfd);
}

static void obey(const struct state_root *root)
{
	char line[512];

	while (fgets(line, sizeof(line), stdin)) {
		char *verb = strtok(line, " \n"), *what = strtok(NULL, " \n");
		char *text = strtok(NULL, "\n");

		CHECK(verb && what);
		if (!strcmp(verb, "event"))
			more_events(root, what, text ? text : "");
		else if (!strcmp(verb, "fill"))
			more_events(root, what, "fill");
		else if (!strcmp(verb, "make"))
			simple(root, what, "/run/runc", SHIM_WATCHING);
		else if (!strcmp(verb, "remove"))
			CHECK(state_container_remove(root, what, NULL) == 0);
		else
			CHECK(!"a verb");
		puts("done");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
	struct state_root root;
	char path[512];
	int lock;

	CHECK(argc == 2);
	snprintf(path, sizeof(path), "%s/state", argv[1]);
	CHECK(state_root_open(path, true, &root, NULL) == 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	fill_all(&root, argv[1]);
	lock = web(&root, argv[1]);
	puts("ready");
	fflush(stdout);
	obey(&root);
	close(lock);
	state_root_close(&root);
	return 0;
}
