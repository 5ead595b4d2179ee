"""Packets, patterns and framing without a network."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from distill_control.osc.framing import Deframer, frame, slip
from distill_control.osc.packet import decode, encode, encode_bundle
from distill_control.osc.packet_arguments import PacketError
from distill_control.osc.pattern import is_pattern, match
from distill_engine.errors import ControlError

ARGUMENTS = st.lists(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(width=32, allow_nan=False),
        st.booleans(),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(ARGUMENTS)
def test_what_is_encoded_is_decoded(arguments):
    (message,) = decode(encode("/distill/ping", *arguments))
    assert message.address == "/distill/ping"
    assert list(message.arguments) == arguments
    assert message.when is None


def test_packets_of_an_independent_builder_are_read():
    builder = OscMessageBuilder(address="/distill/latents")
    for value, tag in ((1, "i"), (2**40, "h"), (0.5, "f"), (0.25, "d"), (True, "T"), ("x", "s")):
        builder.add_arg(value, tag)
    (message,) = decode(builder.build().dgram)
    assert message.arguments == (1, 2**40, 0.5, 0.25, True, "x")


def test_bundles_carry_their_time_and_order():
    inner = encode_bundle([encode("/b", 2)], 2000000001.5)
    messages = decode(encode_bundle([encode("/a", 1), inner, encode("/c", 3)]))
    assert [message.address for message in messages] == ["/a", "/b", "/c"]
    assert [message.when for message in messages] == [None, 2000000001.5, None]
    assert decode(encode_bundle([encode("/a")], 2.5e9))[0].when == 2.5e9


def bundle_element(size, body=b""):
    return b"#bundle\x00" + struct.pack(">Q", 1) + struct.pack(">i", size) + body


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"hello",
        b"\x00" * 60000,
        b"/" * 65536,
        b"/" + b"\xff" * 7,
        b"/a\x00\x00,q\x00\x00",
        b"/a\x00\x00ifs\x00",
        b"/a\x00\x00,[[[[[[[[[[[\x00",
        b"/a\x00\x00,]\x00\x00",
        b"/a\x00\x00,b\x00\x00\x7f\xff\xff\xff",
        b"/a\x00\x00," + b"i" * 2047 + b"\x00" * 8192,
        b"#bundle\x00",
        bundle_element(-4),
        bundle_element(0),
        bundle_element(2**31 - 1),
        bundle_element(8, b"not osc "),
        b"/a\xc3\x28\x00\x00\x00\x00,\x00\x00\x00",
        b"/a\nb\x00\x00\x00\x00,\x00\x00\x00",
    ],
    ids=range(18),
)
def test_malformed_packets_are_refused(packet):
    with pytest.raises(PacketError):
        decode(packet)


def test_bundles_are_bounded_in_depth_and_number():
    packet = encode("/a")
    for _ in range(9):
        packet = encode_bundle([packet])
    with pytest.raises(PacketError, match="deep"):
        decode(packet)
    with pytest.raises(PacketError, match="messages"):
        decode(encode_bundle([encode("/a")] * 1025))


def test_mutated_packets_raise_nothing_else():
    source = random.Random(1)
    seeds = [
        encode("/distill/gain", -6.0, 1),
        encode_bundle([encode("/distill/latents", 1.0, 2), encode("/x", "text")], 3e9),
    ]
    for _ in range(2000):
        packet = bytearray(source.choice(seeds))
        for _ in range(source.randint(1, 6)):
            packet[source.randrange(len(packet))] = source.randrange(256)
        try:
            decode(bytes(packet[: source.randint(0, len(packet))]))
        except PacketError:
            continue


ADDRESSES = [
    "/distill/gain",
    "/distill/control/brightness",
    "/distill/control/roughness",
    "/distill/latent/1",
    "/distill/latent/12",
]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/distill/control/*", ADDRESSES[1:3]),
        ("/distill/*/*ness", ADDRESSES[1:3]),
        ("/distill/latent/?", ADDRESSES[3:4]),
        ("/distill/latent/[0-2]*", ADDRESSES[3:]),
        ("/distill/latent/[!2-9]", ADDRESSES[3:4]),
        ("/distill/{gain,latent/12}", [ADDRESSES[0], ADDRESSES[4]]),
        ("/distill/c*l/{b,r}*", ADDRESSES[1:3]),
        ("/*", []),
        ("/distill/g[aeiou]in", ADDRESSES[:1]),
    ],
)
def test_patterns_match_as_osc_says(pattern, expected):
    assert is_pattern(pattern)
    assert match(pattern, ADDRESSES) == expected


@pytest.mark.parametrize("pattern", ["/a{b", "/a}b", "/a[b", "/a]b", "/" + "{a,b}" * 9, "/" + "*" * 300, "/{a,{b}}"])
def test_malformed_and_oversized_patterns_are_refused(pattern):
    with pytest.raises(ControlError):
        match(pattern, ADDRESSES)


def test_a_hostile_pattern_takes_no_time():
    assert match("/" + "*a" * 100 + "b", ["/" + "a" * 1000] * 50) == []


@pytest.mark.parametrize("framing", ["slip", "length"])
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_streams_are_cut_into_packets_in_any_portions(framing, step):
    packets = [encode("/distill/ping", value, "\u00db\u00c0") for value in range(192, 224)]
    stream = b"".join(frame(packet, framing) for packet in packets)
    deframer = Deframer()
    got = [packet for place in range(0, len(stream), step) for packet in deframer.feed(stream[place : place + step])]
    assert got == packets
    assert deframer.framing == framing


def test_streams_that_are_no_osc_or_too_long_are_refused():
    with pytest.raises(PacketError, match="not OSC"):
        Deframer().feed(b"GET / HTTP/1.1\r\n")
    with pytest.raises(PacketError, match="claims"):
        Deframer().feed(b"\x00\xff\xff\xff")
    with pytest.raises(PacketError, match="longer"):
        Deframer().feed(b"\xc0" + b"x" * 200000)
    assert Deframer().feed(slip(b"ok") + b"\xc0\xdb\x01\xc0") == [b"ok", b""]


def message(tags: bytes, data: bytes = b"") -> bytes:
    """A message to /a with these type tags, made by hand."""
    return b"/a\x00\x00" + tags + b"\x00" * (4 - len(tags) % 4) + data


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (message(b",TFNI"), (True, False, None, None)),
        (message(b",Ss", b"one\x00two\x00"), ("one", "two")),
        (message(b",ci", struct.pack(">ii", 65, 7)), ("A", 7)),
        (message(b",hd", struct.pack(">qd", 2**40, 0.1)), (2**40, 0.1)),
        (message(b",[i[f]]s", struct.pack(">if", 1, 0.5) + b"x\x00\x00\x00"), ([1, [0.5]], "x")),
        (message(b",bi", struct.pack(">i", 3) + b"abc\x00" + struct.pack(">i", 1)), (b"abc", 1)),
        (message(b",s", "Étude\x00".encode()), ("Étude",)),
    ],
    ids=range(7),
)
def test_every_type_of_osc_1_1_is_read(packet, expected):
    assert decode(packet)[0].arguments == expected


def test_colours_midi_and_time_tags_are_named_and_what_follows_them_is_read():
    (read,) = decode(message(b",rmti", struct.pack(">IIQi", 1, 2, 3, 4)))
    assert repr(read.arguments[:3]) == "(a colour, a MIDI message, a time tag)"
    assert read.arguments[3] == 4


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        (message(b",s", "Étude".encode("cp1252") + b"\x00\x00\x00"), "UTF-8"),
        (message(b",f", b"\x00\x00"), "before argument 1 of type 'f'"),
        (message(b",q"), "unknown type 'q'; known are i f s"),
        (message(b",[i", struct.pack(">i", 1)), "array without"),
        (message(b",b", struct.pack(">i", -1)), "blob of -1 bytes"),
    ],
    ids=range(5),
)
def test_a_wrong_argument_is_refused_with_the_address_and_what_was_expected(packet, said):
    with pytest.raises(PacketError, match=said) as caught:
        decode(packet)
    assert caught.value.address == "/a"
