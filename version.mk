# SPDX-License-Identifier: GPL-2.0-only
#
# The version of the module, the command and the packages. Each release has a tag vX.Y.Z. A
# checkout adds its distance to that release and its commit: 0.1.0~1234.g1a2b3c4 before the
# release, 0.1.0+5.g1a2b3c4 after it. `make dist` writes the whole version into the tarball's
# copy of this file, and so builds without git have the same version.
ifneq ($(origin VERSION),command line)
VERSION := 0.1.0

version_top := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
version_git = git -c safe.directory='*' -C $(version_top)

ifneq ($(wildcard $(version_top).git),)
VERSION := $(VERSION)$(shell \
	if at=$$($(version_git) describe --long --match 'v$(VERSION)' --dirty=.dirty 2>/dev/null); then \
		echo "$$at" | sed -e 's/^v$(VERSION)-/+/' -e 's/-g/.g/' -e 's/^+0\.g[0-9a-f]*$$//'; \
	elif at=$$($(version_git) describe --always --match '' --dirty=.dirty 2>/dev/null); then \
		echo "~$$($(version_git) rev-list --count HEAD).g$$at"; \
	fi)
endif
endif
