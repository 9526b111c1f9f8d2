"""What is asked where a poll's file says nothing else: the seven dimensions of the index, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "employment": {
        "zh": "平等就业与自主择业：你满意吗？",
        "en": "Equal chances at work, and the choice of it: how satisfied are you?",
    },
    "pay": {"zh": "劳动报酬：你满意吗？", "en": "Your pay: how satisfied are you?"},
    "rest": {"zh": "休息休假：你满意吗？", "en": "Rest and leave: how satisfied are you?"},
    "safety": {"zh": "劳动安全与健康保护：你满意吗？", "en": "Safety and health at work: how satisfied are you?"},
    "training": {"zh": "职业技能培训：你满意吗？", "en": "Training for your work: how satisfied are you?"},
    "insurance": {"zh": "社会保险与福利：你满意吗？", "en": "Insurance and welfare: how satisfied are you?"},
    "complaints": {"zh": "诉求与争议的处理：你满意吗？", "en": "How complaints are handled: how satisfied are you?"},
}

EVERYBODY: Final[Mapping[str, str]] = {"zh": "全体", "en": "All"}
"""The one heap of a poll without groups."""

DIMENSION_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "employment": ("平等就业", "employment"),
    "pay": ("劳动报酬", "pay"),
    "rest": ("休息休假", "rest, leave"),
    "safety": ("安全健康", "safety, health"),
    "training": ("技能培训", "training"),
    "insurance": ("保险福利", "insurance, welfare"),
    "complaints": ("诉求处理", "complaints"),
}
"""Short, in Chinese and in English, for figures and tables."""
