#!/usr/bin/env node
import process from 'node:process';
import v8 from 'node:v8';

// First of all: the title replaces the arguments in the process list, and with them the code.
process.title = 'p2pshare';
// A transfer allocates gigabytes of short-lived buffers outside a heap of 10 MB. That makes V8 mark
// all the time; at once is a few milliseconds, step by step and beside us it took half of the rate
// (docs/performance.md).
v8.setFlagsFromString('--no-incremental-marking');
// With 100,000 files most of the heap is garbage that V8 sees no reason to collect: 240 MB instead of
// 400 MB, at the same rate.
v8.setFlagsFromString('--heap-growing-percent=40');
// A transfer makes some 300 functions hot at once. What V8 inlines by default it compiles several
// times over, beside the transfer and on the same cores: less of that is 9 % more over loopback.
v8.setFlagsFromString('--max-inlined-bytecode-size-cumulative=150');
// Later versions of V8 have no such flag, and would complain.
if (process.versions.v8.startsWith('11.')) {
  v8.setFlagsFromString('--max-bytecode-size-for-early-opt=0');
}

try {
  process.cwd();
} catch {
  // Libraries ask for it as soon as they are loaded, and would end in a stack trace.
  console.error('p2pshare: error: the folder that this was started in is gone');
  console.error('p2pshare: hint: change to another one (cd), and run it again');
  process.exit(10);
}

const { main } = await import('../dist/bundle/main.js');
process.exitCode = await main();
