// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page rules: which page of a BAR may be mapped how. They apply to mmap, to the
 * region info that VMMs plan by, to DMA-BUF export, and to ioeventfd.c, which asks
 * here.
 */

#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "msi_vfio_pci.h"

/* In addition to VFIO_PCI_MSIX_MAP_*: the platform decides which of them. */
#define TABLE_MAP_AUTO	3

static const char * const table_map_names[] = {
	[VFIO_PCI_MSIX_MAP_NONE] = "deny",
	[VFIO_PCI_MSIX_MAP_READ] = "ro",
	[VFIO_PCI_MSIX_MAP_READ_WRITE] = "rw",
	[TABLE_MAP_AUTO] = "auto",
};

static int table_map = TABLE_MAP_AUTO;

static int table_map_set(const char *val, const struct kernel_param *kp)
{
	int value = sysfs_match_string(table_map_names, val);

	if (value < 0)
		return value;
	WRITE_ONCE(table_map, value);

	return 0;
}

static int table_map_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", table_map_names[READ_ONCE(table_map)]);
}

static const struct kernel_param_ops table_map_ops = {
	.set = table_map_set,
	.get = table_map_get,
};
module_param_cb(table_map, &table_map_ops, NULL, 0600);
MODULE_PARM_DESC(table_map, "How the pages of an MSI-X table can be mapped: auto (rw if the platform isolates interrupts, else ro), deny, ro or rw; read when a device is opened");

static struct msi_vfio_pci_table_rule decide(bool isolated)
{
	struct msi_vfio_pci_table_rule rule = {
		.access = READ_ONCE(table_map),
		.reason = "table_map",
	};

	if (rule.access == TABLE_MAP_AUTO) {
		rule.access = isolated ? VFIO_PCI_MSIX_MAP_READ_WRITE :
					 VFIO_PCI_MSIX_MAP_READ;
		rule.reason = isolated ? "isolated" : "not-isolated";
	}

	return rule;
}

/* The strictest rule of the ranges that a part of a BAR touches. */
static u32 strictest(const struct vfio_pci_msix_map_range *range,
		     unsigned int nr, u32 region, u64 start, u64 end)
{
	u32 access = VFIO_PCI_MSIX_MAP_READ_WRITE;

	for (; nr--; range++)
		if (range->region == region &&
		    start < range->offset + range->size && end > range->offset)
			access = min(access, range->access);

	return access;
}

/* Whole pages with a part of a BAR, which begins in the BAR. */
static struct vfio_pci_msix_map_range
whole_pages(struct msi_vfio_pci_device *mdev, u32 kind, u32 access, u32 region,
	    u64 start, u64 end)
{
	u64 length = pci_resource_len(mdev->core.pdev, region);

	start = round_down(start, PAGE_SIZE);
	end = round_up(min(end, length), PAGE_SIZE);

	return (struct vfio_pci_msix_map_range) {
		.region = region,
		.kind = kind,
		.offset = start,
		.size = end - start,
		.access = access,
	};
}

/**
 * msi_vfio_pci_reserve_map - make room in the map for the pages of a window
 * @mdev: device, with @map_lock held
 * @in: the window, which is about to be added; NULL: the map is empty, and gets room for the
 *	table and the PBA
 *
 * Return: 0 or -ENOMEM.
 */
int msi_vfio_pci_reserve_map(struct msi_vfio_pci_device *mdev,
			     const struct vfio_device_feature_pci_msi_ranges *in)
{
	struct msi_vfio_pci_map *map = &mdev->map;
	unsigned int max = in ? map->max + in->count + 1 : MSI_VFIO_PCI_MSIX_MAP;
	struct vfio_pci_msix_map_range *range;

	lockdep_assert_held(&mdev->map_lock);

	range = kcalloc(max, sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	if (map->range)
		memcpy(range, map->range, array_size(map->nr, sizeof(*range)));
	kfree(map->range);
	map->range = range;
	map->max = max;

	return 0;
}

static struct vfio_pci_msix_map_range
window_pages(struct msi_vfio_pci_device *mdev,
	     const struct msi_vfio_pci_window *window, u64 offset, u64 size)
{
	return whole_pages(mdev, VFIO_PCI_MSIX_MAP_WINDOW, VFIO_PCI_MSIX_MAP_NONE,
			   window->desc.region, offset, offset + size);
}

/* Ranges of a window that touch the same pages, or the next ones, are one range here. */
static void add_window(struct msi_vfio_pci_device *mdev,
		       const struct msi_vfio_pci_window *window)
{
	const struct vfio_pci_msi_range *range = window->desc.range;
	struct vfio_pci_msix_map_range pages, *last = NULL;
	unsigned int i;

	for (i = 0; i < window->desc.count; i++, range++) {
		pages = window_pages(mdev, window, range->offset, range->size);
		if (last && pages.offset <= last->offset + last->size) {
			last->size = pages.offset + pages.size - last->offset;
			continue;
		}
		last = &mdev->map.range[mdev->map.nr++];
		*last = pages;
	}

	if (window->desc.select_mask)
		mdev->map.range[mdev->map.nr++] =
			window_pages(mdev, window, window->desc.select_offset, 1);
}

/* The table and the PBA as whole pages, each with its own rule. */
struct msix_pages {
	unsigned int nr;
	struct vfio_pci_msix_map_range part[2];
};

/* The capability can name a place that the device does not have. */
static void find_part(struct msi_vfio_pci_device *mdev, u32 kind, u32 access,
		      u32 region, u64 start, u64 size, struct msix_pages *pages)
{
	struct pci_dev *pdev = mdev->core.pdev;

	if (region >= PCI_STD_NUM_BARS ||
	    !(pci_resource_flags(pdev, region) & IORESOURCE_MEM) ||
	    start >= pci_resource_len(pdev, region))
		return;

	pages->part[pages->nr++] = whole_pages(mdev, kind, access, region, start,
					       start + size);
}

static void find_msix(struct msi_vfio_pci_device *mdev, struct msix_pages *pages)
{
	struct vfio_pci_core_device *core = &mdev->core;
	u32 size = READ_ONCE(core->msix_size);
	/* Pending bits come in qwords. */
	u32 pba_size = DIV_ROUND_UP(size / PCI_MSIX_ENTRY_SIZE, 64) * 8;

	pages->nr = 0;
	find_part(mdev, VFIO_PCI_MSIX_MAP_TABLE, mdev->table_rule.access,
		  core->msix_bar, core->msix_offset, size, pages);
	find_part(mdev, VFIO_PCI_MSIX_MAP_PBA, VFIO_PCI_MSIX_MAP_READ_WRITE,
		  mdev->pba_bar, mdev->pba_offset, pba_size, pages);
}

/*
 * Adds the pages of @part to the map, which has those of the windows: one range for each
 * run of them with the same access.
 */
static void add_part(struct msi_vfio_pci_map *map, unsigned int nr_windows,
		     const struct msix_pages *pages,
		     const struct vfio_pci_msix_map_range *part)
{
	struct vfio_pci_msix_map_range *last = NULL;
	u64 pos, end = part->offset + part->size;

	for (pos = part->offset; pos < end; pos += PAGE_SIZE) {
		u32 access = min(strictest(map->range, nr_windows, part->region,
					   pos, pos + PAGE_SIZE),
				 strictest(pages->part, pages->nr, part->region,
					   pos, pos + PAGE_SIZE));

		if (!last || last->access != access) {
			last = &map->range[map->nr++];
			*last = *part;
			last->offset = pos;
			last->size = 0;
			last->access = access;
		}
		last->size += PAGE_SIZE;
	}
}

static void add_msix(struct msi_vfio_pci_device *mdev)
{
	struct msi_vfio_pci_map *map = &mdev->map;
	unsigned int i, nr_windows = map->nr;
	struct msix_pages pages;

	find_msix(mdev, &pages);
	for (i = 0; i < pages.nr; i++)
		add_part(map, nr_windows, &pages, &pages.part[i]);
}

static int compare_ranges(const void *left, const void *right)
{
	const struct vfio_pci_msix_map_range *a = left, *b = right;

	if (a->region != b->region)
		return a->region < b->region ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;

	return a->kind < b->kind ? -1 : a->kind > b->kind;
}

/**
 * msi_vfio_pci_update_map - find the pages with rules after a change of table or windows
 * @mdev: device, with @map_lock held
 */
void msi_vfio_pci_update_map(struct msi_vfio_pci_device *mdev)
{
	struct msi_vfio_pci_map *map = &mdev->map;
	unsigned int i;

	lockdep_assert_held(&mdev->map_lock);

	map->table_size = READ_ONCE(mdev->core.msix_size);
	map->nr = 0;
	for (i = 0; i < mdev->nr_windows; i++)
		add_window(mdev, mdev->windows[i]);
	if (mdev->core.pdev->msix_cap)
		add_msix(mdev);
	sort(map->range, map->nr, sizeof(map->range[0]), compare_ranges, NULL);
}

/*
 * The map, which is found now if the session has just begun or the table has grown.
 * @map_lock is held.
 */
static const struct msi_vfio_pci_map *
present_map(struct msi_vfio_pci_device *mdev)
{
	lockdep_assert_held(&mdev->map_lock);

	if (mdev->map.table_size != READ_ONCE(mdev->core.msix_size))
		msi_vfio_pci_update_map(mdev);

	return &mdev->map;
}

/**
 * msi_vfio_pci_update_table - update the rules if the table may have grown
 * @mdev: an open device that is awake
 *
 * Pages of a longer table that the user has mapped before stay mapped.
 */
void msi_vfio_pci_update_table(struct msi_vfio_pci_device *mdev)
{
	msi_vfio_pci_update_table_size(mdev);

	mutex_lock(&mdev->map_lock);
	present_map(mdev);
	mutex_unlock(&mdev->map_lock);
}

/**
 * msi_vfio_pci_open_map - decide on the rule for the table when a session begins
 * @mdev: a device that has been through msi_vfio_pci_open_vectors() and has no
 *	windows yet
 *
 * Return: 0 or -ENOMEM.
 */
int msi_vfio_pci_open_map(struct msi_vfio_pci_device *mdev)
{
	struct pci_dev *pdev = mdev->core.pdev;
	int ret;

	mutex_lock(&mdev->map_lock);
	mdev->mapped_bars = 0;
	ret = msi_vfio_pci_reserve_map(mdev, NULL);
	if (!ret)
		mdev->table_rule = decide(mdev->isolated);
	mutex_unlock(&mdev->map_lock);
	if (ret)
		return ret;

	if (pdev->msix_cap &&
	    mdev->table_rule.access != VFIO_PCI_MSIX_MAP_READ_WRITE)
		pci_info(pdev, "MSI-X table cannot be mapped %s: %s\n",
			 mdev->table_rule.access == VFIO_PCI_MSIX_MAP_READ ?
			 "for writing" : "at all", mdev->table_rule.reason);

	return 0;
}

/**
 * msi_vfio_pci_close_map - end the session's rule for the table
 * @mdev: a device that nobody uses any more
 */
void msi_vfio_pci_close_map(struct msi_vfio_pci_device *mdev)
{
	mutex_lock(&mdev->map_lock);
	mdev->table_rule.reason = NULL;
	kfree(mdev->map.range);
	memset(&mdev->map, 0, sizeof(mdev->map));
	mutex_unlock(&mdev->map_lock);
}

/**
 * msi_vfio_pci_show_table_rule - the rule for the table's pages, as text
 * @mdev: device
 * @buf: a page
 *
 * The rule of the session, or the rule that a session would have if it began now.
 *
 * Return: how many bytes @buf has.
 */
ssize_t msi_vfio_pci_show_table_rule(struct msi_vfio_pci_device *mdev,
				     char *buf)
{
	struct msi_vfio_pci_table_rule rule;

	mutex_lock(&mdev->map_lock);
	rule = mdev->table_rule;
	mutex_unlock(&mdev->map_lock);
	if (!rule.reason)
		rule = decide(msi_vfio_pci_isolated(mdev));

	return sysfs_emit(buf, "%s %s\n", table_map_names[rule.access],
			  rule.reason);
}

/**
 * msi_vfio_pci_get_map - the ranges of MSIX_MAP
 * @mdev: device
 * @out: room for all that there can be
 *
 * Return: how many there are.
 */
unsigned int msi_vfio_pci_get_map(struct msi_vfio_pci_device *mdev,
				  struct vfio_pci_msix_map_range *out)
{
	const struct msi_vfio_pci_map *map;
	unsigned int nr;

	mutex_lock(&mdev->map_lock);
	map = present_map(mdev);
	nr = map->nr;
	memcpy(out, map->range, nr * sizeof(*out));
	mutex_unlock(&mdev->map_lock);

	return nr;
}

/* How the pages of a part of a BAR may be mapped; @map_lock is held. */
static u32 page_access(struct msi_vfio_pci_device *mdev, u32 region, u64 start,
		       u64 end)
{
	const struct msi_vfio_pci_map *map = present_map(mdev);

	return strictest(map->range, map->nr, region,
			 round_down(start, PAGE_SIZE), round_up(end, PAGE_SIZE));
}

/**
 * msi_vfio_pci_begin_claim - begin to hand out pages of BARs
 * @mdev: device
 * @claim: where msi_vfio_pci_claim_pages() notes the BARs, for this task
 */
void msi_vfio_pci_begin_claim(struct msi_vfio_pci_device *mdev,
			      struct msi_vfio_pci_claim *claim)
{
	claim->task = current;
	claim->bars = 0;

	mutex_lock(&mdev->map_lock);
	list_add(&claim->node, &mdev->claims);
	mutex_unlock(&mdev->map_lock);
}

/**
 * msi_vfio_pci_end_claim - the pages are handed out, or the call has failed
 * @mdev: device
 * @claim: the claim
 * @keep: the pages are handed out, so the claim lasts until the session ends
 */
void msi_vfio_pci_end_claim(struct msi_vfio_pci_device *mdev,
			    struct msi_vfio_pci_claim *claim, bool keep)
{
	mutex_lock(&mdev->map_lock);
	list_del(&claim->node);
	if (keep)
		mdev->mapped_bars |= claim->bars;
	mutex_unlock(&mdev->map_lock);
}

/*
 * The core calls get_dmabuf_phys() without telling for which claim: it is the task's.
 */
static struct msi_vfio_pci_claim *own_claim(struct msi_vfio_pci_device *mdev)
{
	struct msi_vfio_pci_claim *claim;

	list_for_each_entry(claim, &mdev->claims, node)
		if (claim->task == current)
			return claim;

	return NULL;
}

/**
 * msi_vfio_pci_claim_pages - claim pages of a BAR that are to be mapped
 * @mdev: device, on which this task has begun a claim
 * @region: BAR
 * @start: first byte
 * @end: first byte after
 * @want: VFIO_PCI_MSIX_MAP_READ or VFIO_PCI_MSIX_MAP_READ_WRITE
 *
 * No window can be added to the BAR until the claim ends; if the claim is kept, none
 * can be added after that either.
 *
 * Return: the access that the rules allow, which is @want or more, or -EPERM if they
 * forbid it.
 */
int msi_vfio_pci_claim_pages(struct msi_vfio_pci_device *mdev, u32 region,
			     u64 start, u64 end, u32 want)
{
	struct msi_vfio_pci_claim *claim;
	u32 access = VFIO_PCI_MSIX_MAP_NONE;

	mutex_lock(&mdev->map_lock);
	claim = own_claim(mdev);
	if (!WARN_ON_ONCE(!claim))
		access = page_access(mdev, region, start, end);
	if (access >= want)
		claim->bars |= BIT(region);
	mutex_unlock(&mdev->map_lock);

	return access >= want ? access : -EPERM;
}

/**
 * msi_vfio_pci_bar_is_claimed - are pages of a BAR handed out
 * @mdev: device, with @map_lock held
 * @region: BAR
 *
 * Return: true also while a call is handing them out that can still fail.
 */
bool msi_vfio_pci_bar_is_claimed(struct msi_vfio_pci_device *mdev, u32 region)
{
	struct msi_vfio_pci_claim *claim;
	u32 bars = mdev->mapped_bars;

	lockdep_assert_held(&mdev->map_lock);

	list_for_each_entry(claim, &mdev->claims, node)
		bars |= claim->bars;

	return bars & BIT(region);
}

/* Claims the pages; clears VM_MAYWRITE if they are read-only. Returns 0 or -EPERM. */
static int claim_vma(struct msi_vfio_pci_device *mdev,
		     struct vm_area_struct *vma, u32 region)
{
	u64 start = ((u64)vma->vm_pgoff << PAGE_SHIFT) & VFIO_PCI_OFFSET_MASK;
	int ret;

	ret = msi_vfio_pci_claim_pages(mdev, region, start,
				       start + vma->vm_end - vma->vm_start,
				       vma->vm_flags & VM_WRITE ?
				       VFIO_PCI_MSIX_MAP_READ_WRITE :
				       VFIO_PCI_MSIX_MAP_READ);
	if (ret < 0)
		return ret;
	/* Or mprotect() could make the mapping writable. */
	if (ret == VFIO_PCI_MSIX_MAP_READ)
		compat_vm_flags_clear(vma, VM_MAYWRITE);

	return 0;
}

/**
 * msi_vfio_pci_mmap - .mmap
 * @vdev: device
 * @vma: what the user wants to map
 *
 * Return: 0, -EPERM if a rule forbids it, or what the core returns.
 */
int msi_vfio_pci_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);
	unsigned int shift = VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT;
	unsigned long region = vma->vm_pgoff >> shift;
	struct msi_vfio_pci_claim claim;
	int ret;

	if (region >= PCI_STD_NUM_BARS)
		return vfio_pci_core_mmap(vdev, vma);

	msi_vfio_pci_begin_claim(mdev, &claim);
	ret = claim_vma(mdev, vma, region) ?: vfio_pci_core_mmap(vdev, vma);
	msi_vfio_pci_end_claim(mdev, &claim, !ret);

	return ret;
}

/* Does any page of a region have a rule? The core's description would be wrong then. */
static bool region_has_rules(struct msi_vfio_pci_device *mdev, u32 region)
{
	const struct msi_vfio_pci_map *map;
	u32 access;

	mutex_lock(&mdev->map_lock);
	map = present_map(mdev);
	access = strictest(map->range, map->nr, region, 0, U64_MAX);
	mutex_unlock(&mdev->map_lock);

	return access != VFIO_PCI_MSIX_MAP_READ_WRITE;
}

/*
 * Is a range part of a mappable area? VMMs do not expect the table in one unless they
 * see MSIX_MAPPABLE.
 */
static bool is_open(const struct vfio_pci_msix_map_range *range)
{
	return range->access == VFIO_PCI_MSIX_MAP_READ_WRITE &&
	       range->kind != VFIO_PCI_MSIX_MAP_TABLE;
}

static void set_area(struct vfio_region_sparse_mmap_area *area, u64 start, u64 end)
{
	area->offset = start;
	area->size = end - start;
}

/*
 * Finds the runs of pages between ranges that are not open. Returns how many there are.
 * @open may be NULL.
 */
static unsigned int find_open(const struct msi_vfio_pci_map *map, u32 region,
			      u64 size,
			      struct vfio_region_sparse_mmap_area *open)
{
	const struct vfio_pci_msix_map_range *range;
	unsigned int areas = 0;
	u64 pos = 0;

	for (range = map->range; range < map->range + map->nr; range++) {
		if (range->region != region || is_open(range))
			continue;
		if (range->offset > pos) {
			if (open)
				set_area(&open[areas], pos, range->offset);
			areas++;
		}
		pos = max_t(u64, pos, range->offset + range->size);
	}
	if (size > pos) {
		if (open)
			set_area(&open[areas], pos, size);
		areas++;
	}

	return areas;
}

/* The areas that may be mapped, of which there are @nr_areas. @map_lock is held. */
static int add_areas(struct msi_vfio_pci_device *mdev,
		     const struct vfio_region_info *info, unsigned int nr_areas,
		     struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	struct vfio_info_cap_header *header;

	header = vfio_info_cap_add(caps, struct_size(sparse, areas, nr_areas),
				   VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1);
	if (IS_ERR(header))
		return PTR_ERR(header);

	sparse = container_of(header, struct vfio_region_info_cap_sparse_mmap,
			      header);
	sparse->nr_areas = nr_areas;
	find_open(&mdev->map, info->index, info->size, sparse->areas);

	return 0;
}

/*
 * MSIX_MAPPABLE is not among them: VMMs that see it map the BAR whole, whatever areas are
 * mappable. With a window in the BAR, or a table with a rule, that would fail.
 */
static int add_capabilities(struct msi_vfio_pci_device *mdev,
			    struct vfio_region_info *info,
			    struct vfio_info_cap *caps)
{
	unsigned int nr_areas;
	int ret = 0;

	mutex_lock(&mdev->map_lock);
	nr_areas = find_open(present_map(mdev), info->index, info->size, NULL);
	if (nr_areas)
		ret = add_areas(mdev, info, nr_areas, caps);
	mutex_unlock(&mdev->map_lock);
	if (nr_areas)
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;

	return ret;
}

/*
 * Describes a BAR with rules as the core would, but without the pages that cannot be
 * mapped for writing.
 */
static int describe_bar(struct msi_vfio_pci_device *mdev,
			struct vfio_region_info *info,
			struct vfio_info_cap *caps)
{
	info->offset = VFIO_PCI_INDEX_TO_OFFSET(info->index);
	info->size = pci_resource_len(mdev->core.pdev, info->index);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (!mdev->core.bar_mmap_supported[info->index])
		return 0;

	return add_capabilities(mdev, info, caps);
}

/*
 * Region info: newer kernels have an operation, and copy from and to user memory
 * themselves. On older kernels the driver has to carry out the whole ioctl.
 */
#ifdef HAVE_REGION_INFO_CAPS
int msi_vfio_pci_region_info(struct vfio_device *vdev,
			     struct vfio_region_info *info,
			     struct vfio_info_cap *caps)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(vdev);

	if (!region_has_rules(mdev, info->index))
		return vfio_pci_ioctl_get_region_info(vdev, info, caps);

	return describe_bar(mdev, info, caps);
}

long msi_vfio_pci_ioctl_region_info(struct msi_vfio_pci_device *mdev,
				    unsigned long arg)
{
	return -ENOTTY;
}
#else
long msi_vfio_pci_ioctl_region_info(struct msi_vfio_pci_device *mdev,
				    unsigned long arg)
{
	struct vfio_region_info info = {};
	struct vfio_info_cap caps = {};
	int ret;

	if (copy_from_user(&info, (void __user *)arg,
			   offsetofend(struct vfio_region_info, offset)))
		return -EFAULT;

	/* The core reads the request again. */
	if (!region_has_rules(mdev, info.index))
		return vfio_pci_core_ioctl(&mdev->core.vdev,
					   VFIO_DEVICE_GET_REGION_INFO, arg);

	if (info.argsz < offsetofend(struct vfio_region_info, offset))
		return -EINVAL;

	ret = describe_bar(mdev, &info, &caps);
	if (!ret)
		ret = compat_copy_region_info(&info, &caps, (void __user *)arg);
	kfree(caps.buf);

	return ret;
}
#endif

/* DMA-BUF export of BARs calls an operation of the core device. */
#ifdef HAVE_PCI_OPS
static int get_dmabuf_phys(struct vfio_pci_core_device *vdev,
			   struct p2pdma_provider **provider,
			   unsigned int region, struct phys_vec *phys_vec,
			   struct vfio_region_dma_range *ranges,
			   size_t nr_ranges)
{
	struct msi_vfio_pci_device *mdev = to_msi_vfio_pci(&vdev->vdev);
	size_t i;
	int ret;

	/* The core refuses ranges that overflow, and does not read them again. */
	for (i = 0; i < nr_ranges; i++) {
		ret = msi_vfio_pci_claim_pages(mdev, region, ranges[i].offset,
					       ranges[i].offset +
					       ranges[i].length,
					       VFIO_PCI_MSIX_MAP_READ_WRITE);
		if (ret < 0)
			return ret;
	}

	return vfio_pci_core_get_dmabuf_phys(vdev, provider, region, phys_vec,
					     ranges, nr_ranges);
}

void msi_vfio_pci_set_pci_ops(struct vfio_pci_core_device *vdev)
{
	static const struct vfio_pci_device_ops ops = {
		.get_dmabuf_phys = get_dmabuf_phys,
	};

	vdev->pci_ops = &ops;
}
#else
void msi_vfio_pci_set_pci_ops(struct vfio_pci_core_device *vdev) {}
#endif
