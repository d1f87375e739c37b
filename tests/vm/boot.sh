#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: boot.sh --kernel DIR --cgroup v1|v2 --swap swap|noswap --share DIR --out DIR -- COMMAND...
#
# Boots a kernel without KVM on this machine's own files and runs COMMAND in it. SHARE, which must
# hold OUT, is the one place the guest writes to for real. OUT gets console, log (the command's
# output) and rc. Exits with the command's code, or 125 when the guest gave none.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
memory_mib=${VM_MEMORY_MIB:-3072}
limit_s=${VM_LIMIT_S:-1500}
# A second memory node without a CPU: a cpuset of it alone is soon full.
small_node_mib=128

while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=$2 ;;
	--cgroup) cgroup=$2 ;;
	--swap) swap=$2 ;;
	--share) share=$2 ;;
	--out) out=$2 ;;
	--) shift; break ;;
	*) echo "boot.sh: unknown option $1" >&2; exit 2 ;;
	esac
	shift 2
done
work=$(mktemp -d)
pids=()
stop() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 143' TERM INT

printf '%q ' "$@" >"$out/command"
append="console=ttyS0 panic=-1 quiet loglevel=4 guest.share=$share guest.script=$here/guest.sh"
append="$append guest.out=$out guest.cgroup=$cgroup"
# Debian's kernels clear each page that they hand out: an emulator needs a second for 100 MiB.
append="$append init_on_alloc=0"
# The emulator keeps translated code by its address: at a new one each time, every program's start
# would be translated anew, which takes longer than running it.
append="$append norandmaps"
# 6.1 mistrusts the emulated counter and would ask an emulated timer, at each look at the clock.
append="$append tsc=reliable"
if [ "$cgroup" = v2 ]; then append="$append cgroup_no_v1=all"; else append="$append swapaccount=1"; fi
drives=()
if [ "$swap" = swap ]; then
	truncate -s 512M "$work/swap"
	drives=(-drive "if=none,id=swap,file=$work/swap,format=raw" -device virtio-blk-pci,drive=swap)
fi

/usr/lib/qemu/virtiofsd --socket-path="$work/fs" -o source=/ -o sandbox=chroot -o cache=always \
	-o no_posix_lock -o xattr --rlimit-nofile=20000 >"$out/virtiofsd" 2>&1 &
pids+=($!)
for ((i = 0; i < 500; i++)); do
	[ -S "$work/fs" ] && break
	kill -0 "${pids[0]}" 2>/dev/null || break
	read -rt 0.02 <> <(:)
done
# One thread for both CPUs: with several, this emulator sometimes shows a CPU another's stale
# memory. cx16 off, because newer kernels use it in a way that this emulator gets wrong.
timeout -k 5 "$limit_s" qemu-system-x86_64 -accel tcg,thread=single -cpu max,-cx16 -smp 2 \
	-m "$memory_mib" -nographic -no-reboot -nodefaults -serial stdio \
	-object "memory-backend-memfd,id=mem,size=$((memory_mib - small_node_mib))M,share=on" \
	-object "memory-backend-memfd,id=small,size=${small_node_mib}M,share=on" \
	-numa node,memdev=mem,cpus=0-1 -numa node,memdev=small \
	-chardev "socket,id=fs,path=$work/fs" -device vhost-user-fs-pci,chardev=fs,tag=host \
	"${drives[@]}" -kernel "$kernel/vmlinuz" -initrd "$kernel/initramfs.cpio" -append "$append" \
	>"$out/console" 2>&1 </dev/null &
pids+=($!)
wait "${pids[1]}"
[ -s "$out/rc" ] || exit 125
exit "$(cat "$out/rc")"
