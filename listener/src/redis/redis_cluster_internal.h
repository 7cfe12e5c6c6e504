/*-------------------------------------------------------------------------
 *
 * redis_cluster_internal.h
 *	  The state of a Redis Cluster, for the files that it consists of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_CLUSTER_INTERNAL_H
#define UNCACHED_REDIS_CLUSTER_INTERNAL_H

#include "base/failure_log.h"
#include "batch/pattern_set.h"
#include "redis/redis_cluster_set.h"
#include "redis/redis_node.h"
#include "redis/redis_node_member.h"
#include "redis/redis_slot_map.h"
#include "redis/redis_slot_set.h"

typedef struct RedisCluster RedisCluster;

/* What a node has been asked besides its work; answers come in the order of questions. */
typedef enum ClusterCallType
{
	CLUSTER_CALL_SLOTS,			/* CLUSTER SLOTS */
	CLUSTER_CALL_PASS,			/* what the pass asks in its phase */
	CLUSTER_CALL_SET			/* a lane's set, see redis_cluster_set.h */
} ClusterCallType;

typedef struct ClusterCall
{
	ClusterCallType type;
	RedisLane	lane;			/* of SET only */
	unsigned int number;		/* of the pass or the lane: what they had
								 * asked before is of no interest */
} ClusterCall;

#define CLUSTER_CALLS 8

typedef struct ClusterNode
{
	RedisCluster *cluster;		/* borrowed */
	RedisUrl	url;			/* owned */
	RedisNode  *target;			/* owned */
	bool		serves;			/* some slot, as far as the map says */
	bool		is_gone;		/* to be destroyed */
	bool		is_placed;		/* has told of its history since all had */
	bool		is_busy[REDIS_NODE_LANE_COUNT];
	bool		is_scanning;
	NameSets	parts[REDIS_NODE_LANE_COUNT];	/* what it has in hand */
	NameSets	asked[REDIS_NODE_LANE_COUNT];	/* what others sent here with
												 * ASK, for later */
	ClusterCall calls[CLUSTER_CALLS];	/* a ring */
	size_t		first_call;
	size_t		call_count;
} ClusterNode;

/* Names of a lane, or found by a pass. */
typedef struct ClusterLane
{
	const NameSets *names;		/* borrowed; NULL if there is no work */
	bool		is_dealt;		/* all of them */
	bool		has_forgotten;	/* some, for lack of memory: all begins again */
	NameSets	moved;			/* to be dealt out again, by a later map */
	uint64_t	moved_at;		/* the number of maps that had been read then */
	NameSets	found;			/* sets that a pass has found */
	size_t		position[NAME_KIND_COUNT];	/* of the sets, behind the one in
											 * hand */
	RedisClusterSet set;		/* in hand */
	const ClusterNode *set_node;	/* that was asked about it; NULL if none */
	int64_t		set_waits_ms;	/* since when it is sent elsewhere; 0 if it is
								 * not */
	FailureLog	set_failures;	/* of that */
	unsigned int number;		/* grows when work begins or is abandoned */
} ClusterLane;

typedef enum ClusterPhase
{
	CLUSTER_PHASE_BEGIN,
	CLUSTER_PHASE_OPEN_BEFORE,
	CLUSTER_PHASE_NODES,
	CLUSTER_PHASE_MAP,
	CLUSTER_PHASE_OPEN_AFTER,
	CLUSTER_PHASE_SLOTS,
	CLUSTER_PHASE_REST
} ClusterPhase;

/* What is asked of a slot that was on the move. */
typedef enum ClusterSlotStep
{
	CLUSTER_STEP_COUNT,			/* how many names it has there */
	CLUSTER_STEP_LIST,			/* which */
	CLUSTER_STEP_PROBE			/* is it leaving from there? */
} ClusterSlotStep;

typedef struct ClusterPass
{
	NameSets	patterns;		/* a copy */
	PatternSet *matcher;		/* owned; NULL if there is no pass */
	ClusterPhase phase;
	unsigned int number;		/* grows when it begins, or begins again */
	size_t		awaited_count;	/* answers */
	RedisSlotMap before;		/* when it began */
	uint64_t	ended_at;		/* the number of maps that had been asked for
								 * when the nodes' passes had ended */
	RedisSlotSet slots;			/* to be listed */
	unsigned int slot;			/* the one whose turn it is */
	ClusterSlotStep step;
	ClusterNode *lister;		/* that is asked about it; borrowed */
	bool		is_destination; /* the slot is on its way there */
	long long	key_count;		/* that it has of the slot */
	LoopTimer	again_timer;	/* armed until it goes on */
} ClusterPass;

struct RedisCluster
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	RedisTargetSettings settings;
	const RedisTargetEvents *events;	/* borrowed */
	void	   *context;		/* borrowed */
	const RedisWorkEvents *work_events; /* borrowed */
	void	   *work_context;	/* borrowed */
	bool		is_started;
	bool		is_ready;

	ClusterNode **nodes;		/* owned, and each of them */
	size_t		node_count;
	LoopTimer	removal_timer;	/* nodes that are gone are destroyed outside
								 * of callbacks */

	RedisSlotMap map;
	ClusterNode *owners[REDIS_SLOT_MAP_NODES];	/* by the map's indexes;
												 * borrowed */
	uint64_t	map_count;		/* read until now */
	bool		is_map_wanted;
	bool		is_map_known;	/* each slot has an owner, and each owner a
								 * node */
	size_t		last_asked;		/* index of a node */
	ClusterNode *asked_node;	/* that was asked for the map; NULL if none */
	LoopTimer	map_timer;		/* armed until the map is asked for again */
	int64_t		map_asked_ms;	/* last */
	FailureLog	map_failures;	/* since it was ready last */
	LoopTimer	deal_timer;		/* armed until names are dealt out again, for
								 * lack of memory */

	int64_t		cacheops_ms;	/* when that was last said of it; 0 before */
	ClusterLane lanes[REDIS_NODE_LANE_COUNT];
	ClusterPass pass;
	KeyTally	keys;			/* of nodes that are gone */
	KeyTally	all_keys;		/* when that was asked for last */
};

/* --- redis_cluster_nodes.c --- */

/* The node at that place, which is made if there is none; NULL if memory is exhausted. */
extern ClusterNode *cluster_node_at(RedisCluster *cluster, const char *host, int port);

extern void cluster_nodes_init(RedisCluster *cluster);

/* The node that an ASK or a MOVED names, which "node" has answered; likewise. */
extern ClusterNode *cluster_node_of_error(const ClusterNode *node, const char *error);

/* Makes those that the URL names, and has them connect. */
extern bool cluster_nodes_begin(RedisCluster *cluster);
extern void cluster_nodes_stop(RedisCluster *cluster);
extern void cluster_nodes_free(RedisCluster *cluster);

/* It is not needed any more: what it has in hand is dealt out again. */
extern void cluster_node_let_go(ClusterNode *node);

/* Adds one tally to another. */
extern void cluster_add_keys(KeyTally *sum, const KeyTally *keys);

/* Asks a node something; its answer comes to cluster_take_call. */
extern bool cluster_node_call(ClusterNode *node, const ClusterCall *call, const RedisArgument *arguments, size_t count)
			__attribute__((warn_unused_result));

/* --- redis_cluster_map.c --- */

extern void cluster_map_init(RedisCluster *cluster);
extern void cluster_map_stop(RedisCluster *cluster);
extern void cluster_map_free(RedisCluster *cluster);

/*
 * Asks some node for the map, as soon as that may be: not more often than once a second; for a pass,
 * which waits for it, ten times a second.
 */
extern void cluster_map_want(RedisCluster *cluster);
extern void cluster_map_want_for_pass(RedisCluster *cluster);

/* Is there a node that could be asked? */
extern bool cluster_map_can_be_asked(const RedisCluster *cluster);

/* A node's answer. */
extern void cluster_map_take(ClusterNode *node, const redisReply *reply);

/* --- redis_cluster_lane.c --- */

/* Where a name's slot is served; NULL while nobody serves it. */
extern ClusterNode *cluster_owner(const RedisCluster *cluster, const char *name, size_t name_bytes);


extern void cluster_lanes_init(RedisCluster *cluster);
extern void cluster_lanes_free(RedisCluster *cluster);

/* As redis_node_apply and redis_node_abandon. */
extern void cluster_lane_begin(RedisCluster *cluster, RedisLane lane, const NameSets *names);
extern void cluster_lanes_abandon(RedisCluster *cluster);

/* What a pass has left for its lane is done. */
extern void cluster_lane_begin_rest(RedisCluster *cluster);

/* The nodes' own passes end, and what they have left is forgotten. */
extern void cluster_lanes_abandon_pass(RedisCluster *cluster);

/* Goes on with each lane, or with one, as far as that is possible now. */
extern void cluster_lanes_advance(RedisCluster *cluster);
extern void cluster_lane_advance(RedisCluster *cluster, RedisLane lane);

/* What a node has in hand, and what it was to be asked, is dealt out again. */
extern void cluster_lanes_take_back(ClusterNode *node);

/* A node sends a name elsewhere. */
extern void cluster_lane_redirect(ClusterNode *node, RedisLane lane, NameKind kind, const KeySlice *name,
								  const char *error);

/* Deals out keys; if memory is short, none, and it goes on later. */
extern bool cluster_lane_deal_keys(RedisCluster *cluster, RedisLane lane, const KeySet *keys)
			__attribute__((warn_unused_result));

/* What cannot be done now is tried again a little later. */
extern void cluster_lanes_advance_later(RedisCluster *cluster);

/* --- redis_cluster_sets.c --- */

/* Is there a set that is not finished?  Goes on with it, if no answer is awaited. */
extern bool cluster_sets_have_more(const RedisCluster *cluster, RedisLane lane);
extern void cluster_sets_advance(RedisCluster *cluster, RedisLane lane);

/* A pass has found sets, among others. */
extern void cluster_lane_add_found(RedisCluster *cluster, const NameSets *names);

/* The answer to what was asked about a set, and that none will come. */
extern void cluster_lane_take_set(RedisCluster *cluster, RedisLane lane, ClusterNode *node, const redisReply *reply);
extern void cluster_lanes_lose_answers(const ClusterNode *node);

/* --- redis_cluster_pass.c --- */

extern void cluster_pass_init(RedisCluster *cluster);

/* As redis_target_scan. */
extern bool cluster_pass_begin(RedisCluster *cluster, const NameSets *patterns)
			__attribute__((warn_unused_result));

/* Forgets it, as redis_node_abandon does. */
extern void cluster_pass_end(RedisCluster *cluster);

/* It begins again, a little later. */
extern void cluster_pass_restart(RedisCluster *cluster);

/* What it has asked may not be answered: it is asked again, a little later. */
extern void cluster_pass_ask_again(RedisCluster *cluster);

/* Goes on as far as that is possible now. */
extern void cluster_pass_advance(RedisCluster *cluster);

/* The answer to what it has asked. */
extern void cluster_pass_take(RedisCluster *cluster, const redisReply *reply);

/* --- redis_cluster.c --- */

extern void cluster_set_timer(RedisCluster *cluster, LoopTimer *timer, int64_t wait_ms);

/* The map or a node has changed: is it ready now? */
extern void cluster_look_ready(RedisCluster *cluster);

/* It is not, whatever the nodes are: it may be again when that is looked at next. */
extern void cluster_look_unready(RedisCluster *cluster);

/* A node has told of its history: have all? */
extern void cluster_look_placed(RedisCluster *cluster);

/* --- redis_cluster_report.c --- */

/* The map that a node has told is of no use; said when it is news. */
extern void cluster_report_map(RedisCluster *cluster, const ClusterNode *node, const char *problem);

/* The cluster is ready: that is over. */
extern void cluster_report_whole(RedisCluster *cluster);

/*
 * A node sends what was asked about a lane's set elsewhere, or will not do it now; said when it
 * has gone on for a while.  And it has been done.
 */
extern void cluster_report_set_waits(RedisCluster *cluster, RedisLane lane, const ClusterNode *node,
									 const char *error);
extern void cluster_report_set_done(RedisCluster *cluster, RedisLane lane);

#endif
