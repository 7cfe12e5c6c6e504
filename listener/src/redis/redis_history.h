/*-------------------------------------------------------------------------
 *
 * redis_history.h
 *	  What a Redis tells of itself and of the history of its data.
 *
 * Every process has a run id.  The stream of changes that a primary sends to
 * its replicas has an id and grows by offsets; a replica that is promoted
 * begins a stream with a new id, and remembers as its second one that which it
 * has followed until the second offset.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_HISTORY_H
#define UNCACHED_REDIS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

/* Room for an id and a zero byte; Redis' have 40 characters. */
#define REDIS_ID_BYTES 64

typedef enum RedisMode
{
	REDIS_MODE_UNKNOWN,
	REDIS_MODE_STANDALONE,
	REDIS_MODE_CLUSTER,
	REDIS_MODE_SENTINEL
} RedisMode;

/* All zero is one of which nothing is told. */
typedef struct RedisHistory
{
	char		run_id[REDIS_ID_BYTES]; /* each id "" if it is not told */
	char		replid[REDIS_ID_BYTES];
	int64_t		offset;			/* of the last change; 0 as long as nobody
								 * follows */
	char		replid2[REDIS_ID_BYTES];
	int64_t		second_offset;	/* of the first change that is not in the
								 * second stream any more */
	bool		is_replica;
	RedisMode	mode;
} RedisHistory;

/*
 * Takes what the text of a reply to INFO says; what it does not say stays as
 * it was.
 */
extern void redis_history_read(RedisHistory *history, const char *info);

/* Takes what HELLO tells by such a pair: the mode, and whether it is a replica. */
extern void redis_history_read_pair(RedisHistory *history, const char *name, const char *value);

/* Is it known which Redis this is? */
extern bool redis_history_is_told(const RedisHistory *history);

/*
 * Is the later one the same process, which has gone on with the same stream?
 * Then everything that it has ever answered is in its data.
 */
extern bool redis_history_goes_on(const RedisHistory *history, const RedisHistory *later);

typedef enum RedisHistoryNews
{
	REDIS_HISTORY_AWAITED,		/* more texts have to come */
	REDIS_HISTORY_GOES_ON,
	REDIS_HISTORY_DISREGARDED,	/* goes on, but was asked for too early */
	REDIS_HISTORY_IS_ANOTHER,
	REDIS_HISTORY_IS_REPLICA
} RedisHistoryNews;

/* What is known of a history, and what is told of it by several texts. */
typedef struct RedisHistoryWatch
{
	RedisHistory known;
	RedisHistory told;
	int			awaited_count;	/* texts */
	bool		is_disregarded; /* they were asked for too early */
} RedisHistoryWatch;

/* So many texts are awaited from now on. */
extern void redis_history_ask(RedisHistoryWatch *watch, int text_count);

/* What is awaited now was asked for before it could say anything of use. */
extern void redis_history_disregard(RedisHistoryWatch *watch);

/* Takes one of them; what has gone on is known then. */
extern RedisHistoryNews redis_history_take(RedisHistoryWatch *watch, const char *info)
			__attribute__((warn_unused_result));

#endif
