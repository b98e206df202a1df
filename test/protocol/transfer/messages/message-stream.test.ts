import { describe, expect, it } from 'vitest';
import { type Frame, readFrame } from '../../../../src/protocol/transfer/messages/frame.ts';
import { MessageStream } from '../../../../src/protocol/transfer/messages/message-stream.ts';
import { RecordBuilder } from '../../../../src/protocol/transfer/messages/record-builder.ts';
import { ByteReader } from '../../../../src/protocol/wire/byte-reader.ts';
import { joined } from '../transfer-pair.ts';

type StreamFrame = Extract<Frame, { kind: 'message' | 'delivered' }>;

function packed(stream: MessageStream, maxBytes = 1200): StreamFrame[] {
  const record = new RecordBuilder(maxBytes);
  stream.pack(record);
  const reader = new ByteReader(joined(record.pieces));
  const frames: StreamFrame[] = [];
  while (reader.remaining > 0) frames.push(readFrame(reader) as StreamFrame);
  return frames;
}

const body = (value: number, length = 1): Uint8Array => new Uint8Array(length).fill(value);

describe('a message stream', () => {
  it('delivers in order what comes in any order, and each once', () => {
    const [sender, receiver] = [new MessageStream(), new MessageStream()];
    sender.send([body(1), body(2), body(3)]);
    const [first, second, third] = packed(sender) as [StreamFrame, StreamFrame, StreamFrame];
    expect(receiver.handleFrame(third)).toBe(true);
    expect(receiver.handleFrame(second)).toBe(true);
    expect(receiver.poll()).toBeUndefined();
    expect(receiver.handleFrame(first)).toBe(true);
    expect([receiver.poll(), receiver.poll(), receiver.poll()]).toEqual([
      body(1),
      body(2),
      body(3),
    ]);
    expect(receiver.handleFrame(second)).toBe(false);
  });

  it('cuts a long message to the room there is and joins it again', () => {
    const [sender, receiver] = [new MessageStream(), new MessageStream()];
    const long = Uint8Array.from({ length: 3000 }, (_, i) => i % 251);
    sender.send([long]);
    const frames = [packed(sender), packed(sender), packed(sender)].flat();
    expect(frames.map((frame) => frame.kind === 'message' && frame.last)).toEqual([
      false,
      false,
      true,
    ]);
    for (const frame of frames.reverse()) receiver.handleFrame(frame);
    expect(receiver.poll()).toEqual(long);
  });
});

describe('a message stream under pressure', () => {
  it('has 64 messages on the way at most, and goes on once they are delivered', () => {
    const [sender, receiver] = [new MessageStream(), new MessageStream()];
    sender.send(Array.from({ length: 200 }, (_, i) => body(i)));
    const frames = packed(sender, 60_000);
    expect(frames).toHaveLength(64);
    expect(packed(sender)).toEqual([]);
    for (const frame of frames.slice(0, 16)) receiver.handleFrame(frame);
    const [delivered] = packed(receiver) as [StreamFrame];
    expect(delivered).toEqual({ kind: 'delivered', next: 16 });
    sender.handleFrame(delivered);
    expect(packed(sender, 60_000)).toHaveLength(16);
  });

  it('takes no message of more than 64 KiB', () => {
    const receiver = new MessageStream();
    const part = (sequence: number): StreamFrame => ({
      kind: 'message',
      sequence,
      last: false,
      body: body(0, 32 * 1024),
    });
    expect([0, 1, 2].map((sequence) => receiver.handleFrame(part(sequence)))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('lets the last word go before what was waiting, but after what was begun', () => {
    const [sender, receiver] = [new MessageStream(), new MessageStream()];
    sender.send([body(1, 2000), body(2)]);
    const begun = packed(sender);
    sender.sendLast(body(9));
    for (const frame of [...begun, ...packed(sender)]) receiver.handleFrame(frame);
    expect([receiver.poll(), receiver.poll(), receiver.poll()]).toEqual([
      body(1, 2000),
      body(9),
      undefined,
    ]);
  });
});
