/*-------------------------------------------------------------------------
 *
 * url_fixture.h
 *	  An address and the latest message, for each test anew.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_URL_FIXTURE_H
#define UNCACHED_URL_FIXTURE_H

#include <check.h>
#include <string.h>

#include "base/url.h"

#define SECRET "hunter2"

static RedisUrl url;
static char error[256];

static inline void
clear(void)
{
	memset(&url, 0, sizeof(url));
	error[0] = '\0';
}

static inline void
reset(void)
{
	url_reset(&url);
}

static inline void
accept_url(const char *text)
{
	url_reset(&url);
	ck_assert_msg(url_parse(text, &url, error, sizeof(error)), "%s: %s", text, error);
}

#endif
