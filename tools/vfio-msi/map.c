// SPDX-License-Identifier: GPL-2.0-only
/* vfio-msi map: draw the BARs of devices. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "map.h"

#define DEFAULT_WIDTH	80

struct drawing {
	struct selection sel;
	const char *svg;	/* file to write, or NULL */
};

enum { OPTION_SVG = 256 };

static const struct argp_option options[] = {
	{ "svg", OPTION_SVG, "FILE", 0, "Also write the picture to FILE, as SVG", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct drawing *drawing = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &drawing->sel;
		return 0;
	case OPTION_SVG:
		drawing->svg = arg;
		return 0;
	case ARGP_KEY_END:
		select_require(&drawing->sel, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static size_t terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && atoi(columns) > 0)
		return (size_t)atoi(columns);
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb");
}

static void style_init(struct map_style *style)
{
	setlocale(LC_CTYPE, "");
	*style = (struct map_style){
		.width = terminal_width(),
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.colour = wants_colour(),
	};
}

static int write_picture(const struct map *map, int fd)
{
	FILE *out = fdopen(fd, "w");
	int err = 0;

	if (!out) {
		err = -errno;
		close(fd);
		return err;
	}
	map_print_svg(map, out);
	if (fflush(out) || ferror(out) || fsync(fd))
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

/* The mode that open() would give a new file */
static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Writes a temporary file and renames it, so that the file never has half a picture. */
static int replace_file(const struct map *map, const char *path, mode_t mode)
{
	char *half = format_text("%s.XXXXXX", path);
	int fd, err;

	fd = mkstemp(half);
	if (fd < 0) {
		err = -errno;
		free(half);
		return err;
	}
	err = fchmod(fd, mode) ? -errno : 0;
	if (err)
		close(fd);
	else
		err = write_picture(map, fd);
	if (!err && rename(half, path))
		err = -errno;
	if (err)
		unlink(half);
	free(half);
	return err;
}

/* Follows a symbolic link, and does not replace a device or a pipe. */
static int write_svg(const struct map *map, const char *name)
{
	char *path = realpath(name, NULL);
	mode_t mode = new_mode();
	struct stat st;
	int err = 0;

	if (path && !stat(path, &st)) {
		mode = st.st_mode & 0777;
		if (!S_ISREG(st.st_mode)) {
			complain(0, "%s: not a regular file", name);
			free(path);
			return EXIT_FAILED;
		}
	} else if (path || errno != ENOENT) {
		err = -errno;
	}
	if (!err)
		err = replace_file(map, path ? path : name, mode);
	if (err)
		complain(err, "%s", name);
	free(path);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int draw_one(const struct drawing *drawing, const struct device *dev,
		    const struct map_style *style, struct json_object *array)
{
	struct map_facts facts;
	struct map map;
	int result;

	result = map_read(dev, &facts);
	if (!result) {
		map_build(&facts, &map);
		if (drawing->svg)
			result = write_svg(&map, drawing->svg);
		if (array)
			json_object_array_add(array, map_json(&map));
		else
			map_print_text(&map, select_address(&drawing->sel, dev), style);
		map_free(&map);
	}
	map_facts_free(&facts);
	return result;
}

static int draw(void *input)
{
	const struct drawing *drawing = input;
	const struct selection *sel = &drawing->sel;
	struct json_object *array;
	struct map_style style;
	int result = EXIT_DONE;
	size_t i;

	if (drawing->svg && sel->count != 1) {
		complain(0, "%zu devices are selected; --svg takes one", sel->count);
		return EXIT_USAGE;
	}
	array = sel->json ? json_object_new_array() : NULL;
	style_init(&style);
	for (i = 0; i < sel->count; i++) {
		if (i && !array)
			putchar('\n');
		if (draw_one(drawing, &sel->device[i], &style, array))
			result = EXIT_FAILED;
	}
	if (array)
		json_print("devices", array);
	return result;
}

int map_main(int argc, char **argv)
{
	static const struct argp_child children[] = { { .argp = &select_output_argp }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[SEL...]",
		.doc = "Draw the BARs of devices to scale: where the MSI-X table, the PBA and the "
		       "windows of embedded interrupt controllers are, and which pages can be "
		       "mapped for reading or writing.\v"
		       "To query this, root opens a device that is bound to a VFIO driver and not "
		       "in use. This resets the device.",
	};
	struct drawing drawing = { .svg = NULL };

	return select_run(argc, argv, &argp, &drawing.sel, &drawing, draw);
}
