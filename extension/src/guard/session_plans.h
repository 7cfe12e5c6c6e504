/*-------------------------------------------------------------------------
 *
 * session_plans.h
 *	  Has planned anew what functions keep planned in a session.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_SESSION_PLANS_H
#define UNCACHE_SESSION_PLANS_H

#include "executor/spi.h"

/*
 * Before a query is run that calls somebody's functions: what these keep was planned as for
 * whoever came first, by the settings that he had, and is called out of query_guard.h's sight.
 * PL/pgSQL keeps some of it for a transaction.  The CHECKs of domains are kept for all of a
 * session, and functions' bodies come to domains that nobody sees.  Not so the one plan that
 * is given, or NULL: it has been made under the guard, and is as good as it was.
 */
extern void session_plans_forget(SPIPlanPtr kept);

#endif
