"""The scanners' endpoints over HTTP: enrolment, time, bundle and scans, and how each refuses."""

import base64
import gzip
import secrets
from datetime import timedelta
from typing import Any

import httpx
import pytest

from card.assertion import sign_assertion
from card.cose import SigningKey, VerifyingKey
from card.enrolment import prove_enrolment, split_enrolment_code
from card.refusal import CredentialRefused
from card.statuslist import StatusList
from card.tariff import encode_tariff
from card.trust import read_bundle, read_time
from models.credential import DeviceKind
from models.record import new_id
from services.bootstrap import now
from services.devices import register_device
from services.keys import Keys
from services.resources import Resources
