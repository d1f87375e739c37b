/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's one word on the pipe that the hook gave it. */
#pragma once

#include "error.h"

/*
 * Waits for it at most wait_ms. 0: "r", it is armed. -EPIPE: it is not, with the reason it gave
 * ("e" and the text up to the end of the pipe, see shim/main.c), or that it gave none.
 * -ETIMEDOUT: neither, it may still come.
 */
int ready_wait(int fd, unsigned wait_ms, struct error *err);
