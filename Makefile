# SPDX-License-Identifier: GPL-2.0-only
#
# make                  the module, for the running kernel
# make KDIR=DIR         the module, for the kernel whose build tree DIR is
# make modules_install  install it there (INSTALL_MOD_PATH as in the kernel)
# make command          the vfio-msi command: build/objects/vfio-msi/vfio-msi
# make install-command  install it with the man pages and its completions
# make library          libvfiomsi, into build/; needs neither the module nor a kernel tree
# make install-library  install it with its header and pkg-config file
# make demo             a Wi-Fi card's driver in a guest, without the module and with it
# make demo-slots       the messages that the card gets, without the module and with it
# make test             all tests, in emulated hosts with four kernels
# make test-guest       guests of an unmodified VMM in emulated hosts, on Debian's kernels
# make soak             longer tests, and tests on more kernels (hours)
# make bench            count what VFIO costs under both drivers (an hour)
# make profile          in which functions (ROWS=REGEX; KERNEL=newest, PLATFORM=on)
# make bench-check      compare some of that with its bounds
# make kselftest        kselftests on devices of this host (CONTRIBUTING.md)
# make test-system      the packages on whole Debian systems
# make patch            the patches for upstream, in build/patch (upstream/README.rst)
# make test-patch       their tests
# make fuzz             slot.c and libvfiomsi against models of them (long; needs clang)
# make fuzz-device      random calls of VFIO, in emulated hosts (FUZZ_SECONDS for each, 1200)
# make fuzz-corpus      the same on the debug kernel; adds to the corpus what reaches more
# make mutants          break the module in many places: which test notices? (hours; COUNT=N)
# make coverage         which lines of the module the tests reach (20 minutes)
# make manual           the manual, in build/manual/html/ (needs Sphinx and mandoc)
# make dist             a tarball of the sources, in build/
# make deb              Debian's packages, in build/deb/
# make clean            remove what was built

include version.mk

KDIR ?= /lib/modules/$(shell uname -r)/build
O ?= $(CURDIR)/build/objects
DESTDIR ?=
lab = tools/testing/lab/lab
kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR) CONFIG_MSI_VFIO_PCI=m MSI_VFIO_PCI_VERSION=$(VERSION)
have_kdir = $(wildcard $(KDIR)/Makefile)

# Distributions' build trees are configured for signing, but do not have the key.
kbuild += $(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

# kbuild does not notice that objects were built for another kernel.
built_for = $(file <.built-for)
kdir = $(realpath $(KDIR))

all: modules

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

check-kdir:
	$(if $(have_kdir),,$(error no kernel build tree in $(KDIR): install \
		linux-headers for the running kernel, or name another by KDIR=))

modules: check-kdir
	$(if $(filter-out $(kdir),$(built_for)),$(kbuild) clean)
	@echo $(kdir) >.built-for
	$(kbuild) $@

modules_install: check-kdir
	$(if $(filter $(kdir),$(built_for)),,$(error what is built here is not for \
		$(KDIR): make it first, with the same KDIR))
	$(kbuild) $@

command:
	$(MAKE) -C tools/vfio-msi O=$(O)/vfio-msi VERSION=$(VERSION)

install-command:
	$(MAKE) -C tools/vfio-msi O=$(O)/vfio-msi VERSION=$(VERSION) DESTDIR=$(DESTDIR) install

library:
	$(MAKE) -C tools/lib/vfio-msi O=$(O)/libvfiomsi VERSION=$(VERSION)

install-library:
	$(MAKE) -C tools/lib/vfio-msi O=$(O)/libvfiomsi VERSION=$(VERSION) DESTDIR=$(DESTDIR) \
		install

# A warning is a failure.
manual:
	sphinx-build -q -W --keep-going -d build/manual/doctrees Documentation build/manual/html
	mkdir -p build/manual/html/man
	for page in Documentation/man/*; do \
		mandoc -T html -O man=%N.%S.html $$page \
			>build/manual/html/man/$${page##*/}.html || exit; \
	done

# What DKMS builds the module of, and what keeps a module that the kernel refuses from
# libvirt.
dkms_source = $(DESTDIR)/usr/src/msi-vfio-pci-$(VERSION)

install-dkms:
	mkdir -p $(dkms_source)/drivers/vfio/pci/msi $(dkms_source)/include/uapi/linux
	install -m 0644 Makefile Kbuild COPYING $(dkms_source)
	install -m 0644 $(wildcard $(addprefix drivers/vfio/pci/msi/,*.c *.h *.sh Kconfig Makefile)) \
		$(dkms_source)/drivers/vfio/pci/msi
	install -m 0644 include/uapi/linux/vfio_pci_msi.h $(dkms_source)/include/uapi/linux
	echo 'VERSION := $(VERSION)' >$(dkms_source)/version.mk
	sed 's/#MODULE_VERSION#/$(VERSION)/' packaging/dkms.conf >$(dkms_source)/dkms.conf
	install -D -m 0755 packaging/msi-vfio-pci-check $(DESTDIR)/usr/lib/msi-vfio-pci/check
	install -D -m 0644 packaging/msi-vfio-pci-check.service \
		$(DESTDIR)/usr/lib/systemd/system/msi-vfio-pci-check.service

dist:
	packaging/copy-sources $(VERSION) build/msi-vfio-pci-$(VERSION)
	tar -C build --sort=name --owner=0 --group=0 --numeric-owner -cJf \
		build/msi-vfio-pci-$(VERSION).tar.xz msi-vfio-pci-$(VERSION)
	rm -r build/msi-vfio-pci-$(VERSION)

deb:
	rm -rf build/deb
	packaging/copy-sources $(VERSION) build/deb/msi-vfio-pci-$(VERSION)
	cd build/deb/msi-vfio-pci-$(VERSION) && dpkg-buildpackage -us -uc -b

demo:
	tools/testing/demo/run

demo-slots:
	$(lab) boot --kernel newest --remap on --devices ath11k,toolbox --tests demo_slots --raw

# The row "system" waits for the disk that the first line makes. If that fails, the row says so.
# Ctrl-C does not reach what runs in the background, so that has a group of its own.
test:
	setsid tools/testing/system/system disk trixie & disk=$$!; \
		trap 'kill -- -$$disk 2>/dev/null' INT TERM; \
		$(lab) matrix --plan tools/testing/plan; code=$$?; wait; exit $$code

test-guest:
	$(lab) matrix --plan tools/testing/guest/plan

soak:
	$(lab) matrix --plan tools/testing/soak --timeout 7200

bench:
	tools/testing/bench/bench

KERNEL ?= newest
PLATFORM ?= on
profile:
	tools/testing/bench/profile $(KERNEL) $(PLATFORM) '$(ROWS)'

bench-check:
	$(lab) matrix --plan tools/testing/bench/plan

kselftest: command
	$(if $(DEVICES),,$(error name the devices: make kselftest DEVICES="0000:01:00.0 ..."))
	$(if $(LINUX),,$(error name a source of Linux 7.3 or later, whose headers were \
		installed into usr/include: LINUX=DIR))
	$(MAKE) -C tools/testing/selftests/vfio_pci_msi O=$(O)/selftests LINUX=$(LINUX) all
	rm -rf $(O)/kselftest
	$(MAKE) -C tools/testing/selftests/kselftest LINUX=$(LINUX) PROGRAMS=$(O)/selftests \
		DESTDIR=$(O)/kselftest install
	PATH=$(O)/vfio-msi:$$PATH $(O)/kselftest/run $(DEVICES)

fuzz:
	$(MAKE) -C tools/testing/unit fuzz
	$(MAKE) -C tools/testing/libvfiomsi fuzz

# The next seeds: each has other programs than `make soak` has.
FUZZ_SECONDS ?= 1200
FUZZ_SEED ?= 1000
FUZZ_DEVICES ?= msix,ath11k
fuzz_device = $(lab) boot --cpus 2 --timeout $$(($(FUZZ_SECONDS) + 1800)) \
	--devices $(FUZZ_DEVICES) --tests fuzz_test:$(FUZZ_SECONDS)s+$(FUZZ_SEED)

fuzz-device:
	$(fuzz_device) --kernel newest
	$(fuzz_device) --kernel debug

fuzz-corpus:
	mkdir -p build
	$(fuzz_device).reduce --raw --kernel debug >build/fuzz-kept
	sed -n 's/^# kept:$$//p; s/^#   //p' build/fuzz-kept >>tools/testing/fuzz/corpus

test-system:
	tools/testing/system/system

patch:
	$(lab) enter env PATCH_NAME="$$(git config user.name)" \
		PATCH_EMAIL="$$(git config user.email)" upstream/make-series

COUNT ?= 10
mutants:
	tools/testing/mutants/mutants $(COUNT)

coverage:
	$(lab) coverage

test-patch:
	$(lab) enter upstream/check-series
	$(lab) shell --kernel newest --cpus 2 --timeout 1200 \
		--devices igb,msix,ath11k-noid,ath11k -- /checkout/upstream/run-series

# The lab runs the following targets in its toolbox.

# The programs that run in emulated hosts. LINUX is a kernel source tree, GUEST the
# release of the kernel of guests. With CROSS_COMPILE the hosts are of another
# architecture; these have only some of the tests.
payload: $(if $(CROSS_COMPILE),payload-cross,payload-native)

payload-cross:
	$(MAKE) -C tools/testing/selftests/vfio_pci_msi O=$(O)/$(ARCH)/selftests \
		LINUX=$(LINUX) DESTDIR=$(DESTDIR) install

payload-native: install-command
	$(MAKE) -C tools/testing/selftests/vfio_pci_msi O=$(O)/selftests \
		LINUX=$(LINUX) DESTDIR=$(DESTDIR) install
	$(MAKE) -C tools/testing/selftests/command O=$(O)/command \
		DESTDIR=$(DESTDIR) install
	$(MAKE) -C tools/testing/selftests/kselftest LINUX=$(LINUX) \
		DESTDIR=$(DESTDIR)/kselftest install
	$(MAKE) -C tools/testing/guest O=$(O)/guest GUEST=$(GUEST) \
		DESTDIR=$(DESTDIR) install
	$(MAKE) -C tools/testing/vmm O=$(O)/vmm DESTDIR=$(DESTDIR) install
	$(MAKE) -C tools/testing/demo O=$(O)/demo DESTDIR=$(DESTDIR) install

# The emulated devices, which run outside the emulated host.
devices:
	$(MAKE) -C tools/testing/devices O=$(O)

clean:
	rm -rf build .built-for
	$(if $(have_kdir),$(kbuild) $@,@echo "there is no $(KDIR): what was \
		built for another kernel stays, unless KDIR= names that")

.PHONY: all help check-kdir modules modules_install command install-command \
	library install-library install-dkms manual dist deb demo demo-slots \
	test test-guest test-system test-patch patch soak bench profile \
	bench-check kselftest fuzz fuzz-device fuzz-corpus mutants coverage \
	payload payload-cross payload-native devices clean
