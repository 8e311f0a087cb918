// SPDX-License-Identifier: GPL-2.0-only
#include "expect.h"
#include "owner.h"

struct vfiomsi_core *core;
struct vfiomsi_eventfds *eventfds;

void owner_create(const struct vfiomsi_core_config *config)
{
	EXPECT(!vfiomsi_core_create(config, &core));
	EXPECT(!vfiomsi_eventfds_create(core, &eventfds));
}

void owner_destroy(void)
{
	vfiomsi_eventfds_destroy(eventfds);
	vfiomsi_core_destroy(core);
	eventfds = NULL;
	core = NULL;
}

int carry_out(const struct vfiomsi_action *action)
{
	bool first = action->kind == VFIOMSI_ROUTE;
	int ret = 0;

	if (first)
		ret = vfiomsi_eventfds_carry_out(eventfds, action);
	if (!ret)
		ret = back_end_carry_out(action);
	if (!ret && !first)
		ret = vfiomsi_eventfds_carry_out(eventfds, action);

	return ret;
}

int run_actions(void)
{
	struct vfiomsi_action action;
	int ret = 0;

	while (!ret && vfiomsi_core_next(core, &action) == 1)
		ret = carry_out(&action);

	return ret;
}

int run(int planned)
{
	int ret;

	if (planned <= 0)
		return planned;
	ret = run_actions();
	if (ret) {
		EXPECT(!vfiomsi_core_rollback(core));
		EXPECT(!run_actions());
	}
	EXPECT(!vfiomsi_core_commit(core));

	return ret;
}

int set_control(uint16_t control)
{
	return run(vfiomsi_core_cap_write(core, 2, 2, control));
}

int set_mask(unsigned int vector, bool masked)
{
	return run(vfiomsi_core_table_write(core, vector * 16 + 12, 4, masked));
}
