"""What a browser gets at `/ui/`, and what it does not."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from distill_control.session.types import PageRequest
from distill_control.web.access import PageToken, page_address
from distill_control.web.service import PageService
from distill_engine.errors import LibraryError
from distill_engine.vocabulary.table import BLEND_SPACES, SOURCES

STATIC = Path(__file__).resolve().parents[3] / "control" / "distill_control" / "web" / "static"


def get(engine, path, host="127.0.0.1", **headers):
    browser = http.client.HTTPConnection(host, engine.oscquery_port, timeout=3)
    browser.request("GET", path, headers=headers)
    answer = browser.getresponse()
    body = answer.read()
    browser.close()
    return answer, body


def test_a_browser_is_sent_to_the_page_and_a_program_gets_the_tree(engine):
    answer, _ = get(engine, "/", Accept="text/html,application/xhtml+xml")
    assert (answer.status, answer.headers["Location"]) == (302, "/ui/")
    assert get(engine, "/ui")[0].headers["Location"] == "/ui/"
    assert json.loads(get(engine, "/", Accept="application/json")[1])["FULL_PATH"] == "/"
    assert json.loads(get(engine, "/?HOST_INFO", Accept="text/html")[1])["WS_PORT"] == engine.oscquery_port


def test_every_file_comes_with_its_type_and_a_policy_that_lets_nothing_else_in(engine):
    for path in STATIC.iterdir():
        answer, body = get(engine, f"/ui/{path.name}")
        assert (answer.status, body) == (200, path.read_bytes())
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert get(engine, "/ui/")[1] == (STATIC / "index.html").read_bytes()


def test_recordings_may_come_from_another_port_of_the_same_name_and_from_nowhere_else(rain):
    page = PageService(rain, None)
    for site, media in (
        ("192.168.1.5:9001", "http://192.168.1.5:*"), ("stage.local:9001", "http://stage.local:*"), ("[::1]:9001", "http://[::1]:*"),
        ("", None), ("x; script-src *", None), ("a b", None), ("x:*", None),
    ):  # fmt: skip
        policy = page.answer(PageRequest("/ui/", "", "", "127.0.0.1", site)).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; ")
        assert [part for part in policy.split("; ") if part.startswith(("media", "script"))] == (
            [f"media-src 'self' {media}"] if media else []
        )


def test_the_page_is_small_and_names_no_other_host_and_holds_no_inline_code(engine):
    texts = {path.name: path.read_text() for path in STATIC.iterdir()}
    assert sum(len(text.encode()) for text in texts.values()) <= 200_000
    assert len(texts) <= 20 - 4  # the tree, the facts, the redirect and the WebSocket count too
    for name, text in texts.items():
        assert not [url for url in re.findall(r"https?://[^\s\"'<]+", text) if "w3.org" not in url], name
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", text), name
    assert not re.search(r"style=|<script>|<style>|\son\w+=", texts["index.html"])


def test_the_page_knows_every_source_and_every_way_to_blend():
    texts = {name: (STATIC / name).read_text() for name in ("source.js", "tabs.js")}
    assert [name for name in SOURCES if f"  {name}: [" not in texts["source.js"]] == []
    assert [name for name in BLEND_SPACES if f'{name}: "' not in texts["tabs.js"]] == []


@pytest.mark.parametrize(
    "path",
    [
        "/ui/../service.py", "/ui/..%2fservice.py", "/ui/%2e%2e/%2e%2e/session/session.py", "/ui//etc/passwd",
        "/ui/....//service.py", "/ui/static/index.html", "/ui/index.html%00.js", "/ui/..\\service.py", "/ui/.",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_pages_files(engine, path):
    assert get(engine, path)[0].status == 404


def test_pages_of_other_hosts_get_nothing(engine):
    for path in ("/", "/ui/", "/ui/model.json"):
        assert get(engine, path, Host="evil.example.com")[0].status == 403
        assert get(engine, path, Origin="https://evil.example.com")[0].status == 403
        assert get(engine, path, Origin="null")[0].status == 403


def test_the_facts_of_the_model_are_those_that_the_engine_sent(make_engine, tools):
    engine = make_engine()
    name = "<img src=x onerror=alert(1)>"
    sent = {"name": name, "controls": [], "latents": 2, "map": {"points": [[0.1, 0.2, 0, 1.5, 0.5, 2.0]], "clips": {}}}
    engine.channel.send({"event": "model", "path": "/home/somebody/secret", **sent})
    tools.eventually(lambda: json.loads(get(engine, "/ui/model.json")[1])["name"] == name)
    answer, body = get(engine, "/ui/model.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert json.loads(body)["map"] == sent["map"]
    assert b"secret" not in body


def request(path: str, host: str, *, query: str = "", cookie: str = "") -> PageRequest:
    return PageRequest(path, query, cookie, host)


def test_another_machine_needs_the_token_once_and_this_one_does_not(rain):
    page = PageService(rain, PageToken("a" * 22))
    assert page.answer(request("/ui/", "127.0.0.1")).status == 200
    assert page.answer(request("/ui/", "::1")).status == 200
    for path in ("/ui/", "/ui/style.css", "/ui/model.json"):
        assert page.answer(request(path, "192.168.1.20")).status == 403
        assert page.answer(request(path, "192.168.1.20", query="token=wrong")).status == 403
        assert page.answer(request(path, "192.168.1.20", cookie="distill=wrong")).status == 403
    let_in = page.answer(request("/ui/", "192.168.1.20", query="token=" + "a" * 22))
    assert (let_in.status, let_in.headers["Location"]) == (302, "/ui/")
    cookie = let_in.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    given = cookie.partition(";")[0]
    assert page.answer(request("/ui/model.json", "192.168.1.20", cookie=f"other=1; {given}")).status == 200


def test_the_token_is_kept_where_only_its_owner_reads_it(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    token = PageToken.of_library()
    assert len(token.text) >= 20
    assert PageToken.of_library() == token
    assert page_address("127.0.0.1", 9001) == "http://127.0.0.1:9001/ui/"
    assert page_address("0.0.0.0", 9001) == f"http://ADDRESS:9001/ui/?token={token.text}"
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("")
    with pytest.raises(LibraryError, match="delete it"):
        PageToken.of_library()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(LibraryError, match="it is not a file"):
        PageToken.of_library()


def test_an_open_port_prints_the_address_with_the_token(make_engine, tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    engine = make_engine(bind="0.0.0.0", allow=("10.0.0.0/8",))
    address = f"http://127.0.0.1:{engine.oscquery_port}/ui/"
    assert get(engine, urlsplit(address).path)[0].status == 200
    assert (tmp_path / "page-token").read_text() not in engine.settings.to_json()
    own = socket.gethostbyname(socket.gethostname())
    if not own.startswith("127."):  # the tree keeps the allow list alone: Max and TouchDesigner can send no token
        assert [get(engine, path, host=own)[0].status for path in ("/", "/ui/", "/ui/model.json")] == [200, 403, 403]


def test_engines_that_start_together_have_one_token(tmp_path, monkeypatch):
    for attempt in range(20):
        monkeypatch.setenv("DISTILL_HOME", str(tmp_path / str(attempt)))
        (tmp_path / str(attempt)).mkdir()
        start = threading.Barrier(8)

        def token(_: int, start: threading.Barrier = start) -> PageToken:
            start.wait()
            return PageToken.of_library()

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(token, range(8)))) == 1
        assert [path.name for path in (tmp_path / str(attempt)).iterdir()] == ["page-token"]


def test_a_token_that_another_engine_has_just_written_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    other = PageToken.of_library()
    monkeypatch.setattr(Path, "exists", lambda path: False)
    assert PageToken.of_library() == other
