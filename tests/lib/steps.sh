# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # source_dir, build, results and the options come from run.sh
# shellcheck shell=bash
# Result lines, logged steps, and background jobs. Sourced by run.sh, which sets `build`, `results`.

# Prints result lines from stdin and keeps them for the count; passes other lines through.
report() { tee -a "$results"; }

# step NAME COMMAND...: runs it with its output in a log; one result line.
step() {
	local name=$1 log=$build/logs/$1.log rc begun=$SECONDS
	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 9>&-
	rc=$?
	if [ $rc = 0 ]; then
		printf 'ok %s\n#   took %d s\n' "$name" $((SECONDS - begun)) | report
	else
		echo "FAIL $name: exit $rc, the end of $log follows" | report
		tail -n 25 "$log" | sed 's/^/# /'
	fi
	return $rc
}

job_pids=() job_names=() job_begun=()

# start_job NAME COMMAND...: at most two at a time. Its lines are shown and counted when it is done.
start_job() {
	local name=$1
	shift
	[ ${#job_pids[@]} -lt 2 ] || wait_one_job
	{ report() { cat; }; "$@"; } >"$build/logs/$name.out" 2>&1 9>&- &
	job_pids+=($!) job_names+=("$name") job_begun+=("$SECONDS")
}

wait_one_job() {
	local done_pid i
	wait -n -p done_pid "${job_pids[@]}"
	for i in "${!job_pids[@]}"; do
		[ "${job_pids[i]}" = "$done_pid" ] || continue
		report <"$build/logs/${job_names[i]}.out"
		echo "# ${job_names[i]} took $((SECONDS - job_begun[i])) s"
		unset "job_pids[i]" "job_names[i]" "job_begun[i]"
	done
	job_pids=("${job_pids[@]}") job_names=("${job_names[@]}") job_begun=("${job_begun[@]}")
}

wait_jobs() { while [ ${#job_pids[@]} -gt 0 ]; do wait_one_job; done; }

# Each job ends its own children on SIGTERM.
stop_jobs() {
	[ ${#job_pids[@]} = 0 ] || kill "${job_pids[@]}" 2>/dev/null
	wait
}

# as_group COMMAND...: for a job whose children know nothing of it, so that SIGTERM ends them, too.
as_group() {
	set -m
	"$@" &
	set +m
	trap 'kill -- -$! 2>/dev/null; wait $!; exit 143' TERM
	wait $!
}

# A scenario that was skipped wherever it could have run proves nothing.
check_every_scenario_ran() {
	awk '/^(ok|FAIL|skipped) (host|vm)[^\/]*\// {
		name = $2; sub(/:$/, "", name); sub(/^[^\/]*\//, "", name)
		seen[name] = 1; if ($1 != "skipped") ran[name] = 1
	} END { for (n in seen) if (!(n in ran)) print n }' "$results" | sort | while read -r name; do
		if [ "${CI:-}" = true ]; then
			echo "FAIL ran/$name: it was skipped everywhere"
		else
			echo "skipped ran/$name: it was skipped everywhere"
		fi
	done | report
}

# Prints the line that closes the run and leaves.
finish() {
	local passed failed skipped
	wait_jobs
	passed=$(grep -c '^ok ' "$results")
	failed=$(grep -c '^FAIL ' "$results")
	skipped=$(grep -c '^skipped ' "$results")
	grep '^FAIL ' "$results" | sed 's/^/# /'
	echo "# it took $((SECONDS / 60)) min $((SECONDS % 60)) s"
	echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
	exit
}
