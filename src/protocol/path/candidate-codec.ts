import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { ENDPOINT_BYTES, type Endpoint, readEndpoint, writeEndpoint } from '../wire/endpoint.ts';
import { limits } from './limits.ts';

/**
 * The private endpoints of one side, as the plaintext of the handshake's sealed box:
 *
 *     0        count (1)            at most 16
 *     1        endpoints (19 each)  as in `wire/endpoint.ts`
 *
 * Only the first 16 are written (305 bytes): callers put the best first.
 */
export function encodeCandidates(endpoints: readonly Endpoint[]): Uint8Array {
  const written = endpoints.slice(0, limits.signalledCandidates);
  const writer = new ByteWriter(1 + written.length * ENDPOINT_BYTES);
  writer.uint8(written.length);
  for (const endpoint of written) writeEndpoint(writer, endpoint);
  return writer.finish();
}

/** Reads what `encodeCandidates` wrote; ignores what follows. None of it is admitted yet. */
export function decodeCandidates(bytes: Uint8Array): Endpoint[] | undefined {
  const reader = new ByteReader(bytes);
  const count = reader.uint8();
  if (count === undefined || count > limits.signalledCandidates) return undefined;
  const endpoints: Endpoint[] = [];
  for (let i = 0; i < count; i += 1) {
    const endpoint = readEndpoint(reader);
    if (endpoint === undefined) return undefined;
    endpoints.push(endpoint);
  }
  return endpoints;
}
