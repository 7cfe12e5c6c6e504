/*-------------------------------------------------------------------------
 *
 * process_usage.c
 *	  What this process takes of the machine.
 *
 *-------------------------------------------------------------------------
 */
#include "status/process_usage.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The second number of statm, in pages. */
static uint64_t
read_resident_bytes(void)
{
	FILE	   *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	(void) fclose(file);
	return pages * (uint64_t) sysconf(_SC_PAGESIZE);
}

static uint64_t
microseconds(struct timeval time)
{
	return (uint64_t) time.tv_sec * 1000000 + (uint64_t) time.tv_usec;
}

static uint64_t
read_cpu_us(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

/* Without ".", ".." and the directory itself. */
static uint64_t
count_open_fds(void)
{
	DIR		   *directory = opendir("/proc/self/fd");
	uint64_t	count = 0;

	if (directory == NULL)
		return 0;
	while (readdir(directory) != NULL)
		count++;
	(void) closedir(directory);
	return count > 3 ? count - 3 : 0;
}

ProcessUsage
process_usage_read(void)
{
	ProcessUsage usage;

	usage.resident_bytes = read_resident_bytes();
	usage.cpu_us = read_cpu_us();
	usage.open_fds = count_open_fds();
	return usage;
}
