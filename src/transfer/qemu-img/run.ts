/** Runs `qemu-img convert` and tells how far it is. */
import { canceled } from '../cancellation.ts';
import { startProgram } from '../program.ts';
import { type Blockdev, convertArgv } from './argv.ts';
import { diagnose } from './diagnose.ts';

export interface ConvertOptions {
  readonly signal: AbortSignal;
  /** Part done, 0 to 1, never falling. */
  readonly onFraction: (fraction: number) => void;
}

/**
 * Converts `source` into the raw file at `targetPath`, which exists, is all zeros and large enough. It is not synced.
 * @throws MigrationError `tool-missing`, `canceled`, `target-full`, `source-read-failed`, … by what qemu-img says
 */
export async function convert(source: Blockdev, targetPath: string, options: ConvertOptions): Promise<void> {
  const { signal, onFraction } = options;
  const program = await startProgram('qemu-img', convertArgv(source, targetPath), signal);
  const parse = progressParser(onFraction);
  program.stdout.setEncoding('utf8').on('data', parse);
  const exit = await program.ended;
  if (exit.status === 0) return;
  if (signal.aborted) throw canceled(signal);
  throw diagnose('qemu-img', exit);
}

/**
 * Reads the lines of `qemu-img -p`, which are parted by carriage returns and may be cut anywhere: `    (12.34/100%)\r`.
 * Text that is none of these is passed over.
 */
export function progressParser(onFraction: (fraction: number) => void): (text: string) => void {
  let rest = '';
  let last = 0;
  return (text) => {
    rest += text;
    for (const match of rest.matchAll(/\((\d{1,3}\.\d+)\/100%\)/g)) {
      const fraction = Math.min(Number(match[1]) / 100, 1);
      if (fraction > last) onFraction(fraction);
      last = Math.max(last, fraction);
    }
    rest = rest.slice(Math.max(rest.lastIndexOf(')') + 1, rest.length - 32));
  };
}
