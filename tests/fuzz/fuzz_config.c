/*-------------------------------------------------------------------------
 *
 * fuzz_config.c
 *	  Configuration files as a whole: a file is refused with one line, or the
 *	  Config keeps what config.h promises.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <getopt.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config_fields.h"
#include "config/config_load.h"

#define PATH_BYTES 64
#define ERROR_BYTES 1024

static void
check_target(const TargetConfig *target)
{
	FUZZ_CHECK(target->alias[0] != '\0' && strlen(target->alias) <= CONFIG_ALIAS_MAX);
	FUZZ_CHECK(fuzz_is_message(target->alias));
	FUZZ_CHECK((target->url.host != NULL) + (target->url.socket_path != NULL) +
			   (target->url.sentinels.count > 0) == 1);
	FUZZ_CHECK(target->url.database >= 0);
	FUZZ_CHECK(target->url.username == NULL || target->url.password != NULL);
	FUZZ_CHECK(strlen(target->prefix) == target->prefix_bytes);
	FUZZ_CHECK(target->scan_rate >= 0 && target->scan_rate <= 1000000000);
	FUZZ_CHECK(target->stagger_ms >= 0 && target->stagger_ms <= 3600000);
	FUZZ_CHECK(target->stagger_from >= 1 && target->stagger_from <= 1000000000);
}

static void
check_config(const Config *config)
{
	FUZZ_CHECK(config->dsn != NULL);
	FUZZ_CHECK(config->target_count > 0);
	FUZZ_CHECK(config->health_socket == NULL || config->health_socket[0] == '/');
	FUZZ_CHECK(config_target_equals(&config->targets[0], &config->targets[0]));
	for (size_t i = 0; i < config->target_count; i++)
	{
		check_target(&config->targets[i]);
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(config->targets[i].alias, config->targets[j].alias) != 0);
	}
}

static void
load(char *path)
{
	char		program[] = "uncached";
	char		option[] = "--config";
	char	   *arguments[] = {program, option, path, NULL};
	char	   *environment[] = {NULL};
	char		error[ERROR_BYTES] = "";
	Config	   *config = NULL;

	optind = 0;
	switch (config_load(3, arguments, environment, &config, error, sizeof(error)))
	{
		case CONFIG_LOADED:
			check_config(config);
			config_release(config);
			break;
		case CONFIG_REFUSED:
			FUZZ_CHECK(error[0] != '\0' && fuzz_is_message(error));
			break;
		case CONFIG_HELP:
			FUZZ_CHECK(false);
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char file_setting[] = "password_file";
	char		path[PATH_BYTES];
	int			fd;

	/* it may name any file of this machine, a device included */
	if (size > 0 && memmem(data, size, file_setting, sizeof(file_setting) - 1) != NULL)
		return 0;
	fd = memfd_create("config", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, data, size) == (ssize_t) size);
	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	load(path);
	(void) close(fd);
	return 0;
}
