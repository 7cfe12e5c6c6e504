/*-------------------------------------------------------------------------
 *
 * redis_tls_problem.c
 *	  Why TLS was refused or broke, as a text for redis_error_kind().
 *
 * Alerts of the server are errors of OpenSSL by their number of RFC 8446, from
 * SSL_AD_REASON_OFFSET on.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_tls_problem.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "redis/redis_error.h"

/* --- a certificate in words --- */

static void
take_text(BIO *bio, char *text, size_t text_bytes)
{
	int			count = BIO_read(bio, text, (int) text_bytes - 1);

	text[count > 0 ? count : 0] = '\0';
}

/* The names and addresses that it is for, or its subject, which counts if it has none. */
static void
print_names(BIO *bio, X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	if (names == NULL)
	{
		(void) X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE);
		return;
	}
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
	{
		(void) BIO_puts(bio, i > 0 ? ", " : "");
		(void) GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, i));
	}
	GENERAL_NAMES_free(names);
}

static void
print_detail(BIO *bio, const RedisTlsProblem *problem, X509 *certificate)
{
	switch (problem->refusal)
	{
		case X509_V_ERR_HOSTNAME_MISMATCH:
		case X509_V_ERR_IP_ADDRESS_MISMATCH:
			(void) BIO_printf(bio, "expected %s, it is for ", problem->expected);
			print_names(bio, certificate);
			return;
		case X509_V_ERR_CERT_HAS_EXPIRED:
			(void) BIO_puts(bio, "valid until ");
			(void) ASN1_TIME_print(bio, X509_get0_notAfter(certificate));
			break;
		case X509_V_ERR_CERT_NOT_YET_VALID:
			(void) BIO_puts(bio, "valid from ");
			(void) ASN1_TIME_print(bio, X509_get0_notBefore(certificate));
			break;
		default:
			(void) BIO_puts(bio, "issuer ");
			(void) X509_NAME_print_ex(bio, X509_get_issuer_name(certificate), 0, XN_FLAG_ONELINE);
			break;
	}
	(void) BIO_puts(bio, ", subject ");
	(void) X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE);
}

/* The handshake fails at the first error, which is kept. */
static int
verified(int is_fine, X509_STORE_CTX *context)
{
	SSL		   *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
	RedisTlsProblem *problem = ssl != NULL ? SSL_get_app_data(ssl) : NULL;
	X509	   *certificate = X509_STORE_CTX_get_current_cert(context);
	BIO		   *bio;

	if (is_fine)
		return is_fine;
	/* without memory OpenSSL does not even tell whose error it is */
	if (problem == NULL)
		return 0;
	problem->refusal = X509_STORE_CTX_get_error(context);
	problem->detail[0] = '\0';
	bio = certificate != NULL ? BIO_new(BIO_s_mem()) : NULL;
	if (bio == NULL)
		return 0;
	print_detail(bio, problem, certificate);
	take_text(bio, problem->detail, sizeof(problem->detail));
	(void) BIO_free(bio);
	return 0;
}

void
redis_tls_problem_watch(RedisTlsProblem *problem, SSL *ssl, const char *expected)
{
	problem->refusal = X509_V_OK;
	(void) snprintf(problem->expected, sizeof(problem->expected), "%s",
					expected != NULL ? expected : "");
	SSL_set_app_data(ssl, problem);
	SSL_set_verify(ssl, SSL_VERIFY_PEER, verified);
}

/* --- what failed --- */

static const char *
describe_refusal(int error)
{
	switch (error)
	{
		case X509_V_ERR_HOSTNAME_MISMATCH:
		case X509_V_ERR_IP_ADDRESS_MISMATCH:
			return REDIS_ERROR_TLS_HOST;
		case X509_V_ERR_CERT_HAS_EXPIRED:
		case X509_V_ERR_CERT_NOT_YET_VALID:
			return REDIS_ERROR_TLS_TIME;
		case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
		case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		case X509_V_ERR_CERT_UNTRUSTED:
			return REDIS_ERROR_TLS_CA;
		default:
			return REDIS_ERROR_TLS_CERTIFICATE;
	}
}

/* Does the alert say that the client's certificate is missing or wrong? */
static bool
is_about_client(int alert)
{
	switch (alert)
	{
		case SSL_AD_NO_CERTIFICATE:
		case SSL_AD_BAD_CERTIFICATE:
		case SSL_AD_UNSUPPORTED_CERTIFICATE:
		case SSL_AD_CERTIFICATE_REVOKED:
		case SSL_AD_CERTIFICATE_EXPIRED:
		case SSL_AD_CERTIFICATE_UNKNOWN:
		case SSL_AD_UNKNOWN_CA:
		case SSL_AD_ACCESS_DENIED:
		case SSL_AD_CERTIFICATE_REQUIRED:
			return true;
		default:
			return false;
	}
}

static bool
is_no_tls(int reason)
{
	return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
		reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG;
}

static const char *
describe_error(RedisTlsStage stage, int reason)
{
	if (is_about_client(reason - SSL_AD_REASON_OFFSET))
		return REDIS_ERROR_TLS_CLIENT;
	if (stage != REDIS_TLS_HANDSHAKE)
		return REDIS_ERROR_TLS_BROKEN;
	return is_no_tls(reason) ? REDIS_ERROR_TLS_NONE : REDIS_ERROR_TLS_HANDSHAKE;
}

/*
 * The connection ended, with a word of TLS or without, and with an error or without.  A server that
 * refuses the client's certificate may do so without the client seeing why.
 */
static void
tell_end(RedisTlsProblem *problem, int saved_errno)
{
	static const char *const stages[] = {
		[REDIS_TLS_HANDSHAKE] = REDIS_ERROR_TLS_CUT ": ",
		[REDIS_TLS_UNANSWERED] = REDIS_ERROR_TLS_UNANSWERED ": ",
		[REDIS_TLS_IN_USE] = "",
	};

	/* whichever of these it is depends on who is quicker */
	bool		is_closed = saved_errno == 0 || saved_errno == ECONNRESET || saved_errno == EPIPE;

	(void) snprintf(problem->text, sizeof(problem->text), "%s%s", stages[problem->stage],
					is_closed ? "Redis closed the connection" : strerror(saved_errno));
}

/*
 * The connection's end, or an error of the system.  OpenSSL has queued nothing then, or,
 * by its version, that it was unexpected, or the errno.
 */
static bool
is_end(unsigned long error, int reason)
{
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
	if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return true;
#else
	(void) reason;
#endif
	return error == 0 || ERR_GET_LIB(error) == ERR_LIB_SYS;
}

void
redis_tls_problem_tell(RedisTlsProblem *problem, int saved_errno)
{
	/*
	 * the last one says it in terms of TLS, those before it in those of what
	 * TLS is made of
	 */
	unsigned long error = ERR_peek_last_error();
	int			reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
	const char *text = ERR_reason_error_string(error);

	if (problem->refusal != X509_V_OK)
		(void) snprintf(problem->text, sizeof(problem->text), "%s: %s: %s",
						describe_refusal(problem->refusal),
						X509_verify_cert_error_string(problem->refusal), problem->detail);
	else if (is_end(error, reason))
		tell_end(problem, saved_errno);
	else
		(void) snprintf(problem->text, sizeof(problem->text), "%s: %s", describe_error(problem->stage, reason),
						text != NULL ? text : "unknown error of OpenSSL");
	ERR_clear_error();
}
