"""The built-in texts, in Vietnamese and English."""

from __future__ import annotations

TEXTS = {
    ("vi", "voice"): "Mã xác thực $purpose tại $app là $code. Xin nhắc lại: $code. "
    "Mã có hiệu lực $minutes phút. Không đọc mã này cho bất kỳ ai.",
    ("vi", "sms"): "$code là mã xác thực $purpose tại $app, có hiệu lực $minutes phút. "
    "Không cung cấp mã này cho bất kỳ ai.",
    # Nothing that needs a plural: "min" reads well after 1 and after 3, but no voice would say it right.
    ("en", "voice"): "Your $app $purpose code is $code. Once more: $code. Do not tell it to anyone.",
    ("en", "sms"): "$code is your $app $purpose code, valid for $minutes min. Do not share it with anyone.",
}
"""What is said and written, by locale and channel."""

PURPOSES = {
    ("vi", "login"): "đăng nhập",
    ("vi", "signup"): "đăng ký",
    ("vi", "payment"): "thanh toán",
    ("vi", "reset_password"): "đặt lại mật khẩu",
    ("vi", "change_phone"): "đổi số điện thoại",
    ("en", "login"): "login",
    ("en", "signup"): "sign-up",
    ("en", "payment"): "payment",
    ("en", "reset_password"): "password reset",
    ("en", "change_phone"): "phone number change",
}
"""How a purpose is called, by locale and purpose."""
