// SPDX-License-Identifier: GPL-2.0-only
/* Kernel modules: for which kernels they are built, and why one cannot be loaded. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "vfio-msi.h"

#define MODULES		"/lib/modules"
#define OPEN_FILES	16

/* The search that walk() is part of: nftw() passes nothing on. */
static struct {
	const char *name;
	char *path;
} wanted;

/* "-" and "_" are the same in names of modules; .ko can be followed by .xz and others. */
static bool is_file_of(const char *file, const char *name)
{
	for (; *name; file++, name++)
		if (*file != *name && !(strchr("-_", *file) && strchr("-_", *name) && *file))
			return false;
	return !strncmp(file, ".ko", 3) && (!file[3] || file[3] == '.');
}

static int walk(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	if (type != FTW_F || !is_file_of(path + place->base, wanted.name))
		return 0;
	wanted.path = format_text("%s", path);
	return 1;
}

/* The file of the module for a kernel, or NULL. The caller frees it. */
static char *find_file(const char *name, const char *release)
{
	char *folder = format_text(MODULES "/%s", release);

	wanted.name = name;
	wanted.path = NULL;
	/* build and source are links, which are not followed */
	nftw(folder, walk, OPEN_FILES, FTW_PHYS);
	free(folder);
	return wanted.path;
}

/* The kernels that the module is built for, as a text, or NULL. The caller frees it. */
static char *find_kernels(const char *name)
{
	struct dirent **entry;
	char *kernels = NULL;
	int i, count = scandir(MODULES, &entry, NULL, versionsort);

	for (i = 0; i < count; i++) {
		const char *release = entry[i]->d_name;
		char *file = release[0] == '.' ? NULL : find_file(name, release);

		if (file) {
			char *longer = format_text("%s%s%s", kernels ? kernels : "",
						   kernels ? ", " : "", release);

			free(kernels);
			kernels = longer;
		}
		free(file);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
	return kernels;
}

static bool is_in_index(const char *name, const char *release)
{
	char *path = format_text(MODULES "/%s/modules.dep", release), *line = NULL;
	FILE *file = fopen(path, "re");
	bool found = false;
	size_t size = 0;

	free(path);
	while (file && !found && getline(&line, &size, file) >= 0) {
		const char *base;

		line[strcspn(line, ":")] = '\0';
		base = strrchr(line, '/');
		found = is_file_of(base ? base + 1 : line, name);
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

static bool is_signed(const char *name)
{
	char *argv[] = { "modinfo", "-F", "signer", (char *)name, NULL };
	char signer[NAME_SIZE];

	return !run_read(argv, signer, sizeof(signer)) && signer[0] && signer[0] != '\n';
}

/* Why the kernel loads signed modules only, or NULL */
const char *module_enforced(void)
{
	char text[NAME_SIZE];

	if (!file_read("/sys/kernel/security/lockdown", text, sizeof(text))) {
		if (strstr(text, "[integrity]"))
			return "lockdown=integrity, as under Secure Boot";
		if (strstr(text, "[confidentiality]"))
			return "lockdown=confidentiality";
	}
	if (!file_read("/sys/module/module/parameters/sig_enforce", text, sizeof(text)) &&
	    text[0] == 'Y')
		return "module.sig_enforce";
	return NULL;
}

#define DKMS_SOURCES	"/usr/src/" MSI_VFIO_PCI "-"
#define DKMS_CONFIG	"/dkms.conf"

/* The version that DKMS has of the module, or NULL. The caller frees it. */
static char *dkms_version(void)
{
	char *version = NULL;
	glob_t found;

	if (!glob(DKMS_SOURCES "*" DKMS_CONFIG, 0, NULL, &found)) {
		const char *path = found.gl_pathv[found.gl_pathc - 1];
		size_t length = strlen(path) - strlen(DKMS_SOURCES) - strlen(DKMS_CONFIG);

		version = format_text("%.*s", (int)length, path + strlen(DKMS_SOURCES));
	}
	globfree(&found);
	return version;
}

static bool has_dkms(void)
{
	char *version = dkms_version();
	bool has = version;

	free(version);
	return has;
}

#define DKMS_TREE	"/var/lib/dkms/" MSI_VFIO_PCI "/"

/*
 * Whether DKMS has a module for the kernel that is not installed: the service
 * msi-vfio-pci-check takes a module away from a kernel that refuses it.
 */
static bool is_built_by_dkms(const char *release)
{
	char *pattern = format_text(DKMS_TREE "?*/%s/?*/module/" MSI_VFIO_PCI ".ko*", release);
	glob_t found;
	bool built = !glob(pattern, 0, NULL, &found);

	globfree(&found);
	free(pattern);
	return built;
}

static char *build_command(const char *release)
{
	char *build = format_text(MODULES "/%s/build/Makefile", release);
	bool headers = !access(build, F_OK);

	free(build);
	return format_text("%s%s%s%s", headers ? "" : "apt install linux-headers-",
			   headers ? "" : release, headers ? "" : " && ",
			   has_dkms() ? "dkms autoinstall" :
			   "make && make modules_install && depmod (in the sources of "
			   MSI_VFIO_PCI ")");
}

/* The key that DKMS signs with: Ubuntu has the first; DKMS creates the second if it has none. */
static const char *dkms_key(void)
{
	static const char ubuntu[] = "/var/lib/shim-signed/mok/MOK.der";

	return access(ubuntu, F_OK) ? "/var/lib/dkms/mok.pub" : ubuntu;
}

/* A key does not help a module without a signature: that has to be signed first. */
static char *dkms_commands(const char *version, const char *release, bool has_signature)
{
	const char *key = dkms_key();
	bool has_key = !access(key, F_OK);

	if (has_signature && !has_key)
		return format_text("mokutil --import KEY.der (the key that DKMS signs with); "
				   "reboot (and let the firmware enroll the key)");
	if (has_signature)
		return format_text("mokutil --import %s; "
				   "reboot (and let the firmware enroll the key)", key);
	return format_text("dkms build --force " MSI_VFIO_PCI "/%s -k %s && "
			   "dkms install --force " MSI_VFIO_PCI "/%s -k %s (which signs it%s); "
			   "mokutil --import %s; reboot (and let the firmware enroll the key)",
			   version, release, version, release, has_key ? "" :
			   ", and creates the key", key);
}

static char *sign_commands(const char *release, const char *file, bool has_signature)
{
	char *version = dkms_version(), *commands;

	if (version) {
		commands = dkms_commands(version, release, has_signature);
		free(version);
		return commands;
	}
	if (has_signature)
		return format_text("mokutil --import KEY.der; "
				   "reboot (and let the firmware enroll the key)");
	return format_text(MODULES "/%s/build/scripts/sign-file sha256 KEY.priv KEY.der %s; "
			   "mokutil --import KEY.der (and reboot)", release, file);
}

static char *install_command(const char *release)
{
	char *version, *command;

	if (module_enforced())
		return sign_commands(release, "", true);
	version = dkms_version();
	command = format_text("dkms install " MSI_VFIO_PCI "/%s -k %s",
			      version ? version : "VERSION", release);
	free(version);
	return command;
}

/*
 * Finds out whether the running kernel can have the module, without loading it. The
 * caller calls module_free().
 */
void module_read(const char *name, struct module *module)
{
	struct utsname kernel;

	*module = (struct module){ .state = MODULE_GOOD };
	uname(&kernel);
	module->release = format_text("%s", kernel.release);
	module->file = find_file(name, kernel.release);
	module->kernels = find_kernels(name);
	if (!module->file && !strcmp(name, MSI_VFIO_PCI) && is_built_by_dkms(kernel.release)) {
		module->state = MODULE_NOT_INSTALLED;
		module->command = install_command(kernel.release);
	} else if (!module->file) {
		module->state = module->kernels ? MODULE_NOT_BUILT : MODULE_ABSENT;
		module->command = build_command(kernel.release);
	} else if (!is_in_index(name, kernel.release)) {
		module->state = MODULE_NOT_INDEXED;
		module->command = format_text("depmod");
	} else if (module_enforced() && !is_signed(name)) {
		module->state = MODULE_NOT_SIGNED;
		module->command = sign_commands(kernel.release, module->file, false);
	}
}

void module_free(struct module *module)
{
	free(module->release);
	free(module->file);
	free(module->kernels);
	free(module->command);
}

/* A sentence on what is wrong, or NULL. The caller frees it. */
char *module_problem(const struct module *module)
{
	switch (module->state) {
	case MODULE_GOOD:
		break;
	case MODULE_ABSENT:
		return format_text("its module is not installed for any kernel");
	case MODULE_NOT_BUILT:
		return format_text("its module is not built for the running kernel %s; it is built "
				   "for %s", module->release, module->kernels);
	case MODULE_NOT_INSTALLED:
		return format_text("DKMS has built its module for the running kernel %s, and it is "
				   "not installed, as when the kernel refused it (journalctl -u "
				   "msi-vfio-pci-check)", module->release);
	case MODULE_NOT_INDEXED:
		return format_text("its module is there (%s), but modprobe does not know it",
				   module->file);
	case MODULE_NOT_SIGNED:
		return format_text("its module (%s) is not signed, and this kernel loads signed "
				   "modules only (%s)", module->file, module_enforced());
	}
	return NULL;
}

/* After modprobe has failed: why, and what to do about it */
void module_explain(const char *name)
{
	struct module module;
	char *problem;

	module_read(name, &module);
	problem = module_problem(&module);
	if (!problem && module_enforced()) {
		problem = format_text("its module (%s) is signed with a key that this kernel does "
				      "not trust (%s)", module.file, module_enforced());
		module.command = sign_commands(module.release, module.file, true);
	}
	/* another module than ours has other commands */
	if (problem && strcmp(name, MSI_VFIO_PCI))
		complain(0, "driver %s: %s", name, problem);
	else if (problem)
		complain(0, "driver %s: %s; next: %s", name, problem, module.command);
	free(problem);
	module_free(&module);
}
