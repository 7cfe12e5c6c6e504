/*-------------------------------------------------------------------------
 *
 * test_name_kind.c
 *	  Unit tests of listener/src/batch/name_kind.c: a new kind is one entry,
 *	  and no entry lacks a trait.
 *
 *-------------------------------------------------------------------------
 */
#include "batch/name_kind.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch.h"
#include "journal/journal_row.h"

static void
check_action(const char *action)
{
	JournalAction decoded;

	if (action != NULL)
		ck_assert_msg(journal_row_decode_action(action, strlen(action), &decoded), "%s", action);
}

START_TEST(name_kind_comes_by_an_action_of_the_journal)
{
	const NameTraits *traits = &name_traits[_i];

	ck_assert(traits->action != NULL || traits->pattern_action != NULL);
	check_action(traits->action);
	check_action(traits->pattern_action);
}

END_TEST

START_TEST(name_kind_has_a_pattern_action_of_its_own)
{
	const char *action = name_traits[_i].pattern_action;

	for (int other = 0; action != NULL && other < _i; other++)
		if (name_traits[other].pattern_action != NULL)
			ck_assert_str_ne(name_traits[other].pattern_action, action);
}

END_TEST

START_TEST(name_kind_has_a_name_of_its_own_for_the_log)
{
	const char *log_name = name_traits[_i].log_name;

	ck_assert_ptr_nonnull(log_name);
	ck_assert_str_eq(log_name + strlen(log_name) - strlen("_count"), "_count");
	for (int other = 0; other < _i; other++)
		ck_assert_str_ne(name_traits[other].log_name, log_name);
}

END_TEST

START_TEST(name_kind_needs_commands_of_redis)
{
	const char *const *commands = name_traits[_i].commands;

	ck_assert_ptr_nonnull(commands[0]);
	ck_assert_ptr_null(commands[NAME_COMMANDS_MAX - 1]);
}

END_TEST

/* Its length, a colon, the prefix, the head: what of that there is, and the name. */
START_TEST(name_kind_says_what_stands_in_front_of_a_name)
{
	const NameTraits *traits = &name_traits[_i];
	char		expected[32];
	const char *name;
	size_t		name_bytes;
	size_t		position = 0;
	Batch		batch;

	ck_assert_ptr_nonnull(traits->head);
	(void) snprintf(expected, sizeof(expected), "%sp:%sname",
					traits->has_prefix_length ? "2:" : "", traits->head);
	ck_assert(batch_init(&batch, "p:", 2, 1));
	ck_assert(batch_add_name(&batch, (NameKind) _i, "name", 4));
	ck_assert(keyset_next(&batch.names.of[_i], &position, &name, &name_bytes));
	ck_assert_uint_eq(name_bytes, strlen(expected));
	ck_assert_mem_eq(name, expected, name_bytes);
	batch_free(&batch);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("name_kind");
	TCase	   *tests = tcase_create("name_kind");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_loop_test(tests, name_kind_comes_by_an_action_of_the_journal, 0, NAME_KIND_COUNT);
	tcase_add_loop_test(tests, name_kind_has_a_pattern_action_of_its_own, 0, NAME_KIND_COUNT);
	tcase_add_loop_test(tests, name_kind_has_a_name_of_its_own_for_the_log, 0, NAME_KIND_COUNT);
	tcase_add_loop_test(tests, name_kind_needs_commands_of_redis, 0, NAME_KIND_COUNT);
	tcase_add_loop_test(tests, name_kind_says_what_stands_in_front_of_a_name, 0, NAME_KIND_COUNT);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
