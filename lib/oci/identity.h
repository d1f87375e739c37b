/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is called by the different engines, in one vocabulary. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "jsonw.h"

/* All strings are owned, hostile, and "" when nobody told them (never NULL after identity_fill). */
struct identity {
	char *id;
	char *bundle;	    /* absolute path */
	char *cgroup;	    /* path of the memory cgroup in its hierarchy */
	char *runtime;	    /* absolute path of the runtime, "" if it could not be told */
	char *runtime_root; /* state root given to the runtime (--root), absolute, or its default */
	char *image;
	char *namespace; /* Kubernetes */
	char *pod;
	char *pod_uid;
	char *container; /* name within the pod, or podman's/docker's name */
	bool sandbox;	 /* a pod's sandbox (pause): never guarded */
	/* Whoever restarts it: "kubernetes", "podman", "docker", "containerd", "" for nobody known
	 */
	const char *manager;
	struct json *annotations; /* an object, or NULL; owned */
};

/*
 * Fills image, namespace, pod, pod_uid, container, sandbox and manager from annotations (those of
 * config.json, and those of the state where config.json has none) and from the bundle's path.
 * id, bundle, cgroup, runtime, runtime_root are set by the caller before.
 */
int identity_fill(struct identity *id, const struct json *config_annotations,
		  const struct json *state_annotations, struct error *err);
void identity_free(struct identity *id);

#define IDENTITY_CUT_MAX 511
/*
 * Writes all of it but annotations and `sandbox` as members of the open object: names cut at
 * names_max bytes and paths at paths_max, both at most IDENTITY_CUT_MAX or SIZE_MAX (whole). A NULL
 * is written as "". Hot path: no allocation.
 */
void identity_write(struct jsonw *w, const struct identity *id, size_t names_max, size_t paths_max);
