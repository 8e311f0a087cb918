# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# An archive with modules of the guest's kernel, for tests that have guest_lib.sh, too. The
# guest's load_card loads them.

modules_archive=/tmp/card.cpio

release_of_guest()
{
	local folder=${guest_kernel%/*}

	echo "${folder##*/}"
}

# module_files NAME...: the files of the modules and of those that they need, in the order of
# loading
module_files()
{
	local release name

	release=$(release_of_guest)
	for name in "$@"; do
		chroot $toolbox /sbin/modprobe -S "$release" --show-depends "$name" || return
	done >/tmp/depends
	awk '$1 == "insmod" && !seen[$2]++ { print $2 }' /tmp/depends
}

# put_modules FOLDER NAME...: puts them there, with a list of them, and fault_guest.ko. If it
# fails there is no archive.
put_modules()
{
	local folder="$1" path
	shift

	rm -rf "$folder" $modules_archive
	mkdir -p "$folder/card"
	module_files "$@" >/tmp/modules || return
	while read -r path; do
		cp "$toolbox$path" "$folder/card" || return
		path=${path##*/}
		echo "${path%.xz}"
	done </tmp/modules >"$folder/card/order"
	for path in "$folder"/card/*.xz; do
		[ ! -e "$path" ] || unxz "$path" || return
	done
	cp "guest/fault_guest-$(release_of_guest).ko" "$folder/card/fault_guest.ko"
}

# pack_folder FOLDER
pack_folder()
{
	chroot $toolbox /bin/sh -c "cd $1 && find . | cpio --quiet -o -H newc" >$modules_archive
}

pack_modules()
{
	put_modules /tmp/card "$@" && pack_folder /tmp/card
}

# From 6.14 on, KVM needs the guest's help (see leave_guest.h).
load_card()
{
	case $LAB_KERNEL in
	6.1 | 6.12) ;;
	*) guest insmod /card/fault_guest.ko || return ;;
	esac
	guest load_card
}
