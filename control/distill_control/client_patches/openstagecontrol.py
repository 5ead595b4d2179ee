"""Open Stage Control: one session file."""

import json
from typing import Any

from distill_control.client_patches.panel import Button, Fader, Gauge, Panel


def open_stage_control_session(panel: Panel) -> str:
    """Return the session as JSON: three tabs of faders, with menus and buttons on the first."""
    tabs = [
        _tab(
            "play",
            [
                *_buttons(panel),
                *_menus(panel),
                *(_fader(fader) for fader in panel.common_faders),
                *_gauges(panel),
                _refused(),
            ],
        ),
        _tab("controls", [_fader(fader) for fader in panel.control_faders]),
        _tab("latents", [_fader(fader) for fader in panel.latent_faders]),
    ]
    root = {"type": "root", "id": "root", "tabs": tabs, "widgets": []}
    session = {"createdWith": "Open Stage Control", "version": "1.25.0", "type": "session", "content": root}
    return json.dumps(session, indent=1) + "\n"


def _tab(label: str, widgets: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "tab",
        "id": f"tab_{label}",
        "label": label,
        "layout": "grid",
        "gridTemplate": 10,
        "widgets": widgets,
    }


def _fader(fader: Fader) -> dict[str, Any]:
    """Return a fader, or a button for a toggle."""
    widget = {"id": fader.key, "label": fader.label, "address": fader.address, "comments": fader.description}
    if fader.toggle:
        return widget | {"type": "button", "mode": "toggle", "on": 1, "off": 0, "default": fader.default}
    bounds = {"min": fader.minimum, "max": fader.maximum}
    return widget | {"type": "fader", "range": bounds, "default": fader.default, "decimals": 3, "doubleTap": True}


def _gauges(panel: Panel) -> list[dict[str, Any]]:
    return [_gauge(gauge) for gauge in panel.gauges]


def _gauge(gauge: Gauge) -> dict[str, Any]:
    """Return a fader that only shows a reading."""
    bounds = {"min": gauge.minimum, "max": gauge.maximum}
    widget = {"id": gauge.key, "label": gauge.label, "address": gauge.address, "comments": gauge.description}
    return widget | {"type": "fader", "range": bounds, "decimals": 3, "interaction": False, "bypass": True}


def _refused() -> dict[str, Any]:
    """Return the text that shows the last error: its address and the reason."""
    return {"type": "text", "id": "refused", "label": "refused", "address": "/distill/error", "wrap": True}


def _buttons(panel: Panel) -> list[dict[str, Any]]:
    return [_button(button) for button in (*panel.commands, *panel.recalls)]


def _button(button: Button) -> dict[str, Any]:
    """Return a button.

    A tap sends its first argument, or 1; a preset is recalled without a glide.
    """
    widget = {"type": "button", "id": button.label.replace(" ", "-"), "label": button.label, "address": button.address}
    if not button.arguments:
        return widget | {"mode": "tap", "on": 1}
    return widget | {"mode": "tap", "on": button.arguments[0]}


def _menus(panel: Panel) -> list[dict[str, Any]]:
    return [
        {
            "type": "switch",
            "id": menu.key,
            "label": menu.label,
            "address": menu.address,
            "values": list(menu.choices),
            "default": menu.default,
        }
        for menu in panel.menus
    ]
