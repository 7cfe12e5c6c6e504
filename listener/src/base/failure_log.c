/*-------------------------------------------------------------------------
 *
 * failure_log.c
 *	  Which failures of a server are worth a log line, when they repeat.
 *
 *-------------------------------------------------------------------------
 */
#include "base/failure_log.h"

#include <string.h>

/* FNV-1a (Fowler, Noll and Vo): two failures of one server seldom collide. */
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static uint64_t
hash_byte(uint64_t hash, char byte)
{
	return (hash ^ (unsigned char) byte) * HASH_PRIME;
}

/* The zero byte is taken in too: "ab", "c" are not "a", "bc". */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = hash_byte(hash, *text);
	return hash_byte(hash, '\0');
}

static uint64_t
hash_without_digits(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < '0' || *text > '9')
			hash = hash_byte(hash, *text);
	return hash_byte(hash, '\0');
}

static uint64_t
identify(const Failure *failure)
{
	uint64_t	hash = hash_text(HASH_BEGIN, failure->message);

	hash = hash_text(hash, failure->server);
	hash = hash_text(hash, failure->sqlstate);
	return hash_without_digits(hash, failure->error);
}

static FailureKind *
find_kind(FailureLog *log, uint64_t identity)
{
	for (int i = 0; i < log->kind_count; i++)
		if (log->kinds[i].identity == identity)
			return &log->kinds[i];
	return NULL;
}

/* In the place of the one that was not seen for longest, if there is no room. */
static FailureKind *
add_kind(FailureLog *log, uint64_t identity, int64_t now_ms)
{
	FailureKind *kind = &log->kinds[0];

	if (log->kind_count < FAILURE_LOG_KINDS)
		kind = &log->kinds[log->kind_count++];
	else
		for (int i = 1; i < log->kind_count; i++)
			if (log->kinds[i].seen_ms < kind->seen_ms)
				kind = &log->kinds[i];
	memset(kind, 0, sizeof(*kind));
	kind->identity = identity;
	kind->due_ms = now_ms + FAILURE_LOG_FIRST_MS;
	return kind;
}

bool
failure_log_take(FailureLog *log, const Failure *failure, int64_t now_ms,
				 int64_t *repeated_count)
{
	uint64_t	identity = identify(failure);
	FailureKind *kind = find_kind(log, identity);
	bool		is_new = kind == NULL;
	bool		is_said;

	if (log->failure_count++ == 0)
		log->begin_ms = now_ms;
	if (is_new)
		kind = add_kind(log, identity, now_ms);
	kind->seen_ms = now_ms;
	is_said = is_new || now_ms >= kind->due_ms;
	if (!is_said)
	{
		kind->unsaid_count++;
		return false;
	}
	*repeated_count = kind->unsaid_count;
	kind->unsaid_count = 0;
	if (!is_new)
		kind->due_ms = now_ms + FAILURE_LOG_NEXT_MS;
	return true;
}

bool
failure_log_is_open(const FailureLog *log)
{
	return log->failure_count > 0;
}

void
failure_log_end(FailureLog *log)
{
	memset(log, 0, sizeof(*log));
}
