/*-------------------------------------------------------------------------
 *
 * test_password_file.c
 *	  Unit tests of listener/src/base/password_file.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/password_file.h"

#define SECRET "hunter2"

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char path[64];
static char link_path[64];
static char password[PASSWORD_FILE_BYTES];
static char problem[256];
static bool is_public;

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/password", directory);
	snprintf(link_path, sizeof(link_path), "%s/link", directory);
}

static void
tear_down(void)
{
	(void) unlink(path);
	(void) unlink(link_path);
	(void) rmdir(directory);
}

static void
write_file(const char *bytes, size_t byte_count, mode_t mode)
{
	int			fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, byte_count), (ssize_t) byte_count);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
assert_read(const char *name, const char *expected)
{
	ck_assert_msg(password_file_read(name, password, &is_public, problem, sizeof(problem)),
				  "%s", problem);
	ck_assert_str_eq(password, expected);
}

/* With a problem that tells neither path nor contents, and no password. */
static void
assert_refused(const char *name, const char *expected)
{
	memset(password, 'x', sizeof(password));
	ck_assert(!password_file_read(name, password, &is_public, problem, sizeof(problem)));
	ck_assert_msg(strstr(problem, expected) != NULL, "no \"%s\" in: %s", expected, problem);
	ck_assert_ptr_null(strstr(problem, SECRET));
	ck_assert_ptr_null(strstr(problem, directory));
	for (size_t i = 0; i < sizeof(password); i++)
		ck_assert_int_eq(password[i], 0);
}

static void
assert_text_refused(const char *bytes, size_t byte_count, const char *expected)
{
	write_file(bytes, byte_count, 0600);
	assert_refused(path, expected);
}

START_TEST(password_file_gives_its_first_line)
{
	static const char *const texts[] = {SECRET, SECRET "\n", SECRET "\r\n", SECRET "\nsecond\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		write_file(texts[i], strlen(texts[i]), 0600);
		assert_read(path, SECRET);
	}
}

END_TEST

START_TEST(password_file_keeps_blanks)
{
	write_file(" a b \n", 6, 0600);
	assert_read(path, " a b ");
}

END_TEST

START_TEST(password_file_gives_4096_bytes_and_no_more)
{
	char		bytes[8192];

	memset(bytes, 'p', sizeof(bytes));
	memcpy(bytes + 4096, "\r\n", 2);
	write_file(bytes, 4098, 0600);
	ck_assert(password_file_read(path, password, &is_public, problem, sizeof(problem)));
	ck_assert_uint_eq(strlen(password), 4096);
	memset(bytes, 'p', sizeof(bytes));
	assert_text_refused(bytes, 4097, "1 to 4096 bytes");
	assert_text_refused(bytes, 4098, "1 to 4096 bytes");
	assert_text_refused(bytes, 8192, "1 to 4096 bytes");
}

END_TEST

START_TEST(password_file_without_a_password_is_refused)
{
	assert_text_refused("", 0, "in the first line");
	assert_text_refused("\n" SECRET, strlen(SECRET) + 1, "in the first line");
	assert_text_refused("\r\n", 2, "in the first line");
	assert_text_refused("a\0b\n", 4, "none of them zero");
}

END_TEST

START_TEST(password_file_may_be_read_by_everybody_which_is_told)
{
	write_file(SECRET, strlen(SECRET), 0644);
	assert_read(path, SECRET);
	ck_assert(is_public);
	write_file(SECRET, strlen(SECRET), 0640);
	assert_read(path, SECRET);
	ck_assert(!is_public);
}

END_TEST

START_TEST(password_file_that_others_may_write_is_refused)
{
	write_file(SECRET, strlen(SECRET), 0620);
	assert_refused(path, "nobody but its owner can write");
	write_file(SECRET, strlen(SECRET), 0602);
	assert_refused(path, "nobody but its owner can write");
}

END_TEST

START_TEST(password_file_may_be_a_link_to_a_regular_file)
{
	write_file(SECRET, strlen(SECRET), 0600);
	ck_assert_int_eq(symlink(path, link_path), 0);
	assert_read(link_path, SECRET);
}

END_TEST

START_TEST(password_file_that_is_not_there_is_refused)
{
	assert_refused(path, "expected a readable password file: No such file");
}

END_TEST

START_TEST(password_file_that_is_not_regular_is_refused_without_waiting)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	assert_refused(path, "expected a regular file");
	assert_refused(directory, "expected a regular file");
	assert_refused("/dev/zero", "expected a regular file");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("password_file");
	TCase	   *tests = tcase_create("password_file");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, password_file_gives_its_first_line);
	tcase_add_test(tests, password_file_keeps_blanks);
	tcase_add_test(tests, password_file_gives_4096_bytes_and_no_more);
	tcase_add_test(tests, password_file_without_a_password_is_refused);
	tcase_add_test(tests, password_file_may_be_read_by_everybody_which_is_told);
	tcase_add_test(tests, password_file_that_others_may_write_is_refused);
	tcase_add_test(tests, password_file_may_be_a_link_to_a_regular_file);
	tcase_add_test(tests, password_file_that_is_not_there_is_refused);
	tcase_add_test(tests, password_file_that_is_not_regular_is_refused_without_waiting);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
