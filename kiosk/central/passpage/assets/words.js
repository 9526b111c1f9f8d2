// What the page says. Chinese and English have all of it; other languages what is needed at a door, and Chinese where they have nothing.

export const LANGUAGES = {
  zh: {
    name: "中文", tag: "zh-CN",
    large: "大字", help: "帮助", show: "请把二维码对准门口的摄像头", until: "{day} 前有效，联网时自动续期", number: "编号 {holder}",
    enrolTitle: "领取通行码", typeCode: "输入工会给您的一次性代码", enrol: "领取", login: "用工会账号登录领取", private: "请用普通窗口打开：无痕窗口一关闭，通行码就没有了。",
    offline: "没有网络，通行码照常可用", cut: "没有网络", online: "已联网", again: "再试一次", anew: "用新代码重新领取",
    helpTitle: "怎么用", help1: "打开本页，把屏幕调到最亮。", help2: "屏幕对着门口的摄像头，距离一拃左右。", help3: "绿灯亮，请拉门进入。",
    helpNot: "门不开？让二维码完整、不反光地对着摄像头；还不行就擦一擦屏幕，或打电话给工会。", cracked: "我的屏幕裂了", holder: "您的代号：",
    leave: "从这部手机上删除通行码", leaveHint: "换手机不用删除：在新手机上重新领取，这里的就不再续期。", leaveSure: "再按一次就删除。要再用，需要工会的新代码。",
    minutes: "{count} 分钟", hours: "{count} 小时", days: "{count} 天",
    clock: "手机时间{way} {amount}。通行码按服务器时间 {time} 生成；把手机时间改对后，请联网打开本页一次。", behind: "慢了", ahead: "快了",
    astray: "手机时间被改过，现在的通行码打不开门。请连上网络，再按下面的按钮。",
    endsSoon: "{day} 到期。请在那之前联网打开本页一次，它会自动续期。",
    overTitle: "通行码已到期", over: "它于 {day} 到期，因为这部手机太久没有联网。\n请连上网络（例如驿站里的 Wi-Fi），再按下面的按钮。",
    elsewhereTitle: "通行码已转到另一部手机", elsewhere: "有人用新代码在另一部手机上领取了它，这里的不再续期。\n如果不是您，请马上打电话给工会。",
    revokedTitle: "通行码已作废", revoked: "请联系工会。", suspendedTitle: "通行码已暂停", suspended: "请联系工会；恢复后再按下面的按钮。", endedTitle: "通行码已过期", ended: "请到工会续期，然后再按下面的按钮。",
    nothingTitle: "这里保存不了通行码", nothing: "浏览器不让本页保存任何东西，可能是无痕窗口，或关闭了网站数据。\n请用普通窗口打开，或换一个浏览器。",
    incapableTitle: "这个浏览器不行", incapable: "它不能生成密钥。请更新浏览器或手机系统，或向工会要一张卡。",
    unreadyTitle: "本页还没有装好", unready: "服务器上缺少画二维码的程序。请告诉工会的管理员：安装 node-qrcode-generator 和 node-tweetnacl。",
    wrongCode: "代码不对，或已过期、已用过。代码十分钟内有效，只能用一次；请向工会再要一个。", loginFailed: "登录没有成功。请在这个浏览器里再试一次，或向工会要一个代码。",
    loginNobody: "这个账号没有通行码。请联系工会。", often: "试得太多了。请等一刻钟。",
    awayTitle: "没有网络", away: "连不上服务器。请检查网络，再试一次。", refused: "没有成功，请再试一次。",
    doorTitle: "打开这扇门", doorHint: "摄像头看不清您的手机时用。每天最多三次。", open: "开门", doorPass: "出示通行码", doorAsking: "正在问驿站……", doorDone: "门已打开，请进",
    doorNoAnswer: "驿站没有回答。门没开的话，请再扫一次门口的码，或打电话给工会。", doorNoCode: "这不是驿站门口的码。", doorStale: "这个码过时了，请再扫一次门口现在显示的码。",
    doorAbsent: "驿站现在没有联网。请出示通行码，或打电话给工会。", doorEnough: "今天已经用过三次了。请出示通行码，或打电话给工会。", doorOften: "问得太频繁了，请等一分钟。",
    lostTitle: "这里的密钥没有了", lost: "浏览器丢了通行码的密钥。请向工会要一个新代码，重新领取。",
    unknownTitle: "这部手机已不在名单上", unknown: "它太久没有联网了。请向工会要一个新代码，重新领取。",
  },
  en: {
    name: "English", tag: "en",
    large: "Large", help: "Help", show: "Hold this code up to the camera at the door", until: "good until {day}; renewed by itself when online", number: "No. {holder}",
    enrolTitle: "Get your pass", typeCode: "The code that the union gave you", enrol: "Get the pass", login: "Log in with the union's account", private: "Use an ordinary window: in a private one the pass is gone when it closes.",
    offline: "No network; the pass works all the same", cut: "No network", online: "Online", again: "Try again", anew: "Get it anew, with a new code",
    helpTitle: "How it works", help1: "Open this page, and make the screen as bright as it goes.", help2: "Hold the screen up to the camera at the door, a hand's width away.", help3: "When the light is green, pull the door.",
    helpNot: "It does not open? Let the whole code face the camera, without a reflection. Wipe the screen, or call the union.", cracked: "My screen is cracked", holder: "You are known as:",
    leave: "Delete the pass from this phone", leaveHint: "A new phone? No need to delete it here: get the pass there, and this one is renewed no longer.", leaveSure: "Press again to delete it. To get it back takes a new code of the union's.",
    minutes: "{count} min", hours: "{count} h", days: "{count} days",
    clock: "This phone's clock is {amount} {way}. Codes are made by the server's time, {time}; after setting the clock right, open this page online once.", behind: "slow", ahead: "fast",
    astray: "This phone's clock was changed, and no door takes these codes. Connect to a network, and press the button.",
    endsSoon: "It ends on {day}. Open this page online once before that; it is renewed by itself.",
    overTitle: "The pass has ended", over: "It ended on {day}, since this phone was offline for too long.\nConnect it to a network (a station's Wi-Fi, say), and press the button.",
    elsewhereTitle: "The pass is on another phone now", elsewhere: "Somebody got it there with a new code, and it is renewed here no longer.\nIf that was not you, call the union at once.",
    revokedTitle: "The pass is revoked", revoked: "Please ask the union.", suspendedTitle: "The pass is suspended", suspended: "Please ask the union. Once it counts again, press the button.", endedTitle: "Your pass has run out", ended: "Have it renewed by the union, then press the button.",
    nothingTitle: "No pass can be kept here", nothing: "The browser lets this page keep nothing: perhaps a private window, or site data is turned off.\nUse an ordinary window, or another browser.",
    incapableTitle: "This browser will not do", incapable: "It cannot make a key. Update it or the phone, or ask the union for a card.",
    unreadyTitle: "This page is not ready", unready: "The server lacks what draws the code. Tell the union's administrator to install node-qrcode-generator and node-tweetnacl.",
    wrongCode: "That code is wrong, or over, or used. A code is good for ten minutes, once; ask the union for another.", loginFailed: "The login did not work. Try again in this browser, or ask the union for a code.",
    loginNobody: "There is no pass for this account. Please ask the union.", often: "Too many tries. Wait a quarter of an hour.",
    awayTitle: "No network", away: "The server cannot be reached. Check the network, and try again.", refused: "That did not work. Please try again.",
    doorTitle: "Open this door", doorHint: "For when the camera cannot read your phone; three times a day at the most.", open: "Open", doorPass: "Show my pass", doorAsking: "Asking the station…", doorDone: "It is open. Please come in.",
    doorNoAnswer: "The station did not answer. If the door is shut, scan the code at the door again, or call the union.", doorNoCode: "This is not the code at a station's door.", doorStale: "This code is over. Scan the one that the display shows now.",
    doorAbsent: "The station is offline just now. Show your pass, or call the union.", doorEnough: "Three times today, and no more. Show your pass, or call the union.", doorOften: "Too often. Wait a minute.",
    lostTitle: "The key is gone", lost: "The browser has lost what this pass is signed with. Ask the union for a new code, and get the pass anew.",
    unknownTitle: "This phone is no longer known", unknown: "It was offline for too long. Ask the union for a new code, and get the pass anew.",
  },
  ko: {
    name: "한국어", tag: "ko",
    large: "큰 글씨", help: "도움말", show: "QR 코드를 문 앞 카메라에 비춰 주세요", until: "{day}까지 유효, 온라인이면 자동 연장", enrolTitle: "출입증 받기",
    typeCode: "노조에서 받은 일회용 코드", enrol: "받기", offline: "네트워크 없음, 출입증은 그대로 쓸 수 있습니다", online: "온라인", again: "다시 시도",
    helpTitle: "사용 방법", help1: "이 페이지를 열고 화면을 가장 밝게 하세요.", help2: "화면을 한 뼘 거리에서 카메라에 비추세요.", help3: "초록불이 켜지면 문을 당기세요.",
    wrongCode: "코드가 틀렸거나 만료되었거나 이미 사용되었습니다.", overTitle: "출입증이 만료되었습니다",
  },
  vi: {
    name: "Tiếng Việt", tag: "vi",
    large: "Chữ to", help: "Trợ giúp", show: "Hãy đưa mã này trước máy quay ở cửa", until: "có giá trị đến {day}, tự gia hạn khi có mạng", enrolTitle: "Nhận thẻ ra vào",
    typeCode: "Mã dùng một lần do công đoàn cấp", enrol: "Nhận", offline: "Không có mạng, thẻ vẫn dùng được", online: "Có mạng", again: "Thử lại",
    helpTitle: "Cách dùng", help1: "Mở trang này và chỉnh màn hình sáng nhất.", help2: "Đưa màn hình về phía máy quay, cách một gang tay.", help3: "Khi đèn xanh sáng, hãy kéo cửa.",
    wrongCode: "Mã sai, hết hạn hoặc đã dùng.", overTitle: "Thẻ đã hết hạn",
  },
  ru: {
    name: "Русский", tag: "ru",
    large: "Крупно", help: "Помощь", show: "Поднесите код к камере у двери", until: "действует до {day}, при связи продлевается сам", enrolTitle: "Получить пропуск",
    typeCode: "Одноразовый код, полученный в профсоюзе", enrol: "Получить", offline: "Нет связи, пропуск работает и так", online: "Есть связь", again: "Ещё раз",
    helpTitle: "Как пользоваться", help1: "Откройте эту страницу и сделайте экран как можно ярче.", help2: "Поднесите экран к камере у двери на ширину ладони.", help3: "Когда загорится зелёный свет, потяните дверь.",
    wrongCode: "Код неверен, просрочен или уже использован.", overTitle: "Срок пропуска истёк",
  },
};

let spoken = "zh";

export function speak(language) {
  spoken = language in LANGUAGES ? language : "zh";
  document.documentElement.lang = LANGUAGES[spoken].tag;
}

// Puts the words of that name into an element, and marks them with their language: it is not always the page's, nor will be when
// another is chosen.
export function say(element, name, values = {}) {
  const language = LANGUAGES[spoken][name] ? spoken : "zh";
  write(element, filled(language, name, values), language);
}

// The same with a text of somebody else's.
export function write(element, text, language) {
  element.textContent = text;
  element.lang = LANGUAGES[language].tag;
}

// With what stands in braces; what is told otherwise in each language is a function of it.
function filled(language, name, values = {}) {
  return LANGUAGES[language][name].replace(/\{(\w+)\}/g, (_, key) => {
    const value = values[key] ?? "";
    return typeof value === "function" ? value(language) : value;
  });
}

// What fills braces, in the language of the words around it.
export const word = (name, values) => (language) => filled(language, name, values);

export const day = (seconds) => (language) => new Date(seconds * 1000).toLocaleString(
  LANGUAGES[language].tag, {month: "long", day: "numeric", hour: "2-digit", minute: "2-digit"});

export const hour = (seconds) => (language) => new Date(seconds * 1000).toLocaleTimeString(
  LANGUAGES[language].tag, {hour: "2-digit", minute: "2-digit"});

// So long, in the largest unit of which it has two.
export function amount(seconds) {
  const [name, size] = [["days", 86400], ["hours", 3600], ["minutes", 60]].find(([, each]) => seconds >= 2 * each || each === 60);
  return word(name, {count: Math.round(seconds / size)});
}

// As the phone is set.
export function preferred() {
  return (navigator.languages || []).map((each) => each.slice(0, 2)).find((each) => each in LANGUAGES) || "zh";
}
