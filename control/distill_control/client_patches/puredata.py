"""Pure Data: one `.pd` for vanilla 0.51 and later, without externals. Positions are in pixels."""

from itertools import pairwise

from distill_control.client_patches.panel import POLL_MS, Fader, Gauge, Menu, Panel

_FONT = "0 10 #fcfcfc #000000 #000000"


class _Canvas:
    """The lines of a Pd file that is being built.

    Objects are numbered in the order of their lines.
    """

    def __init__(self) -> None:
        self.objects: list[str] = []
        self.cords: list[str] = []

    def add(self, line: str) -> int:
        """Add a line that makes an object; return the object's number."""
        self.objects.append(line + ";")
        return len(self.objects) - 1

    def object(self, x: int, y: int, text: str) -> int:
        """Add an object box; return its number."""
        return self.add(f"#X obj {x} {y} {text}")

    def message(self, x: int, y: int, text: str) -> int:
        """Add a message box; return its number."""
        return self.add(f"#X msg {x} {y} {text}")

    def text(self, x: int, y: int, text: str) -> int:
        """Add a comment; return its number."""
        return self.add(f"#X text {x} {y} {text}")

    def join(self, source: int, outlet: int, target: int, inlet: int = 0) -> None:
        """Connect an outlet of object `source` with an inlet of object `target`."""
        self.cords.append(f"#X connect {source} {outlet} {target} {inlet};")

    def chain(self, *objects: int) -> None:
        """Connect each object's first outlet with the next one's first inlet."""
        for source, target in pairwise(objects):
            self.join(source, 0, target)

    def file(self) -> str:
        """Return the file's text."""
        return "\n".join(["#N canvas 40 40 1020 820 10;", *self.objects, *self.cords]) + "\n"


def pd_patch(panel: Panel) -> str:
    """Return the patch.

    Every fader has two receivers: `distill-KEY` moves it and sends its value, `distill-KEY-shown`
    only shows one.
    """
    canvas = _Canvas()
    canvas.text(20, 10, "DISTILL - move a fader and it plays - what others move shows here")
    _network_out(canvas, panel)
    _network_in(canvas, panel)
    _buttons(canvas, panel)
    for index, menu in enumerate(panel.menus):
        _menu(canvas, menu, 20 + 150 * index, 130)
    for index, gauge in enumerate(panel.gauges):
        _gauge(canvas, gauge, 480 + 150 * index, 130)
    for index, gauge in enumerate(panel.polled):
        _poll(canvas, gauge, 2400 + 150 * index, 20)
    columns = (panel.common_faders, panel.control_faders, panel.latent_faders)
    for column, faders in enumerate(columns):
        for row, fader in enumerate(faders):
            _fader(canvas, fader, 20 + column * 330, 280 + row * 26)
    return canvas.file()


def _network_out(canvas: _Canvas, panel: Panel) -> None:
    """Send lists that arrive at `distill-out` as OSC, and subscribe to changes at the start."""
    start = canvas.object(1100, 20, "loadbang")
    connect = canvas.message(1100, 50, f"connect {escaped(panel.host)} {panel.port}")
    sender = canvas.object(1100, 140, "netsend -u -b")
    canvas.chain(start, connect, sender)
    received = canvas.object(1100, 80, "r distill-out")
    trimmed = canvas.object(1100, 110, "list trim")
    canvas.chain(received, trimmed, sender)
    subscribe = canvas.message(1250, 80, " ".join(str(argument) for argument in panel.subscribe.arguments))
    delay = canvas.object(1250, 50, "delay 300")
    packed = canvas.object(1250, 110, "oscformat distill subscribe")
    canvas.chain(start, delay, subscribe, packed)
    _send(canvas, packed, 1250, 140)


def _send(canvas: _Canvas, packed: int, x: int, y: int) -> None:
    """Connect an `oscformat` with the network."""
    prepend = canvas.object(x, y, "list prepend send")
    out = canvas.object(x, y + 20, "s distill-out")
    canvas.chain(packed, prepend, out)


def _network_in(canvas: _Canvas, panel: Panel) -> None:
    """Receive changes, errors and the status at the patch's port."""
    listen = canvas.object(1100, 200, f"netreceive -u -b {panel.listen}")
    parse = canvas.object(1100, 230, "oscparse")
    trim = canvas.object(1100, 260, "list trim")
    ours = canvas.object(1100, 290, "route distill")
    canvas.chain(listen, parse, trim, ours)
    shown: dict[str, dict[str, str]] = {}
    for item in panel.items:
        first, _, second = item.address.removeprefix("/distill/").partition("/")
        shown.setdefault(first, {})[second] = item.key
    for word in shown:
        check_plain(word)
    tops = canvas.object(1100, 320, "route " + " ".join([*shown, "level", "error", "controls"]))
    canvas.join(ours, 0, tops)
    for outlet, members in enumerate(shown.values()):
        _show(canvas, tops, outlet, members, 1100 + 160 * (outlet % 8), 380 + 140 * (outlet // 8))
    level = canvas.object(1100, 640, "s distill-level-shown")
    canvas.join(tops, len(shown), level)
    console = canvas.object(1100, 670, "print distill")
    canvas.join(tops, len(shown) + 3, console)
    _errors(canvas, tops, len(shown) + 1)
    if panel.numbered:
        _names(canvas, panel, tops, len(shown) + 2)


def _errors(canvas: _Canvas, source: int, outlet: int) -> None:
    """Show rejected messages: the last one in the patch, all of them on the console."""
    listed = canvas.object(1250, 640, "list prepend error")
    trimmed, console = canvas.object(1250, 660, "list trim"), canvas.object(1250, 680, "print distill")
    reason = canvas.object(1400, 640, "unpack s s")
    shown = canvas.add("#X symbolatom 350 745 100 0 0 1 refused - -")
    canvas.join(source, outlet, listed)
    canvas.chain(listed, trimmed, console)
    canvas.join(source, outlet, reason)
    canvas.join(reason, 1, shown)


def _names(canvas: _Canvas, panel: Panel, source: int, outlet: int) -> None:
    """Label the numbered faders with the model's names of its controls."""
    faders = panel.control_faders
    names = canvas.object(1550, 640, "unpack" + " s" * len(faders))
    canvas.join(source, outlet, names)
    for index, fader in enumerate(faders):
        label = canvas.message(1550 + 90 * index, 670, "label \\$1")
        canvas.join(names, index, label)
        canvas.join(label, 0, canvas.object(1550 + 90 * index, 700, f"s distill-{fader.key}"))


def _show(canvas: _Canvas, source: int, outlet: int, members: dict[str, str], x: int, y: int) -> None:
    """Distribute what arrives for the first word of an address: its value and those below it."""
    words = [name for name in members if name]
    if words and any(word.isdigit() for word in words):
        source, outlet = _spell_numbers(canvas, source, outlet, x, y), 0
        inner = canvas.object(x, y + 100, "route " + " ".join(f"n{word}" for word in words))
    elif words:
        inner = canvas.object(x, y, "route " + " ".join(words))
    if words:
        canvas.join(source, outlet, inner)
        for index, word in enumerate(words):
            canvas.join(inner, index, canvas.object(x, y + 20 + 16 * (index % 6), f"s distill-{members[word]}-shown"))
        source, outlet = inner, len(words)
    if "" in members:
        canvas.join(source, outlet, canvas.object(x, y + 120, f"s distill-{members['']}-shown"))


def _spell_numbers(canvas: _Canvas, source: int, outlet: int, x: int, y: int) -> int:
    """Put an `n` before the first word of a list; return the object that gives the list.

    `oscparse` gives the 3 of an address as a symbol, and `route 3` matches numbers only.
    """
    listed, twice = canvas.object(x, y - 20, "list"), canvas.object(x, y, "t l l")
    canvas.join(source, outlet, listed)
    canvas.chain(listed, twice)
    first, rest = canvas.object(x + 60, y + 20, "list split 1"), canvas.object(x, y + 20, "list split 1")
    canvas.join(twice, 1, first)
    canvas.join(twice, 0, rest)
    symbol, spelt = canvas.object(x + 60, y + 40, "symbol"), canvas.object(x + 60, y + 60, "makefilename n%s")
    canvas.chain(first, symbol, spelt)
    joined, trimmed = canvas.object(x, y + 60, "list prepend"), canvas.object(x, y + 80, "list trim")
    canvas.join(rest, 1, joined)
    canvas.join(spelt, 0, joined, 1)
    canvas.chain(joined, trimmed)
    return trimmed


def escaped(text: str) -> str:
    """Return a text as one word of a Pd file. Raises ValueError for a line break."""
    if len(text.splitlines()) > 1:
        raise ValueError("a word in Pd has one line")
    return "".join(f"\\{character}" if character in " ;,\\$" else character for character in text)


def check_plain(word: str) -> None:
    """Check that Pd reads a word as one symbol. Raises ValueError."""
    if any(character in word for character in " ;,\\$"):
        raise ValueError(f"{word} cannot be a word in Pd")


def _buttons(canvas: _Canvas, panel: Panel) -> None:
    """Add a bang for each button, with its message."""
    buttons = (panel.subscribe, panel.status, *panel.commands, *panel.recalls)
    for index, button in enumerate(buttons):
        x, y = 20 + 120 * (index % 8), 40 + 40 * (index // 8)
        key = f"distill-{button.label.replace(' ', '-')}"
        bang = canvas.object(x, y, f"bng 18 250 50 0 empty {key} {button.label.replace(' ', '_')} 22 9 {_FONT}")
        words = " ".join(button.address.strip("/").split("/"))
        packed = canvas.object(1400, 20 + 26 * index, f"oscformat {words}")
        if button.arguments:
            values = canvas.message(1300, 20 + 26 * index, " ".join(str(argument) for argument in button.arguments))
            canvas.chain(bang, values, packed)
        else:
            values = canvas.object(1300, 20 + 26 * index, "list")
            canvas.chain(bang, values, packed)
        _send(canvas, packed, 1600, 20 + 44 * index)


def _menu(canvas: _Canvas, menu: Menu, x: int, y: int) -> None:
    """Add a column of choices, each sent by its name, below the present choice."""
    box = canvas.add(f"#X symbolatom {x} {y} 14 0 0 1 {menu.label} - -")
    shown = canvas.object(1700, y, f"r distill-{menu.key}-shown")
    words = canvas.object(1700, y + 20, "symbol")
    canvas.chain(shown, words, box)
    packed = canvas.object(x + 1700, y + 60, "oscformat " + " ".join(menu.address.strip("/").split("/")))
    received = canvas.object(x + 1700, y + 40, f"r distill-{menu.key}")
    canvas.chain(received, packed)
    _send(canvas, packed, x + 1700, y + 80)
    for index, choice in enumerate(menu.choices):
        button = canvas.message(x, y + 24 + 20 * index, f"symbol {choice}")
        canvas.join(button, 0, canvas.object(x + 1850, y + 24 + 20 * index, f"s distill-{menu.key}"))


def _gauge(canvas: _Canvas, gauge: Gauge, x: int, y: int) -> None:
    """Add a number that only shows a reading."""
    box = canvas.add(f"#X floatatom {x} {y} 7 0 0 1 {gauge.label.replace(' ', '_')} - -")
    canvas.join(canvas.object(x + 1600, y, f"r distill-{gauge.key}-shown"), 0, box)


def _poll(canvas: _Canvas, gauge: Gauge, x: int, y: int) -> None:
    """Ask for a gauge's value at regular intervals, once the patch is connected."""
    start, delay = canvas.object(x, y, "loadbang"), canvas.object(x, y + 30, "delay 400")
    metro, empty = canvas.object(x, y + 60, f"metro {POLL_MS}"), canvas.object(x, y + 90, "list")
    packed = canvas.object(x, y + 120, "oscformat " + " ".join(gauge.address.strip("/").split("/")))
    canvas.chain(start, delay, metro, empty, packed)
    _send(canvas, packed, x, y + 150)


def _fader(canvas: _Canvas, fader: Fader, x: int, y: int) -> None:
    """Add a fader with its number, or a toggle."""
    key = f"distill-{fader.key}"
    check_plain(key)
    packed = canvas.object(x + 2200, y, "oscformat " + " ".join(fader.address.strip("/").split("/")))
    label = fader.label.replace(" ", "_")
    if fader.toggle:
        box = canvas.object(x, y, f"tgl 16 0 empty {key} {label} 150 8 {_FONT} 0 1")
    else:
        bounds = f"{fader.minimum:g} {fader.maximum:g}"
        box = canvas.object(x, y, f"hsl 140 16 {bounds} 0 0 empty {key} {label} 200 8 {_FONT} 0 1")
        number = canvas.add(f"#X floatatom {x + 145} {y} 7 0 0 0 - - -")
        canvas.join(box, 0, number)
        shown_number = canvas.object(x + 2500, y + 12, "set")
        canvas.objects[shown_number] = f"#X msg {x + 2500} {y + 12} set \\$1;"
        canvas.join(shown_number, 0, number)
        canvas.join(canvas.object(x + 2600, y + 12, f"r {key}-shown"), 0, shown_number)
    canvas.join(box, 0, packed)
    _send(canvas, packed, x + 2350, y)
    shown = canvas.message(x + 2700, y, "set \\$1")
    canvas.chain(canvas.object(x + 2800, y, f"r {key}-shown"), shown, box)
