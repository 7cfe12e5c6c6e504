/*-------------------------------------------------------------------------
 *
 * redis_tls_files.h
 *	  The files that TLS needs: CAs, the client's certificate, its private key.
 *
 * Only regular files are read: a FIFO or a device could keep the loop waiting.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TLS_FILES_H
#define UNCACHED_REDIS_TLS_FILES_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/url.h"

/*
 * Whom to trust, the files' CAs or the system's, and who the client is.  A private key
 * that everybody can read is refused.  On false "problem" says what was expected of which
 * file, by the setting's name and its path.
 */
extern bool redis_tls_files_load(const UrlTls *tls, SSL_CTX *context, char *problem,
								 size_t problem_bytes)
			__attribute__((warn_unused_result));

#endif
