# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs as PID 1 of the guest, on the host's files: mounts, swap, cgroups, then the command.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs shm /dev/shm
for word in $($b cat /proc/cmdline); do
	case $word in
	guest.out=*) out=${word#*=} ;;
	guest.cgroup=*) cgroup=${word#*=} ;;
	esac
done
# /run is the scratch place: container file systems lie there, so it may be executed from.
$b mount -t tmpfs -o mode=755,size=60% run /run
$b mkdir -p /run/lock
if [ "$cgroup" = v1 ]; then
	$b mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
	for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
		$b mkdir "/sys/fs/cgroup/$controller"
		$b mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
	done
	$b mkdir /sys/fs/cgroup/systemd
	$b mount -t cgroup -o none,name=systemd systemd /sys/fs/cgroup/systemd
else
	$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
	echo '+memory +pids +cpu +cpuset' >/sys/fs/cgroup/cgroup.subtree_control
fi
$b ifconfig lo 127.0.0.1 up
$b hostname guest
if [ -b /dev/vda ]; then
	$b mkswap /dev/vda >/dev/null && $b swapon /dev/vda
fi
echo 4 >/proc/sys/kernel/printk
cd / && /bin/bash "$out/command" >"$out/log" 2>&1 </dev/null
echo $? >"$out/rc"
$b sync
$b poweroff -f
