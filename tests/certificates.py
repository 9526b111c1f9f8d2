"""Test support: an authority of one's own, as the union may have, and a server's certificate from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOLDS = (-1, 30)


class Authority:
    """Writes `NAME-ca.pem` at once, and certificates on demand, into the folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = dict.fromkeys(USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
        made = (
            self._begin(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / f"{name}-ca.pem"
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    def certify(self, host: str, holds: tuple[int, int] = HOLDS) -> tuple[Path, Path]:
        """Files of a certificate for that host and of its key; `holds`: from and until so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            self._begin(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key(), holds)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        cert, private = self._folder / f"{host}.pem", self._folder / f"{host}.key"
        cert.write_bytes(made.public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return cert, private

    def itself(self) -> tuple[Path, Path]:
        """Files of the authority's own certificate, which is signed by itself, and of its key."""
        private = self._folder / "itself.key"
        private.write_bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return self.file, private

    def _begin(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, holds: tuple[int, int] = HOLDS
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=holds[0]))
            .not_valid_after(now + timedelta(days=holds[1]))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
