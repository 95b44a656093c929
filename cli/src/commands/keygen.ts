import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, type Command } from '../command.js';
import { loadForCommand } from '../load-for-command.js';
import { configKeyFileOf, makeConfigKey } from '../agent-config.js';
import { keyFileOf, writeNewKey } from '../recipient-keys.js';

export const keygen: Command = {
  name: 'keygen',
  summary: 'make the key pair that reports are sealed for, or the one that signs configuration',
  help: `outcry keygen [--config-key] [--out FILE] [--json]

Makes a recipient key pair. The file holds both halves, is readable by you alone and belongs to the collectors;
the public key that is printed goes into the app (recipientKey). An existing file is never overwritten.

  --config-key      make the key that signs configuration for agents instead (see outcry config --help). The public key goes into
                    the app (configKey); the file belongs to you alone and on no collector
  --out FILE        where to write it (default: recipient-key.json in the data directory, where collectors look;
                    config-key.json with --config-key)
  --json            print { public_key, file } as JSON
${COMMON_HELP}`,
  async run(args, around) {
    const values = readArguments(args, {
      ...COMMON_OPTIONS,
      'config-key': { type: 'boolean' },
      out: { type: 'string' },
      json: { type: 'boolean' },
    });
    const isConfig = values['config-key'] === true;
    const defaultFile = isConfig ? configKeyFileOf : keyFileOf;
    const file = values.out === undefined ? defaultFile(loadForCommand(values, around).config.data_dir) : resolve(around.cwd, values.out);
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const { publicKey } = isConfig ? writeNewKey(file, makeConfigKey()) : writeNewKey(file);
      if (values.json) around.out(JSON.stringify({ public_key: publicKey, file }));
      else {
        around.out(`public key (${isConfig ? 'configKey' : 'recipientKey'} of the app): ${publicKey}`);
        around.out(`key file (${isConfig ? 'for you alone, on no collector' : 'for the collectors'}, keep it secret): ${file}`);
      }
      return await Promise.resolve(0);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      around.err(
        code === 'EEXIST'
          ? `outcry: ${file} exists already; a key is never overwritten`
          : `outcry: ${file} cannot be written (${code ?? 'unknown'})`,
      );
      return 1;
    }
  },
};
