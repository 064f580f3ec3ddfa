"""Passes, online codes, and their pictures."""

import base64
from datetime import datetime
from io import BytesIO

import qrcode
import strawberry
from qrcode.image.svg import SvgPathImage

from schema import messages
from schema.identity import to_id
from services.credentials import CredentialLine, CredentialRefusal, IssuedCode, IssuedPass

CredentialRefusalReason = strawberry.enum(
    CredentialRefusal, name="CredentialRefusalReason", description="Why no code was given."
)


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
        return cls(
            credential=Credential.of(issued.line), pass_=base64.urlsafe_b64encode(issued.token).decode().rstrip("=")
        )


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
    def svg(self) -> str:
        """Drawn only when asked for: it costs more than all the rest."""
        picture = qrcode.make(self.text, image_factory=SvgPathImage, error_correction=qrcode.ERROR_CORRECT_M)
        out = BytesIO()
        picture.save(out)
        return out.getvalue().decode()


@strawberry.type(description="No code was given.")
class CredentialRefused:
    """A typed refusal."""

    reason: CredentialRefusalReason
    message: str

    @classmethod
    def of(cls, reason: CredentialRefusal) -> "CredentialRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.CREDENTIAL[reason])
