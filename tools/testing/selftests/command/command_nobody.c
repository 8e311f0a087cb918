// SPDX-License-Identifier: GPL-2.0-only
/* command_nobody COMMAND...: runs a command as an ordinary user. */
#include <err.h>
#include <grp.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: command_nobody COMMAND...");
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		err(1, "setuid");
	execvp(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}
