/*-------------------------------------------------------------------------
 *
 * redis_sentinel.c
 *	  Asks sentinels where the master is, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_refusals.h"
#include "redis/redis_sentinel_answer.h"

/* How often it is asked whether the server in use is still the master. */
#define WATCH_INTERVAL_MS 1000

struct RedisSentinel
{
	Loop	   *loop;			/* borrowed */
	const UrlSentinels *sentinels;	/* borrowed */
	const RedisSentinelEvents *events;	/* borrowed */
	void	   *context;		/* borrowed */

	size_t	   *order;			/* owned; indexes of the hosts, as they are
								 * asked */
	size_t		position;		/* in the order: who is asked */
	RedisUrl	asked;			/* its URL; all in it is borrowed */
	RedisConn  *conn;			/* owned; to it */
	bool		is_open;		/* it may be asked over that */
	bool		is_asking;		/* an answer is awaited */
	RedisUrl	server;			/* host is owned, the rest is borrowed */
	RedisUrl	named;			/* in the last answer; only host is owned */
	bool		is_kept;		/* the server is used: questions are whether
								 * it still is the master */
	bool		is_unanswered;	/* none has answered that, which was reported */
	LoopTimer	watch_timer;	/* armed until the next such question */
	char		refused[300];	/* the server that was refused last in this
								 * attempt; "" is none */
	RedisRefusals refusals;
	LoopTimer	failure_timer;	/* armed while "failed" is about to be called */
};

static const UrlHost *
current(const RedisSentinel *sentinel)
{
	return &sentinel->sentinels->hosts[sentinel->order[sentinel->position]];
}

/* --- one after the other --- */

static void
report_failure(void *context)
{
	RedisSentinel *sentinel = context;
	char		text[REDIS_SENTINEL_TEXT_BYTES];
	RedisFailure failure;

	(void) redis_sentinel_tell(sentinel, &failure, text, sizeof(text));
	sentinel->events->failed(sentinel->context, failure, text);
}

static void
close_conn(RedisSentinel *sentinel)
{
	redis_conn_close(sentinel->conn);
	sentinel->is_open = false;
	sentinel->is_asking = false;
}

static void
await_watch(RedisSentinel *sentinel)
{
	/* without memory for it the server tells when it has become a replica */
	if (!loop_timer_set(sentinel->loop, &sentinel->watch_timer, WATCH_INTERVAL_MS))
		close_conn(sentinel);
}

static void
put_question(RedisSentinel *sentinel)
{
	RedisArgument arguments[REDIS_SENTINEL_ARGUMENTS];

	redis_sentinel_question(sentinel->sentinels->master, arguments);
	redis_conn_write_command(sentinel->conn, arguments, REDIS_SENTINEL_ARGUMENTS);
	redis_conn_flush(sentinel->conn);
}

/* Over the connection that is there, if it leads to the one who is to be asked. */
static void
ask_current(RedisSentinel *sentinel)
{
	const UrlHost *asked = current(sentinel);
	bool		is_there = sentinel->is_open && asked->host == sentinel->asked.host &&
	asked->port == sentinel->asked.port;

	if (!is_there)
	{
		close_conn(sentinel);
		sentinel->asked.host = asked->host;
		sentinel->asked.port = asked->port;
	}
	sentinel->is_asking = true;
	if (is_there)
		put_question(sentinel);
	else
		redis_conn_open(sentinel->conn);
}

static void
report_watch(RedisSentinel *sentinel, bool is_answered)
{
	if (sentinel->is_unanswered != is_answered)
		return;
	sentinel->is_unanswered = !is_answered;
	sentinel->events->watched(sentinel->context, is_answered);
}

/* While none answers, the server in use goes on. */
static void
ask(RedisSentinel *sentinel)
{
	if (sentinel->position < sentinel->sentinels->count)
		ask_current(sentinel);
	else if (sentinel->is_kept)
	{
		report_watch(sentinel, false);
		await_watch(sentinel);
	}
	else if (!loop_timer_set(sentinel->loop, &sentinel->failure_timer, 0))
		report_failure(sentinel);	/* nothing better is left without memory */
}

static void
pass_over(RedisSentinel *sentinel, RedisFailure failure, const char *problem)
{
	char		address[300];
	char		who[320];

	url_describe_host(sentinel->asked.host, sentinel->asked.port, address, sizeof(address));
	(void) snprintf(who, sizeof(who), "sentinel %s", address);
	redis_refusals_add(&sentinel->refusals, who, failure, problem);
	close_conn(sentinel);
	sentinel->position++;
	ask(sentinel);
}

/* --- what a sentinel does --- */

static void
connected(void *context)
{
	RedisSentinel *sentinel = context;

	sentinel->is_open = true;
	put_question(sentinel);
}

static void
watch(RedisSentinel *sentinel)
{
	if (strcmp(sentinel->named.host, sentinel->server.host) == 0 &&
		sentinel->named.port == sentinel->server.port)
	{
		report_watch(sentinel, true);
		redis_sentinel_keep(sentinel);
	}
	else
		sentinel->events->moved(sentinel->context);
}

static void
find(RedisSentinel *sentinel)
{
	char	   *host = sentinel->server.host;
	char		address[sizeof(sentinel->refused)];

	sentinel->server.host = sentinel->named.host;
	sentinel->server.port = sentinel->named.port;
	sentinel->named.host = host;
	url_describe_host(sentinel->server.host, sentinel->server.port, address, sizeof(address));
	if (strcmp(address, sentinel->refused) == 0)
		pass_over(sentinel, REDIS_FAILURE_SENTINEL, "names the same server");
	else
		sentinel->events->found(sentinel->context);
}

static void
replied(void *context, const redisReply *reply)
{
	RedisSentinel *sentinel = context;
	char		problem[REDIS_SENTINEL_PROBLEM_BYTES];

	sentinel->is_asking = false;
	if (!redis_sentinel_answer_read(reply, &sentinel->named, problem))
		pass_over(sentinel, REDIS_FAILURE_SENTINEL, problem);
	else if (sentinel->is_kept)
		watch(sentinel);
	else
		find(sentinel);
}

static void
progressed(void *context)
{
	(void) context;
}

static void
failed(void *context, RedisFailure failure, const char *reason)
{
	RedisSentinel *sentinel = context;
	char		problem[REDIS_SENTINEL_PROBLEM_BYTES];

	sentinel->is_open = false;
	redis_sentinel_problem(failure, reason, problem);
	/* a connection that ends between two questions is made again for the next */
	if (sentinel->is_asking)
		pass_over(sentinel, REDIS_FAILURE_SENTINEL, problem);
}

static const RedisConnEvents conn_events = {
	.connected = connected,
	.replied = replied,
	.progressed = progressed,
	.failed = failed,
};

/* --- the interface --- */

static void
start_asking(RedisSentinel *sentinel)
{
	sentinel->position = 0;
	sentinel->refused[0] = '\0';
	redis_refusals_clear(&sentinel->refusals);
	ask(sentinel);
}

static void
watch_is_due(void *context)
{
	start_asking(context);
}

/* Of the URL only what holds for the sentinels themselves, or for the server. */
static bool
init_urls(RedisSentinel *sentinel, const RedisUrl *url)
{
	sentinel->asked.host = url->sentinels.hosts[0].host;
	sentinel->asked.port = url->sentinels.hosts[0].port;
	sentinel->asked.username = url->sentinels.username;
	sentinel->asked.password_file = url->sentinels.password_file;
	sentinel->asked.tls = url->tls;
	sentinel->asked.is_of_sentinel = true;
	sentinel->server = *url;
	memset(&sentinel->server.sentinels, 0, sizeof(sentinel->server.sentinels));
	sentinel->server.host = strdup("");
	return sentinel->server.host != NULL;
}

RedisSentinel *
redis_sentinel_create(Loop *loop, const RedisUrl *url, const RedisConnTimeouts *timeouts,
					  const RedisSentinelEvents *events, void *context)
{
	RedisSentinel *sentinel = calloc(1, sizeof(*sentinel));

	if (sentinel == NULL)
		return NULL;
	sentinel->loop = loop;
	sentinel->sentinels = &url->sentinels;
	sentinel->events = events;
	sentinel->context = context;
	loop_timer_init(&sentinel->failure_timer, report_failure, sentinel);
	loop_timer_init(&sentinel->watch_timer, watch_is_due, sentinel);
	sentinel->order = calloc(url->sentinels.count, sizeof(*sentinel->order));
	if (sentinel->order != NULL && init_urls(sentinel, url))
		sentinel->conn = redis_conn_create(loop, &sentinel->asked, timeouts, &conn_events, sentinel);
	if (sentinel->conn == NULL)
	{
		redis_sentinel_destroy(sentinel);
		return NULL;
	}
	for (size_t i = 0; i < url->sentinels.count; i++)
		sentinel->order[i] = i;
	return sentinel;
}

void
redis_sentinel_destroy(RedisSentinel *sentinel)
{
	if (sentinel == NULL)
		return;
	loop_timer_remove(sentinel->loop, &sentinel->failure_timer);
	loop_timer_remove(sentinel->loop, &sentinel->watch_timer);
	redis_conn_destroy(sentinel->conn);
	free(sentinel->server.host);
	free(sentinel->named.host);
	free(sentinel->order);
	free(sentinel);
}

void
redis_sentinel_begin(RedisSentinel *sentinel)
{
	sentinel->is_kept = false;
	sentinel->is_unanswered = false;
	loop_timer_remove(sentinel->loop, &sentinel->watch_timer);
	start_asking(sentinel);
}

void
redis_sentinel_refuse(RedisSentinel *sentinel, RedisFailure failure, const char *reason)
{
	char		problem[REDIS_SENTINEL_PROBLEM_BYTES];

	url_describe_host(sentinel->server.host, sentinel->server.port, sentinel->refused,
					  sizeof(sentinel->refused));
	failure = redis_sentinel_server_problem(&sentinel->server, failure, reason, problem);
	pass_over(sentinel, failure, problem);
}

void
redis_sentinel_keep(RedisSentinel *sentinel)
{
	size_t		kept = sentinel->order[sentinel->position];

	memmove(sentinel->order + 1, sentinel->order, sentinel->position * sizeof(*sentinel->order));
	sentinel->order[0] = kept;
	sentinel->position = 0;
	sentinel->is_kept = true;
	await_watch(sentinel);
}

void
redis_sentinel_end(RedisSentinel *sentinel)
{
	loop_timer_remove(sentinel->loop, &sentinel->failure_timer);
	loop_timer_remove(sentinel->loop, &sentinel->watch_timer);
	close_conn(sentinel);
}

const RedisUrl *
redis_sentinel_server(const RedisSentinel *sentinel)
{
	return &sentinel->server;
}

bool
redis_sentinel_tell(const RedisSentinel *sentinel, RedisFailure *failure, char *text,
					size_t text_bytes)
{
	size_t		used;

	*failure = redis_refusals_tell(&sentinel->refusals, text, text_bytes);
	used = strlen(text);
	/* with a single one the refusals do not say whose it was */
	if (sentinel->refusals.count == 1)
		(void) snprintf(text + used, text_bytes - used, " (%s)", sentinel->refusals.address);
	return sentinel->refusals.count > 0;
}
