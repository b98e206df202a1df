import sax from 'sax';

/** A service of a device by which mappings are made. */
export interface WanService {
  readonly type: string;
  /** As it stands there: a URL, or a path at the device. */
  readonly controlUrl: string;
}

/** IGD 1 and 2, for routers that speak IP and those that dial. */
const WAN_SERVICE = /^urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12]$/;
/** The deepest description has ten levels; a parser's stack is not to be filled by more. */
const MAX_DEPTH = 32;
/** A URL, a type or a number. */
const MAX_TEXT = 2048;

/** The services of a description that map ports, in its order. Whatever stands there, it does not throw. */
export function readWanServices(xml: string): WanService[] {
  const services: WanService[] = [];
  let type = '';
  let controlUrl = '';
  readElements(xml, (name, text) => {
    if (name === 'serviceType') type = text;
    else if (name === 'controlURL') controlUrl = text;
    else if (name === 'service') {
      if (WAN_SERVICE.test(type) && controlUrl !== '') services.push({ type, controlUrl });
      type = '';
      controlUrl = '';
    }
  });
  return services;
}

/** The text of the first element of this name, whatever its namespace; `undefined` if there is none. */
export function readElement(xml: string, wanted: string): string | undefined {
  let found: string | undefined;
  readElements(xml, (name, text) => {
    if (name === wanted) found ??= text;
  });
  return found;
}

/**
 * Visits every element when it ends. `sax` knows no entities but the five of XML, loads nothing,
 * and keeps no more than the element that it is in; what is not well-formed ends the reading.
 */
function readElements(xml: string, visit: (name: string, text: string) => void): void {
  const parser = sax.parser(true, { trim: true });
  const texts: string[] = [];
  let isOver = false;
  parser.onopentag = () => {
    if (texts.push('') > MAX_DEPTH) isOver = true;
  };
  parser.ontext = parser.oncdata = (text) => {
    const last = texts.length - 1;
    if (last >= 0) texts[last] = `${texts[last]}${text}`.slice(0, MAX_TEXT);
  };
  parser.onclosetag = (name) => {
    const text = texts.pop();
    if (!isOver) visit(name.replace(/^.*:/, ''), text ?? '');
  };
  parser.onerror = () => {
    isOver = true;
  };
  try {
    for (let at = 0; at < xml.length && !isOver; at += PIECE)
      parser.write(xml.slice(at, at + PIECE));
  } catch {
    // What was read before it counts.
  }
}

/** Small, so that an error ends the reading soon. */
const PIECE = 4096;
