"""Presentations and texts: both signatures hold, no character is free to change, and the cache changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import base45
import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import encode
from card.cose import SigningKey, sign1
from card.credential import CredentialClaims, CredentialKind, StatusReference, issue, verify_credential
from card.presentation import PassCache, decode_text, encode_text, present, verify_token
from card.refusal import CredentialRefused, RefusalReason

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
ISSUER, HOLDER, STRANGER = (SigningKey.from_seed(bytes((seed,)) * 32) for seed in (1, 2, 3))
KEYS = {ISSUER.kid: ISSUER.verifying_key}
PASS = CredentialClaims(
    cti=b"",
    kind=CredentialKind.PASS,
    pseudonym=bytes(16),
    access_classes=("ride", "venue"),
    issued_at=AT,
    expires_at=AT + timedelta(days=7),
    holder_key=HOLDER.verifying_key.public,
    status=StatusReference("sdc:1", 1_000_000),
    masked_name=None,
)
PRINTED = replace(PASS, kind=CredentialKind.PRINTED, holder_key=None, masked_name="王**")
TOKEN = issue(PASS, ISSUER)
SHOWN = encode_text(present(TOKEN, HOLDER, AT))
CODE = encode_text(issue(PRINTED, ISSUER))


def refusal_of(text: str) -> RefusalReason:
    """Why a text is not accepted."""
    with pytest.raises(CredentialRefused) as refusal:
        verify_token(text, KEYS)
    return refusal.value.reason


def test_a_presentation_holds_the_pass_and_its_time() -> None:
    """Both levels are verified, and the time is the phone's in whole seconds."""
    token = verify_token(encode_text(present(TOKEN, HOLDER, AT + timedelta(microseconds=5))), KEYS)

    assert token.credential.claims == PASS
    assert token.presented_at == AT


def test_a_bearer_code_was_presented_by_nobody() -> None:
    """Its identity is the credential's own."""
    token = verify_token(CODE, KEYS)

    assert token.credential.claims == PRINTED
    assert token.presented_at is None
    assert token.identity == token.credential.identity


def test_each_presentation_is_another_token_of_one_credential() -> None:
    """A gate remembers presentations one by one, and counts the credential once."""
    first, second = (verify_token(encode_text(present(TOKEN, HOLDER, at)), KEYS) for at in (AT, AT + timedelta(0, 1)))

    assert first.identity != second.identity
    assert first.credential.identity == second.credential.identity


@given(st.sampled_from([SHOWN, CODE]), st.data())
def test_one_changed_character_is_refused(text: str, data: st.DataObject) -> None:
    """Whatever a character is replaced with, removed or inserted, the text is refused with a reason."""
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters() | st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"))
    width = data.draw(st.integers(0, 1))
    changed = text[:place] + character + text[place + width :]
    removed = text[:place] + text[place + 1 :]

    if changed != text:
        assert refusal_of(changed) in RefusalReason
    assert refusal_of(removed) in RefusalReason


@given(st.sampled_from([SHOWN, CODE]), st.data())
def test_one_changed_byte_is_refused(text: str, data: st.DataObject) -> None:
    """No byte at either level is free to change."""
    token = bytearray(decode_text(text))
    place = data.draw(st.integers(0, len(token) - 1))
    token[place] ^= data.draw(st.integers(1, 255))

    assert refusal_of(encode_text(bytes(token))) in RefusalReason


@given(st.binary(max_size=4_096) | st.text().map(str.encode))
def test_arbitrary_bytes_and_texts_raise_refusals_only(raw: bytes) -> None:
    """As a token within a text, as a text, and within the parts of a presentation."""
    texts = (
        encode_text(raw),
        raw.decode("latin-1"),
        "SDC1:" + raw.decode("latin-1"),
        encode_text(sign1(raw, ISSUER)),
        encode_text(sign1(raw, HOLDER, certificate=TOKEN)),
        encode_text(sign1(encode({6: 1}), HOLDER, certificate=raw)),
    )

    assert {refusal_of(text) for text in texts} <= set(RefusalReason)


@given(st.binary(max_size=300))
def test_text_is_base_45_as_a_stranger_writes_and_reads_it(token: bytes) -> None:
    """Ours and the library's base 45 agree in both directions."""
    text = encode_text(token)

    assert text == "SDC1:" + base45.b45encode(token).decode()
    assert decode_text(text) == token


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=12))
def test_what_a_stranger_cannot_read_we_do_not_read(body: str) -> None:
    """Values beyond two bytes and single characters at the end are refused by both."""
    try:
        expected = base45.b45decode(body)
    except ValueError:
        with pytest.raises(CredentialRefused):
            decode_text("SDC1:" + body)
        return

    assert decode_text("SDC1:" + body) == expected
    assert encode_text(expected) == "SDC1:" + body


def _refused() -> Iterator[tuple[str, RefusalReason]]:
    online = issue(replace(PRINTED, kind=CredentialKind.ONLINE), ISSUER)
    yield "SDC1:" + "0" * 1_020, RefusalReason.TOO_LARGE
    yield SHOWN.lower(), RefusalReason.MALFORMED
    yield SHOWN.replace("SDC1", "SDC2"), RefusalReason.MALFORMED
    yield SHOWN + "\n", RefusalReason.MALFORMED
    yield "SDC1:é00", RefusalReason.MALFORMED
    yield "SDC1:::", RefusalReason.MALFORMED
    yield "SDC1::::", RefusalReason.MALFORMED
    yield encode_text(TOKEN), RefusalReason.NOT_PRESENTED
    yield encode_text(present(TOKEN, STRANGER, AT)), RefusalReason.BAD_SIGNATURE
    yield encode_text(present(issue(PASS, STRANGER), HOLDER, AT)), RefusalReason.UNKNOWN_KEY
    yield encode_text(present(online, HOLDER, AT)), RefusalReason.MALFORMED
    yield encode_text(present(present(TOKEN, HOLDER, AT), HOLDER, AT)), RefusalReason.UNKNOWN_KEY
    payloads: list[Any] = [{}, {6: -1}, {6: 1 << 32}, {6: "1"}, {6: 1, 7: 1}, []]
    for payload in payloads:
        yield encode_text(sign1(encode(payload), HOLDER, certificate=TOKEN)), RefusalReason.MALFORMED


@pytest.mark.parametrize(("text", "reason"), list(_refused()))
def test_other_texts_are_refused_with_their_reason(text: str, reason: RefusalReason) -> None:
    """Lengths, prefixes, alphabets, passes shown bare, strangers, and presentations of what is no pass."""
    assert refusal_of(text) is reason


def test_a_cached_pass_is_not_verified_again_and_answers_the_same() -> None:
    """The answer with the cache is the answer without it; the credential is the very one remembered."""
    cache = PassCache()
    first = verify_token(SHOWN, KEYS, cache)

    again = verify_token(SHOWN, KEYS, cache)

    assert again == first == verify_token(SHOWN, KEYS)
    assert again.credential is first.credential
    assert len(cache) == 1


def test_a_cached_pass_still_needs_the_phones_signature() -> None:
    """Only the issuer's half is remembered."""
    cache = PassCache()
    verify_token(SHOWN, KEYS, cache)

    with pytest.raises(CredentialRefused) as refusal:
        verify_token(encode_text(present(TOKEN, STRANGER, AT)), KEYS, cache)

    assert refusal.value.reason is RefusalReason.BAD_SIGNATURE


@pytest.mark.parametrize("keys", [{}, {ISSUER.kid: STRANGER.verifying_key}])
def test_the_cache_does_not_outlive_the_trust_in_a_key(keys: dict[bytes, Any]) -> None:
    """A pass under a key that was withdrawn or replaced is refused although it was verified before."""
    cache = PassCache()
    verify_token(SHOWN, KEYS, cache)

    with pytest.raises(CredentialRefused):
        verify_token(SHOWN, keys, cache)


def test_the_cache_forgets_what_was_used_longest_ago_and_everything_when_told() -> None:
    """It never holds more than its capacity."""
    cache = PassCache(capacity=2)
    tokens = [issue(replace(PASS, cti=bytes((number,))), ISSUER) for number in range(3)]
    for token in (tokens[0], tokens[1], tokens[0], tokens[2]):
        if cache.find(token, KEYS) is None:
            cache.keep(token, ISSUER.verifying_key, verify_credential(token, KEYS))

    known = [cache.find(token, KEYS) is not None for token in tokens]
    cache.clear()

    assert known == [True, False, True]
    assert len(cache) == 0


def test_a_phone_without_any_time_is_read_all_the_same() -> None:
    """Seconds after the beginning of 1970, which take fewer bytes than any time of ours."""
    begun = datetime.fromtimestamp(1_000, UTC)

    assert verify_token(encode_text(present(TOKEN, HOLDER, begun)), KEYS).presented_at == begun
