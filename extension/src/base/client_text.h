/*-------------------------------------------------------------------------
 *
 * client_text.h
 *	  Texts on their way to a client whose encoding is not the database's.
 *
 * PostgreSQL converts them, and raises an error where the client's encoding has
 * no equivalent, or where bytes of a SQL_ASCII database are not valid in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CLIENT_TEXT_H
#define UNCACHE_CLIENT_TEXT_H

/* Whether there are texts that cannot be sent to the session's client. */
extern bool client_text_may_fail(void);

/* Whether this one can, of length bytes. */
extern bool client_text_is_sendable(const char *text, int length);

/* The bytes of the character at text, of which there are length. */
extern int	client_text_character(const char *text, int length);

/*
 * For a message: a copy of at most limit bytes, at whose end "..." tells of more, and
 * in which each character that cannot be sent is a question mark.
 */
extern char *client_text_for_message(const char *text, int limit);

#endif
