// SPDX-License-Identifier: GPL-2.0-only
#include "../unit/replay.h"
#include "check.h"

int main(int argc, char **argv)
{
	return replay(argc, argv, check);
}
