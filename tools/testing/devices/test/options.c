// SPDX-License-Identifier: GPL-2.0-only
/* Command lines that are refused, each for another reason. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "test.h"

struct refusal {
	const char *arguments;
	const char *message;	/* a part of the message */
};

#define ATH11K	"vfio-user-ath11k --socket /nonexistent/s "
#define BAR	"--bar 0:4K "
#define MSIX	"vfio-user-msix --socket /nonexistent/s "

static void check_refusal(const struct refusal *refusal)
{
	char command[512], output[4096];
	size_t size;
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command), "exec %s/%s 2>&1", server_dir,
		 refusal->arguments);
	pipe = popen(command, "r");
	CHECK(pipe);
	size = fread(output, 1, sizeof(output) - 1, pipe);
	output[size] = 0;
	status = pclose(pipe);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1 ||
	    !strstr(output, refusal->message)) {
		printf("# %s: status 0x%x, not '%s' but:\n# %s\n", refusal->arguments,
		       status, refusal->message, output);
		exit(EXIT_FAILURE);
	}
}

static void check_refusals(const struct refusal *refusal)
{
	for (; refusal->arguments; refusal++)
		check_refusal(refusal);
}

static void test_common(void)
{
	static const struct refusal refusals[] = {
		{ "vfio-user-ath11k", "Usage:" },
		{ "vfio-user-gve", "Usage: vfio-user-gve" },
		{ "vfio-user-msi64", "Usage: vfio-user-msi64" },
		{ "vfio-user-msi64 --socket /nonexistent/s --paged", "Usage: vfio-user-msi64" },
		{ ATH11K "--paged --bar0 512K", "no room for the pages" },
		{ "vfio-user-msix", "Usage:" },
		{ ATH11K "more", "Usage:" },
		{ ATH11K "--vectors 3", "Usage:" },
		{ MSIX "--nonsense", "Usage:" },
		{ ATH11K "--id", "Usage:" },
		{ ATH11K "--id 17cb", "not an ID" },
		{ ATH11K "--id 17cb:11033", "not an ID" },
		{ ATH11K "--id 17cb-1103", "not an ID" },
		{ MSIX "--id 0x12:0x3", "not an ID" },
		{ MSIX "--class 0300", "not a class" },
		{ MSIX "--class 03000000", "not a class" },
		{ ATH11K, "/nonexistent/s" },
		{}
	};

	check_refusals(refusals);
}

static void test_numbers(void)
{
	static const struct refusal refusals[] = {
		{ MSIX "--vectors 0", "number of vectors" },
		{ MSIX "--vectors 2049", "number of vectors" },
		{ MSIX "--vectors -1", "not a number" },
		{ MSIX "--vectors 18446744073709551616", "not a number" },
		{ MSIX "--vectors 17179869185G", "not a number" },
		{ MSIX "--vectors 16x", "not a number" },
		{ MSIX "--table 2", "not a place" },
		{ MSIX "--table 6:0", "not a place" },
		{ MSIX "--pba 2:", "not a place" },
		{ MSIX "--registers 0:0:0", "not a place" },
		{ MSIX "--no-msix --vectors 3", "--no-msix" },
		{ MSIX "--no-msix --pba 4:0", "--no-msix" },
		{ MSIX "--no-msix --beyond", "--no-msix" },
		{ MSIX "--no-msix --overlap", "--no-msix" },
		{}
	};

	check_refusals(refusals);
}

static void test_bars(void)
{
	static const struct refusal refusals[] = {
		{ MSIX "--bar 0", "not of the form" },
		{ MSIX "--bar 0:", "not a number" },
		{ MSIX "--bar 0:4K:32", "neither 64 nor prefetch" },
		{ MSIX "--bar 6:4K", "no such BAR" },
		{ MSIX "--bar 4294967296:4K", "no such BAR" },
		{ MSIX "--bar 5:4K:64", "no such BAR" },
		{ MSIX "--bar 0:4K --bar 0:4K", "used twice" },
		{ MSIX "--bar 0:4K:64 --bar 1:4K", "used twice" },
		{ MSIX "--bar 1:4K --bar 0:4K:64", "used twice" },
		{ MSIX "--bar 0:0", "power of two" },
		{ MSIX "--bar 0:8", "power of two" },
		{ MSIX "--bar 0:5000", "power of two" },
		{ MSIX "--bar 0:4G", "power of two" },
		{ MSIX "--bar 0:8G:64", "power of two" },
		{ MSIX BAR BAR BAR BAR BAR BAR BAR, "more than 6" },
		{ ATH11K "--bar0 2x", "not a number" },
		{ ATH11K "--bar0 3M", "power of two" },
		{ ATH11K "--bar0 512K", "BAR0 has less than 0xb85b0 bytes" },
		{}
	};

	check_refusals(refusals);
}

static void test_places(void)
{
	static const struct refusal refusals[] = {
		{ MSIX "--table 1:0", "table: there is no BAR1" },
		{ MSIX "--table 3:0", "table: there is no BAR3" },
		{ MSIX "--pba 5:0", "PBA: there is no BAR5" },
		{ MSIX "--registers 5:0", "register block: there is no BAR5" },
		{ MSIX "--bar 2:64K --bar 4:4K", "register block: there is no BAR0" },
		{ MSIX "--table 2:4", "table: offset 0x4 is not a multiple of 8" },
		{ MSIX "--pba 4:0x14", "PBA: offset 0x14 is not a multiple of 8" },
		{ MSIX "--registers 0:2", "not a multiple of 4" },
		{ MSIX "--table 2:0xff08", "table: 0x100 bytes at 0xff08 reach beyond" },
		{ MSIX "--table 2:0x10000", "reach beyond the end of BAR2" },
		{ MSIX "--table 2:0xfffffffffffffff8", "reach beyond the end of BAR2" },
		{ MSIX "--bar 0:4K --bar 2:16 --bar 4:4K", "table: 0x100 bytes at 0x0 reach" },
		{ MSIX "--pba 4:0x1000", "PBA: 0x8 bytes at 0x1000 reach beyond" },
		{ MSIX "--registers 0:0xfd8", "register block: 0x54 bytes at 0xfd8 reach" },
		{ MSIX "--table 0:0x28", "the table overlaps the register block" },
		{ MSIX "--pba 0:0", "the PBA overlaps the register block" },
		{ MSIX "--pba 2:0xf8", "the PBA overlaps the table" },
		{ MSIX "--table 4:0 --pba 4:0", "the PBA overlaps the table" },
		{ MSIX "--beyond --table 3:4", "table: offset 0x4 is not a multiple of 8" },
		{ MSIX "--beyond --table 3:4G", "table: offset 0x100000000 does not fit" },
		{ MSIX "--beyond --registers 0:4K", "register block: 0x54 bytes at 0x1000" },
		{ MSIX "--beyond --table 3:0", "/nonexistent/s" },
		{ MSIX "--overlap --pba 2:0x100", "/nonexistent/s" },
		{ MSIX "--overlap --pba 2:0xf8", "/nonexistent/s" },
		{ MSIX "--overlap --pba 0:0", "the PBA overlaps the register block" },
		{ MSIX "--overlap --pba 2:0x10000", "reach beyond the end of BAR2" },
		{}
	};

	check_refusals(refusals);
}

const struct test options_tests[] = {
	{ "usage, IDs and classes", test_common },
	{ "numbers and places", test_numbers },
	{ "BARs", test_bars },
	{ "parts that do not fit", test_places },
	{}
};
