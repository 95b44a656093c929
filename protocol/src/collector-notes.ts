/** The columns that a collector adds to what agents send. */
import { COUNT, note, TIME, WORD, type Note } from './note.js';

export type CollectorColumn =
  | 'received_at'
  | 'event_time'
  | 'time_trust'
  | 'network'
  | 'country'
  | 'collector'
  | 'lateness_s'
  | 'signer'
  | 'crowd'
  | 'report_id'
  | 'weight'
  | 'sealed_day'
  | 'inserted_at'
  | 'rank'
  | 'attempt_id'
  | 'delivery_id'
  | 'loss_id'
  | 'consent_id';

export const COLLECTOR_NOTES: Readonly<Record<CollectorColumn, Note>> = {
  received_at: note('event', 'row', TIME, 1_790_000_020, 'Is the clock that can be trusted.', 'Floored to 10 s.'),
  event_time: note(
    'event',
    'rollup',
    TIME,
    1_790_000_000,
    'Places the row in time: corrected, or arrival.',
    'Device clocks are often wrong.',
  ),
  time_trust: note(
    'bookkeeping',
    'row',
    WORD,
    'device',
    'Says which clock event_time rests on.',
    'Rows of a wrong clock must not make a spike in the past.',
  ),
  network: note(
    'place',
    'rollup',
    WORD,
    'AS3320/DE',
    'Says which networks fail.',
    'System and country; the address is forgotten, small networks are merged.',
  ),
  country: note('place', 'rollup', WORD, 'DE', 'Says where failures are.', 'The country alone.'),
  collector: note('bookkeeping', 'row', WORD, 'c1', 'Finds a collector whose intake is odd.', 'Collectors can fail too.'),
  lateness_s: note('event', 'row', COUNT, 20, 'Says how complete recent counts are.', 'Devices that are cut off report late.'),
  signer: note(
    'pseudonym',
    '8 days',
    'UInt64',
    '12272411928342643758',
    'Counts distinct failing clients.',
    'Half of a hash of UTC day and key; no link across days.',
  ),
  crowd: note(
    'place',
    '8 days',
    WORD,
    'first',
    'Keeps the many keys of a few addresses from looking like an outage.',
    'One of three words; which other clients were near is not said, and no address is.',
  ),
  report_id: note(
    'bookkeeping',
    'row',
    'UInt64',
    '3457472772073112928',
    'Counts each report once.',
    'The same envelope may reach two collectors.',
  ),
  weight: note(
    'bookkeeping',
    'rollup',
    'Float64',
    1,
    'Is one through the sampling fraction.',
    'A count of samples is not a count of failures.',
  ),
  sealed_day: note(
    'event',
    'row',
    'UInt16',
    20_700,
    'Is the partition, equal in every copy of a row.',
    'Copies are only merged within one partition.',
  ),
  inserted_at: note(
    'bookkeeping',
    'row',
    "DateTime64(6, 'UTC')",
    '2026-09-21 14:13:45.000001',
    'Finds rows that counts do not hold yet.',
    'Counts are made anew where rows came in.',
  ),
  rank: note(
    'bookkeeping',
    'row',
    'UInt64',
    '18444948715941715248',
    'Makes the first inserted copy of a row win.',
    'Falls as inserted_at rises; holds nothing else.',
  ),
  attempt_id: note('bookkeeping', 'row', 'UInt64', '3457472772073112929', 'Counts each bin of a device once.', 'As report_id.'),
  delivery_id: note('bookkeeping', 'row', 'UInt64', '3457472772073112930', 'Counts each delivery record once.', 'As report_id.'),
  loss_id: note('bookkeeping', 'row', 'UInt64', '3457472772073112931', 'Counts each loss record once.', 'As report_id.'),
  consent_id: note('bookkeeping', 'row', 'UInt64', '3457472772073112932', 'Counts each consent once.', 'As report_id.'),
};
