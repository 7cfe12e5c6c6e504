/*-------------------------------------------------------------------------
 *
 * test_log_output_files.c
 *	  Unit tests of listener/src/base/log_output.c: readers that are gone, and files.
 *
 *-------------------------------------------------------------------------
 */
#include "base/log_output_fixture.h"

/* --- readers that are gone --- */

static void
check_reader_that_is_gone(void)
{
	write_lines(10);
	close(reader_fd);
	write_lines(MANY_LINES);
	ck_assert(!is_waiting());
	ck_assert(log_buffer_is_empty(&output.buffer));
	ck_assert_int_le(turns_when_idle(), 10);
}

START_TEST(log_output_does_nothing_for_a_closed_pipe)
{
	start_pipe();
	check_reader_that_is_gone();
}

END_TEST

START_TEST(log_output_does_nothing_for_a_pipe_that_was_closed_before)
{
	int			fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	writer_fd = fds[1];
	close(fds[0]);
	start(writer_fd);
	write_lines(MANY_LINES);
	ck_assert(!is_waiting());
}

END_TEST

START_TEST(log_output_does_nothing_for_a_pipe_that_is_closed_while_it_waits)
{
	start_pipe();
	write_lines(MANY_LINES);
	ck_assert(is_waiting());
	close(reader_fd);
	ck_assert(loop_turn(loop, 1000));
	ck_assert(!is_waiting());
	ck_assert(log_buffer_is_empty(&output.buffer));
}

END_TEST

START_TEST(log_output_does_nothing_for_a_closed_socket)
{
	start_sockets(SOCK_STREAM);
	check_reader_that_is_gone();
}

END_TEST

START_TEST(log_output_does_nothing_for_a_terminal_that_is_gone)
{
	start_terminal();
	check_reader_that_is_gone();
}

END_TEST

START_TEST(log_output_tells_the_next_reader_of_a_fifo_what_is_lost)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	reader_fd = open(path, O_RDONLY | O_NONBLOCK);
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	log_output_set_loop(&output, loop);
	write_lines(10);
	read_all();
	close(reader_fd);
	write_lines(20);
	reader_fd = open(path, O_RDONLY | O_NONBLOCK);
	write_lines(1);
	read_all();
	ck_assert_ptr_nonnull(strstr(text, "20 lost\n"));
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

START_TEST(log_output_goes_nowhere_without_a_descriptor)
{
	start(-1);
	write_lines(10);
	log_output_flush(&output, 1000);
	ck_assert(!is_waiting());
}

END_TEST

/* --- files --- */

START_TEST(log_output_retries_a_full_device_now_and_then)
{
	writer_fd = open("/dev/full", O_WRONLY);
	loop_set_clock(loop, read_clock, NULL);
	start(writer_fd);
	write_lines(MANY_LINES);
	ck_assert(loop_timer_is_armed(&output.timer));
	ck_assert_int_lt(output.watch.slot, 0);
	ck_assert_int_gt(output.buffer.dropped_count, 0);
	log_output_flush(&output, 60000);
	ck_assert(!log_buffer_is_empty(&output.buffer));
	now_ms += 1000;
	ck_assert(loop_turn(loop, 0));
	ck_assert(loop_timer_is_armed(&output.timer));
}

END_TEST

/* Check writes files, too: between a limit and its end nothing is asserted. */
static void
limit_files(rlim_t byte_count)
{
	struct rlimit limit = {byte_count, RLIM_INFINITY};

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		abort();
}

START_TEST(log_output_finishes_a_torn_line_when_there_is_room_again)
{
	log_output_init(&output, -1, write_notice, NULL);
	loop_set_clock(loop, read_clock, NULL);
	ck_assert(log_output_open_file(&output, path));
	log_output_set_loop(&output, loop);
	limit_files(250);
	write_lines(5);
	limit_files(RLIM_INFINITY);
	ck_assert(loop_timer_is_armed(&output.timer));
	now_ms += 1000;
	ck_assert(loop_turn(loop, 0));
	ck_assert(!is_waiting());
	read_file(path);
	ck_assert_int_eq(count_lines(), 5);
}

END_TEST

START_TEST(log_output_finishes_a_torn_line_when_it_opens_the_same_file_again)
{
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	limit_files(250);
	write_lines(5);
	limit_files(RLIM_INFINITY);
	ck_assert(log_output_open_file(&output, path));
	read_file(path);
	ck_assert_int_eq(count_lines(), 5);
}

END_TEST

START_TEST(log_output_begins_another_file_with_a_whole_line)
{
	bool		is_open;

	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	limit_files(250);
	write_lines(5);
	(void) rename(path, other_path);
	is_open = log_output_open_file(&output, path);
	limit_files(RLIM_INFINITY);
	ck_assert(is_open);
	log_output_flush(&output, 0);
	read_file(path);
	ck_assert_int_eq(told_count, 1);
	ck_assert_int_eq(count_lines(), 2);
}

END_TEST

START_TEST(log_output_appends_to_a_file_and_makes_it_for_its_group)
{
	struct stat status;
	mode_t		old_mask = umask(0);

	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	umask(old_mask);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0640);
	write_lines(2);
	ck_assert(log_output_open_file(&output, path));
	write_lines(2);
	/* as copytruncate does */
	read_file(path);
	ck_assert_int_eq(count_lines(), 4);
	ck_assert_int_eq(truncate(path, 0), 0);
	write_lines(1);
	read_file(path);
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

START_TEST(log_output_keeps_the_old_file_if_it_cannot_open_another)
{
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(log_output_open_file(&output, path));
	ck_assert(!log_output_open_file(&output, directory));
	ck_assert_int_eq(errno, EISDIR);
	write_lines(1);
	read_file(path);
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

START_TEST(log_output_refuses_a_fifo_that_nobody_reads_as_a_file)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	log_output_init(&output, -1, write_notice, NULL);
	ck_assert(!log_output_open_file(&output, path));
}

END_TEST

START_TEST(log_output_goes_back_to_a_descriptor)
{
	start_pipe();
	ck_assert(log_output_open_file(&output, path));
	write_lines(1);
	log_output_use(&output, writer_fd);
	write_lines(2);
	read_all();
	ck_assert_int_eq(count_lines(), 2);
	read_file(path);
	ck_assert_int_eq(count_lines(), 1);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("log_output_files");
	TCase	   *tests = tcase_create("log_output_files");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, log_output_does_nothing_for_a_closed_pipe);
	tcase_add_test(tests, log_output_does_nothing_for_a_pipe_that_was_closed_before);
	tcase_add_test(tests, log_output_does_nothing_for_a_pipe_that_is_closed_while_it_waits);
	tcase_add_test(tests, log_output_does_nothing_for_a_closed_socket);
	tcase_add_test(tests, log_output_does_nothing_for_a_terminal_that_is_gone);
	tcase_add_test(tests, log_output_tells_the_next_reader_of_a_fifo_what_is_lost);
	tcase_add_test(tests, log_output_goes_nowhere_without_a_descriptor);
	tcase_add_test(tests, log_output_retries_a_full_device_now_and_then);
	tcase_add_test(tests, log_output_finishes_a_torn_line_when_there_is_room_again);
	tcase_add_test(tests, log_output_finishes_a_torn_line_when_it_opens_the_same_file_again);
	tcase_add_test(tests, log_output_begins_another_file_with_a_whole_line);
	tcase_add_test(tests, log_output_appends_to_a_file_and_makes_it_for_its_group);
	tcase_add_test(tests, log_output_keeps_the_old_file_if_it_cannot_open_another);
	tcase_add_test(tests, log_output_refuses_a_fifo_that_nobody_reads_as_a_file);
	tcase_add_test(tests, log_output_goes_back_to_a_descriptor);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
