// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user process is killed at a random point of random calls. It leaves no handlers,
 * enable bits or state behind, and the device works afterwards under msi-vfio-pci and
 * under vfio-pci.
 *
 * The argument is the number of users for each device and interface, by default 4.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dummy.h"
#include "hardware.h"
#include "messages.h"
#include "variants.h"

#define USERS		4
#define VECTORS		4

/* How long a user lives at most. */
#define LIFE_US		150000

static int users = USERS;

FIXTURE(kill) {
	struct session *s;
};

FIXTURE_VARIANT(kill) {
	const char *device;
	const char *mode;
};

LAB_VARIANTS(kill, ath11k_noid);
LAB_VARIANTS(kill, msix);
LAB_VARIANTS(kill, igb);

FIXTURE_SETUP(kill)
{
	driver_bind(lab_bdf(variant->device), DRIVER_MSI);
}

FIXTURE_TEARDOWN(kill)
{
}

struct user {
	struct session *s;
	int fd;
	struct target target;
	int events[VECTORS];
	u32 config_reset;	/* FLR, by config write */
	u32 power;
};

static void enable(struct user *u, u32 index)
{
	int count = irq_count(u->fd, index);

	if (count)
		set_triggers(u->fd, index, 0,
			     count < VECTORS ? count : VECTORS, u->events);
}

static void mask(struct user *u, u32 index, u32 action)
{
	set_irqs(u->fd, VFIO_IRQ_SET_DATA_NONE | action, index, 0, 1, NULL, 0);
}

static void toggle_command(struct user *u, u16 bit)
{
	config_write16(u->fd, PCI_COMMAND,
		       config_read16(u->fd, PCI_COMMAND) ^ bit);
}

static void reset_by_config(struct user *u)
{
	if (u->config_reset)
		config_write16(u->fd, u->config_reset,
			       config_read16(u->fd, u->config_reset) |
			       PCI_EXP_DEVCTL_BCR_FLR);
}

static void power(struct user *u, u16 state)
{
	if (u->power)
		config_write16(u->fd, u->power, state);
}

static void read_state(struct user *u)
{
	struct vfio_pci_msi_message msg[VECTORS];
	u8 config[64];

	messages_get(u->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, msg, NULL);
	messages_get(u->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, msg, NULL);
	config_read(u->fd, 0, config, sizeof(config));
}

/* Make a random call. It may fail: it only has to be under way when the user dies. */
static void random_call(struct user *u)
{
	u32 index = random() % 3;
	int none = -1;

	switch (random() % 16) {
	case 0:
	case 1:
		enable(u, index);
		break;
	case 2:
	case 3:
		disable_irqs(u->fd, index);
		break;
	case 4:
		set_triggers(u->fd, index, 0, 1,
			     random() % 2 ? u->events : &none);
		break;
	case 5:
		mask(u, index, VFIO_IRQ_SET_ACTION_MASK);
		break;
	case 6:
		mask(u, index, VFIO_IRQ_SET_ACTION_UNMASK);
		break;
	case 7:
	case 8:
	case 9:
		dummy_on(u->fd, 0, 0, u->target.iova);
		break;
	case 10:
		dummy_off(u->fd);
		break;
	case 11:
		ioctl(u->fd, VFIO_DEVICE_RESET);
		break;
	case 12:
		reset_by_config(u);
		break;
	case 13:
		power(u, random() % 2 ? 3 : 0);
		break;
	case 14:
		toggle_command(u, random() % 2 ? PCI_COMMAND_MEMORY :
						 PCI_COMMAND_MASTER);
		break;
	default:
		read_state(u);
	}
}

static void live(const char *bdf, const char *mode)
{
	struct user u = {};
	int cap;

	u.s = session_open_bdf(bdf, mode);
	u.fd = u.s->fd;
	cap = hw_capability(bdf, PCI_CAP_ID_EXP);
	u.config_reset = cap ? cap + PCI_EXP_DEVCTL : 0;
	cap = hw_capability(bdf, PCI_CAP_ID_PM);
	u.power = cap ? cap + PCI_PM_CTRL : 0;
	target_map(u.s, &u.target);
	for (int i = 0; i < VECTORS; i++)
		u.events[i] = eventfd_new();
	command_set(u.fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	novirt_set(u.fd);
	while (true)
		random_call(&u);
}

static void expect_nothing_left(struct __test_metadata *_metadata,
				const char *bdf)
{
	int cap = hw_capability(bdf, PCI_CAP_ID_MSI);
	char count[16];

	EXPECT_EQ(0, vfio_irqs());
	if (cap)
		EXPECT_EQ(0, hw_config_read16(bdf, cap + PCI_MSI_FLAGS) &
			     PCI_MSI_FLAGS_ENABLE);
	if (hw_capability(bdf, PCI_CAP_ID_MSIX))
		EXPECT_EQ(0, msix_control(bdf) & PCI_MSIX_FLAGS_ENABLE);
	EXPECT_TRUE(file_has(debugfs_path(bdf, "vectors"), "# closed"));
	ASSERT_LT(0, file_read("/sys/module/msi_vfio_pci/refcnt", count,
			       sizeof(count)));
	EXPECT_STREQ("0\n", count);
}

/* Each kind of interrupt works, and the dummy target where the device can have it. */
static void expect_works(struct __test_metadata *_metadata,
			 const char *device, const char *driver,
			 const char *mode)
{
	struct session *s = session_open(device, driver, mode);
	int event = eventfd_new();
	struct target target;

	command_set(s->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (u32 index = 0; index <= VFIO_PCI_MSIX_IRQ_INDEX; index++) {
		if (!irq_count(s->fd, index))
			continue;
		EXPECT_EQ(0, set_triggers(s->fd, index, 0, 1, &event));
		EXPECT_EQ(1, vfio_irqs());
		EXPECT_EQ(0, disable_irqs(s->fd, index));
	}
	if (!strcmp(driver, DRIVER_MSI) &&
	    irq_count(s->fd, VFIO_PCI_MSIX_IRQ_INDEX)) {
		target_map(s, &target);
		EXPECT_EQ(0, novirt_set(s->fd));
		EXPECT_EQ(0, dummy_on(s->fd, 0, 2, target.iova));
		EXPECT_TRUE(dummy_in_place(s, 0, 2, target.iova));
		EXPECT_EQ(0, dummy_off(s->fd));
		EXPECT_TRUE(dummy_gone(s, 0, 2));
	}
	close(event);
	session_close(s);
}

TEST_F(kill, leaves_nothing)
{
	char bdf[BDF_SIZE];
	unsigned int seed = time(NULL);

	snprintf(bdf, sizeof(bdf), "%s", lab_bdf(variant->device));
	TH_LOG("%d users, seed %u", users, seed);
	srandom(seed);

	for (int i = 0; i < users; i++) {
		unsigned int life = random() % LIFE_US, user_seed = random();
		int status;
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			srandom(user_seed);
			live(bdf, variant->mode);
		}
		usleep(life);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		/* The user must not have ended before, by one of its own assertions. */
		ASSERT_TRUE(WIFSIGNALED(status));
		ASSERT_EQ(SIGKILL, WTERMSIG(status));
		expect_nothing_left(_metadata, bdf);
	}

	expect_works(_metadata, variant->device, DRIVER_MSI, variant->mode);
	expect_works(_metadata, variant->device, DRIVER_STOCK, variant->mode);
	expect_works(_metadata, variant->device, DRIVER_MSI, variant->mode);
}

int main(int argc, char **argv)
{
	if (argc == 2 && atoi(argv[1])) {
		users = atoi(argv[1]);
		argc--;
	}

	return lab_main(argc, argv);
}
