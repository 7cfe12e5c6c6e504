/*-------------------------------------------------------------------------
 *
 * test_cacheops_script.c
 *	  redis_target.c with a real Redis: what the script of cacheops_script.c
 *	  does there.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch.h"
#include "redis/registration_race.h"

/* Registers as cacheops does: the scheme, the set, and a key with a value. */
static const char register_script[] =
"local t, conj, key = ARGV[1], cjson.decode(ARGV[2]), ARGV[3]"
" local fields, values = {}, {}"
" for field, value in pairs(conj) do"
"  fields[#fields + 1] = field values[#values + 1] = field .. '=' .. tostring(value) end"
" redis.call('SETEX', key, 100, 'x')"
" redis.call('SADD', KEYS[1] .. 'schemes:' .. t, table.concat(fields, ','))"
" redis.call('SADD', KEYS[1] .. 'conj:' .. t .. ':' .. table.concat(values, '&'), key)";

static void
register_at(const char *prefix, const char *table, const char *conj, const char *key)
{
	REAL_REDIS_DO(&redis, "EVAL %s 1 %s %s %s %s", register_script, prefix, table, conj, key);
}

static void
register_key(const char *conj, const char *key)
{
	register_at("", "t", conj, key);
}

static void
apply_row_at(const char *prefix, const char *row)
{
	Batch		batch;

	ck_assert(batch_init(&batch, prefix, strlen(prefix), 1));
	ck_assert(batch_add_name(&batch, NAME_CACHEOPS, row, strlen(row)));
	ck_assert(name_sets_merge(&names, &batch.names, NAME_KINDS_ALL));
	batch_free(&batch);
	apply();
}

static void
apply_row(const char *row)
{
	apply_row_at("", row);
}

static bool
exists(const char *key)
{
	return REAL_REDIS_COUNT(&redis, "EXISTS %s", key) == 1;
}

/* A cached condition and a row: must the row delete it? */
typedef struct Match
{
	const char *conj;
	const char *row;
	bool		is_hit;
} Match;

static const Match matches[] = {
	{"{}", "{}", true},
	{"{\"a\":true,\"id\":null}", "{\"a\":true,\"id\":[5,null]}", true},
	{"{\"a\":true,\"id\":null}", "{\"a\":false,\"id\":[5,null]}", false},
	{"{\"a\":true,\"id\":5}", "{\"a\":true,\"id\":[5,null]}", true},
	{"{\"a\":1}", "{\"a\":1}", true},
	{"{\"a\":1}", "{\"a\":2}", false},
	{"{\"a\":1}", "{\"a\":1.0}", true},
	{"{\"a\":1}", "{\"a\":\"1\"}", true},
	{"{\"a\":123456789012345678}", "{\"a\":123456789012345678}", true},
	{"{\"a\":-9223372036854775808}", "{\"a\":-9223372036854775808}", true},
	{"{\"a\":0.1}", "{\"a\":0.1}", true},
	{"{\"a\":1e300}", "{\"a\":1E+300}", true},
	{"{\"a\":NaN}", "{\"a\":NaN}", true},
	{"{\"a\":-Infinity}", "{\"a\":-Infinity}", true},
	{"{\"a\":0}", "{\"a\":[0,-0.0]}", true},
	{"{\"a\":-0.0}", "{\"a\":[0,-0.0]}", true},
	{"{\"a\":true}", "{\"a\":true}", true},
	{"{\"a\":false}", "{\"a\":false}", true},
	{"{\"a\":false}", "{\"a\":null}", false},
	{"{\"a\":null}", "{\"a\":null}", true},
	{"{\"a\":\"x=1&b=2:\\\"\\\\ \\u00e4\\ud83d\\ude00\"}", "{\"a\":\"x=1&b=2:\\\"\\\\ \xc3\xa4\xf0\x9f\x98\x80\"}", true},
	{"{\"a\":\"10.50\"}", "{\"a\":[\"10.5\",\"10.50\"]}", true},
	{"{\"a\":\"10.500\"}", "{\"a\":[\"10.5\",\"10.50\"]}", false},
	{"{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"b\":[1,2],\"a\":[1,5]}", true},
	{"{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"b\":[1,7],\"a\":[1,5]}", false},
	{"{\"a\":null,\"b\":1}", "{\"a\":7,\"b\":1}", false},
	/* what an outer join found no row for */
	{"{\"a\":null}", "{\"a\":7}", true},
	{"{\"a\":null,\"b\":null}", "{\"a\":7,\"b\":8}", true},
};

START_TEST(cacheops_script_deletes_what_a_row_matches)
{
	const Match *match = &matches[_i];
	char		row[128];

	register_key(match->conj, "key");
	register_at("", "other", match->conj, "other");
	(void) snprintf(row, sizeof(row), "[\"t\",%s]", match->row);
	apply_row(row);
	ck_assert_msg(exists("key") != match->is_hit, "%s %s", match->conj, match->row);
	ck_assert(exists("other"));
	ck_assert_str_eq(needed_scans, "");
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

START_TEST(cacheops_script_deletes_every_scheme_of_a_table)
{
	register_key("{}", "all");
	register_key("{\"a\":1}", "a");
	register_key("{\"b\":2}", "b");
	register_key("{\"a\":1,\"b\":2}", "ab");
	register_key("{\"b\":3}", "stays");
	apply_row("[\"t\",{\"a\":1,\"b\":2}]");
	/* the scheme set stays, and one key with its set */
	expect_key_count(3);
	ck_assert(exists("stays"));
}

END_TEST

START_TEST(cacheops_script_puts_the_prefix_in_front_of_every_name)
{
	register_at("9:*:", "t", "{\"a\":1}", "key");
	register_at("", "t", "{\"a\":1}", "other");
	apply_row_at("9:*:", "[\"t\",{\"a\":1}]");
	ck_assert(!exists("key"));
	ck_assert(exists("other"));
	apply_row("[\"t\",{\"a\":1}]");
	ck_assert(!exists("other"));
}

END_TEST

START_TEST(cacheops_script_asks_for_a_scan_where_a_row_lacks_a_field)
{
	register_key("{\"a\":1,\"f?\":2}", "key");
	register_key("{\"a\":1}", "known");
	apply_row_at("", "[\"t\",{\"a\":1}]");
	ck_assert(exists("key"));
	ck_assert(!exists("known"));
	ck_assert_msg(strcmp(needed_scans, "conj:t:a=*&f\\?=*\n") == 0 ||
				  strcmp(needed_scans, "conj:t:f\\?=*&a=*\n") == 0, "%s", needed_scans);
	needed_scans[strlen(needed_scans) - 1] = '\0';
	add_name(&patterns, NAME_SET, needed_scans);
	scan();
	expect_key_count(1);
}

END_TEST

START_TEST(cacheops_script_escapes_prefix_and_table_in_a_pattern)
{
	register_at("[p]", "a*\\b", "{\"f\":1}", "key");
	apply_row_at("[p]", "[\"a*\\\\b\",{}]");
	ck_assert_str_eq(needed_scans, "\\[p\\]conj:a\\*\\\\b:f=*\n");
}

END_TEST

START_TEST(cacheops_script_scans_rather_than_delete_too_many_names)
{
	char		row[256] = "[\"t\",{";

	for (int i = 0; i < 3; i++)
		(void) snprintf(row + strlen(row), sizeof(row) - strlen(row),
						"%s\"%c\":[1,2,3,4,5,6,7,8,9,10,11]", i == 0 ? "" : ",", 'a' + i);
	(void) strncat(row, "}]", sizeof(row) - strlen(row) - 1);
	register_key("{\"a\":7,\"b\":8}", "few");
	apply_row(row);
	ck_assert(!exists("few"));
	ck_assert_str_eq(needed_scans, "");
	register_key("{\"a\":7,\"b\":8,\"c\":1}", "many");
	apply_row(row);
	ck_assert(exists("many"));
	ck_assert_str_ne(needed_scans, "");
}

END_TEST

static void
register_many(int first, int count)
{
	for (int i = first; i < first + count; i++)
	{
		REAL_REDIS_DO(&redis, "SET many:%d x", i);
		REAL_REDIS_DO(&redis, "SADD conj:t:a=1 many:%d", i);
	}
}

/* As many members as a chunk has room for, one less and more, and many chunks. */
START_TEST(cacheops_script_deletes_a_set_by_chunks)
{
	static const int counts[] = {249, 250, 251, MANY_COUNT};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
	{
		register_key("{\"a\":1}", "key");
		register_key("{\"b\":1}", "b");
		register_many(0, counts[i] - 1);
		apply_row("[\"t\",{\"a\":1,\"b\":1}]");
		expect_key_count(1);
	}
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

START_TEST(cacheops_script_does_many_images)
{
	char		text[64];

	register_key("{}", "all");
	for (int i = 0; i < 1050; i++)
	{
		(void) snprintf(text, sizeof(text), "{\"a\":%d}", i);
		register_key(text, text);
		if (i < 1000)
		{
			(void) snprintf(text, sizeof(text), "0:[\"t\",{\"a\":%d}]", i);
			add_name(&names, NAME_CACHEOPS, text);
		}
	}
	apply();
	expect_key_count(1 + 2 * 50);
}

END_TEST

START_TEST(cacheops_script_deletes_what_is_no_set)
{
	register_key("{\"a\":1}", "key");
	REAL_REDIS_DO(&redis, "SET conj:t:a=1 stamp");
	apply_row("[\"t\",{\"a\":1}]");
	ck_assert(!exists("conj:t:a=1"));
	REAL_REDIS_DO(&redis, "SET schemes:t x");
	apply_row("[\"t\",{\"a\":1}]");
	ck_assert(exists("schemes:t"));
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

START_TEST(cacheops_script_does_nothing_for_a_table_that_is_not_cached)
{
	REAL_REDIS_DO(&redis, "SADD conj:t:a=1 key");
	apply_row("[\"t\",{\"a\":1}]");
	expect_key_count(1);
}

END_TEST

/* As cacheops does, under two conditions in turn. */
static bool
register_in_turn(redisContext * client, int number)
{
	redisReply *reply = redisCommand(client, "EVAL %s 1 %s t %s key:%d", register_script,
									 "", number % 2 == 0 ? "{\"a\":1}" : "{}", number);
	bool		is_done = reply != NULL && reply->type != REDIS_REPLY_ERROR;

	freeReplyObject(reply);
	return is_done;
}

static void
delete_row(void)
{
	apply_row("[\"t\",{\"a\":1}]");
}

START_TEST(cacheops_script_loses_no_registration_that_races_it)
{
	race_registrations(register_in_turn, delete_row, "conj:t:a=1 conj:t:");
	expect_key_count(1);
}

END_TEST

/* As after TRUNCATE: the schemes first, then all sets. */
START_TEST(cacheops_script_knows_a_scheme_again_after_a_pass)
{
	register_key("{\"a\":1}", "key");
	register_key("{}", "all");
	add_name(&names, NAME_KEY, "schemes:t");
	apply();
	add_name(&patterns, NAME_SET, "conj:t:*");
	scan();
	expect_key_count(0);
	register_key("{\"a\":1}", "key");
	apply_row("[\"t\",{\"a\":1}]");
	expect_key_count(1);
}

END_TEST

START_TEST(cacheops_script_does_sets_of_all_kinds_in_a_batch)
{
	register_keys("tag:a", 300);
	register_keys("other", 300);
	register_key("{\"a\":1}", "key");
	register_many(0, 600);
	add_name(&names, NAME_TAG, "tag:a");
	add_name(&names, NAME_SET, "other");
	add_name(&names, NAME_CACHEOPS, "0:[\"t\",{\"a\":1}]");
	apply();
	expect_key_count(1);
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, cacheops_script_deletes_what_a_row_matches, 0,
						sizeof(matches) / sizeof(matches[0]));
	tcase_add_test(tests, cacheops_script_deletes_every_scheme_of_a_table);
	tcase_add_test(tests, cacheops_script_puts_the_prefix_in_front_of_every_name);
	tcase_add_test(tests, cacheops_script_asks_for_a_scan_where_a_row_lacks_a_field);
	tcase_add_test(tests, cacheops_script_escapes_prefix_and_table_in_a_pattern);
	tcase_add_test(tests, cacheops_script_scans_rather_than_delete_too_many_names);
	tcase_add_test(tests, cacheops_script_deletes_a_set_by_chunks);
	tcase_add_test(tests, cacheops_script_does_many_images);
	tcase_add_test(tests, cacheops_script_deletes_what_is_no_set);
	tcase_add_test(tests, cacheops_script_does_nothing_for_a_table_that_is_not_cached);
	tcase_add_test(tests, cacheops_script_loses_no_registration_that_races_it);
	tcase_add_test(tests, cacheops_script_knows_a_scheme_again_after_a_pass);
	tcase_add_test(tests, cacheops_script_does_sets_of_all_kinds_in_a_batch);
}

int
main(void)
{
	return run_server_tests("cacheops_script", add_tests);
}
