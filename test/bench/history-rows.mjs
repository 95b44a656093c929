/**
 * Weeks of reports, attempts and rollups, made by the engine itself: `INSERT … SELECT` from `numbers()`, every column a hash of the row's
 * number, so that the same size gives the same rows. Skewed as fleets are: a few large networks, hosts and releases, many small ones.
 */
import { COLUMNS, ID_COLUMN } from '../../storage/dist/columns.js';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
export const WORLD = { projects: 5, hosts: 10, networks: 2_000, countries: 60, releases: 20, days: 56 };
export const PROJECTS = ['shop', 'bank', 'news', 'game', 'mail'];
const KINDS = ['timeout', 'http', 'routing', 'dns', 'offline', 'tls', 'unknown', 'cors', 'blocked'];
export const hostsOf = (project) => Array.from({ length: WORLD.hosts }, (_, i) => `api${i + 1}.${project}.example`);
/** What fails at the end of the history, and where. */
export const SPIKE = { project: 'shop', host: 'api1.shop.example', kind: 'dns', network: 7, minutes: 40 };

const CLOCKS = ['event', 'arrival'];
/** Share of reports that reached a second collector too; of rows from browsers themselves; of attempts beside reports. */
const COPIED_EVERY = 50;
const NEL_EVERY = 20;
const ATTEMPTS_EVERY = 10;
const SPIKE_EVERY = 1_000;

const unit = (salt) => `((cityHash64(n, ${salt}) % 4294967296) / 4294967296)`;
/** An index below `size`: small ones often, large ones seldom. */
const skewed = (size, salt) => `(toUInt32(pow(${size + 1}, ${unit(salt)})) - 1)`;
const word = (list, index) => `[${list.map((w) => `'${w}'`).join(',')}][1 + ${index}]`;
const country = (network) => {
  const index = `((${network}) * 7919 % ${WORLD.countries})`;
  return `concat(char(65 + intDiv(${index}, 26)), char(65 + ${index} % 26))`;
};

/** Most devices' clocks are right; some were corrected by up to an hour, a few could not be. Late reports waited in a queue. */
const TIMES = `
  multiIf(n % 200 = 1, 'arrival', n % 25 = 2, 'corrected', 'device') AS time_trust,
  toUInt32(if(n % 50 = 3, 20 - 2400 * log(1 - ${unit(20)}), 5 + 25 * ${unit(21)})) AS late,
  toUInt32(t + if(time_trust = 'corrected', toInt32(7200 * ${unit(22)} - 3600), 0)) AS occurred,
  intDiv(t + late, 10) * 10 AS received,
  if(time_trust = 'arrival', received, toUInt32(t)) AS event`;

function reports({ from, count, rows, startS, endS, collector, filter = '1', spike = false }) {
  const at = spike
    ? `${endS} - ${SPIKE.minutes * 60} + intDiv(n * ${SPIKE.minutes * 60}, ${count}) AS t`
    : `${startS} + intDiv(n * ${endS - startS}, ${rows}) AS t`;
  const number = spike ? `number + ${10 * rows}` : 'number';
  const place = spike
    ? `${SPIKE.network} AS net, 0 AS p, 0 AS h, ${KINDS.indexOf(SPIKE.kind)} AS k`
    : `${skewed(WORLD.networks, 1)} AS net, ${skewed(WORLD.projects, 2)} AS p, ${skewed(WORLD.hosts, 3)} AS h, ${skewed(KINDS.length, 4)} AS k`;
  return `
INSERT INTO reports (source, project, release, runtime, runtime_major, os, sdk_version, diagnosis_version, consent_text, consent_method,
  occurred_at, host, scheme, method, resource, route, phase, type, kind, confidence_pct, elapsed_ms, status_code, protocol, online, connection,
  claimed_asn, claimed_country, claim_age, count, span_s, sampling_ppm, received_at, collector, sealed_day, event_time, time_trust, network, country,
  lateness_s, signer, weight, report_id, inserted_at)
SELECT if(n % ${NEL_EVERY} = 4, 'nel', 'sdk-browser'), ${word(PROJECTS, 'p')} AS pr,
  concat('4.', toString(${skewed(WORLD.releases, 5)}), '.0'), ${word(['chrome', 'safari', 'firefox', 'edge', 'samsung', 'node'], skewed(6, 6))},
  120, ${word(['android', 'ios', 'windows', 'macos', 'linux', 'chromeos'], skewed(6, 7))}, '0.1.0', 1, 'v3', 'dialog',
  toDateTime(intDiv(occurred, 10) * 10, 'UTC'), concat('api', toString(h + 1), '.', pr, '.example'), 'https', 'GET', 'fetch',
  ${word(['', 'home', 'cart', 'checkout', 'search', 'login', 'item', 'list', 'help', 'order', 'track', 'pay'], skewed(12, 8))},
  'connection', concat(${word(KINDS, 'k')}, '.', toString(${skewed(5, 9)})), ${word(KINDS, 'k')}, 60, 20000, 0, 'h2', true, 'wifi', 3320, 'DE', '<1h',
  1 + ${skewed(4, 10)}, 0, 1000000, toDateTime(received, 'UTC'), '${collector}', toUInt16(intDiv(occurred, ${DAY_S})), toDateTime(event, 'UTC'), time_trust,
  concat('AS', toString(1000 + net), '/', ${country('net')}), ${country('net')}, toUInt32(greatest(0, toInt64(received) - toInt64(event))),
  cityHash64(intDiv(t, ${DAY_S}), cityHash64(n, 11) % ${Math.max(1_000, Math.round(rows / WORLD.days / 2))}), 1, cityHash64(n, 12), toDateTime64(received + ${collector === 'c1' ? 2 : 5}, 6, 'UTC')
FROM (SELECT ${number} AS n, ${at.replaceAll(/\bn\b/g, 'number')}, ${place}, ${TIMES} FROM numbers(${from}, ${count}) WHERE ${filter})`;
}

const attempts = ({ from, count, rows, startS, endS }) => `
INSERT INTO attempts (source, project, release, runtime, runtime_major, os, host, bin_start, made, succeeded, failed, aborted, panel_ppm, received_at, collector,
  sealed_day, event_time, time_trust, network, country, lateness_s, signer, weight, attempt_id, inserted_at)
SELECT 'sdk-browser', ${word(PROJECTS, 'p')} AS pr, concat('4.', toString(${skewed(WORLD.releases, 5)}), '.0'), 'chrome', 120, 'android',
  concat('api', toString(h + 1), '.', pr, '.example'), toDateTime(intDiv(t, 300) * 300, 'UTC'), 40, 40, 0, 0, 1000000, toDateTime(t + 310, 'UTC'), 'c1',
  toUInt16(intDiv(t, ${DAY_S})), toDateTime(intDiv(t, 300) * 300, 'UTC'), 'device', concat('AS', toString(1000 + net), '/', ${country('net')}), ${country('net')},
  310, cityHash64(n, 30), 1, cityHash64(n, 31), toDateTime64(t + 312, 6, 'UTC')
FROM (SELECT number AS n, ${startS} + intDiv(number * ${endS - startS}, ${rows}) AS t, ${skewed(WORLD.networks, 1)} AS net, ${skewed(WORLD.projects, 2)} AS p,
  ${skewed(WORLD.hosts, 3)} AS h FROM numbers(${from}, ${count}) WHERE number % ${ATTEMPTS_EVERY} = 0)`;

/** The cells of a rollup, as a refresh makes them of the rows that are there. */
const cells = ({ name, widthS, dimensions }) => `
INSERT INTO ${name} (clock, bucket, ${dimensions.join(', ')}, failures, repeats, signers, weight, version, is_empty)
SELECT clocked.1, toStartOfInterval(clocked.2, INTERVAL ${widthS} SECOND) AS bucket, ${dimensions.join(', ')}, count(), sum(count), uniqExact(signer), sum(weight), 1, 0
FROM reports ARRAY JOIN [('event', event_time), ('arrival', received_at)] AS clocked
WHERE collector = 'c1'
GROUP BY clocked.1, bucket, ${dimensions.join(', ')}`;

const TIME_COLUMNS = {
  reports: ['occurred_at', 'received_at', 'event_time', 'inserted_at'],
  attempts: ['bin_start', 'received_at', 'event_time', 'inserted_at'],
};

/** Copies the rows of the last day to one `ago` days before, with ids and signers of their own; `filter` may leave some out. */
function copyRows(table, ago, filter = '1') {
  const times = TIME_COLUMNS[table];
  const value = (name) => {
    if (times.includes(name)) return `${name} - toIntervalDay(${ago})`;
    if (name === 'sealed_day') return `toUInt16(sealed_day - ${ago})`;
    return name === ID_COLUMN[table] || name === 'signer' ? `cityHash64(${name}, ${ago})` : name;
  };
  const names = [...COLUMNS[table].map(({ name }) => name), 'inserted_at'];
  return `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.map((name) => value(name)).join(', ')} FROM ${table}_day WHERE ${filter}`;
}

/** The same for cells, which are what the copied rows would give. Cells that two days share, of late rows, count one of them. */
const copyCells = (name, columns, clock, ago) =>
  `INSERT INTO ${name} (${columns.join(', ')}) SELECT ${columns.map((column) => (column === 'bucket' ? `bucket - toIntervalDay(${ago})` : column)).join(', ')} FROM ${name}_day WHERE clock = '${clock}'`;

/** No question reads older cells than this (but for the places of a project without attempts); others are filled as long as they are kept. */
const ASKED_DAYS = { rollup_1m: 2, rollup_1h: 2, series_1m: 3 };

/**
 * Fills the empty tables of a schema with `rows` reports over eight weeks that end at `endS`: one day is made and then copied, so that it
 * takes a fraction of the time.
 *
 * @param rollups - The rollups of the schema. @param run - Runs one statement. @param columnsOf - The names of a table's columns.
 */
export async function fill({ rows, endS, rollups, run, columnsOf }) {
  const startS = endS - DAY_S;
  const count = Math.ceil(rows / WORLD.days);
  const last = { rows: count, startS, endS, from: 0, count };
  await run(reports({ ...last, collector: 'c1' }));
  await run(reports({ ...last, collector: 'c2', filter: `number % ${COPIED_EVERY} = 0` }));
  await run(attempts(last));
  for (const rollup of rollups) await run(cells(rollup));
  const tables = ['reports', 'attempts', ...rollups.map(({ name }) => name)];
  for (const table of tables) {
    const columns = (await columnsOf(table)).join(', ');
    await run(`CREATE TABLE ${table}_day AS ${table}`);
    await run(`INSERT INTO ${table}_day (${columns}) SELECT ${columns} FROM ${table}`);
    await run(`TRUNCATE TABLE ${table}`);
  }
  for (let ago = WORLD.days - 1; ago > 0; ago--) for (const table of ['reports', 'attempts']) await run(copyRows(table, ago));
  // The last day comes in a part an hour, which lie unmerged, as far as it has arrived.
  for (let s = startS; s < endS; s += HOUR_S) {
    const arrived = `received_at >= toDateTime(${s}, 'UTC') AND received_at < toDateTime(${s + HOUR_S}, 'UTC')`;
    for (const table of ['reports', 'attempts']) await run(copyRows(table, 0, arrived));
  }
  await run(reports({ rows, startS, endS, from: 0, count: Math.ceil(rows / SPIKE_EVERY), collector: 'c1', spike: true }));
  for (const { name, keptDays } of rollups) {
    const columns = await columnsOf(name);
    for (let ago = Math.min(WORLD.days, ASKED_DAYS[name] ?? keptDays) - 1; ago >= 0; ago--)
      for (const clock of CLOCKS) await run(copyCells(name, columns, clock, ago));
  }
  for (const table of tables) await run(`DROP TABLE ${table}_day`);
}
