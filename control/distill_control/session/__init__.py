"""The control process: one session that OSC, OSCQuery, MIDI and presets share."""

from distill_control.session.engine_protocol import EngineProtocol, ModelInfo
from distill_control.session.session import Handler, Reply, Session
from distill_control.session.subscriptions import Subscription

__all__ = ["EngineProtocol", "Handler", "ModelInfo", "Reply", "Session", "Subscription"]
