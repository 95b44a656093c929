/** The docs that are written from code: pure functions from the protocol's tables to Markdown. See write-docs.mjs. */

const WRITTEN = '<!-- Written by scripts/write-docs.mjs from protocol/src; edit there. -->\n';

function agentDoes(code, entry, finalCodes) {
  if (entry.status === 0) return 'Thrown to the developer by `init`, or printed by the command; nothing is sent or dropped.';
  if (finalCodes.includes(code)) return 'Drops the envelope and counts the loss: sending it again cannot help.';
  return 'Keeps the envelope and tries the next collector, later this one again.';
}

/** docs/errors.md: one entry per code. */
export function errorsPage({ ERRORS, FINAL_CODES }) {
  const entries = Object.entries(ERRORS).map(([code, entry]) =>
    [
      `## ${code}`,
      '',
      entry.title,
      '',
      `- Status: ${entry.status === 0 ? 'none, thrown or printed' : entry.status}`,
      `- What to do: ${entry.remedy}`,
      `- What the SDK does: ${agentDoes(code, entry, FINAL_CODES)}`,
      '',
    ].join('\n'),
  );
  const intro = [
    '# Errors',
    '',
    'Codes in lower case travel as `application/problem+json` with `code`, `title` and `status`; codes in capitals are thrown as',
    '`OutcryError` or printed. An agent looks only at the code of a problem+json answer with status 4xx: a final one drops the',
    'envelope, any other answer (a captive portal, a proxy, 429, 5xx) keeps it.',
    '',
  ];
  return [WRITTEN, ...intro, ...entries].join('\n').trimEnd() + '\n';
}

function boundsOf(field) {
  switch (field.type) {
    case 'uint':
      return `integer ${field.min} … ${field.max}`;
    case 'bool':
      return 'true or false';
    case 'choice':
      return `one of ${field.values.map((value) => `\`${value}\``).join(', ')}`;
    case 'texts':
      return `at most ${field.maxItems} texts of at most ${field.maxLength} characters, each \`${field.pattern.source.replaceAll('|', '\\|')}\``;
    default:
      return `${field.type === 'text?' ? 'null or ' : ''}text of at most ${field.maxLength} characters, \`${field.pattern.source.replaceAll('|', '\\|')}\``;
  }
}

const shown = (value) => (typeof value === 'string' && value !== '' ? value : JSON.stringify(value));

function columnOf(name, note) {
  return note.columnType === null ? 'not stored' : `\`${note.columnName ?? name}\` ${note.columnType}`;
}

function fieldTable(fields, notes) {
  const head = [
    '| # | Field | Values | Example | Why | Why not less | Says | Kept | Column |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  const rows = fields.map((field, index) => {
    const note = notes[field.name];
    const cells = [
      index,
      `\`${field.name}\``,
      boundsOf(field),
      shown(note.example),
      note.purpose,
      note.necessity,
      note.privacy,
      note.retention,
    ];
    return `| ${cells.join(' | ')} | ${columnOf(field.name, note)} |`;
  });
  return [...head, ...rows, ''];
}

function noteTable(notes) {
  const head = ['| Name | Example | Why | Why not less | Says | Kept | Column |', '| --- | --- | --- | --- | --- | --- | --- |'];
  const rows = Object.entries(notes).map(([name, note]) => {
    const cells = [`\`${name}\``, shown(note.example), note.purpose, note.necessity, note.privacy, note.retention, columnOf(name, note)];
    return `| ${cells.join(' | ')} |`;
  });
  return [...head, ...rows, ''];
}

/** docs/reference/fields.md: every field on the wire and every column that a collector adds. */
export function fieldsPage(protocol, notes) {
  const section = (title, fields, noteOf) => [`## ${title}`, '', ...fieldTable(fields, noteOf)];
  const intro = [
    '# Fields',
    '',
    'Everything that an agent can send and everything that a collector adds. There is nothing else: no address, path, query, referrer,',
    'cookie, user id, resolver, DNS answer, traceroute, precise location or stable device id.',
    '',
    '*Says*: `app` is equal for all users of an app, `environment` is shared by very many devices, `event` is what happened and when,',
    '`place` narrows where a device is, `pseudonym` links records of one device for one UTC day, `consent` is what a user decided,',
    '`bookkeeping` is about Outcry itself. *Kept*: `row` as long as the single row (`retention_days`, 90 by default; 24 h for development',
    'projects), `rollup` also in counts without any device (10 s counts 3 days, 1 min 35 days, 1 h 400 days).',
    '',
    'On the wire a record is an array in the order of `#`, a choice is the index of its value; see [wire.md](wire.md).',
    '',
  ];
  return (
    [
      WRITTEN,
      ...intro,
      ...section('Context, once per envelope', protocol.CONTEXT_FIELDS, notes.CONTEXT_NOTES),
      ...section('Failure', protocol.FAILURE_FIELDS, notes.FAILURE_NOTES),
      ...section('Attempts', protocol.ATTEMPT_FIELDS, notes.ATTEMPT_NOTES),
      ...section('Delivery', protocol.DELIVERY_FIELDS, notes.DELIVERY_NOTES),
      ...section('Loss', protocol.LOSS_FIELDS, notes.LOSS_NOTES),
      ...section('Consent', protocol.CONSENT_FIELDS, notes.CONSENT_NOTES),
      '## The envelope itself',
      '',
      ...noteTable(notes.ENVELOPE_NOTES),
      '## Added by the collector',
      '',
      ...noteTable(notes.COLLECTOR_NOTES),
    ]
      .join('\n')
      .trimEnd() + '\n'
  );
}
