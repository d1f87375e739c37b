#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: cri.sh DIR
#
# Makes DIR/api_pb2.py, the messages of the Kubernetes CRI for Python, from the definition in
# Debian's golang-k8s-cri-api-dev, which is not in bookworm.
set -euo pipefail
. "$(dirname "$0")/debian.sh"
dir=$1
definition=usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto

[ ! -e "$dir/api_pb2.py" ] || exit 0
work=$dir.work
rm -rf "$work"
uri=$(debian_mirror)
private_apt "$work" sid "$uri"
mkdir "$work/out"
export APT_CONFIG=$work/apt.conf
apt-get -q update
(cd "$work" && apt-get -q download golang-k8s-cri-api-dev)
dpkg -x "$work"/golang-k8s-cri-api-dev_*.deb "$work/tree"
# An option of newer compilers that says nothing of the messages' form.
sed -i 's/ *\[debug_redact = true\]//' "$work/tree/$definition"
protoc --proto_path="$(dirname "$work/tree/$definition")" --python_out="$work/out" api.proto
rm -rf "$dir"
mv "$work/out" "$dir"
rm -rf "$work"
