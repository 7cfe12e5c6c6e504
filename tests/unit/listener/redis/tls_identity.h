/*-------------------------------------------------------------------------
 *
 * tls_identity.h
 *	  Certificates with their keys, made by the test.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_TLS_IDENTITY_H
#define UNCACHED_TLS_IDENTITY_H

#include <check.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TLS_DAY_S 86400L

typedef struct TlsIdentity
{
	EVP_PKEY   *key;
	X509	   *certificate;
} TlsIdentity;

/* From and to when it is valid, in seconds from now on. */
typedef struct TlsValidity
{
	long		from_s;
	long		to_s;
} TlsValidity;

static const TlsValidity tls_valid_now = {-TLS_DAY_S, TLS_DAY_S};

static inline void
tls_identity_extend(X509 *certificate, int type, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, type, value);

	ck_assert_ptr_nonnull(extension);
	ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* As OpenSSL 1.1.1 makes one, too. */
static inline EVP_PKEY *
tls_identity_make_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY   *key = NULL;

	ck_assert_int_eq(EVP_PKEY_keygen_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1), 1);
	ck_assert_int_eq(EVP_PKEY_keygen(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

/*
 * names as OpenSSL writes them, "DNS:redis.test,IP:::1"; NULL makes a CA.  Without an
 * issuer it signs itself.
 */
static inline TlsIdentity
tls_identity_make(const char *name, const char *names, const TlsIdentity *issuer, TlsValidity validity)
{
	static long serial = 0;
	TlsIdentity made = {.key = tls_identity_make_key(),.certificate = X509_new()};
	X509_NAME  *subject = X509_get_subject_name(made.certificate);

	ck_assert_ptr_nonnull(made.key);
	ck_assert_int_eq(X509_set_version(made.certificate, 2), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial), 1);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) name,
												-1, -1, 0), 1);
	ck_assert_int_eq(X509_set_issuer_name(made.certificate, issuer == NULL ? subject :
										  X509_get_subject_name(issuer->certificate)), 1);
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(made.certificate), validity.from_s));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(made.certificate), validity.to_s));
	ck_assert_int_eq(X509_set_pubkey(made.certificate, made.key), 1);
	if (names == NULL)
		tls_identity_extend(made.certificate, NID_basic_constraints, "critical,CA:TRUE");
	else if (*names != '\0')
		tls_identity_extend(made.certificate, NID_subject_alt_name, names);
	ck_assert_int_gt(X509_sign(made.certificate, issuer == NULL ? made.key : issuer->key, EVP_sha256()), 0);
	return made;
}

static inline void
tls_identity_free(TlsIdentity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

/* A new file, to be closed by the caller. */
static inline FILE *
tls_identity_create(const char *path, int mode)
{
	int			fd;

	(void) unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, (mode_t) mode), 0);
	return fdopen(fd, "w");
}

/* Either may be NULL. */
static inline void
tls_identity_write(const char *path, int mode, X509 *certificate, EVP_PKEY *key,
				   const char *passphrase)
{
	FILE	   *file = tls_identity_create(path, mode);

	if (certificate != NULL)
		ck_assert_int_eq(PEM_write_X509(file, certificate), 1);
	if (key != NULL)
		ck_assert_int_eq(PEM_write_PKCS8PrivateKey(file, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
												   NULL, 0, NULL, (void *) (size_t) passphrase), 1);
	(void) fclose(file);
}

#endif
