# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Packages of other Debian suites, with an apt configuration of their own: the sources, lists and
# packages of the machine stay as they are.

# The mirror this machine already uses for Debian's main archive.
debian_mirror() {
	local uri
	uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
	[ -n "$uri" ] || { echo "this machine has no source for bookworm main" >&2; return 1; }
	echo "$uri"
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
