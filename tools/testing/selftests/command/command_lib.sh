# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Functions that the tests of the command share. A test is a function that returns success
# or failure. If it fails, its output is shown, and that of the last command that it ran.

work=$(mktemp -d /tmp/command.XXXXXX)
out=$work/out
err=$work/err
status=0
holder=

# run COMMAND...: its output into $out and $err, its exit code into $status
run() {
	status=0
	"$@" >"$out" 2>"$err" </dev/null || status=$?
	echo "+ $* -> $status"
}

# expect CODE COMMAND...
expect() {
	expected=$1
	shift
	run "$@"
	[ "$status" -eq "$expected" ] || {
		echo "exit code $status, not $expected"
		return 1
	}
}

says() {
	grep -qF -- "$2" "$1" || {
		echo "does not say: $2"
		return 1
	}
}

# same WHAT GOT EXPECTED
same() {
	[ "$2" = "$3" ] || {
		echo "$1 is \"$2\", not \"$3\""
		return 1
	}
}

# json POINTER EXPECTED: in the output of the last run
json() {
	same "$1" "$(command_json "$1" <"$out" 2>&1)" "$2"
}

# device_json POINTER EXPECTED: the same in the first device of the document
device_json() {
	json "/devices/0/$1" "$2"
}

device_lacks() {
	! command_json "/devices/0/$1" <"$out" >/dev/null 2>&1
}

driver_of() {
	driver=$(readlink "/sys/bus/pci/devices/$1/driver") || driver=none
	echo "${driver##*/}"
}

override_of() {
	cat "/sys/bus/pci/devices/$1/driver_override"
}

# has ADDRESS DRIVER OVERRIDE
has() {
	same "driver of $1" "$(driver_of "$1")" "$2" &&
		same "driver_override of $1" "$(override_of "$1")" "$3"
}

# After its bind the driver still has to allocate vectors and to create its node.
nvme_is_live() {
	for _ in $(seq 600); do
		[ "$(cat "/sys/bus/pci/devices/$nvme/nvme/"nvme*/state 2>/dev/null)" != live ] ||
			return 0
		sleep 0.1
	done
	return 1
}

# On a host that does not isolate, VFIO opens devices only if this is set.
allow_no_remapping() {
	modprobe vfio_iommu_type1 && modprobe vfio-pci || return 1
	[ "$LAB_REMAP" = on ] ||
		echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
}

# start COMMAND...: in the background, until release; its first line is in $line
start() {
	mkfifo "$work/ready" || return 1
	"$@" >"$work/ready" &
	holder=$!
	read -r line <"$work/ready"
	rm "$work/ready"
}

# hold ADDRESS [INDEX VECTORS [detach | BAR OFFSET VALUE]]
hold() {
	start command_hold "$@"
	same "holder" "$line" ready
}

# keep_open PATH: keeps any file open until release
keep_open() {
	sleep 1000 3<"$1" &
	holder=$!
	until [ "$(readlink "/proc/$holder/fd/3")" = "$1" ]; do
		kill -0 "$holder" || return 1
	done
}

release() {
	[ -n "$holder" ] || return 0
	kill "$holder"
	# the shell would print "Terminated" into the TAP
	wait "$holder" 2>/dev/null || :
	holder=
}

# check FUNCTION [NAME]: runs a test; the process that it started does not outlive it
check() {
	number=$((number + 1))
	: >"$out"
	: >"$err"
	if "$1" >"$work/log" 2>&1; then
		echo "ok $number ${2:-$1}"
	else
		sed 's/^/# /' "$work/log" "$out" "$err"
		echo "not ok $number ${2:-$1}"
		failed=1
	fi
	release
}

skip() {
	number=$((number + 1))
	echo "ok $number $1 # SKIP $2"
}

# device NAME: its address
device() {
	for pair in $LAB_DEVICES; do
		[ "${pair%%=*}" != "$1" ] || echo "${pair#*=}"
	done
}

plan() {
	number=0
	failed=0
	PATH=$PATH:/tests
	echo "TAP version 13"
	echo "1..$1"
}

finish() {
	rm -r "$work"
	exit "$failed"
}
