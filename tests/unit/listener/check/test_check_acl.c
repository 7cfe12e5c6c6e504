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
	ck_assert_uint_eq(check_acl_needs_of("keys"),
					  CHECK_NEED_KIND(NAME_KEY) | CHECK_NEED_KIND(NAME_STAGGERED));
	ck_assert_uint_eq(check_acl_needs_of("patterns"), CHECK_NEED_KIND(NAME_KEY));
	ck_assert_uint_eq(check_acl_needs_of("query"), 0);
	ck_assert_uint_eq(check_acl_needs_of("tags"), CHECK_NEED_KIND(NAME_TAG));
	ck_assert_uint_eq(check_acl_needs_of("tag_patterns"), CHECK_NEED_KIND(NAME_TAG));
	ck_assert_uint_eq(check_acl_needs_of("versions"), CHECK_NEED_KIND(NAME_VERSION));
	ck_assert_uint_eq(check_acl_needs_of("version_patterns"), CHECK_NEED_KIND(NAME_VERSION));
	ck_assert_uint_eq(check_acl_needs_of("cacheops"), CHECK_NEED_KIND(NAME_CACHEOPS));
	ck_assert_uint_eq(check_acl_needs_of("cacheops_tables"), CHECK_NEED_KIND(NAME_SET));
}

END_TEST

/* The commands that are needed, with a blank behind each. */
static void
check_needed(unsigned int needs, const char *expected)
{
	char		names[256] = "";

	for (const CheckCommand *command = check_acl_commands; command->name != NULL; command++)
		if (check_acl_is_needed(command, needs))
		{
			strncat(names, command->name, sizeof(names) - strlen(names) - 1);
			strncat(names, " ", sizeof(names) - strlen(names) - 1);
		}
	ck_assert_str_eq(names, expected);
}

START_TEST(check_acl_has_the_commands_of_the_scripts)
{
	check_needed(0, "");
	check_needed(CHECK_NEED_ALWAYS, "unlink scan ping info ");
	check_needed(CHECK_NEED_DATABASE, "select ");
	check_needed(CHECK_NEED_SWEEP, "eval srem exists sscan ");
	check_needed(check_acl_needs_of("keys"), "unlink ");
	check_needed(check_acl_needs_of("tags"), "unlink eval srandmember srem ");
	check_needed(check_acl_needs_of("versions"), "unlink eval incrby set time ");
	check_needed(check_acl_needs_of("cacheops"), "unlink eval srandmember srem smembers exists ");
	check_needed(check_acl_needs_of("cacheops_tables"),
				 "unlink eval srandmember srem smembers exists ");
	check_needed(CHECK_NEEDS_OF_RULES,
				 "unlink eval srandmember srem smembers exists incrby set time ");
}

END_TEST

START_TEST(check_acl_knows_what_has_a_script_run)
{
	ck_assert(!check_acl_needs_scripts(CHECK_NEED_ALWAYS | CHECK_NEED_DATABASE));
	ck_assert(!check_acl_needs_scripts(check_acl_needs_of("keys")));
	ck_assert(!check_acl_needs_scripts(check_acl_needs_of("patterns")));
	ck_assert(check_acl_needs_scripts(CHECK_NEED_SWEEP));
	ck_assert(check_acl_needs_scripts(check_acl_needs_of("tags")));
	ck_assert(check_acl_needs_scripts(check_acl_needs_of("version_patterns")));
	ck_assert(check_acl_needs_scripts(CHECK_NEEDS_OF_RULES));
}

END_TEST

START_TEST(check_acl_has_a_call_of_each_command_that_names_of_a_kind_need)
{
	for (int i = 0; name_traits[_i].commands[i] != NULL; i++)
		(void) find(name_traits[_i].commands[i]);
}

END_TEST

START_TEST(check_acl_has_a_call_of_each_command)
{
	for (const CheckCommand *command = check_acl_commands; command->name != NULL; command++)
	{
		const char *subcommand = strchr(command->name, '|');
		size_t		bytes = subcommand != NULL ? (size_t) (subcommand - command->name) : strlen(command->name);

		ck_assert_uint_eq(strlen(command->words[0]), bytes);
		ck_assert_int_eq(strncasecmp(command->words[0], command->name, bytes), 0);
		if (subcommand != NULL)
			ck_assert_int_eq(strcasecmp(command->words[1], subcommand + 1), 0);
		ck_assert(check_acl_is_needed(command, ~0u));
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
	tcase_add_test(tests, check_acl_knows_what_has_a_script_run);
	tcase_add_loop_test(tests, check_acl_has_a_call_of_each_command_that_names_of_a_kind_need, 0,
						NAME_KIND_COUNT);
	tcase_add_test(tests, check_acl_has_a_call_of_each_command);
	tcase_add_test(tests, check_acl_runs_nothing_that_has_a_key_or_writes);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
