// Every sentence that the two pages show, in Chinese and in English: short, and demeaning to nobody.

import type { Reason } from "../card/refusal.ts";

/** The Chinese and the English of one sentence. */
export type Message = readonly [chinese: string, english: string];

const NOT_READABLE: Message = ["无法识别此码 · 请出示助残码", "This code cannot be read · please show your pass"];
const REFRESH: Message = ["码暂不能核验 · 请刷新后重试", "The code cannot be checked yet · please refresh it"];
const NOT_READY: Message = ["设备未就绪 · 请人工处理", "The device is not ready · please help by hand"];

/** The Chinese is that of card/messages.py, word for word. */
export const REFUSALS: Readonly<Record<Reason, Message>> = {
  malformed: NOT_READABLE,
  too_large: NOT_READABLE,
  not_canonical: NOT_READABLE,
  wrong_algorithm: NOT_READABLE,
  unknown_key: REFRESH,
  bad_signature: ["码未通过核验 · 请刷新后重试", "The code was not accepted · please refresh it"],
  not_presented: ["请打开小程序出示动态码", "Please open the app and show the code that renews itself"],
  expired: ["码已过期 · 请联网刷新", "The code has ended · please go online to refresh it"],
  not_yet_valid: ["码尚未生效 · 请刷新后重试", "The code is not valid yet · please refresh it"],
  stale: ["码已失效 · 请刷新后重试", "The code is too old · please refresh it"],
  future: ["手机时间有误 · 请联网刷新", "The phone's clock is wrong · please go online to refresh"],
  revoked: ["码已更换 · 请刷新后重试", "The code was replaced · please refresh it"],
  suspended: ["码已暂停 · 请联系残联", "The code is paused · please ask the federation"],
  status_unknown: REFRESH,
  replayed: ["此码已使用 · 请刷新后重试", "This code was used · please refresh it"],
  pass_back: ["刚刚已通过 · 请稍后再试", "Passed a moment ago · please wait a little"],
  no_access: ["此处不适用优待 · 请按普通票通行", "No special terms here · please use an ordinary ticket"],
  daily_cap: ["今日优待次数已用完", "Today's special rides are used up"],
  monthly_cap: ["本月优待次数已用完", "This month's special rides are used up"],
  closed: ["现在不在开放时间", "Closed at this hour"],
  bearer_not_accepted: ["此处不收此类码 · 请出示动态码", "Not taken here · please show the code that renews itself"],
  no_bundle: NOT_READY,
  no_tariff: NOT_READY,
  bundle_stale: NOT_READY,
  clock_unknown: NOT_READY,
  out_of_service: NOT_READY,
  rollback: NOT_READY,
  foreign_device: NOT_READY,
  wrong_nonce: NOT_READY,
};

/** The parts of what a gate displays; {0} is a number or a name. */
export const DISPLAY = {
  free: ["免费", "Free"],
  full: ["全价", "Full price"],
  reduced: ["优惠 付{0}%", "Pays {0}%"],
  alone: ["本人", "1 person"],
  companionFree: ["本人+{0}", "1 person + {0}"],
  companionPaying: ["本人+{0}(陪同购票)", "1 person + {0} (who buy a ticket)"],
  companionRequired: ["本人+{0}(须有陪同)", "1 person + {0} (not alone)"],
  companionRequiredPaying: ["本人+{0}(须有陪同，陪同购票)", "1 person + {0} (not alone, who buy a ticket)"],
  enter: ["请进", "Go in"],
  checkName: ["请核对姓名 {0}", "Check the name {0}"],
  countByHand: ["请人工计数", "Count by hand"],
  overridden: ["人工放行", "Let in by hand"],
} as const satisfies Record<string, Message>;

/** What can be wrong with any page. */
const BROKEN = {
  insecure: ["请用 https:// 开头的网址打开此页。", "Open this page by an address that begins with https://."],
  tooOld: [
    "这个浏览器太旧。请更新浏览器，再打开此页。",
    "This browser is too old. Please update it, then open this page.",
  ],
  storage: [
    "浏览器不能保存数据。请退出无痕模式，再打开此页。",
    "The browser keeps no data. Leave private mode, then open this page.",
  ],
  broken: ["页面出错了。请重新打开此页。", "The page has failed. Please open it again."],
} as const satisfies Record<string, Message>;

export const SCANNER = {
  ...BROKEN,
  title: ["扫码核验", "Scanner"],
  language: ["English", "中文"],
  large: ["大字", "Large text"],
  enrolTitle: ["启用此设备", "Set up this device"],
  enrolHelp: ["请输入运营方给您的启用码。", "Type the code that your operator gave you."],
  enrolLabel: ["启用码", "Set-up code"],
  enrol: ["启用", "Set up"],
  enrolWrong: [
    "启用码不对。它有16个字符、一个句点和52个字符。",
    "That is no set-up code. It has 16 characters, a full stop and 52 characters.",
  ],
  enrolForeign: [
    "这台服务器不是启用码所指的。请联系运营方。",
    "This is not the code's server. Please ask your operator.",
  ],
  away: ["现在连不上服务器。请稍后再试。", "The server cannot be reached. Please try again later."],
  start: ["开始扫码", "Start scanning"],
  window: ["没有摄像头？选一个窗口代替", "No camera? Use a window instead"],
  stop: ["停止", "Stop"],
  aim: ["请把码对准画面", "Hold the code in front of the camera"],
  picture: ["摄像头画面", "The camera's picture"],
  next: ["下一位", "Next"],
  override: ["人工放行", "Let in by hand"],
  noCamera: [
    "不能使用摄像头。请在浏览器里允许摄像头，再点“开始扫码”。",
    "The camera cannot be used. Allow it in the browser, then tap “Start scanning”.",
  ],
  elsewhere: [
    "扫码页已在另一个窗口打开。请用那个窗口。",
    "The scanner is open in another window. Please use that one.",
  ],
  online: ["已联网", "Online"],
  offline: ["未联网，可以继续扫码", "Offline; scanning goes on"],
  unknownDevice: [
    "服务器不认识此设备。请联系运营方。",
    "The server does not know this device. Please ask your operator.",
  ],
  waiting: ["待上传 {0} 条", "{0} to upload"],
  clockOff: ["设备时间有误", "The device's clock is wrong"],
  clockUnconfirmed: ["时间待核对", "Time not confirmed"],
  stale: ["核验数据已旧，请联网", "Old data; please go online"],
  noBundle: ["尚无核验数据，请联网", "No data yet; please go online"],
  notKept: ["浏览器不能保存记录，请人工计数", "The browser cannot keep records; count by hand"],
} as const satisfies Record<string, Message>;

export const PHONE = {
  ...BROKEN,
  title: ["演示手机", "Demo phone"],
  language: ["English", "中文"],
  large: ["大字", "Large text"],
  choose: ["您想扮演谁？", "Whom do you want to play?"],
  madeUp: ["这些人都是虚构的。", "All of these people are made up."],
  guardianOf: ["{0}（{1}的监护人）", "{0} (guardian of {1})"],
  nobody: [
    "这里还没有可扮演的人。请用 make run 启动演示。",
    "There is nobody to play yet. Start the demo with `make run`.",
  ],
  away: ["现在连不上服务器。请稍后再试。", "The server cannot be reached. Please try again later."],
  code: ["出示码", "Your code"],
  codeLabel: [
    "出示码，每15秒自动更新。请对准扫码设备。",
    "Your code; renews itself every 15 seconds. Hold it to the scanner.",
  ],
  renews: ["每15秒自动更新，断网也能用。", "Renews itself every 15 seconds, without a network too."],
  ended: ["出示码已过期。请联网更新。", "The pass has ended. Please go online."],
  card: ["残疾人证", "Card"],
  name: ["姓名", "Name"],
  number: ["证号", "Number"],
  validUntil: ["有效期至", "Valid until"],
  eligible: ["可以享受的待遇", "What you are entitled to"],
  undetermined: ["还缺材料的待遇", "What still needs something from you"],
  notEligible: ["目前不能享受的待遇", "What you are not entitled to now"],
  none: ["没有。", "Nothing."],
  missing: ["还需要：{0}", "Still needed: {0}"],
  other: ["换一个人", "Play somebody else"],
} as const satisfies Record<string, Message>;

/** A message with its numbers and names filled in. */
export function filled(message: string, ...values: readonly (string | number)[]): string {
  return message.replaceAll(/\{(\d)\}/g, (_, place: string) => String(values[Number(place)]));
}
