// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows: reads from and writes to a device's embedded interrupt controller. slot.c
 * decides what a write means, and this file does it.
 */

#include <linux/bitfield.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mm.h>
#include <linux/msi.h>
#include <linux/overflow.h>
#include <linux/pm_runtime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "msi_vfio_pci.h"
#include "trace.h"

#define WINDOW_FLAGS	(VFIO_PCI_MSI_WINDOW_LEARN |	\
			 VFIO_PCI_MSI_WINDOW_REPROGRAM |	\
			 VFIO_PCI_MSI_WINDOW_HIGH)

/* Room at first, which is doubled until it is as much as slot.h allows. */
#define FIRST_MESSAGES	16
/* As many as fit in a size that the kernel's allocator has. */
#define FIRST_DWORDS	(2048 / sizeof(struct msi_slot_dword))

/* A select register is a dword. */
#define SELECT_SIZE	4

/*
 * The low half of the inert address, which slots get when their message may belong to
 * another device. The device may go on sending the messages in its slots. Address 0
 * would be a DMA write to the first page of the user's memory. If the device is not
 * isolated, a guest address would raise an interrupt of another device.
 *
 * On x86 the inert address has logical destination 0, which is no CPU, and its data
 * has vector 0, which no local APIC accepts (Intel SDM volume 3, "Message Address
 * Register Format", "Error Handling"). A host that remaps interrupts blocks and reports
 * such a message.
 */
#ifdef CONFIG_X86
#define INERT_ADDRESS	0xfee0000c
#else
#define INERT_ADDRESS	0
#endif

static u32 read_dword(void *context, u64 offset)
{
	struct msi_vfio_pci_window *window = context;

	return ioread32(window->io + offset);
}

static u64 read_device(struct msi_vfio_pci_window *window, u64 offset,
		       unsigned int width)
{
	u8 __iomem *io = window->io + offset;

	switch (width) {
	case 1:
		return ioread8(io);
	case 2:
		return ioread16(io);
	case 4:
		return ioread32(io);
	default:
		return ioread64(io);
	}
}

static void write_device(struct msi_vfio_pci_window *window,
			 const struct msi_slot_write *write)
{
	compat_iowrite(window->io + write->offset, write->value, write->width);
}

/*
 * Whether an access is to the table. After a reset the table can be longer, and reach
 * into a window that was after it.
 */
static bool reaches_table(struct msi_vfio_pci_device *mdev,
			  const struct msi_vfio_pci_window *window, u64 pos,
			  unsigned int width)
{
	const struct vfio_pci_core_device *core = &mdev->core;

	return window->desc.region == core->msix_bar &&
	       pos < core->msix_offset + (u64)READ_ONCE(core->msix_size) &&
	       pos + width > core->msix_offset;
}

static bool overlaps_table(struct msi_vfio_pci_device *mdev,
			   const struct msi_vfio_pci_window *window, u64 offset,
			   unsigned int width)
{
	return reaches_table(mdev, window, window->offset + offset, width);
}

/*
 * Finds out which page the device shows. It is read each time, as a device can change its
 * select register in a reset of its own. With the slots locked it does not change under us
 * otherwise: the register cannot be mapped, and whoever writes it locks the slots.
 */
static void find_page(struct msi_vfio_pci_window *window)
{
	if (window->select)
		msi_slot_show(&window->slots, ioread32(window->select) &
					      window->desc.select_mask);
}

static void apply_plan(struct msi_vfio_pci_device *mdev,
		       struct msi_vfio_pci_window *window)
{
	const struct msi_slot_plan *plan = &window->slots.plan;
	unsigned int i;

	for (i = 0; i < plan->nr_writes; i++)
		if (!overlaps_table(mdev, window, plan->writes[i].offset,
				    plan->writes[i].width))
			write_device(window, &plan->writes[i]);
	for (i = 0; i < plan->nr_events; i++)
		trace_msi_vfio_pci_slot(mdev->core.pdev,
					window->offset + plan->events[i].offset,
					plan->events[i].guest,
					plan->events[i].host,
					plan->events[i].kind);
}

static unsigned int nr_windows(struct msi_vfio_pci_device *mdev)
{
	/* Pairs with the release in publish(). */
	return smp_load_acquire(&mdev->nr_windows);
}

/**
 * msi_vfio_pci_mark_reset - the device has lost what was written to it
 * @mdev: device
 *
 * Takes no lock, as it can be called with memory_lock held.
 */
void msi_vfio_pci_mark_reset(struct msi_vfio_pci_device *mdev)
{
	set_bit(0, &mdev->slots_need_reset);
}

/**
 * msi_vfio_pci_check_frozen - has the device been reset after an error
 * @mdev: open device
 *
 * Until the kernel reports the end of a recovery, which older ones do only if it has
 * succeeded, the BARs tell. Takes no lock and waits for nothing.
 */
void msi_vfio_pci_check_frozen(struct msi_vfio_pci_device *mdev)
{
	if (!READ_ONCE(mdev->frozen) || !msi_vfio_pci_has_lost_bars(mdev))
		return;

	WRITE_ONCE(mdev->frozen, false);
	msi_vfio_pci_mark_reset(mdev);
}

/*
 * Replaces an array of @nr entries by a copy with room for twice as many, or for @most, unless
 * there is no memory. Returns the array that is to be used from now on.
 */
static void *grow(void *old, unsigned int nr, unsigned int *max, unsigned int most,
		  size_t size)
{
	unsigned int more = min(2 * *max, most);
	void *array;

	if (*max == most)
		return old;
	array = kvcalloc(more, size, GFP_KERNEL_ACCOUNT);
	if (!array)
		return old;
	memcpy(array, old, array_size(nr, size));
	kvfree(old);
	*max = more;

	return array;
}

/* The most addresses, messages and dwords that one call adds without asking for room. */
#define SPARE	4

/*
 * Makes room for what the next call adds. Most devices have few slots and messages, so
 * memory for them is allocated as they come. Without memory, slot.c does with what it has
 * as if that was all there can be. @slots is held, and nothing else is that is needed to
 * free memory.
 */
static void make_room_for_messages(struct msi_slot_env *env)
{
	if (env->nr_addresses + SPARE > env->max_addresses)
		env->addresses = grow(env->addresses, env->nr_addresses,
				      &env->max_addresses, MSI_SLOT_ADDRESSES,
				      sizeof(*env->addresses));
	if (env->nr_messages + SPARE > env->max_messages)
		env->messages = grow(env->messages, env->nr_messages,
				     &env->max_messages, MSI_SLOT_MESSAGES,
				     sizeof(*env->messages));
}

/* The same for the dwords of a window, of which a quarter can be addresses. */
static void make_room_for_dwords(struct msi_slot_window *slots)
{
	if (slots->nr_dwords + SPARE > slots->max_dwords ||
	    4 * (slots->nr_slots + SPARE) > slots->max_dwords)
		slots->dwords = grow(slots->dwords, slots->nr_dwords,
				     &slots->max_dwords, MSI_SLOT_DWORDS,
				     sizeof(*slots->dwords));
}

/* If the device was reset, all slots are forgotten. The slots and memory_lock are locked. */
static void forget_if_reset(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, nr;

	msi_vfio_pci_check_frozen(mdev);
	if (likely(!test_bit(0, &mdev->slots_need_reset)))
		return;

	clear_bit(0, &mdev->slots_need_reset);
	nr = nr_windows(mdev);
	for (i = 0; i < nr; i++)
		msi_slot_reset(&mdev->windows[i]->slots);
	mdev->env.clean = true;
	WRITE_ONCE(mdev->pins_outdated, true);
}

/*
 * Locks the slots and memory_lock: no reset that the user requests and no change of memory
 * decoding comes in between. If the device was reset before, all slots are forgotten first.
 */
static void lock_slots(struct msi_vfio_pci_device *mdev)
{
	mutex_lock(&mdev->slots);
	down_read(&mdev->core.memory_lock);
	forget_if_reset(mdev);
}

/*
 * The same, with room for another message and, unless @window is NULL, for other dwords. To
 * allocate memory with memory_lock held could block a reset.
 */
static void lock_slots_with_room(struct msi_vfio_pci_device *mdev,
				 struct msi_vfio_pci_window *window)
{
	mutex_lock(&mdev->slots);
	make_room_for_messages(&mdev->env);
	if (window)
		make_room_for_dwords(&window->slots);
	down_read(&mdev->core.memory_lock);
	forget_if_reset(mdev);
}

/*
 * The same for a caller that can do something else. Returns 0, -EINTR if the task is being
 * killed, or -EAGAIN if memory_lock would have to be waited for, which can take as long as a
 * reset: the slots are not held meanwhile, as others wait for them and cannot be killed.
 */
static int try_lock_slots(struct msi_vfio_pci_device *mdev)
{
	int ret = mutex_lock_killable(&mdev->slots);

	if (ret)
		return ret;
	if (!down_read_trylock(&mdev->core.memory_lock)) {
		mutex_unlock(&mdev->slots);
		return -EAGAIN;
	}
	forget_if_reset(mdev);

	return 0;
}

static void unlock_slots(struct msi_vfio_pci_device *mdev)
{
	up_read(&mdev->core.memory_lock);
	mutex_unlock(&mdev->slots);
}

/*
 * The next interrupt makes a pending move, also if the vector is pinned. So the pending
 * move is retargeted to the CPU where the vector is.
 */
static void cancel_move(struct irq_data *data)
{
	/* An interrupt that arrives now may have made the move. */
	if (data_race(irqd_is_setaffinity_pending(data)))
		irq_set_affinity(data->irq,
				 irq_data_get_effective_affinity_mask(data));
}

static void pin_vector(struct irq_data *data, bool pin)
{
	if (pin) {
		irq_modify_status(data->irq, 0, IRQ_NO_BALANCING);
		cancel_move(data);
	} else {
		irq_modify_status(data->irq, IRQ_NO_BALANCING, 0);
	}
}

/*
 * Pins @vectors to their CPUs and unpins all others. A host that does not remap
 * interrupts moves a vector to another CPU by giving it another message, which the
 * slots of the device do not have.
 */
static void pin_vectors(struct msi_vfio_pci_device *mdev, u32 vectors)
{
	unsigned long changed = vectors ^ mdev->pinned;
	unsigned int i;

	lockdep_assert_held(&mdev->state);

	if (mdev->isolated)
		return;

	for_each_set_bit(i, &changed, 32) {
		struct irq_data *data = msi_vfio_pci_irq_data(mdev, i);

		if (data)
			pin_vector(data, vectors & BIT(i));
	}
	WRITE_ONCE(mdev->pinned, vectors);
}

static void pin_live_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, nr = nr_windows(mdev);
	u32 live = 0;

	/* The host moves the vectors of an isolated device without changing messages. */
	if (mdev->isolated)
		return;

	lock_slots(mdev);
	for (i = 0; i < nr; i++)
		live |= msi_slot_live(&mdev->windows[i]->slots, &mdev->env);
	WRITE_ONCE(mdev->pins_outdated, false);
	unlock_slots(mdev);

	pin_vectors(mdev, live);
}

static void pin_all_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int n = mdev->env.vectors;

	pin_vectors(mdev, n ? GENMASK(n - 1, 0) : 0);
}

/*
 * Sets the host message, with @slots held. If the vectors were freed, or if the only
 * vector has lost its handler, slots hold a message that may belong to another device.
 * If vector 0 of several has lost its handler, the slots of the others still work.
 */
static void set_host_message(struct msi_vfio_pci_device *mdev,
			     unsigned int vectors,
			     const struct msi_vfio_pci_message *host)
{
	unsigned int i, nr = nr_windows(mdev);

	lockdep_assert_held(&mdev->state);
	lockdep_assert_held(&mdev->slots);

	msi_slot_set_host(&mdev->env, vectors, host->address, host->data);
	if (mdev->env.active || vectors > 1)
		return;
	for (i = 0; i < nr; i++)
		msi_slot_expire(&mdev->windows[i]->slots);
}

/* Whether slots were translated for these vectors and this message. */
static bool is_same_host(struct msi_vfio_pci_device *mdev, unsigned int vectors,
			 const struct msi_vfio_pci_message *host)
{
	const struct msi_slot_env *env = &mdev->env;

	if (vectors != env->vectors || env->active != (vectors && host->address))
		return false;

	return !env->active || (host->address == env->host.address &&
				host->data == env->host.data);
}

/*
 * The message of vector 0, which slots are translated with. @state and @slots are held: a
 * write without @state sees the bit, or that @state is held.
 */
static struct msi_vfio_pci_message read_host_message(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->state);
	lockdep_assert_held(&mdev->slots);

	clear_bit(MSI_VFIO_PCI_SLOTS, &mdev->message_written);
	/* A message that the kernel writes after that sets the bit again. */
	smp_mb__after_atomic();

	return msi_vfio_pci_host_message(mdev, msi_vfio_pci_irq_data(mdev, 0));
}

/*
 * Checks whether the host has changed the message, and takes over the new one. @slots is
 * held. Returns true if it has.
 */
static bool refresh_host_message(struct msi_vfio_pci_device *mdev)
{
	struct msi_slot_env *env = &mdev->env;
	struct msi_vfio_pci_message host;

	/* A host that remaps interrupts moves them without changing messages. */
	if (mdev->isolated || !env->vectors)
		return false;

	host = read_host_message(mdev);
	if (is_same_host(mdev, env->vectors, &host))
		return false;

	msi_vfio_pci_update_messages(mdev);
	set_host_message(mdev, env->vectors, &host);

	return true;
}

/* Finds out which pages are shown, and whether slots in them are outdated. */
static bool has_outdated_slots(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, nr = nr_windows(mdev);
	bool outdated = false;

	for (i = 0; i < nr; i++) {
		find_page(mdev->windows[i]);
		outdated |= msi_slot_is_outdated(&mdev->windows[i]->slots,
						 &mdev->env);
	}

	return outdated;
}

/* The same of all pages, for a device that cannot be read. */
static bool owes_writes(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, nr = nr_windows(mdev);

	for (i = 0; i < nr; i++)
		if (msi_slot_is_owed(&mdev->windows[i]->slots, &mdev->env))
			return true;

	return false;
}

static void update_window(struct msi_vfio_pci_device *mdev,
			  struct msi_vfio_pci_window *window)
{
	u64 cursor = 0;

	while (msi_slot_update(&window->slots, &mdev->env, &cursor))
		apply_plan(mdev, window);
}

/*
 * Writes to all slots that are outdated and shown, with the slots locked. To those in other
 * pages the kernel owes the writes until their page is selected: see select_page().
 */
static void update_windows(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, nr = nr_windows(mdev);

	if (has_outdated_slots(mdev)) {
		/* A message that is read after pinning does not change any more. */
		pin_all_vectors(mdev);
		refresh_host_message(mdev);
	}
	/* Also if none is outdated: this ends the expiry of slots. */
	for (i = 0; i < nr; i++)
		update_window(mdev, mdev->windows[i]);
	clear_bit(0, &mdev->writes_deferred);
}

/* Writes to outdated slots, or defers that if the device does not decode memory. */
static void write_or_defer(struct msi_vfio_pci_device *mdev)
{
	lock_slots_with_room(mdev, NULL);
	if (compat_memory_enabled(&mdev->core))
		update_windows(mdev);
	else if (owes_writes(mdev))
		set_bit(0, &mdev->writes_deferred);
	unlock_slots(mdev);
}

/* For calls of the user, which may wake the device. */
static void resume_and_write(struct msi_vfio_pci_device *mdev)
{
	struct device *dev = &mdev->core.pdev->dev;

	if (pm_runtime_resume_and_get(dev)) {
		set_bit(0, &mdev->writes_deferred);
		return;
	}
	write_or_defer(mdev);
	pm_runtime_put(dev);
}

/*
 * Writes to outdated slots of a device on which the user has turned memory decoding
 * off. It is turned on meanwhile, as the core does when it frees vectors.
 */
static void write_with_decoding_on(struct msi_vfio_pci_device *mdev)
{
	struct vfio_pci_core_device *core = &mdev->core;
	struct pci_dev *pdev = core->pdev;
	u16 command;

	mutex_lock(&mdev->slots);
	down_write(&core->memory_lock);
	if (!msi_vfio_pci_check_bars(mdev) && !msi_vfio_pci_in_d3(mdev) &&
	    !test_bit(0, &mdev->slots_need_reset) &&
	    !pci_user_read_config_word(pdev, PCI_COMMAND, &command) &&
	    !PCI_POSSIBLE_ERROR(command)) {
		pci_user_write_config_word(pdev, PCI_COMMAND,
					   command | PCI_COMMAND_MEMORY);
		update_windows(mdev);
		pci_user_write_config_word(pdev, PCI_COMMAND, command);
	}
	up_write(&core->memory_lock);
	mutex_unlock(&mdev->slots);
}

/*
 * Makes deferred writes, if there are any: what the user has just done may have made
 * them possible. Returns 0, or -EINTR if the task is being killed.
 */
static int write_deferred(struct msi_vfio_pci_device *mdev)
{
	int ret;

	if (!test_bit(0, &mdev->writes_deferred))
		return 0;

	ret = mutex_lock_killable(&mdev->state);
	if (ret)
		return ret;
	if (mdev->open) {
		resume_and_write(mdev);
		pin_live_vectors(mdev);
	}
	mutex_unlock(&mdev->state);

	return 0;
}

static u32 virtual_config(struct msi_vfio_pci_device *mdev, int offset)
{
	const u8 *cap = mdev->core.vconfig + mdev->core.pdev->msi_cap;

	return le32_to_cpu(*(const __le32 *)(cap + offset));
}

/* Reads the guest message, with @slots held. Returns true if it has changed. */
static bool read_guest_message(struct msi_vfio_pci_device *mdev)
{
	u64 address = virtual_config(mdev, PCI_MSI_ADDRESS_LO);
	u32 data = virtual_config(mdev, mdev->msi_64bit ? PCI_MSI_DATA_64 :
							  PCI_MSI_DATA_32);

	if (mdev->msi_64bit)
		address |= (u64)virtual_config(mdev, PCI_MSI_ADDRESS_HI) << 32;

	return msi_slot_set_guest(&mdev->env, mdev->guest_vectors, address,
				  data & 0xffff);
}

/* Multiple Message Enable, of which 6 and 7 are reserved. */
static unsigned int decode_vectors(unsigned int flags)
{
	return 1 << min_t(u32, FIELD_GET(PCI_MSI_FLAGS_QSIZE, flags), 5);
}

/*
 * How many vectors the guest has enabled, or 0 if it has not written that. The virtual
 * register does not tell: the core reduces the field to the vectors that were allocated
 * last, and guests write it before that. If the user changes @buf at the same time, the
 * core may get another number, which does no harm.
 */
static unsigned int written_vectors(struct msi_vfio_pci_device *mdev,
				    const char __user *buf, u64 start,
				    size_t count)
{
	u64 pos = mdev->core.pdev->msi_cap + PCI_MSI_FLAGS;
	u8 flags;

	if (start > pos || start + count <= pos ||
	    get_user(flags, (const u8 __user *)buf + (pos - start)))
		return 0;

	return decode_vectors(flags);
}

/* Whether a write to config space can have changed the guest message. */
static bool touches_message(struct msi_vfio_pci_device *mdev, u64 start,
			    size_t count)
{
	u64 cap = mdev->core.pdev->msi_cap;

	return start < cap + PCI_MSI_DATA_64 + sizeof(u16) && start + count > cap;
}

/**
 * msi_vfio_pci_config_written - the user has written to config space
 * @mdev: device
 * @buf: what it has written
 * @start: first byte
 * @count: how many bytes at most
 *
 * The user may have changed the guest message, put the device into a state in which it
 * forgets its slots, or made it reachable again.
 */
void msi_vfio_pci_config_written(struct msi_vfio_pci_device *mdev,
				 const char __user *buf, u64 start, size_t count)
{
	unsigned int vectors;

	/* A device without MSI has no windows. */
	if (!mdev->core.pdev->msi_cap)
		return;

	if (mdev->core.pdev->current_state == PCI_D3hot)
		msi_vfio_pci_mark_sleep(mdev);

	if (touches_message(mdev, start, count)) {
		vectors = written_vectors(mdev, buf, start, count);
		mutex_lock(&mdev->slots);
		if (vectors)
			mdev->guest_vectors = vectors;
		make_room_for_messages(&mdev->env);
		/* If the task is killed, the writes stay deferred until the next call. */
		if (read_guest_message(mdev) && nr_windows(mdev))
			set_bit(0, &mdev->writes_deferred);
		mutex_unlock(&mdev->slots);
	}

	msi_vfio_pci_sync_windows(mdev);
}

/* The core allocates all vectors of MSI at once. They have one descriptor. */
static unsigned int count_vectors(struct msi_vfio_pci_device *mdev)
{
	struct irq_data *data;

	if (mdev->core.irq_type != VFIO_PCI_MSI_IRQ_INDEX)
		return 0;

	data = msi_vfio_pci_irq_data(mdev, 0);

	return data ? irq_data_get_msi_desc(data)->nvec_used : 0;
}

/*
 * Is all as it was that slots depend on? Returns false where that cannot be read without
 * @slots: where messages move, MSI_VFIO_PCI_SLOTS has to be cleared before one is read. Whoever
 * changes the host's part of @env holds @state, too.
 */
static bool is_unchanged(struct msi_vfio_pci_device *mdev, unsigned int vectors)
{
	struct msi_vfio_pci_message host;

	if (!mdev->isolated || !vectors || test_bit(0, &mdev->writes_deferred))
		return false;

	host = msi_vfio_pci_host_message(mdev, msi_vfio_pci_irq_data(mdev, 0));

	return is_same_host(mdev, vectors, &host);
}

/* Does any window remember what was written to it? @slots is held. */
static bool has_dwords(struct msi_vfio_pci_device *mdev)
{
	unsigned int i, nr = nr_windows(mdev);

	for (i = 0; i < nr; i++)
		if (mdev->windows[i]->slots.nr_dwords)
			return true;

	return false;
}

/**
 * msi_vfio_pci_windows_update_vectors - vectors were allocated or freed
 * @mdev: device, with @state held
 */
void msi_vfio_pci_windows_update_vectors(struct msi_vfio_pci_device *mdev)
{
	unsigned int n = count_vectors(mdev);
	struct msi_vfio_pci_message host = {};
	bool outdated;

	lockdep_assert_held(&mdev->state);

	/* A device without MSI has no windows. */
	if (!mdev->core.pdev->msi_cap || is_unchanged(mdev, n))
		return;

	mutex_lock(&mdev->slots);
	if (n)
		host = read_host_message(mdev);
	else
		WRITE_ONCE(mdev->pinned, 0);	/* the vectors are gone */
	outdated = test_bit(0, &mdev->writes_deferred);
	if (!is_same_host(mdev, n, &host)) {
		/* Guest addresses count from here on, also for windows added later. */
		make_room_for_messages(&mdev->env);
		set_host_message(mdev, n, &host);
		outdated |= mdev->pinned || has_dwords(mdev);
	}
	mutex_unlock(&mdev->slots);
	if (!outdated || !nr_windows(mdev))
		return;

	resume_and_write(mdev);
	pin_live_vectors(mdev);
}

/**
 * msi_vfio_pci_windows_release_vectors - vectors are about to be freed
 * @mdev: device, with @state held
 *
 * Removes their messages from the slots before another device can get them. If the
 * vectors are not freed after all, msi_vfio_pci_windows_update_vectors() writes them again.
 */
void msi_vfio_pci_windows_release_vectors(struct msi_vfio_pci_device *mdev)
{
	const struct msi_vfio_pci_message none = {};
	struct device *dev = &mdev->core.pdev->dev;

	lockdep_assert_held(&mdev->state);

	if (!mdev->env.vectors || !nr_windows(mdev))
		return;

	mutex_lock(&mdev->slots);
	set_host_message(mdev, 0, &none);
	mutex_unlock(&mdev->slots);

	resume_and_write(mdev);
	if (!test_bit(0, &mdev->writes_deferred) || pm_runtime_resume_and_get(dev))
		return;
	write_with_decoding_on(mdev);
	pm_runtime_put(dev);
}

/**
 * msi_vfio_pci_windows_check_host - check whether the host message has changed
 * @mdev: device, with @state held
 *
 * If it has, it is written to the slots. A device that the user has put to sleep is not
 * woken for that: the writes are deferred to the user's next access, or until the device
 * has woken up.
 *
 * Return: true if there are deferred writes and the device is waking up.
 */
bool msi_vfio_pci_windows_check_host(struct msi_vfio_pci_device *mdev)
{
	struct device *dev = &mdev->core.pdev->dev;
	bool waking;
	int active;

	lockdep_assert_held(&mdev->state);

	if (!nr_windows(mdev))
		return false;

	mutex_lock(&mdev->slots);
	make_room_for_messages(&mdev->env);
	if (refresh_host_message(mdev))
		set_bit(0, &mdev->writes_deferred);
	mutex_unlock(&mdev->slots);
	if (!test_bit(0, &mdev->writes_deferred))
		return false;

	/* If the device wakes up after this, whoever wakes it sees the bit. */
	smp_mb();
	/* Checked first: if the device is awake by now, it is written below. */
	waking = msi_vfio_pci_is_waking(mdev);
	active = compat_pm_get_if_active(dev);
	if (active)
		write_or_defer(mdev);
	if (active > 0)
		pm_runtime_put(dev);
	pin_live_vectors(mdev);

	return waking && test_bit(0, &mdev->writes_deferred);
}

/**
 * msi_vfio_pci_has_deferred_writes - slots are still to be written
 * @mdev: device, bound and maybe not open, that has just woken up
 *
 * Takes no lock.
 *
 * Return: true if somebody has to call msi_vfio_pci_windows_check_host().
 */
bool msi_vfio_pci_has_deferred_writes(struct msi_vfio_pci_device *mdev)
{
	smp_mb();	/* see msi_vfio_pci_windows_check_host() */

	return test_bit(0, &mdev->writes_deferred);
}

/**
 * msi_vfio_pci_mark_sleep - the device has been in D3hot, or is put there
 * @mdev: device
 *
 * When a device leaves D3hot it is reset, unless it has No_Soft_Reset. The core calls
 * nobody then. Takes no lock, as above.
 */
void msi_vfio_pci_mark_sleep(struct msi_vfio_pci_device *mdev)
{
	if (mdev->core.needs_pm_restore)
		msi_vfio_pci_mark_reset(mdev);
}

/* A reset ends slots, and so the need to pin their vectors. */
static bool may_unpin(struct msi_vfio_pci_device *mdev)
{
	return READ_ONCE(mdev->pinned) &&
	       (test_bit(0, &mdev->slots_need_reset) ||
		READ_ONCE(mdev->frozen) || READ_ONCE(mdev->pins_outdated));
}

/**
 * msi_vfio_pci_sync_windows - the user has made a call that may reset the device
 * @mdev: open device
 *
 * Makes deferred writes, and unpins the vectors that have no live slot any more.
 */
void msi_vfio_pci_sync_windows(struct msi_vfio_pci_device *mdev)
{
	if (write_deferred(mdev) || !may_unpin(mdev) ||
	    mutex_lock_killable(&mdev->state))
		return;

	pin_live_vectors(mdev);
	mutex_unlock(&mdev->state);
}

static void choose_first(struct msi_vfio_pci_part *first,
			 struct msi_vfio_pci_window *window, u64 start, u64 size,
			 bool select)
{
	if (first->window && first->start < start)
		return;

	first->window = window;
	first->start = start;
	first->end = start + size;
	first->select = select;
}

/* Makes the first part of the window in a range of its BAR @first, if it is before that. */
static void find_in_window(struct msi_vfio_pci_window *window, u64 start, u64 end,
			   struct msi_vfio_pci_part *first)
{
	const struct vfio_device_feature_pci_msi_ranges *desc = &window->desc;
	const struct vfio_pci_msi_range *range = desc->range;
	const struct vfio_pci_msi_range *last = range + desc->count;

	if (desc->select_mask && start < desc->select_offset + SELECT_SIZE &&
	    end > desc->select_offset)
		choose_first(first, window, desc->select_offset, SELECT_SIZE,
			     true);

	if (start >= window->end || end <= window->offset)
		return;

	while (range < last && start >= range->offset + range->size)
		range++;
	if (range < last && end > range->offset)
		choose_first(first, window, range->offset, range->size, false);
}

/**
 * msi_vfio_pci_find_part - the first part of a BAR in a range that belongs to a window
 * @mdev: device
 * @region: BAR
 * @start: first byte
 * @end: first byte after the range
 * @first: out: the part with the lowest offset
 *
 * Takes no lock.
 *
 * Return: false if there is none.
 */
bool msi_vfio_pci_find_part(struct msi_vfio_pci_device *mdev, u32 region,
			    u64 start, u64 end, struct msi_vfio_pci_part *first)
{
	unsigned int i, nr = nr_windows(mdev);

	first->window = NULL;
	for (i = 0; i < nr; i++)
		if (mdev->windows[i]->desc.region == region)
			find_in_window(mdev->windows[i], start, end, first);

	return first->window;
}

/* The width of the next access: as wide as the core's would be, within the part. */
static unsigned int access_width(const struct msi_vfio_pci_part *part, u64 pos,
				 size_t count)
{
	unsigned int width = COMPAT_MAX_WIDTH;

	count = min_t(u64, count, part->end - pos);
	while (width > count || pos % width)
		width /= 2;

	return width;
}

/*
 * Copies of a size that the compiler knows, as those of another size are checked at run time,
 * which takes longer than the copy. They return what copy_from_user() and copy_to_user() do.
 */
static unsigned long copy_value_from_user(__le64 *value, const char __user *buf,
					  unsigned int width)
{
	switch (width) {
	case 1:
		return copy_from_user(value, buf, 1);
	case 2:
		return copy_from_user(value, buf, 2);
	case 4:
		return copy_from_user(value, buf, 4);
	default:
		return copy_from_user(value, buf, 8);
	}
}

static unsigned long copy_value_to_user(char __user *buf, const __le64 *value,
					unsigned int width)
{
	switch (width) {
	case 1:
		return copy_to_user(buf, value, 1);
	case 2:
		return copy_to_user(buf, value, 2);
	case 4:
		return copy_to_user(buf, value, 4);
	default:
		return copy_to_user(buf, value, 8);
	}
}

static int read_in_window(struct msi_vfio_pci_device *mdev,
			  struct msi_vfio_pci_window *window, char __user *buf,
			  u64 offset, unsigned int width)
{
	bool decodes;
	__le64 raw;
	u64 val;
	int ret;

	ret = write_deferred(mdev);
	if (ret)
		return ret;

	lock_slots(mdev);
	decodes = compat_memory_enabled(&mdev->core);
	if (decodes) {
		find_page(window);
		val = overlaps_table(mdev, window, offset, width) ? U64_MAX :
		      read_device(window, offset, width);
		val = msi_slot_read(&window->slots, offset, width, val);
	}
	unlock_slots(mdev);
	if (!decodes)
		return -EIO;

	raw = cpu_to_le64(val);

	return copy_value_to_user(buf, &raw, width) ? -EFAULT : 0;
}

/* Returns true if other slots may be live than before. */
static bool write_slots(struct msi_vfio_pci_device *mdev,
			struct msi_vfio_pci_window *window, u64 offset,
			unsigned int width, u64 value)
{
	unsigned int nr_slots = window->slots.nr_slots;
	struct msi_slot_access access;
	bool translates = false, changed;

	changed = refresh_host_message(mdev) ||
		  test_bit(0, &mdev->writes_deferred);
	find_page(window);
	access = msi_slot_begin_access(&window->slots, offset, width, value,
				       read_dword, window);
	if (!mdev->isolated)
		translates = msi_slot_translates(&window->slots, &mdev->env, &access);
	if (translates) {
		/* A message that is read after pinning does not change any more. */
		pin_all_vectors(mdev);
		changed |= refresh_host_message(mdev);
	}
	if (changed)
		update_windows(mdev);

	msi_slot_write(&window->slots, &mdev->env, &access, read_dword, window);
	apply_plan(mdev, window);

	return changed || translates || window->slots.plan.nr_events ||
	       window->slots.nr_slots != nr_slots;
}

/* The user has selected a page. It has slots perhaps to which the kernel owes writes. */
static bool select_page(struct msi_vfio_pci_device *mdev,
			const struct msi_vfio_pci_part *part, u64 pos,
			unsigned int width, u64 value)
{
	bool changed;

	compat_iowrite(part->window->select + (pos - part->start), value, width);
	changed = refresh_host_message(mdev) ||
		  test_bit(0, &mdev->writes_deferred);
	changed |= has_outdated_slots(mdev);
	if (changed)
		update_windows(mdev);

	return changed;
}

/*
 * May a write, which may be a doorbell, be made without @state? It must not come before
 * writes to slots that are still to be made. Whoever makes such writes necessary, by a change
 * of the messages under @slots, has @state until they are made or deferred. Where the host can
 * move a message, the kernel reports that it has written one, see follow.c.
 */
static bool may_write_without_state(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->slots);

	return !(mdev->env.vectors &&
		 test_bit(MSI_VFIO_PCI_SLOTS, &mdev->message_written)) &&
	       !mutex_is_locked(&mdev->state) &&
	       !test_bit(0, &mdev->writes_deferred);
}

/*
 * Makes a write that concerns neither a slot nor a message, with the slots locked. Such a
 * write translates nothing. Returns false if it is not known to be one.
 */
static bool write_plain(struct msi_vfio_pci_device *mdev,
			struct msi_vfio_pci_window *window, u64 offset,
			unsigned int width, u64 value)
{
	const struct msi_slot_access access = {
		.offset = offset,
		.value = value,
		.width = width,
	};

	if (!may_write_without_state(mdev))
		return false;

	find_page(window);
	if (!msi_slot_is_plain(&window->slots, &mdev->env, &access))
		return false;

	compat_iowrite(window->io + offset, value, width);

	return true;
}

/*
 * The same, which locks the slots. Returns 0, -EAGAIN if the write has to be made in another
 * way, or another errno.
 */
static int try_plain(struct msi_vfio_pci_device *mdev,
		     const struct msi_vfio_pci_part *part, u64 pos,
		     unsigned int width, u64 value)
{
	struct msi_vfio_pci_window *window = part->window;
	int ret;

	if (part->select)
		return -EAGAIN;

	ret = try_lock_slots(mdev);
	if (ret)
		return ret;
	if (!compat_memory_enabled(&mdev->core))
		ret = -EIO;
	else if (!reaches_table(mdev, window, pos, width) &&
		 !write_plain(mdev, window, pos - window->offset, width, value))
		ret = -EAGAIN;
	unlock_slots(mdev);

	return ret;
}

static int write_part(struct msi_vfio_pci_device *mdev,
		      const struct msi_vfio_pci_part *part,
		      const char __user *buf, u64 pos, unsigned int width)
{
	struct msi_vfio_pci_window *window = part->window;
	bool changed = false;
	__le64 raw = 0;
	u64 value;
	int ret;

	if (copy_value_from_user(&raw, buf, width))
		return -EFAULT;
	value = le64_to_cpu(raw);

	ret = try_plain(mdev, part, pos, width, value);
	if (ret != -EAGAIN)
		return ret;

	ret = mutex_lock_killable(&mdev->state);
	if (ret)
		return ret;

	lock_slots_with_room(mdev, window);
	if (!compat_memory_enabled(&mdev->core))
		ret = -EIO;
	else if (!reaches_table(mdev, window, pos, width))
		changed = part->select ?
			  select_page(mdev, part, pos, width, value) :
			  write_slots(mdev, window, pos - window->offset, width,
				      value);
	unlock_slots(mdev);
	if (changed)
		pin_live_vectors(mdev);
	mutex_unlock(&mdev->state);

	return ret;
}

static int access_part(struct msi_vfio_pci_device *mdev,
		       const struct msi_vfio_pci_part *part, char __user *buf,
		       u64 pos, unsigned int width, bool is_write)
{
	if (is_write)
		return write_part(mdev, part, buf, pos, width);

	return read_in_window(mdev, part->window, buf,
			      pos - part->window->offset, width);
}

/*
 * One step of an access to a BAR with windows. Outside of windows the core makes it, up
 * to the next part of a window or the end of the page, and the core reads select registers.
 * In a window it is one access to the device. Returns how many bytes were read or written.
 */
static ssize_t access_step(struct msi_vfio_pci_device *mdev, char __user *buf,
			   size_t count, loff_t *ppos, bool is_write)
{
	struct vfio_device *vdev = &mdev->core.vdev;
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	struct msi_vfio_pci_part part;
	unsigned int width;
	bool found;
	int ret;

	found = msi_vfio_pci_find_part(mdev, VFIO_PCI_OFFSET_TO_INDEX(*ppos),
				       pos, pos + count, &part);
	if (!found || part.start > pos || (part.select && !is_write)) {
		if (found)
			count = min_t(u64, count, (part.start > pos ?
				      part.start : part.end) - pos);
		count = min_t(u64, count, PAGE_SIZE - offset_in_page(pos));
		return is_write ? vfio_pci_core_write(vdev, buf, count, ppos) :
				  vfio_pci_core_read(vdev, buf, count, ppos);
	}

	width = access_width(&part, pos, count);
	ret = access_part(mdev, &part, buf, pos, width, is_write);
	if (ret)
		return ret;
	*ppos += width;

	return width;
}

static ssize_t access_bar(struct msi_vfio_pci_device *mdev, char __user *buf,
			  size_t count, loff_t *ppos, bool is_write)
{
	struct pci_dev *pdev = mdev->core.pdev;
	int bar = VFIO_PCI_OFFSET_TO_INDEX(*ppos);
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	loff_t start = *ppos;
	ssize_t ret = 0;
	size_t done = 0;

	/* Windows are in their BAR, and one ends after @pos, so the BAR does. */
	count = min_t(u64, count, pci_resource_len(pdev, bar) - pos);

	if (pm_runtime_resume_and_get(&pdev->dev))
		return -EIO;
	/* There can be very many steps, and each waits for the device. */
	while (done < count) {
		ret = fatal_signal_pending(current) ? -EINTR :
		      access_step(mdev, buf + done, count - done, ppos,
				  is_write);
		if (ret <= 0)
			break;
		done += ret;
		cond_resched();
	}
	pm_runtime_put(&pdev->dev);

	if (ret < 0)
		*ppos = start;

	return ret < 0 ? ret : done;
}

/**
 * msi_vfio_pci_window_read - read from a BAR that may have a window in the range
 * @mdev: device
 * @buf: user's buffer
 * @count: its size in bytes
 * @ppos: offset in the device's file
 *
 * Return: bytes read, -EFAULT, -EINTR if the task was killed, or -EIO if the device does
 * not decode memory.
 */
ssize_t msi_vfio_pci_window_read(struct msi_vfio_pci_device *mdev,
				 char __user *buf, size_t count, loff_t *ppos)
{
	return access_bar(mdev, buf, count, ppos, false);
}

/**
 * msi_vfio_pci_window_write - write to a BAR that may have a window in the range
 * @mdev: device
 * @buf: user's buffer
 * @count: its size in bytes
 * @ppos: offset in the device's file
 *
 * Return: bytes written, -EFAULT, -EINTR if the task was killed, or -EIO if the device
 * does not decode memory.
 */
ssize_t msi_vfio_pci_window_write(struct msi_vfio_pci_device *mdev,
				  const char __user *buf, size_t count,
				  loff_t *ppos)
{
	return access_bar(mdev, (char __user *)buf, count, ppos, true);
}

/*
 * The guest message is followed from open on, because former guest messages count also
 * in windows that are added later. If no reset works for the device, it can hold messages
 * of an earlier session.
 */
static int init_messages(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	struct msi_slot_message *messages;
	u32 *addresses;
	u16 flags;

	addresses = kvcalloc(FIRST_MESSAGES, sizeof(*addresses),
			     GFP_KERNEL_ACCOUNT);
	messages = kvcalloc(FIRST_MESSAGES, sizeof(*messages), GFP_KERNEL_ACCOUNT);
	if (!addresses || !messages) {
		kvfree(addresses);
		kvfree(messages);
		return -ENOMEM;
	}

	/* Not from the virtual register, which the user can write. */
	pci_read_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, &flags);
	mdev->msi_64bit = flags & PCI_MSI_FLAGS_64BIT;

	mutex_lock(&mdev->slots);
	mdev->guest_vectors = decode_vectors(virtual_config(mdev, 0) >> 16);
	/*
	 * On other architectures than x86 an isolated device keeps the message: the
	 * platform drops it.
	 */
	msi_slot_init_env(&mdev->env, INERT_ADDRESS,
			  IS_ENABLED(CONFIG_X86) || !mdev->isolated,
			  mdev->core.reset_works, addresses, FIRST_MESSAGES,
			  messages, FIRST_MESSAGES);
	read_guest_message(mdev);
	mutex_unlock(&mdev->slots);

	return 0;
}

static u64 desc_end(const struct vfio_device_feature_pci_msi_ranges *in)
{
	const struct vfio_pci_msi_range *last = &in->range[in->count - 1];

	return last->offset + last->size;
}

static struct msi_vfio_pci_window *
make_window(struct msi_vfio_pci_device *mdev,
	    const struct vfio_device_feature_pci_msi_ranges *in,
	    const struct msi_slot_layout *layout)
{
	struct msi_vfio_pci_window *window;
	struct msi_slot_bucket *buckets;
	struct msi_slot_dword *dwords;

	window = kvzalloc(sizeof(*window), GFP_KERNEL_ACCOUNT);
	buckets = kvcalloc(MSI_SLOT_BUCKETS, sizeof(*buckets), GFP_KERNEL_ACCOUNT);
	dwords = kvcalloc(FIRST_DWORDS, sizeof(*dwords), GFP_KERNEL_ACCOUNT);
	if (!window || !buckets || !dwords) {
		kvfree(window);
		kvfree(buckets);
		kvfree(dwords);
		return NULL;
	}

	window->desc = *in;
	window->offset = in->range[0].offset;
	window->end = desc_end(in);
	msi_slot_init_window(&window->slots, layout, buckets, dwords,
			     FIRST_DWORDS);

	return window;
}

static void free_window(struct msi_vfio_pci_window *window)
{
	kvfree(window->slots.buckets);
	kvfree(window->slots.dwords);
	kvfree(window);
}

static bool overlaps_windows(struct msi_vfio_pci_device *mdev,
			     const struct vfio_device_feature_pci_msi_ranges *in)
{
	struct msi_vfio_pci_part part;
	unsigned int i;

	for (i = 0; i < in->count; i++)
		if (msi_vfio_pci_find_part(mdev, in->region, in->range[i].offset,
					   in->range[i].offset +
					   in->range[i].size, &part))
			return true;

	/* Several windows can have the same select register. */
	return in->select_mask &&
	       msi_vfio_pci_find_part(mdev, in->region, in->select_offset,
				      in->select_offset + SELECT_SIZE, &part) &&
	       !part.select;
}

/* An access that sees only one of the two values comes before the window is there. */
static void extend_span(struct msi_vfio_pci_span *span,
			const struct vfio_device_feature_pci_msi_ranges *in)
{
	u64 start = in->range[0].offset, end = desc_end(in);

	if (in->select_mask) {
		start = min(start, in->select_offset);
		end = max(end, in->select_offset + SELECT_SIZE);
	}
	if (span->end) {
		start = min(start, span->start);
		end = max(end, span->end);
	}
	WRITE_ONCE(span->start, start);
	WRITE_ONCE(span->end, end);
}

static int publish(struct msi_vfio_pci_device *mdev,
		   struct msi_vfio_pci_window *window)
{
	int ret;

	mutex_lock(&mdev->map_lock);
	if (msi_vfio_pci_bar_is_claimed(mdev, window->desc.region))
		ret = -EBUSY;
	else if (overlaps_windows(mdev, &window->desc))
		ret = -EEXIST;
	else if (mdev->nr_windows == MSI_VFIO_PCI_MAX_WINDOWS)
		ret = -ENOSPC;
	else
		ret = msi_vfio_pci_reserve_map(mdev, &window->desc);
	if (!ret) {
		mdev->windows[mdev->nr_windows] = window;
		extend_span(&mdev->spans[window->desc.region], &window->desc);
		/* Pairs with the acquire in nr_windows(): readers take no lock. */
		smp_store_release(&mdev->nr_windows, mdev->nr_windows + 1);
		msi_vfio_pci_update_map(mdev);
	}
	mutex_unlock(&mdev->map_lock);

	return ret;
}

/* The core does not let the user write the table, so no window may contain it. */
static bool meets_table(struct msi_vfio_pci_device *mdev, u32 region, u64 offset,
			u64 size)
{
	/* A reset can make it larger at any time. */
	u32 table_size = READ_ONCE(mdev->table_size);

	return table_size && region == mdev->table_bar &&
	       offset < (u64)mdev->table_offset + table_size &&
	       offset + size > mdev->table_offset;
}

/* msi_slot_layout_ok() checks the order of the ranges, and their alignment. */
static bool ranges_are_valid(struct msi_vfio_pci_device *mdev,
			     const struct vfio_device_feature_pci_msi_ranges *in)
{
	u64 length = pci_resource_len(mdev->core.pdev, in->region);
	const struct vfio_pci_msi_range *range = in->range;
	unsigned int i;

	for (i = 0; i < VFIO_PCI_MSI_RANGES_MAX; i++, range++) {
		if (i >= in->count) {
			if (range->offset || range->size)
				return false;
			continue;
		}
		if (!range->size || range->offset < in->range[0].offset ||
		    range->offset >= length ||
		    range->size > length - range->offset ||
		    meets_table(mdev, in->region, range->offset, range->size))
			return false;
	}

	return IS_ALIGNED(in->range[0].offset, 4);
}

/* A window has a select register if @select_mask is not 0. */
static bool select_is_valid(struct msi_vfio_pci_device *mdev,
			    const struct vfio_device_feature_pci_msi_ranges *in)
{
	u64 length = pci_resource_len(mdev->core.pdev, in->region);
	const struct vfio_pci_msi_range *range = in->range;
	unsigned int i;

	if (!in->select_mask)
		return !in->select_offset;
	if (!IS_ALIGNED(in->select_offset, SELECT_SIZE) ||
	    in->select_offset >= length ||
	    length - in->select_offset < SELECT_SIZE ||
	    meets_table(mdev, in->region, in->select_offset, SELECT_SIZE))
		return false;

	for (i = 0; i < in->count; i++, range++)
		if (in->select_offset < range->offset + range->size &&
		    in->select_offset + SELECT_SIZE > range->offset)
			return false;

	return true;
}

static bool window_is_valid(struct msi_vfio_pci_device *mdev,
			    const struct vfio_device_feature_pci_msi_ranges *in)
{
	struct pci_dev *pdev = mdev->core.pdev;

	if (in->flags & ~WINDOW_FLAGS || in->__reserved || !in->count)
		return false;
	if (in->flags & VFIO_PCI_MSI_WINDOW_LEARN &&
	    in->flags != VFIO_PCI_MSI_WINDOW_LEARN)
		return false;
	if (in->region >= PCI_STD_NUM_BARS ||
	    !(pci_resource_flags(pdev, in->region) & IORESOURCE_MEM))
		return false;

	return ranges_are_valid(mdev, in) && select_is_valid(mdev, in);
}

static struct msi_slot_layout
layout_of(const struct vfio_device_feature_pci_msi_ranges *in)
{
	u64 start = in->range[0].offset;
	struct msi_slot_layout layout = {
		.size = desc_end(in) - start,
		.data_offset = in->data_offset,
		.high = in->flags & VFIO_PCI_MSI_WINDOW_HIGH,
		.learn = in->flags & VFIO_PCI_MSI_WINDOW_LEARN,
		.paged = in->select_mask,
		.nr_ranges = in->count,
	};
	unsigned int i;

	BUILD_BUG_ON(MSI_SLOT_RANGES != VFIO_PCI_MSI_RANGES_MAX);

	for (i = 0; i < in->count; i++) {
		layout.range[i].start = in->range[i].offset - start;
		layout.range[i].end = layout.range[i].start + in->range[i].size;
	}

	return layout;
}

/**
 * msi_vfio_pci_check_window - check whether a device can have a window
 * @mdev: device, open or not
 * @in: the window
 *
 * Return: 0, -EINVAL or -E2BIG.
 */
int msi_vfio_pci_check_window(struct msi_vfio_pci_device *mdev,
			      const struct vfio_device_feature_pci_msi_ranges *in)
{
	struct msi_slot_layout layout;

	if (in->count > VFIO_PCI_MSI_RANGES_MAX)
		return -E2BIG;
	if (!window_is_valid(mdev, in))
		return -EINVAL;

	layout = layout_of(in);

	return msi_slot_layout_ok(&layout) ? 0 : -EINVAL;
}

/**
 * msi_vfio_pci_add_window - add a window to a session
 * @mdev: a device that is open or being opened, with @state held
 * @in: the window
 *
 * Return: 0, -EINVAL, -E2BIG, -EBUSY, -EEXIST, -ENOSPC or -ENOMEM, as
 * include/uapi/linux/vfio_pci_msi.h says.
 */
int msi_vfio_pci_add_window(struct msi_vfio_pci_device *mdev,
			    const struct vfio_device_feature_pci_msi_ranges *in)
{
	struct msi_vfio_pci_window *window;
	struct msi_slot_layout layout;
	u8 __iomem *io;
	int ret;

	lockdep_assert_held(&mdev->state);

	ret = msi_vfio_pci_check_window(mdev, in);
	if (ret)
		return ret;

	io = compat_iomap(&mdev->core, in->region);
	if (IS_ERR(io))
		return -ENOMEM;

	layout = layout_of(in);
	window = make_window(mdev, in, &layout);
	if (!window)
		return -ENOMEM;

	window->io = io + window->offset;
	if (in->select_mask)
		window->select = io + in->select_offset;
	ret = publish(mdev, window);
	if (ret)
		free_window(window);

	return ret;
}

/*
 * Maps all BARs. Older cores map a BAR at its first use and without a lock, and a SET of
 * MSI_WINDOW that maps it at the same time would conflict. Newer cores have mapped all
 * BARs by now.
 */
static void map_bars(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (pci_resource_flags(pdev, bar) & IORESOURCE_MEM &&
		    pci_resource_len(pdev, bar))
			compat_iomap(&mdev->core, bar);
}

/**
 * msi_vfio_pci_open_windows - begin a session
 * @mdev: a device whose core has been enabled, with @state held
 *
 * Return: 0 or -ENOMEM.
 */
int msi_vfio_pci_open_windows(struct msi_vfio_pci_device *mdev)
{
	mdev->pinned = 0;
	mdev->slots_need_reset = 0;
	mdev->pins_outdated = false;
	WRITE_ONCE(mdev->frozen, false);
	mdev->writes_deferred = 0;
	/* A device without MSI has no windows. */
	if (!mdev->core.pdev->msi_cap)
		return 0;

	map_bars(mdev);

	return init_messages(mdev);
}

/**
 * msi_vfio_pci_close_windows - end a session
 * @mdev: a device that the user has closed, with @state held
 */
void msi_vfio_pci_close_windows(struct msi_vfio_pci_device *mdev)
{
	while (mdev->nr_windows)
		free_window(mdev->windows[--mdev->nr_windows]);
	memset(mdev->spans, 0, sizeof(mdev->spans));
	kvfree(mdev->env.addresses);
	kvfree(mdev->env.messages);
	memset(&mdev->env, 0, sizeof(mdev->env));
}

static void fill_slot(const struct msi_vfio_pci_window *window,
		      const struct msi_slot_info *info,
		      struct msi_vfio_pci_slot *out)
{
	struct vfio_pci_msi_slot *slot = &out->slot;

	out->page = info->page;
	slot->offset = window->offset + info->offset;
	slot->guest_address = info->guest_address;
	slot->guest_data = info->guest_data;
	slot->vector = info->vector;
	slot->data_distance = info->data_distance;
	if (info->has_address)
		slot->flags |= VFIO_PCI_MSI_SLOT_ADDRESS;
	if (info->has_data)
		slot->flags |= VFIO_PCI_MSI_SLOT_DATA;
	if (info->owed)
		slot->flags |= VFIO_PCI_MSI_SLOT_OWED;
}

static int compare_slots(const void *left, const void *right)
{
	const struct msi_vfio_pci_slot *a = left, *b = right;

	if (a->slot.offset != b->slot.offset)
		return a->slot.offset < b->slot.offset ? -1 : 1;

	return a->page < b->page ? -1 : a->page > b->page;
}

/**
 * msi_vfio_pci_get_window - get a window with its counters and slots
 * @mdev: device, with @state held
 * @out: in: @window, which exists. out: all other members but @windows
 * @slots: out: the slots, sorted; MSI_VFIO_PCI_MAX_SLOTS entries, zeroed by the caller
 */
void msi_vfio_pci_get_window(struct msi_vfio_pci_device *mdev,
			     struct vfio_device_feature_pci_msi_window_state *out,
			     struct msi_vfio_pci_slot *slots)
{
	struct msi_vfio_pci_window *window = mdev->windows[out->window];
	const struct msi_slot_window *in = &window->slots;
	struct msi_slot_info info;
	unsigned int i, cursor = 0;

	lockdep_assert_held(&mdev->state);

	lock_slots(mdev);
	out->flags = window->desc.flags;
	out->region = window->desc.region;
	out->offset = window->offset;
	out->size = in->layout.size;
	out->data_offset = in->layout.data_offset;
	out->addresses = in->addresses;
	out->data = in->data;
	out->withheld = in->withheld;
	out->undone = in->undone;
	out->count = in->nr_slots;
	for (i = 0; msi_slot_get(in, &mdev->env, &cursor, &info); i++)
		fill_slot(window, &info, &slots[i]);
	unlock_slots(mdev);

	sort(slots, out->count, sizeof(*slots), compare_slots, NULL);
}

/**
 * msi_vfio_pci_get_learned - get the data after an address in a LEARN window
 * @mdev: device, with @state held
 * @nr: which window
 * @page: the page in which the address is
 * @offset: the address's offset in the BAR
 * @distance: how many bytes after the address
 * @data: out: the data
 * @vector: out: which vector has this data
 *
 * Return: true if the guest wrote data of its message there.
 */
bool msi_vfio_pci_get_learned(struct msi_vfio_pci_device *mdev, unsigned int nr,
			      u32 page, u64 offset, u32 distance, u32 *data,
			      u32 *vector)
{
	struct msi_vfio_pci_window *window = mdev->windows[nr];
	bool learned;

	lockdep_assert_held(&mdev->state);

	lock_slots(mdev);
	learned = msi_slot_learned(&window->slots, &mdev->env, page,
				   offset - window->offset, distance, data,
				   vector);
	unlock_slots(mdev);

	return learned;
}
