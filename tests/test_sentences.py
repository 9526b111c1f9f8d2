"""Every kind of entry is a sentence, in both languages, and every field of it that may be left out is heard."""

from __future__ import annotations

from typing import Any, Final, get_args

import msgspec
import pytest

from kiosk.core import entries as fact
from kiosk.settings import DoorTable, LockTable, Settings, Station
from kiosk.settings.appliances import AlarmTable, ApplianceTable, ContactSensorTable, OneWireTable, PinRelayTable
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence

SETTINGS: Final = Settings(
    Station("37081101"),
    {"main": DoorTable(LockTable(17)), "back": DoorTable(LockTable(5), label="后门")},
    sensors={
        "t": OneWireTable(unit="°C", device="28-000000000001", label="冷柜温度"),
        "leak": ContactSensorTable(pin=6),
    },
    relays={"kettle": PinRelayTable(pin=7, label="开水器插座")},
    appliances={
        "fridge": ApplianceTable(kind="fridge", temperature="t", label="冷柜"),
        "kettle": ApplianceTable(kind="other", alarms={"odd": AlarmTable(label="异响")}),
    },
)
AT: Final = 1_785_578_645
"""18:04:05 of 1 August 2026 in China."""

SAID: Final[tuple[tuple[Any, str, str], ...]] = (
    (fact.Started("1.2.3"), "驿站程序启动，版本 1.2.3", "the station started, version 1.2.3"),
    (fact.Stopped(), "驿站程序正常结束，门锁已断电", "the station ended in order; the locks have no power"),
    (
        fact.Granted("main", 3, 0, 0, "t", AT),
        "main 门：卡片 3 号放行（劳动者）",
        "main: opened for card 3 (worker)",
    ),
    (
        fact.Granted("back", 4, 1, 2, "t", AT, again=True, shown_at=AT),
        "后门：手机码 4 号放行（技术员），第二次出示，手机时间 18:04:05",
        "后门: opened for bound 4 (technician), shown a second time, by a phone whose clock said 18:04:05",
    ),
    (
        fact.Denied("main", "expired", 3, 2),
        "main 门：拒绝凭证 3 号：通行码已过期，请更新。（另有 2 次未记录）",
        "main: refused, credential 3: This pass has expired. Please renew it. (2 more were not written down)",
    ),
    (
        fact.Granted("main", 5, 0, 1, "t", AT, way="phone"),
        "main 门：动态码 5 号放行（劳动者），由手机通过中心服务器",
        "main: opened for live 5 (worker), by a phone and the central server",
    ),
    (
        fact.Denied("main", "suspended", 5, 0, "phone"),
        "main 门：拒绝凭证 5 号：这张卡已暂停使用，请联系工会。（由手机申请）",
        "main: refused, credential 5: This pass is suspended. Please call the union. (asked for by a phone)",
    ),
    (
        fact.Denied("main", "not_a_pass"),
        "main 门：拒绝：这不是驿站通行码。请打开通行码再试。",
        "main: refused: This is not a station pass. Please open your pass and try again.",
    ),
    (fact.Unlocked("main", "pass"), "main 门：开锁（通行码）", "main: unlocked (pass)"),
    (fact.Locked("main"), "main 门：上锁", "main: locked"),
    (fact.Taken("back"), "后门：有人进门", "后门: somebody came in"),
    (fact.Taken("back", slot=True), "后门：有人取走了东西", "后门: somebody took from it"),
    (fact.NotTaken("main", slot=True), "main 门：未按时取走", "main: nobody took from it in time"),
    (fact.NotTaken("main"), "main 门：放行后无人开门", "main: nobody opened it in time"),
    (fact.InterruptedUnlock("main"), "main 门：开锁期间程序中断", "main: the program had ended while it was unlocked"),
    (fact.ExitPressed("main"), "main 门：有人按下出门按钮", "main: the exit button was pressed"),
    (fact.LockFault("main", True), "main 门：锁舌不到位", "main: the bolt is not where it should be"),
    (fact.LockFault("main", False), "main 门：锁舌恢复到位", "main: the bolt is where it should be again"),
    (fact.DoorAlarm("main", "held_open"), "main 门：报警：长时间未关", "main: alarm: open too long"),
    (fact.DoorAlarm("main", "forced_open"), "main 门：报警：被强行打开", "main: alarm: forced open"),
    (fact.DoorAlarm("main", "none"), "main 门：报警解除", "main: the alarm is over"),
    (fact.FireRelease(True), "消防输入动作：所有门放开", "the fire input is active: every door is free"),
    (fact.FireRelease(False), "消防输入恢复", "the fire input is no longer active"),
    (
        fact.Operated("main", "hold", "wang", 900.0),
        "main 门：wang 常开 15 分钟",
        "main: held open by wang for 15 min",
    ),
    (
        fact.Operated("main", "release", "keyset"),
        "main 门：新密钥集 恢复常规",
        "main: given back to its rules by a new keyset",
    ),
    (
        fact.Operated("main", "open", "central a-1", 5.0),
        "main 门：中心服务器（指令 a-1） 开门一次 5 秒",
        "main: opened once by the central server (command a-1) for 5 s",
    ),
    (fact.Maintenance("wang", 1800.0), "wang 开启维护状态 30 分钟", "maintenance was armed by wang for 30 min"),
    (fact.Maintenance("pass 7"), "凭证 7 结束维护状态", "maintenance was ended by credential 7"),
    (
        fact.Commissioned(
            "wang", {"lock": "passed", "camera": "failed: the camera gives no picture", "exit": "skipped"}
        ),
        "wang 测试了各部件：门锁 通过，摄像头 失败：摄像头没有画面，出门按钮 跳过",
        "wang tried the parts: lock passed, camera failed: the camera gives no picture, exit skipped",
    ),
    (fact.Fault("main.exit"), "故障：main 门的出门按钮", "fault: exit button of main"),
    (
        fact.Fault("scanner.front", "/dev/video0 does not open: Permission denied"),
        "故障：扫码器 front：/dev/video0 打不开：没有权限",
        "fault: scanner front: /dev/video0 does not open: Permission denied",
    ),
    (fact.FaultCleared("sensor.t"), "故障消除：冷柜温度", "no longer a fault: 冷柜温度"),
    (
        fact.DocumentApplied("policy", 3, ("doors.mian", "tint")),
        "策略第 3 版生效；本站用不上：doors.mian，tint",
        "policy 3 is in force; this station has no use for: doors.mian, tint",
    ),
    (
        fact.DocumentRefused("other_station", 4),
        "拒绝了一份文件：这是给别的驿站的。（另有 4 次未记录）",
        "a document was refused: It is for another station. (4 more were not written down)",
    ),
    (fact.EnrolmentShown(), "有人出示了注册码", "an enrolment code was shown"),
    (fact.Enrolled("able acid"), "已注册；指纹：able acid", "enrolled; its fingerprint: able acid"),
    (
        fact.CommandStarted("a-1", 7, "hold_open", "main"),
        "指令 a-1（第 7 条）：常开，main 门",
        "command a-1, number 7: hold open at main",
    ),
    (fact.Updated("0.6.0", "kept"), "升级到 0.6.0 版：已保留", "update to version 0.6.0: kept"),
    (
        fact.Updated("0.6.0", "went_back", "the station does not answer"),
        "升级到 0.6.0 版：已退回：驿站程序没有应答",
        "update to version 0.6.0: went back: the station does not answer",
    ),
    (
        fact.Updated("", "refused", "bad_signature"),
        "升级到 ? 版：拒绝：签名不对：文件被改动或伪造。",
        "update to version ?: refused: Its signature is wrong: it was changed on the way, or forged.",
    ),
    (fact.CommandEnded("a-1", "done"), "指令 a-1：完成", "command a-1: done"),
    (
        fact.CommandEnded("a-2", "suspended"),
        "指令 a-2：这张卡已暂停使用，请联系工会。",
        "command a-2: This pass is suspended. Please call the union.",
    ),
    (
        fact.Reported("a", "1", {"main": "normal locked closed none"}, {"gps": "slow"}, {"keyset": 2}, "old"),
        "按指令 a 报告：版本 1；main 门 正常，已上锁，关着，无；密钥集 2；名单过旧；故障：卫星定位：写入太慢",
        "reported for command a: version 1; main normal, locked, closed, none; keyset 2; list old; faults: gps: slow",
    ),
    (
        fact.Dropped("telemetry", 4, 9),
        "遥测：第 4 至 9 条已删除：日志已满",
        "telemetry: numbers 4 to 9 had to go: the logbook was full",
    ),
    (
        fact.Dropped("access", count=3),
        "门禁：丢失 3 条记录：磁盘太久无法写入",
        "access: 3 entries were lost: the disk took no write for too long",
    ),
    (
        fact.Rated("休息得好吗", (9, 4, 1, 0), 2, 12, 3, "ab12", 7),
        "休息得好吗：从最好到最差的回答数 9，4，1，0，比进来的人多 2 个；周数：3，进来的人：12（评价箱 ab12，第 7 批）",
        (
            "休息得好吗: from the best answer to the worst 9, 4, 1, 0, 2 more than came in; weeks: 3, who came in: 12"
            " (urn ab12, bundle 7)"
        ),
    ),
    (
        fact.Voiced("water", "not_hot", 2, True, "ab12", 8),
        "站内反映：饮水：不热，另有 2 人同样反映（紧急）（评价箱 ab12，第 8 批）",
        "said inside: drinking water: not hot, and 2 more said so (urgent) (urn ab12, bundle 8)",
    ),
    (
        fact.Inspected(
            7, "standard", 12, {"clean": "yes", "fridge": "no", "plasters": "2027-03"}, ("fridge",), "ab12", 9
        ),
        "凭证 7 巡查（standard 第 12 版）：clean 是，fridge 否，plasters 2027-03；由传感器判定：fridge（评价箱 ab12，第 9 批）",
        (
            "inspected by credential 7 (standard 12): clean yes, fridge no, plasters 2027-03; by sensors: fridge"
            " (urn ab12, bundle 9)"
        ),
    ),
    (
        fact.Cleaned(7, "standard", "ab12", 10),
        "凭证 7 报告已清洁 (standard)（评价箱 ab12，第 10 批）",
        "cleaned, says credential 7 (standard) (urn ab12, bundle 10)",
    ),
    (
        fact.Ballots("87afb63cf7783232" + "0" * 48, 1, 1),
        "投票 87afb63c：到期上交密封答卷 0 份",
        "poll 87afb63c: sealed ballots at its end: 0",
    ),
    (
        fact.Ballots("87afb63cf7783232" + "0" * 48, 2, 3, ("QUJD", "QUJE")),
        "投票 87afb63c：到期上交密封答卷 2 份（第 2 部分，共 3 部分）",
        "poll 87afb63c: sealed ballots at its end: 2 (part 2 of 3)",
    ),
    (
        fact.Ballots("87afb63cf7783232" + "0" * 48, 1, 1, ("QUJD", "QUJE"), ("QUJG", "QUJH")),
        "投票 87afb63c：到期上交密封答卷 2 份，密封意见 2 条",
        "poll 87afb63c: sealed ballots at its end: 2, with sealed remarks: 2",
    ),
    (
        fact.HandedOut("rain", "raincoat", "back", "ab12cd34" * 4, "2026-W48", count=2),
        "rain：raincoat 放行 2 件，后门，2026-W48 期（标记 ab12cd34）",
        "rain: 2 of raincoat granted, 后门, for 2026-W48 (token ab12cd34)",
    ),
    (
        fact.HandedOut("exam", "water", taken=True),
        "exam：water 已领 1 件",
        "exam: 1 of water taken",
    ),
    (
        fact.Counted(7, "raincoat", 18, 19),
        "凭证 7 盘点：raincoat 18 件，应有 19 件",
        "counted by credential 7: 18 of raincoat, expected 19",
    ),
    (
        fact.Filled(7, "back", "ibuprofen", 12, "2027-03"),
        "凭证 7 补货：ibuprofen 12 件，放入后门，有效期到 2027-03 月底",
        "filled by credential 7: 12 of ibuprofen into 后门, good until the end of 2027-03",
    ),
    (
        fact.Released("ab12cd34" * 8, "back", "kept_too_warm"),
        "按取药码 ab12cd34 取药，后门：存放温度过高",
        "medicine by release ab12cd34, 后门: kept too warm",
    ),
    (
        fact.Released("ab12cd34" * 8, "back", "disk"),
        "按取药码 ab12cd34 取药，后门：本站不能记录",
        "medicine by release ab12cd34, 后门: it could not be written down",
    ),
    (
        fact.Consulted(240.0, "left"),
        "医生链接显示了 4 分钟：离开",
        "the doctor's link was shown for 4 min: left",
    ),
    (fact.StoppedAt("north-gate", "missed"), "停靠点 north-gate：未到", "stop north-gate: missed"),
    (
        fact.ApplianceAlarm("fridge.too_warm", "t", 9.5, True),
        "报警：冷柜 太热（冷柜温度：9.5 °C）",
        "alarm: 冷柜: too warm (冷柜温度: 9.5 °C)",
    ),
    (
        fact.ApplianceAlarm("kettle.odd", "leak", 0.0, False),
        "报警解除：kettle 异响（leak：关）",
        "over: kettle: 异响 (leak: off)",
    ),
    (
        fact.Switched("kettle", False, "fridge.too_warm", True),
        "开水器插座：断电，原因：冷柜 太热",
        "开水器插座: off because of: 冷柜: too warm",
    ),
    (
        fact.Switched("kettle", True, "saving", False),
        "开水器插座：恢复供电；节能已解除",
        "开水器插座: has power again; no longer: saving",
    ),
    (
        fact.Switched("lamp", False, "saving", False),
        "继电器 lamp：仍断电；节能已解除",
        "relay lamp: still off; no longer: saving",
    ),
    (
        fact.Switched("lamp", False, "battery", True),
        "继电器 lamp：断电，原因：电池电压低",
        "relay lamp: off because of: battery",
    ),
    (
        fact.Saving("warned"),
        "节能：已关闭且无人，电器即将断电",
        "saving: closed and empty; the appliances will be switched off",
    ),
    (fact.Saving("off"), "节能：电器已断电", "saving: the appliances are off"),
    (
        fact.Saving("off", "battery"),
        "电池：电压低，电器已断电",
        "battery: its voltage is low; the appliances are off",
    ),
    (fact.Saving("on"), "节能：电器恢复供电", "saving: the appliances have power"),
    (fact.Measured("t", 4.0, "°C", 30.0), "冷柜温度 4 °C，30 秒前测得", "冷柜温度 4 °C, measured 30 s earlier"),
    (
        fact.Absent("t", "no_answer", 40.0),
        "冷柜温度：没有数值：没有应答，已 40 秒",
        "冷柜温度: no value: no answer, for 40 s",
    ),
    (
        fact.Used("fridge", 3600.0, 3500.0, 600.0, 120.0, 4),
        "冷柜：60 分钟内运行 10 分钟，启动 4 次，用电 120 Wh（计量 58.3 分钟）",
        "冷柜: in 60 min it ran for 10 min and began 4 times; 120 Wh (58.3 min metered)",
    ),
    (fact.Position(36.5, 117.25, True), "位置 36.50000, 117.25000 （移动中）", "position 36.50000, 117.25000 (moving)"),
)
CHINESE, ENGLISH = "zh_CN.UTF-8", "C.UTF-8"


@pytest.fixture(params=[CHINESE, ENGLISH])
def tongue(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The language of this test, which ends with it."""
    monkeypatch.setenv("LC_ALL", request.param)
    monkeypatch.delenv("TERM", raising=False)
    return str(request.param)


def said(entry: Any) -> str:
    return sentence({"seq": 1, "wall": AT, **msgspec.to_builtins(entry)}, Names(SETTINGS))


@pytest.mark.parametrize(("entry", "chinese", "english"), SAID, ids=lambda each: type(each).__name__)
def test_each_entry_in_words(entry: Any, chinese: str, english: str, tongue: str) -> None:
    assert said(entry) == (chinese if tongue == CHINESE else english)


def test_no_kind_is_without_a_sentence() -> None:
    assert {type(entry) for entry, _, _ in SAID} == set(get_args(fact.Entry))


@pytest.mark.usefixtures("tongue")
@pytest.mark.parametrize("kind", get_args(fact.Entry), ids=lambda kind: kind.__name__)
def test_what_may_be_left_out_is_heard_where_it_is_there(kind: Any) -> None:
    """Taken away from the fullest of the examples, it changes the sentence."""
    examples = [entry for entry, _, _ in SAID if type(entry) is kind]
    for field in msgspec.structs.fields(kind):
        if field.default is not msgspec.NODEFAULT:
            full = [each for each in examples if getattr(each, field.name) != field.default]
            assert full, f"no example has {field.name}"
            for each in full:
                assert said(each) != said(msgspec.structs.replace(each, **{field.name: field.default})), field.name


@pytest.mark.usefixtures("tongue")
@pytest.mark.parametrize("entry", [{"kind": "of_a_later_version", "deep": [1]}, {"kind": "granted"}, {"kind": 7}])
def test_an_entry_that_nobody_knows_is_told_as_it_is(entry: dict[str, Any]) -> None:
    assert str(entry["kind"]) in sentence(entry, Names(None))


@pytest.mark.usefixtures("tongue")
def test_without_settings_things_have_the_names_that_the_entry_has() -> None:
    assert "fridge door" in sentence(msgspec.to_builtins(fact.Absent("fridge_door", "no_answer")), Names(None))
