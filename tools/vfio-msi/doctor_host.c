// SPDX-License-Identifier: GPL-2.0-only
/* What doctor checks of the host. */
#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "vfio-msi.h"

#define PARAMETER(module, name)	"/sys/module/" module "/parameters/" name

static size_t count_entries(const char *path)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	if (!stream)
		return 0;
	while ((entry = readdir(stream)))
		count += entry->d_name[0] != '.';
	closedir(stream);
	return count;
}

static bool is_yes(const char *parameter)
{
	char text[NAME_SIZE];

	return !file_read(parameter, text, sizeof(text)) && (text[0] == 'Y' || text[0] == '1');
}

/* A word of the kernel's command line that switches something off, or NULL */
static const char *switched_off(const char *const words[])
{
	char text[1 << 12], *rest = text, *word;
	size_t i;

	if (file_read("/proc/cmdline", text, sizeof(text)))
		return NULL;
	while ((word = strsep(&rest, " ")))
		for (i = 0; words[i]; i++)
			if (!strcmp(word, words[i]))
				return words[i];
	return NULL;
}

static const char *in_firmware(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	const char *advice = "switch the IOMMU on in the firmware's setup";
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "vendor_id", 9))
			continue;
		if (strstr(line, "GenuineIntel"))
			advice = "switch VT-d on in the firmware's setup, and boot with "
				 "intel_iommu=on";
		else if (strstr(line, "AuthenticAMD"))
			advice = "switch the IOMMU (AMD-Vi) on in the firmware's setup";
		break;
	}
	if (file)
		fclose(file);
	return advice;
}

static void check_iommu(struct findings *findings)
{
	static const char *const off[] = { "iommu=off", "intel_iommu=off", "amd_iommu=off", NULL };
	size_t groups = count_entries("/sys/kernel/iommu_groups");
	const char *word = switched_off(off);

	if (groups)
		finding_add(findings, NULL, "IOMMU", FINDING_OK, NULL, "on, %zu groups", groups);
	else
		finding_add(findings, NULL, "IOMMU", FINDING_PROBLEM,
			    word ? format_text("take %s from the kernel's command line", word) :
			    format_text("%s", in_firmware()),
			    "off: there are no IOMMU groups, and VFIO accepts no device");
}

static void check_remapping(struct findings *findings)
{
	static const char *const off[] = {
		"intremap=off", "nointremap", "noapic", "nox2apic", NULL
	};
	enum remapping remapping = irq_host_remapping();
	const char *word = switched_off(off);
	bool allowed = is_yes(PARAMETER("vfio_iommu_type1", "allow_unsafe_interrupts"));

	if (remapping == REMAPPING_ON)
		finding_add(findings, NULL, "remapping", allowed ? FINDING_PROBLEM : FINDING_OK,
			    allowed ? format_text("take allow_unsafe_interrupts from the options "
						  "of vfio_iommu_type1 (/etc/modprobe.d)") : NULL,
			    "interrupts are remapped%s", allowed ?
			    "; allow_unsafe_interrupts is not needed, and should not be set" : "");
	else if (remapping == REMAPPING_UNKNOWN)
		finding_add(findings, NULL, "remapping", FINDING_NOTE, NULL,
			    "not known of the host; see the devices");
	else
		finding_add(findings, NULL, "remapping", FINDING_PROBLEM,
			    word ? format_text("take %s from the kernel's command line", word) :
			    format_text("switch interrupt remapping on in the firmware's setup "
					"(VT-d, AMD-Vi, x2APIC)"),
			    "interrupts are not remapped: %s", allowed ?
			    "allow_unsafe_interrupts is set, so a guest's device can raise any "
			    "interrupt of the host" : "VFIO opens devices only with "
			    "allow_unsafe_interrupts of vfio_iommu_type1");
}

/* libvirt reads modules.alias, and does not take another driver if ours cannot be loaded. */
static bool has_alias(const char *release)
{
	char *path = format_text("/lib/modules/%s/modules.alias", release), line[256];
	FILE *file = fopen(path, "re");
	bool has = false;

	free(path);
	while (file && !has && fgets(line, sizeof(line), file))
		has = strstr(line, "vfio_pci:") && strstr(line, "msi_vfio_pci");
	if (file)
		fclose(file);
	return has;
}

static void check_module(struct findings *findings)
{
	struct module module;
	const char *enforced = module_enforced();
	bool loaded = !access("/sys/bus/pci/drivers/" MSI_VFIO_PCI, F_OK);
	char *problem;

	module_read(MSI_VFIO_PCI, &module);
	problem = module_problem(&module);
	if (loaded)
		finding_add(findings, NULL, "module", FINDING_OK, NULL, "loaded");
	else if (problem)
		finding_add(findings, NULL, "module", FINDING_PROBLEM,
			    format_text("%s", module.command), "%s", problem);
	else if (enforced)
		finding_add(findings, NULL, "module", FINDING_UNKNOWN,
			    format_text("modprobe " MSI_VFIO_PCI),
			    "signed and not loaded; whether this kernel (%s) trusts the key shows "
			    "when it is loaded", enforced);
	else
		finding_add(findings, NULL, "module", FINDING_OK, NULL,
			    "there for this kernel, not loaded (%s)", module.file);
	if (!loaded && problem && has_alias(module.release))
		finding_add(findings, NULL, "libvirt's alias", FINDING_PROBLEM,
			    format_text("remove the module and run depmod, until it can be loaded"),
			    "modules.alias sends libvirt to a module that cannot be loaded");
	free(problem);
	module_free(&module);
}

static void check_enforced(struct findings *findings)
{
	const char *enforced = module_enforced();

	if (enforced)
		finding_add(findings, NULL, "signatures", FINDING_NOTE, NULL,
			    "only signed modules can be loaded (%s)", enforced);
	else
		finding_add(findings, NULL, "signatures", FINDING_OK, NULL,
			    "unsigned modules can be loaded");
}

static void check_memlock(struct findings *findings)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	if (!geteuid() || limit.rlim_cur == RLIM_INFINITY)
		finding_add(findings, NULL, "locked memory", FINDING_OK, NULL, "%s",
			    geteuid() ? "no limit for this user" :
			    "no limit for root; other users need one as large as their guest's memory");
	else
		finding_add(findings, NULL, "locked memory", FINDING_PROBLEM,
			    format_text("set memlock in /etc/security/limits.d to more than the "
					"guest's memory, and log in again"),
			    "at most %llu KiB for this user: a guest's memory must fit",
			    (unsigned long long)limit.rlim_cur / 1024);
}

static void check_nodes(struct findings *findings)
{
	struct stat st;

	if (stat("/dev/vfio/vfio", &st))
		finding_add(findings, NULL, "/dev/vfio", FINDING_OK, NULL,
			    "not there yet: VFIO is not loaded");
	else if (access("/dev/vfio/vfio", R_OK | W_OK))
		finding_add(findings, NULL, "/dev/vfio", FINDING_PROBLEM,
			    format_text("chmod 0666 /dev/vfio/vfio (gives access to no device)"),
			    "this user cannot open /dev/vfio/vfio (mode %04o)", st.st_mode & 07777);
	else
		finding_add(findings, NULL, "/dev/vfio", FINDING_OK, NULL,
			    "/dev/vfio/vfio can be opened");
}

/* 0: not installed */
static int libvirt_version(char text[NAME_SIZE])
{
	static char *const daemons[] = { "virtqemud", "libvirtd" };
	int major = 0;
	size_t i;

	for (i = 0; i < 2 && !major; i++) {
		char *argv[] = { daemons[i], "--version", NULL };
		char output[256];

		if (!run_read(argv, output, sizeof(output)) &&
		    sscanf(output, "%*[^)]) %63[0-9.]", text) == 1)
			major = atoi(text);
	}
	return major;
}

static void check_libvirt(struct findings *findings)
{
	char version[NAME_SIZE];
	int major = libvirt_version(version);

	if (!major)
		finding_add(findings, NULL, "libvirt", FINDING_OK, NULL, "not installed");
	else if (major < 10)
		finding_add(findings, NULL, "libvirt", FINDING_NOTE,
			    format_text("a hook of libvirt with: vfio-msi bind DEVICE "
					"(\"Road 1\" in the user's guide)"),
			    "%s binds devices to vfio-pci only, and refuses those that another "
			    "driver has", version);
	else
		finding_add(findings, NULL, "libvirt", FINDING_OK, NULL,
			    "%s binds known cards to " MSI_VFIO_PCI " by itself (managed='yes'), "
			    "and others with <driver model='" MSI_VFIO_PCI "'/>", version);
}

static void check_proxmox_line(struct findings *findings, const char *path, char *line)
{
	const char *guest = strrchr(path, '/') + 1;
	unsigned int number;
	char value[256];

	if (sscanf(line, "hostpci%u: %255s", &number, value) != 2 || strstr(value, "driver=keep"))
		return;
	finding_add(findings, NULL, "Proxmox", FINDING_NOTE,
		    format_text("qm set %.*s --hostpci%u %s,driver=keep (for a device that is "
				"bound to " MSI_VFIO_PCI ")", (int)strcspn(guest, "."), guest,
				number, private_name(value)),
		    "%s: hostpci%u has no driver=keep: Proxmox binds its device to vfio-pci", guest,
		    number);
}

static void check_proxmox(struct findings *findings)
{
	size_t i, before = findings->count;
	glob_t found;

	if (access("/etc/pve", F_OK))
		return;
	if (!glob("/etc/pve/qemu-server/?*.conf", 0, NULL, &found)) {
		for (i = 0; i < found.gl_pathc; i++) {
			FILE *file = fopen(found.gl_pathv[i], "re");
			char line[512];

			while (file && fgets(line, sizeof(line), file))
				check_proxmox_line(findings, found.gl_pathv[i], line);
			if (file)
				fclose(file);
		}
		globfree(&found);
	}
	if (findings->count == before)
		finding_add(findings, NULL, "Proxmox", FINDING_OK, NULL,
			    "no guest takes a device from its driver");
}

static bool is_in_path(const char *program)
{
	char *path = format_text("%s", getenv("PATH") ? getenv("PATH") : ""), *rest = path, *folder;
	bool found = false;

	while (!found && (folder = strsep(&rest, ":"))) {
		char *file = format_text("%s/%s", folder, program);

		found = !access(file, X_OK);
		free(file);
	}
	free(path);
	return found;
}

/* They compare the driver's name, in the places that are named here. */
static void check_by_name(struct findings *findings)
{
	if (!access("/var/lib/kubelet", F_OK))
		finding_add(findings, NULL, "KubeVirt", FINDING_NOTE, NULL,
			    "accepts only a driver named vfio-pci (pkg/virt-handler/device-manager/"
			    "pci_device.go, discoverPermittedHostPCIDevices: driver != \"vfio-pci\")");
	if (is_in_path("dpdk-devbind.py"))
		finding_add(findings, NULL, "DPDK", FINDING_NOTE, NULL,
			    "accepts only a driver named vfio-pci (drivers/bus/pci/linux/pci.c, "
			    "pci_scan_one: strcmp(driver, \"vfio-pci\"))");
}

static void check_no_msi(struct findings *findings)
{
	if (booted_without_msi())
		finding_add(findings, NULL, "MSI", FINDING_PROBLEM,
			    format_text("take pci=nomsi from the kernel's command line"),
			    "the kernel was booted with pci=nomsi: no device gets MSI or MSI-X");
}

/* Files of devices that are gone: their udev rules wait for the same card in the same slot. */
static void check_lasting(struct findings *findings)
{
	struct texts texts;
	size_t i;

	persist_addresses(&texts);
	for (i = 0; i < texts.count; i++) {
		char *path = format_text("/sys/bus/pci/devices/%s", texts.text[i]);

		if (access(path, F_OK))
			finding_add(findings, NULL, "binding", FINDING_NOTE,
				    format_text("vfio-msi unbind %s", texts.text[i]),
				    "/etc/vfio-msi/%s: there is no device at this address",
				    texts.text[i]);
		if (!persist_followed(texts.text[i]))
			finding_add(findings, NULL, "binding", FINDING_PROBLEM,
				    format_text("vfio-msi apply --rules"),
				    "/etc/vfio-msi/%s: udev's rules or the module's options do not say "
				    "what it says", texts.text[i]);
		free(path);
	}
	texts_free(&texts);
}

void doctor_host(struct findings *findings)
{
	check_iommu(findings);
	check_remapping(findings);
	check_no_msi(findings);
	check_enforced(findings);
	check_module(findings);
	check_nodes(findings);
	check_memlock(findings);
	check_libvirt(findings);
	check_proxmox(findings);
	check_by_name(findings);
	check_lasting(findings);
	doctor_log(NULL, findings);
}
