// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pages.h"
#include "session.h"

u32 table_map_access(const char *table_map)
{
	if (!strcmp(table_map, "auto"))
		return lab_remap() ? READ_WRITE : READ;
	if (!strcmp(table_map, "deny"))
		return NONE;

	return strcmp(table_map, "ro") ? READ_WRITE : READ;
}

void table_map_expected(const char *table_map, char *text, size_t size)
{
	static const char * const words[] = {
		[NONE] = "deny",
		[READ] = "ro",
		[READ_WRITE] = "rw",
	};
	const char *reason = "table_map";

	if (!strcmp(table_map, "auto"))
		reason = lab_remap() ? "isolated" : "not-isolated";
	snprintf(text, size, "%s %s\n", words[table_map_access(table_map)],
		 reason);
}

void table_map_shown(const char *bdf, char *text, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msix_table_map",
		 bdf);
	VFIO_ASSERT_GT(file_read(path, text, size), 0);
}

u64 page_size(void)
{
	return getpagesize();
}

u64 page_down(u64 offset)
{
	return offset & ~(page_size() - 1);
}

u64 page_up(u64 offset)
{
	return page_down(offset + page_size() - 1);
}

int msix_map_get(int fd, struct msix_map *map)
{
	return feature(fd, VFIO_DEVICE_FEATURE_GET |
		       VFIO_DEVICE_FEATURE_PCI_MSIX_MAP, map, sizeof(*map));
}

struct msix_map msix_map_of(int fd)
{
	struct msix_map map = { .head.count = RANGES_MAX };

	VFIO_ASSERT_EQ(msix_map_get(fd, &map), 0);
	VFIO_ASSERT_LE(map.head.count, RANGES_MAX);

	return map;
}

static void read_capability(struct region_map *map,
			    const struct vfio_info_cap_header *cap)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;

	if (cap->id == VFIO_REGION_INFO_CAP_MSIX_MAPPABLE)
		map->msix_mappable = true;
	if (cap->id != VFIO_REGION_INFO_CAP_SPARSE_MMAP)
		return;

	sparse = (const void *)cap;
	VFIO_ASSERT_LE(sparse->nr_areas, AREAS_MAX);
	map->sparse = true;
	map->areas = sparse->nr_areas;
	memcpy(map->area, sparse->areas, map->areas * sizeof(map->area[0]));
}

struct region_map region_map(int fd, u32 bar)
{
	union {
		struct vfio_region_info info;
		u8 bytes[1024];
	} buf = {
		.info.argsz = sizeof(buf),
		.info.index = bar,
	};
	struct region_map map = {};
	u32 pos;

	ioctl_assert(fd, VFIO_DEVICE_GET_REGION_INFO, &buf);
	VFIO_ASSERT_LE(buf.info.argsz, sizeof(buf));
	map.size = buf.info.size;
	map.mmap = buf.info.flags & VFIO_REGION_INFO_FLAG_MMAP;

	pos = buf.info.flags & VFIO_REGION_INFO_FLAG_CAPS ?
	      buf.info.cap_offset : 0;
	while (pos) {
		struct vfio_info_cap_header *cap = (void *)(buf.bytes + pos);

		read_capability(&map, cap);
		pos = cap->next;
	}

	return map;
}

void *bar_map(int fd, u32 bar, u64 offset, size_t size, int prot, int flags)
{
	return mmap(NULL, size, prot, flags, fd,
		    region_offset(fd, bar) + offset);
}

int bar_try_map(int fd, u32 bar, u64 offset, size_t size, int prot, int flags)
{
	void *map = bar_map(fd, bar, offset, size, prot, flags);

	if (map == MAP_FAILED)
		return -errno;
	VFIO_ASSERT_EQ(munmap(map, size), 0);

	return 0;
}

int bar_try_ioeventfd(int fd, u32 bar, u64 offset, int eventfd)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = region_offset(fd, bar) + offset,
		.fd = eventfd,
	};

	return ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg) ? -errno : 0;
}

bool dma_buf_exists(int fd)
{
	return !feature(fd, VFIO_DEVICE_FEATURE_PROBE |
			VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF,
			NULL, 0);
}

int bar_try_dma_buf(int fd, u32 bar, u64 offset, u64 length)
{
	size_t size = sizeof(struct vfio_device_feature_dma_buf) +
		      sizeof(struct vfio_region_dma_range);
	struct vfio_device_feature_dma_buf *arg = calloc_assert(1, size);
	struct vfio_device_feature *call;
	int ret;

	arg->region_index = bar;
	arg->open_flags = O_RDWR | O_CLOEXEC;
	arg->nr_ranges = 1;
	arg->dma_ranges[0].offset = offset;
	arg->dma_ranges[0].length = length;

	call = calloc_assert(1, sizeof(*call) + size);
	call->argsz = sizeof(*call) + size;
	call->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	memcpy(call->data, arg, size);
	ret = ioctl(fd, VFIO_DEVICE_FEATURE, call);
	ret = ret < 0 ? -errno : ret;
	free(call);
	free(arg);

	return ret;
}
