# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # source_dir, build, results and the options come from run.sh
# shellcheck shell=bash
# Packages, the two builds, and the unit tests. Sourced by run.sh, which sets `source_dir`, `build`.

missing_packages() {
	local package
	sed 's/#.*//' "$source_dir/tests/packages.txt" \
		${full:+"$source_dir/tests/packages-full.txt"} | while read -r package; do
		[ -z "$package" ] || [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			echo "$package"
	done
}

apt_install() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update &&
		apt-get -q -y -o Acquire::Retries=3 install --no-install-recommends "$@"
}

install_packages() {
	local missing
	mapfile -t missing < <(missing_packages)
	[ ${#missing[@]} = 0 ] || step packages apt_install "${missing[@]}"
}

# meson_build DIR TARGET OPTION...: sets up the first time, then builds.
meson_build() {
	local dir=$1 target=$2
	shift 2
	if [ -e "$dir/build.ninja" ]; then
		meson configure "$dir" "$@"
	else
		meson setup "$dir" "$source_dir" "$@"
	fi && ninja -C "$dir" "$target"
}

# Not optimized: that is built in half the time, and the release build has the rest of the warnings.
# The tests start a thousand programs: with the sanitizers' own libraries linked in, each takes half
# the time.
build_sanitized() {
	step build-sanitized meson_build "$build/sanitized" meson-test-prereq -Dwerror=true \
		-Dstatic_programs=false -Db_sanitize=address,undefined -Dbuildtype=debug \
		-Dc_link_args='-static-libasan -static-libubsan'
}

# The hook finds the shim by the path compiled in, so the prefix lies inside of the build.
release_and_install() {
	local root=$build/root
	meson_build "$build/release" all -Dwerror=true --prefix="$root/usr" --sysconfdir="$root/etc" \
		--localstatedir="$root/var" -Dstate_dir="$root/run" -Dunit_tests=false \
		-Dsystemd_unit_dir="$root/usr/lib/systemd/system" &&
		meson install -C "$build/release" --no-rebuild
}

build_release() {
	step build-release release_and_install &&
		{ [ -z "$full" ] || step build-go-program go_program; }
}

go_program() {
	CGO_ENABLED=0 GOCACHE="$build/go-cache" go build -o "$build/go-sample" "$source_dir/tests/tools/gc.go"
}

# Only the one program of a package of 100 MB that would start a server of its own.
fetch_promtool() (
	local work=$build/promtool.work
	rm -rf "$work" && mkdir -p "$work" && cd "$work" || return
	apt-get -q -o APT::Sandbox::User=root download prometheus ||
		{ apt-get -q update && apt-get -q -o APT::Sandbox::User=root download prometheus; } || return
	dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool &&
		chmod +x promtool && mv promtool "$build/promtool" && rm -rf "$work"
)

# Its niceness leaves the processor to whatever runs beside it and cannot wait.
build_and_run_unit() {
	renice -n 10 -p "$BASHPID" >/dev/null
	build_sanitized && run_unit
}

# A part that was skipped stands in the log of a program that passed. (One that was skipped whole has
# a result of its own.)
skips_within() {
	awk '/^test: / { name = $2 } /^result: / { passed = / exit status 0$/ }
		passed && sub(/^skipped: /, "") { print "skipped unit/" name ": missing: " $0 }
		passed && sub(/^.* \.\.\. skipped /, "") { print "skipped unit/" name ": " $0 }
	' "$1"
}

run_unit() {
	local log=$build/logs/unit.log lines=$build/logs/unit.lines
	[ -x "$build/promtool" ] || step promtool fetch_promtool
	# Generous: a busy machine is no fault, and what hangs still ends.
	PROMTOOL="$build/promtool" CK_DEFAULT_TIMEOUT=60 meson test -C "$build/sanitized" -t 4 --no-rebuild \
		--print-errorlogs >"$log" 2>&1 9>&-
	# " 3/20 oomguard:json OK 0.02s" is a result, anything else stays in the log.
	awk '$1 ~ /^[0-9]+\/[0-9]+$/ && !seen[$1]++ {
		name = $2; sub(/.*:/, "", name); if ($3 == "/") name = $4
		line = " " $0 " "
		if (line ~ / OK /) print "ok unit/" name
		else if (line ~ / SKIP /) print "skipped unit/" name ": the test said so"
		else if (line ~ / (FAIL|ERROR|TIMEOUT|UNEXPECTEDPASS) /) print "FAIL unit/" name ": see '"$log"'"
		n++
	} END { if (!n) print "FAIL unit: no test ran, see '"$log"'" }' "$log" >"$lines"
	skips_within "$build/sanitized/meson-logs/testlog.txt" >>"$lines"
	report <"$lines"
	grep -q '^FAIL unit' "$lines" && tail -n 60 "$log" | sed 's/^/# /'
	return 0
}
