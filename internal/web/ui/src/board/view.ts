// What the server sends (view.go, backdrop.go and alarmview.go say what each field is).
// Every figure comes with the text to show: nothing is computed or rounded in a page.

export type Lang = 'zh' | 'en';
export type Wording = Record<Lang, string>;

export interface Figure {
  num: number;
  den: number;
  value: number | null;
  text: string;
  met: boolean;
  not_connected?: string;
}

export interface Curve {
  offered: number[];
  requested: number[] | null;
  answered: number[];
  running: number;
}

export interface Today {
  rate: Figure;
  agent: Figure;
  composite: Figure;
  timeliness: Figure;
  timeliness_leads: 'wait' | 'items';
  asa: Figure;
  offered: number;
  misses_left: number;
  answers_needed: number;
  allowance: { remaining: number; left: number } | null;
  curve: Curve;
  so_far: { until: string; offered: number; usual: string; change: string } | null;
}

export interface Recent {
  window: '15m' | '1h';
  rate: Figure;
  low: number;
  high: number;
  low_text: string;
  high_text: string;
}

export interface Queue {
  name: string;
  rate: Figure;
  waiting: number | null; // null: a source does not tell
}

export interface Firing {
  id: string;
  name: string;
  page: boolean;
  summary: Wording;
  since: string;
  runbook?: string;
}

export interface Alarms {
  at: string | null;
  stale: boolean;
  firing: Firing[];
  maintenance: { from: string; to: string; reason: string; by: string } | null;
}

export type Agents = Record<'signed_in' | 'talking' | 'ringing' | 'free' | 'wrapup' | 'paused', number>;

export interface View {
  now: string;
  checked_at: string;
  data_to: string | null;
  zone: string;
  title: Wording;
  service_open: boolean;
  no_calendar?: Wording;
  definition: { name: string; version: number; confirmed: boolean; since?: string; text: Wording };
  targets: { answer_rate: string; answered_calls: number };
  today: Today;
  waiting: { count: number; not_connected?: string; longest_since: string | null; stale: number };
  callbacks?: { connected: boolean; owed: number; overdue: number }; // absent: not read yet
  agents: Agents | null;
  recent: Recent[];
  month: Figure;
  quarter: Figure;
  year: { answered: number; share: string; rate: Figure };
  topics: { name: string; calls: number }[] | null;
  queues: Queue[] | null;
  more_queues: number;
  more_waiting: number;
  alarms: Alarms | null;
}

export interface Usual {
  name: Wording;
  text: Wording;
  offered: number[];
  answered: number[];
  least: number[];
  most: number[];
}

export interface Pace {
  as_of: string;
  target: number;
  to_date: number;
  expected: number;
  gap: number;
  change: string;
  working_days_over: number;
  working_days: number;
  needed_per_working_day: number;
  forecast: { mean: number; low: number; high: number; likelihood: 'certain' | 'possible' | 'impossible' } | null;
  course: { month: number; to_date: number | null; expected: number }[];
}

export interface Day {
  date: string;
  at: string[];
  usual: Usual | null;
  pace: Pace | null;
}
