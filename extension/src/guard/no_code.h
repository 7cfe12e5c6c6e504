/*-------------------------------------------------------------------------
 *
 * no_code.h
 *	  Keeps functions of other people from being called for a while.
 *
 * Parse analysis converts literals, by input functions that run CHECK constraints of
 * domains.  Which types literals have is found by names, and somebody may change what a
 * name means at any moment: so nothing that is looked at before is proof.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_NO_CODE_H
#define UNCACHE_NO_CODE_H

/* Once in a session, when the library is loaded. */
extern void no_code_init(void);

/*
 * From here on a call of any function that anybody may write raises an error, until
 * no_code_leave(), or the end of the subtransaction by an error.
 */
extern void no_code_enter(void);
extern void no_code_leave(void);

#endif
