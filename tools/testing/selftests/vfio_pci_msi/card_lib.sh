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

# places_of NAME: where in BAR0 the slots are that the driver writes, in ascending order. A
# slot's place is that of its address.
places_of()
{
	local low

	low="0x80048 0x83048 0x830a0 0x85048 0x850a0 0x86048"
	case $1 in
	card-1101)
		echo "$low 0x8b048 0x8b0a0 0x8e048 0xb4958 0xb4a60" \
		     "0xb828c 0xb82e4 0xb833c 0xb8394 0xb83ec 0xb84f4" ;;
	card-1103*)
		echo "$low 0x8b048 0x8b0a0 0x8e048 0xb4968 0xb4a70" \
		     "0xb828c 0xb82e4 0xb833c 0xb8394 0xb849c 0xb85a4" ;;
	card-1104)
		echo "0x100048 0x103048 0x1030a0 0x105048 0x1050a0 0x106048 0x10b048 0x10b0a0" \
		     "0x1b496c 0x1b49c4 0x1b4a1c 0x1b4a74" \
		     "0x1b82e4 0x1b833c 0x1b8394 0x1b83ec 0x1b8444 0x1b854c" ;;
	card-1107*)
		echo "$low 0xb4e50 0xb4f40 0xb4fb8 0xb5030" \
		     "0xb852c 0xb85a4 0xb861c 0xb8694 0xb88ec 0xb8acc" ;;
	card-1109)
		echo "0x100048 0x103048 0x1030a0 0x105048 0x1050a0 0x106048 0x10b048 0x10b0a0" \
		     "0x10e048 0x11d048 0x11d0a0 0x1b4e50 0x1b4ec8 0x1b4f40 0x1b4fb8 0x1b5030" \
		     "0x1b8548 0x1b85c0 0x1b8638 0x1b86b0 0x1b8908 0x1b8ae8" ;;
	card-1112)
		echo "$low 0xb4e50 0xb4f40 0xb4fb8 0xb5030" \
		     "0xb8548 0xb85c0 0xb8638 0xb86b0 0xb8908 0xb8ae8" ;;
	esac
}

# htt_rings_of NAME: which rings get their messages from memory, as RING<<8|PDEV. Rings are those
# of enum htt_srng_ring_id in the drivers: 0 buffers, 1 and 4 status and destination of the
# monitor, 7 destination, 12 destination of ath12k's monitor.
htt_rings_of()
{
	case $1 in
	card-1101 | card-1103*) echo "0x101 0x102 0x701 0x702" ;;
	card-1104) echo "0x1 0x101 0x401 0x701" ;;
	card-1107* | card-1112) echo "0x101 0x102" ;;
	card-1109) echo "0x1 0xc01" ;;
	esac
}

# slots_of NAME: how many the driver writes
slots_of()
{
	places_of "$1" | wc -w
}

# shown_by BDF COUNT OFFSET...: for each number below COUNT a line with the dwords that the
# card shows for it
shown_by()
{
	local bdf="$1" count="$2" number=0 offset operations=
	shift 2

	while [ $number -lt "$count" ]; do
		operations="$operations CAP09+28.L=$(printf %x $number)"
		for offset in 2c "$@"; do
			operations="$operations CAP09+$offset.L"
		done
		number=$((number + 1))
	done
	# shellcheck disable=SC2086 # a list
	setpci -s "$bdf" $operations | awk -v dwords=$# '
		NR % (dwords + 1) == 1 {
			wanted = sprintf("%08x", number++)
			if ($1 != wanted)
				print "the card shows " $1 ", not " wanted >"/dev/stderr"
			next
		}
		{ line = line "0x" $1 " " }
		NR % (dwords + 1) == 0 { print line; line = "" }'
}

# in_bar NAME ADDRESS: the place in BAR0 of one of the chip's registers
in_bar()
{
	local view=0x80000

	case $1 in
	card-1104 | card-1109)
		view=0x180000
		[ $(($2)) -lt $((0x1b80000)) ] || view=0x100000 ;;
	esac
	printf '0x%x\n' $(($2 % 0x80000 + view))
}

# interrupts_of_host BDF VECTOR: how many the host has had of that vector
interrupts_of_host()
{
	local irq

	# shellcheck disable=SC2012 # numbers
	irq=$(ls "$pci/devices/$1/msi_irqs" | sort -n | sed -n "$(($2 + 1))p")
	awk -v irq="$irq:" '
		$1 == irq { for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i }
		END { print sum + 0 }' /proc/interrupts
}

# raise_slot BDF NUMBER VECTOR: the card sends the message of one slot, and the host has an
# interrupt of the vector
raise_slot()
{
	local before left=50

	before=$(interrupts_of_host "$1" "$3")
	setpci -s "$1" "CAP09+20.L=$(printf %x $(($2 << 8 | 4)))"
	until [ "$(interrupts_of_host "$1" "$3")" -gt "$before" ]; do
		[ $left -gt 0 ] || return 1
		left=$((left - 1))
		sleep 0.1
	done
}

# slots_in NAME BDF: "PLACE ADDRESS DATA" of each slot that is enabled, in ascending order
slots_in()
{
	local place address data

	shown_by "$2" 24 30 34 38 | while read -r place address data; do
		[ $((place)) = 0 ] || [ $((address)) = 0 ] ||
			printf '%s 0x%x 0x%x\n' "$(in_bar "$1" "$place")" $((address)) $((data))
	done | sort
}

# htt_rings_in BDF: "RING<<8|PDEV ADDRESS" of each ring that gets its message from memory
htt_rings_in()
{
	local ring address

	shown_by "$1" 16 3c 40 | while read -r ring address; do
		[ $((address)) = 0 ] || printf '0x%x 0x%x\n' $((ring)) $((address))
	done | sort
}

# addresses_in BDF: the different addresses that were written to slots
addresses_in()
{
	local address

	shown_by "$1" 16 44 | while read -r address; do
		[ $((address)) = 0 ] || printf '0x%x\n' $((address))
	done
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
