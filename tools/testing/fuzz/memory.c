// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "memory.h"
#include "target.h"

#define PAGE	4096ULL

static u8 *place(const struct target *t, u32 number)
{
	return t->maps + number % TARGET_MAPS * TARGET_MAP_SIZE;
}

/* Mostly one page, so that no end of a region is in the way. */
static size_t map_size(u32 number)
{
	return number & 0x30 ? PAGE : PAGE << (number >> 6 & 3);
}

static int protection(u32 number)
{
	static const int bits[] = {
		PROT_READ | PROT_WRITE, PROT_READ, PROT_WRITE, PROT_NONE,
		PROT_READ | PROT_WRITE | PROT_EXEC,
	};

	return bits[number % ARRAY_SIZE(bits)];
}

int run_map(struct target *t, const struct call *c)
{
	u32 region = target_region(t, c->a);
	u64 size = t->region_size[region];
	u64 offset = size && c->b >> 29 ? c->value % (size + PAGE - 1) & ~(PAGE - 1) : c->value;
	/* One in eight is private. */
	int flags = MAP_FIXED | (c->a >> 13 ? MAP_SHARED : MAP_PRIVATE);
	int fd = target_file(t, c->a >> 11, c->b >> 8);
	void *map;

	/* A DMA-BUF begins at 0. */
	if (fd == t->s->fd || c->b & 1)
		offset += t->region_offset[region];
	map = mmap(place(t, c->b), map_size(c->b), protection(c->a >> 8 & 7), flags, fd, offset);

	return map == MAP_FAILED ? -errno : 0;
}

int run_protect(struct target *t, const struct call *c)
{
	return mprotect(place(t, c->b), map_size(c->b), protection(c->a)) ? -errno : 0;
}

int run_unmap(struct target *t, const struct call *c)
{
	void *map = mmap(place(t, c->b), map_size(c->b), PROT_NONE,
			 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? -errno : 0;
}

int run_touch(struct target *t, const struct call *c)
{
	u8 *where = place(t, c->b) + (c->b >> 4) % (c->b >> 30 ? PAGE : 4 * PAGE);
	unsigned int width = 1 << (c->a & 3);

	/* Aligned, as accesses through the region are of every alignment. */
	where -= (unsigned long)where & (width - 1);

	return target_touch(where, width, c->a & 4, c->value);
}

/* A child has the same files and mappings for a moment. */
int run_fork(struct target *t, const struct call *c)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		target_touch(place(t, c->b), 4, c->a & 1, c->value);
		_exit(0);
	}

	return waitpid(pid, NULL, 0) < 0 ? -errno : 0;
}

static int iommu_request(struct target *t, unsigned long type1, unsigned long iommufd,
			 void *type1_arg, void *iommufd_arg)
{
	struct iommu *iommu = t->s->iommu;
	int ret;

	if (iommu->mode->container_path)
		ret = ioctl(iommu->container_fd, type1, type1_arg);
	else
		ret = ioctl(iommu->iommufd, iommufd, iommufd_arg);

	return ret ? -errno : 0;
}

/* Mostly the same few pages, so that calls meet; sometimes what the program says. */
static u64 iova_of(const struct call *c)
{
	return c->b >> 29 ? MEMORY_IOVA + c->value % 16 * PAGE : c->value;
}

int run_dma_map(struct target *t, const struct call *c)
{
	u64 size = PAGE << (c->b & 3);
	u64 from = (u64)t->dma + (c->b >> 2) % 32 * PAGE;
	struct vfio_iommu_type1_dma_map type1 = {
		.argsz = sizeof(type1),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = from,
		.iova = iova_of(c),
		.size = size,
	};
	struct iommu_ioas_map iommufd = {
		.size = sizeof(iommufd),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = t->s->iommu->ioas_id,
		.user_va = from,
		.iova = iova_of(c),
		.length = size,
	};

	return iommu_request(t, VFIO_IOMMU_MAP_DMA, IOMMU_IOAS_MAP, &type1, &iommufd);
}

int run_dma_unmap(struct target *t, const struct call *c)
{
	u64 size = PAGE << (c->b & 3);
	struct vfio_iommu_type1_dma_unmap type1 = {
		.argsz = sizeof(type1),
		.iova = iova_of(c),
		.size = size,
	};
	struct iommu_ioas_unmap iommufd = {
		.size = sizeof(iommufd),
		.ioas_id = t->s->iommu->ioas_id,
		.iova = iova_of(c),
		.length = size,
	};

	return iommu_request(t, VFIO_IOMMU_UNMAP_DMA, IOMMU_IOAS_UNMAP, &type1, &iommufd);
}

/*
 * A DMA-BUF's pages. Without a domain iommufd takes any file. A device's own file is never closed
 * then (Documentation/fuzzing.rst), but only a DMA-BUF can be sought in.
 */
int run_dma_file(struct target *t, const struct call *c)
{
	int fd = t->files[c->b >> 4 & 3];
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = t->s->iommu->ioas_id,
		.fd = fd,
		.start = c->a & 1 ? 0 : (c->b >> 8) % 16 * PAGE,
		.length = PAGE << (c->b & 3),
		.iova = iova_of(c),
	};

	if (t->s->iommu->mode->container_path)
		return -ENOTTY;
	if (lseek(fd, 0, SEEK_END) < 0)
		return -errno;

	return ioctl(t->s->iommu->iommufd, IOMMU_IOAS_MAP_FILE, &map) ? -errno : 0;
}
