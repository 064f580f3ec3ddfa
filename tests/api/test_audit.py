"""GraphQL over HTTP as specified: every audit of the npm package `graphql-http` against a running server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.live import LiveServer

HERE = Path(__file__).parent / "audit"
BUILD = Path(__file__).parents[2] / "build" / "audit"
AUDITS = 61


def program(name: str) -> str:
    """Node or npm of the virtual environment."""
    return str(Path(sys.executable).parent / name)


@pytest.fixture(scope="module")
def audits() -> Path:
    """The locked package with its dependency, installed where build output goes; kept while the lock stays."""
    lock = BUILD / "package-lock.json"
    if not lock.exists() or lock.read_bytes() != (HERE / "package-lock.json").read_bytes():
        shutil.rmtree(BUILD, ignore_errors=True)
        shutil.copytree(HERE, BUILD)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            subprocess.run(command, cwd=BUILD, check=True, env={**os.environ, "PATH": path}, capture_output=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(BUILD)
            raise
    shutil.copy(HERE / "audit.mjs", BUILD)
    return BUILD / "audit.mjs"


def test_all_audits_pass(audits: Path, live: LiveServer) -> None:
    """The server does all that the specification requires, recommends and allows."""
    run = subprocess.run([program("node"), audits, f"{live.url}/graphql"], check=True, capture_output=True, text=True)
    results = [json.loads(line) for line in run.stdout.splitlines()]

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS
