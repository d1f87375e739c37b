/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the OCI runtime specification that we use, with their sections, and the annotation
 * keys by which engines tell what a container is.
 */
#pragma once

/* config.md "POSIX-platform Hooks": the stages we may be registered for. */
enum spec_stage {
	SPEC_STAGE_PRESTART,       /* deprecated, same place as createRuntime */
	SPEC_STAGE_CREATE_RUNTIME, /* after the namespaces are made, before pivot_root */
	SPEC_STAGE_POSTSTART,
	SPEC_STAGE_POSTSTOP,
	SPEC_STAGE_PRECREATE /* podman's own: config.json in, config.json out */
};

/* runtime.md "State": what a hook gets on stdin. */
#define SPEC_STATE_ID "id"
#define SPEC_STATE_STATUS "status" /* creating, created, running, stopped */
#define SPEC_STATE_PID "pid"
#define SPEC_STATE_BUNDLE "bundle"
#define SPEC_STATE_ANNOTATIONS "annotations"

/* config.md and config-linux.md: the fields of config.json we read. */
#define SPEC_CONFIG_FILE "config.json"
#define SPEC_CONFIG_ANNOTATIONS "annotations"                   /* config.md "Annotations" */
#define SPEC_CONFIG_HOOKS "hooks"                               /* config.md "POSIX-platform Hooks" */
#define SPEC_CONFIG_ARGS "process.args"                         /* config.md "Process" */
#define SPEC_CONFIG_MOUNTS "mounts"                             /* config.md "Mounts" */
#define SPEC_CONFIG_TERMINAL "process.terminal"                 /* config.md "Process" */
#define SPEC_CONFIG_CGROUPS_PATH "linux.cgroupsPath"            /* config-linux.md "Cgroups Path" */
#define SPEC_CONFIG_SCORE "process.oomScoreAdj"                 /* config.md "Linux Process" */
#define SPEC_CONFIG_MEMORY_LIMIT "linux.resources.memory.limit" /* bytes, -1: none */
#define SPEC_CONFIG_DISABLE_OOM_KILLER "linux.resources.memory.disableOOMKiller"

/* containerd's CRI plugin. */
#define CONTAINERD_CONTAINER_TYPE "io.kubernetes.cri.container-type" /* "container", "sandbox" */
#define CONTAINERD_CONTAINER_NAME "io.kubernetes.cri.container-name"
#define CONTAINERD_IMAGE_NAME "io.kubernetes.cri.image-name"
#define CONTAINERD_SANDBOX_NAMESPACE "io.kubernetes.cri.sandbox-namespace"
#define CONTAINERD_SANDBOX_NAME "io.kubernetes.cri.sandbox-name"
#define CONTAINERD_SANDBOX_UID "io.kubernetes.cri.sandbox-uid"

/* CRI-O. */
#define CRIO_CONTAINER_TYPE "io.kubernetes.cri-o.ContainerType" /* "container", "sandbox" */
#define CRIO_IMAGE_NAME "io.kubernetes.cri-o.ImageName"
#define CRIO_POD_NAMESPACE "io.kubernetes.pod.namespace"
#define CRIO_POD_NAME "io.kubernetes.pod.name"
#define CRIO_POD_UID "io.kubernetes.pod.uid"
#define CRIO_CONTAINER_NAME "io.kubernetes.container.name"

/* podman and others. */
#define PODMAN_MANAGER "io.container.manager" /* "libpod" */
#define OCI_IMAGE_REF "org.opencontainers.image.ref.name"
