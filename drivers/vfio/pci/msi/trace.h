/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM msi_vfio_pci

#if !defined(MSI_VFIO_PCI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MSI_VFIO_PCI_TRACE_H

#include <linux/pci.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "slot.h"

#ifndef MSI_VFIO_PCI_TRACE_ONCE
#define MSI_VFIO_PCI_TRACE_ONCE
enum msi_vfio_pci_dummy_event {
	MSI_VFIO_PCI_DUMMY_ON,
	MSI_VFIO_PCI_DUMMY_OFF,
	MSI_VFIO_PCI_DUMMY_RESTORED,
};
#endif

/* Programs that read the binary trace do not know these names' values. */
TRACE_DEFINE_ENUM(MSI_SLOT_ADDRESS);
TRACE_DEFINE_ENUM(MSI_SLOT_DATA);
TRACE_DEFINE_ENUM(MSI_SLOT_WITHHELD);
TRACE_DEFINE_ENUM(MSI_SLOT_UNDONE);
TRACE_DEFINE_ENUM(MSI_VFIO_PCI_DUMMY_ON);
TRACE_DEFINE_ENUM(MSI_VFIO_PCI_DUMMY_OFF);
TRACE_DEFINE_ENUM(MSI_VFIO_PCI_DUMMY_RESTORED);

/* Domain (up to 32 bits), bus, slot and function. */
#define MSI_VFIO_PCI_NAME_SIZE	sizeof("12345678:12:12.1")

TRACE_EVENT(msi_vfio_pci_feature_set,

	TP_PROTO(struct pci_dev *pdev, u32 feature),

	TP_ARGS(pdev, feature),

	TP_STRUCT__entry(
		__array(char, device, MSI_VFIO_PCI_NAME_SIZE)
		__field(u32, feature)
	),

	TP_fast_assign(
		strscpy(__entry->device, pci_name(pdev),
			sizeof(__entry->device));
		__entry->feature = feature;
	),

	TP_printk("%s feature 0x%x", __entry->device, __entry->feature)
);

TRACE_EVENT(msi_vfio_pci_messages_read,

	TP_PROTO(struct pci_dev *pdev, u32 index, u32 start, u32 count,
		 u64 generation),

	TP_ARGS(pdev, index, start, count, generation),

	TP_STRUCT__entry(
		__array(char, device, MSI_VFIO_PCI_NAME_SIZE)
		__field(u32, index)
		__field(u32, start)
		__field(u32, count)
		__field(u64, generation)
	),

	TP_fast_assign(
		strscpy(__entry->device, pci_name(pdev),
			sizeof(__entry->device));
		__entry->index = index;
		__entry->start = start;
		__entry->count = count;
		__entry->generation = generation;
	),

	TP_printk("%s index %u start %u count %u generation %llu",
		  __entry->device, __entry->index, __entry->start,
		  __entry->count, __entry->generation)
);

TRACE_EVENT(msi_vfio_pci_masks_set,

	TP_PROTO(struct pci_dev *pdev, u32 index, u32 start, u32 count,
		 bool mask),

	TP_ARGS(pdev, index, start, count, mask),

	TP_STRUCT__entry(
		__array(char, device, MSI_VFIO_PCI_NAME_SIZE)
		__field(u32, index)
		__field(u32, start)
		__field(u32, count)
		__field(bool, mask)
	),

	TP_fast_assign(
		strscpy(__entry->device, pci_name(pdev),
			sizeof(__entry->device));
		__entry->index = index;
		__entry->start = start;
		__entry->count = count;
		__entry->mask = mask;
	),

	TP_printk("%s index %u start %u count %u %s", __entry->device,
		  __entry->index, __entry->start, __entry->count,
		  __entry->mask ? "mask" : "unmask")
);

TRACE_EVENT(msi_vfio_pci_slot,

	TP_PROTO(struct pci_dev *pdev, u64 offset, u32 guest, u32 host,
		 enum msi_slot_event_kind kind),

	TP_ARGS(pdev, offset, guest, host, kind),

	TP_STRUCT__entry(
		__array(char, device, MSI_VFIO_PCI_NAME_SIZE)
		__field(u64, offset)
		__field(u32, guest)
		__field(u32, host)
		__field(unsigned int, kind)
	),

	TP_fast_assign(
		strscpy(__entry->device, pci_name(pdev),
			sizeof(__entry->device));
		__entry->offset = offset;
		__entry->guest = guest;
		__entry->host = host;
		__entry->kind = kind;
	),

	TP_printk("%s offset 0x%llx guest 0x%x host 0x%x %s",
		  __entry->device, __entry->offset, __entry->guest,
		  __entry->host,
		  __print_symbolic(__entry->kind,
				   { MSI_SLOT_ADDRESS, "address" },
				   { MSI_SLOT_DATA, "data" },
				   { MSI_SLOT_WITHHELD, "withheld" },
				   { MSI_SLOT_UNDONE, "undone" }))
);

TRACE_EVENT(msi_vfio_pci_dummy,

	TP_PROTO(struct pci_dev *pdev, u64 iova, u32 start, u32 count,
		 enum msi_vfio_pci_dummy_event event),

	TP_ARGS(pdev, iova, start, count, event),

	TP_STRUCT__entry(
		__array(char, device, MSI_VFIO_PCI_NAME_SIZE)
		__field(u64, iova)
		__field(u32, start)
		__field(u32, count)
		__field(unsigned int, event)
	),

	TP_fast_assign(
		strscpy(__entry->device, pci_name(pdev),
			sizeof(__entry->device));
		__entry->iova = iova;
		__entry->start = start;
		__entry->count = count;
		__entry->event = event;
	),

	TP_printk("%s iova 0x%llx start %u count %u %s", __entry->device,
		  __entry->iova, __entry->start, __entry->count,
		  __print_symbolic(__entry->event,
				   { MSI_VFIO_PCI_DUMMY_ON, "on" },
				   { MSI_VFIO_PCI_DUMMY_OFF, "off" },
				   { MSI_VFIO_PCI_DUMMY_RESTORED, "restored" }))
);

#endif /* MSI_VFIO_PCI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
