# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What an emulated card reports of its driver (tools/testing/devices/ath/ath.h), in hosts and
# in hosts of guests

# Of enum ath_stage in tools/testing/devices/ath/ath.h: HTC is ready, and the last.
htc_ready=4
complete=7

# report_of BDF OFFSET: a dword of the card's vendor-specific capability
report_of()
{
	printf '%d\n' "0x$(setpci -s "$1" "CAP09+$2.L")"
}

# came_to BDF STAGE
came_to()
{
	local stage

	stage=$(report_of "$1" 4)
	echo "stage: $stage"
	[ "$stage" = "$2" ]
}

interrupted_by()
{
	local sent

	sent=$(report_of "$1" "$2")
	echo "sent: $sent"
	[ "$sent" -gt 0 ]
}

# slots_of NAME: how many the driver writes
slots_of()
{
	case $1 in
	card-1101 | card-1103*) echo 17 ;;
	card-1104) echo 18 ;;
	card-1107* | card-1112) echo 16 ;;
	card-1109) echo 22 ;;
	esac
}

has_slots()
{
	local slots

	slots=$(report_of "$1" 8)
	echo "slots: $slots"
	[ "$slots" = "$2" ]
}

no_dma_failed()
{
	[ "$(report_of "$1" 18)" = 0 ]
}
