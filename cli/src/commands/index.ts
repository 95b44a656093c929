import type { Command } from '../command.js';
import { analyzer } from './analyzer.js';
import { backtest } from './backtest.js';
import { collector } from './collector.js';
import { config } from './config.js';
import { demo } from './demo.js';
import { keygen } from './keygen.js';
import { mark } from './mark.js';
import { serve } from './serve.js';
import { simulate } from './simulate.js';
import { storage } from './storage.js';
import { tail } from './tail.js';

export const COMMANDS: readonly Command[] = [demo, serve, collector, analyzer, storage, keygen, config, tail, mark, simulate, backtest];
