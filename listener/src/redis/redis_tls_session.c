/*-------------------------------------------------------------------------
 *
 * redis_tls_session.c
 *	  What a URL says of TLS → a session of OpenSSL that may begin its handshake.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_tls_session.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_tls_files.h"

/* The name that the certificate has to be for, without what is no part of it. */
static char *
copy_name(const RedisUrl *url)
{
	const char *name = url->tls.server_name != NULL ? url->tls.server_name : url->host;
	bool		is_ipv6 = strchr(name, ':') != NULL;
	size_t		length = is_ipv6 ? strcspn(name, "%") : strlen(name);

	/* "redis.test." is the same host, but never written so in a certificate */
	if (!is_ipv6 && length > 1 && name[length - 1] == '.')
		length--;
	return strndup(name, length);
}

/*
 * An address is no name: it goes without SNI, and is looked for among the addresses. OpenSSL's
 * macro would cast a const away; it changes nothing.
 */
static bool
set_name(SSL *ssl, char *name, UrlVerify verify)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
	bool		is_set;

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (address != NULL)
		is_set = verify != URL_VERIFY_FULL || X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	else
		is_set = SSL_set_tlsext_host_name(ssl, name) == 1 &&
			(verify != URL_VERIFY_FULL || SSL_set1_host(ssl, name) == 1);
	ASN1_OCTET_STRING_free(address);
	return is_set;
}

static bool
set_up(SSL *ssl, const RedisUrl *url, int fd, RedisTlsProblem *problem)
{
	char	   *name = copy_name(url);
	bool		is_set_up;

	is_set_up = name != NULL && set_name(ssl, name, url->tls.verify) && SSL_set_fd(ssl, fd) == 1;
	redis_tls_problem_watch(problem, ssl, name);
	free(name);
	if (url->tls.verify == URL_VERIFY_NONE)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	(void) SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
						SSL_MODE_RELEASE_BUFFERS);
	return is_set_up;
}

bool
redis_tls_session_is_for(const SSL *ssl, const char *name)
{
	/* OpenSSL 1.1.1 has none that only borrows it */
	X509	   *certificate = SSL_get_peer_certificate(ssl);
	int			result = certificate != NULL ? X509_check_ip_asc(certificate, name, 0) : 0;

	/* it is no address */
	if (result == -2)
		result = X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL);
	X509_free(certificate);
	return result == 1;
}

SSL *
redis_tls_session_create(const RedisUrl *url, int fd, RedisTlsProblem *problem)
{
	SSL_CTX    *context = SSL_CTX_new(TLS_client_method());
	SSL		   *ssl = NULL;

	(void) snprintf(problem->text, sizeof(problem->text), "out of memory");
	if (context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
		redis_tls_files_load(&url->tls, context, problem->text, sizeof(problem->text)))
		ssl = SSL_new(context);
	if (ssl != NULL && !set_up(ssl, url, fd, problem))
	{
		SSL_free(ssl);
		ssl = NULL;
	}
	/* a session holds it */
	SSL_CTX_free(context);
	return ssl;
}
