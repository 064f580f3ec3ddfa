"""Shows that the tree is RFC 6962's, and that a path proves its record and no other."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.merkle import leaf_hash, path_of, proves, root_of

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "merkle.json").read_text())
# The leaves that the tests of Certificate Transparency use, and their roots.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def halves(leaves: list[bytes]) -> bytes:
    """The root as RFC 6962, section 2.1, defines it: the greatest power of two goes to the left."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + halves(leaves[:left]) + halves(leaves[left:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    """The first leaves of the public test data give the public roots."""
    leaves = [leaf_hash(bytes.fromhex(each)) for each in LEAVES[:size]]

    assert root_of(leaves).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    """A month without rides has a root as well."""
    assert root_of([]) == hashlib.sha256(b"").digest()
    assert not proves(root_of([]), b"", 0, 0, ())


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_every_record_is_proven_by_its_path(records: list[bytes], data: st.DataObject) -> None:
    """The path leads to the root from its own place; with another record, place, length or hash it does not."""
    leaves = [leaf_hash(each) for each in records]
    index = data.draw(st.integers(0, len(records) - 1))
    root, path = root_of(leaves), path_of(leaves, index)

    assert root == halves(leaves)
    assert proves(root, records[index], index, len(records), path)
    assert not proves(root, records[index] + b"!", index, len(records), path)
    assert not proves(root, records[index], len(records), len(records), path)
    assert not proves(root, records[index], index, len(records), (*path, root))
    assert not path or not proves(root, records[index], index, len(records), path[:-1])
    assert not path or not proves(root, records[index], index, len(records), (bytes(32), *path[1:]))


def test_a_leaf_is_no_node() -> None:
    """Two hashes joined to one record do not stand for the node above them."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")

    assert leaf_hash(left + right) != root_of([left, right])


def test_the_vectors_hold() -> None:
    """Each record of the shared vectors is proven by its path."""
    for case in VECTORS:
        root, records = bytes.fromhex(case["root"]), [bytes.fromhex(each) for each in case["records"]]
        for index, path in enumerate(case["paths"]):
            hashes = [bytes.fromhex(each) for each in path]

            assert proves(root, records[index], index, len(records), hashes)
