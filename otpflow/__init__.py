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
    DeliveryState,
    Message,
    Outcome,
    Receipt,
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
    "StoreUnavailableError",
    "Templates",
    "ThrottledError",
    "Verdict",
    "VerificationError",
    "log",
]
