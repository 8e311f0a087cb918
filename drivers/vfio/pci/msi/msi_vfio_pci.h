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
 *	7 saved.c	the windows that a device is bound with
 *	6 follow.c	the host moves vectors
 *	6 quirks.c	the windows that a session begins with
 *	6 window_text.c	windows as text
 *	5 window.c	accesses to windows
 *	5 dummy.c	the dummy target
 *	5 ioeventfd.c	VFIO_DEVICE_IOEVENTFD
 *	4 vector.c	messages and their generation
 *	3 mask.c	masks of vectors
 *	3 config.c	what MSI_NOVIRT shows
 *	3 msix_map.c	which page of a BAR may be mapped how
 *	2 hardware.c	what the device says of itself and its vectors
 *	2 interrupt.c	the Linux interrupts of vectors
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

/* How many slots a window can have. */
#define MSI_VFIO_PCI_MAX_SLOTS	(MSI_SLOT_DWORDS / 4)

/* How many vectors an MSI-X capability can have; an MSI capability has fewer. */
#define MSI_VFIO_PCI_MAX_VECTORS 2048

/* Room for the words of all flags. */
#define MSI_VFIO_PCI_FLAGS_TEXT	64

/*
 * If no two of their pages have the same rule: one for each page that 2048 vectors of 16
 * bytes and their 256 bytes of pending bits can touch.
 */
#define MSI_VFIO_PCI_MSIX_MAP	(9 + 2)

/* One for each range of a window and one for its select register, and those of MSI-X. */
#define MSI_VFIO_PCI_MAX_MAP	\
	(MSI_VFIO_PCI_MAX_WINDOWS * (VFIO_PCI_MSI_RANGES_MAX + 1) + \
	 MSI_VFIO_PCI_MSIX_MAP)

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
 * struct msi_vfio_pci_window_list - the administrator's windows
 * @count: entries of @windows
 * @windows: as in a SET of MSI_RANGES
 */
struct msi_vfio_pci_window_list {
	unsigned int count;
	struct vfio_device_feature_pci_msi_ranges windows[MSI_VFIO_PCI_MAX_WINDOWS];
};

/**
 * struct msi_vfio_pci_window - a window; it lasts until the device is closed
 * @desc: as in a SET of MSI_RANGES
 * @offset: first byte in the BAR
 * @end: first byte after the last range
 * @io: the kernel's mapping of the window
 * @select: the kernel's mapping of its select register; NULL: it has none
 * @slots: its layout and slots
 */
struct msi_vfio_pci_window {
	struct vfio_device_feature_pci_msi_ranges desc;
	u64 offset;
	u64 end;
	u8 __iomem *io;
	u8 __iomem *select;
	struct msi_slot_window slots;
};

/**
 * struct msi_vfio_pci_slot - a slot as users see it
 * @slot: the slot
 * @page: what the window's select register showed when the slot was written
 */
struct msi_vfio_pci_slot {
	struct vfio_pci_msi_slot slot;
	u32 page;
};

/**
 * struct msi_vfio_pci_part - a part of a BAR that belongs to a window
 * @window: the window
 * @start: first byte in the BAR
 * @end: first byte after it
 * @select: it is the window's select register
 */
struct msi_vfio_pci_part {
	struct msi_vfio_pci_window *window;
	u64 start;
	u64 end;
	bool select;
};

/**
 * struct msi_vfio_pci_span - the part of a BAR in which all its windows are
 * @start: first byte of the first of them, or of its select register
 * @end: first byte after the last of them; 0: the BAR has no window
 */
struct msi_vfio_pci_span {
	u64 start;
	u64 end;
};

/**
 * struct msi_vfio_pci_range - a part of a region that the core virtualizes, and of
 *	which MSI_NOVIRT shows the hardware's bytes
 * @start: first byte, as an offset of the device's file
 * @end: first byte after it; 0: where the table ends
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
 * @reason: one word that says why; NULL: the device is not open
 */
struct msi_vfio_pci_table_rule {
	u32 access;
	const char *reason;
};

/**
 * struct msi_vfio_pci_map - the pages with rules, which MSIX_MAP reports
 * @table_size: size in bytes of the table for which the map was made
 * @nr: entries of @range
 * @max: how many entries @range has room for
 * @range: sorted by region, offset and kind; all other pages may be mapped freely. NULL: the
 *	device is not open
 */
struct msi_vfio_pci_map {
	u32 table_size;
	unsigned int nr;
	unsigned int max;
	struct vfio_pci_msix_map_range *range;
};

/**
 * struct msi_vfio_pci_claim - a call that is handing out pages of BARs
 * @node: in the device's @claims
 * @task: the task that makes the call
 * @bars: bit n: the call hands out pages of BAR n
 */
struct msi_vfio_pci_claim {
	struct list_head node;
	struct task_struct *task;
	u32 bars;
};

/**
 * struct msi_vfio_pci_message - a vector's host message when it was last read
 * @address: 0: the vector was not allocated, or had no host message, as it had lost its
 *	handler
 * @data: the kernel's; with MSI it is vector 0's
 */
struct msi_vfio_pci_message {
	u64 address;
	u32 data;
};

/**
 * struct msi_vfio_pci_msix - what the MSI-X capability said when it was last read
 * @nr: how many vectors there are
 * @table: their table; NULL: it is not where it was when the device was opened, or does
 *	not fit in its BAR
 * @pba: their pending bits; NULL: they are in another BAR than when the device was
 *	opened, or do not fit in it, or overlap the table
 */
struct msi_vfio_pci_msix {
	unsigned int nr;
	u8 __iomem *table;
	u8 __iomem *pba;
};

/**
 * struct msi_vfio_pci_hw_vector - what the hardware says of one vector
 * @disabled: MSI or MSI-X is off, by its control register
 * @valid: the hardware could be read; if not, the fields below are not set
 * @masked: its mask bit or the function mask is set
 * @pending: its pending bit is set; false if that cannot be read
 * @address: the address that the hardware holds
 * @data: the data that the hardware holds; with MSI the vector's number is added
 */
struct msi_vfio_pci_hw_vector {
	bool disabled;
	bool valid;
	bool masked;
	bool pending;
	u64 address;
	u32 data;
};

/* How many vectors have their pending bits in one dword. */
#define MSI_VFIO_PCI_GROUP	32

#define MSI_VFIO_PCI_ENTRY_DWORDS	(PCI_MSIX_ENTRY_SIZE / 4)

/**
 * struct msi_vfio_pci_hw_shared - what the hardware says of many vectors at once
 * @ask: the hardware may be read
 * @end: vectors from this one on are not asked for
 * @fresh: it was read for @group, and need not be read again for vectors of it
 * @one_by_one: a vector of @group seemed stale; only the entry that is asked for is read
 * @group: a number; the vectors of a group have their pending bits in one dword
 * @disabled: MSI or MSI-X is off, by @ctrl
 * @valid: the hardware could be read; if not, the fields below @ctrl are not set
 * @ctrl: control register of MSI or MSI-X
 * @msix: where the table and the pending bits of MSI-X are
 * @mask: mask bits of MSI
 * @pending: pending bits of MSI, or of a group with MSI-X
 * @address: address of vector 0 with MSI
 * @data: data of vector 0 with MSI
 * @first: the vector of the first of @entries
 * @entries: of MSI-X: those of the rest of the group, before @end
 *
 * Each read waits for the device or takes a lock, so these are read once for a group, when
 * its first vector is read.
 */
struct msi_vfio_pci_hw_shared {
	bool ask;
	u32 end;
	bool fresh;
	bool one_by_one;
	unsigned int group;
	bool disabled;
	bool valid;
	u16 ctrl;
	struct msi_vfio_pci_msix msix;
	u32 mask;
	u32 pending;
	u64 address;
	u16 data;
	unsigned int first;
	__le32 entries[MSI_VFIO_PCI_GROUP][MSI_VFIO_PCI_ENTRY_DWORDS];
};

/**
 * struct msi_vfio_pci_dummy - the dummy target and the vectors that point at it
 * @start: first vector
 * @count: how many vectors
 * @iova: address of the target
 */
struct msi_vfio_pci_dummy {
	u32 start;
	u32 count;
	u64 iova;
};

/* Those who have to know that the kernel has written a host message. */
enum {
	MSI_VFIO_PCI_SLOTS,
	MSI_VFIO_PCI_GENERATION,
};

/**
 * struct msi_vfio_pci_device - one bound device
 * @core: the core device, which is what vfio-pci has. It is first, as the core's error
 *	handlers use the driver data as a pointer to it.
 * @state: see below
 * @open: the device is open
 * @sessions: how many sessions there have been; written under @state, read by debugfs
 * @novirt: MSI_NOVIRT is set in this session
 * @generation: how often the messages have changed in this session
 * @nr_vectors: how many vectors the capability with more vectors has had; entries of @irqs
 *	and @messages
 * @irqs: Linux interrupts of vectors that have been looked up since vectors were allocated,
 *	else NULL; from open to close
 * @messages: host messages of vectors; from open to close, but not of an isolated device
 * @messages_outdated: vectors have been allocated or freed since @messages were read
 * @notify: notification eventfd, signalled with each new generation; or NULL
 * @masked: bit n: the user has masked vector n, which is allocated
 * @nr_masked: how many bits of @masked are set
 * @started: bit n: vector n's interrupt was started under its mask
 * @arrived: bit n: an interrupt of vector n is known to have arrived under its mask
 * @watched_config: bit n: after a write to dword n of config space there may be something to
 *	do; from open to close
 * @nr_ranges: entries of @ranges
 * @ranges: sorted by @start; they do not change from open to close
 * @table_bar: the MSI-X table's BAR, by the capability; from bind to unbind
 * @table_offset: the table's offset in the BAR, by the capability; from bind to unbind
 * @table_size: the table's size in bytes; it grows with the table; 0 without MSI-X
 * @table: the MSI-X table as it was at open, or NULL; from open to close
 * @pba: the MSI-X pending bits as they were at open, or NULL; from open to close
 * @pba_bar: the pending bits' BAR, by the capability; from open to close
 * @pba_offset: their offset in the BAR, by the capability; from open to close
 * @isolated: the platform isolates the device's messages; from open to close
 * @debugfs: the device's folder
 * @nr_windows: entries of @windows; an entry is written before it is counted here
 * @windows: from open to close entries are only added
 * @spans: where the windows of each BAR are; a span only grows, and is read without a lock
 * @map_lock: see below
 * @mapped_bars: bit n: pages of BAR n have been handed out in this session
 * @claims: the calls that are handing out pages now, and can still fail
 * @table_rule: see above
 * @map: changes only when a window is added, or the table has grown
 * @ioeventfds_lock: see below
 * @ioeventfds: the session's ioeventfds
 * @nr_ioeventfds: entries of @ioeventfds
 * @slots: see below
 * @env: the messages that slots are translated with
 * @message_written: MSI_VFIO_PCI_SLOTS: the kernel has written a host message since it was
 *	read for the slots; MSI_VFIO_PCI_GENERATION: since @messages were read; not of an
 *	isolated device
 * @in_set_irqs: a SET_IRQS is under way, which reads messages itself that were written;
 *	changes with @state held
 * @pinned: bit n: vector n cannot be moved to another CPU
 * @pins_outdated: slots were forgotten since it was decided which vectors are @pinned;
 *	changes with @slots held
 * @slots_need_reset: bit 0: the device was reset, its slots are still to be forgotten
 * @frozen: an error has frozen the channel, and it is not known yet whether the device
 *	was reset after that
 * @writes_deferred: bit 0: slots are outdated, as the device could not be written
 * @msi_64bit: the MSI capability has 64-bit addresses; from open to close
 * @guest_vectors: how many vectors the guest has enabled in the MSI capability
 * @dummy_on: the dummy target is on
 * @dummy: the dummy target, if it is on
 * @dummy_needs_restore: bit 0: the device was, or may have been, reset, and the dummy
 *	target is still to be restored
 * @dummy_work: restores the dummy target if no call of the user does
 * @bound: in the list of all devices of the driver; from bind to unbind
 * @suspended_time: how long runtime PM had suspended the device when this was last read
 * @host_suspended: the host is resuming from a suspend in which the device slept
 * @hotplug_node: for the callback that is called when a CPU is unplugged; from open to
 *	close
 * @unplugged_cpus: CPUs that were unplugged since vectors were last reassigned
 * @cpu_was_unplugged: a CPU was unplugged in this session
 * @host_work: takes @state and checks the host messages
 * @admin_lock: see below
 * @admin: the windows of the next session; NULL: none. Without any, a known card gets its
 *	own. From bind to unbind.
 *
 * Locks, outermost first:
 *
 *   @state, the core's igate, @slots, the core's memory_lock
 *   @state, memory_lock, pci_cfg_access_lock(), cpus_read_lock()
 *   @state, @map_lock
 *   @state, @admin_lock
 *   mmap_lock, @map_lock
 *   @ioeventfds_lock, which protects @ioeventfds and @nr_ioeventfds
 *
 * @slots protects @env, @guest_vectors and the slots of each window, and is never held
 * over a copy from or to user memory. To change what the device holds in a slot, or the
 * host's part of @env, @state is held, too. @map_lock protects @mapped_bars, @claims,
 * @table_rule, @map and the growth of @windows; no lock is taken under it.
 *
 * Reset callbacks are called with memory_lock held for writing if the user requested the
 * reset. A reset by the host holds only pci_cfg_access_lock(), and the recovery from an
 * error neither. Like the callbacks at the end of a sleep, they take no lock. They set
 * only bits and single values that need none (@slots_need_reset, @frozen,
 * @dummy_needs_restore, @table_size, the core's msix_size), and queue @dummy_work; those
 * of a sleep also set @suspended_time and @host_suspended, and queue @host_work.
 *
 * @admin_lock protects @admin; no lock is taken under it. Files in sysfs take no other
 * lock but @map_lock: they are removed before the driver's .remove is called, which
 * notifies the user of the device. So a task that uses such a file must not wait for
 * that user.
 *
 * @state protects @open, @generation, @masked, @nr_masked, @started, @arrived, @irqs, @messages,
 * @pinned and @dummy, and serializes writers of @notify, @novirt and @dummy_on, which are
 * also read without a lock.
 * No vector is allocated or freed by others while it is held: SET_IRQS holds it, and
 * close clears @open under it before the core frees them. So code that no ioctl calls
 * has to check @open first. @state is not held while the driver waits for the user's
 * memory: what is copied under it was faulted in before, and page faults are off. It is
 * held while the driver waits for memory_lock, which a reset can hold for a minute, or
 * for pci_cfg_access_lock(), which a reset by the host can hold as long. In the second
 * case page faults of BARs may wait for memory_lock meanwhile. The core takes the two in
 * this order, too. So calls of the user wait for @state killably, readers of debugfs
 * interruptibly, and workers not at all. Code that runs under mmap_lock must not take it,
 * nor reset callbacks, which can run under memory_lock.
 */
struct msi_vfio_pci_device {
	struct vfio_pci_core_device core;
	struct mutex state;	/* outermost, see above */
	bool open;
	u32 sessions;
	bool novirt;
	u64 generation;
	unsigned int nr_vectors;
	struct irq_data **irqs;
	struct msi_vfio_pci_message *messages;
	bool messages_outdated;
	struct eventfd_ctx *notify;
	DECLARE_BITMAP(masked, MSI_VFIO_PCI_MAX_VECTORS);
	unsigned int nr_masked;
	DECLARE_BITMAP(started, MSI_VFIO_PCI_MAX_VECTORS);
	DECLARE_BITMAP(arrived, MSI_VFIO_PCI_MAX_VECTORS);
	u64 watched_config;
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
	struct msi_vfio_pci_span spans[PCI_STD_NUM_BARS];
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
	unsigned long message_written;
	bool in_set_irqs;
	u32 pinned;
	bool pins_outdated;
	unsigned long slots_need_reset;
	bool frozen;
	unsigned long writes_deferred;
	bool msi_64bit;
	unsigned int guest_vectors;
	bool dummy_on;
	struct msi_vfio_pci_dummy dummy;
	unsigned long dummy_needs_restore;
	struct delayed_work dummy_work;
	struct list_head bound;
	unsigned long suspended_time;
	bool host_suspended;
	struct hlist_node hotplug_node;
	cpumask_var_t unplugged_cpus;
	bool cpu_was_unplugged;
	struct delayed_work host_work;
	struct mutex admin_lock;	/* see above */
	struct msi_vfio_pci_window_list *admin;
};

static inline struct msi_vfio_pci_device *
to_msi_vfio_pci(struct vfio_device *vdev)
{
	return container_of(vdev, struct msi_vfio_pci_device, core.vdev);
}

/* The device must be bound to this driver. */
static inline struct msi_vfio_pci_device *
pdev_to_msi_vfio_pci(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	return container_of(core, struct msi_vfio_pci_device, core);
}

/* config.c */
void msi_vfio_pci_watch_config(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_init_ranges(struct msi_vfio_pci_device *mdev);
ssize_t msi_vfio_pci_read_fields(struct msi_vfio_pci_device *mdev,
				 char __user *buf, size_t count, loff_t pos);
int msi_vfio_pci_read_through(struct msi_vfio_pci_device *mdev,
			      char __user *buf, size_t count, loff_t pos);

static inline bool msi_vfio_pci_is_msi(u32 index)
{
	return index == VFIO_PCI_MSI_IRQ_INDEX ||
	       index == VFIO_PCI_MSIX_IRQ_INDEX;
}

/* Does a vector point at the dummy target, if that is on? */
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
unsigned int msi_vfio_pci_known_vector_count(struct msi_vfio_pci_device *mdev,
					     u32 index);
int msi_vfio_pci_read_table(struct msi_vfio_pci_device *mdev,
			    unsigned int offset, __le32 *buf,
			    unsigned int count);
u32 msi_vfio_pci_enabled_index(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_read_hw(struct msi_vfio_pci_device *mdev, unsigned int nr,
			  struct msi_vfio_pci_hw_shared *shared,
			  struct msi_vfio_pci_hw_vector *hw);
int msi_vfio_pci_check_bars(struct msi_vfio_pci_device *mdev);
bool msi_vfio_pci_has_lost_bars(struct msi_vfio_pci_device *mdev);
bool msi_vfio_pci_is_waking(struct msi_vfio_pci_device *mdev);

/* vector.c */
int msi_vfio_pci_open_vectors(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_close_vectors(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_update_vector_count(struct msi_vfio_pci_device *mdev, u64 end);
void msi_vfio_pci_messages(struct msi_vfio_pci_device *mdev, u32 index,
			   u32 start, u32 count, bool ask_hw,
			   struct vfio_pci_msi_message *msg);
struct msi_vfio_pci_message
msi_vfio_pci_host_message(struct msi_vfio_pci_device *mdev, struct irq_data *irq);
void msi_vfio_pci_bump_generation(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_update_messages(struct msi_vfio_pci_device *mdev);

/* mask.c */
bool msi_vfio_pci_has_mask_bit(struct irq_data *data);
u32 msi_vfio_pci_mask_flags(struct msi_vfio_pci_device *mdev,
			    struct irq_data *data, unsigned int nr);
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
			      const struct vfio_device_feature_pci_msi_ranges *in);
int msi_vfio_pci_add_window(struct msi_vfio_pci_device *mdev,
			    const struct vfio_device_feature_pci_msi_ranges *in);
bool msi_vfio_pci_find_part(struct msi_vfio_pci_device *mdev, u32 region,
			    u64 start, u64 end, struct msi_vfio_pci_part *first);
ssize_t msi_vfio_pci_window_read(struct msi_vfio_pci_device *mdev,
				 char __user *buf, size_t count, loff_t *ppos);
ssize_t msi_vfio_pci_window_write(struct msi_vfio_pci_device *mdev,
				  const char __user *buf, size_t count,
				  loff_t *ppos);
void msi_vfio_pci_config_written(struct msi_vfio_pci_device *mdev,
				 const char __user *buf, u64 start, size_t count);
void msi_vfio_pci_windows_update_vectors(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_windows_release_vectors(struct msi_vfio_pci_device *mdev);
bool msi_vfio_pci_windows_check_host(struct msi_vfio_pci_device *mdev);
bool msi_vfio_pci_has_deferred_writes(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_mark_reset(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_check_frozen(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_mark_sleep(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_sync_windows(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_get_window(struct msi_vfio_pci_device *mdev,
			     struct vfio_device_feature_pci_msi_window_state *out,
			     struct msi_vfio_pci_slot *slots);
bool msi_vfio_pci_get_learned(struct msi_vfio_pci_device *mdev, unsigned int nr,
			      u32 page, u64 offset, u32 distance, u32 *data,
			      u32 *vector);

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

/* interrupt.c */
struct irq_data *msi_vfio_pci_irq_data(struct msi_vfio_pci_device *mdev, unsigned int nr);
void msi_vfio_pci_forget_irqs(struct msi_vfio_pci_device *mdev);

/* cpu.c */
void msi_vfio_pci_reassign_vectors(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_reassign_unstarted(struct msi_vfio_pci_device *mdev,
				     unsigned int irq);

/* follow.c */
bool msi_vfio_pci_check_host_messages(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_set_notify(struct msi_vfio_pci_device *mdev, int fd);
void msi_vfio_pci_close_notify(struct msi_vfio_pci_device *mdev);
int msi_vfio_pci_begin_set_irqs(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_end_set_irqs(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_watch_vectors(struct msi_vfio_pci_device *mdev, u32 start, u64 end);
int msi_vfio_pci_follow_init(void);
void msi_vfio_pci_follow_exit(void);
int msi_vfio_pci_follow_init_dev(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_follow_release_dev(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_follow_open(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_follow_close(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_queue_host_check(struct msi_vfio_pci_device *mdev);

/* power.c */
void msi_vfio_pci_power_add(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_power_remove(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_power_registered(struct pci_dev *pdev);

/* msix_map.c */
int msi_vfio_pci_reserve_map(struct msi_vfio_pci_device *mdev,
			     const struct vfio_device_feature_pci_msi_ranges *in);
int msi_vfio_pci_open_map(struct msi_vfio_pci_device *mdev);
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

/* window_text.c */
int msi_vfio_pci_emit_windows(char *buf,
			      const struct msi_vfio_pci_window_list *list);
int msi_vfio_pci_parse_window(char *line,
			      struct vfio_device_feature_pci_msi_ranges *out);
int msi_vfio_pci_add_line(struct msi_vfio_pci_device *mdev,
			  struct msi_vfio_pci_window_list *list, char *line);
int msi_vfio_pci_check_length(const struct msi_vfio_pci_window_list *list);

/* saved.c */
int msi_vfio_pci_add_saved_windows(struct msi_vfio_pci_device *mdev);

/* sysfs.c */
extern const struct attribute_group *msi_vfio_pci_groups[];

/* debugfs.c */
void msi_vfio_pci_debugfs_init(void);
void msi_vfio_pci_debugfs_exit(void);
void msi_vfio_pci_debugfs_add(struct msi_vfio_pci_device *mdev);
void msi_vfio_pci_debugfs_remove(struct msi_vfio_pci_device *mdev);

#endif /* MSI_VFIO_PCI_H */
