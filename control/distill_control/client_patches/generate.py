"""The files of `patches/`, all at once."""

from distill_control.client_patches.maxmsp import max_patch
from distill_control.client_patches.midimaps import LAYOUTS, midi_map
from distill_control.client_patches.openstagecontrol import open_stage_control_session
from distill_control.client_patches.panel import Panel
from distill_control.client_patches.puredata import pd_patch
from distill_control.client_patches.readme import readmes
from distill_control.client_patches.supercollider import supercollider_client
from distill_control.client_patches.touchdesigner import callbacks_script, setup_script
from distill_control.client_patches.touchosc import touchosc_file


def generate(panel: Panel | None = None) -> dict[str, bytes]:
    """Return every file of `patches/`: relative path -> contents.

    The same panel gives the same bytes.
    """
    panel = panel or Panel()
    texts = {
        "max/distill.maxpat": max_patch(panel),
        "puredata/distill.pd": pd_patch(panel),
        "supercollider/distill.scd": supercollider_client(panel),
        "touchdesigner/distill_setup.py": setup_script(panel),
        "touchdesigner/distill_callbacks.py": callbacks_script(),
        "open-stage-control/distill.json": open_stage_control_session(panel),
        **{f"midi/{name}.toml": midi_map(layout, panel) for name, layout in LAYOUTS.items()},
        **readmes(panel),
    }
    files = {path: text.encode() for path, text in texts.items()}
    return files | {"touchosc/distill.tosc": touchosc_file(panel)}
