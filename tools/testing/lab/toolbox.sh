# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The toolbox: a Debian tree in the cache. The lab builds and runs everything in it, so
# that the machine itself needs very little. Sourced by lab, which sets lab_dir, checkout
# and cache.

toolbox=$cache/toolbox
toolbox_stamp=.lab-complete
toolbox_max_age_days=7
toolbox_log=$cache/toolbox.log

# The mirror that this machine itself uses, so that the lab works with any mirror, proxy
# or cache that the machine was set up with.
apt_uri() {
	local label=$1 uri

	uri=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		sed -n "s/^$label|//p" | head -n 1)
	uri=${uri%/}
	case $uri in
	mirror+file:*)
		uri=$(grep -Eo '^[a-z]+://[^[:space:]]+' "${uri#mirror+file:}" | head -n 1)
		;;
	esac
	printf '%s' "${uri%/}"
}

find_mirrors() {
	mirror=$(apt_uri Debian)
	if [ -z "$mirror" ] && [ "$(id -u)" = 0 ]; then
		apt-get update -qq || true
		mirror=$(apt_uri Debian)
	fi
	security_mirror=$(apt_uri Debian-Security)
	[ -n "$mirror" ]
}

use_apt_proxy() {
	local http='' https=''

	eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
	[ -z "$http" ] || export http_proxy=$http
	[ -z "$https" ] || export https_proxy=$https
}

recipe_packages() {
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$lab_dir/packages"
}

# The files that decide what the toolbox has, without comments, docstrings and blank lines:
# the toolbox is not built again for these. Docstrings begin their lines. Blank lines of
# preferences separate its records.
recipe() {
	(cd "$lab_dir" && awk '
		docstring { docstring = !/"""/; next }
		/^[ \t]*"""/ { docstring = !/""".*"""/; next }
		/^Explanation:/ { next }
		{ sub(/(^|[ \t]+)#.*/, "") }
		NF || FILENAME == "preferences"
		' packages modules preferences packages.py foreign.py archive.py arches.py)
}

recipe_hash() {
	recipe | sha256sum | cut -d ' ' -f 1
}

# Runs a command in a tree. Its mounts and processes end with it. /tmp and /run are new
# each time, which leaves nothing behind and keeps the paths of UNIX sockets short.
# Compilers run under ccache, whose store is in the tree. ccache can use what it has of
# another checkout: it makes paths relative, and for kbuild, which uses absolute ones,
# each checkout is mounted at the same place.
enter_tree() {
	local tree=$1
	shift

	exec unshare --mount --pid --fork --kill-child --propagation private \
		/bin/sh -c '
		set -e
		tree=$1 checkout=$2 cache=$3 same_checkout=/lab-checkout
		shift 3
		mount -t proc proc "$tree/proc"
		mount --rbind /dev "$tree/dev"
		mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
		mount -t tmpfs -o mode=755 tmpfs "$tree/run"
		for dir in "$cache" "$checkout"; do
			mkdir -p "$tree$dir"
			mount --rbind "$dir" "$tree$dir"
		done
		mkdir -p "$tree$same_checkout"
		mount --rbind "$checkout" "$tree$same_checkout"
		code=0
		chroot "$tree" /usr/bin/env -i -C "$checkout" HOME=/tmp \
			LANG=C.UTF-8 TERM="${TERM:-dumb}" \
			PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin \
			CCACHE_DIR=/var/cache/ccache CCACHE_MAXSIZE=500M \
			CCACHE_BASEDIR="$checkout" CCACHE_NOHASHDIR=1 \
			${http_proxy:+http_proxy="$http_proxy"} \
			${https_proxy:+https_proxy="$https_proxy"} \
			DEBIAN_FRONTEND=noninteractive INITRD=No \
			PYTHONDONTWRITEBYTECODE=1 \
			LAB_CACHE="$cache" LAB_CHECKOUT="$checkout" \
			LAB_SAME_CHECKOUT="$same_checkout" "$@" || code=$?
		exit $code
		' lab-toolbox "$tree" "$checkout" "$cache" "$@"
}

in_tree() {
	(enter_tree "$@")
}

# An incomplete tree has no stamp; a damaged one does not pass the check.
tree_is_sound() {
	[ -s "$1/$toolbox_stamp" ] &&
		in_tree "$1" python3 "$lab_dir/packages.py" check 2>/dev/null
}

recipe_is_the_same() {
	[ "$(head -n 1 "$toolbox/$toolbox_stamp")" = "$(recipe_hash)" ]
}

toolbox_is_ready() {
	[ -n "$(find "$toolbox/$toolbox_stamp" -mtime -$toolbox_max_age_days 2>/dev/null)" ] &&
		recipe_is_the_same && tree_is_sound "$toolbox"
}

# Returns 0 if the mirror has nothing newer, 1 if it has something newer or may have now
# what it lacked, and 2 if it cannot be reached.
mirror_moved_on() {
	local now

	in_tree "$toolbox" python3 "$lab_dir/packages.py" update \
		>"$toolbox_log" 2>&1 || return 2
	now=$(in_tree "$toolbox" python3 "$lab_dir/packages.py" state) || return 2
	[ "$now" = "$(tail -n +2 "$toolbox/$toolbox_stamp")" ]
}

# First the packages of the list; then the kernels, as only an apt that knows the suites
# can tell the names of their packages.
build_tree() {
	local tree=$1 include

	include=$(recipe_packages | paste -sd, -)
	mmdebstrap --variant=apt --format=directory --skip=cleanup/apt \
		--include="$include" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--setup-hook='cp /etc/resolv.conf "$1/etc/" 2>/dev/null || true' \
		--setup-hook="cp '$lab_dir/preferences' \"\$1/etc/apt/preferences.d/lab\"" \
		trixie "$tree" \
		"deb $mirror trixie main" \
		"deb $mirror trixie-backports main" \
		"deb $mirror bookworm main" \
		${security_mirror:+"deb $security_mirror bookworm-security main"} &&
	in_tree "$tree" python3 "$lab_dir/packages.py" install &&
	in_tree "$tree" python3 "$lab_dir/packages.py" check &&
	{
		recipe_hash &&
		in_tree "$tree" python3 "$lab_dir/packages.py" state &&
		in_tree "$tree" python3 "$lab_dir/packages.py" behind
	} >"$tree/$toolbox_stamp.tmp" &&
	mv "$tree/$toolbox_stamp.tmp" "$tree/$toolbox_stamp"
}

# Kernels that the toolbox has and the other tree lacks.
lost_kernels() {
	comm -13 <(in_tree "$toolbox" python3 "$lab_dir/packages.py" missing | sort) \
		<(in_tree "$1" python3 "$lab_dir/packages.py" missing | sort) |
		paste -sd ' '
}

# replace_toolbox OLD: OLD is a toolbox by the same recipe, or empty. It is kept if the
# new one lacks a kernel that it has.
replace_toolbox() {
	local old=$1 new=$toolbox.new lost=

	rm -rf --one-file-system "$new"
	if ! find_mirrors; then
		say "this machine's apt names no Debian mirror to take packages from"
		return 1
	fi
	if ! step "building the toolbox, 2 to 5 minutes" build_tree "$new"; then
		tail -n 20 "$toolbox_log" >&2
		say "building the toolbox failed, all of it in $toolbox_log"
		rm -rf --one-file-system "$new"
		return 1
	fi
	[ -z "$old" ] || lost=$(lost_kernels "$new")
	if [ -n "$lost" ]; then
		say "the mirror has no $lost any more, using the toolbox as it was"
		rm -rf --one-file-system "$new"
		touch "$toolbox/$toolbox_stamp"
		return 0
	fi
	rm -rf --one-file-system "$toolbox"
	mv "$new" "$toolbox"
}

renew_toolbox() {
	local sound=no old=

	if tree_is_sound "$toolbox"; then
		sound=yes
		if recipe_is_the_same; then
			old=$toolbox
			mirror_moved_on
			case $? in
			0)
				touch "$toolbox/$toolbox_stamp"
				return 0
				;;
			2)
				say "the mirror cannot be reached, using the toolbox as it is"
				return 0
				;;
			esac
		fi
	fi
	replace_toolbox "$old" && return 0
	[ $sound = yes ] && say "using the toolbox as it was"
}

# Leaves a shared lock on the cache, which lasts as long as this command and the
# processes that it starts, so that nobody replaces a toolbox that is in use.
ensure_toolbox() {
	local told=

	mkdir -p "$cache" || return 1
	use_apt_proxy
	exec 9>"$cache/lock"
	if ! flock -n -s 9; then
		say "waiting for another lab to build the toolbox"
		flock -s 9
	fi
	toolbox_is_ready && return 0
	while ! flock -n -x 9; do
		flock -s 9
		tree_is_sound "$toolbox" && recipe_is_the_same && return 0
		flock -u 9
		[ -n "$told" ] || say "waiting for other labs to end, to build another toolbox"
		told=yes
		sleep 2
	done
	toolbox_is_ready || renew_toolbox || return 1
	flock -s 9
}
