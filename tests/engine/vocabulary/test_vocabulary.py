"""The one table: indices fixed, bounds sane, every address found again."""

import subprocess
import sys

import pytest

from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import PARAMETERS, REPLIES, ROWS


def test_indices_are_in_order_and_families_come_last():
    assert [parameter.index for parameter in PARAMETERS] == list(range(len(PARAMETERS)))
    names = [parameter.address for parameter in PARAMETERS]
    expected = [f"/distill/control/{i}" for i in range(32)] + [f"/distill/latent/{i}" for i in range(64)]
    expected += [f"/distill/blend/{i}" for i in range(4)]
    expected += [f"/distill/codes/{family}/{i}" for family in ("level", "shift") for i in range(4)]
    expected += [f"/distill/space/{name}/{i}" for name in ("azimuth", "elevation", "distance") for i in range(4)]
    assert names[-120:] == expected


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.address)
def test_every_parameter_is_found_by_its_address_and_holds_its_bounds(parameter):
    assert vocabulary.index_of(parameter.address) == parameter.index
    assert vocabulary.row(parameter.address) is parameter.row
    assert parameter.minimum <= parameter.default <= parameter.maximum
    assert parameter.clip(parameter.minimum - 1) == parameter.minimum
    assert parameter.clip(parameter.maximum + 1) == parameter.maximum
    assert vocabulary.default_values()[parameter.index] == parameter.default


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.address)
def test_every_row_is_complete(row):
    assert row.address.startswith("/distill/")
    assert row.description
    assert len([other for other in ROWS if other.address == row.address]) == 1
    for argument in row.arguments[:-1]:
        assert not argument.repeated
    optional = [argument.optional for argument in row.arguments]
    assert optional == sorted(optional)
    for target in (*row.targets, *([row.wakes] if row.wakes else [])):
        assert vocabulary.is_parameter(target)


def test_replies_are_no_input():
    for address, _ in REPLIES:
        with pytest.raises(ControlError):
            vocabulary.row(address)


@pytest.mark.parametrize(
    "address",
    [
        "/distill/latent/64",
        "/distill/latent/007",
        "/distill/blend/4",
        "/x",
        "",
        "/distill/control/",
        "/distill/control/a/b",
        "/distill/latent/-1",
        "/distill/latent/²",
    ],
)
def test_other_addresses_are_unknown(address):
    with pytest.raises(ControlError):
        vocabulary.row(address)


def test_the_table_needs_the_standard_library_only():
    code = "import sys; import distill_engine.vocabulary.table; print({'numpy', 'torch', 'rich'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/distill/latent/77", "/distill/latent/ takes 0 to 63"),
        ("/distill/blend/4", "/distill/blend/ takes 0 to 3"),
        ("/distill/source/sped", "below /distill/source/ there are: rate, range, position, speed"),
        ("/distill/control/a/b", "below /distill/control/ there are: <name>"),
        (
            "/distill/gian",
            "below /distill/ there are: gain, width, map, source, pitch, note, codes, prior, space, morph, marks, control",
        ),
        ("control/brightness", "write /distill/control/brightness"),
        ("/gain", "write /distill/gain"),
        ("/elsewhere/gain", "all addresses begin with /distill/"),
        ("", "all addresses begin with /distill/"),
        ("/distill//", "below /distill/ there are: gain"),
    ],
)
def test_an_unknown_address_is_answered_with_those_that_exist(address, named):
    with pytest.raises(ControlError, match=f"there is no address {address}") as refused:
        vocabulary.row(address)
    assert named in str(refused.value)
