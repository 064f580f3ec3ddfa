"""A holder's phone in a few lines of Python: signs in, binds a card, keeps a key and a pass, shows codes offline."""

import base64
import os
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from card.cose import SigningKey
from card.credential import prove
from card.presentation import encode_text, present

TIMEOUT_SECONDS: Final = 10
# A session is renewed a little early, and a pass daily, as the mini program does.
SESSION_MARGIN: Final = timedelta(seconds=30)
PASS_RENEWAL: Final = timedelta(days=1)
NONE_YET: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")

SIGN_IN: Final = """
mutation ($code: String!) { answer: signInWithWechat(code: $code) {
  __typename ... on Session { accessToken refreshToken expiresAt } ... on WechatRefused { reason message } } }
"""
REFRESH: Final = """
mutation ($token: String!, $key: IdempotencyKey!) { answer: refreshSession(refreshToken: $token, key: $key) {
  __typename ... on Session { accessToken refreshToken expiresAt } ... on RefreshRefused { reason message } } }
"""
BIND: Final = """
mutation ($input: BindCardInput!) { answer: bindCard(input: $input) {
  __typename ... on CardBound { residentId asGuardian } ... on NotSignedIn { message }
  ... on BindingRefused { reason message } ... on WechatRefused { wechatReason: reason message } } }
"""
CHALLENGE: Final = """
mutation { answer: credentialChallenge { __typename ... on Challenge { challenge } ... on NotSignedIn { message } } }
"""
ISSUE: Final = """
mutation ($key: String!, $challenge: String!, $proof: String!, $resident: ID) {
  answer: issueCredential(holderKey: $key, challenge: $challenge, proof: $proof, residentId: $resident) {
  __typename ... on CredentialIssued { pass credential { expiresAt } } ... on NotSignedIn { message }
  ... on CredentialRefused { reason message } } }
"""


class PhoneRefused(Exception):
    """The server refused, with its own sentence; `kind` is the type of its answer, `reason` its word if it has one."""

    def __init__(self, kind: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.reason = reason


class ServerAway(Exception):
    """The server cannot be reached or cannot answer now; a phone with a valid pass goes on showing codes."""


class Memory(msgspec.Struct):
    """What a phone keeps between starts; `resident_id` is whose pass it shows, her own or a ward's."""

    seed: bytes
    access_token: str = ""
    access_until: datetime = NONE_YET
    refresh_token: str = ""
    resident_id: str | None = None
    pass_token: bytes = b""
    pass_from: datetime = NONE_YET
    pass_until: datetime = NONE_YET

    @classmethod
    def new(cls) -> "Memory":
        """The memory of a phone with a fresh key and nothing else."""
        return cls(SigningKey.generate().seed)

    @classmethod
    def read(cls, file: Path) -> "Memory":
        """The memory kept in a file, or a new one where there is none."""
        return msgspec.json.decode(file.read_bytes(), type=cls) if file.exists() else cls.new()

    def write(self, file: Path) -> None:
        """Keep it where only the caller may read it, as a phone keeps its key."""
        unfinished = file.with_suffix(".new")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(msgspec.json.encode(self))
        unfinished.replace(file)


class Phone:
    """One phone that talks to the server behind `client` (its base URL), at instants that the caller gives."""

    def __init__(self, client: httpx.Client, memory: Memory) -> None:
        self._client = client
        self._key = SigningKey.from_seed(memory.seed)
        self.memory = memory

    def sign_in(self, code: str) -> None:
        """Begin a session with a code of wx.login.

        Raises:
            PhoneRefused: the code is not accepted.
        """
        self._keep_session(self._answer(SIGN_IN, {"code": code}, "Session"))

    def bind(
        self, name: str, card_number: str, *, phone_code: str | None = None, clerk_code: str | None = None
    ) -> None:
        """Tie the account to a card, as its holder or as her guardian, by a phone code or a clerk's code.

        Raises:
            PhoneRefused: for any reason that the server has.
        """
        filled = {"name": name, "cardNumber": card_number, "phoneCode": phone_code, "clerkCode": clerk_code}
        self.memory.resident_id = self._answer(BIND, {"input": filled}, "CardBound")["residentId"]

    def renew_pass(self, at: datetime) -> None:
        """Fetch a pass for this phone's key, proving that it holds the key.

        Raises:
            PhoneRefused: the session ended, or the resident gets no pass.
            ServerAway: see there.
        """
        self._renew_session(at)
        challenge = self._answer(CHALLENGE, {}, "Challenge")["challenge"]
        asked = {
            "key": _to_text(self._key.verifying_key.public),
            "challenge": challenge,
            "proof": _to_text(prove(_from_text(challenge), self._key)),
            "resident": self.memory.resident_id,
        }
        issued = self._answer(ISSUE, asked, "CredentialIssued")
        self.memory.pass_token = _from_text(issued["pass"])
        self.memory.pass_from = at
        self.memory.pass_until = datetime.fromisoformat(issued["credential"]["expiresAt"])

    def needs_pass(self, at: datetime) -> bool:
        """Whether a pass should be fetched when the server can be reached."""
        return at >= min(self.memory.pass_from + PASS_RENEWAL, self.memory.pass_until)

    def show(self, at: datetime) -> str:
        """The text of a code that is fresh at an instant; needs no network, only a pass."""
        return encode_text(present(self.memory.pass_token, self._key, at))

    def ask(self, document: str, variables: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        """The data of any operation in this phone's session.

        Raises:
            PhoneRefused: the session ended, or the document was refused.
        """
        self._renew_session(at)
        return self._run(document, variables)

    def _renew_session(self, at: datetime) -> None:
        if at >= self.memory.access_until - SESSION_MARGIN:
            asked = {"token": self.memory.refresh_token, "key": str(uuid.uuid4())}
            self._keep_session(self._answer(REFRESH, asked, "Session"))

    def _keep_session(self, session: Mapping[str, Any]) -> None:
        self.memory.access_token = session["accessToken"]
        self.memory.refresh_token = session["refreshToken"]
        self.memory.access_until = datetime.fromisoformat(session["expiresAt"])

    def _answer(self, document: str, variables: Mapping[str, Any], expected: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._run(document, variables)["answer"]
        if answer["__typename"] != expected:
            reason = answer.get("reason") or answer.get("wechatReason") or ""
            raise PhoneRefused(answer["__typename"], reason, answer["message"])
        return answer

    def _run(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.memory.access_token}"} if self.memory.access_token else {}
        body = {"query": document, "variables": dict(variables)}
        try:
            response = self._client.post("/graphql", json=body, headers=headers, timeout=TIMEOUT_SECONDS)
            answer = response.json()
        except (httpx.TransportError, ValueError) as error:
            raise ServerAway from error
        if response.is_server_error:
            raise ServerAway
        if errors := answer.get("errors"):
            raise PhoneRefused("error", errors[0].get("extensions", {}).get("code", ""), errors[0]["message"])
        data: dict[str, Any] = answer["data"]
        return data


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _from_text(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
