# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# A guest in the emulated host: an unmodified QEMU from the lab's toolbox with the
# device passed through. For guest_test and the demo.

toolbox=/tmp/toolbox
run=/tmp/guest
patience=300

# A line that helps to understand a failure.
note()
{
	echo "# $*"
}

# The toolbox's /usr as a tree of its own, in which QEMU finds all it needs.
guest_prepare()
{
	modprobe -a virtio_pci 9pnet_virtio 9p kvm_amd 2>/tmp/modprobe ||
		{ note "$(cat /tmp/modprobe)"; return 1; }
	mkdir -p $toolbox/usr $toolbox/dev $toolbox/proc $toolbox/sys \
		$toolbox/tmp $run
	mount -t 9p -o trans=virtio,ro,cache=loose,msize=524288 toolbox \
		$toolbox/usr || return 1
	for name in bin lib lib64 sbin; do
		ln -s usr/$name $toolbox/$name
	done
	for name in dev proc sys tmp; do
		mount --rbind /$name $toolbox/$name || return 1
	done
	[ -e /dev/kvm ]
}

# A guest in which MSI has several vectors; there is one without it.
guest_iommu="-device intel-iommu,intremap=on,caching-mode=on,eim=on"

# On the emulated SVM an access to memory that QEMU plays may end the guest (see
# leave_guest() in guest.c), so it makes few: x2APIC where it has an IOMMU,
# no HPET, config space by ports.
guest_machine="q35,accel=kvm,kernel-irqchip=split,hpet=off"
guest_parameters="console=ttyS0 quiet panic=-1 no_timer_check intel_iommu=off pci=nommconf"

# guest_start DEVICE [QEMU_ARGUMENT...]
guest_start()
{
	device=$1
	shift
	rm -rf $run
	mkdir -p $run
	mkfifo $run/channel.in $run/channel.out
	cp guest/initramfs $run
	chroot $toolbox qemu-system-x86_64 -nodefaults -no-user-config \
		-display none -cpu host -m 128 -machine $guest_machine \
		"$@" \
		-device pcie-root-port,id=root0,chassis=1,slot=1 \
		-device "vfio-pci,host=$device,bus=root0" \
		-kernel "$(readlink guest/vmlinux)" -initrd $run/initramfs \
		-append "$guest_parameters" -serial file:$run/console \
		-chardev pipe,id=channel,path=$run/channel \
		-serial chardev:channel >$run/qemu 2>&1 &
	qemu=$!
	# Opened for both, lest the shell waits for the other end.
	exec 3<>$run/channel.in 4<>$run/channel.out
	guest_watch &
	watcher=$!
	guest_wait_ready
}

# QEMU's own word for what leave_guest() in guest.c is about.
guest_ended_by_emulator()
{
	grep -q '^KVM internal error. Suberror: 3$' $run/qemu
}

# Says in the guest's place that there is no hope for a word from it. (A read with
# a timeout would forget the part of a line that it has read by then.)
guest_watch()
{
	waited=0
	while [ $waited -lt $patience ] && kill -0 $qemu 2>/dev/null &&
	      ! guest_ended_by_emulator; do
		sleep 1
		waited=$((waited + 1))
		[ ! -e $run/heard ] || { rm $run/heard; waited=0; }
	done
	touch $run/lost
	printf '\n@lost\n' >&4
}

# Reads the guest's next line into $reply, as long as there is hope for one.
guest_line()
{
	[ ! -e $run/lost ] || return 1
	read -r reply <&4
	: >$run/heard
	[ "$reply" != @lost ]
}

# The guest has started, or has started again.
guest_wait_ready()
{
	while guest_line; do
		[ "$reply" != @ready ] || return 0
	done
	return 1
}

# guest COMMAND...: run it there, print what it prints, return what it returns.
guest()
{
	echo "$*" >&3
	while guest_line; do
		case $reply in
		@done*)
			return "${reply#@done }"
			;;
		esac
		echo "$reply"
	done
	return 99
}

guest_reboot()
{
	echo "reboot -f" >&3
	guest_wait_ready
}

# Ends the guest, and says what is known of one that was lost.
guest_stop()
{
	kill $watcher 2>/dev/null
	wait $watcher 2>/dev/null
	echo "poweroff -f" >&3
	i=0
	while kill -0 $qemu 2>/dev/null && [ ! -e $run/lost ] && [ $i -lt 100 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	kill -9 $qemu 2>/dev/null
	wait $qemu 2>/dev/null
	exec 3>&- 4>&-
	sed 's/^/# qemu: /' $run/qemu
	if [ -e $run/lost ]; then
		note "the guest did not answer"
		tail -n 20 $run/console | sed 's/^/# guest: /'
	fi
}

# guest_try COMMAND...: what starts a guest and stops it; a second time if the
# emulated processor, and nothing else, ended the guest.
guest_try()
{
	"$@"
	code=$?
	guest_ended_by_emulator || return $code
	note "the emulated SVM ended the guest (KVM internal error, suberror 3): once more"
	"$@"
}

# expect NAME WANTED COMMAND...: what a command in the guest prints, in one line
expect()
{
	local name="$1" wanted="$2" got
	shift 2

	got=$(guest "$*" | tr '\n' ' ')
	if [ "$got" = "$wanted " ]; then
		tap_ok "$name"
	else
		note "$*: $got, not $wanted"
		tap_not_ok "$name"
	fi
}

# Results as after what came before it, also when it is told again.
tell()
{
	tap_count=$told
	tap_failed=$failed
	"$@" >/tmp/results
}

# scene COMMAND...: what starts a guest, tells results and stops it
scene()
{
	told=$tap_count
	failed=$tap_failed
	guest_try tell "$@"
	cat /tmp/results
}
