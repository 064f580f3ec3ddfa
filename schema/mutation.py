"""What can be done, each with its refusals in the answer: a client finds every expected failure in the schema."""

from typing import Annotated

import strawberry

from schema import messages
from schema.booking_mutation import BookingMutation, Key, Whom, whom
from schema.card_mutation import CardMutation
from schema.catalogue_mutation import CatalogueMutation
from schema.context import Info
from schema.credential import Challenge, CredentialIssued, CredentialRefused, OnlineCode, from_text, to_text
from schema.desk_mutation import DeskMutation
from schema.fleet_mutation import FleetMutation, TariffMutation
from schema.guardian import GuardianMutation
from schema.identity import key_of
from schema.notice import NoticeMutation
from schema.own_data import OwnDataMutation
from schema.printed import PrintedMutation
from schema.provider_mutation import ProviderMutation
from schema.referral_mutation import ReferralMutation
from schema.registration import RegistrationMutation
from schema.reveal import Revealed, RevealRefused
from schema.scanner_mutation import ScannerMutation
from schema.session import (
    BindingCode,
    BindingCodeRefused,
    BindingRefused,
    CardBound,
    NotSignedIn,
    RefreshRefused,
    Session,
    SignedOut,
    Unlinked,
    UnlinkRefused,
    WechatRefused,
    signed_in,
)
from schema.staff_mutation import StaffMutation
from schema.tap import TapMutation
from schema.waitlist_mutation import WaitlistMutation
from services import binding, code_binding, credentials, reveals, sessions, unlinking
from services.binding import BindingRefusal, BindingRequest, CodeRefusal
from services.credentials import CredentialRefusal
from services.reveals import RevealField, RevealReason, RevealRefusal, RevealRequest
from services.sessions import RefreshRefusal
from services.wechat import WechatRefusal

SignInResult = Annotated[Session | WechatRefused, strawberry.union("SignInResult")]
RefreshResult = Annotated[Session | RefreshRefused, strawberry.union("RefreshResult")]
SignOutResult = Annotated[SignedOut | NotSignedIn, strawberry.union("SignOutResult")]
UnlinkResult = Annotated[Unlinked | UnlinkRefused | NotSignedIn, strawberry.union("UnlinkResult")]
BindCardResult = Annotated[CardBound | BindingRefused | WechatRefused | NotSignedIn, strawberry.union("BindCardResult")]
BindingCodeResult = Annotated[BindingCode | BindingCodeRefused | NotSignedIn, strawberry.union("BindingCodeResult")]
ChallengeResult = Annotated[Challenge | NotSignedIn, strawberry.union("ChallengeResult")]
CredentialResult = Annotated[CredentialIssued | CredentialRefused | NotSignedIn, strawberry.union("CredentialResult")]
OnlineCodeResult = Annotated[OnlineCode | CredentialRefused | NotSignedIn, strawberry.union("OnlineCodeResult")]

RevealResult = Annotated[Revealed | RevealRefused | NotSignedIn, strawberry.union("RevealResult")]


@strawberry.input(description="Whose card, and the proof: WeChat's phone code or a clerk's one-time code, one of them.")
class BindCardInput:
    """What the applicant fills in."""

    name: str = strawberry.field(description="The holder's name; a guardian gives her own.")
    card_number: str = strawberry.field(description="The number on the card; spaces and hyphens do not matter.")
    phone_code: str | None = strawberry.field(default=None, description="The code of WeChat's getPhoneNumber button.")
    clerk_code: str | None = strawberry.field(default=None, description="The code that a clerk gave.")


@strawberry.type(description="What can be done.")
class Mutation(
    BookingMutation,
    WaitlistMutation,
    DeskMutation,
    CatalogueMutation,
    ProviderMutation,
    ReferralMutation,
    NoticeMutation,
    CardMutation,
    FleetMutation,
    ScannerMutation,
    TariffMutation,
    GuardianMutation,
    OwnDataMutation,
    PrintedMutation,
    RegistrationMutation,
    StaffMutation,
    TapMutation,
):
    """The root of all mutations."""

    @strawberry.mutation(description="Sign in with the code of wx.login; the account is made when it is new.")
    async def sign_in_with_wechat(self, info: Info, code: str) -> SignInResult:
        """A session."""
        try:
            return Session.of(await sessions.sign_in(info.context.resources, code))
        except WechatRefusal as refusal:
            return WechatRefused.of(refusal)

    @strawberry.mutation(description="Exchange a refresh token for the next; a retry carries the same key.")
    async def refresh_session(self, info: Info, refresh_token: str, key: Key) -> RefreshResult:
        """The next tokens."""
        refreshed = await sessions.refresh(info.context.resources, refresh_token, key)
        return RefreshRefused.of(refreshed) if isinstance(refreshed, RefreshRefusal) else Session.of(refreshed)

    @strawberry.mutation(description="End the session on this phone.")
    async def sign_out(self, info: Info) -> SignOutResult:
        """The end of the session."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        await sessions.sign_out(info.context.resources, signed.viewer)
        return SignedOut()

    @strawberry.mutation(description="End every session of the account, this one included.")
    async def sign_out_everywhere(self, info: Info) -> SignOutResult:
        """The end of all sessions."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        await sessions.sign_out_everywhere(info.context.resources, signed.viewer)
        return SignedOut(message=messages.SIGNED_OUT_EVERYWHERE)

    @strawberry.mutation(description="Untie the account from its own resident or a ward; all passes of that one end.")
    async def unlink_resident(self, info: Info, resident_id: strawberry.ID) -> UnlinkResult:
        """The end of the tie."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        refusal = await unlinking.unlink(
            info.context.resources, signed.viewer, signed.people, key_of("Resident", resident_id)
        )
        return UnlinkRefused.of(refusal) if refusal else Unlinked()

    @strawberry.mutation(description="Tie the account to the register, as the holder of a card or as her guardian.")
    async def bind_card(
        self, info: Info, request: Annotated[BindCardInput, strawberry.argument(name="input")]
    ) -> BindCardResult:
        """The binding."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        asked = BindingRequest(request.name, request.card_number, request.phone_code, request.clerk_code)
        try:
            bound = await binding.bind_card(info.context.resources, signed.viewer, asked)
        except WechatRefusal as refusal:
            return WechatRefused.of(refusal)
        return BindingRefused.of(bound) if isinstance(bound, BindingRefusal) else CardBound.of(bound)

    @strawberry.mutation(description="For clerks: a one-time code for a person who stands before them.")
    async def issue_binding_code(
        self,
        info: Info,
        card_number: str | None = None,
        resident_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="In the place of a card's number, for who has none.")
        ] = None,
    ) -> BindingCodeResult:
        """The code, shown once."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        resources, people = info.context.resources, signed.people
        code = (
            await code_binding.issue_code_for(resources, people, key_of("Resident", resident_id))
            if resident_id is not None
            else await binding.issue_binding_code(resources, people, card_number or "")
        )
        return BindingCodeRefused.of(code) if isinstance(code, CodeRefusal) else BindingCode.of(code)

    @strawberry.mutation(
        description="For staff: one full value of a resident in their area; she sees who asked, and why."
    )
    async def reveal(
        self,
        info: Info,
        resident_id: strawberry.ID,
        field: RevealField,
        reason: RevealReason,
        note: Annotated[
            str, strawberry.argument(description="What it is for, in a few words; 200 characters at most.")
        ],
    ) -> RevealResult:
        """The value."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        request = RevealRequest(key_of("Resident", resident_id), field, reason, note)
        shown = await reveals.reveal(info.context.resources, signed.people, request)
        return RevealRefused.of(shown) if isinstance(shown, RevealRefusal) else Revealed.of(shown)

    @strawberry.mutation(description="A nonce for the phone to sign before `issueCredential`.")
    async def credential_challenge(self, info: Info) -> ChallengeResult:
        """The nonce."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        return Challenge(challenge=to_text(credentials.new_challenge(info.context.resources, signed.viewer)))

    @strawberry.mutation(description="A pass for a phone that proves its key, new or renewed; bytes are base64url.")
    async def issue_credential(
        self, info: Info, holder_key: str, challenge: str, proof: str, resident_id: Whom = None
    ) -> CredentialResult:
        """The pass."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        issued = await credentials.issue_pass(
            info.context.resources,
            signed.viewer,
            signed.people,
            whom(resident_id),
            from_text(holder_key),
            from_text(challenge),
            from_text(proof),
        )
        return CredentialRefused.of(issued) if isinstance(issued, CredentialRefusal) else CredentialIssued.of(issued)

    @strawberry.mutation(description="A bearer code of half a minute, for a phone without a key.")
    async def online_code(self, info: Info, resident_id: Whom = None) -> OnlineCodeResult:
        """The code."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        code = await credentials.issue_online_code(
            info.context.resources, signed.viewer, signed.people, whom(resident_id)
        )
        return CredentialRefused.of(code) if isinstance(code, CredentialRefusal) else OnlineCode.of(code)
