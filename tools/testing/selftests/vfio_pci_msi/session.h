/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session (one open device), and wrappers for the calls of VFIO. Unlike libvfio's they
 * return errors instead of asserting that there is none.
 */
#ifndef VFIO_PCI_MSI_SESSION_H
#define VFIO_PCI_MSI_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/types.h>
#include <linux/vfio.h>

#include <libvfio.h>

#include "lab.h"

struct session {
	char bdf[BDF_SIZE];
	struct iommu *iommu;
	bool has_own_iommu;
	struct vfio_pci_device *device;
	int fd;
};

/*
 * Open the plan's @device in libvfio's IOMMU mode @mode. It is bound to @driver first
 * if it is not.
 */
struct session *session_open(const char *device, const char *driver,
			     const char *mode);
/*
 * The same under msi-vfio-pci with the module's parameter table_map set, which is read
 * at open. Tests that access the table through a writable mapping use "rw", as the
 * rule "auto" does not allow that on every platform.
 */
struct session *session_open_table_map(const char *device, const char *mode,
				       const char *table_map);
struct session *session_open_bdf(const char *bdf, const char *mode);
/* The same with the container or iommufd of @other, which is closed later. */
struct session *session_open_beside(const struct session *other, const char *device,
				    const char *driver);
void session_close(struct session *s);

/*
 * Open the device of a session again, whose file was closed: do everything up to the call
 * that opens it; make that call, which returns the file or a negative errno; and what to do
 * after an errno.
 */
void session_prepare_open(struct session *s);
int session_try_open(struct session *s);
void session_give_up_open(struct session *s);

/*
 * Another file descriptor for the same session. Only the group opens a second file; for
 * the cdev the first is duplicated.
 */
int session_open_again(struct session *s);

/* All return a negative errno if the call fails. */
int feature(int fd, u32 flags, void *payload, size_t size);
int feature_raw(int fd, void *arg);
int set_irqs(int fd, u32 flags, u32 index, u32 start, u32 count,
	     const void *data, size_t size);
int set_triggers(int fd, u32 index, u32 start, u32 count, const int *fds);
int disable_irqs(int fd, u32 index);
int irq_count(int fd, u32 index);
/* The index of MSI-X on a device that has MSI-X, else that of MSI. */
u32 vectors_index(int fd);
int session_hot_reset(struct session *s);
/* The user has another device that is reset, too. */
int session_hot_reset_both(struct session *s, const struct session *other);
/* @which: VFIO_DEVICE_FEATURE_LOW_POWER_* */
int low_power(int fd, u32 which);
/* Wait until the kernel has suspended the device; false if it does not. */
bool wait_suspended(const char *bdf);

/* Set the power state in PMCSR by a config write: 0 is D0, 3 is D3hot. */
void power_state_set(struct session *s, u16 state);
/* Reset the function (FLR) by a config write. */
void function_reset(struct session *s);

/* "auto": the kernel may suspend the device while it is idle; "on": it must not. */
void set_power_control(const char *bdf, const char *word);

/* The region's offset in the device's file. */
u64 region_offset(int fd, u32 region);
u64 region_size(int fd, u32 region);
ssize_t region_read(int fd, u32 region, u64 offset, void *buf, size_t size);
ssize_t region_write(int fd, u32 region, u64 offset, const void *buf,
		     size_t size);

ssize_t config_read(int fd, unsigned int pos, void *buf, size_t size);
ssize_t config_write(int fd, unsigned int pos, const void *buf, size_t size);
u16 config_read16(int fd, unsigned int pos);
void config_write16(int fd, unsigned int pos, u16 value);

/* Set or clear bits of the Command register, such as PCI_COMMAND_MEMORY. */
void command_set(int fd, u16 bits);
void command_clear(int fd, u16 bits);

u32 bar_read32(int fd, u32 bar, u64 offset);
void bar_write32(int fd, u32 bar, u64 offset, u32 value);

int eventfd_new(void);
/* Read the eventfd's count and set it to 0. */
u64 eventfd_take(int fd);
/* Wait until the eventfd is signalled; false if it is not. */
bool eventfd_wait(int fd);

/* Two pages, followed by one without access. For buffers that end where memory does. */
struct guarded {
	u8 *start;
	u8 *end;
	size_t page;
};

void guarded_alloc(struct guarded *g);
void guarded_free(struct guarded *g);

#endif /* VFIO_PCI_MSI_SESSION_H */
