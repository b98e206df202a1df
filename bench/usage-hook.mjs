// Loaded ahead of a program that is measured (`node --import`): tells what the process has used when it
// ends. Whoever asks the system has to come before that, and afterwards there is nothing left to ask.
import { writeSync } from 'node:fs';
import process from 'node:process';

/** The pipe that `Program` reads it from. */
const USAGE_FD = 3;

process.once('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
  writeSync(USAGE_FD, JSON.stringify({ cpuSeconds, peakMib: Math.round(maxRSS / 1024) }));
});
