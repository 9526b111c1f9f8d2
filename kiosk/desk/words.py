"""What the page inside says, in Chinese and in English. The answers have the same length and the same weight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kiosk.core.desk.vocabulary import PLACES, WHATS
from kiosk.language import speaking
from kiosk.trust.outcomes import TOLD as OF_A_RELEASE
from kiosk.trust.outcomes import WORDS as OUTCOMES
from kiosk.trust.reasons import WORDS as REASONS
from kiosk.wording.words import word

Words = tuple[str, str]
"""Chinese, English."""

ASK: Final[Words] = ("你对本站满意吗？", "How content are you with this station?")
ANSWERS: Final[tuple[Words, ...]] = (
    ("非常满意", "Very satisfied"),
    ("满意", "Satisfied"),
    ("一般", "Fair"),
    ("不满意", "Dissatisfied"),
)
"""The best first, as in the urn."""

SAVED: Final[Words] = ("已记下，谢谢！", "Saved. Thank you!")
NOT_SAVED: Final[Words] = ("没有记下，请再点一次", "Not saved. Please touch again.")
TOO_MANY: Final[Words] = ("请稍等片刻再点", "Please wait a moment, and touch again.")
AWAY: Final[Words] = (
    "暂时不能用：门禁正在重新启动，请稍候。",
    "Nothing can be saved now: the door's computer is restarting. Please wait a moment.",
)
URGENT: Final[Words] = (
    "这一条马上发出；工会能看到刚才进来的是谁。",
    "This is sent now; the union can see who has just come in.",
)
STILL_THERE: Final[Words] = ("还在用吗？", "Are you still there?")

OURS: Final[dict[str, Words]] = {
    "ask": ASK,
    "saving": ("请稍候", "One moment"),
    "saved": SAVED,
    "saved_what": ("已记下，谢谢！哪里可以更好？", "Saved. Thank you! What could be better?"),
    "not_saved": NOT_SAVED,
    "too_many": TOO_MANY,
    "refused": ("现在不能记下这一条。", "This cannot be saved now."),
    "away": AWAY,
    "privacy": ("不记姓名，不记时间；合并上报。", "No names, no times; told together, later."),
    "back": ("返回", "Back"),
    "finished": ("好了", "Finished"),
    "languages": ("语言", "Language"),
    "say": ("反映问题", "Say something"),
    "notices": ("通知活动", "Notices"),
    "answers": ("答复", "Answers"),
    "question": ("一个问题", "A question"),
    "round": ("巡查", "Round"),
    "where": ("哪里有问题？", "Where is something wrong?"),
    "urgent": URGENT,
    "send_now": ("马上发出", "Send it now"),
    "not_now": ("不发", "Do not send"),
    "still_there": STILL_THERE,
    "continue": ("继续", "Continue"),
    "continue_by_card": ("继续：出示任意一张卡", "Continue: show any card"),
    "up": ("向上", "Up"),
    "down": ("向下", "Down"),
    "since": ("反映于", "said on"),
    "due": ("应答复于", "to be answered by"),
    "overdue": ("已超期", "overdue"),
    "inspect": ("开始巡查", "Begin the round"),
    "cleaned": ("已打扫", "It is cleaned"),
    "leave": ("结束", "Leave"),
    "yes": ("是", "Yes"),
    "no": ("否", "No"),
    "none_or_expired": ("没有，或已过期", "None, or expired"),
    "measured": ("传感器测得", "measured"),
    "check_again": ("请核对", "Please look once more"),
    "send": ("提交", "Send"),
    "again": ("重填", "Again"),
    "six_words": ("核对选票上的六个词：", "Compare with the six words on your slip:"),
    "check_ballot": ("请核对", "Please check"),
    "remark": ("还想说点什么吗？不说也行", "Anything to add? You need not."),
    "no_remark": ("没有", "Nothing"),
    "own_words": ("自己写", "In your own words"),
    "room_left": ("还能写（字节）：", "Room left, in bytes:"),
    "name_nobody": (
        "工会会看到原话：不写姓名、地点、时间。",
        "People of the board read these words: write no names, places or days.",
    ),
    "remark_is": ("意见：", "Remark:"),
    "cast": ("投出", "Cast"),
    "change": ("修改", "Change"),
    "cast_done": ("已投出，谢谢！选票已作废。", "Cast. Thank you! The slip is used up."),
    "cast_refused": (
        "没有投出，选票仍然有效。请再出示一次。",
        "Not cast, and your slip is still good. Please show it once more.",
    ),
    "cast_unknown": (
        "不确定是否投出。请再出示选票，屏幕会告诉你。",
        "It is not known whether it was cast. Show your slip once more: the display says so.",
    ),
    "ballot_left": ("没有投出，选票仍然有效。", "Nothing was cast. Your slip is still good."),
    "ballot_over": (
        "时间到，没有投出。选票仍然有效，请再出示一次。",
        "It was open for too long, and is not cast. Your slip is still good: show it once more.",
    ),
    "noted": ("上次记的", "noted last:"),
    "ends_soon": ("快到期", "ends soon"),
    "ends_over": ("已过有效期，请勿使用", "past its date: do not use it"),
    "reading": ("通知答复", "To read"),
    "doctor": ("医生 120", "Doctor, 120"),
    "emergency": ("急救 120", "Call 120"),
    "ambulance": ("急救", "Ambulance"),
    "you_are_at": ("你在：", "You are at:"),
    "or_call": ("也可以打", "Or call"),
    "ask_doctor": ("用自己的手机问医生", "Ask a doctor, by your own phone"),
    "doctor_away": ("现在联系不上医生", "No doctor can be reached now"),
    "away_since": ("从这时起：", "Since"),
    "doctor_opens": ("医生上线：", "One is there from"),
    "scan_this": (
        "用手机扫这个码。只能用一次，里面没有姓名。",
        "Scan this. It works once, and names nobody.",
    ),
    "link_over": ("这个码已经收起。需要时请再点一次。", "The code is gone. Touch once more if you need it."),
    "supplies": ("领物资", "Supplies"),
    "nearest": ("最近还有的驿站：", "Nearest that had some:"),
    "km": ("公里", "km"),
    "left_there": ("剩", "left"),
    "minutes_ago": ("分钟前的消息", "minutes ago"),
    "hours_ago": ("小时前的消息", "hours ago"),
    "left_here": ("还剩", "Left:"),
    "given_now": ("刚才发出", "Given just now:"),
    "do_take": ("领取", "Take it"),
    "do_give": ("已发给对方", "I have given it"),
    "do_one": ("发出一份", "One given"),
    "handing": ("发放物资", "Supplies"),
    "count": ("盘点", "Count"),
    "counted": ("点得", "Counted"),
    "expected": ("应有", "Expected"),
    "fill": ("补货", "Fill"),
    "fill_what": ("放入什么？", "What is put in?"),
    "store": ("库房", "The store"),
    "good_until": ("有效期到", "good until"),
    "no_date": ("没有有效期", "No date"),
    "open_campaign": ("开放领取", "Open to everybody"),
    "open_for": ("开放多久？", "For how long?"),
    "hours": ("小时", "h"),
    "by_number": ("按份数", "By number"),
    "close_campaign": ("停止发放", "Close it"),
    "medicine": ("取药", "Medicine"),
    "medicine_pass": ("现在请在这里出示你的通行码", "Now show your pass here"),
    "medicine_wait": ("请稍候，正在记录", "One moment: it is being written down"),
    "medicine_take": ("药格已打开：取药，再关好", "The slot is open: take it, and close the slot"),
    "slot": ("格口", "Slot"),
    "enter": ("确定", "Done"),
    "erase": ("删除", "Erase"),
    "show_card": ("请出示答案旁数字的那张卡", "Show the card with the number of your answer"),
    "told_slip_first": ("请先出示选票，再出示数字卡。", "Show your slip first, and then a card."),
    "told_slip_torn": (
        "选票没有读全：请放平再试；破损的请找选举委员会。",
        "The slip is damaged or cut off: hold it flat, or ask the board.",
    ),
    "told_slip_unknown": ("这不是这里任何一次投票的选票。", "This is a slip of no vote that is held here."),
    "told_slip_elsewhere": (
        "这次投票不在本站进行，选票仍然有效。",
        "This vote is not held at this station. Your slip is still good.",
    ),
    "told_slip_cast": ("这张选票已经投过票了。", "This slip was cast already."),
    "told_slip_wait": ("正在保存，请稍等片刻再出示。", "It is being saved: show it again in a moment."),
    "told_slip_early": ("投票还没有开始，选票仍然有效。", "The vote has not begun yet. Your slip is still good."),
    "told_slip_no_time": (
        "本站还不知道现在的时间，请过一会儿再来；选票仍然有效。",
        "This station does not know the time yet: come again later. Your slip is still good.",
    ),
    "told_slip_over": ("投票已经结束。", "The vote is over."),
    "told_slip_busy": ("有人正在投票，请等一下再出示。", "Somebody is voting: wait, and show it again."),
    "told_slip_full": (
        "本站票箱已满，请到另一个驿站；选票仍然有效。",
        "This station's urn is full: go to another one. Your slip is still good.",
    ),
    "told_slip_disk": (
        "本站现在存不了答卷，请到另一个驿站；选票仍然有效。",
        "This station can save no ballot now: go to another one. Your slip is still good.",
    ),
    "told_card_kept": ("答题卡已记下，谢谢！", "The card is saved. Thank you!"),
    "told_card_not_kept": ("没有记下，请再出示一次", "Not saved. Please show it again."),
    "told_round_open": ("巡查已打开", "The round is open"),
    "told_no_steward": (
        "这里的读码器不开门，只供管理员使用。请到门口出示。",
        "This reader opens no door: it is for stewards. Please show it at the door.",
    ),
    "told_no_checklist": ("本站还没有巡查表", "This station has no checklist yet"),
}
"""By their keys in the page's scripts."""

SUPPLIES: Final[dict[str, Words]] = {
    "show_pass": ("请在这里出示通行码", "Show your pass here"),
    "closed": ("现在不发放", "It is not handed out now"),
    "open": ("现在人人可领，不用通行码", "For everybody now, without a pass"),
    "yours": ("有你的一份", "One is yours"),
    "steward": ("有你的一份，请管理员发给你", "One is yours: a steward hands it to you"),
    "unsure": ("开格时断了电：没拿到就请管理员发给你", "The power went as it opened: if you got nothing, ask a steward"),
    "granted": ("格口开了：取出，再关好", "The slot opens: take it, and close the slot"),
    "taken": ("已领取，谢谢！请关好格口", "Taken. Thank you! Please close the slot"),
    "not_taken": ("没有取出，不算领过", "Nothing was taken: it is still yours"),
    "not_saved": ("没有记下，也没有发出。请再试一次", "Nothing was saved, and nothing given. Please try again"),
    "had": ("你已经领过了", "You have had yours"),
    "elsewhere": ("你在别的驿站领过了", "You have had yours at another station"),
    "stale": ("暂时查不到别站的发放记录，请到你常去的驿站领", "Who had one elsewhere is not known now: go to your own station"),
    "empty": ("已经发完", "There is none left"),
    "wait": ("格口正在用，等它关好再领", "Its slot is in use: wait until it is closed"),
    "slot_fault": ("格口打不开，请告诉管理员", "Its slot does not open: tell a steward"),
    "not_for_you": ("这一项不对这类通行码发放", "It is not for this class of pass"),
    "no_time": ("本站不能确认今天的日期，请过一会儿再来", "This station cannot prove which day it is: come again later"),
    "disk": ("本站现在记不下，请到别的驿站领", "This station can save nothing now: go to another one"),
    "full": ("本站再也记不下了，请到别的驿站领", "This station can save no more: go to another one"),
    "unclear": ("两个活动用了同一个格口，请告诉工会", "Two campaigns name the same slot: tell the union"),
}  # fmt: skip
"""What there is of a campaign for whoever has shown a pass, and what to do next."""

LANGUAGES: Final[dict[str, str]] = {
    "zh": "中文",
    "en": "English",
    "ug": "ئۇيغۇرچە",
    "bo": "བོད་ཡིག",
    "mn": "ᠮᠣᠩᠭᠣᠯ",
    "za": "Vahcuengh",
    "ii": "ꆈꌠꉙ",
    "kk": "قازاقشا",
    "ko": "한국어",
}
"""What those of China call themselves, each in its own script; a browser knows what others do."""


BALLOT: Final[tuple[Words, ...]] = (
    ("非常满意", "Very satisfied"),
    ("满意", "Satisfied"),
    ("一般满意", "Fairly satisfied"),
    ("不满意", "Dissatisfied"),
    ("弃权", "Abstain"),
)
"""As in kiosk/index/answers.py."""

DIMENSIONS: Final[tuple[Words, ...]] = (
    ("平等就业", "Employment"),
    ("劳动报酬", "Pay"),
    ("休息休假", "Rest and leave"),
    ("安全健康", "Safety and health"),
    ("培训", "Training"),
    ("保险福利", "Insurance"),
    ("诉求处理", "Complaints"),
)
"""The same in a word or two, for the last look at a ballot."""


def words() -> dict[str, Words]:
    """All that the page's scripts can say, by key."""
    others = {each: _both(each) for each in named()}
    told = {f"told_{reason}": said for reason, said in REASONS.items()}
    told |= {f"told_{OF_A_RELEASE}{outcome}": said for outcome, said in OUTCOMES.items()}
    told |= {f"supply_{state}": said for state, said in SUPPLIES.items()}
    numbered = {"answer": ANSWERS, "ballot": BALLOT, "dimension": DIMENSIONS}
    ours = {f"{kind}{number}": each for kind, all_of in numbered.items() for number, each in enumerate(all_of)}
    return told | others | OURS | ours | {"water": WATER}


WATER: Final[Words] = ("饮水", "Drinking water")
"""The place; an alarm of the same name is another thing."""


def named() -> Iterator[str]:
    """Where something is wrong, what, and what became of it: in the words of the office."""
    yield from PLACES
    for whats in WHATS.values():
        yield from whats
    yield from ("received", "owned", "done", "will_not", "passed_on", "confirmed", "disputed")


def _both(name: str) -> Words:
    with speaking(chinese=True):
        chinese = word(name)
    with speaking(chinese=False):
        english = word(name)
    return chinese, english[0].upper() + english[1:]
