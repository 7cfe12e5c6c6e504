/*-------------------------------------------------------------------------
 *
 * redis_tls_files.c
 *	  The files that TLS needs: CAs, the client's certificate, its private key.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A bundle of all CAs there are has 0.2 MB. */
#define FILE_BYTES_MAX ((off_t) 8 * 1024 * 1024)

/* A file that is being read, and where to say what is wrong with it. */
typedef struct TlsFile
{
	const char *setting;		/* borrowed; its name */
	const char *path;			/* borrowed */
	char	   *bytes;			/* owned; NULL while it is not read */
	size_t		byte_count;
	char	   *problem;		/* borrowed */
	size_t		problem_bytes;
} TlsFile;

/* Returns false. */
static bool
refuse(const TlsFile *file, const char *expected, const char *reason)
{
	(void) snprintf(file->problem, file->problem_bytes, "%s: expected %s%s%s: %s", file->setting,
					expected, *reason != '\0' ? ": " : "", reason, file->path);
	return false;
}

static bool
refuse_memory(const TlsFile *file)
{
	(void) snprintf(file->problem, file->problem_bytes, "out of memory");
	return false;
}

/* --- reading --- */

static bool
read_bytes(TlsFile *file, int fd, size_t room)
{
	file->bytes = malloc(room + 1);
	if (file->bytes == NULL)
		return refuse_memory(file);
	while (file->byte_count < room)
	{
		ssize_t		got = read(fd, file->bytes + file->byte_count, room - file->byte_count);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse(file, "a readable file", strerror(errno));
		if (got == 0)
			break;
		file->byte_count += (size_t) got;
	}
	return true;
}

static bool
read_open_file(TlsFile *file, int fd, bool is_secret)
{
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		return refuse(file, "a readable file", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(file, "a regular file", "");
	if (is_secret && (status.st_mode & S_IROTH) != 0)
		return refuse(file, "a private key that not everybody can read; chmod o-r helps", "");
	if (status.st_size > FILE_BYTES_MAX)
		return refuse(file, "a file of at most 8 MB", "");
	return read_bytes(file, fd, (size_t) status.st_size);
}

static bool
read_file(TlsFile *file, bool is_secret)
{
	/* without O_NONBLOCK, opening a FIFO waits for its other end */
	int			fd = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool		is_read = read_open_file(file, fd, is_secret);

	if (fd >= 0)
		(void) close(fd);
	return is_read;
}

static void
forget(TlsFile *file)
{
	if (file->bytes != NULL)
		explicit_bzero(file->bytes, file->byte_count);
	free(file->bytes);
	file->bytes = NULL;
	file->byte_count = 0;
}

static BIO *
open_bytes(const TlsFile *file)
{
	return BIO_new_mem_buf(file->bytes, (int) file->byte_count);
}

/* --- what is in them --- */

/* Is the error that the file has no further certificate? */
static bool
is_at_end(void)
{
	unsigned long error = ERR_peek_last_error();

	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* Nobody is asked for a passphrase: there is no terminal, and the loop must not wait. */
static int
refuse_passphrase(char *buffer, int buffer_bytes, int is_writing, void *context)
{
	(void) buffer;
	(void) buffer_bytes;
	(void) is_writing;
	(void) context;
	return 0;
}

typedef bool (*TakeCertificate) (SSL_CTX *context, X509 *certificate, size_t index);

/* Hands out the certificates in their order; at least one. */
static bool
take_certificates(const TlsFile *file, SSL_CTX *context, TakeCertificate take)
{
	BIO		   *bio = open_bytes(file);
	X509	   *certificate;
	size_t		count = 0;
	bool		is_taken = true;
	bool		is_whole;

	if (bio == NULL)
		return refuse_memory(file);
	ERR_clear_error();
	while (is_taken &&
		   (certificate = PEM_read_bio_X509_AUX(bio, NULL, refuse_passphrase, NULL)) != NULL)
	{
		is_taken = take(context, certificate, count++);
		X509_free(certificate);
	}
	is_whole = !is_taken || is_at_end();
	(void) BIO_free(bio);
	if (is_taken && is_whole && count > 0)
		return true;
	return refuse(file, is_taken ? "certificates in PEM form" : "a certificate that OpenSSL accepts",
				  is_taken ? "" : ERR_reason_error_string(ERR_peek_last_error()));
}

/* The same one twice is fine. */
static bool
trust(SSL_CTX *context, X509 *certificate, size_t index)
{
	(void) index;
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1;
}

/* The first is the client's own. */
static bool
present(SSL_CTX *context, X509 *certificate, size_t index)
{
	if (index == 0)
		return SSL_CTX_use_certificate(context, certificate) == 1;
	return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

static bool
use_key(const TlsFile *file, SSL_CTX *context)
{
	BIO		   *bio = open_bytes(file);
	EVP_PKEY   *key;
	bool		is_used = true;

	if (bio == NULL)
		return refuse_memory(file);
	ERR_clear_error();
	key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL);
	if (key == NULL)
		is_used = refuse(file, "a private key in PEM form, without a passphrase", "");
	else if (SSL_CTX_use_PrivateKey(context, key) != 1 || SSL_CTX_check_private_key(context) != 1)
		is_used = refuse(file, "the private key of the certificate in tls_cert_file", "");
	EVP_PKEY_free(key);
	(void) BIO_free(bio);
	return is_used;
}

/* --- whom to trust, who the client is --- */

static bool
load_authorities(const UrlTls *tls, SSL_CTX *context, TlsFile *file)
{
	bool		is_loaded;

	/* what nobody verifies needs no CA */
	if (tls->verify == URL_VERIFY_NONE)
		return true;
	if (tls->ca_file == NULL)
		return SSL_CTX_set_default_verify_paths(context) == 1 || refuse_memory(file);
	file->setting = "tls_ca_file";
	file->path = tls->ca_file;
	is_loaded = read_file(file, false) && take_certificates(file, context, trust);
	forget(file);

	/*
	 * who puts an intermediate CA or a server's own certificate there trusts
	 * it
	 */
	return is_loaded &&
		(X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN) == 1 ||
		 refuse_memory(file));
}

static bool
load_client(const UrlTls *tls, SSL_CTX *context, TlsFile *file)
{
	bool		is_loaded;

	if (tls->cert_file == NULL)
		return true;
	file->setting = "tls_cert_file";
	file->path = tls->cert_file;
	is_loaded = read_file(file, tls->key_file == NULL) && take_certificates(file, context, present);
	if (is_loaded && tls->key_file == NULL)
		is_loaded = use_key(file, context);
	forget(file);
	if (!is_loaded || tls->key_file == NULL)
		return is_loaded;
	file->setting = "tls_key_file";
	file->path = tls->key_file;
	is_loaded = read_file(file, true) && use_key(file, context);
	forget(file);
	return is_loaded;
}

bool
redis_tls_files_load(const UrlTls *tls, SSL_CTX *context, char *problem, size_t problem_bytes)
{
	TlsFile		file = {.problem = problem,.problem_bytes = problem_bytes};

	return load_authorities(tls, context, &file) && load_client(tls, context, &file);
}
