/*-------------------------------------------------------------------------
 *
 * warning.h
 *	  Warnings, which never fail what they are about.
 *
 * Names and values that others chose may be longer than any message, and may not exist
 * in the client's encoding: ereport() raises an error then.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_WARNING_H
#define UNCACHE_WARNING_H

typedef struct Warning
{
	int			level;			/* of ereport(); below ERROR */
	int			code;			/* 0: ERRCODE_WARNING */
	const char *message;
	const char *detail;			/* NULL: none */
	bool		is_detail_for_log;	/* the client is not told */
	const char *hint;			/* NULL: none */
} Warning;

/* Its texts are cut to this many bytes. */
#define WARNING_TEXT_BYTES 1000

/* ereport() with texts, and a context, that can be sent to the client. */
extern void warning_report(const Warning *warning);

/*
 * Of a text that is as long as its author likes, what a message repeats; the rest of the
 * message has room beside it.
 */
extern char *warning_quote(const char *text);

#endif
