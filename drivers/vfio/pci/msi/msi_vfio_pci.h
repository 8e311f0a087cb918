/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * msi-vfio-pci: vfio-pci that shows and controls MSI and MSI-X
 *
 * The files and their floors. A file calls and includes only files of lower floors,
 * which tools/testing/checks/floors checks.
 *
 *	8 main.c	bind, open, close and reset; the table of operations
 *	7 feature.c	VFIO_DEVICE_FEATURE
 *	7 irqs.c	SET_IRQS and GET_IRQ_INFO
 *	7 power.c	what the device may have lost when it wakes up
 *	7 debugfs.c	the state of a session, as text
 *	7 sysfs.c	attributes of a bound device
 *	6 follow.c	the host moves vectors
 *	6 quirks.c	the windows that a session begins with
 *	5 window.c	accesses to windows
 *	5 dummy.c	the dummy target
 *	5 ioeventfd.c	VFIO_DEVICE_IOEVENTFD
 *	4 vector.c	messages and their generation
 *	3 mask.c	masks of vectors
 *	3 config.c	what MSI_NOVIRT shows
 *	3 msix_map.c	which page of a BAR may be mapped how
 *	2 hardware.c	what the device says of itself and its vectors
 *	2 cpu.c		vectors that were lost with a CPU
 *	2 isolation.c	does the platform isolate the device's messages
 *	2 flags.c	flags as words
 *	2 slot.c	what a write to a window means
 *	1 msi_vfio_pci.h
 *	1 compat.h	differences between kernels
 *	1 trace.h	tracepoints
 *	0 slot.h
 *	0 compat-probes.h
 */
#ifndef MSI_VFIO_PCI_H
#define MSI_VFIO_PCI_H

#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/msi.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/types.h>
#include <linux/vfio_pci_core.h>
#include <linux/vfio_pci_msi.h>
#include <linux/workqueue.h>

#include "slot.h"

/* The MSI fields in config space and the MSI-X table in a BAR. */
#define MSI_VFIO_PCI_MAX_RANGES	2

#define MSI_VFIO_PCI_MAX_WINDOWS 16

/* What an MSI-X capability can have, which is more than one of MSI. */
#define MSI_VFIO_PCI_MAX_VECTORS 2048

/* The words of all flags that have one. */
#define MSI_VFIO_PCI_FLAGS_TEXT	64

/*
 * Each window, and if no two pages of the others are alike: the most pages that
 * 2048 vectors of 16 bytes and their 256 bytes of pending bits can touch.
 */
#define MSI_VFIO_PCI_MAX_MAP	(MSI_VFIO_PCI_MAX_WINDOWS + 9 + 2)

struct eventfd_ctx;
struct msi_vfio_pci_device;

/**
 * struct msi_vfio_pci_flag_name - a flag's word
 * @flag: one bit
 * @name: its word
 */
struct msi_vfio_pci_flag_name {
	u32 flag;
	const char *name;
};

/**
 * struct msi_vfio_pci_window_list - the windows that an administrator asks for
 * @count: entries of @windows
 * @windows: as in a SET of MSI_WINDOW
 */
struct msi_vfio_pci_window_list {
	unsigned int count;
	struct vfio_device_feature_pci_msi_window windows[MSI_VFIO_PCI_MAX_WINDOWS];
};

/**
 * struct msi_vfio_pci_window - a window of a session; it lasts until close
 * @flags: VFIO_PCI_MSI_WINDOW_*
 * @region: BAR
 * @offset: first byte in the BAR
 * @io: where the window is mapped for the kernel
 * @slots: its layout and slots
 */
struct msi_vfio_pci_window {
	u32 flags;
	u32 region;
	u64 offset;
	u8 __iomem *io;
	struct msi_slot_window slots;
};

/**
 * struct msi_vfio_pci_range - a part of a region that the core virtualizes and
 *	that MSI_NOVIRT shows as it is
 * @start: first byte, as an offset of the device's file
 * @end: first byte behind it; 0: where the table ends
 * @read_dwords: reads @count dwords of the hardware, the first at byte @offset
 *	(a multiple of 4) of the range, in the device's byte order. Returns 0 or
 *	an errno. Called with the device resumed and memory_lock not held.
 */
struct msi_vfio_pci_range {
	loff_t start;
	loff_t end;
	int (*read_dwords)(struct msi_vfio_pci_device *mdev,
			   unsigned int offset, __le32 *buf,
			   unsigned int count);
};

/**
 * struct msi_vfio_pci_table_rule - how the pages of the table may be mapped
 * @access: VFIO_PCI_MSIX_MAP_*
 * @reason: one word that says why; NULL: no session is under way
 */
struct msi_vfio_pci_table_rule {
	u32 access;
	const char *reason;
};

/**
 * struct msi_vfio_pci_map - the pages that have rules, the answer of MSIX_MAP
 * @table_size: bytes of the table that it was made for
 * @nr: entries of @range
 * @range: sorted by region, offset and kind; all others may be mapped freely
 */
struct msi_vfio_pci_map {
	u32 table_size;
	unsigned int nr;
	struct vfio_pci_msix_map_range range[MSI_VFIO_PCI_MAX_MAP];
};

/**
 * struct msi_vfio_pci_claim - a call that is handing out pages of BARs
 * @node: in the device's @claims
 * @task: whose call it is
 * @bars: bit n: pages of BAR n
 */
struct msi_vfio_pci_claim {
	struct list_head node;
	struct task_struct *task;
	u32 bars;
};

/**
 * struct msi_vfio_pci_known - a vector's host message when last looked at
 * @address: 0: the vector was not allocated
 * @data: as it came from the kernel
 */
struct msi_vfio_pci_known {
	u64 address;
	u32 data;
};

/**
 * struct msi_vfio_pci_msix - what the capability of MSI-X says at a time
 * @nr: how many vectors there are
 * @table: their table; NULL: it is not where it was when the device was opened, or not
 *	in its BAR
 * @pba: their pending bits; NULL: they are in another BAR than they were, or not in
 *	theirs, or lie in the table
 */
struct msi_vfio_pci_msix {
	unsigned int nr;
	u8 __iomem *table;
	u8 __iomem *pba;
};

/**
 * struct msi_vfio_pci_hw_vector - what the hardware says of one vector
 * @disabled: by its control register, MSI or MSI-X is off
 * @known: the rest could be asked; if not, it is not set
 * @masked: its mask bit, or the mask of the function
 * @pending: its pending bit, if it can be asked
 * @address: the message that it holds
 * @data: the same, with MSI with the vector's number
 */
struct msi_vfio_pci_hw_vector {
	bool disabled;
	bool known;
	bool masked;
	bool pending;
	u64 address;
	u32 data;
};

/**
 * struct msi_vfio_pci_hw_shared - what the hardware says of many vectors at once
 * @ask: it may be asked
 * @fresh: it was, and need not be again for vectors of @group
 * @group: as many vectors as have their pending bits in one read
 * @disabled: by @ctrl, MSI or MSI-X is off
 * @known: the rest could be asked; if not, it is not set
 * @ctrl: the control of MSI or MSI-X
 * @msix: where the entries and the pending bits are
 * @mask: mask bits; with MSI only, as all below but @pending
 * @pending: pending bits, of MSI-X those that one read has
 * @address: the message of vector 0
 * @data: the same
 *
 * Each read waits for the device, so it is asked when the first of these vectors
 * wants to know.
 */
struct msi_vfio_pci_hw_shared {
	bool ask;
	bool fresh;
	unsigned int group;
	bool disabled;
	bool known;
	u16 ctrl;
	struct msi_vfio_pci_msix msix;
	u32 mask;
	u32 pending;
	u64 address;
	u16 data;
};

/**
 * struct msi_vfio_pci_dummy - what of the MSI-X table points at the dummy target
 * @start: first vector
 * @count: how many
 * @iova: the target
 */
struct msi_vfio_pci_dummy {
	u32 start;
	u32 count;
	u64 iova;
};

/**
 * struct msi_vfio_pci_device - one bound device
 * @core: what vfio-pci is made of. First, as the core's error handlers take the
 *	driver data for it.
 * @state: see below
 * @open: a session is under way
 * @sessions: how many there have been; written under @state, read by debugfs
 * @novirt: MSI_NOVIRT is set in this session
 * @generation: how often the messages have changed in this session
 * @nr_known: entries of @known; no vector beyond them is allocated
 * @known: as many as the capability with more vectors has had; from open to close
 * @messages_outdated: vectors have been allocated or freed since
 * @notify: hears of each new generation; or NULL
 * @masked: bit n: the user has masked vector n, which is allocated
 * @started: bit n: vector n's interrupt was started under its mask
 * @arrived: bit n: an interrupt of vector n is known to have arrived under its mask
 * @nr_ranges: entries of @ranges
 * @ranges: sorted by @start; they do not change from open to close
 * @table_bar: where the capability says the MSI-X table is; from bind to unbind
 * @table_offset: the same
 * @table_size: the same; 0 if there is no MSI-X; it grows with the table
 * @table: the MSI-X table as it was at open, or NULL; from open to close
 * @pba: the MSI-X pending bits as they were at open, or NULL; from open to close
 * @pba_bar: where the capability says they are; from open to close
 * @pba_offset: the same
 * @isolated: the platform isolates the device's messages; from open to close
 * @debugfs: the device's folder
 * @nr_windows: entries of @windows; an entry is there before it is counted here
 * @windows: they are only ever added, from open to close
 * @map_lock: see below
 * @mapped_bars: bit n: pages of BAR n have been handed out in this session
 * @claims: the calls that are doing so now, and may yet fail
 * @table_rule: see above
 * @map: changes only when a window is added, or the table has grown
 * @ioeventfds_lock: see below
 * @ioeventfds: those of the session
 * @nr_ioeventfds: entries of @ioeventfds
 * @slots: see below
 * @env: the messages that slots are translated with
 * @pinned: bit n: vector n cannot be moved to another CPU
 * @slots_need_reset: bit 0: the device was reset, its slots are still to be ended
 * @frozen: the channel was frozen by the error from which AER recovers now
 * @owed: bit 0: slots do not hold yet what @env says, as the device could not be
 *	written
 * @msi_64bit: the MSI capability has 64-bit addresses; from open to close
 * @dummy_on: the dummy target is on
 * @dummy: what it is then
 * @dummy_needs_restore: bit 0: the device was reset, or may have been, and has yet to get it
 *	back
 * @dummy_work: sees to that where no call of the user does
 * @bound: among all devices of the driver; from bind to unbind
 * @suspended_time: how long the device has slept, by runtime PM, when last looked at
 * @host_suspended: the host is resuming from a suspend in which the device slept
 * @hotplug_node: from open to close: hears of CPUs that are unplugged
 * @unplugged_cpus: CPUs that were, since vectors were last looked after
 * @cpu_was_unplugged: one was, in this session
 * @host_work: takes @state, to see what a move did to the messages
 * @admin_lock: see below
 * @admin: the windows of the next session; empty: the built-in ones. From bind to
 *	unbind.
 *
 * Locks, outermost first:
 *
 *   @state, the core's igate, @slots, the core's memory_lock
 *   @state, @admin_lock
 *   mmap_lock, @map_lock
 *   @ioeventfds_lock, which protects @ioeventfds and @nr_ioeventfds
 *
 * @slots protects @env and the slots of each window, and is never held over a
 * copy from or to user memory. Who changes what the device holds in a window, or
 * the host's part of @env, holds @state too. @map_lock protects @mapped_bars,
 * @claims, @table_rule, @map and the growth of @windows; nothing is taken under it. The
 * reset callbacks run under memory_lock, held for writing: like those that end a sleep
 * they only set @slots_need_reset and @dummy_needs_restore, and start @dummy_work.
 *
 * @admin_lock protects @admin, and nothing is taken under it. sysfs takes no
 * other: its files go before the driver's remove is called, so who uses them must
 * not wait for a user of the device, who hears of the removal there.
 *
 * @state protects @open, @generation, @masked, @arrived, @known, @notify
 * and @dummy, serializes writers of @novirt and @dummy_on, and keeps the vectors as
 * they are: SET_IRQS holds it, and close clears @open under it before the core
 * frees them, so look at @open first where no ioctl keeps the device open. @novirt
 * and @dummy_on are also read without a lock. It is not held while the user's memory
 * is waited for: what is copied under it has been faulted in before, and is not faulted
 * in again. It is held while memory_lock is waited for, which a reset can keep for a
 * minute: calls of the user wait for it killably, readers of debugfs interruptibly, and
 * workers not at all. Nothing that runs under mmap_lock takes it, nor do the reset
 * callbacks, which run under memory_lock.
 */
struct msi_vfio_pci_device {
	struct vfio_pci_core_device core;
	struct mutex state;	/* outermost, see above */
	bool open;
	u32 sessions;
	bool novirt;
	u64 generation;
	unsigned int nr_known;
	struct msi_vfio_pci_known *known;
	bool messages_outdated;
	struct eventfd_ctx *notify;
	DECLARE_BITMAP(masked, MSI_VFIO_PCI_MAX_VECTORS);
	DECLARE_BITMAP(started, MSI_VFIO_PCI_MAX_VECTORS);
	DECLARE_BITMAP(arrived, MSI_VFIO_PCI_MAX_VECTORS);
	unsigned int nr_ranges;
	struct msi_vfio_pci_range ranges[MSI_VFIO_PCI_MAX_RANGES];
	u32 table_bar;
	u32 table_offset;
	u32 table_size;
	u8 __iomem *table;
	u8 __iomem *pba;
	u32 pba_bar;
	u32 pba_offset;
	bool isolated;
	struct dentry *debugfs;
	unsigned int nr_windows;
	struct msi_vfio_pci_window *windows[MSI_VFIO_PCI_MAX_WINDOWS];
	struct mutex map_lock;	/* see above */
	u32 mapped_bars;
	struct list_head claims;
	struct msi_vfio_pci_table_rule table_rule;
	struct msi_vfio_pci_map map;
	struct mutex ioeventfds_lock;	/* see above */
	struct list_head ioeventfds;
	unsigned int nr_ioeventfds;
	struct mutex slots;	/* see above */
	struct msi_slot_env env;
	u32 pinned;
	unsigned long slots_need_reset;
	bool frozen;
	unsigned long owed;
	bool msi_64bit;
	bool dummy_on;
	struct msi_vfio_pci_dummy dummy;
	unsigned long dummy_needs_restore;
	struct delayed_work dummy_work;
	struct list_head bound;
	unsigned long suspended_time;
	bool host_suspended;
	struct hlist_node hotplug_node;
	struct cpumask unplugged_cpus;
	bool cpu_was_unplugged;
	struct delayed_work host_work;
	struct mutex admin_lock;	/* see above */
	struct msi_vfio_pci_window_list admin;
};

static inline struct msi_vfio_pci_device *
to_msi_vfio_pci(struct vfio_device *vdev)
{
	return container_of(vdev, struct msi_vfio_pci_device, core.vdev);
}

/* Of a device that is bound to this driver. */
static inline struct msi_vfio_pci_device *
pdev_to_msi_vfio_pci(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	return container_of(core, struct msi_vfio_pci_device, core);
}

static inline u64 window_end(const struct msi_vfio_pci_window *window)
{
	return window->offset + window->slots.layout.size;
}

/* config.c */
void msi_vfio_pci_init_ranges(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_read_through(struct msi_vfio_pci_device *mdev,
			      char __user *buf, size_t count, loff_t pos);

static inline bool msi_vfio_pci_is_msi(u32 index)
{
	return index == VFIO_PCI_MSI_IRQ_INDEX ||
	       index == VFIO_PCI_MSIX_IRQ_INDEX;
}

/* Is a vector among those that point at the dummy target, while that is on. */
static inline bool msi_vfio_pci_is_dummy(const struct msi_vfio_pci_dummy *dummy,
					 unsigned int nr)
{
	return nr >= dummy->start && nr - dummy->start < dummy->count;
}

static inline bool msi_vfio_pci_in_d3(struct msi_vfio_pci_device *mdev)
{
	return (__force int)mdev->core.pdev->current_state >=
	       (__force int)PCI_D3hot;
}

/* hardware.c */
void msi_vfio_pci_init_table(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_open_msix(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_find_msix(struct msi_vfio_pci_device *mdev, u16 ctrl,
			   struct msi_vfio_pci_msix *out);
void msi_vfio_pci_update_table_size(struct msi_vfio_pci_device *mdev);
unsigned int msi_vfio_pci_vector_count(struct msi_vfio_pci_device *mdev,
				       u32 index);
int msi_vfio_pci_read_table(struct msi_vfio_pci_device *mdev,
			    unsigned int offset, __le32 *buf,
			    unsigned int count);
u32 msi_vfio_pci_enabled_index(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_read_hw(struct msi_vfio_pci_device *mdev, unsigned int nr,
			  struct msi_vfio_pci_hw_shared *shared,
			  struct msi_vfio_pci_hw_vector *hw);
int msi_vfio_pci_check_bars(struct msi_vfio_pci_device *mdev);
bool msi_vfio_pci_is_waking(struct msi_vfio_pci_device *mdev);

/* vector.c */
int msi_vfio_pci_open_vectors(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_close_vectors(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_update_vector_count(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_messages(struct msi_vfio_pci_device *mdev, u32 index,
			   u32 start, u32 count, bool ask_hw,
			   struct vfio_pci_msi_message *msg);
void msi_vfio_pci_host_message(unsigned int irq, u64 *address, u32 *data);
void msi_vfio_pci_bump_generation(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_update_messages(struct msi_vfio_pci_device *mdev);

/* mask.c */
bool msi_vfio_pci_has_mask_bit(unsigned int irq);
u32 msi_vfio_pci_mask_flags(struct msi_vfio_pci_device *mdev, unsigned int irq,
			    unsigned int nr);
void msi_vfio_pci_keep_masks(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_forget_masks(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_start_masked(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_set_masks(struct msi_vfio_pci_device *mdev, u32 index,
			   u32 start, u32 count, const u8 *which, bool mask,
			   bool *moved);

/* window.c */
int msi_vfio_pci_open_windows(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_close_windows(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_check_window(struct msi_vfio_pci_device *mdev,
			      const struct vfio_device_feature_pci_msi_window *in);
int msi_vfio_pci_add_window(struct msi_vfio_pci_device *mdev,
			    const struct vfio_device_feature_pci_msi_window *in);
struct msi_vfio_pci_window *
msi_vfio_pci_find_window(struct msi_vfio_pci_device *mdev, u32 region,
			 u64 start, u64 end);
ssize_t msi_vfio_pci_window_read(struct msi_vfio_pci_device *mdev,
				 char __user *buf, size_t count, loff_t *ppos);
ssize_t msi_vfio_pci_window_write(struct msi_vfio_pci_device *mdev,
				  const char __user *buf, size_t count,
				  loff_t *ppos);
void msi_vfio_pci_config_written(struct msi_vfio_pci_device *mdev, u64 start,
				 size_t count);
void msi_vfio_pci_windows_update_vectors(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_windows_release_vectors(struct msi_vfio_pci_device *mdev);
bool msi_vfio_pci_windows_check_host(struct msi_vfio_pci_device *mdev);
bool msi_vfio_pci_has_deferred_writes(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_mark_reset(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_mark_sleep(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_sync_windows(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_get_window(struct msi_vfio_pci_device *mdev,
			     struct vfio_device_feature_pci_msi_window_state *out,
			     struct vfio_pci_msi_slot *slots,
			     unsigned int room);
bool msi_vfio_pci_get_learned(struct msi_vfio_pci_device *mdev, unsigned int nr,
			      u64 offset, u32 distance, u32 *data);

/* dummy.c */
void msi_vfio_pci_init_dummy(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_release_dummy(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_close_dummy(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_set_dummy(struct msi_vfio_pci_device *mdev,
			   const struct vfio_device_feature_pci_msix_dummy *in);
void msi_vfio_pci_get_dummy(struct msi_vfio_pci_device *mdev,
			    struct vfio_device_feature_pci_msix_dummy *out);
bool msi_vfio_pci_dummy_conflicts(struct msi_vfio_pci_device *mdev,
				  const struct vfio_irq_set *hdr);
void msi_vfio_pci_drop_dummy(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_sync_dummy(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_queue_dummy_restore(struct msi_vfio_pci_device *mdev);

/* cpu.c */
void msi_vfio_pci_reassign_vectors(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_reassign_unstarted(struct msi_vfio_pci_device *mdev,
				     unsigned int irq);

/* follow.c */
bool msi_vfio_pci_check_host_messages(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_set_notify(struct msi_vfio_pci_device *mdev, int fd);
void msi_vfio_pci_close_notify(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_watch_vectors(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_follow_init(void);
void msi_vfio_pci_follow_exit(void);
void msi_vfio_pci_follow_init_dev(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_follow_release_dev(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_follow_open(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_follow_close(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_queue_host_check(struct msi_vfio_pci_device *mdev);

/* power.c */
void msi_vfio_pci_power_add(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_power_remove(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_power_registered(struct pci_dev *pdev);

/* msix_map.c */
void msi_vfio_pci_open_map(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_close_map(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_update_map(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_update_table(struct msi_vfio_pci_device *mdev);
ssize_t msi_vfio_pci_show_table_rule(struct msi_vfio_pci_device *mdev,
				     char *buf);
unsigned int msi_vfio_pci_get_map(struct msi_vfio_pci_device *mdev,
				  struct vfio_pci_msix_map_range *out);
void msi_vfio_pci_begin_claim(struct msi_vfio_pci_device *mdev,
			      struct msi_vfio_pci_claim *claim);
int msi_vfio_pci_claim_pages(struct msi_vfio_pci_device *mdev, u32 region,
			     u64 start, u64 end, u32 want);
void msi_vfio_pci_end_claim(struct msi_vfio_pci_device *mdev,
			    struct msi_vfio_pci_claim *claim, bool keep);
bool msi_vfio_pci_bar_is_claimed(struct msi_vfio_pci_device *mdev, u32 region);
int msi_vfio_pci_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);
int msi_vfio_pci_region_info(struct vfio_device *vdev,
			     struct vfio_region_info *info,
			     struct vfio_info_cap *caps);
long msi_vfio_pci_ioctl_region_info(struct msi_vfio_pci_device *mdev,
				    unsigned long arg);
void msi_vfio_pci_set_pci_ops(struct vfio_pci_core_device *vdev);

/* ioeventfd.c */
long msi_vfio_pci_ioeventfd(struct msi_vfio_pci_device *mdev,
			    unsigned long arg);
void msi_vfio_pci_close_ioeventfds(struct msi_vfio_pci_device *mdev);

/* isolation.c */
bool msi_vfio_pci_isolated(struct msi_vfio_pci_device *mdev);

/* quirks.c */
int msi_vfio_pci_add_initial_windows(struct msi_vfio_pci_device *mdev);

/* feature.c */
int msi_vfio_pci_ioctl_feature(struct vfio_device *vdev, u32 flags,
			       void __user *arg, size_t argsz);

/* irqs.c */
long msi_vfio_pci_irq_info(struct msi_vfio_pci_device *mdev, unsigned long arg);
long msi_vfio_pci_set_irqs(struct msi_vfio_pci_device *mdev, unsigned long arg);

/* flags.c */
extern const struct msi_vfio_pci_flag_name msi_vfio_pci_window_flags[];
void msi_vfio_pci_format_flags(const struct msi_vfio_pci_flag_name *names,
			       u32 flags, char text[MSI_VFIO_PCI_FLAGS_TEXT]);
int msi_vfio_pci_parse_flags(const struct msi_vfio_pci_flag_name *names,
			     char *text, u32 *flags);

/* sysfs.c */
extern const struct attribute_group *msi_vfio_pci_groups[];

/* debugfs.c */
void msi_vfio_pci_debugfs_init(void);
void msi_vfio_pci_debugfs_exit(void);
void msi_vfio_pci_debugfs_add(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_debugfs_remove(struct msi_vfio_pci_device *mdev);

#endif /* MSI_VFIO_PCI_H */
