"""The session: addresses, values, subscribers and commands."""

import sys
import threading
import time
from typing import Any

import pytest

from distill_control.session import Session, Subscription
from distill_engine.errors import ControlError
from distill_engine.realtime.status import STATUS_FIELDS
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import PARAMETERS, ROWS

STATIC = [p for p in PARAMETERS if p.row.family is None]


class Replies(list):
    def __call__(self, address, *arguments):
        self.append((address, *arguments))


def subscriber(key="me", origins=(), **options):
    got: list[Any] = []
    return Subscription(key, got.extend, frozenset(origins), **options), got


@pytest.mark.parametrize("parameter", STATIC, ids=lambda p: p.address)
def test_every_parameter_is_written_and_is_echoed_clipped(rain, fake_link, parameter):
    replies = Replies()
    assert rain.handle(parameter.address, [parameter.maximum], "me", replies)
    assert (parameter.index, parameter.maximum, 0.0) in fake_link.written
    assert rain.get(parameter.address) == parameter.maximum
    assert replies == []
    rain.handle(parameter.address, [parameter.minimum - 99], "me", replies)
    assert rain.get(parameter.address) == parameter.minimum
    assert replies == ([] if parameter.toggle else [(parameter.address, parameter.minimum)])
    assert not rain.handle(parameter.address, ["wrong"], "me", replies)
    assert replies[-1][:2] == ("/distill/error", parameter.address)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.kind in ("setting", "command")], ids=lambda row: row.address
)
def test_every_setting_and_command_is_answered(rain, fake_link, row):
    arguments = [(a.choices or ("rain",))[-1] if not a.numeric else 1 for a in row.arguments if not a.optional]
    replies = Replies()
    assert rain.handle(row.address, arguments, "me", replies)
    identifier, command, sent = fake_link.requests[-1]
    assert command == row.address.removeprefix("/distill/")
    assert len(sent) == len(arguments)
    rain.on_message({"id": identifier, "status": "failed", "reason": "because"})
    assert replies == [("/distill/error", row.address, "because")]
    rain.handle(row.address, arguments, "me", replies)
    rain.on_message({"id": fake_link.requests[-1][0], "status": "done"})
    assert replies[-1] == ("/distill/done", row.address)


@pytest.mark.parametrize("row", [row for row in ROWS if row.figure in STATUS_FIELDS], ids=lambda row: row.address)
def test_every_reading_is_answered_and_sent_when_it_changes_and_cannot_be_set(rain, fake_link, monkeypatch, row):
    member, got = subscriber(addresses={row.address})
    rain.subscribe(member, [row.address])
    rain.tick()
    (first,) = got
    assert first == (row.address, rain.get(row.address))
    monkeypatch.setattr(fake_link, "status", lambda: {row.figure: 1.0})
    monkeypatch.setattr(rain.state, "_clock", lambda: time.monotonic() + 1.0)
    rain.tick()
    rain.tick()
    expected = row.value_argument.choices[1] if row.value_argument.choices else 1.0
    assert got == [first, (row.address, expected)]
    replies = Replies()
    assert rain.handle(row.address, [], "me", replies)
    assert replies == [(row.address, expected)]
    assert not rain.handle(row.address, [0.5], "me", replies)
    assert replies[-1][:2] == ("/distill/error", row.address)
    assert "cannot be set" in replies[-1][2]
    with pytest.raises(ControlError, match="cannot be set"):
        rain.set(row.address, [0.5])
    assert row.address not in rain.snapshot()


def test_a_meter_is_sent_as_often_as_its_row_says_and_not_for_less_than_its_step(rain, fake_link, monkeypatch):
    begun = time.monotonic() + 10.0
    now = [begun]
    monkeypatch.setattr(rain.state, "_clock", lambda: now[0])
    member, got = subscriber(addresses={"/distill/level/peak"})
    rain.subscribe(member, [])
    for second, level in ((1.0, -20.0), (1.05, -10.0), (1.11, -9.0), (2.0, -9.3), (3.0, -9.6)):
        now[0] = begun + second
        monkeypatch.setattr(fake_link, "status", lambda level=level: {"peak_db": level})
        rain.tick()
    assert got == [("/distill/level/peak", level) for level in (-20.0, -9.0, -9.6)]


def test_what_loads_which_vocoder_plays_and_what_the_slots_hold_are_readings(rain, fake_link):
    addresses = ("/distill/loading", "/distill/vocoder/reason", "/distill/blend/model/0", "/distill/blend/model/2")
    member, got = subscriber(addresses=set(addresses))
    rain.subscribe(member, addresses)
    rain.tick()
    assert dict(got) == dict(zip(addresses, ("", "", "rain", ""), strict=True))
    rain.handle("/distill/model", ["sea"], "me", Replies())
    rain.on_message({"event": "setting", "address": "/distill/blend/model/2", "value": "wind"})
    rain.tick()
    assert got[-2:] == [("/distill/loading", "sea"), ("/distill/blend/model/2", "wind")] or got[-2:] == [
        ("/distill/blend/model/2", "wind"),
        ("/distill/loading", "sea"),
    ]
    rain.on_message({"id": fake_link.requests[-1][0], "status": "failed", "reason": "it is damaged"})
    rain.on_message({"event": "model", "name": "rain", "controls": [], "latents": 8, "vocoder_reason": "the best here"})
    rain.tick()
    assert rain.get("/distill/loading") == ""
    assert rain.get("/distill/vocoder/reason") == "the best here"


def test_strain_goes_only_to_those_who_subscribe_to_it_alone_or_query_it(rain, fake_link, monkeypatch):
    (everything, got), (alone, got_alone) = subscriber("all"), subscriber("alone", addresses={"/distill/strain"})
    rain.subscribe(everything)
    rain.subscribe(alone, ["/distill/strain"])
    rain.tick()
    monkeypatch.setattr(fake_link, "status", lambda: {"strain": 0.5, "blend_space": 2.0})
    rain.tick()
    assert "/distill/strain" not in dict(got)
    assert dict(got)["/distill/blend/space"] == vocabulary.BLEND_SPACES[2]
    assert got_alone == [("/distill/strain", 0.0), ("/distill/strain", 0.5)]
    replies = Replies()
    assert rain.handle("/distill/strain", [], "me", replies)
    assert replies == [("/distill/strain", 0.5)]


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/distill/latent/77", "the model rain has 16 latent dimensions, 0 to 15"),
        ("/distill/latent/-1", "the model rain has 16 latent dimensions, 0 to 15"),
        ("/distill/blend/4", "/distill/blend/ takes 0 to 3"),
        ("/distill/control/warmth", "it has: brightness, roughness, density"),
        ("control/brightness", "write /distill/control/brightness"),
        ("control/warmth", "it has: brightness, roughness, density"),
        ("latent/77", "the model rain has 16 latent dimensions, 0 to 15"),
        ("/gain", "write /distill/gain"),
        ("/distill/source/sped", "below /distill/source/ there are: rate, range, position, speed"),
        ("/distill/gian", "below /distill/ there are: gain, width, map"),
        ("/elsewhere", "all addresses begin with /distill/"),
    ],
)
def test_an_address_that_does_not_exist_is_answered_with_those_that_do(rain, address, named):
    replies = Replies()
    assert not rain.handle(address, [0.5], "me", replies)
    (reply,) = replies
    assert reply[:2] == ("/distill/error", address)
    assert named in reply[2]


def test_without_a_model_the_vocabulary_bounds_the_latents(fake_link):
    with pytest.raises(ControlError, match="/distill/latent/ takes 0 to 63"):
        Session(fake_link).resolve("/distill/latent/77")


@pytest.mark.parametrize("address", ["/distill/map", "/distill/map/x", "/distill/map/amount"])
def test_a_model_without_a_map_says_so_when_it_is_asked_for(rain, fake_link, address):
    values = [0.5, 0.5] if address == "/distill/map" else [0.5]
    replies = Replies()
    assert rain.handle(address, values, "me", replies)
    rain.on_message({"event": "model", "name": "sea", "controls": [], "latents": 8, "has_map": False})
    fake_link.written.clear()
    assert not rain.handle(address, values, "me", replies)
    assert replies[-1][:2] == ("/distill/error", address)
    assert "distill analyse" in replies[-1][2]
    assert not fake_link.written


def test_controls_go_by_the_names_of_the_model(rain, fake_link):
    rain.set("/distill/control/roughness", [0.5, 2.0])
    assert fake_link.written == [(vocabulary.index_of("/distill/control/1"), 0.5, 2.0)]
    with pytest.raises(ControlError, match="brightness, roughness, density"):
        rain.set("/distill/control/warmth", [0.5])
    with pytest.raises(ControlError, match="16 latent"):
        rain.set("/distill/latent/16", [0.5])


def test_another_model_keeps_values_of_controls_by_name(rain, fake_link):
    seen = []
    rain.on_model(lambda before, now: seen.append((before.name, now.name)))
    rain.set("/distill/control/roughness", [0.5])
    rain.on_message({"event": "model", "name": "sea", "controls": ["roughness", "size"], "latents": 8})
    assert seen == [("rain", "sea")]
    assert rain.get("/distill/control/roughness") == 0.5
    assert rain.get("/distill/control/size") == 0.0
    assert (vocabulary.index_of("/distill/control/0"), 0.5, 0.0) in fake_link.written
    assert "/distill/latent/8" not in rain.addresses()


def test_a_control_that_is_not_offered_says_why(rain):
    why = "pitch follows no path (rho 0.09)\x1b[2J"
    rain.on_message({"event": "model", "name": "sea", "controls": ["size"], "withheld": {"pitch": why}, "latents": 8})
    with pytest.raises(ControlError, match=r"/distill/control/pitch is not offered: pitch follows no path .*\\x1b"):
        rain.set("/distill/control/pitch", [0.5])
    rain.on_message({"event": "model", "name": "sea", "controls": ["size"], "withheld": [7], "latents": 8})
    with pytest.raises(ControlError, match="has no control 'pitch'; it has: size"):
        rain.set("/distill/control/pitch", [0.5])


def test_the_first_model_leaves_controls_as_shared_memory_has_them(fake_link):
    session = Session(fake_link)
    values = vocabulary.default_values()
    values[vocabulary.index_of("/distill/control/1")] = 0.5
    session.state.restore_parameters(values)
    session.on_message({"event": "model", "name": "rain", "controls": ["brightness", "roughness"], "latents": 8})
    assert session.get("/distill/control/roughness") == 0.5
    assert fake_link.written == []


def test_groups_write_their_targets_and_wake_the_map(rain, fake_link):
    rain.set("/distill/latents", [1, 2, 3])
    assert [rain.get(f"/distill/latent/{i}") for i in range(4)] == [1.0, 2.0, 3.0, 0.0]
    rain.set("/distill/map", [0.5, -0.5, 3.0])
    assert (rain.get("/distill/map/x"), rain.get("/distill/map/y"), rain.get("/distill/map/amount")) == (0.5, -0.5, 1.0)
    assert (vocabulary.index_of("/distill/map/y"), -0.5, 3.0) in fake_link.written


def test_subscribers_get_current_values_first_then_the_latest_change(rain):
    rain.set("/distill/gain", [-3])
    subscription, got = subscriber()
    rain.subscribe(subscription)
    rain.tick()
    assert dict(got)["/distill/gain"] == -3.0
    assert {address for address, _ in got} == {
        address for address in rain.addresses() if not vocabulary.row(address).on_request
    }
    got.clear()
    for value in (-4, -5, -6):
        rain.set("/distill/gain", [value], "someone")
    rain.tick()
    assert got == [("/distill/gain", -6.0)]


def test_no_echo_to_the_origin_except_of_what_was_clipped(rain):
    subscription, got = subscriber(origins=["me"])
    rain.subscribe(subscription, [])
    rain.handle("/distill/gain", [-6.0], "me", Replies())
    rain.tick()
    assert got == []
    replies = Replies()
    rain.handle("/distill/gain", [99.0], "me", replies)
    rain.tick()
    assert got == [("/distill/gain", 12.0)]
    assert replies == []


def test_limited_arguments_of_a_command_come_back_before_its_outcome(rain):
    replies = Replies()
    rain.handle("/distill/note", [200, 100], "me", replies)
    assert replies == [("/distill/note", 127.0, 100.0)]
    rain.handle("/distill/note", [60, 100], "me", replies)
    assert len(replies) == 1


def test_two_clients_at_one_fader_end_with_the_same_value(rain):
    (a, got_a), (b, got_b) = subscriber("a", ["a"]), subscriber("b", ["b"])
    rain.subscribe(a, [])
    rain.subscribe(b, [])
    seen = {"a": 0.0, "b": 0.0}
    for step in range(50):
        seen["a"] = step / 100
        rain.handle("/distill/width", [seen["a"]], "a", Replies())
        seen["b"] = 1 - step / 100
        rain.handle("/distill/width", [seen["b"]], "b", Replies())
        if step % 7 == 0:
            rain.tick()
    rain.tick()
    assert got_a[-1] == ("/distill/width", seen["b"])
    assert rain.get("/distill/width") == seen["b"]
    assert ("/distill/width", seen["b"]) not in got_b


def test_a_contested_value_is_sent_to_everyone_once_more_when_it_rests(fake_link):
    now = [10.0]
    session = Session(fake_link, clock=lambda: now[0])
    (a, got_a), (b, got_b) = subscriber("a", ["a"]), subscriber("b", ["b"])
    session.subscribe(a, [])
    session.subscribe(b, [])
    session.handle("/distill/width", [0.75], "b", Replies())
    session.tick()
    now[0] += 0.01
    session.handle("/distill/width", [0.25], "a", Replies())
    session.tick()
    assert got_a == [("/distill/width", 0.75)], "A shows what B did, although its own later move counts"
    now[0] += 0.3
    session.tick()
    assert got_a[-1] == got_b[-1] == ("/distill/width", 0.25)
    count = len(got_a) + len(got_b)
    now[0] += 1.0
    session.tick()
    assert len(got_a) + len(got_b) == count


def test_one_sender_alone_gets_no_echo(fake_link):
    now = [10.0]
    session = Session(fake_link, clock=lambda: now[0])
    subscription, got = subscriber("a", ["a"])
    session.subscribe(subscription, [])
    for step in range(20):
        session.handle("/distill/width", [step / 20], "a", Replies())
        now[0] += 0.1
        session.tick()
    assert got == []


def test_a_control_moved_by_its_number_is_sent_by_its_name(rain):
    subscription, got = subscriber()
    rain.subscribe(subscription, [])
    rain.handle("/distill/control/1", [0.5], "me", Replies())
    rain.tick()
    assert got == [("/distill/control/roughness", 0.5)]
    assert rain.numbered("/distill/control/roughness") == "/distill/control/1"
    assert rain.numbered("/distill/control/gone") == "/distill/control/gone"
    assert rain.numbered("/distill/gain") == "/distill/gain"


def test_subscribers_are_bounded(rain):
    for number in range(8):
        rain.subscribe(subscriber(str(number))[0])
    rain.subscribe(subscriber("3")[0])
    with pytest.raises(ControlError, match="8 subscribers"):
        rain.subscribe(subscriber("9")[0])


def test_of_settings_that_wait_the_last_one_wins(rain, fake_link):
    replies = Replies()
    for source in ("hold", "drift", "corpus"):
        rain.handle("/distill/source", [source], "me", replies)
    assert [request[2] for request in fake_link.requests] == [["hold"]]
    rain.on_message({"id": fake_link.requests[-1][0], "status": "done"})
    assert [request[2] for request in fake_link.requests] == [["hold"], ["corpus"]]
    rain.on_message({"id": fake_link.requests[-1][0], "status": "done"})
    assert rain.get("/distill/source") == "corpus"
    assert [reply[0] for reply in replies] == ["/distill/error", "/distill/done", "/distill/done"]


def test_a_failed_setting_keeps_the_old_value(rain, fake_link):
    replies = Replies()
    before = rain.get("/distill/vocoder")
    rain.handle("/distill/vocoder", ["bigvgan"], "me", replies)
    rain.on_message({"id": fake_link.requests[-1][0], "status": "failed", "reason": "0.19 x real time"})
    assert rain.get("/distill/vocoder") == before
    assert replies == [("/distill/error", "/distill/vocoder", "0.19 x real time")]


def test_commands_are_bounded_and_expire(fake_link):
    now = [0.0]
    session = Session(fake_link, clock=lambda: now[0])
    replies = Replies()
    for _ in range(65):
        session.handle("/distill/play", [], "me", replies)
    assert len(replies) == 1
    assert "64 commands" in replies[0][2]
    now[0] = 500.0
    session.tick()
    assert len(replies) == 65
    assert "did not answer" in replies[-1][2]


def test_keys_are_let_go_and_all_is_silenced_while_other_commands_are_refused(rain, fake_link):
    for _ in range(64):
        rain.command("/distill/note/detune", (60, 1.0))
    with pytest.raises(ControlError, match="64 commands are waiting"):
        rain.command("/distill/note", (60, 90))
    for key in range(127):
        rain.command("/distill/note", (key, 0))
    rain.command("/distill/panic")
    assert [sent[1:] for sent in fake_link.requests[-2:]] == [("note", [126.0, 0.0]), ("panic", [])]
    with pytest.raises(ControlError, match="192 commands are waiting"):
        rain.command("/distill/note", (127, 0))


def test_an_engine_that_accepts_no_commands_is_reported(rain, fake_link):
    fake_link.takes = False
    replies = Replies()
    rain.handle("/distill/play", [], "me", replies)
    assert replies[0][:2] == ("/distill/error", "/distill/play")


def test_handlers_answer_in_the_engines_stead(rain, fake_link):
    def refuse(arguments, origin):
        raise ControlError(f"{origin} may not")

    replies = Replies()
    rain.register("/distill/preset/list", lambda arguments, origin: ["a", "b"])
    rain.register("/distill/preset/save", lambda arguments, origin: None)
    rain.register("/distill/preset/delete", refuse)
    rain.handle("/distill/preset/list", [], "me", replies)
    rain.handle("/distill/preset/save", ["x"], "me", replies)
    rain.handle("/distill/preset/delete", ["x"], "me", replies)
    assert replies == [
        ("/distill/preset/list.reply", "a", "b"),
        ("/distill/done", "/distill/preset/save"),
        ("/distill/error", "/distill/preset/delete", "me may not"),
    ]
    assert fake_link.requests == []


def test_a_snapshot_leaves_out_what_presets_leave_out(rain):
    snapshot = rain.snapshot()
    assert "/distill/width" in snapshot
    assert "/distill/control/density" in snapshot
    assert not {"/distill/gain", "/distill/model", "/distill/vocoder"} & set(snapshot)


@pytest.fixture
def _threads_take_turns():
    """Switch threads as often as possible: missing locks show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_threads_take_turns")
def test_several_threads_may_use_it(rain):
    def work(origin):
        for step in range(300):
            rain.handle(f"/distill/latent/{step % 16}", [step / 300], origin, Replies())

    subscription, got = subscriber()
    rain.subscribe(subscription)
    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        rain.tick()
    for thread in threads:
        thread.join()
    rain.tick()
    assert dict(got)["/distill/latent/11"] == rain.get("/distill/latent/11")
    assert rain.messages.handled == 1200


@pytest.mark.usefixtures("_threads_take_turns")
def test_a_snapshot_never_sees_half_of_a_group(rain):
    def move():
        for step in range(400):
            rain.set("/distill/map", [step / 400, step / 400], "someone")

    mover = threading.Thread(target=move)
    mover.start()
    while mover.is_alive():
        snapshot = rain.snapshot()
        assert snapshot["/distill/map/x"] == snapshot["/distill/map/y"]
    mover.join()


def test_a_handler_that_fails_unexpectedly_is_answered_with_a_report(rain, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    answers = []
    rain.register("/distill/ping", lambda arguments, origin: 1 / 0)
    assert not rain.handle("/distill/ping", (), "me", lambda *words: answers.append(words))
    ((address, about, reason),) = answers
    assert (address, about) == ("/distill/error", "/distill/ping")
    assert "/distill/ping: unexpected ZeroDivisionError" in reason
    assert "$DISTILL_HOME/reports/" in reason
    assert "Traceback" in next((tmp_path / "reports").iterdir()).read_text()
    assert rain.handle("/distill/gain", (-6.0,), "me", lambda *words: None)


def test_one_listener_that_fails_does_not_keep_the_others_from_hearing(rain):
    heard = []
    rain.on_tick(lambda: 1 / 0)
    rain.on_tick(lambda: heard.append(1))
    with pytest.raises(ZeroDivisionError):
        rain.tick()
    assert heard == [1]


def test_following_is_a_setting_of_the_engine_and_no_part_of_a_preset(fake_link):
    session = Session(fake_link)
    assert session.get("/distill/follow") == 0
    session.set("/distill/follow", (True,), "test")
    identifier, command, arguments = fake_link.requests[-1]
    assert (command, arguments) == ("follow", [1])
    session.on_message({"id": identifier, "status": "done"})
    assert session.get("/distill/follow") == session.status()["follow"] == 1
    session.on_message({"event": "setting", "address": "/distill/follow", "value": 0})
    assert session.get("/distill/follow") == 0
    assert "/distill/follow" not in session.state.snapshot()


def test_a_source_chosen_by_hand_plays_and_not_the_map(rain):
    amount = "/distill/map/amount"
    rain.handle("/distill/map/x", [0.3], "me", Replies())
    assert rain.get(amount) == 1.0
    other, got = subscriber()
    rain.subscribe(other)
    rain.tick()
    rain.set("/distill/source", ["drift"], "preset")
    assert rain.get(amount) == 1.0  # a preset has its own amount
    rain.handle("/distill/source", ["drift"], "me", Replies())
    assert rain.get(amount) == 0.0
    rain.tick()
    assert (amount, 0.0) in got
    rain.handle("/distill/map", [0.3, 0.0], "me", Replies())
    assert rain.get(amount) == 1.0
