"""Passes, online codes, and their pictures."""

import asyncio
import base64
import binascii
from datetime import datetime
from io import BytesIO

import qrcode
import strawberry
from qrcode.image.svg import SvgPathImage

from schema import messages
from schema.identity import to_id
from services.credentials import CredentialLine, CredentialRefusal, IssuedCode, IssuedPass

strawberry.enum(CredentialRefusal, name="CredentialRefusalReason", description="Why no code was given.")


@strawberry.type(description="A phone that may show passes.")
class Credential:
    """A line of passes for one phone."""

    id: strawberry.ID
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, line: CredentialLine) -> "Credential":
        """The line of a loaded row."""
        return cls(
            id=to_id("Credential", line.id),
            issued_at=line.issued_at,
            expires_at=line.expires_at,
            revoked_at=line.revoked_at,
        )


def draw(text: str) -> str:
    """The QR code of a text as SVG, at error correction M."""
    picture = qrcode.make(text, image_factory=SvgPathImage, error_correction=qrcode.ERROR_CORRECT_M)
    out = BytesIO()
    picture.save(out)
    return out.getvalue().decode()


def to_text(raw: bytes) -> str:
    """Bytes as the API carries them: base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """The bytes of such a text; none for a text that is no base64url, which no check on them will then accept."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


@strawberry.type(description="A nonce to sign with the phone's key, good for a few minutes.")
class Challenge:
    """What `issueCredential` wants signed."""

    challenge: str = strawberry.field(description="Bytes in base64url, to be signed as they are.")


@strawberry.type(
    description="A pass for the phone whose key was proven; the phone signs each code it shows with that key."
)
class CredentialIssued:
    """A fresh pass."""

    credential: Credential
    pass_: str = strawberry.field(name="pass", description="The pass: COSE bytes in base64url.")

    @classmethod
    def of(cls, issued: IssuedPass) -> "CredentialIssued":
        """The pass as text that JSON carries."""
        return cls(credential=Credential.of(issued.line), pass_=to_text(issued.token))


@strawberry.type(description="A code to show at once: as text, and drawn.")
class OnlineCode:
    """A bearer code of half a minute."""

    text: str
    expires_at: datetime

    @classmethod
    def of(cls, code: IssuedCode) -> "OnlineCode":
        """The code as it was issued."""
        return cls(text=code.text, expires_at=code.expires_at)

    @strawberry.field(description="The code as a QR picture (SVG), black on white with its quiet zone.")
    async def svg(self) -> str:
        """Drawn only when asked for, and beside the event loop: it takes longer than all the rest."""
        return await asyncio.to_thread(draw, self.text)


@strawberry.type(description="No code was given.")
class CredentialRefused:
    """A typed refusal."""

    reason: CredentialRefusal
    message: str

    @classmethod
    def of(cls, reason: CredentialRefusal) -> "CredentialRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.CREDENTIAL[reason])
