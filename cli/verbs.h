/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of `oomguard`. main() takes the global options (--root, --json) out of the command line
 * wherever they stand and hands the rest to the verb: argv[0] is the verb's name, and its own
 * options and --help are still in it. A verb prints its messages itself and returns an exit code.
 */
#pragma once

#include "common.h"

int verb_list(const struct cli *cli, int argc, char **argv);
int verb_status(const struct cli *cli, int argc, char **argv);
int verb_events(const struct cli *cli, int argc, char **argv);
int verb_incidents(const struct cli *cli, int argc, char **argv);
int verb_report(const struct cli *cli, int argc, char **argv);
int verb_top(const struct cli *cli, int argc, char **argv);
int verb_metrics(const struct cli *cli, int argc, char **argv);
int verb_cancel(const struct cli *cli, int argc, char **argv);
int verb_configure(const struct cli *cli, int argc, char **argv);
int verb_doctor(const struct cli *cli, int argc, char **argv);
int verb_explain(const struct cli *cli, int argc, char **argv);
int verb_policy(const struct cli *cli, int argc, char **argv);
int verb_recover(const struct cli *cli, int argc, char **argv);
int verb_version(const struct cli *cli, int argc, char **argv);
