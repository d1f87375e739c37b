/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's name of a container. Nothing that a runtime is given has it, annotations before docker
 * 25 neither. The daemon keeps it in DATA-ROOT/containers/ID/config.v2.json, which is there before
 * the runtime is called (moby, daemon/create.go: CheckpointTo()).
 *
 * Where the data root is, only the administrator's file says: config.json has paths into it, but
 * also those that whoever runs a container chose.
 */
#pragma once

#include "identity.h"

/* Sets `container` of a container of docker, where it is empty and the name is found. */
void container_name_fill(struct identity *id);

/*
 * The name, below `hostfd`, which is "/". Owned; NULL when it is not found: the data root is
 * neither the usual one nor that of /etc/docker/daemon.json, or it is no name.
 */
char *container_name_docker(int hostfd, const char *id);

/* A copy of what is a name for podman and docker (letters, digits, '_', '.' and '-'), or NULL. */
char *container_name_checked(const char *name);
