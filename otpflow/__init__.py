"""otpflow: OTP verification that cannot be got wrong."""

from otpflow.engine import AsyncOTPEngine, OTPEngine
from otpflow.errors import (
    ChallengeError,
    ConfigurationError,
    DeliveryError,
    DeliveryUnknownError,
    IdempotencyError,
    OTPError,
    OverloadedError,
    RecipientError,
    StoreUnavailableError,
    ThrottledError,
    VerificationError,
)
from otpflow.events import Event, EventKind, log
from otpflow.hashing import HashCost
from otpflow.models import (
    Challenge,
    ChallengeState,
    ChallengeStatus,
    Delivery,
    DeliveryReport,
    DeliveryState,
    Message,
    Outcome,
    Receipt,
    Report,
    Verdict,
)
from otpflow.policy import Policy
from otpflow.templates import Templates

__all__ = [
    "AsyncOTPEngine",
    "Challenge",
    "ChallengeError",
    "ChallengeState",
    "ChallengeStatus",
    "ConfigurationError",
    "Delivery",
    "DeliveryError",
    "DeliveryReport",
    "DeliveryState",
    "DeliveryUnknownError",
    "Event",
    "EventKind",
    "HashCost",
    "IdempotencyError",
    "Message",
    "OTPEngine",
    "OTPError",
    "Outcome",
    "OverloadedError",
    "Policy",
    "Receipt",
    "RecipientError",
    "Report",
    "StoreUnavailableError",
    "Templates",
    "ThrottledError",
    "Verdict",
    "VerificationError",
    "log",
]
