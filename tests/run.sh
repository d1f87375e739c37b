#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The one test command. On a bare Debian 12, as root: installs what it needs, builds, and tests.
# Every test is one line, "ok NAME", "FAIL NAME: why" or "skipped NAME: why"; the last line counts.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
source_dir=$PWD
build=$source_dir/build-test
. "$source_dir"/tests/lib/steps.sh
. "$source_dir"/tests/lib/builds.sh
. "$source_dir"/tests/lib/machines.sh

usage() {
	cat <<-'END'
	usage: tests/run.sh [--unit] [--host] [--vm] [--full] [--filter PATTERN] [--keep]

	  --unit      only the unit tests, in the sanitized build
	  --host      only the container scenarios on this machine
	  --vm        only the container scenarios in virtual machines
	  --full      all of it, the failures of tests/seeds at full size and in Go, the container
	              engines of Debian sid, each kernel with swap and without, and cgroup v1
	              with swap accounting in a virtual machine
	  --filter P  only scenarios whose name contains P
	  --keep      keep the scratch directories of failed scenarios

	Without --unit, --host and --vm all three run. With CI=true a tool that is missing is a failure.
	END
}

# shellcheck disable=SC2034 # keep and full are for lib/*.sh, too
parts='' full='' filter='' keep=''
while [ $# -gt 0 ]; do
	case $1 in
	--unit | --host | --vm) parts="$parts ${1#--}" ;;
	--full) full=yes ;;
	--filter) filter=${2?--filter needs a pattern}; shift ;;
	--keep) keep=yes ;;
	--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
parts=${parts:-unit host vm}
wants() { case " $parts " in *" $1 "*) true ;; *) false ;; esac }

mkdir -p "$build/logs"
exec </dev/null 9>"$build/lock"
flock -n 9 || { echo "another tests/run.sh works in $build" >&2; exit 2; }
results=$build/results
: >"$results"
trap stop_jobs EXIT
trap 'exit 130' INT TERM

install_packages || finish
if wants host || wants vm; then
	start_job fetched fetch_for_scenarios
	build_release || finish
	wait_jobs
	grep -q '^FAIL kernels' "$results" && parts=${parts/vm/}
fi
# The longest first. Every scenario on v1, and on v2 with swap and without, with an older kernel and
# a newer one.
wants vm && start_job vm-6.1-swap scenarios_in_vm 6.1 v2 swap
wants unit && start_job unit as_group build_and_run_unit
wants vm && start_job vm-6.12-noswap scenarios_in_vm 6.12 v2 noswap
wants host && start_job host scenarios_here host
wants host && start_job host-engines scenarios_here host-engines --engines
wants vm && start_job vm-6.1-engines scenarios_in_vm 6.1 v2 noswap --engines
if wants host && [ -n "$full" ] && fetch_sid; then
	start_job host-sid scenarios_here host-sid --engines --sid
fi
if wants vm && [ -n "$full" ]; then
	start_job vm-6.1-noswap scenarios_in_vm 6.1 v2 noswap
	start_job vm-6.12-swap scenarios_in_vm 6.12 v2 swap
fi
# Where this machine itself has no v1, the virtual one is the place for it.
if wants vm && { [ -n "$full" ] || ! grep -q '^[^ ]* [^ ]* cgroup [^ ]*memory' /proc/self/mounts; }; then
	start_job vm-6.1-v1 scenarios_in_vm 6.1 v1 swap
fi
wait_jobs
wants host && wants vm && [ -z "$filter" ] && check_every_scenario_ran
finish
