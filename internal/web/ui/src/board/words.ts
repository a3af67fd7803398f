import type { Lang } from './view';

// Words of what changes while the page is open; the others are in words.json. The English
// must have every word of the Chinese: the compiler says so.
const zh = {
  calls: '通', call_count: (n: string) => `${n} 通`, none: '无数据', off: '未接入', unnamed: '(未标明)',
  in_service: '服务中', closed: '非服务时间', no_calendar: '缺少工作日历',
  data_to: '数据截至', never: '还没有数据', nothing: '还没有任何来电记录。接入话务系统:hotline import、hotline tokens add,见 docs/connect-your-pbx.md', ago: (s: string) => `${s}前`, lost: '连接中断', reconnecting: '正在重新连接', since_lost: (s: string) => `已 ${s}`,
  lost_text: (at: string) => `以下是 ${at} 的数字,不是现在的`, lost_blank: '还没有收到数据', stuck: '数据库没有应答', stuck_text: (at: string) => `数字停在 ${at}`, back: '连接已恢复',
  seconds: (n: number) => `${n} 秒`, minutes: (n: number) => `${n} 分钟`, hours: (n: number) => `${n} 小时`, days: (n: number) => `${n} 天`, years: (n: number) => `${n} 年`,
  unconfirmed: '待确认', since: (d: string) => `,${d}起`,
  agent_rate: '人工接通率', composite_rate: '综合接通率(含自助)', composite_service_hours_rate: '综合接通率(含自助,服务时间内)', agent_excl_short_rate: '人工接通率(不计速挂)',
  agent_formula: '人工接听量 ÷ 人工请求量', composite_formula: '(人工接听量 + 自助服务量) ÷ 来电总量', composite_service_hours_formula: '(人工接听量 + 自助服务量) ÷ 来电总量,服务时间内', agent_excl_short_formula: '人工接听量 ÷ (人工请求量 − 速挂)',
  today: (what: string) => `今日${what}`, met: '达标', missed: '未达标', target: '目标',
  may_miss: (n: string) => `现在还可漏接 ${n} 通`, must_answer: (n: string, _count: number) => `再连续接听 ${n} 通可达标`,
  day_left: (n: string, rest: string) => `全天还可漏接 ${n} 通(预计还有 ${rest} 个请求)`, day_gone: (rest: string) => `按平常还有 ${rest} 个请求,全部接听今日也难达标`,
  no_calls: '今天还没有来电', waited_long: '超过 1 分钟', waited: '超过 15 秒', nobody: '无人等待', people: (n: string) => `${n} 人`, overdue: (n: string) => `已超时 ${n}`, stale_open: (n: string) => `另有 ${n} 通超过 4 小时未判定`,
  '15m': '最近15分钟', '1h': '最近1小时', likely: (low: string, high: string) => `真实水平约在 ${low}–${high}`, unsure: '通数少,不足以判断', surely_met: '高于目标', surely_missed: '低于目标',
  offered: '来电', answered: '人工接听', unanswered: '未接', self: '自助等', others: '其他来电', usual: (what: string) => `平常的${what}`, usual_short: '平常', no_usual: '同类日不足 3 天,暂无平常值', now: '现在',
  so_far: (until: string, n: string, usual: string, change: string) => `到 ${until} 来电 ${n} 通,平常 ${usual} 通${change ? `(${change})` : ''}`,
  no_topics: '今日来电未标业务类型', more_queues: (n: string) => `另有 ${n} 个技能组`, more_waiting: (n: string) => `,其中排队 ${n} 通`,
  pace_ahead: (n: string, p: string) => `超前时序进度 ${n} 通(${p})`, pace_behind: (n: string, p: string) => `落后时序进度 ${n} 通(${p})`, pace_even: '与时序进度持平',
  pace_note: (day: string, expected: string, over: number, all: number) => `截至 ${day}:应达 ${expected} 通,工作日 ${over}/${all}`, pace_begins: '今年第一天,尚无时序进度',
  certain: '确定能完成', possible: '有可能完成', impossible: '完全不可能完成', no_forecast: '数据不足', no_days_left: '已无工作日', actual: '累计接听', expected: '时序进度', forecast: '预计',
  month: (m: number) => `${m}月`, big: (n: number) => (n >= 10_000 ? `${n / 10_000}万` : String(n)), urgent: '紧急', notice: '注意', from: (at: string, s: string) => `${at} 起,已 ${s}`, what_to_do: '处置手册', more: (n: number) => `另有 ${n} 条报警`,
  maintenance: '计划停机', until: (from: string, to: string) => `${from}–${to},期间不报警`, no_alarm: '无报警', not_watched: '报警规则未启用', not_checked: '报警规则停止检查',
  sound_on: '声音已开', sound_off: '声音已关', sound_wait: '点此允许声音', at: '时刻', wall: '全屏', wall_end: '退出全屏',
};

const en: typeof zh = {
  calls: '', call_count: n => n, none: 'no data', off: 'not connected', unnamed: '(unnamed)',
  in_service: 'in service', closed: 'closed', no_calendar: 'no calendar',
  data_to: 'data to', never: 'no data yet', nothing: 'There are no records yet. Connect a telephone system: hotline import, hotline tokens add, docs/connect-your-pbx.md', ago: s => `${s} ago`, lost: 'Connection lost', reconnecting: 'reconnecting', since_lost: s => `for ${s}`,
  lost_text: at => `the figures are those of ${at}, not of now`, lost_blank: 'nothing was received yet', stuck: 'The database does not answer', stuck_text: at => `the figures stand at ${at}`, back: 'connected again',
  seconds: n => `${n} s`, minutes: n => `${n} min`, hours: n => `${n} h`, days: n => `${n} d`, years: n => `${n} y`,
  unconfirmed: 'not confirmed', since: d => `, since ${d}`,
  agent_rate: 'agent answer rate', composite_rate: 'composite answer rate', composite_service_hours_rate: 'composite answer rate, service hours', agent_excl_short_rate: 'agent answer rate, short abandons left out',
  agent_formula: 'answered ÷ requested', composite_formula: '(answered + self-service) ÷ offered', composite_service_hours_formula: '(answered + self-service) ÷ offered, within service hours', agent_excl_short_formula: 'answered ÷ (requested − short abandons)',
  today: what => `Today: ${what}`, met: 'met', missed: 'missed', target: 'target',
  may_miss: n => `${n} more may be lost now`, must_answer: (n, count) => (count === 1 ? 'the next answer recovers' : `${n} answers in a row to recover`),
  day_left: (n, rest) => `${n} more in the whole day, of ${rest} still expected`, day_gone: rest => `out of reach today, even if all ${rest} still expected are answered`,
  no_calls: 'no calls yet today', waited_long: 'over 1 minute', waited: 'over 15 seconds', nobody: 'nobody waits', people: n => n, overdue: n => `${n} overdue`, stale_open: n => `${n} more undecided for over 4 hours`,
  '15m': 'last 15 min', '1h': 'last hour', likely: (low, high) => `likely ${low}–${high}`, unsure: 'too few to judge', surely_met: 'above target', surely_missed: 'below target',
  offered: 'offered', answered: 'answered', unanswered: 'lost', self: 'self-service etc.', others: 'other calls', usual: what => `usual ${what}`, usual_short: 'usual', no_usual: 'fewer than 3 days like today: nothing usual yet', now: 'now',
  so_far: (until, n, usual, change) => `${n} offered by ${until}, usually ${usual}${change ? ` (${change})` : ''}`,
  no_topics: 'no call of today names a topic', more_queues: n => `${n} more queues`, more_waiting: n => `, ${n} waiting in them`,
  pace_ahead: (n, p) => `${n} ahead of the pace (${p})`, pace_behind: (n, p) => `${n} behind the pace (${p})`, pace_even: 'on the pace',
  pace_note: (day, expected, over, all) => `by ${day}: ${expected} expected, ${over} of ${all} working days`, pace_begins: 'first day of the year: no pace yet',
  certain: 'certain', possible: 'in reach', impossible: 'out of reach', no_forecast: 'too little known', no_days_left: 'no working day left', actual: 'answered', expected: 'pace', forecast: 'forecast',
  month: m => ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][m - 1] ?? '', big: n => (n >= 1000 ? `${n / 1000}k` : String(n)), urgent: 'Urgent', notice: 'Notice', from: (at, s) => `since ${at}, for ${s}`, what_to_do: 'what to do', more: n => `${n} more alerts`,
  maintenance: 'Maintenance', until: (from, to) => `${from}–${to}, alerts are silent`, no_alarm: 'no alerts', not_watched: 'alert rules not enabled', not_checked: 'alert rules not checked',
  sound_on: 'sound on', sound_off: 'sound off', sound_wait: 'click to allow sound', at: 'time', wall: 'full screen', wall_end: 'leave full screen',
};

export type Words = typeof zh;
export const lang: Lang = typeof document !== 'undefined' && document.documentElement.lang === 'en' ? 'en' : 'zh';
export const words: Record<Lang, Words> = { zh, en };
export const t: Words = words[lang];
