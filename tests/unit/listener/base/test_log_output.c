/*-------------------------------------------------------------------------
 *
 * test_log_output.c
 *	  Unit tests of listener/src/base/log_output.c: pipes, sockets, terminals and
 *	  files that take nothing, little, or nothing any more.
 *
 *-------------------------------------------------------------------------
 */
#include "base/log_output_fixture.h"

/* --- readers that stop reading --- */

START_TEST(log_output_does_not_wait_for_a_pipe)
{
	start_pipe();
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_stream_socket)
{
	start_sockets(SOCK_STREAM);
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_datagram_socket)
{
	start_sockets(SOCK_DGRAM);
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_terminal)
{
	start_terminal();
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_pipe_that_it_may_not_open)
{
	start_pipe();
	close(output.fd);
	output.owns_fd = false;
	output.fd = writer_fd;
	output.way = LOG_WAY_ASK;
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_for_a_terminal_that_it_may_not_open)
{
	start_terminal();
	close(output.fd);
	output.owns_fd = false;
	output.fd = writer_fd;
	output.way = LOG_WAY_ASK;
	check_reader_that_stops();
}

END_TEST

START_TEST(log_output_does_not_wait_where_poll_is_wrong)
{
	static char line[30000];

	/* a page is free, and more is written than that */
	start_pipe();
	close(output.fd);
	output.owns_fd = false;
	output.fd = writer_fd;
	output.way = LOG_WAY_ASK;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 5; i++)
		log_output_write(&output, line, sizeof(line));
	ck_assert(is_waiting());
	read_all();
	ck_assert_uint_eq(strlen(text), 5 * sizeof(line));
}

END_TEST

START_TEST(log_output_leaves_the_descriptor_to_others_as_it_was)
{
	start_pipe();
	write_lines(MANY_LINES);
	ck_assert_int_eq(fcntl(writer_fd, F_GETFL) & O_NONBLOCK, 0);
	log_output_close(&output);
	ck_assert_int_eq(fcntl(writer_fd, F_GETFL) & O_NONBLOCK, 0);
}

END_TEST

START_TEST(log_output_writes_lines_longer_than_a_pipe_takes_at_once)
{
	static char line[32768];

	start_pipe();
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 5; i++)
		log_output_write(&output, line, sizeof(line));
	read_all();
	ck_assert_uint_eq(strlen(text), 5 * sizeof(line));
	for (int i = 0; i < 5; i++)
		ck_assert_ptr_eq(strchr(text + (size_t) i * sizeof(line), '\n'),
						 text + (size_t) (i + 1) * sizeof(line) - 1);
}

END_TEST

START_TEST(log_output_flushes_what_a_slow_reader_takes)
{
	start_pipe();
	write_lines(1000);
	read_all();
	ck_assert_int_eq(count_lines(), 1000);
	log_output_set_loop(&output, NULL);
	write_lines(1000);
	ck_assert_uint_gt(read_some(0), 0);
	log_output_flush(&output, 1000);
	ck_assert(log_buffer_is_empty(&output.buffer));
}

END_TEST

START_TEST(log_output_flushes_for_a_bounded_time)
{
	int64_t		begin_ms;

	start_pipe();
	write_lines(MANY_LINES);
	begin_ms = clock_ms();
	log_output_flush(&output, 50);
	ck_assert_int_ge(clock_ms() - begin_ms, 49);
	ck_assert(!log_buffer_is_empty(&output.buffer));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("log_output");
	TCase	   *tests = tcase_create("log_output");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, log_output_does_not_wait_for_a_pipe);
	tcase_add_test(tests, log_output_does_not_wait_for_a_stream_socket);
	tcase_add_test(tests, log_output_does_not_wait_for_a_datagram_socket);
	tcase_add_test(tests, log_output_does_not_wait_for_a_terminal);
	tcase_add_test(tests, log_output_does_not_wait_for_a_pipe_that_it_may_not_open);
	tcase_add_test(tests, log_output_does_not_wait_for_a_terminal_that_it_may_not_open);
	tcase_add_test(tests, log_output_does_not_wait_where_poll_is_wrong);
	tcase_add_test(tests, log_output_leaves_the_descriptor_to_others_as_it_was);
	tcase_add_test(tests, log_output_writes_lines_longer_than_a_pipe_takes_at_once);
	tcase_add_test(tests, log_output_flushes_what_a_slow_reader_takes);
	tcase_add_test(tests, log_output_flushes_for_a_bounded_time);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
