#!/usr/bin/env node
import process from 'node:process';

// First of all: the title replaces the arguments in the process list, and with them the code.
process.title = 'p2pshare';
const { main } = await import('../dist/cli/main.js');
process.exitCode = await main();
