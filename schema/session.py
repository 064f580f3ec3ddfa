"""Signing in, staying signed in, and tying the account to the register."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import strawberry

from domain.access import Viewer
from schema import messages
from schema.context import Info
from schema.identity import to_id
from schema.permission import FIELDS
from services import sessions
from services.binding import BindingRefusal, Bound, CodeRefusal, OneTimeCode
from services.people import People, SessionEnded
from services.sessions import RefreshRefusal, SignedIn
from services.unlinking import UnlinkRefusal
from services.wechat import WechatCodeInvalid, WechatRateLimited, WechatRefusal, WechatRisky

strawberry.enum(BindingRefusal, name="BindingRefusalReason", description="Why no card was bound.")
strawberry.enum(RefreshRefusal, name="RefreshRefusalReason", description="Why a session could not be continued.")
strawberry.enum(UnlinkRefusal, name="UnlinkRefusalReason", description="Why nothing was untied.")
strawberry.enum(CodeRefusal, name="CodeRefusalReason", description="Why there is no one-time code.")


@strawberry.enum(description="Why WeChat's proof was not taken.")
class WechatRefusalReason(StrEnum):
    """The kinds of `services.wechat.WechatRefusal`."""

    CODE_INVALID = "code_invalid"
    RATE_LIMITED = "rate_limited"
    RISKY = "risky"
    UNAVAILABLE = "unavailable"


@strawberry.type(
    description="A session: send the access token with each request, and exchange the refresh token when it ends."
)
class Session:
    """Fresh tokens."""

    access_token: str
    refresh_token: str
    expires_at: datetime = strawberry.field(description="When the access token ends.")

    @classmethod
    def of(cls, signed_in: SignedIn) -> "Session":
        """The tokens as they were made."""
        return cls(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_at=signed_in.expires_at,
        )


@strawberry.type(
    description="WeChat did not prove what was asked of it. Beside another refusal, ask for `wechatReason: reason`."
)
class WechatRefused:
    """A typed refusal."""

    reason: WechatRefusalReason
    message: str

    @classmethod
    def of(cls, refusal: WechatRefusal) -> "WechatRefused":
        """The refusal with its sentence."""
        match refusal:
            case WechatCodeInvalid():
                return cls(reason=WechatRefusalReason.CODE_INVALID, message=messages.WECHAT_CODE_INVALID)
            case WechatRateLimited():
                return cls(reason=WechatRefusalReason.RATE_LIMITED, message=messages.WECHAT_RATE_LIMITED)
            case WechatRisky():
                return cls(reason=WechatRefusalReason.RISKY, message=messages.WECHAT_RISKY)
            case _:
                return cls(reason=WechatRefusalReason.UNAVAILABLE, message=messages.WECHAT_UNAVAILABLE)


@strawberry.type(description="The session could not be continued: sign in again.")
class RefreshRefused:
    """A typed refusal."""

    reason: RefreshRefusal
    message: str

    @classmethod
    def of(cls, reason: RefreshRefusal) -> "RefreshRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.REFRESH[reason])


@strawberry.enum(description="What is missing.")
class SignInReason(StrEnum):
    """Why nobody counts as signed in."""

    NOBODY = "nobody"
    SESSION_ENDED = "session_ended"
    SECOND_FACTOR = "second_factor"


@strawberry.type(description="Nobody is signed in, the session was ended, or who works has to prove her second factor.")
class NotSignedIn:
    """A typed refusal."""

    missing: SignInReason
    message: str

    @classmethod
    def of(cls, missing: SignInReason) -> "NotSignedIn":
        """The refusal with its sentence."""
        return cls(missing=missing, message=messages.SIGN_IN[missing])


@dataclass(frozen=True)
class Signed:
    """The viewer of a request, whose session is still open, with her people."""

    viewer: Viewer
    people: People


async def signed_in(info: Info) -> Signed | NotSignedIn:
    """Who is signed in; a session that was ended since its token was given counts as none.

    What is done at work alone, nobody does without her second factor: she is told so, and is nobody's colleague until
    then. What she does for herself and her family is hers without it.
    """
    viewer = info.context.viewer
    if viewer is None:
        return NotSignedIn.of(SignInReason.SESSION_ENDED if info.context.token_refused else SignInReason.NOBODY)
    try:
        people = await info.context.people()
    except SessionEnded:
        return NotSignedIn.of(SignInReason.SESSION_ENDED)
    access = FIELDS.get(info.field_name)
    if (
        people.proven_until is None
        and access is not None
        and access.needs_second_factor(
            has_family=people.has_family,
            is_staff=people.unproven is not None,
            at_desk=people.desk is not None,
            at_operator=people.operator is not None,
        )
    ):
        return NotSignedIn.of(SignInReason.SECOND_FACTOR)
    return Signed(viewer, people)


@strawberry.type(description="The session was ended, on this phone or on all.")
class SignedOut:
    """The end of a session."""

    message: str = messages.SIGNED_OUT


@strawberry.type(description="A phone on which the account is signed in.")
class OpenSession:
    """A session that can go on."""

    started_at: datetime
    used_at: datetime
    is_this: bool = strawberry.field(description="Whether it is the session of this request.")

    @classmethod
    def of(cls, session: sessions.OpenSession, viewer: Viewer) -> "OpenSession":
        """The session of a loaded row."""
        return cls(started_at=session.started_at, used_at=session.used_at, is_this=session.id == viewer.session_id)


@strawberry.type(description="The account is no longer tied to that resident.")
class Unlinked:
    """The end of a tie."""

    message: str = messages.UNLINKED


@strawberry.type(description="Nothing was untied.")
class UnlinkRefused:
    """A typed refusal."""

    reason: UnlinkRefusal
    message: str

    @classmethod
    def of(cls, reason: UnlinkRefusal) -> "UnlinkRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.UNLINK[reason])


@strawberry.type(description="The account is tied to the register.")
class CardBound:
    """Whom the account may act for now."""

    resident_id: strawberry.ID
    as_guardian: bool = strawberry.field(description="Whether the account is the guardian's, not the resident's own.")

    @classmethod
    def of(cls, bound: Bound) -> "CardBound":
        """The binding as it was made."""
        return cls(resident_id=to_id("Resident", bound.resident_id), as_guardian=bound.as_guardian)


@strawberry.type(description="No card was bound.")
class BindingRefused:
    """A typed refusal; NOT_MATCHED tells nothing about the register."""

    reason: BindingRefusal
    message: str

    @classmethod
    def of(cls, reason: BindingRefusal) -> "BindingRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.BINDING[reason])


@strawberry.type(description="A one-time code for a resident without the register's phone; it is shown once.")
class BindingCode:
    """A clerk's code."""

    code: str
    masked_name: str
    expires_at: datetime

    @classmethod
    def of(cls, code: OneTimeCode) -> "BindingCode":
        """The code as it was made."""
        return cls(code=code.code, masked_name=code.masked_name, expires_at=code.expires_at)


@strawberry.type(description="There is no one-time code.")
class BindingCodeRefused:
    """A typed refusal."""

    reason: CodeRefusal
    message: str

    @classmethod
    def of(cls, reason: CodeRefusal) -> "BindingCodeRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.BINDING_CODE[reason])
