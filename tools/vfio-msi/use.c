// SPDX-License-Identifier: GPL-2.0-only
/* A list of what uses a device, and its JSON. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vfio-msi.h"

static const char *const kind_name[] = {
	[USE_SESSION]	= "session",
	[USE_NETWORK]	= "network",
	[USE_MOUNT]	= "mount",
	[USE_SWAP]	= "swap",
	[USE_HOLDER]	= "holder",
	[USE_CLAIMED]	= "claimed",
	[USE_OPEN]	= "open",
	[USE_FUNCTIONS]	= "functions",
};

const char *use_name(enum use_kind kind)
{
	return kind_name[kind];
}

void use_add(struct uses *uses, enum use_kind kind, const char *format, ...)
{
	va_list args;
	char *detail;

	va_start(args, format);
	if (vasprintf(&detail, format, args) < 0)
		detail = format_text("%s", use_name(kind));
	va_end(args);

	uses->use = xrealloc(uses->use, uses->count + 1, sizeof(*uses->use));
	uses->use[uses->count++] = (struct use){ .kind = kind, .detail = detail };
}

bool use_has(const struct uses *uses, enum use_kind kind)
{
	size_t i;

	for (i = 0; i < uses->count; i++)
		if (uses->use[i].kind == kind)
			return true;
	return false;
}

void use_free(struct uses *uses)
{
	size_t i;

	for (i = 0; i < uses->count; i++)
		free(uses->use[i].detail);
	free(uses->use);
}

/* null if nothing was found and there may be uses that only root can see */
struct json_object *use_json(const struct uses *uses)
{
	struct json_object *array;
	size_t i;

	if (!uses->count && !uses->known)
		return NULL;
	array = json_object_new_array();
	for (i = 0; i < uses->count; i++) {
		struct json_object *use = json_object_new_object();

		json_object_object_add(use, "kind", json_text(use_name(uses->use[i].kind)));
		json_object_object_add(use, "detail", json_text(uses->use[i].detail));
		json_object_array_add(array, use);
	}
	return array;
}
