#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: private.sh PREFIX COMMAND...
#
# Runs COMMAND where the places that container engines keep their things in are its own: what it
# writes there, and every mount below, goes with it. PREFIX is where oomguard is installed; its
# state, its records and its policy are as private.
set -eu
if [ "$1" != --inside ]; then
	exec unshare --mount --propagation private sh "$0" --inside "$@"
fi
prefix=$2
shift 2

work=$(mktemp -d)
mount -t tmpfs -o mode=755 private "$work"
for place in /etc /usr/share/containers /var/lib; do
	[ -d "$place" ] || continue
	name=$(echo "$place" | tr / _)
	mkdir "$work/$name" "$work/$name.work"
	mount -t overlay -o "lowerdir=$place,upperdir=$work/$name,workdir=$work/$name.work" \
		private "$place"
done
# Lazily: the layers above hold it, and its name is not needed any more.
umount --lazy "$work"
rmdir "$work"
for place in /run /dev/shm "$prefix/etc" "$prefix/var" "$prefix/run"; do
	mkdir -p "$place"
	mount -t tmpfs -o mode=755 private "$place"
done
exec "$@"
