/*-------------------------------------------------------------------------
 *
 * test_resync_reason.c
 *	  Unit tests of listener/src/delivery/resync_reason.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/resync_reason.h"

START_TEST(resync_reason_has_a_name_for_each)
{
	for (size_t i = 0; i < RESYNC_REASON_COUNT; i++)
		ck_assert_ptr_nonnull(resync_reason_names[i]);
}

END_TEST

START_TEST(resync_reason_knows_what_attach_says)
{
	static const struct
	{
		const char *text;
		ResyncReason reason;
	}			texts[] = {
		{"first registration", RESYNC_REASON_REGISTRATION},
		{"declared lost: behind for longer than uncache.max_lag (1h)", RESYNC_REASON_LAG},
		{"another history: the cursor is from 7:1:1; this is 8:1:1", RESYNC_REASON_POSTGRES},
		{"PostgreSQL has crashed", RESYNC_REASON_POSTGRES},
		{"the last deletes went to database 0; now they go to database 1", RESYNC_REASON_PLACE},
		{"it is not known where the last deletes went to; now they go to database 1", RESYNC_REASON_PLACE},
		{"Redis does not tell which process it is, and is at another address than before: b, not a", RESYNC_REASON_REDIS},
		{"it is not known which Redis process the last deletes went to", RESYNC_REASON_REDIS},
		{"Redis is another process than before, which may have lost deletes", RESYNC_REASON_REDIS},
		{"Redis continues with a different history, and may have lost deletes", RESYNC_REASON_REDIS},
		{"Redis has gone back in its history, and has lost deletes", RESYNC_REASON_REDIS},
		{"it is not known which primaries of a Redis Cluster the last deletes went to", RESYNC_REASON_REDIS},
		{"two primaries of the Redis Cluster have the same history", RESYNC_REASON_REDIS},
		{"a primary of the Redis Cluster is another process than before, which may have lost deletes", RESYNC_REASON_REDIS},
		{"a primary has joined the Redis Cluster, or continues with a different history", RESYNC_REASON_REDIS},
		{"a primary has left the Redis Cluster, and may have lost deletes before", RESYNC_REASON_REDIS},
		{"a primary of the Redis Cluster has gone back in its history, and has lost deletes", RESYNC_REASON_REDIS},
		{"primaries of the Redis Cluster were replaced (1 of 3), and may have lost deletes", RESYNC_REASON_REDIS},
		{"", RESYNC_REASON_OTHER},
		{"12 transactions since 2026-01-01 could not be journalled: x", RESYNC_REASON_OTHER},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(resync_reason_of(texts[i].text) == texts[i].reason, "%s", texts[i].text);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("resync_reason");
	TCase	   *tests = tcase_create("resync_reason");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, resync_reason_has_a_name_for_each);
	tcase_add_test(tests, resync_reason_knows_what_attach_says);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
