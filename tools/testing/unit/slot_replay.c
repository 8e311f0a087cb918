// SPDX-License-Identifier: GPL-2.0-only
#include "replay.h"
#include "slot_check.h"

int main(int argc, char **argv)
{
	return replay(argc, argv, slot_check);
}
