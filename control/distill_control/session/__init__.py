"""The control process: one session that every means of control shares."""

from distill_control.session.engine_protocol import Link, ModelInfo
from distill_control.session.session import Handler, Reply, Session
from distill_control.session.subscriptions import Subscription

__all__ = ["Handler", "Link", "ModelInfo", "Reply", "Session", "Subscription"]
