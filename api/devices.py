"""What scanners ask over REST: the time, enrolment, the trust bundle, and a place for their scans."""

import asyncio
import base64
import binascii
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.auth import device_of_request
from api.body import gunzip, media_type, read_as, read_body
from api.current import Current
from api.etag import is_known
from api.problem import Problem, Reason, json_response, malformed
from card.scan import MAX_SCAN_BYTES
from schema import messages
from services.devices import Device, EnrolmentRefusal, enrol, rotate_key, signed_time, trust_bundle
from services.online import OnlineAnswer, verify_online
from services.resources import Resources
from services.taps import UploadAnswer, UploadRefusal, UploadRefused, upload

COSE = "application/cose"
CBOR = "application/cbor"
NONCE_LENGTHS = range(16, 33)
KEY_LENGTHS = range(32, 33)
PROOF_LENGTHS = range(64, 65)
MAX_CODE = 64


class _TimeRequest(msgspec.Struct):
    nonce: str


class _EnrolmentRequest(msgspec.Struct):
    code: str
    key: str
    proof: str


class _KeyRequest(msgspec.Struct):
    key: str
    proof: str


_STATUS = {
    UploadRefusal.MALFORMED: 400,
    UploadRefusal.TOO_MANY: 413,
    UploadRefusal.HEAD_INVALID: 422,
    UploadRefusal.FOREIGN: 422,
}


@dataclass(frozen=True)
class DeviceEndpoints:
    """The handlers under /v1."""

    current: Current

    @property
    def resources(self) -> Resources:
        """What the server serves with just now."""
        return self.current.resources

    def routes(self) -> list[Route]:
        """Where they stand."""
        return [
            Route("/v1/time", self.time, methods=["POST"]),
            Route("/v1/devices/enrol", self.enrol, methods=["POST"]),
            Route("/v1/devices/key", self.rotate, methods=["POST"]),
            Route("/v1/devices/bundle", self.bundle, methods=["GET"]),
            Route("/v1/devices/scans", self.scans, methods=["POST"]),
            Route("/v1/devices/verify", self.verify, methods=["POST"]),
        ]

    async def time(self, request: Request) -> Response:
        """The server's time, signed with the device's nonce; a device asks before it can sign in."""
        asked = await read_as(request, _TimeRequest, self.resources.settings)
        nonce = _bytes(asked.nonce, NONCE_LENGTHS)
        return Response(signed_time(self.resources, nonce), media_type=COSE)

    async def enrol(self, request: Request) -> Response:
        """Tie a key to the place that a code was made for."""
        asked = await read_as(request, _EnrolmentRequest, self.resources.settings)
        if len(asked.code) > MAX_CODE:
            raise malformed()
        key, proof = _bytes(asked.key, KEY_LENGTHS), _bytes(asked.proof, PROOF_LENGTHS)
        async with asyncio.timeout(self.resources.settings.request_seconds):
            device = await enrol(self.resources, asked.code, key, proof)
        if isinstance(device, EnrolmentRefusal):
            raise Problem(403, device, messages.ENROLMENT[device])
        return json_response(self._enrolled(device), 201)

    async def rotate(self, request: Request) -> Response:
        """Know the device by its next key; it signs in with the one before."""
        async with asyncio.timeout(self.resources.settings.request_seconds):
            device = await device_of_request(self.resources, request)
            asked = await read_as(request, _KeyRequest, self.resources.settings)
            key, proof = _bytes(asked.key, KEY_LENGTHS), _bytes(asked.proof, PROOF_LENGTHS)
            if not await rotate_key(self.resources, device, key, proof):
                refusal = EnrolmentRefusal.PROOF_INVALID
                raise Problem(403, refusal, messages.ENROLMENT[refusal])
        return Response(status_code=204)

    async def bundle(self, request: Request) -> Response:
        """The trust bundle, or 304 when the device's is still right."""
        async with asyncio.timeout(self.resources.settings.request_seconds):
            device = await device_of_request(self.resources, request)
            bundle = await trust_bundle(self.resources, device)
        headers = {"ETag": bundle.etag, "Cache-Control": "no-store"}
        if is_known(request, bundle.etag):
            return Response(status_code=304, headers=headers)
        return Response(bundle.signed(), headers=headers, media_type=COSE)

    async def scans(self, request: Request) -> Response:
        """Keep what a scanner wrote; each scan once, however often it comes."""
        settings = self.resources.settings
        device = await device_of_request(self.resources, request)
        if media_type(request)[0] != CBOR:
            raise Problem(415, Reason.UNSUPPORTED_TYPE, messages.UNSUPPORTED_TYPE)
        body = await read_body(request, settings.max_upload_bytes, settings.body_seconds)
        match request.headers.get("content-encoding", "identity").strip().lower():
            case "gzip":
                body = gunzip(body, settings.max_upload_bytes)
            case "identity":
                pass
            case _:
                raise Problem(415, Reason.UNSUPPORTED_TYPE, messages.UNSUPPORTED_TYPE)
        try:
            async with asyncio.timeout(settings.request_seconds):
                answer = await upload(self.resources, device, body)
        except UploadRefused as refused:
            raise Problem(_STATUS[refused.reason], refused.reason, messages.UPLOAD[refused.reason]) from None
        return json_response(_uploaded(answer))

    async def verify(self, request: Request) -> Response:
        """Judge one scan by what all gates know, and keep it before the answer."""
        settings = self.resources.settings
        device = await device_of_request(self.resources, request)
        if media_type(request)[0] != CBOR:
            raise Problem(415, Reason.UNSUPPORTED_TYPE, messages.UNSUPPORTED_TYPE)
        record = await read_body(request, MAX_SCAN_BYTES, settings.body_seconds)
        try:
            async with asyncio.timeout(settings.request_seconds):
                answer = await verify_online(self.resources, device, record)
        except UploadRefused as refused:
            raise Problem(_STATUS[refused.reason], refused.reason, messages.UPLOAD[refused.reason]) from None
        return json_response(_verified(answer))

    def _enrolled(self, device: Device) -> dict[str, str]:
        return {
            "device_id": str(device.id),
            "operator": device.operator,
            "place": device.place,
            "kind": device.kind.value,
            "root": base64.urlsafe_b64encode(self.resources.keys.root.public).decode().rstrip("="),
        }


def _uploaded(answer: UploadAnswer) -> dict[str, object]:
    results = [
        {"epoch": result.epoch.hex(), "sequence": result.sequence, "outcome": result.outcome.value}
        for result in answer.results
    ]
    return {"results": results, "chain": answer.chain.value, "server_time": answer.server_time.isoformat()}


def _verified(answer: OnlineAnswer) -> dict[str, object]:
    admission = answer.admission
    return {
        "outcome": answer.outcome.value,
        "admission": admission.outcome.value,
        "reason": admission.reason and admission.reason.value,
        "price_share": str(admission.price_share),
        "companions": admission.companions,
        "companion_terms": admission.companion_terms.value,
        "cue": admission.cue.value,
        "masked_name": admission.masked_name,
    }


def _bytes(text: str, lengths: range) -> bytes:
    """Bytes in base64url, of one of those lengths.

    Raises:
        Problem: 400 for anything else.
    """
    try:
        raw = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise malformed() from None
    if len(raw) not in lengths:
        raise malformed()
    return raw
