/*-------------------------------------------------------------------------
 *
 * config_list.c
 *	  Names for a message: "a, b or c".
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_list.h"

#include <stdio.h>
#include <string.h>

void
config_list_join(char text[static CONFIG_LIST_BYTES], const char *const names[], size_t name_count)
{
	text[0] = '\0';
	for (size_t i = 0; i < name_count; i++)
	{
		size_t		used = strlen(text);
		const char *joint = i == 0 ? "" : i + 1 < name_count ? ", " : " or ";

		(void) snprintf(text + used, CONFIG_LIST_BYTES - used, "%s%s", joint, names[i]);
	}
}
