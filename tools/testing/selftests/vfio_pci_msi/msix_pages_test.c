// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to get at every page of a device with MSI-X, under each rule for its table:
 * MSIX_MAP and the region info, mmap, mprotect, DMA-BUF, ioeventfds, reads and writes.
 * The test computes what is expected page by page, from where the lab's devices have
 * their table and PBA.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "messages.h"
#include "msix.h"
#include "pages.h"
#include "session.h"
#include "variants.h"

/* An IOVA that every IOMMU translates. */
#define DMA_IOVA	0x100000

/* A range of bytes in a BAR. */
struct place {
	u32 bar;
	u64 offset;
	u64 size;
};

struct layout {
	struct place table;
	struct place pba;
	struct place registers;
	/* The offset of memory in the page of the table's first byte; 0: there is none. */
	u64 beside;
};

/* A layout under one rule. */
struct scene {
	const char *rule;
	const struct layout *layout;
};

static const struct layout own_bars = {
	.table = { 2, 0, 0x100 },
	.pba = { 4, 0, 8 },
	.registers = { 0, 0, MSIX_REGS_SIZE },
	.beside = 0x800,
};

static const struct layout many = {
	.table = { 2, 0, 0x8000 },
	.pba = { 4, 0, 0x100 },
	.registers = { 0, 0, MSIX_REGS_SIZE },
};

static const struct layout shared = {
	.table = { 0, 0x1100, 0x100 },
	.pba = { 0, 0x1800, 8 },
	.registers = { 0, 0x1c00, MSIX_REGS_SIZE },
	.beside = 0x1080,
};

static const struct layout end = {
	.table = { 0, 0x2d38, 0x12c0 },
	.pba = { 0, 0x1000, 40 },
	.registers = { 0, 0, MSIX_REGS_SIZE },
	.beside = 0x2d00,
};

static const struct layout small = {
	.table = { 0, 0x200, 0x100 },
	.pba = { 0, 0x600, 8 },
	.registers = { 0, 0, MSIX_REGS_SIZE },
	.beside = 0x400,
};

static const struct layout prefetch = {
	.table = { 2, 0x4000, 0x100 },
	.pba = { 2, 0x8000, 8 },
	.registers = { 0, 0, MSIX_REGS_SIZE },
	.beside = 0x4800,
};

/*
 * QEMU's own devices, for hosts that cannot have the lab's models. The test raises no
 * interrupt on them: their registers have size 0.
 */
static const struct layout e1000e = {
	.table = { 3, 0, 0x50 },
	.pba = { 3, 0x2000, 8 },
};

static const struct layout nvme_many = {
	.table = { 0, 0x2000, 0x2580 },
	.pba = { 0, 0x5000, 80 },
};

static bool overlaps(const struct place *place, u32 bar, u64 start, u64 end)
{
	return place->bar == bar && start < place->offset + place->size &&
	       end > place->offset;
}

/* The size of a memory BAR. I/O BARs count as 0: no driver lets them be mapped. */
static u64 memory_size(int fd, u32 bar)
{
	u16 type = config_read16(fd, PCI_BASE_ADDRESS_0 + 4 * bar);

	return type & PCI_BASE_ADDRESS_SPACE_IO ? 0 : region_size(fd, bar);
}

/* The access that is expected for the pages from @start to @end. */
static u32 wanted(const struct scene *scene, u32 bar, u64 start, u64 end)
{
	return overlaps(&scene->layout->table, bar, page_down(start),
			page_up(end)) ?
	       table_map_access(scene->rule) : READ_WRITE;
}

static int wanted_errno(u32 access, int prot)
{
	return access < (prot & PROT_WRITE ? READ_WRITE : READ) ? -EPERM : 0;
}

static void want_range(struct msix_map *map, const struct scene *scene, u32 kind)
{
	const struct place *place = kind == VFIO_PCI_MSIX_MAP_TABLE ?
				    &scene->layout->table : &scene->layout->pba;
	struct vfio_pci_msix_map_range *last = NULL;
	u64 pos = page_down(place->offset);

	for (; pos < place->offset + place->size; pos += page_size()) {
		u32 access = wanted(scene, place->bar, pos, pos + page_size());

		if (!last || last->access != access) {
			last = &map->range[map->head.count++];
			last->region = place->bar;
			last->kind = kind;
			last->offset = pos;
			last->access = access;
		}
		last->size += page_size();
	}
}

static struct msix_map wanted_map(const struct scene *scene)
{
	const struct place *table = &scene->layout->table;
	const struct place *pba = &scene->layout->pba;
	struct msix_map map = {
		.head.flags = lab_remap() ? VFIO_PCI_MSIX_MAP_ISOLATED : 0,
		.head.page_size = page_size(),
	};
	bool pba_first = pba->bar == table->bar ?
			 page_down(pba->offset) < page_down(table->offset) :
			 pba->bar < table->bar;

	want_range(&map, scene, pba_first ? VFIO_PCI_MSIX_MAP_PBA :
					    VFIO_PCI_MSIX_MAP_TABLE);
	want_range(&map, scene, pba_first ? VFIO_PCI_MSIX_MAP_TABLE :
					    VFIO_PCI_MSIX_MAP_PBA);

	return map;
}

/*
 * The expected region info of a BAR: one area for each run of pages that may be mapped
 * for writing, unless all may be.
 */
static struct region_map wanted_region(const struct scene *scene, u32 bar,
				       u64 size)
{
	struct region_map map = { .size = size };
	bool before = false;
	u64 pos;

	for (pos = 0; pos < size; pos += page_size()) {
		u64 end = pos + page_size() < size ? pos + page_size() : size;
		bool open = wanted(scene, bar, pos, end) == READ_WRITE;

		map.sparse |= !open;
		if (open && !before)
			map.area[map.areas++].offset = pos;
		if (open)
			map.area[map.areas - 1].size += end - pos;
		before = open;
	}

	map.mmap = map.areas;
	if (!map.sparse) {
		map.msix_mappable = bar == scene->layout->table.bar;
		map.areas = 0;
		memset(map.area, 0, sizeof(map.area));
	}
	map.sparse &= map.mmap;

	return map;
}

/* A session costs two resets, so one test checks several things. */
FIXTURE(pages) {
	struct session *s;
	int fd;
};

FIXTURE_VARIANT(pages) {
	const char *device;
	const char *mode;
	struct scene scene;
};

/* "auto" is rw on hosts that isolate messages, and ro on others. */
LAB_VARIANTS(pages, msix, .scene = { "auto", &own_bars });
LAB_VARIANTS(pages, msix_2048, .scene = { "auto", &many });
LAB_VARIANTS(pages, msix_shared, .scene = { "auto", &shared });
LAB_VARIANTS(pages, msix_end, .scene = { "auto", &end });
LAB_VARIANTS(pages, msix_small, .scene = { "auto", &small });
LAB_VARIANTS(pages, msix_prefetch, .scene = { "auto", &prefetch });
LAB_VARIANTS_AS(pages, shared_deny, msix_shared, .scene = { "deny", &shared });
LAB_VARIANTS_AS(pages, shared_ro, msix_shared, .scene = { "ro", &shared });
LAB_VARIANTS_AS(pages, shared_rw, msix_shared, .scene = { "rw", &shared });
LAB_VARIANTS_AS(pages, end_ro, msix_end, .scene = { "ro", &end });
LAB_VARIANTS(pages, e1000e, .scene = { "auto", &e1000e });
LAB_VARIANTS_AS(pages, e1000e_ro, e1000e, .scene = { "ro", &e1000e });
LAB_VARIANTS(pages, nvme_many, .scene = { "auto", &nvme_many });
LAB_VARIANTS_AS(pages, nvme_many_ro, nvme_many, .scene = { "ro", &nvme_many });

FIXTURE_SETUP(pages)
{
	self->s = session_open_table_map(variant->device, variant->mode,
					 variant->scene.rule);
	self->fd = self->s->fd;
	command_set(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

FIXTURE_TEARDOWN(pages)
{
	session_close(self->s);
}

static void compare_region(struct __test_metadata *_metadata, int fd,
			   const struct scene *scene, u32 bar, u64 size)
{
	struct region_map want = wanted_region(scene, bar, size);
	struct region_map map = region_map(fd, bar);

	EXPECT_EQ(want.mmap, map.mmap);
	EXPECT_EQ(want.msix_mappable, map.msix_mappable)
		TH_LOG("BAR %u: MSIX_MAPPABLE is %d, not %d", bar,
		       map.msix_mappable, want.msix_mappable);
	EXPECT_EQ(want.sparse, map.sparse);
	ASSERT_EQ(want.areas, map.areas);
	EXPECT_EQ(0, memcmp(want.area, map.area, sizeof(map.area)))
		TH_LOG("BAR %u: the areas of the region info are others", bar);
}

TEST_F(pages, reported)
{
	struct msix_map want = wanted_map(&variant->scene);
	struct msix_map map = msix_map_of(self->fd);
	char want_text[64], text[64];

	EXPECT_EQ(want.head.flags, map.head.flags);
	EXPECT_EQ(want.head.page_size, map.head.page_size);
	ASSERT_EQ(want.head.count, map.head.count);
	EXPECT_EQ(0, memcmp(want.range, map.range,
			    sizeof(map.range[0]) * map.head.count));

	table_map_expected(variant->scene.rule, want_text, sizeof(want_text));
	table_map_shown(self->s->bdf, text, sizeof(text));
	EXPECT_STREQ(want_text, text);

	for (u32 bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		u64 size = memory_size(self->fd, bar);

		if (size)
			compare_region(_metadata, self->fd, &variant->scene,
				       bar, size);
	}
}

static void map_every_way(struct __test_metadata *_metadata, int fd,
			  const struct scene *scene, u32 bar, u64 start,
			  u64 end)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE,
		PROT_READ | PROT_WRITE };
	u32 access = wanted(scene, bar, start, end);

	for (int i = 0; i < ARRAY_SIZE(prots); i++) {
		ASSERT_EQ(wanted_errno(access, prots[i]),
			  bar_try_map(fd, bar, start, end - start, prots[i],
				      MAP_SHARED))
			TH_LOG("mmap of BAR %u, pages from %d to before %d, prot %d",
			       bar, (int)(start / page_size()),
			       (int)(end / page_size()), prots[i]);
	}
}

/* Private mappings are EINVAL as under vfio-pci, unless the rule refuses them first. */
static void map_private(struct __test_metadata *_metadata, int fd,
			const struct scene *scene)
{
	const struct place *table = &scene->layout->table;
	u32 access = table_map_access(scene->rule);
	u64 page = page_down(table->offset);

	EXPECT_EQ(access == NONE ? -EPERM : -EINVAL,
		  bar_try_map(fd, table->bar, page, page_size(), PROT_READ,
			      MAP_PRIVATE));
	EXPECT_EQ(access == READ_WRITE ? -EINVAL : -EPERM,
		  bar_try_map(fd, table->bar, page, page_size(),
			      PROT_READ | PROT_WRITE, MAP_PRIVATE));
}

TEST_F(pages, mapped)
{
	for (u32 bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		u64 size = page_up(memory_size(self->fd, bar));

		for (u64 start = 0; start < size; start += page_size()) {
			for (u64 end = start + page_size(); end <= size;
			     end += page_size())
				map_every_way(_metadata, self->fd,
					      &variant->scene, bar, start, end);
		}
	}
	map_private(_metadata, self->fd, &variant->scene);
}

static int try_mprotect(void *map, u64 size, int prot)
{
	return mprotect(map, size, prot) ? -errno : 0;
}

/* mprotect() of a mapping that includes the table's first page, and of that page only. */
static void protect(struct __test_metadata *_metadata, int fd,
		    const struct scene *scene, u64 start, u64 end, int prot)
{
	const struct place *table = &scene->layout->table;
	int want = table_map_access(scene->rule) == READ ? -EACCES : 0;
	void *map = bar_map(fd, table->bar, start, end - start, prot,
			    MAP_SHARED);
	void *page = map + page_down(table->offset) - start;

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(want, try_mprotect(page, page_size(), PROT_WRITE));
	EXPECT_EQ(want, try_mprotect(page, page_size(),
				     PROT_READ | PROT_WRITE));
	EXPECT_EQ(want, try_mprotect(map, end - start, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, try_mprotect(map, end - start, PROT_NONE));
	EXPECT_EQ(0, try_mprotect(map, end - start, PROT_READ));
	EXPECT_EQ(want, try_mprotect(page, page_size(),
				     PROT_READ | PROT_WRITE));
	munmap(map, end - start);
}

/* Map pages one by one with MAP_FIXED into an area that was reserved for the BAR. */
static void map_fixed(struct __test_metadata *_metadata, int fd,
		      const struct scene *scene)
{
	u32 bar = scene->layout->table.bar;
	u64 size = page_up(region_size(fd, bar));
	u64 base = region_offset(fd, bar);
	u8 *map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	ASSERT_NE(MAP_FAILED, (void *)map);
	for (u64 pos = 0; pos < size; pos += page_size()) {
		u32 access = wanted(scene, bar, pos, pos + page_size());
		void *page = mmap(map + pos, page_size(),
				  PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, base + pos);

		if (access == READ_WRITE) {
			EXPECT_EQ(map + pos, page);
			continue;
		}
		EXPECT_EQ(MAP_FAILED, page);
		EXPECT_EQ(EPERM, errno);
		page = mmap(map + pos, page_size(), PROT_READ,
			    MAP_SHARED | MAP_FIXED, fd, base + pos);
		EXPECT_EQ(access == READ, page == map + pos);
	}
	munmap(map, size);
}

/* remap_file_pages() replaces the page of an existing mapping by one of the table. */
static void remap_pages(struct __test_metadata *_metadata, int fd,
			const struct scene *scene, u64 open)
{
	const struct place *table = &scene->layout->table;
	u64 target = region_offset(fd, table->bar) + page_down(table->offset);
	u32 access = table_map_access(scene->rule);
	void *map = bar_map(fd, table->bar, open, page_size(),
			    PROT_READ | PROT_WRITE, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(access == READ_WRITE ? 0 : -EPERM,
		  remap_file_pages(map, page_size(), 0, target / page_size(),
				   0) ? -errno : 0);
	munmap(map, page_size());
}

/* Can BARs be mapped for DMA? Neither iommufd nor powerpc's containers can do that. */
static bool maps_bars(const struct iommu *iommu)
{
	return iommu->mode->container_path &&
	       ioctl(iommu->container_fd, VFIO_CHECK_EXTENSION,
		     VFIO_TYPE1v2_IOMMU) > 0;
}

static int try_map_dma(const struct iommu *iommu, void *map, u32 flags)
{
	struct vfio_iommu_type1_dma_map dma = {
		.argsz = sizeof(dma),
		.flags = flags,
		.vaddr = (u64)map,
		.iova = DMA_IOVA,
		.size = page_size(),
	};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = dma.iova,
		.size = dma.size,
	};

	if (ioctl(iommu->container_fd, VFIO_IOMMU_MAP_DMA, &dma))
		return -errno;
	ioctl_assert(iommu->container_fd, VFIO_IOMMU_UNMAP_DMA, &unmap);

	return 0;
}

/* DMA to a mapping of the table's page may do no more than the mapping allows. */
static void map_dma(struct __test_metadata *_metadata, const struct session *s,
		    const struct scene *scene)
{
	const struct place *table = &scene->layout->table;
	bool writable = table_map_access(scene->rule) == READ_WRITE;
	void *map = bar_map(s->fd, table->bar, page_down(table->offset),
			    page_size(),
			    writable ? PROT_READ | PROT_WRITE : PROT_READ,
			    MAP_SHARED);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, try_map_dma(s->iommu, map, VFIO_DMA_MAP_FLAG_READ));
	EXPECT_EQ(writable ? 0 : -EFAULT,
		  try_map_dma(s->iommu, map, VFIO_DMA_MAP_FLAG_READ |
			      VFIO_DMA_MAP_FLAG_WRITE));
	munmap(map, page_size());
}

TEST_F(pages, mprotect_and_remap)
{
	const struct scene *scene = &variant->scene;
	const struct place *table = &scene->layout->table;
	u64 page = page_down(table->offset);
	u64 size = region_size(self->fd, table->bar);

	if (table_map_access(scene->rule) != NONE) {
		protect(_metadata, self->fd, scene, page, page + page_size(),
			PROT_READ);
		protect(_metadata, self->fd, scene, page, page + page_size(),
			PROT_NONE);
		protect(_metadata, self->fd, scene, 0, page_up(size),
			PROT_READ);
		if (maps_bars(self->s->iommu))
			map_dma(_metadata, self->s, scene);
	}
	map_fixed(_metadata, self->fd, scene);

	for (u64 pos = 0; pos < size; pos += page_size()) {
		if (!overlaps(table, table->bar, pos, pos + page_size()))
			remap_pages(_metadata, self->fd, scene, pos);
	}
}

/* Have the kernel write to @map: returns 0 or a negative errno, and causes no signal. */
static int try_store(void *map)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	int ret;

	VFIO_ASSERT_GE(fd, 0);
	ret = read(fd, map, sizeof(u32)) == sizeof(u32) ? 0 : -errno;
	close(fd);

	return ret;
}

/* Memory in the table's page, through the region and through an allowed mapping. */
static void compare_memory(struct __test_metadata *_metadata, int fd,
			   const struct scene *scene)
{
	bool writable = table_map_access(scene->rule) == READ_WRITE;
	u64 offset = scene->layout->beside;
	u32 bar = scene->layout->table.bar;
	void *map = bar_map(fd, bar, page_down(offset), page_size(),
			    writable ? PROT_READ | PROT_WRITE : PROT_READ,
			    MAP_SHARED);
	volatile u32 *dword = map + offset % page_size();

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0x13572468, *dword);
	EXPECT_EQ(writable ? 0 : -EFAULT, try_store((void *)dword));
	EXPECT_EQ(writable ? 0 : 0x13572468, bar_read32(fd, bar, offset));
	munmap(map, page_size());
}

/* A mapping shows the table as MSI_NOVIRT does. */
static void compare_table(struct __test_metadata *_metadata, int fd,
			  const struct scene *scene)
{
	const struct place *table = &scene->layout->table;
	u64 start = page_down(table->offset);
	u64 size = page_up(table->offset + table->size) - start;
	void *map = bar_map(fd, table->bar, start, size, PROT_READ, MAP_SHARED);
	volatile u32 *entries = map + table->offset - start;
	u32 dwords[16];

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, novirt_set(fd));
	ASSERT_EQ(sizeof(dwords), region_read(fd, table->bar, table->offset,
					      dwords, sizeof(dwords)));
	EXPECT_NE(0, entries[0] | entries[1]);
	for (int i = 0; i < ARRAY_SIZE(dwords); i++)
		EXPECT_EQ(dwords[i], entries[i]);
	munmap(map, size);
}

/* Under every rule reads and writes of the region work, and those of the table do not. */
TEST_F(pages, region_access)
{
	const struct layout *layout = variant->scene.layout;
	const struct place *table = &layout->table;
	u32 entry[4] = { 0xfee00000, 0, 0x61, 0 };
	int trigger = eventfd_new(), fd = self->fd;

	ASSERT_EQ(0, set_triggers(fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &trigger));
	ASSERT_EQ(sizeof(entry), region_write(fd, table->bar, table->offset,
					      entry, sizeof(entry)));
	ASSERT_EQ(sizeof(entry), region_read(fd, table->bar, table->offset,
					     entry, sizeof(entry)));
	for (int i = 0; i < ARRAY_SIZE(entry); i++)
		EXPECT_EQ(~0U, entry[i]);

	if (layout->registers.size) {
		bar_write32(fd, layout->registers.bar,
			    layout->registers.offset + MSIX_REG_RAISE, 0);
		EXPECT_TRUE(eventfd_wait(trigger));
		EXPECT_EQ(1, eventfd_take(trigger));
	}

	if (layout->beside) {
		bar_write32(fd, table->bar, layout->beside, 0x13572468);
		EXPECT_EQ(0x13572468, bar_read32(fd, table->bar,
						 layout->beside));
	}
	if (table_map_access(variant->scene.rule) != NONE) {
		if (layout->beside)
			compare_memory(_metadata, fd, &variant->scene);
		compare_table(_metadata, fd, &variant->scene);
	}
	close(trigger);
}

/* The core refuses ioeventfds in the table on every platform. */
static void try_ioeventfd(struct __test_metadata *_metadata, int fd,
			  const struct scene *scene, u32 bar, u64 offset)
{
	int eventfd = eventfd_new(), want = 0;

	if (wanted(scene, bar, offset, offset + 4) != READ_WRITE)
		want = -EPERM;
	else if (overlaps(&scene->layout->table, bar, offset, offset + 4))
		want = -EINVAL;
	EXPECT_EQ(want, bar_try_ioeventfd(fd, bar, offset, eventfd))
		TH_LOG("ioeventfd at BAR %u, offset 0x%llx", bar,
		       (unsigned long long)offset);
	if (!want)
		EXPECT_EQ(0, bar_try_ioeventfd(fd, bar, offset, -1));
	close(eventfd);
}

static void try_dma_buf(struct __test_metadata *_metadata, int fd,
			const struct scene *scene, u32 bar, u64 start, u64 end)
{
	bool open = wanted(scene, bar, start, end) == READ_WRITE;
	int want = !dma_buf_exists(fd) ? -ENOTTY : open ? 0 : -EPERM;
	int buf = bar_try_dma_buf(fd, bar, start, end - start);

	EXPECT_EQ(want, buf < 0 ? buf : 0)
		TH_LOG("export of BAR %u, pages from %d to before %d", bar,
		       (int)(start / page_size()), (int)(end / page_size()));
	if (buf >= 0)
		close(buf);
}

TEST_F(pages, dma_buf_and_ioeventfd)
{
	const struct scene *scene = &variant->scene;
	int fd = self->fd;

	for (u32 bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		u64 size = memory_size(fd, bar);
		u64 step = page_size() < size ? page_size() : size;

		for (u64 pos = 0; pos < size; pos += step) {
			u64 end = pos + step;

			try_ioeventfd(_metadata, fd, scene, bar, pos);
			try_ioeventfd(_metadata, fd, scene, bar, end - 4);
			/* A BAR that is smaller than a page cannot be exported. */
			if (step < page_size())
				continue;
			try_dma_buf(_metadata, fd, scene, bar, pos, end);
			try_dma_buf(_metadata, fd, scene, bar, 0, end);
		}
	}
}

LAB_MAIN
