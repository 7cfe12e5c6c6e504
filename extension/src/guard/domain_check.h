/*-------------------------------------------------------------------------
 *
 * domain_check.h
 *	  Finds domains whose CHECK means what the writer's search path makes of it.
 *
 * PostgreSQL keeps a domain's constraints planned, for all of a session.  It puts the bodies
 * of SQL functions in their places meanwhile, and looks up names in them by the search path
 * of whoever was the first to use the domain.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DOMAIN_CHECK_H
#define UNCACHE_DOMAIN_CHECK_H

#include "nodes/pg_list.h"

/*
 * A function in SQL, without settings, whose body a CHECK takes in: of a domain among these
 * objects (ObjectAddress *), or that an analyzed body of a function among them names.
 * InvalidOid if there is none.
 */
extern Oid	domain_check_find_unpinned(List *objects);

/*
 * A function that query_guard.h refuses: among these objects, or in what is kept analyzed of
 * them, bodies and CHECKs.  InvalidOid if there is none.
 */
extern Oid	domain_check_find_refused(List *objects);

#endif
