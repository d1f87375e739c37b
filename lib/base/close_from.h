/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Closes `first` and every fd above it, in a child that keeps nothing of the runtime's. */
void close_from(unsigned first);
