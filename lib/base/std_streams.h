/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A program may be started with a standard stream closed: /dev/null takes its place, so that
 * nothing that is opened later gets its number. It is closed again on exec.
 */
void std_streams_fill(void);
