/*-------------------------------------------------------------------------
 *
 * test_pending_set.c
 *	  Unit tests of extension/src/write/pending_set.c.
 *
 *-------------------------------------------------------------------------
 */
#include "write/pending_set.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory that can be made to run out, and that knows what is not given back. */
typedef struct Memory
{
	int			allocations_left;	/* -1: without end */
	int			live_count;
} Memory;

static void *
allocate(void *argument, size_t bytes)
{
	Memory	   *memory = argument;
	void	   *result;

	if (memory->allocations_left == 0)
		return NULL;
	if (memory->allocations_left > 0)
		memory->allocations_left--;
	memory->live_count++;
	result = malloc(bytes);
	memset(result, 0xa5, bytes);
	return result;
}

static void
release(void *argument, void *memory)
{
	((Memory *) argument)->live_count--;
	free(memory);
}

static PendingAllocator
allocator_of(Memory *memory)
{
	PendingAllocator allocator = {allocate, release, memory};

	memory->allocations_left = -1;
	memory->live_count = 0;
	return allocator;
}

static uint32_t
hash_of(const char *key)
{
	uint32_t	hash = 2166136261u;

	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char) *key) * 16777619u;
	return hash;
}

static PendingSetResult
add(PendingSet *set, int target, uint8_t action, const char *key)
{
	return pending_set_add(set, target, action, hash_of(key), key, (uint32_t) strlen(key));
}

static PendingSetResult
add_number(PendingSet *set, const char *prefix, int number)
{
	char		key[64];

	snprintf(key, sizeof(key), "%s%d", prefix, number);
	return add(set, 0, 0, key);
}

static void
begin(PendingSet *set, Memory *memory)
{
	PendingAllocator allocator = allocator_of(memory);

	ck_assert(pending_set_init(set, &allocator));
	ck_assert_int_eq(pending_set_find_target(set, "default"), 0);
}

static void
end(PendingSet *set, Memory *memory)
{
	pending_set_destroy(set);
	ck_assert_int_eq(memory->live_count, 0);
	ck_assert_uint_eq(set->allocated_bytes, 0);
}

/* Each entry is found, and nothing else is. */
static void
check_is_sound(PendingSet *set)
{
	uint32_t	taken = 0;
	uint32_t	i;

	for (i = 0; i < set->slot_count; i++)
		taken += set->slots[i].entry != 0;
	ck_assert_uint_eq(taken, set->entry_count);
	for (i = 0; i < set->entry_count; i++)
	{
		PendingEntry entry = set->entries[i];

		ck_assert_int_eq(pending_set_add(set, entry.target, entry.action, entry.hash,
										 entry.key, entry.length), PENDING_SET_FOUND);
	}
}

START_TEST(pending_set_keeps_each_entry_once_in_order_of_arrival)
{
	PendingSet	set;
	Memory		memory;
	int			i;

	begin(&set, &memory);
	for (i = 0; i < 5000; i++)
		ck_assert_int_eq(add_number(&set, "k", i), PENDING_SET_ADDED);
	for (i = 0; i < 5000; i++)
		ck_assert_int_eq(add_number(&set, "k", i), PENDING_SET_FOUND);
	ck_assert_uint_eq(set.entry_count, 5000);
	ck_assert_mem_eq(set.entries[1234].key, "k1234", 5);
	ck_assert_uint_eq(set.entries[1234].length, 5);
	check_is_sound(&set);
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_tells_targets_actions_and_bytes_apart)
{
	PendingSet	set;
	Memory		memory;

	begin(&set, &memory);
	ck_assert_int_eq(pending_set_find_target(&set, "api"), 1);
	ck_assert_int_eq(pending_set_find_target(&set, "default"), 0);
	ck_assert_int_eq(add(&set, 0, 0, "k"), PENDING_SET_ADDED);
	ck_assert_int_eq(add(&set, 1, 0, "k"), PENDING_SET_ADDED);
	ck_assert_int_eq(add(&set, 0, 3, "k"), PENDING_SET_ADDED);
	ck_assert_int_eq(pending_set_add(&set, 0, 0, 7, "", 0), PENDING_SET_ADDED);
	ck_assert_int_eq(pending_set_add(&set, 0, 0, 7, "\0", 1), PENDING_SET_ADDED);
	ck_assert_int_eq(pending_set_add(&set, 0, 0, 7, "", 0), PENDING_SET_FOUND);
	ck_assert_uint_eq(set.targets[0].actions, 1 | 1 << 3);
	ck_assert_uint_eq(set.targets[1].actions, 1);
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_aligns_headers_and_leaves_them_alone)
{
	PendingSet	set;
	Memory		memory;
	uint32_t	i;

	begin(&set, &memory);
	for (i = 0; i < 300; i++)
	{
		ck_assert_int_eq(add_number(&set, "some key ", (int) (i * 7919)), PENDING_SET_ADDED);
		ck_assert_uint_eq((uintptr_t) set.entries[i].key % PENDING_SET_HEADER_BYTES, 0);
		memcpy(set.entries[i].key - PENDING_SET_HEADER_BYTES, &i, sizeof(i));
	}
	for (i = 0; i < 300; i++)
		ck_assert_mem_eq(set.entries[i].key - PENDING_SET_HEADER_BYTES, &i, sizeof(i));
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_takes_keys_larger_than_a_chunk)
{
	PendingSet	set;
	Memory		memory;
	char	   *key = calloc(1, 1000001);

	begin(&set, &memory);
	memset(key, 'x', 1000000);
	ck_assert_int_eq(add(&set, 0, 0, "before"), PENDING_SET_ADDED);
	ck_assert_int_eq(add(&set, 0, 0, key), PENDING_SET_ADDED);
	ck_assert_int_eq(add(&set, 0, 0, "after"), PENDING_SET_ADDED);
	ck_assert_mem_eq(set.entries[1].key, key, 1000000);
	check_is_sound(&set);
	free(key);
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_cuts_back_to_any_entry)
{
	int			first;

	for (first = 0; first <= 400; first += 13)
	{
		PendingSet	set;
		Memory		memory;
		int			i;

		begin(&set, &memory);
		for (i = 0; i < 400; i++)
			(void) add_number(&set, "a key that takes some room ", i);
		pending_set_cut(&set, (uint32_t) first);
		ck_assert_uint_eq(set.entry_count, first);
		check_is_sound(&set);
		for (i = 0; i < 400; i++)
			ck_assert_int_eq(add_number(&set, "a key that takes some room ", i),
							 i < first ? PENDING_SET_FOUND : PENDING_SET_ADDED);
		check_is_sound(&set);
		end(&set, &memory);
	}
}

END_TEST

START_TEST(pending_set_keeps_probes_whole_where_hashes_collide)
{
	PendingSet	set;
	Memory		memory;
	char		key[16];
	int			round;
	int			i;

	begin(&set, &memory);
	for (round = 0; round < 50; round++)
	{
		for (i = 0; i < 200; i++)
		{
			/* three homes next to each other, at the table's end */
			snprintf(key, sizeof(key), "%d", i);
			(void) pending_set_add(&set, 0, 0, UINT32_MAX - (uint32_t) i % 3, key, (uint32_t) strlen(key));
		}
		ck_assert_uint_eq(set.entry_count, 200);
		check_is_sound(&set);
		pending_set_cut(&set, (uint32_t) (round * 37 % 200));
		check_is_sound(&set);
	}
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_gives_back_what_a_cut_empties)
{
	PendingSet	set;
	Memory		memory;
	size_t		before;
	int			round;
	int			i;

	begin(&set, &memory);
	(void) add(&set, 0, 0, "outer");
	(void) pending_set_enter_level(&set, 2);
	for (i = 0; i < 20000; i++)
		(void) add_number(&set, "inner ", i);
	pending_set_cut(&set, pending_set_top(&set)->first_entry);
	before = set.allocated_bytes;
	for (round = 0; round < 3; round++)
	{
		for (i = 0; i < 20000; i++)
			(void) add_number(&set, "inner ", i);
		ck_assert_uint_gt(set.allocated_bytes, before);
		pending_set_cut(&set, pending_set_top(&set)->first_entry);
		ck_assert_uint_eq(set.allocated_bytes, before);
	}
	ck_assert_int_eq(add(&set, 0, 0, "outer"), PENDING_SET_FOUND);
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_knows_what_each_level_uses)
{
	PendingSet	set;
	Memory		memory;
	size_t		outer;
	int			i;

	begin(&set, &memory);
	ck_assert_uint_eq(pending_set_used_bytes(&set, 0), 0);
	(void) add(&set, 0, 0, "outer");
	outer = pending_set_used_bytes(&set, 0);
	ck_assert_uint_gt(outer, 5);
	ck_assert(pending_set_enter_level(&set, 3));
	ck_assert(pending_set_enter_level(&set, 3));
	ck_assert_int_eq(set.level_count, 2);
	for (i = 0; i < 1000; i++)
		(void) add_number(&set, "inner ", i);
	ck_assert_uint_ge(pending_set_used_bytes(&set, 1), 1000 * 10);
	ck_assert_uint_eq(pending_set_used_bytes(&set, 0), outer + pending_set_used_bytes(&set, 1));
	pending_set_cut(&set, pending_set_top(&set)->first_entry);
	ck_assert_uint_eq(pending_set_used_bytes(&set, 1), 0);
	ck_assert_uint_eq(pending_set_used_bytes(&set, 0), outer);
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_has_room_for_thousands_of_levels)
{
	PendingSet	set;
	Memory		memory;
	int			level;

	begin(&set, &memory);
	for (level = 2; level <= 5000; level++)
	{
		ck_assert(pending_set_enter_level(&set, level));
		(void) add_number(&set, "level ", level);
	}
	ck_assert_int_eq(set.level_count, 5000);
	ck_assert_uint_eq(set.levels[4321].first_entry, 4320);
	end(&set, &memory);
}

END_TEST

START_TEST(pending_set_announces_what_it_allocates)
{
	PendingSet	set;
	Memory		memory;
	int			i;

	begin(&set, &memory);
	for (i = 0; i < 3000; i++)
	{
		char		key[64];
		size_t		before = set.allocated_bytes;
		size_t		growth;

		snprintf(key, sizeof(key), "%*d", i % 50 + 1, i);
		growth = pending_set_growth(&set, 1, (uint32_t) strlen(key));
		if (add(&set, 0, 0, key) == PENDING_SET_ADDED)
			ck_assert_uint_le(set.allocated_bytes, before + growth);
	}
	for (i = 2; i < 100; i++)
	{
		size_t		before = set.allocated_bytes;
		size_t		growth = pending_set_growth(&set, i, 0);

		ck_assert(pending_set_enter_level(&set, i));
		ck_assert_uint_le(set.allocated_bytes, before + growth);
	}
	end(&set, &memory);
}

END_TEST

/* Everything that takes memory, until it first fails; true if nothing does. */
static bool
fill(PendingSet *set, int *added)
{
	int			i;

	if (pending_set_find_target(set, "default") < 0)
		return false;
	for (*added = 0; *added < 200; ++*added)
	{
		if (add_number(set, "a key of some length, so that chunks are grown, too ", *added) != PENDING_SET_ADDED)
			return false;
	}
	for (i = 2; i < 40; i++)
	{
		if (!pending_set_enter_level(set, i))
			return false;
	}
	return pending_set_find_target(set, "api") == 1;
}

START_TEST(pending_set_survives_the_failure_of_every_allocation)
{
	int			allocations = 0;
	bool		is_filled = false;

	for (; !is_filled; allocations++)
	{
		PendingSet	set;
		Memory		memory;
		PendingAllocator allocator = allocator_of(&memory);
		int			added = 0;

		memory.allocations_left = allocations;
		if (!pending_set_init(&set, &allocator))
		{
			ck_assert_int_eq(memory.live_count, 0);
			continue;
		}
		is_filled = fill(&set, &added);
		ck_assert_uint_eq(set.entry_count, added);
		check_is_sound(&set);

		/* and goes on as soon as there is memory again */
		memory.allocations_left = -1;
		pending_set_cut(&set, set.entry_count / 2);
		check_is_sound(&set);
		set.level_count = 1;
		pending_set_cut(&set, 0);
		ck_assert(fill(&set, &added));
		check_is_sound(&set);
		end(&set, &memory);
	}
	ck_assert_int_gt(allocations, 15);
}

END_TEST

START_TEST(pending_set_finds_each_of_many_targets)
{
	PendingSet	set;
	Memory		memory;
	int			i;

	begin(&set, &memory);
	for (i = 1; i < 300; i++)
	{
		char		name[16];

		snprintf(name, sizeof(name), "t%d", i);
		ck_assert_int_eq(pending_set_find_target(&set, name), i);
		ck_assert_int_eq(pending_set_find_target(&set, name), i);
	}
	ck_assert_str_eq(set.targets[299].name, "t299");
	set.target_count = PENDING_SET_TARGET_MAX;
	set.targets = realloc(set.targets, sizeof(PendingTarget) * PENDING_SET_TARGET_MAX);
	for (i = 300; i < PENDING_SET_TARGET_MAX; i++)
		set.targets[i].name = set.targets[0].name;
	ck_assert_int_eq(pending_set_find_target(&set, "one more"), -1);
	set.target_count = 300;
	pending_set_destroy(&set);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("pending_set");
	TCase	   *tcase = tcase_create("pending_set");
	SRunner    *runner;
	int			failed;

	tcase_add_test(tcase, pending_set_keeps_each_entry_once_in_order_of_arrival);
	tcase_add_test(tcase, pending_set_tells_targets_actions_and_bytes_apart);
	tcase_add_test(tcase, pending_set_aligns_headers_and_leaves_them_alone);
	tcase_add_test(tcase, pending_set_takes_keys_larger_than_a_chunk);
	tcase_add_test(tcase, pending_set_cuts_back_to_any_entry);
	tcase_add_test(tcase, pending_set_keeps_probes_whole_where_hashes_collide);
	tcase_add_test(tcase, pending_set_gives_back_what_a_cut_empties);
	tcase_add_test(tcase, pending_set_knows_what_each_level_uses);
	tcase_add_test(tcase, pending_set_has_room_for_thousands_of_levels);
	tcase_add_test(tcase, pending_set_announces_what_it_allocates);
	tcase_add_test(tcase, pending_set_survives_the_failure_of_every_allocation);
	tcase_add_test(tcase, pending_set_finds_each_of_many_targets);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
