/*-------------------------------------------------------------------------
 *
 * config_list.h
 *	  Names for a message: "a, b or c".
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_LIST_H
#define UNCACHED_CONFIG_LIST_H

#include <stddef.h>

/* Enough for all keys of a section; longer lists are cut. */
#define CONFIG_LIST_BYTES 512

extern void config_list_join(char text[static CONFIG_LIST_BYTES], const char *const names[],
							 size_t name_count);

#endif
