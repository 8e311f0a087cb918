# SPDX-License-Identifier: GPL-2.0-only
KDIR ?= /lib/modules/$(shell uname -r)/build
O ?= $(CURDIR)/build
kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR) CONFIG_MSI_VFIO_PCI=m

all: modules

modules modules_install:
	$(kbuild) $@

clean:
	$(kbuild) $@

.PHONY: all modules modules_install clean
