/*-------------------------------------------------------------------------
 *
 * test_check_acl.c
 *	  Unit tests of listener/src/check/check_acl.c.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_acl.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const CheckCommand *
find(const char *name)
{
	const CheckCommand *command = check_acl_commands;

	while (command->name != NULL && strcmp(command->name, name) != 0)
		command++;
	ck_assert_ptr_nonnull(command->name);
	return command;
}

START_TEST(check_acl_denies_what_no_rule_allows)
{
	ck_assert_int_eq(check_acl_look_up("", "unlink"), CHECK_DENIED);
	ck_assert_int_eq(check_acl_look_up("-@all", "unlink"), CHECK_DENIED);
	ck_assert_int_eq(check_acl_look_up("-@all +get +unlinks +un", "unlink"), CHECK_DENIED);
}

END_TEST

START_TEST(check_acl_follows_the_last_rule_for_a_command)
{
	ck_assert_int_eq(check_acl_look_up("+@all", "unlink"), CHECK_ALLOWED);
	ck_assert_int_eq(check_acl_look_up("-@all +unlink", "unlink"), CHECK_ALLOWED);
	ck_assert_int_eq(check_acl_look_up("+UNLINK", "unlink"), CHECK_ALLOWED);
	ck_assert_int_eq(check_acl_look_up("+@all -unlink", "unlink"), CHECK_DENIED);
	ck_assert_int_eq(check_acl_look_up("-@all  +unlink -unlink +get", "unlink"), CHECK_DENIED);
	ck_assert_int_eq(check_acl_look_up("+unlink -@all", "unlink"), CHECK_DENIED);
}

END_TEST

START_TEST(check_acl_does_not_know_what_is_in_a_category)
{
	ck_assert_int_eq(check_acl_look_up("-@all +@write", "unlink"), CHECK_UNDECIDED);
	ck_assert_int_eq(check_acl_look_up("+@all -@dangerous", "unlink"), CHECK_UNDECIDED);
	/* whatever is in it, it changes nothing */
	ck_assert_int_eq(check_acl_look_up("+@all +@write", "unlink"), CHECK_ALLOWED);
	ck_assert_int_eq(check_acl_look_up("-@all -@write", "unlink"), CHECK_DENIED);
	/* said again by name */
	ck_assert_int_eq(check_acl_look_up("-@all +@write +unlink", "unlink"), CHECK_ALLOWED);
	ck_assert_int_eq(check_acl_look_up("-@all +@write -unlink", "unlink"), CHECK_DENIED);
}

END_TEST

START_TEST(check_acl_takes_no_part_of_a_command_for_all_of_it)
{
	ck_assert_int_eq(check_acl_look_up("-@all +client|setname", "client"), CHECK_DENIED);
	ck_assert_int_eq(check_acl_look_up("+ - unlink ~* &*", "unlink"), CHECK_DENIED);
}

END_TEST

START_TEST(check_acl_knows_the_needs_of_each_action)
{
	ck_assert_uint_eq(check_acl_needs_of("keys"), 0);
	ck_assert_uint_eq(check_acl_needs_of("patterns"), 0);
	ck_assert_uint_eq(check_acl_needs_of("query"), 0);
	ck_assert_uint_eq(check_acl_needs_of("tags"), CHECK_NEED_TAGS);
	ck_assert_uint_eq(check_acl_needs_of("tag_patterns"), CHECK_NEED_TAGS);
	ck_assert_uint_eq(check_acl_needs_of("versions"), CHECK_NEED_VERSIONS);
	ck_assert_uint_eq(check_acl_needs_of("version_patterns"), CHECK_NEED_VERSIONS);
	ck_assert_uint_eq(check_acl_needs_of("cacheops"), CHECK_NEED_CACHEOPS);
	ck_assert_uint_eq(check_acl_needs_of("cacheops_tables"), CHECK_NEED_CACHEOPS);
}

END_TEST

START_TEST(check_acl_has_the_commands_of_the_scripts)
{
	ck_assert(find("unlink")->needs & CHECK_NEED_ALWAYS);
	ck_assert_uint_eq(find("eval")->needs, CHECK_NEEDS_OF_SCRIPTS);
	ck_assert(find("srandmember")->needs & CHECK_NEED_TAGS);
	ck_assert(find("incrby")->needs & CHECK_NEED_VERSIONS);
	ck_assert(find("smembers")->needs & CHECK_NEED_CACHEOPS);
	ck_assert(find("sscan")->needs & CHECK_NEED_SWEEP);
	ck_assert(find("select")->needs & CHECK_NEED_DATABASE);
}

END_TEST

START_TEST(check_acl_has_a_call_of_each_command)
{
	for (const CheckCommand *command = check_acl_commands; command->name != NULL; command++)
	{
		ck_assert_int_eq(strcasecmp(command->words[0], command->name), 0);
		ck_assert_uint_ne(command->needs, 0);
		ck_assert_ptr_null(command->words[CHECK_ACL_WORDS_MAX - 1]);
	}
}

END_TEST

START_TEST(check_acl_runs_nothing_that_has_a_key_or_writes)
{
	ck_assert(find("ping")->is_harmless);
	ck_assert(find("scan")->is_harmless);
	ck_assert(find("info")->is_harmless);
	ck_assert(!find("unlink")->is_harmless);
	ck_assert(!find("select")->is_harmless);
	ck_assert(!find("eval")->is_harmless);
	for (const CheckCommand *command = check_acl_commands; command->name != NULL; command++)
		for (int i = 0; command->is_harmless && command->words[i] != NULL; i++)
			ck_assert_str_ne(command->words[i], "");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("check_acl");
	TCase	   *tests = tcase_create("check_acl");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, check_acl_denies_what_no_rule_allows);
	tcase_add_test(tests, check_acl_follows_the_last_rule_for_a_command);
	tcase_add_test(tests, check_acl_does_not_know_what_is_in_a_category);
	tcase_add_test(tests, check_acl_takes_no_part_of_a_command_for_all_of_it);
	tcase_add_test(tests, check_acl_knows_the_needs_of_each_action);
	tcase_add_test(tests, check_acl_has_the_commands_of_the_scripts);
	tcase_add_test(tests, check_acl_has_a_call_of_each_command);
	tcase_add_test(tests, check_acl_runs_nothing_that_has_a_key_or_writes);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
