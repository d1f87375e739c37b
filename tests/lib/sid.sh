#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: sid.sh DIR
#
# Unpacks the container engines of Debian sid, with all they depend on, into DIR. Nothing is
# installed: no script of a package runs, and the machine's own packages stay as they are.
set -euo pipefail
. "$(dirname "$0")/debian.sh"
dir=$1
packages=(containerd runc crun podman docker.io docker-cli)

[ ! -e "$dir/usr/bin/dockerd" ] && [ ! -e "$dir/usr/sbin/dockerd" ] || exit 0
work=$dir.work
rm -rf "$work"
uri=$(debian_mirror)
private_apt "$work" sid "$uri"
mkdir -p "$work/tree/usr"/{bin,sbin,lib,lib64}
export APT_CONFIG=$work/apt.conf
apt-get -q update
apt-get -q -y --no-install-recommends --download-only -o Debug::NoLocking=1 install "${packages[@]}"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$work/tree/$name"; done
for package in "$work"/cache/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -C "$work/tree" --keep-directory-symlink -xf -
done
mkdir -p "$work"/tree/{proc,sys,dev,tmp,run,root,etc,var/tmp,var/lib}
unset APT_CONFIG
ldconfig -r "$work/tree"
# What engines expect of any machine; Docker starts a runtime that has arguments by a shell.
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$work/tree/etc/passwd"
printf 'root:x:0:\n' >"$work/tree/etc/group"
touch "$work/tree/etc/hosts" "$work/tree/etc/resolv.conf"
cp /bin/busybox "$work/tree/bin/busybox"
ln -s busybox "$work/tree/bin/sh"
rm -rf "$dir"
mv "$work/tree" "$dir"
rm -rf "$work"
