# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# A card's native driver in a guest, for tests that have lib.sh, guest_lib.sh and guest_modules.sh,
# too

card=$(device_names | grep '^card-')
device=$(bdf_of "$card")

# shellcheck disable=SC2154 # guest_modules.sh has it
guest_archives="guest/initramfs $modules_archive"
guest_memory=256

# Under emulation of an emulated processor the driver needs minutes.
seconds=400

interface=/sys/class/net/wlan0
failure="failed to connect to HTT: -110"

# The card's driver: ath11k or ath12k
family=ath11k

# The modules of the guest's kernel that the card needs
card_modules()
{
	local main=${family}_pci

	if [ $family = ath12k ]; then
		main=ath12k_wifi7
		chroot $toolbox /sbin/modinfo -k "$(release_of_guest)" $main >/dev/null 2>&1 ||
			main=ath12k
	fi
	echo qrtr-mhi $main
}

# stub_firmware FOLDER: the files that drivers load into cards. A card takes any content. One
# that starts in the boot loader takes an image, too.
stub_firmware()
{
	local chip file

	for chip in ath11k/WCN6855/hw2.0 ath12k/WCN7850/hw2.0 ath12k/QCN9274/hw2.0 \
		    ath12k/QCC2072/hw1.0; do
		mkdir -p "$1/lib/firmware/$chip"
		for file in board.bin regdb.bin m3.bin caldata.bin aux_ucode.bin; do
			head -c 8192 /dev/zero >"$1/lib/firmware/$chip/$file"
		done
		case $card in
		*-download) head -c 1000000 /dev/zero >"$1/lib/firmware/$chip/amss.bin" ;;
		esac
	done
}

# Makes the archive of the driver and of what it loads into the card.
prepare_card()
{
	local folder=/tmp/card

	# shellcheck disable=SC2046 # a list
	put_modules $folder $(card_modules) || return
	stub_firmware $folder
	pack_folder $folder
}

# choose_kernel [LABEL]: the kernel of the next guests; without a label the one of all guests
choose_kernel()
{
	guest_kernel=$(readlink guest/vmlinux)
	[ -z "$1" ] || guest_kernel=/usr/lib/modules/$(guest_release "$1")/vmlinux
	note "the guest's kernel is $guest_kernel"
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
