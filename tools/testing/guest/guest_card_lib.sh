# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# A card's native driver in a guest, for tests that have guest_lib.sh, too

card_archive=/tmp/card.cpio
guest_archives="guest/initramfs $card_archive"
guest_memory=256

# Under emulation of an emulated processor the driver needs minutes.
seconds=400

interface=/sys/class/net/wlan0
failure="failed to connect to HTT: -110"

# The modules of the guest's kernel that the card needs, in the order of loading
modules()
{
	local release name

	release=$(readlink guest/vmlinux)
	release=${release%/*}
	for name in qrtr-mhi ath11k_pci; do
		chroot $toolbox /sbin/modprobe -S "${release##*/}" --show-depends $name || return
	done >/tmp/depends
	awk '$1 == "insmod" && !seen[$2]++ { print $2 }' /tmp/depends
}

# Makes the archive of the driver and of what it loads into the card, which takes any file.
prepare_card()
{
	local folder=/tmp/card path
	local firmware=$folder/lib/firmware/ath11k/WCN6855/hw2.0

	mkdir -p $folder/card $firmware
	modules >/tmp/modules || return
	while read -r path; do
		cp "$toolbox$path" $folder/card || return
		path=${path##*/}
		echo "${path%.xz}"
	done </tmp/modules >$folder/card/order
	find $folder/card -name '*.xz' -exec unxz {} +
	for path in board.bin regdb.bin m3.bin; do
		head -c 8192 /dev/zero >$firmware/$path
	done
	chroot $toolbox /bin/sh -c "cd $folder && find . | cpio --quiet -o -H newc" >$card_archive
}

# until_guest COMMAND...: waits until the command succeeds in the guest
until_guest()
{
	local end

	end=$(($(cut -d . -f 1 /proc/uptime) + seconds))
	until guest "$*"; do
		[ ! -e $run/lost ] && [ "$(cut -d . -f 1 /proc/uptime)" -lt $end ] || return 1
		sleep 2
	done
}
