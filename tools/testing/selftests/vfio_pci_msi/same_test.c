// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without the use of a feature, a device looks the same under msi-vfio-pci as under
 * vfio-pci, byte for byte. The test writes down everything that a VMM asks for when it
 * starts, under both drivers, and compares. The only difference is that vectors can be
 * masked, which mask_test is about.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "hardware.h"
#include "session.h"
#include "variants.h"

FIXTURE(same) {
	char *stock;
	char *ours;
};

FIXTURE_VARIANT(same) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(same, ath11k);
LAB_VARIANTS(same, ath11k_noid);
LAB_VARIANTS(same, msix);
LAB_VARIANTS(same, msix_2048);
LAB_VARIANTS(same, msix_odd);
LAB_VARIANTS(same, msix_shared);
LAB_VARIANTS(same, msix_end);
LAB_VARIANTS(same, msix_small);
LAB_VARIANTS(same, msix_prefetch);
LAB_VARIANTS(same, plain);
LAB_VARIANTS(same, igb);
LAB_VARIANTS(same, e1000e);
LAB_VARIANTS(same, nvme);
LAB_VARIANTS(same, edu);
LAB_VARIANTS(same, nec_usb_xhci);

/* Room for an info structure with all its capabilities. */
#define INFO_SIZE	4096

static void write_bytes(FILE *out, const void *bytes, size_t size)
{
	const u8 *p = bytes;

	for (size_t i = 0; i < size; i++)
		fprintf(out, "%02x", p[i]);
	fprintf(out, "\n");
}

/* Call an info ioctl, whose argument begins with argsz, and write the result. */
static void write_info(FILE *out, int fd, const char *what, u32 request,
		       void *info)
{
	int ret;

	memcpy(info, &(u32){ INFO_SIZE }, sizeof(u32));
	ret = ioctl(fd, request, info);
	fprintf(out, "%s: %d ", what, ret ? -errno : ret);
	if (ret)
		fprintf(out, "\n");
	else
		write_bytes(out, info, INFO_SIZE);
}

static void write_device_info(FILE *out, int fd)
{
	u8 info[INFO_SIZE] = {};

	write_info(out, fd, "device", VFIO_DEVICE_GET_INFO, info);
}

static void write_regions(FILE *out, int fd)
{
	for (u32 i = 0; i <= VFIO_PCI_NUM_REGIONS + 1; i++) {
		u8 info[INFO_SIZE] = {};
		char what[32];

		((struct vfio_region_info *)info)->index = i;
		snprintf(what, sizeof(what), "region %u", i);
		write_info(out, fd, what, VFIO_DEVICE_GET_REGION_INFO, info);
	}
}

static bool has_vectors(u32 index)
{
	return index == VFIO_PCI_MSI_IRQ_INDEX ||
	       index == VFIO_PCI_MSIX_IRQ_INDEX;
}

static void write_irqs(FILE *out, int fd)
{
	for (u32 i = 0; i <= VFIO_PCI_NUM_IRQS + 1; i++) {
		struct vfio_irq_info info = {
			.argsz = sizeof(info),
			.index = i,
		};
		int ret = ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info);

		if (has_vectors(i))
			info.flags &= ~VFIO_IRQ_INFO_MASKABLE;
		fprintf(out, "irq %u: %d ", i, ret ? -errno : ret);
		write_bytes(out, &info, sizeof(info));
	}
}

static void write_config(FILE *out, int fd)
{
	u64 size = region_size(fd, VFIO_PCI_CONFIG_REGION_INDEX);
	u8 whole[HW_CONFIG_SIZE], dword[4];

	fprintf(out, "config: %zd\n", config_read(fd, 0, whole, size));
	for (u64 pos = 0; pos < size; pos += sizeof(dword)) {
		ssize_t ret = config_read(fd, pos, dword, sizeof(dword));

		fprintf(out, "config %03llx: %zd ", (unsigned long long)pos,
			ret);
		write_bytes(out, dword, sizeof(dword));
		write_bytes(out, whole + pos, sizeof(dword));
	}
}

/* Read the MSI-X table and what follows it, write the table, and map its BAR. */
static void write_table(FILE *out, int fd, const char *bdf)
{
	struct hw_msix msix;
	u8 entry[64];
	void *map;

	if (!hw_capability(bdf, PCI_CAP_ID_MSIX))
		return;
	hw_msix_map(&msix, bdf, fd);
	hw_msix_unmap(&msix);

	for (size_t size = 1; size <= sizeof(entry); size <<= 1) {
		memset(entry, 0x5a, sizeof(entry));
		fprintf(out, "table %zu: %zd ", size,
			region_read(fd, msix.bar, msix.offset, entry, size));
		write_bytes(out, entry, size);
		fprintf(out, "table written: %zd\n",
			region_write(fd, msix.bar, msix.offset, entry, size));
	}

	for (int prot = PROT_READ; prot <= (PROT_READ | PROT_WRITE); prot++) {
		map = mmap(NULL, region_size(fd, msix.bar), prot, MAP_SHARED,
			   fd, region_offset(fd, msix.bar));
		fprintf(out, "table's BAR mapped %d: %d\n", prot,
			map == MAP_FAILED ? -errno : 0);
		if (map != MAP_FAILED)
			munmap(map, region_size(fd, msix.bar));
	}
}

/* Probe the core's features, up to numbers that no feature has yet. */
static void write_features(FILE *out, int fd)
{
	static const u32 ops[] = { VFIO_DEVICE_FEATURE_PROBE,
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET,
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET };

	for (u32 number = 0; number < 64; number++) {
		for (int i = 0; i < ARRAY_SIZE(ops); i++)
			fprintf(out, "feature %u, %#x: %d\n", number, ops[i],
				feature(fd, ops[i] | number, NULL, 0));
	}
}

static bool sets_masks(u32 index, u32 action, u32 data)
{
	return has_vectors(index) && (action == 1 || action == 2) &&
	       (data == 1 || data == 2);
}

static void write_call(FILE *out, int fd, u32 index, u32 action, u32 data)
{
	int ret = set_irqs(fd, action << 3 | data, index, 0, 0, NULL, 0);

	if (!sets_masks(index, action, data))
		fprintf(out, "SET_IRQS %u %u %u: %d\n", index, action, data,
			ret);
}

/*
 * Calls of SET_IRQS that fail or change nothing. Neither an INTx without a trigger nor a
 * vector that is not allocated can be masked.
 */
static void write_calls(FILE *out, int fd)
{
	for (u32 index = 0; index <= VFIO_PCI_NUM_IRQS; index++)
		for (u32 action = 0; action < 8; action++)
			for (u32 data = 0; data < 8; data++)
				write_call(out, fd, index, action, data);
}

static void write_hot_reset(FILE *out, int fd)
{
	u8 info[INFO_SIZE] = {};

	write_info(out, fd, "hot reset", VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
		   info);
}

/*
 * Attach an address space for a PASID. The emulated IOMMUs have no PASIDs; a driver that
 * lacks the operation would return another error.
 */
static void write_pasid(FILE *out, const struct session *s)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.flags = VFIO_DEVICE_ATTACH_PASID,
		.pt_id = s->iommu->ioas_id,
		.pasid = 1,
	};
	int ret;

	if (s->iommu->mode->container_path)
		return;
	ret = ioctl(s->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	fprintf(out, "PASID: %d\n", ret ? -errno : ret);
}

static char *describe(const char *device, const char *driver, const char *mode)
{
	struct session *s = session_open(device, driver, mode);
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	VFIO_ASSERT_NOT_NULL(out);
	write_device_info(out, s->fd);
	write_regions(out, s->fd);
	write_irqs(out, s->fd);
	write_config(out, s->fd);
	write_features(out, s->fd);
	write_hot_reset(out, s->fd);
	write_pasid(out, s);
	write_calls(out, s->fd);
	command_set(s->fd, PCI_COMMAND_MEMORY);
	write_table(out, s->fd, s->bdf);
	write_config(out, s->fd);
	fclose(out);
	session_close(s);

	return text;
}

/*
 * Turn off what would differ: the windows of known devices, and on a host without
 * interrupt remapping the rule for the table's pages.
 */
static int set_rules(const char *windows, const char *table_map)
{
	return module_param_write("msi_vfio_pci", "windows", windows) ?:
	       module_param_write("msi_vfio_pci", "table_map", table_map);
}

FIXTURE_SETUP(same)
{
	self->stock = describe(variant->device, DRIVER_STOCK, variant->mode);
	driver_bind(lab_bdf(variant->device), DRIVER_MSI);
	ASSERT_EQ(0, set_rules("0", lab_remap() ? "auto" : "rw"));
	self->ours = describe(variant->device, DRIVER_MSI, variant->mode);
}

FIXTURE_TEARDOWN(same)
{
	set_rules("1", "auto");
	free(self->stock);
	free(self->ours);
}

TEST_F(same, as_under_vfio_pci)
{
	char *stock = self->stock, *ours = self->ours;
	char *theirs, *mine;

	while ((theirs = strsep(&stock, "\n"))) {
		mine = strsep(&ours, "\n");
		ASSERT_NE(NULL, mine);
		ASSERT_STREQ(theirs, mine);
	}
	ASSERT_EQ(NULL, ours);
}

LAB_MAIN
