/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registration with a container engine. An engine's part (podman.c, docker.c, containerd.c) reads
 * what is there and plans changes to files; nothing is written before all of it is planned, and a
 * dry run ends there.
 */
#pragma once

#include <stdbool.h>

#include "change.h"
#include "engine_files.h"
#include "error.h"

enum configure_mode { MODE_USUAL, MODE_HOOKS, MODE_WRAPPER, MODE_BASE_SPEC };

struct configure {
	enum configure_mode mode;
	const char *handler; /* name of the runtime that is added; checked */
	bool handler_given;  /* by --handler; else it is the usual one */
	const char *runtime; /* --runtime: which one the wrapper stands in for; checked */
	const char *config;  /* --config, or NULL: the engine's own place */
	const char *prefix;  /* --prefix: an absolute directory all files are below; "" none */
	const char *spec;    /* --spec: what the base specification is made from; or NULL */
	const char *profile; /* --profile, docker; or NULL */
	bool always;	     /* hooks for each container, not only annotated ones */
	bool edit;	     /* containerd: the main file may be changed */
	bool remove;
};

struct outcome {
	struct changes changes;
	const char *unit;   /* the engine's systemd unit, NULL: no daemon */
	const char *action; /* "restart" or "reload" the unit needs; NULL: nothing */
	char needs[256];    /* the same in words */
	char *by_hand;	    /* what the reader has to do to a file, owned; NULL: nothing */
	char *note;	    /* a line about what is so already or is done, owned; NULL: nothing */
	/* What could not be taken back, while the rest was: owned. */
	struct error *left;
	size_t left_len;
};

/* Each plans one engine. -EINVAL, with a message, for what does not go together. */
int configure_podman(const struct configure *want, struct outcome *out, struct error *err);
int configure_crio(const struct configure *want, struct outcome *out, struct error *err);
int configure_docker(const struct configure *want, struct outcome *out, struct error *err);
int configure_containerd(const struct configure *want, struct outcome *out, struct error *err);

/* The three files of hooks.d (oci-hooks(5)) in this directory. */
int configure_hooks_d(const struct configure *want, const char *dir, struct outcome *out,
		      struct error *err);

/*
 * containerd's base_runtime_spec: want->spec with our hooks in it, as OOMGUARD_BASE_SPEC_FILE. When
 * it is taken back that file goes.
 */
int configure_base_spec(const struct configure *want, struct outcome *out, struct error *err);

/*
 * The program, which is to be run by an engine, is there below the prefix. A path that is
 * registered and missing would keep containers from starting. What is taken back needs nothing.
 */
int configure_need_program(const struct configure *want, const char *path, struct error *err);

/* The wrapper that stands in for want->runtime; owned, NULL when memory is out. */
char *configure_wrapper(const struct configure *want);

/* Is this the path of a wrapper of ours? Wherever it lies. */
bool configure_is_wrapper(const char *path);

/*
 * The wrapper is there, and so is the runtime that it becomes by the policy below the prefix:
 * without that no container of the handler would start. And the policy has want->profile.
 */
int configure_need_wrapper(const struct configure *want, struct error *err);

/*
 * The engine's files do not make one of `names` (with NULL at their end) its default runtime:
 * without it the engine, or each container, would not start. `ours` is a file that goes.
 */
int configure_not_default(const struct configure *want, enum hooks_reader reader, const char *ours,
			  char *const *names, struct error *err);

/* One more that could not be taken back. The error itself when memory is out. */
int outcome_leave(struct outcome *outcome, struct error *err);

/* PREFIX/PATH; owned, NULL when memory is out. */
char *configure_path(const struct configure *want, const char *path);

void outcome_free(struct outcome *outcome);
