/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of a file that is exchanged for a new one. */
#pragma once

/*
 * Gives the new file those of the old one, its access control list among them, and no other list:
 * one that it got from its directory goes. Not those that hold for the old content alone (hashes,
 * capabilities). Labels of a security module are copied where that module lets us. Negative: what
 * the old one has could not be given, and others may have more rights than they had.
 */
int xattrs_copy(int from, int to);
