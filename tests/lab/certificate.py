"""A certificate for 127.0.0.1 that has signed itself, made by openssl."""

import os

from lab import processes


class Certificate:
    """Its files are in "directory", and belong to the server's user."""

    def __init__(self, directory, user=None):
        self.file = directory / "certificate.pem"
        self.key_file = directory / "certificate.key"
        processes.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", 2, "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", self.key_file, "-out", self.file,
        ])
        if user is not None:
            os.chown(self.key_file, user.pw_uid, user.pw_gid)
