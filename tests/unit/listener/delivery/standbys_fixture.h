/*-------------------------------------------------------------------------
 *
 * standbys_fixture.h
 *	  Answers about standbys, and the news that they make.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STANDBYS_FIXTURE_H
#define UNCACHED_STANDBYS_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "delivery/standbys.h"

#define TIMEOUT_MS 1000

static Standbys standbys;
static bool has_dropped_late;	/* by the last answer */

static inline void
start(const char *names)
{
	ck_assert(standbys_init(&standbys, names, TIMEOUT_MS));
}

static inline void
stop(void)
{
	standbys_free(&standbys);
}

static inline void
take(const char *name, uint64_t replayed)
{
	ck_assert(standbys_take(&standbys, name, replayed));
}

/* The end of an answer at this time; its news in a text. */
static inline const char *
end(const char *cursor, uint64_t position, int64_t now_ms)
{
	static char news[256];

	news[0] = '\0';
	ck_assert(standbys_end_answer(&standbys, cursor, position, now_ms));
	for (size_t i = 0; i < standbys.known_count; i++)
	{
		const Standby *standby = &standbys.known[i];
		size_t		used = strlen(news);

		if (standby->news != STANDBY_NO_NEWS)
			(void) snprintf(news + used, sizeof(news) - used, "%s is %s;", standby->name,
							standby->news == STANDBY_IS_LATE ? "late" : "back");
	}
	has_dropped_late = standbys_clear_news(&standbys, now_ms);
	return news;
}

/* An answer in which "a" has replayed so much. */
static inline const char *
answer(uint64_t replayed, const char *cursor, uint64_t position, int64_t now_ms)
{
	if (replayed > 0)
		take("a", replayed);
	return end(cursor, position, now_ms);
}

static inline void
expect_released(const char *cursor)
{
	ck_assert_pstr_eq(standbys.released, cursor);
}

#endif
