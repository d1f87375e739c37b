/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the checks of `oomguard doctor` look at. Reading it is facts_*.c; what it means is
 * checks_*.c, which read nothing. Sizes in bytes.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "cgroup.h"
#include "error.h"
#include "guarding.h"
#include "json.h"
#include "policy.h"
#include "settings.h"
#include "state.h"

/* Some files exist only in a cgroup below the top, and there may be none. */
enum known { KNOWN_NO, KNOWN_YES, KNOWN_NOT };

struct kernel_facts {
	char release[64];
	bool has_v1, has_v2; /* mounted */
	bool has_memory;     /* the memory controller is to be had, in `version` */
	enum cgroup_version version;
	enum known kill_counter;   /* oom_kill is counted */
	enum known swap_accounted; /* memory.memsw.*, memory.swap.max */
	enum known oom_group, cgroup_kill;
	bool has_swap;	 /* the host has some */
	bool pressure;	 /* /proc/pressure/memory can be read */
	bool pidfd;	 /* pidfd_open(2), pidfd_send_signal(2) */
	int connector;	 /* 0, or why the process connector is not to be had: positive errno */
	int kernel_log;	 /* the same of /dev/kmsg */
	uint64_t memcgs; /* in the hierarchy, removed ones that still hold memory too; 0: unknown */
	uint64_t mem_total; /* of the host; 0: unknown */
	bool initial_userns;
	uint64_t capabilities; /* effective, a bit each */
};

/* A program or file that something names by path. */
struct named_file {
	char path[PATH_MAX];
	int missing; /* 0: it is there; else a positive errno */
	bool executable;
};

/* One registration of ours with an engine. */
struct registration {
	const char *engine;  /* "hooks.d", "podman", "docker", "containerd", "crio"; static */
	char file[PATH_MAX]; /* where it stands */
	char name[128];	     /* runtime or handler; "" for a hook */
	struct named_file program;
	bool is_hook;
	bool has_env, has_timeout;		      /* of a hook */
	bool has_create, has_poststart, has_poststop; /* of a hook: the stages */
	bool not_read;				      /* the engine does not import the file */
	char replaced_by[PATH_MAX]; /* a later file of containerd's takes its place; "" none */
	bool own_policy;	    /* of a wrapper: its arguments name another policy */
	struct error runtime;	    /* of a wrapper: why its runtime cannot run; code 0: it can */
};

#define REGISTRATIONS_MAX 64
#define ENGINES_MAX 8

struct engine_facts {
	struct {
		const char *name; /* static */
		char path[PATH_MAX];
	} installed[ENGINES_MAX];
	size_t installed_len;
	struct registration items[REGISTRATIONS_MAX];
	size_t len;
	struct {
		const char *engine;
		char file[PATH_MAX];
		char why[768];
	} unreadable[ENGINES_MAX];
	size_t unreadable_len;
	/* Defaults that name no runtime that is there. */
	struct {
		const char *engine;
		char file[PATH_MAX];
		char name[PATH_MAX]; /* or a path */
	} lost[ENGINES_MAX];
	size_t lost_len;
};

struct setting_now {
	const char *key;
	uint64_t wanted, now;
};

struct container_facts {
	char key[STATE_KEY_MAX];
	char *id; /* owned */
	enum guarding guarding;
	bool left;	 /* its shim was told to leave */
	char phase[16];	 /* of the shim, "" unknown */
	char shim_state; /* of the process, as in /proc; 0 unknown */
	int shim_pid;
	char problem[512]; /* what is broken, or the first problem of an unguarded one */
	bool disabled;	   /* unguarded by its annotation */
	bool has_cgroup;   /* it stands */
	uint64_t limit;	   /* MEMCG_NO_LIMIT */
	struct setting_now changed[SETTINGS_MAX];
	size_t changed_len;
	char refused[256]; /* settings that could not be had, "" none */
	bool swept;	   /* the next hook removes what is left of it */
};

struct place_facts {
	char path[PATH_MAX];
	int failed; /* 0, or positive errno */
	char why[768];
	bool missing; /* not there yet: nothing was ever written */
	bool space_known;
	uint64_t space, inodes; /* free */
};

struct doctor_facts {
	struct kernel_facts kernel;
	struct engine_facts engines;
	struct named_file hook, shim;
	struct {
		bool valid, built_in;
		size_t warnings;
		char file[PATH_MAX];
		char problem[768]; /* the first one */
	} policy;
	char switched_off[PATH_MAX]; /* the kill switch that is there, "" none */
	struct place_facts state, records;
	struct container_facts *containers;
	size_t containers_len;
	struct {
		bool systemd;	    /* runs this host */
		bool unit_enabled;  /* oomguard.service */
		bool timer_enabled; /* oomguard-recover.timer */
	} service;
};

/* `root` is put in front of the files of engines and units: "" but in tests. */
void facts_kernel(int procfd, struct kernel_facts *out);
void facts_engines(const char *root, struct engine_facts *out);
/* Fills the runtime of each wrapper, by the policy's `runtimes`. */
void facts_wrappers(const struct host_policy *host, struct engine_facts *engines);
void facts_named_file(const char *root, const char *path, struct named_file *out);
