/*-------------------------------------------------------------------------
 *
 * test_health.c
 *	  Unit tests of listener/src/status/health_server.c.
 *
 *-------------------------------------------------------------------------
 */
#include "status/health_fixture.h"

START_TEST(health_server_answers_and_closes)
{
	int			fd;

	health_server_listen(server, path);
	assert_said("level=info msg=\"health socket is open\" path=");
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_answers_many_at_a_time)
{
	int			fds[CLIENTS_MAX];

	health_server_listen(server, path);
	for (int i = 0; i < CLIENTS_MAX; i++)
	{
		fds[i] = open_client();
		turn();
	}
	for (int i = 0; i < CLIENTS_MAX; i++)
		assert_answered(fds[i]);
}

END_TEST

START_TEST(health_server_is_not_held_up_by_who_reads_nothing_or_is_gone)
{
	int			silent;
	int			fd;

	health_server_listen(server, path);
	silent = open_client();
	close(open_client());
	fd = open_client();
	ck_assert_int_eq(send(fd, "hello", 5, MSG_NOSIGNAL), 5);
	close(fd);
	fd = open_client();
	turn();
	assert_answered(fd);
	close(silent);
}

END_TEST

START_TEST(health_server_cuts_a_long_answer)
{
	static char text[HEALTH_ANSWER_BYTES_MAX + 4096];
	size_t		total = 0;
	ssize_t		count;
	int			fd;

	long_bytes = sizeof(text) * 2;
	health_server_listen(server, path);
	fd = open_client();
	turn();
	while ((count = read(fd, text, sizeof(text))) > 0)
		total += (size_t) count;
	ck_assert_uint_eq(total, HEALTH_ANSWER_BYTES_MAX);
	close(fd);
}

END_TEST

START_TEST(health_socket_is_for_its_user_alone)
{
	struct stat status;
	mode_t		mask = umask(0);

	health_server_listen(server, path);
	(void) umask(mask);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert(S_ISSOCK(status.st_mode));
	ck_assert_int_eq(status.st_mode & 07777, 0600);
}

END_TEST

START_TEST(health_server_removes_its_socket)
{
	health_server_listen(server, path);
	health_server_destroy(server);
	server = NULL;
	ck_assert_int_eq(access(path, F_OK), -1);
}

END_TEST

START_TEST(health_server_leaves_what_has_taken_its_place)
{
	int			fd;

	health_server_listen(server, path);
	ck_assert_int_eq(unlink(path), 0);
	fd = open_listener(path);
	health_server_destroy(server);
	server = NULL;
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}

END_TEST

START_TEST(health_server_comes_back_when_its_file_was_removed)
{
	int			fd;

	health_server_listen(server, path);
	ck_assert_int_eq(unlink(path), 0);
	clock_ms += 5000;
	turn();
	fd = open_client();
	turn();
	assert_answered(fd);
	/* and goes on looking, whatever has happened */
	ck_assert_int_eq(unlink(path), 0);
	clock_ms += 5000;
	turn();
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_replaces_what_a_dead_process_left)
{
	int			fd;

	close(open_listener(path));
	ck_assert_int_eq(access(path, F_OK), 0);
	health_server_listen(server, path);
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_takes_over_when_another_process_has_ended)
{
	int			fd = open_listener(path);

	health_server_listen(server, path);
	assert_said("level=error msg=\"cannot open the health socket, trying again\"");
	assert_said("reason=\"another process listens there\" error=\"\" advice=\"");
	close(fd);
	clock_ms += 5000;
	turn();
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_says_once_what_is_wrong)
{
	int			fd = open_listener(path);

	health_server_listen(server, path);
	for (int i = 0; i < 3; i++)
	{
		clock_ms += 5000;
		turn();
	}
	assert_said("cannot open");
	ck_assert_ptr_null(strstr(strstr(said, "cannot open") + 1, "cannot open"));
	close(fd);
}

END_TEST

START_TEST(health_server_leaves_other_files_alone)
{
	int			fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, "precious", 8), 8);
	close(fd);
	health_server_listen(server, path);
	assert_said("reason=\"another file has this path\"");
	health_server_destroy(server);
	server = NULL;
	ck_assert_int_eq(access(path, F_OK), 0);
}

END_TEST

START_TEST(health_server_does_not_follow_links)
{
	close(open_listener(other_path));
	ck_assert_int_eq(symlink(other_path, path), 0);
	health_server_listen(server, path);
	assert_said("reason=\"another file has this path\"");
	ck_assert_int_eq(access(other_path, F_OK), 0);
}

END_TEST

START_TEST(health_server_waits_for_its_directory)
{
	char		missing[80];

	snprintf(missing, sizeof(missing), "%s/later/health", directory);
	health_server_listen(server, missing);
	assert_said("reason=\"cannot create it\" error=\"No such file or directory\"");
	*strrchr(missing, '/') = '\0';
	ck_assert_int_eq(mkdir(missing, 0700), 0);
	clock_ms += 5000;
	turn();
	assert_said("health socket is open");
	health_server_listen(server, NULL);
	ck_assert_int_eq(rmdir(missing), 0);
}

END_TEST

START_TEST(health_server_moves)
{
	int			fd;

	health_server_listen(server, other_path);
	health_server_listen(server, path);
	ck_assert_int_eq(access(other_path, F_OK), -1);
	/* the same again changes nothing */
	fd = open_client();
	health_server_listen(server, path);
	turn();
	assert_answered(fd);
	health_server_listen(server, NULL);
	ck_assert_int_eq(access(path, F_OK), -1);
}

END_TEST

START_TEST(health_server_rests_while_there_are_no_descriptors)
{
	struct rlimit usual;
	struct rlimit few;
	int			fd;
	int			copy;

	health_server_listen(server, path);
	fd = open_client();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	few = usual;
	copy = dup(fd);
	close(copy);
	few.rlim_cur = (rlim_t) copy;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	turn();
	/* it is not ready again and again */
	ck_assert(loop_turn(loop, 20));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
	clock_ms += 1000;
	turn();
	turn();
	assert_answered(fd);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("health");
	TCase	   *tests = tcase_create("health");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, health_server_answers_and_closes);
	tcase_add_test(tests, health_server_answers_many_at_a_time);
	tcase_add_test(tests, health_server_is_not_held_up_by_who_reads_nothing_or_is_gone);
	tcase_add_test(tests, health_server_cuts_a_long_answer);
	tcase_add_test(tests, health_socket_is_for_its_user_alone);
	tcase_add_test(tests, health_server_removes_its_socket);
	tcase_add_test(tests, health_server_leaves_what_has_taken_its_place);
	tcase_add_test(tests, health_server_comes_back_when_its_file_was_removed);
	tcase_add_test(tests, health_server_replaces_what_a_dead_process_left);
	tcase_add_test(tests, health_server_takes_over_when_another_process_has_ended);
	tcase_add_test(tests, health_server_says_once_what_is_wrong);
	tcase_add_test(tests, health_server_leaves_other_files_alone);
	tcase_add_test(tests, health_server_does_not_follow_links);
	tcase_add_test(tests, health_server_waits_for_its_directory);
	tcase_add_test(tests, health_server_moves);
	tcase_add_test(tests, health_server_rests_while_there_are_no_descriptors);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
