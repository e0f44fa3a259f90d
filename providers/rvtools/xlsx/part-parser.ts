/** XML parts of a workbook as events, bounded: no document type, no token without end, UTF-8 only. */
import { SaxesParser } from 'saxes';
import { MigrationError } from '../../../src/model/errors.ts';
import { MAX_TOKEN } from '../limits.ts';

export type Attributes = Readonly<Record<string, string>>;

/** Names come without their prefix: Open XML SDK writes `x:row` where Excel writes `row`. */
export interface PartListener {
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  /** Text or CDATA between tags. */
  text(text: string): void;
}

export class PartParser {
  readonly #parser = new SaxesParser<{ position: false; xmlns: false }>({ position: false, xmlns: false });
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  /** Characters since the parser last told of anything. */
  #silent = 0;

  constructor(listener: PartListener) {
    this.#parser.on('opentag', ({ name, attributes }) => {
      this.#silent = 0;
      listener.open(localName(name), attributes);
    });
    this.#parser.on('closetag', ({ name }) => {
      this.#silent = 0;
      listener.close(localName(name));
    });
    this.#parser.on('text', (text) => listener.text(text));
    this.#parser.on('cdata', (text) => listener.text(text));
    this.#parser.on('doctype', () => {
      throw new MigrationError('xml-dtd-refused', 'A part of the workbook declares a document type.', {
        hint: 'No spreadsheet program writes one: export again.',
      });
    });
  }

  /** @throws MigrationError `workbook-malformed`, `xml-dtd-refused`, and what the listener throws */
  push(chunk: Buffer): void {
    this.#silent += chunk.length;
    this.#guarded(() => this.#parser.write(this.#decoder.decode(chunk, { stream: true })));
    if (this.#silent > MAX_TOKEN + chunk.length) {
      throw new MigrationError('workbook-malformed', 'A part of the workbook holds a tag or text without end.');
    }
  }

  /** Tells that there is no more. @throws MigrationError `workbook-malformed` when a tag is still open */
  end(): void {
    this.#guarded(() => this.#parser.write(this.#decoder.decode()).close());
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof MigrationError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new MigrationError('workbook-malformed', `A part of the workbook is no XML in UTF-8: ${message}.`, { cause: error });
    }
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Excel writes characters that XML cannot hold as `_x000D_`. */
export function unescapeExcel(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
