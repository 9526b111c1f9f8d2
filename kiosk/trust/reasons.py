"""Why a pass is refused: a closed set, each with the words that a worker can act on."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """In the order of the checks; each check can end the verification with its reason."""

    TOO_LONG = "too_long"
    NOT_A_PASS = "not_a_pass"
    BAD_BASE45 = "bad_base45"
    BAD_CBOR = "bad_cbor"
    BAD_PROFILE = "bad_profile"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    BAD_HOLDER_SIGNATURE = "bad_holder_signature"
    NEEDS_PHONE = "needs_phone"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    OLD_LIST = "old_list"
    WRONG_STATION = "wrong_station"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    TOO_OLD = "too_old"
    PHONE_AHEAD = "phone_ahead"
    REPLAYED = "replayed"
    WRONG_CLASS = "wrong_class"
    NOT_YOURS = "not_yours"
    CLOSED = "closed"
    LOCKED_DOWN = "locked_down"
    MOVING = "moving"
    INTERLOCKED = "interlocked"
    NOT_BY_PHONE = "not_by_phone"
    BALLOT_SLIP = "ballot_slip"
    RELEASE_AT_THE_DESK = "release_at_the_desk"
    ALREADY_ENROLLED = "already_enrolled"
    NOT_ARMED = "not_armed"


WORDS: dict[Reason, tuple[str, str]] = {
    Reason.TOO_LONG: (
        "这个码太长，不是驿站通行码。请出示通行码。",
        "This code is too long to be a pass. Please show your pass.",
    ),
    Reason.NOT_A_PASS: (
        "这不是驿站通行码。请打开通行码再试。",
        "This is not a station pass. Please open your pass and try again.",
    ),
    Reason.BAD_BASE45: (
        "通行码不完整，请出示完整的码。",
        "The pass is damaged or cut off. Please show the whole code.",
    ),
    Reason.BAD_CBOR: ("通行码不完整，请重新领取。", "The pass is damaged. Please get a new one."),
    Reason.BAD_PROFILE: (
        "通行码格式不对，请重新领取。",
        "The pass is not made as a pass must be. Please get a new one.",
    ),
    Reason.UNKNOWN_KEY: (
        "本站不认识这张通行码的签发者，请联系工会。",
        "This station does not know who issued this pass. Please call the union.",
    ),
    Reason.BAD_SIGNATURE: (
        "这张通行码不是工会签发的。",
        "This pass was not issued by the union: its signature is wrong.",
    ),
    Reason.BAD_HOLDER_SIGNATURE: (
        "这张通行码属于另一部手机，请用领取它的手机出示。",
        "This pass belongs to another phone. Please show it with the phone that it was issued to.",
    ),
    Reason.NEEDS_PHONE: (
        "请在手机应用里打开通行码再出示，截图或打印无效。",
        "Please open this pass in the app and show it from there: a copy of it does not open.",
    ),
    Reason.REVOKED: (
        "这张卡已挂失或作废，请领取新卡。",
        "This pass was revoked (lost or replaced). Please get a new one.",
    ),
    Reason.SUSPENDED: ("这张卡已暂停使用，请联系工会。", "This pass is suspended. Please call the union."),
    Reason.OLD_LIST: (
        "本站离线太久，暂时不能核对通行码，请联系工会。",
        "This station has been offline for too long to check passes. Please call the union.",
    ),
    Reason.WRONG_STATION: ("这张通行码不能用于本站。", "This pass does not hold at this station."),
    Reason.EXPIRED: ("通行码已过期，请更新。", "This pass has expired. Please renew it."),
    Reason.NOT_YET_VALID: ("通行码还没有生效。", "This pass is not valid yet."),
    Reason.TOO_OLD: (
        "这个码太旧了，请在应用里刷新后再出示。若仍不行，请校准手机时间。",
        "This code is too old. Please let the app refresh it; if that does not help, set your phone's clock.",
    ),
    Reason.PHONE_AHEAD: (
        "手机时间快了太多，请校准手机时间后再试。",
        "Your phone's clock is far ahead. Please set it, and try again.",
    ),
    Reason.REPLAYED: (
        "这张通行码刚刚用过，请稍等一分半钟，或刷新通行码。",
        "This pass was used just now. Please wait a minute and a half, or refresh it.",
    ),
    Reason.WRONG_CLASS: ("这扇门不对这类通行码开放。", "This door does not open for this class of pass."),
    Reason.NOT_YOURS: (
        "这扇门只对指定的人开放。",
        "This door opens only for those to whom it was given.",
    ),
    Reason.CLOSED: (
        "现在不是开放时间，请在开放时间再来。",
        "It is not open at this hour. Please come within the opening hours.",
    ),
    Reason.LOCKED_DOWN: ("本站暂时关闭，不能进入。", "The station is locked down for now. Nobody can enter."),
    Reason.MOVING: (
        "车正在行驶。请等车停稳后再刷码。",
        "The bus is driving. Please wait until it has stopped, and show your pass again.",
    ),
    Reason.ALREADY_ENROLLED: (
        "本站已经注册过了。要重新注册：sudo kiosk enrol URL CODE",
        "This station is enrolled already. To enrol it anew: sudo kiosk enrol URL CODE",
    ),
    Reason.NOT_ARMED: (
        "请先打开机箱，或输入 `kiosk maintenance on`，再出示注册码。",
        "Open the housing first, or type `kiosk maintenance on`; then show the enrolment code again.",
    ),
    Reason.INTERLOCKED: (
        "另一扇门还开着，请等它关好再刷码。",
        "The other door is still open. Please wait until it has closed, and show your pass again.",
    ),
    Reason.NOT_BY_PHONE: (
        "本站不能用手机申请开门，请出示通行码。",
        "This station does not open by phone. Please show your pass.",
    ),
    Reason.BALLOT_SLIP: (
        "这是选票，不能开门，也没有作废。请进门后到里面的屏幕前出示。",
        "This is a ballot slip. It opens no door, and is still good: show it inside, at the display.",
    ),
    Reason.RELEASE_AT_THE_DESK: (
        "这是取药码，不能开门，也没有作废。请进门后到里面的屏幕前出示。",
        "This is a medicine's code. It opens no door, and is still good: show it inside, at the display.",
    ),
}
"""For each reason: what the display says, in Chinese and in English."""
