/*-------------------------------------------------------------------------
 *
 * latency.c
 *	  Measures how long after a COMMIT a cached key is still found.
 *
 * For each of COUNT rows: sets the row's key, updates the row in a transaction
 * of its own, and asks Redis for the key from the moment when the commit has
 * returned until nothing is found.  Prints that time in microseconds, one line
 * for each commit.
 *
 *	 latency CONNINFO REDIS_SOCKET SCHEMA FIRST_ID COUNT MAX_GAP_US PAUSE_US SEED
 *
 * Between two commits it sleeps between nothing and MAX_GAP_US, by a sequence
 * that SEED determines; between two questions PAUSE_US, without which it would
 * take a whole processor from the load that it measures.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GIVE_UP_NS (INT64_C(30) * 1000 * 1000 * 1000)

typedef struct Probe
{
	PGconn	   *postgres;		/* owned */
	redisContext *redis;		/* owned */
	const char *schema;			/* borrowed */
	long		pause_us;		/* between two questions */
} Probe;

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Less than a second. */
static void
sleep_us(long us)
{
	struct timespec gap = {.tv_nsec = us * 1000};

	while (us > 0 && nanosleep(&gap, &gap) != 0 && errno == EINTR)
		;
}

static bool
connect_both(Probe *probe, const char *conninfo, const char *redis_path)
{
	PGresult   *result;
	bool		is_prepared;

	probe->postgres = PQconnectdb(conninfo);
	if (PQstatus(probe->postgres) != CONNECTION_OK)
	{
		fprintf(stderr, "latency: %s", PQerrorMessage(probe->postgres));
		return false;
	}
	probe->redis = redisConnectUnix(redis_path);
	if (probe->redis == NULL || probe->redis->err != 0)
	{
		fprintf(stderr, "latency: no connection to Redis\n");
		return false;
	}
	result = PQprepare(probe->postgres, "update",
					   "UPDATE account SET balance = balance + 1 WHERE id = $1::text::int",
					   1, NULL);
	is_prepared = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	if (!is_prepared)
		fprintf(stderr, "latency: %s", PQerrorMessage(probe->postgres));
	return is_prepared;
}

static bool
set_key(const Probe *probe, long id)
{
	redisReply *reply = redisCommand(probe->redis, "SET %s:%ld cached", probe->schema, id);
	bool		is_set = reply != NULL && reply->type == REDIS_REPLY_STATUS;

	freeReplyObject(reply);
	return is_set;
}

static bool
update_row(const Probe *probe, long id)
{
	char		text[24];
	const char *values[1] = {text};
	PGresult   *result;
	bool		is_updated;

	snprintf(text, sizeof text, "%ld", id);
	result = PQexecPrepared(probe->postgres, "update", 1, values, NULL, NULL, 0);
	is_updated = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	return is_updated;
}

/* Asks until the key is gone; false if it stays, or Redis fails. */
static bool
await_key_gone(const Probe *probe, long id, int64_t deadline_ns)
{
	bool		is_gone = false;
	bool		has_failed = false;

	while (!is_gone && !has_failed && now_ns() < deadline_ns)
	{
		redisReply *reply = redisCommand(probe->redis, "GET %s:%ld", probe->schema, id);

		has_failed = reply == NULL || reply->type == REDIS_REPLY_ERROR;
		is_gone = reply != NULL && reply->type == REDIS_REPLY_NIL;
		freeReplyObject(reply);
		if (!is_gone)
			sleep_us(probe->pause_us);
	}
	return is_gone;
}

static bool
measure(const Probe *probe, long id)
{
	int64_t		committed_ns;

	if (!set_key(probe, id) || !update_row(probe, id))
	{
		fprintf(stderr, "latency: row %ld: cannot set or update: %s", id,
				PQerrorMessage(probe->postgres));
		return false;
	}
	committed_ns = now_ns();
	if (!await_key_gone(probe, id, committed_ns + GIVE_UP_NS))
	{
		fprintf(stderr, "latency: row %ld: its key stays\n", id);
		return false;
	}
	printf("%.1f\n", (double) (now_ns() - committed_ns) / 1000.0);
	return true;
}

static void
pause_at_random(long max_gap_us, uint64_t *state)
{
	if (max_gap_us == 0)
		return;
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	sleep_us((long) ((*state >> 33) % (uint64_t) max_gap_us));
}

int
main(int argc, char **argv)
{
	Probe		probe = {0};
	bool		is_good;
	long		first;
	long		count;
	uint64_t	state;

	if (argc != 9)
	{
		fprintf(stderr, "usage: latency CONNINFO REDIS_SOCKET SCHEMA FIRST_ID COUNT MAX_GAP_US PAUSE_US SEED\n");
		return 2;
	}
	probe.schema = argv[3];
	first = strtol(argv[4], NULL, 10);
	count = strtol(argv[5], NULL, 10);
	probe.pause_us = strtol(argv[7], NULL, 10);
	state = strtoull(argv[8], NULL, 10);
	is_good = connect_both(&probe, argv[1], argv[2]);
	for (long i = 0; is_good && i < count; i++)
	{
		pause_at_random(strtol(argv[6], NULL, 10), &state);
		is_good = measure(&probe, first + i);
	}
	PQfinish(probe.postgres);
	if (probe.redis != NULL)
		redisFree(probe.redis);
	return is_good ? 0 : 1;
}
