# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # source_dir, build, results and the options come from run.sh
# shellcheck shell=bash
# Where scenarios run: on this machine, and in virtual machines. Sourced by run.sh.

fetch_kernels() { step kernels "$source_dir/tests/vm/kernels.sh" "$build/kernels" 6.1 6.12; }

make_cri_api() { step cri-api "$source_dir/tests/lib/cri.sh" "$build/cri-api"; }

fetch_for_scenarios() {
	wants vm && fetch_kernels
	make_cri_api
}

fetch_sid() { step sid-engines "$source_dir/tests/lib/sid.sh" "$build/sid"; }

# scenario_command [--engines [--sid]]: the list with the container engines has places of its own;
# with --sid the engines are those of Debian sid.
scenario_command() {
	scenario_argv=(/usr/bin/python3 -B "$source_dir/tests/scenarios/run.py" --programs "$build/root/usr"
		--load "$build/release/tests/tools/load")
	[ "${CI:-}" != true ] || scenario_argv+=(--strict)
	[ -z "$filter" ] || scenario_argv+=(--filter "$filter")
	[ -z "$full" ] || scenario_argv+=(--full --go-program "$build/go-sample")
	[ -z "$keep" ] || scenario_argv+=(--keep)
	[ $# = 0 ] || scenario_argv+=(--engines --cri-api "$build/cri-api")
	[ "${2:-}" != --sid ] || scenario_argv=("$source_dir/tests/lib/tree.sh" "$build/sid" "$source_dir"
		"${scenario_argv[@]}" --engines-tree "$build/sid")
	[ $# = 0 ] || scenario_argv=("$source_dir/tests/lib/private.sh" "$build/root" "${scenario_argv[@]}")
}

# scenarios_here NAME [--engines [--sid]]: a run that ends without its closing word is a failure.
scenarios_here() {
	local name=$1 out=$build/logs/$1.lines
	shift
	scenario_command "$@"
	"${scenario_argv[@]}" --name "$name" --machine host >"$out" 2>&1 &
	trap 'kill $! 2>/dev/null; wait $!; exit 143' TERM
	wait $!
	sed '/^# end of scenarios$/d' "$out"
	tail -n 1 "$out" | grep -q '^# end of scenarios$' || echo "FAIL $name/end: it stopped half-way"
}

# scenarios_in_vm KERNEL CGROUP SWAP [--engines]: boots once and runs the whole list in it. Without
# --full the two machines for it share the list.
scenarios_in_vm() {
	local name=vm-$1-$2-$3 out try
	[ "$1 $2" = '6.1 v1' ] || name=vm-$1-$3
	[ $# = 3 ] || name=vm-$1-engines
	out=$build/logs/$name
	scenario_command "${@:4}"
	[ -n "$full" ] || [ $# != 3 ] || scenario_argv+=(--turn "$([ "$1" = 6.1 ] && echo 0 || echo 1)")
	for try in 1 2; do
		rm -rf "$out"
		mkdir -p "$out"
		"$source_dir/tests/vm/boot.sh" --kernel "$build/kernels/$1" --cgroup "$2" --swap "$3" \
			--share "$source_dir" --out "$out" -- \
			"${scenario_argv[@]}" --name "$name" --machine vm --made-with "$2" "$3" \
			--scratch /run &
		trap 'kill $! 2>/dev/null; wait $!; exit 143' TERM
		wait $!
		if tail -n 1 "$out/log" 2>/dev/null | grep -q '^# end of scenarios$'; then
			sed '$d' "$out/log"
			return
		fi
		echo "# $name gave no result in try $try, see $out"
	done
	grep -s -E '^(ok|FAIL|skipped|#) ' "$out/log"
	tail -n 15 "$out/console" 2>/dev/null | sed 's/^/# /'
	echo "FAIL $name/end: the machine gave no result, twice"
}
