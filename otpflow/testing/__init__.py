"""What tests need: an outbox, a clock that can be moved, and an eSMS that makes no calls."""

from otpflow.testing.clock import advance
from otpflow.testing.outbox import Outbox
from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_calls import Call, Request
from otpflow.testing.simulator_faults import Answer, Fault

__all__ = ["Answer", "Call", "EsmsSimulator", "Fault", "Outbox", "Request", "advance"]
