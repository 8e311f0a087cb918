// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lasts beyond the next boot: a file for each device in /etc/vfio-msi, whose name is
 * the device's address, and the udev rules and module options that follow from all of them.
 *
 * Lines of a file are NAME=VALUE: id (checked at boot: another card may be in the slot
 * then), driver (none: the device is not bound, as libvirt may do that), window (any
 * number), group and mode (of the VFIO group's node), initramfs (yes: the rules are for the
 * initramfs, too). Lines that begin with # are comments.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfio-msi.h"

#define FOLDER	"/etc/vfio-msi"

/* Before 80-drivers.rules, which loads the host's driver. */
#define RULES	"/etc/udev/rules.d/05-vfio-msi.rules"

/*
 * The windows that devices have when they are bound. udev would be too late: libvirt binds
 * a device and opens it at once.
 */
#define OPTIONS		"/etc/modprobe.d/vfio-msi.conf"
#define PARAMETER	"/sys/module/msi_vfio_pci/parameters/device_windows"
#define PARAMETER_SIZE	4095	/* a page, without the newline */

#define INITRAMFS_MODULES	"/etc/initramfs-tools/modules"

#define COMMAND	SBINDIR "/vfio-msi"

static char *file_of(const char *bdf)
{
	return format_text(FOLDER "/%s", bdf);
}

static bool set_text(char into[NAME_SIZE], const char *value)
{
	if (strlen(value) >= NAME_SIZE)
		return false;
	strcpy(into, value);
	return true;
}

static bool set_window(struct persist *persist, const char *value)
{
	struct window window;

	if (!window_parse(value, &window))
		return false;
	windows_add(&persist->windows, &window);
	return true;
}

static bool set_initramfs(struct persist *persist, const char *value)
{
	persist->initramfs = !strcmp(value, "yes");
	return persist->initramfs || !strcmp(value, "no");
}

/* The driver's name becomes part of rules and of paths. */
bool driver_name_ok(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return false;
	return *name && *name != '.' && strlen(name) < NAME_SIZE;
}

/* An octal number such as 0660 */
bool persist_mode(const char *text, unsigned int *mode)
{
	char *end;

	*mode = (unsigned int)strtoul(text, &end, 8);
	return end != text && !*end && *mode <= 0777;
}

static bool parse_line(char *line, struct persist *persist)
{
	char *value = strchr(line, '=');
	unsigned int vendor, device;
	int length = 0;

	line[strcspn(line, "\n")] = '\0';
	if (!*line || *line == '#')
		return true;
	if (!value)
		return false;
	*value++ = '\0';
	if (!strcmp(line, "driver"))
		return driver_name_ok(value) && set_text(persist->driver, value);
	if (!strcmp(line, "window"))
		return set_window(persist, value);
	if (!strcmp(line, "group"))
		return set_text(persist->group, value);
	if (!strcmp(line, "mode"))
		return persist_mode(value, &persist->mode);
	if (!strcmp(line, "initramfs"))
		return set_initramfs(persist, value);
	if (strcmp(line, "id") || sscanf(value, "%4x:%4x%n", &vendor, &device, &length) != 2 ||
	    value[length])
		return false;
	persist->vendor = (uint16_t)vendor;
	persist->device = (uint16_t)device;
	return true;
}

/* -ENOENT: nothing lasts for this address. Other errors are printed. */
int persist_read(const char *bdf, struct persist *persist)
{
	char *path = file_of(bdf), *line = NULL;
	FILE *file = fopen(path, "re");
	size_t size = 0, number = 0;
	int err = 0;

	*persist = (struct persist){ .driver = "" };
	snprintf(persist->bdf, sizeof(persist->bdf), "%s", bdf);
	if (!file) {
		err = -errno;
		if (err != -ENOENT)
			complain(err, "%s", path);
		free(path);
		return err;
	}
	while (!err && getline(&line, &size, file) >= 0) {
		number++;
		if (!parse_line(line, persist))
			err = -EINVAL;
	}
	if (err)
		complain(0, "%s: line %zu is not understood", path, number);
	free(line);
	fclose(file);
	free(path);
	if (err)
		persist_free(persist);
	return err;
}

void persist_free(struct persist *persist)
{
	windows_free(&persist->windows);
}

/* A new file replaces the old one, so that a reader never sees half of it. */
static int replace(const char *path, const char *text)
{
	char *temporary = format_text("%s.new", path);
	int err = 0;
	FILE *file;

	if (dry_run()) {
		printf("would write %s:\n%s", path, text);
		free(temporary);
		return 0;
	}
	file = fopen(temporary, "we");
	if (!file)
		err = -errno;
	if (file && (fputs(text, file) == EOF || fflush(file) || fsync(fileno(file))))
		err = -errno;
	if (file && fclose(file) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		complain(err, "%s", path);
	free(temporary);
	return err;
}

static char *joined(char *text, char *more)
{
	char *longer = format_text("%s%s", text, more);

	free(text);
	free(more);
	return longer;
}

static char *text_of(const struct persist *persist)
{
	char *text = format_text("# by vfio-msi(8); \"vfio-msi unbind %s\" removes it\n"
				 "id=%04x:%04x\n", persist->bdf, persist->vendor, persist->device);
	size_t i;

	if (persist->driver[0])
		text = joined(text, format_text("driver=%s\n", persist->driver));
	for (i = 0; i < persist->windows.count; i++) {
		char *window = window_text(&persist->windows.window[i]);

		text = joined(text, format_text("window=%s\n", window));
		free(window);
	}
	if (persist->group[0])
		text = joined(text, format_text("group=%s\n", persist->group));
	if (persist->mode)
		text = joined(text, format_text("mode=%04o\n", persist->mode));
	if (persist->initramfs)
		text = joined(text, format_text("initramfs=yes\n"));
	return text;
}

/*
 * The override comes first, so that no other driver takes the device from here on; then the
 * module; then the device is probed, as loading a module that is loaded probes nothing. What
 * an initramfs has bound by then, windows and rights are left to "apply".
 */
static char *rules_of(const struct persist *persist)
{
	char *text = format_text("ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
				 "ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\"",
				 persist->bdf, persist->vendor, persist->device);

	if (persist->driver[0])
		text = joined(text, format_text(", ATTR{driver_override}=\"%s\", "
						"RUN{builtin}+=\"kmod load %s\", RUN+=\"/bin/sh -c "
						"'echo %s >/sys/bus/pci/drivers_probe'\"",
						persist->driver, persist->driver, persist->bdf));
	text = joined(text, format_text(", RUN+=\"" COMMAND " apply %s\"\n", persist->bdf));
	if (persist->group[0] || persist->mode)
		text = joined(text, format_text("ACTION==\"add\", SUBSYSTEM==\"vfio\", "
						"RUN+=\"" COMMAND " apply --settings %s\"\n",
						persist->bdf));
	return text;
}

/* The device's part of the module's parameter */
static char *entries_of(const struct persist *persist)
{
	char *text = format_text("%s", "");
	size_t i;

	for (i = 0; i < persist->windows.count; i++) {
		char *line = window_line(&persist->windows.window[i]);

		text = joined(text, format_text("%s %04x:%04x %s;", persist->bdf, persist->vendor,
						persist->device, line));
		free(line);
	}
	return text;
}

static int is_address(const struct dirent *entry)
{
	unsigned int part;
	int length = 0;

	return sscanf(entry->d_name, "%8x:%2x:%2x.%1x%n", &part, &part, &part, &part,
		      &length) == 4 &&
	       !entry->d_name[length];
}

/* The addresses that have a file. The caller calls texts_free(). */
void persist_addresses(struct texts *texts)
{
	struct dirent **entry;
	int i, count = scandir(FOLDER, &entry, is_address, alphasort);

	*texts = (struct texts){ .count = 0 };
	for (i = 0; i < count; i++) {
		texts->text = xrealloc(texts->text, texts->count + 1, sizeof(*texts->text));
		texts->text[texts->count++] = format_text("%s", entry[i]->d_name);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
}

/* The address of the file that the selector stands for, or NULL. The caller frees it. */
char *persist_find(const char *selector)
{
	char *address = name_address(selector), *path;
	const char *colon = strchr(selector, ':');

	if (!address)
		address = format_text("%s%s", colon && strchr(colon + 1, ':') ? "" : "0000:",
				      selector);
	path = file_of(address);
	if (strchr(address, '/') || access(path, F_OK)) {
		free(address);
		address = NULL;
	}
	free(path);
	return address;
}

/*
 * The texts of all files, or NULL if one cannot be read: nothing is written then, as the device
 * that it is for would lose its windows. @instead: what the file of its device is about to be,
 * or NULL
 */
static char *all_texts(char *(*text_of_one)(const struct persist *), const struct persist *instead,
		       bool removed)
{
	char *text = format_text("%s", "");
	struct persist persist;
	struct texts texts;
	int err = 0;
	size_t i;

	persist_addresses(&texts);
	for (i = 0; i < texts.count && !err; i++) {
		if (instead && !strcmp(texts.text[i], instead->bdf))
			continue;
		err = persist_read(texts.text[i], &persist);
		if (err)
			continue;
		text = joined(text, text_of_one(&persist));
		persist_free(&persist);
	}
	if (instead && !removed && !err)
		text = joined(text, text_of_one(instead));
	texts_free(&texts);
	if (!err)
		return text;
	free(text);
	return NULL;
}

static int remove_file(const char *path)
{
	if (dry_run()) {
		if (!access(path, F_OK))
			printf("would remove %s\n", path);
		return 0;
	}
	if (!unlink(path) || errno == ENOENT)
		return 0;
	complain(errno, "%s", path);
	return -errno;
}

/*
 * What follows from all files is written by one process at a time. Returns -1 if there is no
 * folder yet, as in a dry run.
 */
static int lock_files(void)
{
	int fd = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void unlock_files(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* What follows from the files is not there if nothing follows. */
static int write_follower(const char *path, const char *before, const char *text,
			  const char *after)
{
	char *whole;
	int err;

	if (!*text)
		return remove_file(path);
	whole = format_text("# by vfio-msi(8), from the files in " FOLDER "\n%s%s%s", before, text,
			    after);
	err = replace(path, whole);
	free(whole);
	return err;
}

/* The module that is loaded hears of it at once. */
static int set_parameter(const char *entries)
{
	char *line;
	int err;

	if (access(PARAMETER, F_OK))
		return 0;
	line = format_text("%s\n", entries);
	err = file_write(PARAMETER, line);
	free(line);
	if (err)
		complain(err, PARAMETER);
	return err;
}

static int write_options(const struct persist *instead, bool removed)
{
	char *entries = all_texts(entries_of, instead, removed);
	int err = 0;

	if (!entries)
		return -EINVAL;
	/* What an administrator has set without this program stays while it has nothing to set. */
	if (!*entries && access(OPTIONS, F_OK)) {
		free(entries);
		return 0;
	}
	if (strlen(entries) >= PARAMETER_SIZE) {
		complain(0, "%s: refused: the windows that last are too many for the module's "
			 "parameter", instead ? instead->bdf : OPTIONS);
		err = -ENOSPC;
	}
	/* The module comes first: with options that it refuses it could not be loaded any more. */
	if (!err)
		err = set_parameter(entries);
	if (!err)
		err = write_follower(OPTIONS, "options " MSI_VFIO_PCI " device_windows=\"", entries,
				     "\"\n");
	free(entries);
	return err;
}

/* The module may have been loaded in an initramfs, with older options. */
int persist_set_parameter(void)
{
	int lock = lock_files();
	char *entries = all_texts(entries_of, NULL, false);
	int err = 0;

	if (!entries)
		err = -EINVAL;
	else if (*entries || !access(OPTIONS, F_OK))
		err = set_parameter(entries);
	free(entries);
	unlock_files(lock);
	return err;
}

static int write_rules(const struct persist *instead, bool removed)
{
	char *rules = all_texts(rules_of, instead, removed);
	int err;

	if (!rules)
		return -EINVAL;
	err = write_follower(RULES, "", rules, "");
	free(rules);
	return err;
}

static int write_followers(const struct persist *instead, bool removed)
{
	int err = write_options(instead, removed);
	int failed = write_rules(instead, removed);

	return err ? err : failed;
}

static int make_folder(const char *path)
{
	if (dry_run() || !mkdir(path, 0755) || errno == EEXIST)
		return 0;
	complain(errno, "%s", path);
	return -errno;
}

static int make_folders(void)
{
	int err = make_folder(FOLDER);

	if (!err)
		err = make_folder("/etc/udev");
	if (!err)
		err = make_folder("/etc/udev/rules.d");
	if (!err)
		err = make_folder("/etc/modprobe.d");
	return err;
}

/* Writes what follows from the files anew, after somebody else has changed them. */
int persist_follow(void)
{
	int err = make_folders(), lock = lock_files();

	if (!err)
		err = write_followers(NULL, false);
	unlock_files(lock);
	return err;
}

static bool file_has(const char *path, const char *part)
{
	char *text = file_read_whole(path);
	bool has = !*part || (text && strstr(text, part));

	free(text);
	return has;
}

/* Whether udev's rules and the module's options say what the file of this address says */
bool persist_followed(const char *bdf)
{
	struct persist persist;
	char *rules, *entries;
	bool followed;

	if (persist_read(bdf, &persist))
		return true;	/* the reason was printed */
	rules = rules_of(&persist);
	entries = entries_of(&persist);
	followed = file_has(RULES, rules) && file_has(OPTIONS, entries);
	free(rules);
	free(entries);
	persist_free(&persist);
	return followed;
}

/* The administrator can have it put there for another reason than a device that lasts. */
static bool module_is_listed(void)
{
	FILE *file = fopen(INITRAMFS_MODULES, "re");
	bool found = false;
	char *line = NULL, *name;
	size_t size = 0;

	while (file && !found && getline(&line, &size, file) >= 0) {
		name = line + strspn(line, " \t");
		name[strcspn(name, " \t\n")] = '\0';
		found = !strcmp(name, MSI_VFIO_PCI) || !strcmp(name, "msi_vfio_pci");
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

/* The hook of the initramfs puts a device's driver there, and modprobe's options of that time. */
static bool module_is_in_initramfs(void)
{
	bool found = module_is_listed();
	struct persist persist;
	struct texts texts;
	size_t i;

	persist_addresses(&texts);
	for (i = 0; i < texts.count && !found; i++) {
		if (persist_read(texts.text[i], &persist))
			continue;
		found = persist.initramfs && !strcmp(persist.driver, MSI_VFIO_PCI);
		persist_free(&persist);
	}
	texts_free(&texts);
	return found;
}

/* What an initramfs may have that the device's file is about to lose */
struct outdated {
	bool rules;
	bool windows;
};

static struct outdated compare_with_file(const struct persist *persist)
{
	char *before, *now = entries_of(persist);
	struct outdated outdated = { persist->initramfs, *now };
	struct persist old;

	if (!persist_read(persist->bdf, &old)) {
		before = entries_of(&old);
		outdated.rules |= old.initramfs;
		outdated.windows = strcmp(before, now);
		free(before);
		persist_free(&old);
	}
	free(now);
	return outdated;
}

/* udev reads new rules by itself. */
static void note_initramfs(const struct persist *persist, struct outdated outdated)
{
	if (dry_run())
		return;
	if (outdated.rules)
		note("run update-initramfs -u: the initramfs has the rules that %s had before",
		     persist->bdf);
	else if (outdated.windows && module_is_in_initramfs())
		note("run update-initramfs -u: the initramfs has the module, with the windows that "
		     "%s had before", persist->bdf);
}

/* The file comes last but one: it is not there if the module refuses its windows. */
int persist_write(const struct persist *persist)
{
	char *path = file_of(persist->bdf), *text = text_of(persist);
	struct outdated outdated;
	int err, lock;

	err = make_folders();
	lock = lock_files();
	outdated = compare_with_file(persist);
	if (!err)
		err = write_options(persist, false);
	if (!err) {
		err = replace(path, text);
		if (err)
			write_options(NULL, false);
	}
	if (!err)
		err = write_rules(persist, false);
	unlock_files(lock);
	if (!err)
		note_initramfs(persist, outdated);
	free(path);
	free(text);
	return err;
}

/* Returns 0 also if there is nothing to remove. If it fails, the file is still there. */
int persist_remove(const char *bdf)
{
	struct outdated outdated;
	struct persist persist;
	int err, lock;
	char *path;

	err = persist_read(bdf, &persist);
	if (err)
		return err == -ENOENT ? 0 : err;
	path = file_of(bdf);
	outdated = (struct outdated){ persist.initramfs, persist.windows.count };
	lock = lock_files();
	err = write_followers(&persist, true);
	if (!err)
		err = remove_file(path);
	unlock_files(lock);
	if (!err)
		note_initramfs(&persist, outdated);
	persist_free(&persist);
	free(path);
	return err;
}

/* The node of the device's VFIO group gets the group and mode that last. */
int persist_rights(const struct persist *persist, const char *node)
{
	char group[NAME_SIZE], mode[16];
	char *chgrp[] = { "chgrp", "--", group, (char *)node, NULL };
	char *chmod[] = { "chmod", "--", mode, (char *)node, NULL };
	int err = 0;

	strcpy(group, persist->group);
	snprintf(mode, sizeof(mode), "%04o", persist->mode);
	if (persist->group[0])
		err = run_change(chgrp);
	if (!err && persist->mode)
		err = run_change(chmod);
	if (err)
		complain(err < 0 ? err : 0, "%s: its group or mode cannot be set", node);
	return err > 0 ? -EPERM : err;
}
