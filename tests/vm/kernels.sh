#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: kernels.sh DIR VERSION...   VERSION: 6.1 (bookworm) or 6.12 (bookworm-backports)
#
# Fetches Debian's cloud kernels into DIR/VERSION (vmlinuz, initramfs.cpio) with an apt
# configuration of its own: the sources, lists and packages of the machine stay as they are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
shift

suite_of() {
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo bookworm-backports ;;
	*) echo "kernels.sh: no such kernel: $1" >&2; return 1 ;;
	esac
}

# The mirror this machine already uses for Debian's main archive.
mirror() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 == "bookworm" && $3 == "main" { print $1; exit }'
}

# private_apt APT_DIR SUITE URI: an apt that knows one suite and nothing of this machine.
private_apt() {
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
	: >"$1/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $3 $2 main" >"$1/sources.list"
	cat >"$1/apt.conf" <<-END
	Dir::Etc::SourceList "$1/sources.list";
	Dir::Etc::SourceParts "/dev/null";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "/dev/null";
	Dir::State::Lists "$1/lists";
	Dir::State::status "$1/status";
	Dir::Cache "$1/cache";
	APT::Default-Release "$2";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::Retries "3";
	END
}

fetch() {
	local version=$1 suite work uri package
	suite=$(suite_of "$version")
	work=$dir/$version.work
	uri=$(mirror)
	[ -n "$uri" ] || { echo "kernels.sh: this machine has no source for bookworm main" >&2; return 1; }
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
