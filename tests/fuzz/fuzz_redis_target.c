/*-------------------------------------------------------------------------
 *
 * fuzz_redis_target.c
 *	  A Redis target whose server sends whatever it likes: work is done only
 *	  if every command was answered as success is.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "fuzz_reply.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "redis/redis_target.h"

/* To PING, HELLO, INFO and CLIENT SETNAME, and to the one UNLINK. */
#define REPLIES 6

/* Turns of the loop, each of which waits for nothing. */
#define TURNS_MAX 64

typedef struct Seen
{
	bool		is_lost;
	bool		is_done;
} Seen;

typedef struct Server
{
	int			listener;
	int			peer;			/* -1 before anybody has come */
	RedisUrl	url;
} Server;

static void
take_ready(void *context)
{
	(void) context;
}

static void
take_lost(void *context)
{
	((Seen *) context)->is_lost = true;
}

static void
take_needs_scan(void *context, RedisLane lane, const char *pattern, size_t pattern_bytes)
{
	(void) context;
	(void) lane;
	(void) pattern;
	(void) pattern_bytes;
}

static void
take_apply_done(void *context, RedisLane lane)
{
	(void) lane;
	((Seen *) context)->is_done = true;
}

static const RedisTargetEvents events = {
	.ready = take_ready,
	.lost = take_lost,
};

static const RedisWorkEvents work_events = {
	.needs_scan = take_needs_scan,
	.apply_done = take_apply_done,
	.scan_done = take_ready,
};

static const Log silent = {LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT, NULL};

/* Once for all inputs; the socket's file goes as soon as it is not needed. */
static Server
start_server(char *path, size_t path_bytes)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	Server		server = {.peer = -1};

	(void) snprintf(path, path_bytes, "/tmp/uncache-fuzz.%ld.sock", (long) getpid());
	(void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	(void) unlink(path);
	server.url.socket_path = path;
	server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	FUZZ_CHECK(server.listener >= 0);
	FUZZ_CHECK(bind(server.listener, (const struct sockaddr *) &address, sizeof(address)) == 0);
	FUZZ_CHECK(listen(server.listener, 4) == 0);
	return server;
}

/* Sends all that it will ever send, and hangs up once it was read. */
static void
serve(Server *server, const uint8_t *data, size_t size)
{
	if (server->peer >= 0)
		return;
	server->peer = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (server->peer < 0)
		return;
	(void) send(server->peer, data, size, MSG_NOSIGNAL);
	(void) shutdown(server->peer, SHUT_WR);
}

static void
stop_server(Server *server)
{
	(void) unlink(server->url.socket_path);
	if (server->peer >= 0)
		(void) close(server->peer);
	(void) close(server->listener);
}

/*
 * Is this how Redis answers success at the given place?  Who may not PING or ask
 * for INFO may be able to UNLINK, and a name is not needed.
 */
static bool
is_accepted(int place, const redisReply *reply)
{
	static const int types[REPLIES] = {
		REDIS_REPLY_STATUS,		/* PING */
		REDIS_REPLY_ARRAY,		/* HELLO */
		REDIS_REPLY_STRING,		/* INFO server */
		REDIS_REPLY_STRING,		/* INFO replication */
		REDIS_REPLY_STATUS,		/* CLIENT SETNAME */
		REDIS_REPLY_INTEGER		/* UNLINK */
	};

	if (reply->type == REDIS_REPLY_ERROR)
		return place == 4 || (place < 4 && (strncmp(reply->str, "NOPERM ", 7) == 0 ||
											strncmp(reply->str, "ERR unknown command", 19) == 0));
	return reply->type == types[place];
}

/* Would Redis, had it sent this, have done the work? */
static bool
is_success(const uint8_t *data, size_t size)
{
	redisReader *reader = redisReaderCreate();
	void	   *reply = NULL;
	int			place = 0;
	bool		is_right = true;

	FUZZ_CHECK(reader != NULL);
	FUZZ_CHECK(redisReaderFeed(reader, (const char *) data, size) == REDIS_OK);
	while (is_right && place < REPLIES &&
		   redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL)
	{
		is_right = is_accepted(place++, reply);
		freeReplyObject(reply);
	}
	redisReaderFree(reader);
	return is_right && place == REPLIES;
}

static void
run(Server *server, const NameSets *names, const uint8_t *data, size_t size)
{
	const RedisTargetSettings settings = {
		.alias = "default",
		.url = &server->url,
		.timeouts = {1000, 1000},
		.backoff_first_ms = 60000,
		.backoff_cap_ms = 60000,
		.seed = 1,
	};
	Seen		seen = {false, false};
	Loop	   *loop = loop_create();
	RedisTarget *target;

	FUZZ_CHECK(loop != NULL);
	target = redis_target_create(loop, &silent, &settings, &events, &seen);
	FUZZ_CHECK(target != NULL);
	redis_target_set_worker(target, &work_events, &seen);
	redis_target_apply(target, REDIS_LANE_QUICK, names);
	redis_target_start(target);
	for (int i = 0; i < TURNS_MAX && !seen.is_lost && !seen.is_done; i++)
	{
		serve(server, data, size);
		FUZZ_CHECK(loop_turn(loop, 1));
	}
	FUZZ_CHECK(seen.is_lost || seen.is_done);
	if (seen.is_done)
		FUZZ_CHECK(is_success(data, size));
	redis_target_destroy(target);
	loop_destroy(loop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		path[sizeof(((struct sockaddr_un *) NULL)->sun_path)];
	Server		server;
	NameSets	names;

	if (!fuzz_reply_is_modest(data, size))
		return 0;
	server = start_server(path, sizeof(path));
	name_sets_init(&names, 1);
	FUZZ_CHECK(keyset_add(&names.of[NAME_KEY], NULL, 0, "key", 3));
	run(&server, &names, data, size);
	name_sets_free(&names);
	stop_server(&server);
	return 0;
}
