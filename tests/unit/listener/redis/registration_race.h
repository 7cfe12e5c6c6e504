/*-------------------------------------------------------------------------
 *
 * registration_race.h
 *	  A client that registers keys while a target takes what it registers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REGISTRATION_RACE_H
#define UNCACHED_REGISTRATION_RACE_H

#include <check.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redis/real_redis_fixture.h"

#define RACE_KEY_COUNT 20000

/* Stores key:number and registers it; whether it could. */
typedef bool (*RegisterNumber) (redisContext * client, int number);

/*
 * Registers one key after the other; in a child, whose exit says whether it
 * could.
 */
static inline pid_t
start_registering(RegisterNumber register_number)
{
	pid_t		pid = fork();
	redisContext *client;

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	client = real_redis_connect(&redis);
	for (int i = 0; client != NULL && i < RACE_KEY_COUNT; i++)
	{
		if (!register_number(client, i))
			_exit(1);
	}
	_exit(client == NULL);
}

/* Every key that exists is registered in a set; spaces part their names. */
static inline void
expect_all_registered(const char *sets)
{
	static const char script[] =
	"for _, key in ipairs(redis.call('KEYS', 'key:*')) do"
	" local count = 0"
	" for set in string.gmatch(ARGV[1], '%S+') do count = count + redis.call('SISMEMBER', set, key) end"
	" if count == 0 then return 1 end end return 0";

	ck_assert_int_eq(REAL_REDIS_COUNT(&redis, "EVAL %s 0 %s", script, sets), 0);
}

/* Takes as long as keys are registered, and once more when all of them are. */
static inline void
race_registrations(RegisterNumber register_number, void (*take) (void), const char *sets)
{
	int			status;
	int			take_count = 0;
	pid_t		pid = start_registering(register_number);

	while (waitpid(pid, &status, WNOHANG) == 0)
	{
		take();
		expect_all_registered(sets);
		take_count++;
	}
	ck_assert_int_eq(status, 0);
	ck_assert_int_gt(take_count, 10);
	take();
}

#endif
