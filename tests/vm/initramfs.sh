#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: initramfs.sh TREE OUT.cpio   TREE: an unpacked kernel package
#
# An initramfs that does one thing: loads the modules for virtio and mounts the host's root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A merged /usr puts modules into usr/lib: modprobe -d looks in lib.
[ -e "$tree/lib" ] || ln -s usr/lib "$tree/lib"
release=$(basename "$(echo "$tree"/lib/modules/*)")
depmod -b "$tree" "$release"

mkdir -p "$work"/{bin,dev,proc,modules,host,rw,root}
cp /bin/busybox "$work/bin/busybox"
cp "$here/init" "$work/init"
chmod +x "$work/init"

# What is built in has no insmod line. Dependencies come first, each once.
for module in virtio_pci virtio_blk overlay virtiofs; do
	modprobe -d "$tree" -S "$release" --show-depends "$module" 2>/dev/null || true
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
	name=$(basename "$file" .xz)
	case $file in
	*.xz) xz -dc "$file" >"$work/modules/$name" ;;
	*) cp "$file" "$work/modules/$name" ;;
	esac
	echo "$name" >>"$work/modules/order"
done
[ -s "$work/modules/order" ] || { echo "initramfs.sh: no modules in $tree" >&2; exit 1; }
(cd "$work" && find . | cpio -o -H newc --quiet) >"$out"
