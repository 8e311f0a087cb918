// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_json [POINTER]: reads a JSON document from standard input and prints the value
 * that an RFC 6901 pointer names: "null", a string without its quotes, or JSON. "POINTER#"
 * prints the number of elements of an array. Fails if the input is not one valid document.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <json-c/json_pointer.h>

static char *read_all(void)
{
	size_t size = 0, length = 0;
	char *text = NULL;

	do {
		size += 65536;
		text = realloc(text, size);
		if (!text)
			err(1, "realloc");
		length += fread(text + length, 1, size - length - 1, stdin);
	} while (length == size - 1);
	text[length] = '\0';
	return text;
}

static struct json_object *parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *document;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	document = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		errx(1, "at byte %zu: %s", json_tokener_get_parse_end(tokener),
		     json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_tokener_free(tokener);
	return document;
}

static void print_length(const struct json_object *array)
{
	if (!json_object_is_type(array, json_type_array))
		errx(1, "not an array");
	printf("%zu\n", json_object_array_length(array));
}

int main(int argc, char **argv)
{
	struct json_object *document = parse(read_all()), *found;
	char *pointer, *length;

	if (argc < 2)
		return 0;
	pointer = argv[1];
	length = strchr(pointer, '#');
	if (length)
		*length = '\0';
	if (json_pointer_get(document, pointer, &found))
		err(1, "%s", pointer);
	if (length)
		print_length(found);
	else if (json_object_is_type(found, json_type_string))
		puts(json_object_get_string(found));
	else
		puts(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN));
	return 0;
}
