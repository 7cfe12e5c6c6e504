/*-------------------------------------------------------------------------
 *
 * test_delivery_action.c
 *	  Unit tests of listener/src/delivery/delivery_action.c: it agrees with what
 *	  the kinds of names say of themselves.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/delivery_action.h"

START_TEST(delivery_action_adds_names_of_the_kind_that_has_the_action)
{
	const DeliveryAction *action = delivery_action((JournalAction) _i);
	const char *name = journal_row_action_name((JournalAction) _i);
	const NameTraits *traits = &name_traits[action->kind];

	switch (action->form)
	{
		case DELIVERY_FORM_NAME:
			ck_assert_str_eq(traits->action, name);
			break;
		case DELIVERY_FORM_PATTERN:
		case DELIVERY_FORM_CACHEOPS_TABLE:
			ck_assert_str_eq(traits->pattern_action, name);
			break;
		case DELIVERY_FORM_RESYNC:
			ck_assert_int_eq(_i, JOURNAL_ACTION_RESYNC);
			break;
	}
}

END_TEST

START_TEST(delivery_action_has_a_name_that_is_decoded)
{
	const char *name = journal_row_action_name((JournalAction) _i);
	JournalAction decoded;

	ck_assert(journal_row_decode_action(name, strlen(name), &decoded));
	ck_assert_int_eq(decoded, _i);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_action");
	TCase	   *tests = tcase_create("delivery_action");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_loop_test(tests, delivery_action_adds_names_of_the_kind_that_has_the_action, 0,
						JOURNAL_ACTION_COUNT);
	tcase_add_loop_test(tests, delivery_action_has_a_name_that_is_decoded, 0, JOURNAL_ACTION_COUNT);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
