/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Closes the init's copies of every fd above 2, once the workload has them: a listening socket or
 * a pipe that the workload closes must not live on in the init. 0 to 2 stay, because programs in
 * containers write to /proc/1/fd/1.
 */
void close_own(void);
