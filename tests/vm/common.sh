# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# Sourced by the scripts beside it: where the test machines are kept, and
# where Debian's packages come from.

set -eu

vm=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$vm/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rserpool

say() { echo "# $*" >&2; }
die() { echo "$0: $*" >&2; exit 1; }

# key FILE...: a name for what is made from these files.
key() { cat "$@" | sha256sum | cut -c 1-12; }

# lock FOLDER: until this script ends nobody else makes the same folder.
lock() {
	mkdir -p "$cache"
	exec 9> "$1.lock"
	flock 9
}

# need_packages PACKAGE...: install those that this host does not have.
need_packages() {
	mkdir -p "$cache"
	# Of two who look at once the second finds what the first installed.
	(flock 8; install_missing "$@") 8> "$cache/packages.lock" || exit
}

install_missing() {
	missing=
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
			grep -q 'ok installed' || missing="$missing $p"
	done
	[ -z "$missing" ] && return
	[ "$(id -u)" = 0 ] ||
		die "as root, run: apt-get install$missing"
	if [ -t 0 ] && [ -z "${RSERPOOL_YES:-}" ]; then
		printf 'Install these Debian packages:%s\n[Y/n] ' "$missing" >&2
		read -r answer
		case $answer in n*|N*) die "not without them";; esac
	fi
	say "installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q >&2 || say "apt-get update failed; trying what is known"
	# shellcheck disable=SC2086
	apt-get install -q -y --no-install-recommends $missing >&2
}

# mirror LABEL: the archive that apt itself uses for "Debian" or for
# "Debian-Security".
mirror() {
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' |
		awk -F '|' -v l="$1" '$1 == "Debian" && $2 == l { print $3; exit }'
}
