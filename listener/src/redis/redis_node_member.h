/*-------------------------------------------------------------------------
 *
 * redis_node_member.h
 *	  What a node does for the cluster that it belongs to.
 *
 * The second part is for redis_node's own files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_NODE_MEMBER_H
#define UNCACHED_REDIS_NODE_MEMBER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "redis/redis_node_events.h"
#include "redis/redis_output.h"
#include "redis/redis_queue.h"

/* Before it is started: it is a node of a cluster, and has one name in a command.  "events" is borrowed. */
extern void redis_node_join(RedisNode *node, const RedisNodeEvents *events, void *context);

/*
 * A lane's commands are each sent behind an ASKING from now on, or not.
 */
extern void redis_node_ask(RedisNode *node, RedisLane lane, bool is_asking);

/* Sends a command whose answer is told to "called".  False if that cannot be done now. */
extern bool redis_node_call(RedisNode *node, const RedisArgument *arguments, size_t count)
			__attribute__((warn_unused_result));

/* Its next pass is one of so many that go on beside each other: they share scan_rate. */
extern void redis_node_share_scan_rate(RedisNode *node, size_t pass_count);

/* Forgets the pass in hand, and the work of its lane, as redis_node_abandon does. */
extern void redis_node_abandon_pass(RedisNode *node);

/* --- part of redis_node --- */

/* What the last slice has found goes to the cluster as far as it goes by steps: it may be spread over nodes. */
extern void node_member_hand_over(RedisNode *node);

/* Is this the answer to a command for names that was sent to the wrong node, or whose slot is just moving? */
extern bool node_member_redirects(const RedisNode *node, const RedisCommand *command, const redisReply *reply);

/* Its name goes back to the cluster. */
extern void node_member_pass_on(RedisNode *node, const RedisCommand *command, const redisReply *reply);

#endif
