/*-------------------------------------------------------------------------
 *
 * fuzz_ini.c
 *	  INI files: what is read and written reads the same.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "config/ini.h"

static void
write_value(FILE *stream, const char *value)
{
	(void) fputc('"', stream);
	for (; *value != '\0'; value++)
	{
		if (*value == '"' || *value == '\\')
			(void) fputc('\\', stream);
		(void) fputc(*value, stream);
	}
	(void) fputs("\"\n", stream);
}

static void
write_file(FILE *stream, const IniFile *file)
{
	for (size_t i = 0; i < file->section_count; i++)
	{
		const IniSection *section = &file->sections[i];

		(void) fprintf(stream, "[%s%s%s]\n", section->kind, section->name != NULL ? " " : "",
					   section->name != NULL ? section->name : "");
		for (size_t j = 0; j < section->entry_count; j++)
		{
			(void) fprintf(stream, "%s = ", section->entries[j].key);
			write_value(stream, section->entries[j].value);
		}
	}
}

static void
check_same_section(const IniSection *one, const IniSection *other)
{
	FUZZ_CHECK(strcmp(one->kind, other->kind) == 0);
	FUZZ_CHECK((one->name == NULL) == (other->name == NULL));
	FUZZ_CHECK(one->name == NULL || strcmp(one->name, other->name) == 0);
	FUZZ_CHECK(one->entry_count == other->entry_count);
	for (size_t i = 0; i < one->entry_count; i++)
	{
		FUZZ_CHECK(strcmp(one->entries[i].key, other->entries[i].key) == 0);
		FUZZ_CHECK(strcmp(one->entries[i].value, other->entries[i].value) == 0);
	}
}

static void
check_written(const IniFile *file)
{
	char	   *text = NULL;
	size_t		length = 0;
	FILE	   *stream = open_memstream(&text, &length);
	IniFile		again;
	IniError	error;

	FUZZ_CHECK(stream != NULL);
	write_file(stream, file);
	(void) fclose(stream);
	FUZZ_CHECK(ini_parse(text, length, &again, &error));
	FUZZ_CHECK(again.section_count == file->section_count);
	for (size_t i = 0; i < file->section_count; i++)
		check_same_section(&file->sections[i], &again.sections[i]);
	ini_reset(&again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = fuzz_copy(data, size);
	IniFile		file;
	IniError	error = {0};

	if (ini_parse(text, size, &file, &error))
	{
		check_written(&file);
		ini_reset(&file);
	}
	else
	{
		FUZZ_CHECK(error.line > 0);
		FUZZ_CHECK(error.message[0] != '\0' && fuzz_is_message(error.message));
	}
	free(text);
	return 0;
}
