/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-msi: declarations that the files of the command share.
 *
 * The files and their floors. A file calls and includes only files of lower floors,
 * which tools/testing/checks/floors checks.
 *
 *	11 main.c		subcommands, --help, --version
 *
 *	10 list.c, bind.c, unbind.c, show.c, vectors.c, window.c, learn.c, map.c, doctor.c,
 *	  apply.c, selftest.c	one subcommand each
 *
 *	9 doctor_host.c, doctor_device.c	what doctor checks
 *	  doctor_log.c		what it finds in the kernel's log
 *	9 doctor_report.c	what its report says of the host
 *
 *	9 learn_report.c	what learn prints
 *	8 learned.c		which windows cover the slots that were seen
 *
 *	9 map_read.c, map_text.c, map_svg.c, map_json.c
 *	8 map_query.c, map_picture.c
 *	7 map_model.c		the parts of map: see map.h
 *	6 map_facts.c
 *	5 map.h
 *
 *	8 use_find.c		finds what uses a device
 *	7 nodes.c		device nodes and network interfaces of a device
 *	7 holders.c		processes that have a device node or a VFIO device open
 *	7 session.c		VFIO: open a device, probe its features
 *	7 driver.c		driver_override, bind, unbind, modprobe
 *	6 use.c		a list of uses
 *	6 lasting.c		who binds a device again
 *	5 persist.c		/etc/vfio-msi, and the rules of udev and the options of the module
 *				that follow from it
 *
 *	4 group.c		IOMMU groups and their members
 *	4 irq.c		the Linux interrupts of a device
 *	4 live.c		files of msi-vfio-pci in debugfs
 *	4 window_list.c	msi_windows in sysfs, and how a window is written
 *	  window_refusal.c	why the driver refuses a window
 *	4 kmsg.c		the kernel log
 *	4 select.c		the devices that a command line selects
 *	4 module.c		kernel modules, and why one cannot be loaded
 *	4 watch.c		repeated output until a signal comes
 *	3 config.c		MSI and MSI-X capabilities in config space
 *	3 names.c		PCI devices by other names
 *	3 run.c			other programs
 *	2 window_range.c	the ranges that a window consists of
 *	2 sysfs.c		reads and writes small files, reads links
 *	2 findings.c		what doctor has found
 *	2 cards.c		the cards whose windows the driver knows
 *	1 output.c		messages, tables, JSON
 *	0 vfio-msi.h
 */
#ifndef VFIO_MSI_H
#define VFIO_MSI_H

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <json-c/json.h>
#include <pci/pci.h>

#define MSI_VFIO_PCI	"msi-vfio-pci"

/* Exit codes: vfio-msi(8) documents them, so their numbers must not change. */
enum {
	EXIT_DONE	= 0,
	EXIT_FAILED	= 1,
	EXIT_USAGE	= 2,
	EXIT_NO_DEVICE	= 3,
	EXIT_REFUSED	= 4,
};

/* The size of a name in sysfs (driver, group, interface) or of a PCI address */
#define NAME_SIZE	64

/* The BARs of a PCI function */
#define BARS		6

struct device {
	struct pci_dev *pci;
	char bdf[NAME_SIZE];	/* the address with its domain, as in sysfs */
};

/* output.c */

struct texts {
	size_t count;
	char **text;
};

/* select.c */

struct selection {
	struct pci_access *access;
	struct device *device;
	size_t count;
	struct pci_filter *slot;
	char **slot_text;
	size_t slots;
	struct pci_filter id;
	char *id_text;
	bool domains;		/* print addresses with their domain */
	bool json;
	/* for a selector without a device: an address that the command takes all the same */
	char *(*find_absent)(const char *selector);
	struct texts absent;	/* these addresses */
};

/* A subcommand whose only options are the selectors, -D and -o */
struct select_command {
	const char *doc;
	bool all;		/* select all devices if there is no selector */
	int (*run)(const struct selection *sel);
};

int select_main(int argc, char **argv, const struct select_command *command);
int select_run(int argc, char **argv, const struct argp *argp, struct selection *sel, void *input,
	       int (*run)(void *input));

/*
 * Children of a subcommand's argp: the selectors; the selectors and --dry-run; the
 * selectors and -o; the selectors, -o and -D; --dry-run alone.
 */
extern const struct argp select_argp;
extern const struct argp select_change_argp;
extern const struct argp select_format_argp;
extern const struct argp select_output_argp;
extern const struct argp change_argp;

/* These two exit with a message if the command line is wrong. */
unsigned long select_number(const char *option, const char *text, unsigned long least,
			    unsigned long most, struct argp_state *state);
void select_require(const struct selection *sel, struct argp_state *state);

bool select_given(const struct selection *sel);
const char *select_address(const struct selection *sel, const struct device *dev);

/* names.c */

char *name_address(const char *name);

/* cards.c */

struct card {
	uint16_t vendor;
	uint16_t device;
	const char *proven;	/* what was seen to work, a sentence's end */
};

const struct card *card_find(const struct device *dev);

/* module.c */

enum module_state {
	MODULE_GOOD,
	MODULE_ABSENT,		/* for every kernel */
	MODULE_NOT_BUILT,	/* for the running kernel */
	MODULE_NOT_INSTALLED,	/* although DKMS has built it */
	MODULE_NOT_INDEXED,	/* depmod has not run */
	MODULE_NOT_SIGNED,	/* and the kernel wants it to be */
};

struct module {
	enum module_state state;
	char *release;		/* of the running kernel */
	char *file;		/* for the running kernel, or NULL */
	char *kernels;		/* that it is built for, or NULL */
	char *command;		/* to type next, or NULL */
};

void module_read(const char *name, struct module *module);
void module_free(struct module *module);
char *module_problem(const struct module *module);
const char *module_enforced(void);
void module_explain(const char *name);

/* run.c */

int run_change(char *const argv[]);
int run_read(char *const argv[], char *buf, size_t size);

/* config.c */

struct msi_cap {
	unsigned int pos;	/* 0: the device has none */
	unsigned int vectors;
	unsigned int enabled_vectors;
	bool enabled;
	bool wide;		/* 64-bit address */
	bool maskable;
	uint64_t address;
	uint32_t data;
	uint32_t mask;
	uint32_t pending;
};

struct msix_cap {
	unsigned int pos;	/* 0: the device has none */
	unsigned int vectors;
	bool enabled;
	bool function_mask;
	unsigned int table_bar;
	uint32_t table_offset;
	unsigned int pba_bar;
	uint32_t pba_offset;
};

struct caps {
	bool header_read;	/* the header of config space could be read */
	bool known;		/* the rest of config space could be read, too */
	bool gone;		/* config space reads all ones */
	struct msi_cap msi;
	struct msix_cap msix;
};

#define DOES_NOT_ANSWER	"does not answer (its config space reads all ones)"

void caps_read(const struct device *dev, struct caps *caps);
const char *caps_problem(const struct caps *caps);
struct json_object *caps_answers(const struct caps *caps);

/* sysfs.c */

/* With --dry-run file_write() and run_change() only print. */
void dry_run_begin(void);
bool dry_run(void);

/* Those that return an int return 0 or a negative errno, and print nothing. */

int file_read(const char *path, char *buf, size_t size);
char *file_read_whole(const char *path);
int file_write(const char *path, const char *text);
int link_name(const char *path, char *name, size_t size);
int device_read(const struct device *dev, const char *file, char *buf, size_t size);
int device_driver(const struct device *dev, char driver[NAME_SIZE]);
bool device_is_vfio(const struct device *dev);
bool device_is_bridge(const struct device *dev);
void device_path(const struct device *dev, const char *file, char path[PATH_MAX]);

/* driver.c */

int driver_load(const char *driver);
int driver_bind(const struct device *dev, const char *driver);
int driver_release(const struct device *dev);
int driver_restore(const struct device *dev, const char *driver, const char *override);
int device_check_writable(const struct device *dev);
int driver_override(const struct device *dev, char override[NAME_SIZE]);

/* kmsg.c */

int kmsg_open(void);
void kmsg_close(int fd);
bool kmsg_repeat(int fd, const struct device *dev);
char *kmsg_unassigned(const struct device *dev);

typedef void (*kmsg_fn)(const char *text, void *context);

bool kmsg_all(kmsg_fn each, void *context);

/* group.c */

struct member {
	char bdf[NAME_SIZE];
	char driver[NAME_SIZE];	/* empty: none */
	bool vfio;
	bool blocks;		/* while it has this driver the group cannot be opened */
};

struct group {
	char name[NAME_SIZE];	/* empty: the device has no group */
	size_t count;
	struct member *member;
};

/* What to do about a device that has no group */
#define NEEDS_IOMMU	"VFIO needs an IOMMU; turn it on in the firmware and, for Intel, with " \
			"intel_iommu=on"

void group_read(const struct device *dev, struct group *group);
void group_free(struct group *group);

/* use.c */

enum use_kind {
	USE_SESSION,
	USE_NETWORK,
	USE_MOUNT,
	USE_SWAP,
	USE_HOLDER,
	USE_CLAIMED,
	USE_OPEN,
	USE_FUNCTIONS,
};

struct use {
	enum use_kind kind;
	char *detail;
};

struct uses {
	bool known;	/* false: there may be uses that only root can see */
	size_t count;
	struct use *use;
};

void use_add(struct uses *uses, enum use_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool use_has(const struct uses *uses, enum use_kind kind);
const char *use_name(enum use_kind kind);
void use_free(struct uses *uses);
struct json_object *use_json(const struct uses *uses);

/* lasting.c */

void lasting_read(const struct device *dev, struct texts *texts);
void lasting_note(const struct device *dev);
struct json_object *lasting_json(const struct device *dev);
/* findings.c */

enum finding_state {
	FINDING_OK,
	FINDING_NOTE,
	FINDING_UNKNOWN,
	FINDING_PROBLEM,
};

struct finding {
	const struct device *device;	/* NULL: the host */
	const char *check;
	enum finding_state state;
	char *seen;
	char *next;		/* what to type, or NULL */
};

struct findings {
	size_t count;
	struct finding *finding;
};

void finding_add(struct findings *findings, const struct device *device, const char *check,
		 enum finding_state state, char *next, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
bool findings_well(const struct findings *findings);
void findings_print(const struct findings *findings);
struct json_object *findings_json(const struct findings *findings);
void findings_free(struct findings *findings);

/* doctor_host.c, doctor_device.c, doctor_log.c, doctor_report.c: one subject each of doctor */

struct json_object *doctor_report(const struct selection *sel);
void doctor_report_print(struct json_object *report);

void doctor_host(struct findings *findings);
void doctor_device(const struct device *dev, struct findings *findings);
void doctor_log(const struct device *dev, struct findings *findings);

/* nodes.c */

struct node {
	dev_t number;
	bool block;
	char name[NAME_SIZE];
	char dir[PATH_MAX];
};

struct nodes {
	size_t count;
	struct node *node;
};

void nodes_find(const struct device *dev, struct nodes *nodes, struct uses *uses);
void nodes_free(struct nodes *nodes);

/* holders.c */

bool holders_complete(void);
void holders_of_node(const struct node *node, enum use_kind kind, struct uses *uses);
void holders_of_session(const struct device *dev, struct uses *uses);

/* use_find.c */

void use_find(const struct device *dev, struct uses *uses);
void use_find_session(const struct device *dev, struct uses *uses);
int use_check(const struct device *dev);
int use_refuse(const struct device *dev);
void use_warn(const struct device *dev);

/* session.c */

struct session {
	int container;
	int group;
	int device;
};

bool device_vfio_pf(const struct device *dev, char pf[NAME_SIZE]);
bool session_may_open(const struct device *dev, const struct uses *uses);
int session_open(const struct device *dev, struct session *session);
void session_close(struct session *session);
char *session_node(const struct device *dev);
bool session_group_busy(const struct group *group);
struct json_object *session_features(const struct session *session);

/* irq.c */

struct irq {
	unsigned int number;
	int vector;		/* -1: not known */
	bool msix;
	uint64_t count;
	char affinity[NAME_SIZE];
	char effective[NAME_SIZE];
};

struct irqs {
	size_t count;
	struct irq *irq;
};

enum remapping {
	REMAPPING_UNKNOWN,
	REMAPPING_OFF,
	REMAPPING_ON,
};

void irqs_read(const struct device *dev, struct irqs *irqs);
void irqs_free(struct irqs *irqs);
void irq_read(struct irq *irq);
enum remapping irq_remapping(const struct device *dev);
enum remapping irq_host_remapping(void);
bool booted_without_msi(void);
char *msi_refusal(const struct device *dev);

/* window_range.c */

/* As many as the driver allows */
#define WINDOW_RANGES	16

struct window_range {
	uint64_t offset;
	uint64_t size;
};

struct window {
	unsigned int bar;
	uint64_t offset;	/* of the first range */
	uint64_t size;		/* to the end of the last range */
	uint32_t data_offset;
	char flags[NAME_SIZE];	/* separated by commas */
	size_t ranges;		/* 0: it is one range */
	struct window_range range[WINDOW_RANGES];
	uint64_t select_offset;
	uint32_t select_mask;	/* 0: it has no select register */
};

size_t window_range_count(const struct window *window);
struct window_range window_range_at(const struct window *window, size_t i);
bool window_add_range(struct window *window, uint64_t offset, uint64_t size);

/* live.c */

struct live_vector {
	unsigned int vector;
	unsigned int irq;
	uint64_t address;
	uint32_t data;
	char flags[NAME_SIZE];
};

struct live {
	bool open;		/* there is a session */
	unsigned long long generation;
	char index[8];		/* none, msi or msix */
	size_t count;
	struct live_vector *vector;
};

/*
 * In a window with LEARN the driver reports data at each of these distances from a
 * slot's address: 4, 8, ... 64 bytes.
 */
#define LEARN_DISTANCES	16

struct live_slot {
	uint64_t offset;
	uint64_t address;	/* the guest message: address and data */
	uint32_t data;
	unsigned int vector;
	unsigned int distance;	/* from address to data; 0: not known */
	char flags[NAME_SIZE];
	uint32_t page;		/* what the select register showed */
	unsigned int learned;	/* bit n: there is data 4 * (n + 1) bytes after the address */
	uint32_t learned_data[LEARN_DISTANCES];
	unsigned int learned_vector[LEARN_DISTANCES];
};

struct live_window {
	struct window range;
	uint64_t addresses;	/* these four count, as in the uapi header */
	uint64_t data;
	uint64_t withheld;
	uint64_t undone;
	size_t slots;
	struct live_slot *slot;
};

struct live_windows {
	bool open;		/* there is a session */
	size_t count;
	struct live_window *window;
};

unsigned long live_sessions(const struct device *dev);

/*
 * These return 0 or a negative errno. They print a message, except for -EINTR and
 * for -ENOENT and -EACCES, which live_note() explains.
 */
int live_read(const struct device *dev, struct live *live);
void live_free(struct live *live);
int live_windows_read(const struct device *dev, struct live_windows *live);
void live_windows_free(struct live_windows *live);
void live_note(const struct device *dev, int err);
void live_path(const struct device *dev, const char *name, char path[PATH_MAX]);

/* window_list.c */

struct window_list {
	size_t count;
	struct window *window;
};

int windows_check(const struct device *dev);
int windows_read(const struct device *dev, struct window_list *list);
int windows_write(const struct device *dev, const struct window_list *list);
void windows_add(struct window_list *list, const struct window *window);
void windows_free(struct window_list *list);
bool window_parse(const char *text, struct window *window);
char *window_text(const struct window *window);
char *window_line(const struct window *window);
bool window_learns(const struct window *window);
struct json_object *json_window(const struct window *window);

/* persist.c */

struct persist {
	char bdf[NAME_SIZE];
	uint16_t vendor;
	uint16_t device;
	char driver[NAME_SIZE];		/* empty: is not bound */
	struct window_list windows;
	char group[NAME_SIZE];		/* of the node in /dev/vfio; empty: as it is */
	unsigned int mode;		/* of the node; 0: as it is */
	bool initramfs;
};

bool driver_name_ok(const char *name);
bool persist_mode(const char *text, unsigned int *mode);
void persist_addresses(struct texts *texts);
char *persist_find(const char *selector);
bool persist_followed(const char *bdf);

/* These return 0 or a negative errno, with a message, except for -ENOENT of a read. */
int persist_read(const char *bdf, struct persist *persist);
int persist_write(const struct persist *persist);
int persist_remove(const char *bdf);
int persist_follow(void);
int persist_set_parameter(void);
int persist_rights(const struct persist *persist, const char *node);
void persist_free(struct persist *persist);

/* window_refusal.c */

char *window_refusal(const struct device *dev, const struct window *window);

/* learned.c */

struct learned_slot {
	unsigned int bar;
	struct live_slot slot;
};

struct learned {
	size_t count;
	struct learned_slot *slot;	/* sorted by BAR and offset */
};

/* The distance from the address to the data, by a vote of the slots of a BAR */
struct vote {
	unsigned int distance;	/* 0: no slot has data */
	unsigned int rival;	/* another distance that fits as well, or 0 */
	size_t slots;		/* slots of the BAR */
	size_t agree;		/* slots that have data at @distance */
};

void learned_merge(struct learned *learned, const struct live_windows *live);
struct vote learned_vote(const struct learned *learned, unsigned int bar);
bool learned_slot_data(const struct learned_slot *slot, unsigned int distance, uint32_t *data);
void learned_windows(const struct learned *learned, unsigned int bar, unsigned int distance,
		     struct window_list *list);
void learned_free(struct learned *learned);

/* learn_report.c */

/* What was seen in a session */
struct learn_result {
	unsigned long sessions_before;	/* the driver's count when the watch began */
	bool session;		/* the session was seen open */
	int64_t opened;		/* when it was first seen open, in ms */
	bool missed;		/* there was a session that was too short */
	bool msi;
	bool msix;
	bool windows_before;	/* windows had been added before */
	struct learned learned;
};

bool learn_report(const struct device *dev, bool json, const struct learn_result *result);

/* watch.c */

/* Prints the output once and returns an exit code. */
typedef int (*watch_fn)(void *context);

void watch_signals(void);
bool watch_interrupted(void);

/*
 * Calls @show every @seconds until a signal comes or it fails. On a terminal each output
 * replaces the one before.
 */
int watch(watch_fn show, void *context, time_t seconds);

/* output.c */

struct table {
	size_t columns;
	size_t rows;
	char **cell;
	unsigned int right;	/* a bit for each column that is aligned right */
};

void complain(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void names_hide(void);
const char *private_name(const char *name);
__attribute__((noreturn)) void out_of_memory(void);
void *xrealloc(void *old, size_t count, size_t size);
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void texts_free(struct texts *texts);
void table_init(struct table *table, size_t columns, unsigned int right);
void table_add(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void table_print(struct table *table);
struct json_object *json_text(const char *text);
struct json_object *json_words(const char *text);
struct json_object *json_split(const char *text, const char *separator);
struct json_object *json_hex(uint64_t value, unsigned int digits);
struct json_object *json_document(const char *key, struct json_object *value);
void json_print_document(struct json_object *document);
void json_print(const char *key, struct json_object *value);

/* list.c */

int list_main(int argc, char **argv);

/* bind.c */

int bind_main(int argc, char **argv);

/* unbind.c */

int unbind_main(int argc, char **argv);

/* show.c */

int show_main(int argc, char **argv);

/* vectors.c */

int vectors_main(int argc, char **argv);

/* window.c */

int window_main(int argc, char **argv);

/* learn.c */

int learn_main(int argc, char **argv);

/* map.c */

int map_main(int argc, char **argv);

/* apply.c */

int apply_main(int argc, char **argv);

/* selftest.c */

int selftest_main(int argc, char **argv);

/* doctor.c */

int doctor_main(int argc, char **argv);

#endif /* VFIO_MSI_H */
