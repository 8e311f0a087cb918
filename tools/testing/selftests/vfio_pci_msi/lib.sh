# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For tests in shell: results as TAP, devices by their names in the plan, binding to
# drivers.

pci=/sys/bus/pci

# busybox's shell prefers its built-in modprobe, which has fewer options than kmod's.
modprobe()
{
	/sbin/modprobe "$@"
}

modinfo()
{
	/sbin/modinfo "$@"
}

tap_count=0
tap_failed=0

tap_begin()
{
	echo "TAP version 13"
}

# tap_ok NAME, tap_not_ok NAME, tap_skip NAME REASON
tap_ok()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $1"
}

tap_not_ok()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count $1"
}

tap_skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $1 # SKIP $2"
}

# check NAME COMMAND...: the test passes if the command succeeds; the output of a
# command that fails is printed as a comment
check()
{
	local name="$1" output
	shift

	if output=$("$@" 2>&1); then
		tap_ok "$name"
	else
		[ -z "$output" ] || echo "$output" | sed 's/^/# /'
		tap_not_ok "$name"
	fi
}

tap_end()
{
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}

# device_names: the names of this run's devices. bdf_of NAME: the BDF of one.
device_names()
{
	local device

	for device in $LAB_DEVICES; do
		echo "${device%%=*}"
	done
}

bdf_of()
{
	local device

	for device in $LAB_DEVICES; do
		[ "${device%%=*}" != "$1" ] || echo "${device#*=}"
	done
}

driver_of()
{
	[ ! -e "$pci/devices/$1/driver" ] ||
		basename "$(readlink "$pci/devices/$1/driver")"
}

release()
{
	[ -z "$(driver_of "$1")" ] || echo "$1" >"$pci/devices/$1/driver/unbind"
	echo >"$pci/devices/$1/driver_override"
}

vfio_modules()
{
	local module

	for module in vfio_iommu_type1 iommufd "$@"; do
		modprobe -q "$module"
	done

	# By default the IOMMU drivers refuse devices whose interrupts are not remapped.
	[ "$LAB_REMAP" = off ] || return 0
	for module in vfio_iommu_type1 iommufd; do
		module=/sys/module/$module/parameters/allow_unsafe_interrupts
		[ ! -e "$module" ] || echo 1 >"$module"
	done
}

# bind BDF DRIVER: fails if the device is not bound to that driver afterwards
bind()
{
	vfio_modules "$2"
	release "$1"
	echo "$2" >"$pci/devices/$1/driver_override"
	echo "$1" >"$pci/drivers_probe"
	[ "$(driver_of "$1")" = "$2" ]
}
