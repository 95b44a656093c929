import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../cli/src/config/schema.js';
import { optionsOf } from '../../../cli/src/services/analyzer-options.js';

describe('the options of the analyzer', () => {
  it('are what the settings say, how many false alarms are allowed among them', () => {
    const config = configSchema.parse({
      projects: { shop: { hosts: ['api.shop.example'], loss: { per_failed_request: 0.4, currency: 'EUR' } } },
      analyzer: { interval_s: 2, false_alarms_per_week: 0.2 },
    });
    expect(optionsOf(config)).toMatchObject({
      intervalMs: 2_000,
      falseAlarmsPerWeek: 0.2,
      projects: { shop: { hosts: ['api.shop.example'], k: 10, loss: { perFailedRequest: 0.4, currency: 'EUR' } } },
    });
    expect(optionsOf(configSchema.parse({})).falseAlarmsPerWeek).toBe(1);
  });
});
