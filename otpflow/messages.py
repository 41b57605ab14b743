"""What end users read, in Vietnamese and English: what to do, and nothing that helps an attacker."""

from __future__ import annotations

import math

CANNOT_SEND = {
    "vi": "Hiện không thể gửi mã đến số này. Vui lòng kiểm tra lại số hoặc thử lại sau.",
    "en": "We cannot send a code to this number now. Check the number or try again later.",
}
WAIT = {
    "vi": "Bạn đã thử quá nhiều lần. Vui lòng thử lại sau $wait.",
    "en": "Too many attempts. Try again in $wait.",
}
COOLDOWN = {
    "vi": "Vui lòng chờ $wait rồi yêu cầu mã mới.",
    "en": "Please wait $wait before asking for another code.",
}
UNAVAILABLE = {
    "vi": "Hệ thống đang bận. Vui lòng thử lại sau ít phút.",
    "en": "The service is busy. Please try again in a few minutes.",
}
NO_LONGER = {
    "vi": "Mã này không còn dùng được. Vui lòng yêu cầu mã mới.",
    "en": "This code can no longer be used. Ask for a new one.",
}


_WRONG = {
    "vi": "Mã không đúng. Hãy nhập mã trong cuộc gọi hoặc tin nhắn mới nhất.",
    "en": "That code is not right. Type the code from the latest call or message.",
}
_VERIFIED = {"vi": "Xác thực thành công.", "en": "Verified."}
_LAST_WRONG = {
    "vi": "Mã không đúng và đã hết lượt thử. Vui lòng yêu cầu mã mới.",
    "en": "That code is not right, and no attempts are left. Ask for a new one.",
}
_MALFORMED = {
    "vi": "Mã chưa đúng dạng. Hãy nhập đủ các chữ số của mã.",
    "en": "That is not a whole code. Please type all of its digits.",
}
CHANGED = {
    "vi": "Yêu cầu này đã thay đổi. Vui lòng tải lại trang và thử lại.",
    "en": "This request has changed. Please reload the page and try again.",
}
# Outcomes that differ only for the operator share one text, so that the text tells an attacker nothing.
_VERDICTS = {
    "VERIFIED": _VERIFIED,
    "WRONG_CODE": _WRONG,
    "SUPERSEDED": _WRONG,
    "MALFORMED": _MALFORMED,
    "THROTTLED": WAIT,
}


def language(locale: str | None) -> str:
    """Bring a locale such as `vi-VN` or `en_GB` to a language that has texts here.

    Args:
        locale: a locale name, or `None`.

    Returns:
        `"vi"` or `"en"`; English where there is no text in the language asked for.
    """
    return "vi" if str(locale or "").replace("_", "-").lower().split("-")[0] == "vi" else "en"


def spoken_wait(seconds: float, locale: str | None) -> str:
    """Say a waiting time in words, rounded up, for a person.

    Args:
        seconds: how long, in seconds.
        locale: the language to say it in.

    Returns:
        For example `"45 giây"` or `"2 minutes"`.
    """
    whole = max(1, math.ceil(seconds))
    units = ((86_400, "ngày", "day"), (3_600, "giờ", "hour"), (60, "phút", "minute"), (1, "giây", "second"))
    size, vietnamese, english = next(unit for unit in units if whole >= unit[0])
    count = math.ceil(whole / size)
    if language(locale) == "vi":
        return f"{count} {vietnamese}"
    return f"{count} {english}" if count == 1 else f"{count} {english}s"


def verdict_message(
    outcome: str, retry_after: float | None, locale: str | None, attempts_left: int | None = None
) -> str:
    """Say to the end user what an outcome means for them.

    Args:
        outcome: the name of the outcome.
        retry_after: seconds until another try is worth it, where that is known.
        locale: the language to say it in.
        attempts_left: how many more codes may be tried, where that is known.

    Returns:
        One or two sentences; the same for outcomes whose difference would help an attacker.
    """
    texts = _VERDICTS.get(outcome, NO_LONGER)
    return said(_LAST_WRONG if texts is _WRONG and attempts_left == 0 else texts, retry_after, locale)


def said(texts: dict[str, str], retry_after: float | None, locale: str | None) -> str:
    """Say one text.

    Args:
        texts: the same text in every language.
        retry_after: seconds until another try is worth it, where that is known.
        locale: the language to say it in.

    Returns:
        The text, with the waiting time in words.
    """
    return texts[language(locale)].replace("$wait", spoken_wait(retry_after or 0, locale))
