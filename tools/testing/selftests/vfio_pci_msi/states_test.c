// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries every action in every state, and compares its errno and the state afterwards with
 * the table in Documentation/states.txt. Each cell of the table is one result.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dummy.h"
#include "hardware.h"
#include "kselftest.h"
#include "lab.h"
#include "messages.h"
#include "session.h"

#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

/* A device with INTx, MSI and MSI-X, whose MSI has mask bits. */
#define DEVICE		"igb"

#define MAX_ROWS	32
#define MAX_COLUMNS	16
#define NAME		24
#define FIRST_ACTION	2	/* the columns before are the state and the place */

#define D3HOT		3

struct test {
	struct session *s;
	const char *mode;
	int trigger;
	struct target target;
	int msi;
	int msix;
};

struct cell {
	char text[NAME];
};

struct table {
	int rows;
	int columns;
	struct cell head[MAX_COLUMNS];
	struct cell row[MAX_ROWS][MAX_COLUMNS];
};

static int split(char *line, struct cell *cells)
{
	char *word, *rest = line;
	int count = 0;

	while ((word = strsep(&rest, " \t\n"))) {
		if (!*word)
			continue;
		VFIO_ASSERT_LT(count, MAX_COLUMNS);
		VFIO_ASSERT_LT(strlen(word), NAME);
		strcpy(cells[count++].text, word);
	}

	return count;
}

/* The header, then the rows. Empty lines and lines with '#' are left out. */
static void table_read(struct table *table, const char *path)
{
	char line[512];
	FILE *file = fopen(path, "r");

	VFIO_ASSERT_NOT_NULL(file);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (!table->columns) {
			table->columns = split(line, table->head);
			continue;
		}
		VFIO_ASSERT_LT(table->rows, MAX_ROWS);
		VFIO_ASSERT_EQ(split(line, table->row[table->rows++]), table->columns);
	}
	fclose(file);
}

/* Does /proc/interrupts have a handler of @bdf, such as "vfio-msix[0](0000:01:00.0)"? */
static bool has_handler(const char *bdf, const char *name)
{
	char line[1024], wanted[64];
	bool found = false;
	FILE *file = fopen("/proc/interrupts", "r");

	VFIO_ASSERT_NOT_NULL(file);
	snprintf(wanted, sizeof(wanted), "(%s)", bdf);
	while (fgets(line, sizeof(line), file))
		found |= strstr(line, wanted) && strstr(line, name);
	fclose(file);

	return found;
}

static bool is_masked(struct test *t, u32 index)
{
	return message_of(t->s->fd, index, 0).flags & MASKED;
}

static bool dummy_is_on(struct test *t)
{
	struct vfio_device_feature_pci_msix_dummy dummy;

	VFIO_ASSERT_EQ(dummy_get(t->s->fd, &dummy), 0);

	return dummy.flags;
}

static bool enabled(struct test *t, int cap, u16 bit)
{
	return hw_config_read16(t->s->bdf, cap + PCI_MSI_FLAGS) & bit;
}

/*
 * The state by the host's handlers and the dummy target. If there are several of them, or
 * the device's enable bits differ, it begins with "?" and has a digit for each of them.
 */
static void get_state(struct test *t, char state[NAME])
{
	bool intx = has_handler(t->s->bdf, "vfio-intx");
	bool msi = has_handler(t->s->bdf, "vfio-msi[");
	bool msix = has_handler(t->s->bdf, "vfio-msix[");
	bool dummy = dummy_is_on(t);
	bool hw_msi = enabled(t, t->msi, PCI_MSI_FLAGS_ENABLE);
	bool hw_msix = enabled(t, t->msix, PCI_MSIX_FLAGS_ENABLE);
	bool masked = false;

	if (intx)
		masked = hw_config_read16(t->s->bdf, PCI_COMMAND) &
			 PCI_COMMAND_INTX_DISABLE;
	else if (msi || msix)
		masked = is_masked(t, msi ? MSI : MSIX);

	if (intx + msi + msix + dummy > 1 || hw_msi != msi ||
	    hw_msix != (msix || dummy))
		snprintf(state, NAME, "?%d%d%d%d:%d%d", intx, msi, msix, dummy, hw_msi,
			 hw_msix);
	else
		snprintf(state, NAME, "%s%s", intx ? "intx" : msi ? "msi" :
			 msix ? "msix" : dummy ? "dummy" : "none",
			 masked ? "-masked" : "");
}

static int index_of(const char *interrupts)
{
	if (!strncmp(interrupts, "intx", 4))
		return INTX;

	return strncmp(interrupts, "msi", 3) || !strncmp(interrupts, "msix", 4) ?
	       MSIX : MSI;
}

static int mask(struct test *t, const char *state, u32 action)
{
	return set_irqs(t->s->fd, VFIO_IRQ_SET_DATA_NONE | action, index_of(state), 0,
			1, NULL, 0);
}

static void begin_session(struct test *t)
{
	t->s = session_open(DEVICE, DRIVER_MSI, t->mode);
	target_map(t->s, &t->target);
}

static void end_session(struct test *t)
{
	session_close(t->s);
	target_free(&t->target);
}

/* End the session and begin another; EEXIST if handlers stay while it is closed. */
static int close_and_open(struct test *t)
{
	bool left;

	end_session(t);
	left = has_handler(lab_bdf(DEVICE), "vfio");
	begin_session(t);

	return left ? -EEXIST : 0;
}

static void clean(struct test *t)
{
	int fd = t->s->fd;
	char state[NAME];

	power_state_set(t->s, 0);
	command_set(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	VFIO_ASSERT_EQ(dummy_off(fd), 0);
	for (u32 index = INTX; index <= MSIX; index++)
		disable_irqs(fd, index);
	get_state(t, state);
	VFIO_ASSERT_EQ(strcmp(state, "none"), 0);
}

static void bring_into(struct test *t, const char *state, const char *place)
{
	int fd = t->s->fd;

	clean(t);
	if (!strcmp(state, "dummy"))
		VFIO_ASSERT_EQ(dummy_on(fd, 0, 0, t->target.iova), 0);
	else if (strcmp(state, "none"))
		VFIO_ASSERT_EQ(set_triggers(fd, index_of(state), 0, 1, &t->trigger), 0);
	if (strstr(state, "-masked"))
		VFIO_ASSERT_EQ(mask(t, state, VFIO_IRQ_SET_ACTION_MASK), 0);

	if (!strcmp(place, "memory-off"))
		command_clear(fd, PCI_COMMAND_MEMORY);
	else if (!strcmp(place, "D3hot"))
		power_state_set(t->s, D3HOT);
	else
		VFIO_ASSERT_EQ(strcmp(place, "memory-on"), 0);
}

/* Returns 0 or a negative errno. */
static int act(struct test *t, const char *state, const char *action)
{
	int fd = t->s->fd;

	if (!strcmp(action, "enable-intx"))
		return set_triggers(fd, INTX, 0, 1, &t->trigger);
	if (!strcmp(action, "enable-msi"))
		return set_triggers(fd, MSI, 0, 1, &t->trigger);
	if (!strcmp(action, "enable-msix"))
		return set_triggers(fd, MSIX, 0, 1, &t->trigger);
	if (!strcmp(action, "disable-intx"))
		return disable_irqs(fd, INTX);
	if (!strcmp(action, "disable-msi"))
		return disable_irqs(fd, MSI);
	if (!strcmp(action, "disable-msix"))
		return disable_irqs(fd, MSIX);
	if (!strcmp(action, "mask"))
		return mask(t, state, VFIO_IRQ_SET_ACTION_MASK);
	if (!strcmp(action, "unmask"))
		return mask(t, state, VFIO_IRQ_SET_ACTION_UNMASK);
	if (!strcmp(action, "dummy-on"))
		return dummy_on(fd, 0, 0, t->target.iova);
	if (!strcmp(action, "dummy-off"))
		return dummy_off(fd);
	if (!strcmp(action, "reset"))
		return ioctl(fd, VFIO_DEVICE_RESET, NULL) ? -errno : 0;
	if (!strcmp(action, "close"))
		return close_and_open(t);
	if (!strcmp(action, "master-off"))
		return command_clear(fd, PCI_COMMAND_MASTER), 0;
	if (!strcmp(action, "memory-off"))
		return command_clear(fd, PCI_COMMAND_MEMORY), 0;

	VFIO_FAIL("no action %s\n", action);
}

/*
 * The result is the errno if the action failed, the state afterwards ("same" if it is the
 * one before), or both if an action that failed has changed the state.
 */
static void try(struct test *t, const char *state, const char *place,
		const char *action, char *result, size_t size)
{
	char after[NAME];
	int ret;

	bring_into(t, state, place);
	ret = act(t, state, action);
	/* In D0 with decoding on, the state can be compared with the device's. */
	power_state_set(t->s, 0);
	command_set(t->s->fd, PCI_COMMAND_MEMORY);
	get_state(t, after);

	if (!ret)
		snprintf(result, size, "%s", strcmp(after, state) ? after : "same");
	else if (!strcmp(after, state))
		snprintf(result, size, "%s", strerrorname_np(-ret));
	else
		snprintf(result, size, "%s,%s", strerrorname_np(-ret), after);
}

/*
 * 6.1 and 6.12 (seen on 6.12.107) restore the table after a reset without switching
 * memory decoding on, which loses it if the user has decoding off.
 */
static bool is_lost_table(const char *state, const char *place, const char *action,
			  const char *result)
{
	const char *kernel = getenv("LAB_KERNEL");
	const char *number = kernel ? strstr(kernel, "6.1") : NULL;

	return number && (!number[3] || !strcmp(number, "6.12")) &&
	       !strcmp(state, "msix") && !strcmp(place, "memory-off") &&
	       !strcmp(action, "reset") && !strcmp(result, "msix-masked");
}

static void try_cell(struct test *t, const char *state, const char *place,
		     const char *action, const char *wanted)
{
	char result[2 * NAME];

	try(t, state, place, action, result, sizeof(result));
	if (is_lost_table(state, place, action, result)) {
		ksft_test_result_skip("%s, %s: %s: this kernel does not restore the table\n",
				      state, place, action);
		return;
	}
	ksft_test_result(!strcmp(result, wanted), "%s, %s: %s results in %s\n", state,
			 place, action, wanted);
	if (strcmp(result, wanted))
		ksft_print_msg("the result is %s, not %s\n", result, wanted);
}

static void try_row(struct test *t, const struct table *table, const struct cell *row)
{
	for (int i = FIRST_ACTION; i < table->columns; i++)
		try_cell(t, row[0].text, row[1].text, table->head[i].text, row[i].text);
}

static void try_all(struct test *t, const struct table *table)
{
	const char *bdf = lab_bdf(DEVICE);

	t->msi = hw_capability(bdf, PCI_CAP_ID_MSI);
	t->msix = hw_capability(bdf, PCI_CAP_ID_MSIX);

	VFIO_ASSERT_NE(t->msi, 0);
	VFIO_ASSERT_NE(t->msix, 0);

	begin_session(t);
	for (int i = 0; i < table->rows; i++)
		try_row(t, table, table->row[i]);
	end_session(t);
}

int main(int argc, char **argv)
{
	bool cdev = argc == 2 && !strcmp(argv[1], "cdev");
	struct test t = { .mode = cdev ? MODE_IOMMUFD : MODE_VFIO_TYPE1V2_IOMMU };
	struct table table = {};

	table_read(&table, "states.txt");
	t.trigger = eventfd_new();

	ksft_print_header();
	ksft_set_plan(table.rows * (table.columns - FIRST_ACTION));
	try_all(&t, &table);
	ksft_finished();
}
