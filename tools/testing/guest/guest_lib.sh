# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# A guest in the emulated host, with the device passed through: of an unmodified QEMU of the
# lab's toolbox, or of the small VMM. For guest_test, guest_card_test, guest_map_test and the demo.

toolbox=/tmp/toolbox
run=/tmp/guest
patience=300

# note TEXT...: a comment in the test's output that helps to understand a failure
note()
{
	echo "# $*"
}

# Mounts the toolbox's /usr, in which QEMU finds everything that it needs, unless another test has
# done so.
guest_prepare()
{
	[ ! -e $toolbox/usr/bin ] || { [ -e /dev/kvm ]; return; }
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

# In a guest with this IOMMU, MSI can have several vectors; without it only one.
guest_iommu="-device intel-iommu,intremap=on,caching-mode=on,eim=on"

# On the emulated SVM, an access to memory that QEMU emulates may end the guest (see
# leave_guest.h). So the guest makes few of them: it has x2APIC if it has an
# IOMMU, no HPET, and config space through ports.
guest_machine="q35,accel=kvm,kernel-irqchip=split,hpet=off"
guest_parameters="console=ttyS0 quiet panic=-1 no_timer_check intel_iommu=off pci=nommconf no_console_suspend"

# The VMM of guest_start: qemu, or vmm, which is the small one of tools/testing/vmm. It has
# neither ACPI nor firmware, and takes a triple fault for a reset.
guest_vmm=qemu
vmm_parameters="console=ttyS0 quiet panic=-1 no_timer_check acpi=off pci=conf1 reboot=t"

guest_archives=guest/initramfs
guest_memory=128
guest_kernel=$(readlink guest/vmlinux)
# A guest that sleeps needs its kernel as a vmlinuz. QEMU copies the parts of a vmlinux into memory
# again at each reset, and the wake-up is one: the kernel's page tables would be gone.
guest_form=vmlinux

# guest_release LABEL: the release of the lab's kernel of that label, for guests
guest_release()
{
	local wanted="$1." path

	[ "$1" != newest ] || wanted=
	for path in "$toolbox/usr/lib/modules/$wanted"*-amd64; do
		echo "${path##*/}"
	done | sort -V | tail -n 1
}

# start_qemu [QEMU_ARGUMENT...], start_vmm [VMM_ARGUMENT...]: replaces a shell in the background
start_qemu()
{
	exec chroot $toolbox qemu-system-x86_64 -nodefaults -no-user-config \
		-display none -cpu host -m $guest_memory -machine $guest_machine \
		"$@" \
		-device pcie-root-port,id=root0,chassis=1,slot=1 \
		-device "vfio-pci,host=$device,bus=root0" \
		-qmp pipe:$run/monitor \
		-kernel "${guest_kernel%/*}/$guest_form" -initrd $run/initramfs \
		-append "$guest_parameters" -serial file:$run/console \
		-chardev pipe,id=channel,path=$run/channel \
		-serial chardev:channel
}

start_vmm()
{
	exec ./vmm --device "$device" --memory $guest_memory \
		--kernel "$toolbox$guest_kernel" --initrd $run/initramfs \
		--append "$vmm_parameters" --console $run/console \
		--channel-in $run/channel.in --channel-out $run/channel.out "$@"
}

# guest_start DEVICE [ARGUMENT...]: starts a guest with the device and waits for it. The
# arguments are the VMM's.
guest_start()
{
	device=$1
	shift
	rm -rf $run
	mkdir -p $run
	mkfifo $run/channel.in $run/channel.out $run/monitor.in $run/monitor.out
	# guest_watch can read it before QEMU has been started.
	: >$run/qemu
	# shellcheck disable=SC2086 # a list
	cat $guest_archives >$run/initramfs
	start_$guest_vmm "$@" >$run/qemu 2>&1 &
	qemu=$!
	# Opened for reading and writing, as the shell would else wait for the other end.
	exec 3<>$run/channel.in 4<>$run/channel.out 5<>$run/monitor.in
	[ $guest_vmm != qemu ] || start_monitor
	guest_watch &
	watcher=$!
	guest_wait_ready
}

start_monitor()
{
	cat $run/monitor.out >$run/answers &
	monitor qmp_capabilities
}

# monitor COMMAND: has QEMU's monitor execute the command
monitor()
{
	echo "{ \"execute\": \"$1\" }" >&5
}

# Has the emulated SVM ended the guest? QEMU prints this line then; leave_guest.h
# has the reason.
guest_ended_by_emulator()
{
	grep -q '^KVM internal error. Suberror: 3$' $run/qemu
}

# Writes the line "@lost" to the channel when the guest has ended or has not answered for too
# long. (A read with a timeout would lose the part of a line that it has read by then.)
guest_watch()
{
	waited=0
	# kill -0 would find a process that has ended, until it is waited for.
	while [ $waited -lt $patience ] && readlink /proc/$qemu/exe >/dev/null &&
	      ! guest_ended_by_emulator; do
		sleep 1
		waited=$((waited + 1))
		[ ! -e $run/heard ] || { rm $run/heard; waited=0; }
	done
	touch $run/lost
	printf '\n@lost\n' >&4
}

# Reads the guest's next line into $reply; fails if the guest is lost.
guest_line()
{
	[ ! -e $run/lost ] || return 1
	read -r reply <&4
	: >$run/heard
	[ "$reply" != @lost ]
}

# Waits until the guest has started, or has started again.
guest_wait_ready()
{
	while guest_line; do
		[ "$reply" != @ready ] || return 0
	done
	return 1
}

# guest COMMAND...: runs the command in the guest; prints its output, returns its status
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

# The guest suspends to memory (S3) and is woken up. QEMU resets the devices then.
guest_sleep()
{
	local sleeper

	guest "echo mem >/sys/power/state" &
	sleeper=$!
	until grep -q '"SUSPEND"' $run/answers; do
		# It did not suspend, or is lost.
		kill -0 $sleeper 2>/dev/null || break
		sleep 1
	done
	monitor system_wakeup
	wait $sleeper || {
		tail -n 3 $run/answers
		tail -n 20 $run/console
		return 1
	}
}

guest_reboot()
{
	echo "reboot -f" >&3
	guest_wait_ready
}

# A reset that the guest does not know of in advance
guest_system_reset()
{
	monitor system_reset
	guest_wait_ready
}

# Ends the guest. If it was lost, prints what QEMU and the guest's console said.
guest_stop()
{
	kill $watcher 2>/dev/null
	wait $watcher 2>/dev/null
	# Without ACPI a guest cannot turn the power off.
	[ $guest_vmm = qemu ] || echo "reboot -f" >&3
	echo "poweroff -f" >&3
	i=0
	while kill -0 $qemu 2>/dev/null && [ ! -e $run/lost ] && [ $i -lt 100 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	kill -9 $qemu 2>/dev/null
	wait $qemu 2>/dev/null
	exec 3>&- 4>&- 5>&-
	sed "s/^/# $guest_vmm: /" $run/qemu
	if [ -e $run/lost ]; then
		note "the guest did not answer"
		tail -n 20 $run/console | sed 's/^/# guest: /'
	fi
}

# guest_try COMMAND...: runs a command that starts a guest and stops it, and runs it a second
# time if the emulated processor ended the guest
guest_try()
{
	"$@"
	code=$?
	guest_ended_by_emulator || return $code
	note "the emulated SVM ended the guest (KVM internal error, suberror 3): trying again"
	"$@"
}

# expect NAME WANTED COMMAND...: a test which passes if the command, run in the guest, prints
# the words WANTED
expect()
{
	local name="$1" wanted="$2" got
	shift 2

	got=$(guest "$*" | tr '\n' ' ')
	if [ "$got" = "$wanted " ]; then
		tap_ok "$name"
	else
		note "'$*' in the guest printed: ${got% }; expected: $wanted"
		tap_not_ok "$name"
	fi
}

# Keeps the command's results in a file, and numbers them from the same number on when it runs
# a second time.
keep_results()
{
	tap_count=$count_before
	tap_failed=$failed_before
	"$@" >/tmp/results
}

# with_guest COMMAND...: runs a command that starts a guest, tests in it and stops it, and
# prints the results of its last run
with_guest()
{
	count_before=$tap_count
	failed_before=$tap_failed
	guest_try keep_results "$@"
	cat /tmp/results
}
