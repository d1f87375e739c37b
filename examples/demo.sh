#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows what oomguard does, on a real container: builds it, makes a bundle whose worker leaks while
# PID 1 lives on, registers the hook in the bundle's config.json, and tells what happens.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: examples/demo.sh [--runtime runc|crun] [--action restart|kill|report] [--keep] [--yes]

  --runtime NAME   the runtime that starts the container (runc)
  --action NAME    what the policy says when a worker is killed (restart)
  --keep           leave the bundle, the state and the container's folder where they are
  --yes            install missing packages without asking

Run it as root on Debian 12. It ends with 0 only if everything it promises was really seen.
TEXT
}

runtime=runc action=restart keep=no yes=no
while [ $# -gt 0 ]; do
    case $1 in
    --runtime) runtime=${2:-}; shift ;;
    --action) action=${2:-}; shift ;;
    --keep) keep=yes ;;
    --yes) yes=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done
case $runtime in runc | crun) ;; *) usage >&2; exit 2 ;; esac
case $action in restart | kill | report) ;; *) usage >&2; exit 2 ;; esac

source_dir=$(cd "$(dirname "$0")/.." && pwd)
build=$source_dir/build-demo
id=oomguard-demo-$$
packages=(gcc libc6-dev meson ninja-build pkg-config libyajl-dev libcap-dev libseccomp-dev
    libncurses-dev busybox-static jq "$runtime")

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' dim='' plain=''
fi
say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "root is needed: containers and cgroups are made"

# crun refuses the hybrid layout of cgroup v1 and v2. In a mount namespace of its own, where the v2
# part is not mounted, it works; this script then runs in that namespace as a whole.
if [ "$runtime" = crun ] && [ -z "${OOMGUARD_DEMO_NAMESPACE:-}" ] &&
    mountpoint -q /sys/fs/cgroup/unified; then
    args=(--runtime "$runtime" --action "$action")
    [ $keep = no ] || args+=(--keep)
    [ $yes = no ] || args+=(--yes)
    OOMGUARD_DEMO_NAMESPACE=1 exec unshare --mount --propagation private \
        bash -c 'umount /sys/fs/cgroup/unified && exec "$0" "$@"' "$source_dir/examples/demo.sh" "${args[@]}"
fi

install_packages() {
    local missing=() package
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Packages to install: ${missing[*]}"
    if [ $yes = no ]; then
        read -r -p "Install them now? [y/N] " answer || answer=n
        case $answer in y | Y | yes) ;; *) fail "not without these packages" ;; esac
    fi
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        "${missing[@]}" >/dev/null
}

work=
follower=
# The container with its shim: no restart comes between, and what the shim holds is free after it.
stop_container() {
    local shim
    shim=$(jq -r '.shim.pid // empty' "$work"/state/containers/*/status.json 2>/dev/null) || true
    guard cancel "$id" >/dev/null 2>&1 || true
    "$runtime" delete --force "$id" >/dev/null 2>&1 || true
    [ -z "$shim" ] || timeout 5 tail --pid="$shim" -f /dev/null || true
}
cleanup() {
    trap - EXIT INT TERM
    [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
    if [ -n "$work" ]; then
        stop_container
        if [ $keep = yes ]; then
            say "Kept: $work"
        else
            rm -rf "$work"
        fi
    fi
    # The cgroup that all shims share goes with the last of them; a busy one stays.
    find /sys/fs/cgroup -maxdepth 2 -type d -name oomguard -exec rmdir {} + 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

install_packages

say "Building a release into $build"
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$source_dir" --prefix="$build/root/usr" \
        --sysconfdir="$build/root/etc" --localstatedir="$build/root/var" \
        -Dsystemd_unit_dir= -Dtests=false >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
fi
meson install -C "$build" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
rm -f "$build.log"
oomguard=$build/root/usr/bin/oomguard
hook=$build/root/usr/libexec/oomguard/oomguard-hook

work=$(mktemp -d /tmp/oomguard-demo.XXXXXX)
chmod 700 "$work"
guard() { "$oomguard" --root "$work/state" "$@"; }

say "Making a bundle: busybox, and a service whose worker leaks"
mkdir -p "$work/bundle/rootfs/"{bin,dev,proc}
cp /bin/busybox "$work/bundle/rootfs/bin/"
gcc -O1 -static -o "$work/bundle/rootfs/bin/leaky" "$source_dir/examples/leaky.c"

cat >"$work/policy.json" <<JSON
{
  "version": 1,
  "runtimes": ["$(command -v "$runtime")"],
  "profiles": {
    "default": {
      "settings": { "oomScoreAdj": { "workload": 500 } },
      "onOom": { "process": "$action" },
      "restart": { "max": 3, "within": "10m",
                   "backoff": { "initial": "1s", "factor": 2, "max": "5s" } }
    }
  }
}
JSON
# The OOM killer is switched off in config.json: on cgroup v1 that would hang the container.
disable=
[ ! -d /sys/fs/cgroup/memory ] || disable='"disableOOMKiller": true,'
hook_entry() {
    printf '[{"path": "%s", "args": ["oomguard-hook", "%s", "--policy", "%s", "--root", "%s"], "env": [], "timeout": 10}]' \
        "$hook" "$1" "$work/policy.json" "$work/state"
}
cat >"$work/bundle/config.json" <<JSON
{
  "ociVersion": "1.0.2",
  "process": {
    "terminal": false, "user": { "uid": 0, "gid": 0 }, "cwd": "/",
    "args": ["/bin/leaky"], "env": ["PATH=/bin"]
  },
  "root": { "path": "rootfs", "readonly": true },
  "hostname": "demo",
  "mounts": [{ "destination": "/proc", "type": "proc", "source": "proc" }],
  "hooks": {
    "createRuntime": $(hook_entry createRuntime),
    "poststart": $(hook_entry poststart),
    "poststop": $(hook_entry poststop)
  },
  "linux": {
    "cgroupsPath": "/$id",
    "resources": { "memory": { $disable "limit": 67108864, "swap": 67108864 } },
    "namespaces": [{ "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }]
  }
}
JSON

say "Starting it with: $runtime run -d, 64 MiB, \"onOom.process\": \"$action\""
(cd "$work" && "$runtime" run -d --bundle "$work/bundle" "$id" >"$work/output" 2>&1 </dev/null) ||
    { cat "$work/output"; fail "$runtime did not start the container"; }

events=$work/events
: >"$events"
guard --json events "$id" --follow >"$events" 2>/dev/null &
follower=$!

# What each action must show before the story is over.
case $action in
restart) last=gave-up ;;
kill) last=killed ;;
report) last=incident ;;
esac

# One event a line, in words, as they come; what the hook changed is told with its reason.
tell() {
    jq -r '
        def why: {
            "settings.oomKiller": "config.json had it off: at the limit all would sleep for ever",
            "settings.oomScoreAdj.workload": "the kernel shall take workers before the init",
            "settings.oomScoreAdj.init": "the init keeps its own score, lower than its workers"
        }[.key // ""] // "";
        "\(.time[11:19]) \(.event)\t\(.message)" +
        (if .outcome == "applied" and why != "" then " (\(why))" else "" end)' |
        while IFS=$'\t' read -r head message; do
            printf '  %s%s%s  %s\n' "$dim" "$head" "$plain" "$message"
        done
}
say "What happens:"
end=$((SECONDS + 90))
told=0
seen() { jq -rs --arg event "$1" '[.[] | select(.event == $event)] | length' "$events"; }
while :; do
    lines=$(wc -l <"$events")
    if [ "$lines" -gt "$told" ]; then
        sed -n "$((told + 1)),${lines}p" "$events" | tell
        told=$lines
    fi
    if head -n "$told" "$events" | jq -es --arg e "$last" 'any(.event == $e)' >/dev/null; then
        break
    fi
    [ $SECONDS -lt $end ] || fail "the last event ($last) did not come within 90 seconds"
    sleep 0.2
done
# The record is written behind the last event.
while [ "$(guard --json incidents "$id" | jq '[.incidents[] | select(.result == "pending")] | length')" != 0 ]; do
    [ $SECONDS -lt $end ] || fail "an incident is still pending"
    sleep 0.2
done

say "The container's own words:"
sed 's/^/  /' "$work/output" | tail -n 12

missing=()
expect() { # what, command...
    local what=$1
    shift
    "$@" || missing+=("$what")
}
at_least() { [ "$(seen "$1")" -ge "$2" ]; }
running() { [ "$("$runtime" state "$id" | jq -r .status)" = "$1" ]; }
victim_named() { jq -es '[.[] | select(.event == "oom") | .comm] | index("leaky") != null' "$events" >/dev/null; }

expect "a setting that the hook changed" at_least setting 1
expect "an OOM" at_least oom 1
expect "the victim's name" victim_named
expect "the decision" at_least decision 1
case $action in
restart)
    expect "three backoffs" at_least backoff 3
    expect "three restarts" at_least restarted 3
    expect "the give-up" at_least gave-up 1
    expect "a stopped container at the end" running stopped
    ;;
kill)
    expect "the kill" at_least killed 1
    expect "a stopped container at the end" running stopped
    ;;
report)
    expect "a container that runs on" running running
    ;;
esac

say "oomguard incidents"
guard incidents

# Why, from the record alone. A leak shows in the last incident as in the first.
say "oomguard report"
guard report "$id" | sed -n '1,/^What supports it/{/^What supports it/d;p}'
guard report "$id" --html "$work/report.html"
guard --json report "$id" >"$work/report.json"
explained() { jq -e "$1" "$work/report.json" >/dev/null; }
verdict() { explained "[.verdicts[].name] | index(\"$1\") != null"; }

expect "the limit in the report" explained '.answers.limit.whose == "own" and .answers.limit.bytes == 67108864'
expect "the verdict on the worker that leaks" verdict one-process-too-large
expect "the verdict on the init that lives on" verdict child-killed-init-alive
expect "the right victim in the report" explained '.answers.shouldHaveBeen | .comm == "leaky" and .wasKilled'
[ $action != restart ] || expect "the verdict on the restarts" verdict restart-loop
if [ ${#missing[@]} -gt 0 ]; then
    printf 'demo: not seen: %s\n' "${missing[@]}" >&2
    exit 1
fi
page=$(mktemp /tmp/oomguard-demo.XXXXXX.html)
cp "$work/report.html" "$page"
say "All of it was seen. The whole report as a page: $page"
