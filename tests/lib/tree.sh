#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: tree.sh TREE SHARE COMMAND...   (below private.sh)
#
# Readies the unpacked TREE of another Debian for chroot: this machine's kernel, its scratch
# directories, and SHARE, which has oomguard in it. What is written to TREE itself is not kept.
set -eu
tree=$1 share=$2
shift 2

work=$(mktemp -d)
mount -t tmpfs -o mode=755 tree "$work"
mkdir "$work/upper" "$work/work"
mount -t overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/work" tree "$tree"
umount --lazy "$work"
rmdir "$work"
mkdir -p "$tree$share"
for place in "$share" /proc /sys /dev /run /var/tmp; do
	mount --rbind "$place" "$tree$place"
done
# crun takes no v2 beside v1.
[ ! -d "$tree/sys/fs/cgroup/unified" ] || umount "$tree/sys/fs/cgroup/unified"
exec "$@"
