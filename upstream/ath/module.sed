# The names that files of the module have upstream.
s/msi_vfio_pci/ath_vfio_pci/g
s/MSI_VFIO_PCI_SLOT_H/ATH_VFIO_PCI_SLOT_H/
s/vfio_device_feature_pci_msi_ranges/ath_vfio_pci_layout/

# slot.h
/^ \* are parts of a guest message, and what the device gets in their place. The rules are$/,/^ \* those of VFIO_DEVICE/c\
 * are parts of a guest message, and what the device gets in their place.
s/ The tests in tools\/testing\/unit build it in user space\.//
/^#define MSI_SLOT_RANGES/s/16/4/

# cards.c: the tables, without what the administrator can say
/^ \* Which windows a session begins with/,/^ \* that is known/c\
 * Where the cards have the slots of their interrupt controllers.
/^#include <linux\/\(moduleparam\|mutex\|slab\)\.h>/d
s/^#include "ath_vfio_pci\.h"/#include "ath.h"/
/^static bool windows/,/^$/d
/^	\.region = VFIO_PCI_BAR0_REGION_INDEX,$/d
/^	QUIRK(0x1112/,$c\
	QUIRK(0x1112, qcc2072),\
	{}\
};\
\
/**\
 * ath_vfio_pci_find_layout - where a card has its slots\
 * @pdev: device\
 *\
 * Return: the layout, or NULL if the device is not a known card.\
 */\
const struct ath_vfio_pci_layout *\
ath_vfio_pci_find_layout(struct pci_dev *pdev)\
{\
	const struct pci_device_id *id = pci_match_id(quirks, pdev);\
\
	return id ? (const void *)id->driver_data : NULL;\
}
