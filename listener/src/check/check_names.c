/*-------------------------------------------------------------------------
 *
 * check_names.c
 *	  The addresses of a host, within some seconds.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/loop.h"
#include "base/resolver.h"

/* What is waited for. */
typedef struct Answer
{
	struct addrinfo *addresses; /* owned until it is returned */
	char	   *problem;		/* borrowed */
	bool		is_there;
} Answer;

static void
say(Answer *answer, const char *problem)
{
	(void) snprintf(answer->problem, CHECK_NAMES_PROBLEM_BYTES, "%s", problem);
	answer->is_there = true;
}

static void
resolved(void *context, struct addrinfo *addresses, const char *problem)
{
	Answer	   *answer = context;

	answer->addresses = addresses;
	say(answer, problem != NULL ? problem : "");
}

static void
await(Loop *loop, Answer *answer)
{
	while (!answer->is_there)
		if (!loop_turn(loop, -1))
			say(answer, strerror(errno));
}

/* A look-up that hangs is left to itself, until the process ends. */
static void
look_up(Loop *loop, const char *host, int port, int timeout_ms, Answer *answer)
{
	Resolver	resolver;
	const char *problem;

	resolver_init(&resolver, loop, resolved, answer);
	problem = resolver_start(&resolver, host, port, timeout_ms);
	if (problem != NULL)
		say(answer, problem);
	await(loop, answer);
	resolver_reset(&resolver);
}

struct addrinfo *
check_names_resolve(const char *host, int port, int timeout_ms,
					char problem[CHECK_NAMES_PROBLEM_BYTES])
{
	Answer		answer = {.addresses = resolver_read_address(host, port),.problem = problem};
	Loop	   *loop;

	if (answer.addresses != NULL)
		return answer.addresses;
	loop = loop_create();
	if (loop == NULL)
	{
		say(&answer, "out of memory");
		return NULL;
	}
	look_up(loop, host, port, timeout_ms, &answer);
	loop_destroy(loop);
	return answer.addresses;
}
