// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flags as words, as sysfs and debugfs show them: "reprogram,high"; "-" for none.
 */

#include <linux/kernel.h>
#include <linux/string.h>

#include "msi_vfio_pci.h"

const struct msi_vfio_pci_flag_name msi_vfio_pci_window_flags[] = {
	{ VFIO_PCI_MSI_WINDOW_LEARN, "learn" },
	{ VFIO_PCI_MSI_WINDOW_REPROGRAM, "reprogram" },
	{ VFIO_PCI_MSI_WINDOW_HIGH, "high" },
	{}
};

/**
 * msi_vfio_pci_format_flags - flags as words
 * @names: names of flags; the last entry has none
 * @flags: flags; those without a name are left out
 * @text: out: the words
 */
void msi_vfio_pci_format_flags(const struct msi_vfio_pci_flag_name *names,
			       u32 flags, char text[MSI_VFIO_PCI_FLAGS_TEXT])
{
	size_t length = 0;

	for (; names->name; names++)
		if (flags & names->flag)
			length += scnprintf(text + length,
					    MSI_VFIO_PCI_FLAGS_TEXT - length,
					    "%s%s", length ? "," : "",
					    names->name);
	if (!length)
		strscpy(text, "-", MSI_VFIO_PCI_FLAGS_TEXT);
}

static u32 find_flag(const struct msi_vfio_pci_flag_name *names,
		     const char *word)
{
	for (; names->name; names++)
		if (!strcmp(names->name, word))
			return names->flag;

	return 0;
}

/**
 * msi_vfio_pci_parse_flags - words as flags
 * @names: names of flags; the last entry has none
 * @text: the words; it is overwritten
 * @flags: out: flags
 *
 * Return: 0, or -EINVAL if a word is not the name of a flag.
 */
int msi_vfio_pci_parse_flags(const struct msi_vfio_pci_flag_name *names,
			     char *text, u32 *flags)
{
	char *word;
	u32 flag;

	*flags = 0;
	if (!strcmp(text, "-"))
		return 0;

	while ((word = strsep(&text, ","))) {
		flag = find_flag(names, word);
		if (!flag)
			return -EINVAL;
		*flags |= flag;
	}

	return 0;
}
