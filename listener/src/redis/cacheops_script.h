/*-------------------------------------------------------------------------
 *
 * cacheops_script.h
 *	  The script that deletes the sets which django-cacheops keeps for rows.
 *
 * cacheops keeps, for a table, the sets of fields by which cached querysets
 * filter it in "schemes:<table>", as names joined by commas; and the keys of those
 * querysets in sets named "conj:<table>:<field>=<value>&<field>=<value>…", in
 * the order of the scheme.  A row's image says what may stand there:
 *
 *	["<table>", {"<field>": value, "<field>": [value, value], …}]
 *
 * Values are numbers, strings, booleans and null, written as Lua writes them;
 * of a list every one may stand there.  Besides, the set in which all values
 * of the scheme are null is deleted: an outer join cached it in place of a row.
 *
 * The script's arguments are images as Batch has them, with the prefix in
 * front, and then the members that it may delete.  It stops when these are
 * deleted, or after some image that made it look at CACHEOPS_SCRIPT_MAX_SETS
 * sets.  It answers how many images are finished, from the first on.  Where a
 * scheme has a field that an image lacks, or the values of one make too many
 * names, it answers an array: that number, and patterns of sets to be deleted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CACHEOPS_SCRIPT_H
#define UNCACHED_CACHEOPS_SCRIPT_H

/* Two milliseconds' work for Redis. */
#define CACHEOPS_SCRIPT_MAX_SETS "500"

/* Names that one scheme and one image may make before a pattern is cheaper. */
#define CACHEOPS_SCRIPT_MAX_NAMES "1000"

extern const char cacheops_script[];

#endif
