#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: kernels.sh DIR VERSION...   VERSION: 6.1 (bookworm) or 6.12 (bookworm-backports)
#
# Fetches Debian's cloud kernels into DIR/VERSION (vmlinuz, initramfs.cpio) with an apt
# configuration of its own: the sources, lists and packages of the machine stay as they are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/debian.sh"
dir=$1
shift

suite_of() {
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo bookworm-backports ;;
	*) echo "kernels.sh: no such kernel: $1" >&2; return 1 ;;
	esac
}

fetch() {
	local version=$1 suite work uri package
	suite=$(suite_of "$version")
	work=$dir/$version.work
	uri=$(debian_mirror)
	rm -rf "$work"
	mkdir -p "$work/tree"
	private_apt "$work" "$suite" "$uri"
	export APT_CONFIG=$work/apt.conf
	apt-get -q update
	package=$(apt-cache show linux-image-cloud-amd64 |
		sed -n 's/^Depends: *\(linux-image-[^ ,]*\).*/\1/p' | head -n 1)
	[ -n "$package" ] || { echo "kernels.sh: $suite has no linux-image-cloud-amd64" >&2; return 1; }
	(cd "$work" && apt-get -q download "$package")
	unset APT_CONFIG
	dpkg -x "$work"/linux-image-*.deb "$work/tree"
	mkdir -p "$dir/$version"
	"$here/initramfs.sh" "$work/tree" "$dir/$version/initramfs.cpio"
	cp "$work"/tree/boot/vmlinuz-* "$dir/$version/vmlinuz"
	rm -rf "$work"
}

for version; do
	# The kernel is put there last, and an older initramfs is made anew.
	if [ ! -e "$dir/$version/vmlinuz" ] || [ "$here/initramfs.sh" -nt "$dir/$version/initramfs.cpio" ] ||
		[ "$here/init" -nt "$dir/$version/initramfs.cpio" ]; then
		fetch "$version"
	fi
done
